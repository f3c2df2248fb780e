//! A recognised record as rules see it. What only some rules ask for is made when the first of them asks.

use crate::header::Form;
use crate::incident::Incident;
use crate::level::Level;
use crate::signature::place::place;
use crate::traceback;
use std::cell::OnceCell;

/// Text beyond this is not matched.
const MOST_BYTES: usize = 8 * 1024;
/// Frames looked at, from the innermost of the last traceback on: recursion can print thousands.
const MOST_FRAMES: usize = 500;

/// See the module's own words. Names are in lower case here.
pub struct Subject<'i> {
    incident: &'i Incident,
    level: Option<Level>,
    logger: OnceCell<String>,
    from_tracebacks: OnceCell<FromTracebacks>,
}

#[derive(Default)]
struct FromTracebacks {
    /// `place#function`, the innermost first.
    frames: Vec<String>,
    /// The named exception with its modules, where they were printed.
    dotted: Vec<String>,
}

impl<'i> Subject<'i> {
    /// A record of this level, as recognised.
    pub fn new(incident: &'i Incident, level: Option<Level>) -> Subject<'i> {
        Subject { incident, level, logger: OnceCell::new(), from_tracebacks: OnceCell::new() }
    }

    pub(crate) fn level(&self) -> Option<Level> {
        self.level
    }

    pub(crate) fn logger(&self) -> &str {
        self.logger.get_or_init(|| {
            let logger = self.incident.record.logger.as_deref().unwrap_or_default();
            cap(logger).to_ascii_lowercase()
        })
    }

    /// What was said: without header, tracebacks and wrappers.
    pub(crate) fn message(&self) -> &'i str {
        cap(&self.incident.record.message)
    }

    /// The one line people read: the exception's own text, where there is an exception.
    pub(crate) fn summary(&self) -> &'i str {
        &self.incident.summary
    }

    pub(crate) fn engine(&self) -> Option<String> {
        self.incident.record.origin.engine.as_deref().map(str::to_ascii_lowercase)
    }

    /// The app, or the framework where that is what logged.
    pub(crate) fn app(&self) -> Option<String> {
        let origin = &self.incident.record.origin;
        origin.app.as_deref().or(origin.framework.as_deref()).map(str::to_ascii_lowercase)
    }

    /// The names by which the exception may be called: as printed, with and without its modules, and as the signature
    /// has it (`OSError` for `IOError`, `PermissionError` and their like).
    pub(crate) fn types(&self) -> impl Iterator<Item = String> + '_ {
        let short = self.incident.error_name.as_deref();
        let canonical = short.and_then(|_| self.incident.signature.first("type"));
        let named = [short, canonical].into_iter().flatten().map(str::to_ascii_lowercase);
        named.chain(short.into_iter().flat_map(|_| self.tracebacks().dotted.iter().cloned()))
    }

    /// `place#function` of the frames, in the form the signature has them.
    pub(crate) fn frames(&self) -> &[String] {
        &self.tracebacks().frames
    }

    fn tracebacks(&self) -> &FromTracebacks {
        self.from_tracebacks.get_or_init(|| {
            if self.incident.traceback.is_none() && self.incident.error_name.is_none() {
                return FromTracebacks::default();
            }
            let record = &self.incident.record;
            let flat = traceback::flatten(&record.body, record.form.is_none_or(Form::is_foreign));
            let blocks = traceback::find(&flat);
            let mut found = FromTracebacks::default();
            for frame in blocks.iter().rev().flat_map(|block| block.frames.iter().rev()).take(MOST_FRAMES) {
                let key = format!("{}#{}", place(frame.path).key(), frame.function.unwrap_or_default());
                let key = key.to_ascii_lowercase();
                if found.frames.last() != Some(&key) {
                    found.frames.push(key);
                }
            }
            let named = self.incident.error_name.as_deref();
            found.dotted = blocks
                .iter()
                .filter_map(|block| block.raised)
                .filter(|raised| raised.name.contains('.') && Some(raised.short_name()) == named)
                .map(|raised| raised.name.to_ascii_lowercase())
                .chain(named.and_then(|named| dotted_in(self.message(), named)))
                .collect();
            found
        })
    }
}

/// The dotted form of an exception's name that is said in a message.
fn dotted_in(message: &str, name: &str) -> Option<String> {
    message.match_indices(name).find_map(|(at, _)| {
        let modules = message[..at].strip_suffix('.')?;
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let start = modules.trim_end_matches(is_name).len();
        (start < modules.len()).then(|| message[start..at + name.len()].to_ascii_lowercase())
    })
}

fn cap(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST_BYTES)]
}
