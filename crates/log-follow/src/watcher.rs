//! What the follower needs of directory events: who made them, lost them or cannot have them is not its matter.
//!
//! [`Watcher`] is the seam at which tests put simulated events, beside [`Disk`](crate::Disk) for simulated files.
//! Events are a hint. They open generations that would be gone at the next look, and they shorten waits; what they
//! do not tell is found by looking.

use crate::{FileId, Observed, Patterns};
use std::path::{Path, PathBuf};

/// Something that happened in a watched folder.
#[derive(Debug)]
pub enum Happening<F> {
    /// A file got the name of a log or of a backup, and was opened at once.
    Opened {
        /// The log it is or was, by its own name.
        log: PathBuf,
        /// It got the name of a backup.
        is_backup: bool,
        /// Who it was when it was opened.
        seen: Observed,
        /// The handle: the file can be read even if it has no name any more.
        file: F,
    },
    /// A file that is followed was written to.
    Grown {
        /// The log's own name, also when it was its backup that grew.
        log: PathBuf,
    },
    /// Generations of a log were made and deleted before anybody could open them.
    Missed {
        /// Of which log.
        log: PathBuf,
        /// How many.
        generations: u64,
    },
    /// Events were lost: everything is to be looked at.
    Lost,
}

/// What a watcher can do for a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watching {
    /// New generations are opened, and whoever waits is woken when a log grows.
    Everything,
    /// New generations are opened; growth has to be looked for.
    Generations,
    /// Nothing is reported, and why, if that is worth telling.
    Nothing(Option<String>),
}

/// Reports what happens in folders.
pub trait Watcher<F> {
    /// Watches a folder, or the one that has its name by now. Called before every listing.
    fn watch(&mut self, folder: &Path, patterns: &Patterns) -> Watching;
    /// The follower holds a handle on a generation of this log: it needs no other. `is_new` when the follower found
    /// it by looking, so that whoever counts generations counts this one.
    fn holds(&mut self, log: &Path, id: FileId, is_new: bool);
    /// That handle is closed.
    fn released(&mut self, log: &Path, id: FileId);
    /// What happened since the last call, in order.
    fn take(&mut self) -> Vec<Happening<F>>;
    /// The caller is about to wait for long: it is to be woken, once, by whatever happens next. True when that was
    /// so already.
    fn wake_on_next(&mut self) -> bool;
}

/// No events: folders are looked at, and that is all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEvents;

impl<F> Watcher<F> for NoEvents {
    fn watch(&mut self, _folder: &Path, _patterns: &Patterns) -> Watching {
        Watching::Nothing(None)
    }

    fn holds(&mut self, _log: &Path, _id: FileId, _is_new: bool) {}

    fn released(&mut self, _log: &Path, _id: FileId) {}

    fn take(&mut self) -> Vec<Happening<F>> {
        Vec::new()
    }

    fn wake_on_next(&mut self) -> bool {
        false
    }
}
