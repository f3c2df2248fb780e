//! Which frames say where a problem is.
//!
//! The three innermost calls of code that Toolkit, a studio or an app vendor can change, without the plumbing every
//! call goes through. Part of the signature algorithm.

use crate::record::origin::is_engine;
use crate::signature::place::{Located, Place, PlaceKind, locate};
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
        format!("{}#{}", self.place.key(), self.function)
    }
}

/// Frames that are the key.
#[derive(PartialEq, Eq, Debug, Default)]
pub(crate) struct Keys {
    /// `bundle:tk-x/publish.py#execute`, innermost first.
    pub(crate) frames: Vec<String>,
    /// They are our own code, not the next best.
    pub(crate) own: bool,
}

/// What a traceback is looked at with: words that are left out of paths, and the bundle that logged.
#[derive(Copy, Clone)]
pub(crate) struct View<'v> {
    pub(crate) words: &'v ContextWords,
    pub(crate) bundle: Option<&'v str>,
}

impl View<'_> {
    fn key(&self, found: &Located<'_>, function: &str) -> String {
        let mut key = String::with_capacity(96);
        found.push_key(self.words, self.bundle, &mut key);
        key.push('#');
        key.push_str(function);
        key
    }
}

/// Goes through frames (outermost first) from the innermost one and stops when the key is full.
///
/// `told` is for those who want to know what became of every frame: all of them are gone through then.
pub(crate) fn examine(frames: &[Frame<'_>], view: View<'_>, mut told: Option<&mut Vec<SeenFrame>>) -> Keys {
    let mut keys = Keys { frames: Vec::with_capacity(KEY_FRAMES), own: true };
    let mut examined = 0;
    for (at, frame) in frames.iter().enumerate().rev() {
        let full = keys.frames.len() == KEY_FRAMES;
        if full && told.is_none() || examined == MOST_EXAMINED {
            break;
        }
        let function = frame.function.unwrap_or_default();
        // Recursion prints the same few frames hundreds of times.
        let repeated = frames[at + 1..].iter().take(CYCLE).any(|inner| is_same_call(inner, frame));
        if repeated && told.is_none() {
            continue;
        }
        examined += usize::from(!repeated);
        let found = locate(frame.path);
        let used = if repeated {
            FrameUse::Repeated
        } else if is_comprehension(function) {
            FrameUse::Comprehension
        } else if is_plumbing(&found, function)
            || !keys.frames.is_empty() && is_engine_code(&found) && !is_called_by_app(&frames[..at])
        {
            FrameUse::Plumbing
        } else if !found.kind.is_in_app() {
            FrameUse::Foreign
        } else if full {
            FrameUse::Outer
        } else {
            let key = view.key(&found, function);
            if keys.frames.contains(&key) {
                FrameUse::Repeated
            } else {
                keys.frames.push(key);
                FrameUse::Key
            }
        };
        if let Some(told) = &mut told {
            let place = found.place(view.words, view.bundle);
            told.push(SeenFrame { place, function: function.to_owned(), used });
        }
    }
    if keys.frames.is_empty() {
        keys = Keys { frames: next_best(frames, view), own: false };
        for frame in told.into_iter().flatten().filter(|frame| frame.used == FrameUse::Foreign) {
            if keys.frames.contains(&frame.key()) {
                frame.used = FrameUse::NextBest;
            }
        }
    }
    keys
}

/// Without frames of our own: the innermost ones that are neither Python's nor evaluated text.
fn next_best(frames: &[Frame<'_>], view: View<'_>) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for frame in frames.iter().rev().take(MOST_EXAMINED) {
        let function = frame.function.unwrap_or_default();
        let found = locate(frame.path);
        let wanted = !matches!(found.kind, PlaceKind::Python | PlaceKind::Evaluated)
            && !is_comprehension(function)
            && !is_plumbing(&found, function);
        if !wanted {
            continue;
        }
        let key = view.key(&found, function);
        if !keys.contains(&key) {
            keys.push(key);
            if keys.len() == KEY_FRAMES {
                break;
            }
        }
    }
    keys
}

/// Python 3.12 has no frames for them.
fn is_comprehension(function: &str) -> bool {
    function.starts_with('<') && matches!(function, "<listcomp>" | "<dictcomp>" | "<setcomp>" | "<genexpr>")
}

/// Whether two frames are the same call, at any line.
fn is_same_call(one: &Frame<'_>, other: &Frame<'_>) -> bool {
    one.function == other.function && one.path == other.path
}

/// Code of an engine: further out than the problem, it is how this host calls what every host calls.
fn is_engine_code(found: &Located<'_>) -> bool {
    found.kind == PlaceKind::Bundle && found.name.is_some_and(is_engine) && !found.is_hook()
}

/// Whether an app, a configuration or a studio's code stands among the calls further out: then what an engine does in
/// between is part of the problem.
fn is_called_by_app(outer: &[Frame<'_>]) -> bool {
    outer.iter().rev().take(MOST_EXAMINED).any(|frame| {
        let found = locate(frame.path);
        match found.kind {
            PlaceKind::Bundle => !is_engine_code(&found),
            PlaceKind::SiteBundle | PlaceKind::Config | PlaceKind::Studio => true,
            _ => false,
        }
    })
}

fn is_plumbing(found: &Located<'_>, function: &str) -> bool {
    if matches!(function, "wrapper" | "_wrapped" | "wrapped" | "decorator" | "inner_wrapper") {
        return true;
    }
    // Qt's bindings stand between every module and what it imports.
    if matches!(function, "_import" | "__import__" | "feature_import") && found.module() == "__feature__" {
        return true;
    }
    match found.kind {
        PlaceKind::Core => match found.module() {
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
        PlaceKind::Bundle => match found.name {
            Some("tk-desktop") => function == "_trigger_callback",
            Some("tk-maya") => function == "_execute_within_exception_trap",
            Some("tk-framework-shotgunutils") => {
                function == "run" && found.module().starts_with("background_task")
            }
            _ => function == "run" && found.module() == "background_task_manager",
        },
        _ => false,
    }
}
