//! Which frames say where a problem is.
//!
//! The three innermost calls of code that Toolkit, a studio or an app vendor can change, without the plumbing every
//! call goes through. Part of the signature algorithm.

use crate::record::origin::is_engine;
use crate::signature::place::{Place, PlaceKind, locate};
use crate::signature::words::ContextWords;
use crate::traceback::Frame;

/// Frames in the key: one merges shared helpers, all of them make every caller its own problem.
pub(crate) const KEY_FRAMES: usize = 3;
/// Frames examined, from the innermost, repeated ones not counted.
const MOST_EXAMINED: usize = 200;
/// Frames that a recursion may go through before it repeats.
const CYCLE: usize = 8;

/// Why a frame is or is not in the key.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum FrameUse {
    /// In the key.
    Key,
    /// In the key because nothing closer to the problem was there.
    NextBest,
    /// Repeats a frame already seen.
    Repeated,
    /// Toolkit code that every call passes through.
    Plumbing,
    /// A comprehension; Python 3.12 has no frames for them.
    Comprehension,
    /// Code nobody here can change.
    Foreign,
    /// Further out than the key reaches.
    Outer,
}

/// A frame as the signature sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeenFrame {
    /// Where its file belongs.
    pub place: Place,
    /// Function, empty for the place of a syntax error.
    pub function: String,
    /// What became of it.
    pub used: FrameUse,
}

impl SeenFrame {
    /// `bundle:tk-x/publish.py#execute`
    pub fn key(&self) -> String {
        let mut key = String::with_capacity(self.place.rest.len() + self.function.len() + 48);
        self.place.push_key(&mut key);
        key.push('#');
        key.push_str(&self.function);
        key
    }

    /// `publish.execute`
    pub fn short(&self) -> String {
        match self.function.as_str() {
            "" | "<module>" => self.place.module().to_owned(),
            function => format!("{}.{function}", self.place.module()),
        }
    }
}

/// Goes through frames (outermost first) from the innermost one and stops when the key is full, unless `all` are wanted.
///
/// `words` are left out of paths, `bundle` is the one that logged. The result is innermost first.
pub(crate) fn examine(
    frames: &[Frame<'_>],
    words: &ContextWords,
    bundle: Option<&str>,
    all: bool,
) -> Vec<SeenFrame> {
    let mut seen: Vec<SeenFrame> = Vec::with_capacity(8);
    let mut in_key = 0;
    for (at, frame) in frames.iter().enumerate().rev() {
        if in_key == KEY_FRAMES && !all || seen.len() == MOST_EXAMINED {
            break;
        }
        let function = frame.function.unwrap_or_default();
        // Recursion prints the same few frames hundreds of times.
        if let Some(same) = frames[at + 1..].iter().take(CYCLE).position(|inner| is_same_call(inner, frame)) {
            if all && let Some(seen_at) = seen.len().checked_sub(same + 1) {
                let place = seen[seen_at].place.clone();
                seen.push(SeenFrame { place, function: function.to_owned(), used: FrameUse::Repeated });
            }
            continue;
        }
        let place = locate(frame.path).place(words, bundle);
        let repeated = seen
            .iter()
            .any(|other| other.function == function && other.place == place && other.used != FrameUse::Outer);
        let used = if matches!(function, "<listcomp>" | "<dictcomp>" | "<setcomp>" | "<genexpr>") {
            FrameUse::Comprehension
        } else if is_plumbing(&place, function)
            || in_key > 0 && is_engine_code(&place) && !is_called_by_app(&frames[..at])
        {
            FrameUse::Plumbing
        } else if !place.kind.is_in_app() {
            FrameUse::Foreign
        } else if in_key == KEY_FRAMES {
            FrameUse::Outer
        } else if repeated {
            FrameUse::Repeated
        } else {
            in_key += 1;
            FrameUse::Key
        };
        seen.push(SeenFrame { place, function: function.to_owned(), used });
    }
    if in_key == 0 {
        promote_next_best(&mut seen);
    }
    seen
}

/// Without frames of our own: the innermost ones that are neither Python's nor evaluated text.
fn promote_next_best(seen: &mut [SeenFrame]) {
    let mut promoted: Vec<String> = Vec::new();
    for frame in seen {
        if promoted.len() == KEY_FRAMES {
            break;
        }
        let key = frame.key();
        let wanted = frame.used == FrameUse::Foreign
            && !matches!(frame.place.kind, PlaceKind::Python | PlaceKind::Evaluated)
            && !promoted.contains(&key);
        if wanted {
            frame.used = FrameUse::NextBest;
            promoted.push(key);
        }
    }
}

/// Whether two frames are the same call, at any line.
fn is_same_call(one: &Frame<'_>, other: &Frame<'_>) -> bool {
    one.function == other.function && one.path == other.path
}

/// Code of an engine: further out than the problem, it is how this host calls what every host calls.
fn is_engine_code(place: &Place) -> bool {
    place.kind == PlaceKind::Bundle
        && place.name.as_deref().is_some_and(is_engine)
        && !place.rest.starts_with("hooks/")
}

/// Whether an app, a configuration or a studio's code stands among the calls further out: then what an engine does in
/// between is part of the problem.
fn is_called_by_app(outer: &[Frame<'_>]) -> bool {
    outer.iter().rev().take(MOST_EXAMINED).any(|frame| {
        let found = locate(frame.path);
        match found.kind {
            PlaceKind::Bundle => !found.name.is_some_and(is_engine) || frame.path.contains("hooks"),
            PlaceKind::SiteBundle | PlaceKind::Config | PlaceKind::Studio => true,
            _ => false,
        }
    })
}

fn is_plumbing(place: &Place, function: &str) -> bool {
    if matches!(function, "wrapper" | "_wrapped" | "wrapped" | "decorator" | "inner_wrapper") {
        return true;
    }
    let module = place.module();
    match place.kind {
        PlaceKind::Core => match module {
            "engine" => matches!(
                function,
                "callback_wrapper"
                    | "_create_widget"
                    | "_create_dialog"
                    | "_create_dialog_with_widget"
                    | "show_dialog"
                    | "show_modal"
                    | "execute_in_main_thread"
                    | "_execute_in_main_thread"
            ),
            "hook" | "bundle" | "pipelineconfig" => {
                function.starts_with("execute_hook")
                    || function.starts_with("execute_core_hook")
                    || function == "_execute_core_hook_internal"
            }
            "loader" => function == "load_plugin",
            _ => false,
        },
        PlaceKind::Bundle => match place.name.as_deref() {
            Some("tk-desktop") => function == "_trigger_callback",
            Some("tk-maya") => function == "_execute_within_exception_trap",
            Some("tk-framework-shotgunutils") => function == "run" && module.starts_with("background_task"),
            _ => function == "run" && module == "background_task_manager",
        },
        _ => false,
    }
}
