//! The evaluation: generate, read, judge.

use crate::cause::Cause;
use crate::failures;
use crate::metrics::figures;
use crate::random::hash;
use crate::read::{self, Seen};
use crate::report::Report;

/// What is evaluated.
#[derive(Clone, Debug)]
pub struct Options {
    /// Another seed is another corpus of the same causes.
    pub seed: u64,
    /// Frames in the key, instead of as many as the algorithm takes.
    pub key_frames: Option<usize>,
    /// Whether details of held-out causes are shown.
    pub show_held_out: bool,
}

/// The seed of the corpus whose figures are written down.
pub const SEED: u64 = 20_261_123;

impl Default for Options {
    fn default() -> Self {
        Options { seed: SEED, key_frames: None, show_held_out: false }
    }
}

/// Evaluates these causes.
///
/// # Errors
/// When a cause is not understood or the default settings do not resolve.
pub fn run(causes: &[Cause], options: &Options) -> Result<Report, String> {
    let settings = read::settings()?;
    let mut seen = read::all(causes, options.seed, &settings, options.key_frames.is_some(), |_| true)?;
    if let Some(frames) = options.key_frames {
        seen.iter_mut().for_each(|one| with_key_frames(one, frames));
    }
    Ok(Report {
        tuned: figures(causes, &seen, |cause| !cause.held_out),
        held_out: figures(causes, &seen, |cause| cause.held_out),
        all: figures(causes, &seen, |_| true),
        failures: failures::list(causes, &seen, |cause| options.show_held_out || !cause.held_out),
    })
}

/// The signature as it would be with so many frames in the key: the components before the frames, and so many frames.
///
/// What else the algorithm makes of the number of frames (a reason beside a single one) stays as it is.
fn with_key_frames(one: &mut Seen, most: usize) {
    if one.signature.is_empty() || !one.components.iter().any(|(kind, _)| kind == "frame") {
        return;
    }
    let is_native = one.components.iter().any(|(kind, _)| kind == "native");
    let frames: Vec<String> = if is_native {
        one.components.iter().filter(|(kind, _)| kind == "frame").map(|(_, value)| value.clone()).collect()
    } else {
        one.frames.clone()
    };
    one.components.retain(|(kind, _)| kind != "frame");
    one.components.extend(frames.into_iter().take(most).map(|value| ("frame".to_owned(), value)));
    let joined: Vec<String> = one.components.iter().map(|(kind, value)| format!("{kind}={value}")).collect();
    one.signature = format!("{:016x}", hash(&joined.join("\n")));
    // Titles are made from the real components, and many of them may share a signature now.
    one.title = format!("[{}]", one.signature);
}
