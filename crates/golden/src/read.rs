//! Reads generated logs the way the program reads real ones: `RecordReader`, then the agent's `Recogniser`, which redacts
//! first. Nothing here knows the rules.

use agent::recognise::{Recogniser, Surroundings};
use agent::settings::{Layers, Settings};
use sgtk_log::{FrameUse, Level, ReadGate, RecordLimits, RecordReader};

use crate::cause::Cause;
use crate::log::{self, Log};
use crate::perturbation::Perturbation;
use crate::random::Random;
use crate::variant;
use crate::world::World;

/// What was made of one occurrence.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Index of the cause.
    pub cause: usize,
    /// Index of the variant; 0 is the unperturbed form.
    pub variant: usize,
    /// What was changed.
    pub by: Option<Perturbation>,
    /// The signature as printed; empty when the record was not found.
    pub signature: String,
    /// Kinds and values of the signature's components.
    pub components: Vec<(String, String)>,
    /// Keys of frames that are, or with a longer key would be, in the key, innermost first; empty unless asked for.
    pub frames: Vec<String>,
    /// The title behind the scope.
    pub title: String,
}

/// The settings that hold without a file.
///
/// # Errors
/// When they do not resolve, in the words of the settings.
pub fn settings() -> Result<Settings, String> {
    Layers::new().resolve().map_err(|error| error.to_string())
}

/// Reads every variant of these causes whose number is wanted.
///
/// # Errors
/// Names the cause whose text is not understood.
pub fn all(
    causes: &[Cause],
    seed: u64,
    settings: &Settings,
    outer_frames: bool,
    wanted: impl Fn(usize) -> bool,
) -> Result<Vec<Seen>, String> {
    let mut seen = Vec::new();
    for (at, cause) in causes.iter().enumerate() {
        for (number, variant) in variant::of(seed, cause).into_iter().enumerate() {
            if !wanted(number) {
                continue;
            }
            let log = log::write(cause, &variant.world)?;
            let mut found = one(&log, &variant.world, settings, outer_frames);
            found.cause = at;
            found.variant = number;
            found.by = variant.by;
            seen.push(found);
        }
    }
    Ok(seen)
}

/// Reads one log; with the frames behind the key when they are wanted, too.
pub fn one(log: &Log, world: &World, settings: &Settings, outer_frames: bool) -> Seen {
    let mut words = vec![world.user.login.to_owned()];
    if world.known_words {
        // What the Toolkit app tells the agent of a session.
        words.push(world.host.to_owned());
        let entity = if world.on_asset { world.names.asset } else { world.names.shot };
        words.extend([world.names.project, entity, world.names.task].map(str::to_owned));
    }
    let surroundings = Surroundings { words, ..Surroundings::default() };
    let recogniser = Recogniser::new(settings, surroundings);
    let mut seen = Seen {
        cause: 0,
        variant: 0,
        by: None,
        signature: String::new(),
        components: Vec::new(),
        frames: Vec::new(),
        title: String::new(),
    };
    let mut sink = |record: sgtk_log::RawRecord<'_>| {
        if record.bytes.start != log.record_at {
            return;
        }
        let recognised = recogniser.recognise(&record, &log.name);
        let incident = &recognised.incident;
        seen.signature = incident.signature.to_string();
        seen.components = incident
            .signature
            .components()
            .iter()
            .map(|part| (part.kind.to_string(), part.value.clone()))
            .collect();
        if outer_frames {
            let explained = recogniser.explain(&record, &log.name, world.user.login).explanation;
            let frames = explained.frames.iter().map(|frame| &frame.seen);
            seen.frames = frames
                .filter(|frame| matches!(frame.used, FrameUse::Key | FrameUse::NextBest | FrameUse::Outer))
                .map(sgtk_log::SeenFrame::key)
                .collect();
        }
        let scope = format!("{} - ", world.user.login);
        let title = recogniser.title(&recognised, world.user.login);
        seen.title = title.strip_prefix(&scope).unwrap_or(&title).to_owned();
    };
    let mut reader = RecordReader::new(RecordLimits::default(), ReadGate::AtLeast(Level::Error));
    let mut rest = log.bytes.as_slice();
    let mut pieces = world.split.map(Random::new);
    while !rest.is_empty() {
        let most = rest.len() as u64;
        let length = pieces.as_mut().map_or(most, |random| {
            let longest = *random.one(&[1, 7, 80, 700]);
            random.between(1, longest).min(most)
        });
        let (piece, behind) = rest.split_at(usize::try_from(length).expect("at most the rest"));
        reader.feed(piece, &mut sink);
        rest = behind;
    }
    reader.flush(&mut sink);
    seen
}
