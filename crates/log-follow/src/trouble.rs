//! Troubles: what cannot be read at the moment, and what was said about it.
//!
//! Owns when [`Event::Trouble`] and [`Event::Recovered`] are sent: a reason is told once, another reason for the
//! same thing is told again, and a path has recovered when nothing about it is in trouble any more. One path can
//! be in trouble for several causes at once, which come and go on their own: on Windows the rotated generation
//! of a log can be locked while the new one is read. Whether to try again is not decided here.

use crate::event::Sink;
use crate::{Event, SourceId};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// What about a path is in trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Cause {
    /// The folder cannot be looked into.
    Folder,
    /// The file under this name cannot be opened.
    Name,
    /// A file that is followed, and whose log has this name, cannot be reached or read.
    Source(SourceId),
}

/// Every trouble that was told and is not over.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    told: HashMap<(PathBuf, Cause), String>,
}

impl Troubles {
    /// Tells a trouble, unless just that was told before.
    pub(crate) fn begin(&mut self, path: &Path, cause: Cause, message: String, sink: &mut Sink<'_>) {
        let key = (path.to_owned(), cause);
        if self.told.get(&key) != Some(&message) {
            self.told.insert(key, message.clone());
            sink(Event::Trouble { path: path.to_owned(), message });
        }
    }

    /// Notes that a cause is gone, and tells it when it was the last one of the path.
    pub(crate) fn over(&mut self, path: &Path, cause: Cause, sink: &mut Sink<'_>) {
        if self.told.is_empty() {
            return;
        }
        let was = self.told.remove(&(path.to_owned(), cause)).is_some();
        if was && !self.told.keys().any(|(other, _)| other == path) {
            sink(Event::Recovered { path: path.to_owned() });
        }
    }

    /// Whether this was told and is not over.
    pub(crate) fn is_told(&self, path: &Path, cause: Cause) -> bool {
        !self.told.is_empty() && self.told.contains_key(&(path.to_owned(), cause))
    }

    /// Whether a log or one of its backups is there but cannot be opened.
    pub(crate) fn hold_log(&self, log: &Path) -> bool {
        // A backup is called like its log with one more suffix.
        let of_log = |path: &Path| path == log || path.with_extension("") == log;
        self.told.keys().any(|(path, cause)| *cause == Cause::Name && of_log(path))
    }

    /// Names that are not in the folder any more are in no trouble either.
    pub(crate) fn forget_all_but(&mut self, folder: &Path, names: &[String], sink: &mut Sink<'_>) {
        if self.told.is_empty() {
            return;
        }
        let names: HashSet<&str> = names.iter().map(String::as_str).collect();
        let is_there = |path: &Path| {
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| names.contains(name))
        };
        let gone: Vec<PathBuf> = self
            .told
            .keys()
            .filter(|(path, cause)| *cause == Cause::Name && path.parent() == Some(folder) && !is_there(path))
            .map(|(path, _)| path.clone())
            .collect();
        for path in gone {
            self.over(&path, Cause::Name, sink);
        }
    }
}
