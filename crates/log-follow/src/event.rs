//! What a look at the folders can bring. The list is closed: everything a caller must deal with is here.

use std::path::{Path, PathBuf};

/// One generation of a log: a file, or a file's content from one truncation to the next. Never reused in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u64);

/// Why reading starts where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartReason {
    /// The file was there before anyone followed it, and old records are not wanted.
    ExistingAtEnd,
    /// The file was there before anyone followed it, and its records are wanted.
    ExistingAtStart,
    /// The file appeared while the folder was followed, or between two runs.
    New,
    /// A checkpoint fits: reading goes on where it stopped.
    Resumed,
    /// The content was replaced in place; what is there now is read from its start.
    Rewritten,
    /// The end was cut off inside what had been read; only what comes after the cut is new.
    Shortened,
}

/// Why no more bytes will come from a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The file is gone from disk and has been drained.
    Deleted,
    /// The content was replaced or cut in place; another source goes on with what is there now.
    Truncated,
    /// Another file with the same content has taken the name; another source goes on there.
    Replaced,
}

/// Why bytes were given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapReason {
    /// The file of a checkpoint was neither under its name nor as a backup when the follower started.
    GoneWhileAway,
    /// The content before the end was replaced before it had been read.
    Overwritten,
    /// The file was rotated away and deleted between two looks.
    RotatedAway,
}

impl GapReason {
    /// A short name that is stored and shown; never changed once released.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            GapReason::GoneWhileAway => "gone_while_away",
            GapReason::Overwritten => "overwritten",
            GapReason::RotatedAway => "rotated_away",
        }
    }
}

/// What a look hands its events to.
pub(crate) type Sink<'s> = dyn FnMut(Event<'_>) + 's;

/// One thing that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// A folder is followed from now on: what appears in it is new, in later runs too if the caller says so
    /// then (`FollowOptions::known_folders`). Said once, at the first look at which the folder was listed or
    /// found missing.
    Entered {
        /// Which.
        folder: &'a Path,
    },
    /// A source is followed from `offset` on.
    Started {
        /// Its number.
        source: SourceId,
        /// The log's own name.
        path: &'a Path,
        /// The first byte that will be handed out.
        offset: u64,
        /// Why there.
        reason: StartReason,
    },
    /// Bytes, in order and without holes within one source.
    Bytes {
        /// Where they come from.
        source: SourceId,
        /// Offset of the first one in the file.
        offset: u64,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// The source no longer bears the log's name, but may still grow: another process can have it open.
    Rotated {
        /// Which one.
        source: SourceId,
    },
    /// Nothing more will come: what is unfinished is now whole.
    Ended {
        /// Which one.
        source: SourceId,
        /// Why.
        reason: EndReason,
    },
    /// Bytes that can no longer be read.
    Gap {
        /// The log's own name.
        path: &'a Path,
        /// How many, if that can be known.
        bytes: Option<u64>,
        /// Why.
        reason: GapReason,
    },
    /// A file or folder cannot be read. Said once, until [`Event::Recovered`], and again when the reason changes.
    Trouble {
        /// What.
        path: PathBuf,
        /// The system's own words and what to do.
        message: String,
    },
    /// Something worth knowing that is no trouble: a folder without directory events, for instance. Said once.
    Note {
        /// What about.
        path: &'a Path,
        /// What there is to know.
        message: String,
    },
    /// What was in trouble can be read again.
    Recovered {
        /// What.
        path: PathBuf,
    },
}
