//! What to follow: folders, names, and where to begin with what is there already.
//!
//! Owns the follower's settings and nothing else; where they come from (files, arguments) is the caller's matter.

use crate::Patterns;
use std::path::PathBuf;

/// Where to begin with a file that nobody followed before and that was there before us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartAt {
    /// Old records are wanted.
    Start,
    /// Only what comes from now on.
    End,
}

/// What to follow.
#[derive(Clone, Debug)]
pub struct FollowOptions {
    /// Folders, each with the names that are logs in it.
    pub watches: Vec<(PathBuf, Patterns)>,
    /// Where to begin with files that were there before; never applies to files that appear later.
    pub start_at: StartAt,
    /// Folders that an earlier run followed: a file in them without a checkpoint appeared since.
    pub known_folders: Vec<PathBuf>,
    /// At most this much is handed out in one look, so that the caller can store what it has.
    pub look_bytes: u64,
    /// At most about this many files are kept open between looks; quiet logs are closed first.
    pub most_handles: usize,
}

/// What is kept open at most, unless the system allows less.
pub const MOST_HANDLES: usize = 128;

/// How many files may be kept open between looks, with room left for everything else the program opens.
#[must_use]
pub fn handle_budget() -> usize {
    #[cfg(unix)]
    if let Ok((soft, _)) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE) {
        return usize::try_from(soft / 4).unwrap_or(MOST_HANDLES).min(MOST_HANDLES);
    }
    MOST_HANDLES
}

impl FollowOptions {
    /// All `tk-*.log` of one folder, from their ends.
    pub fn folder(folder: impl Into<PathBuf>) -> FollowOptions {
        FollowOptions {
            watches: vec![(folder.into(), Patterns::default())],
            start_at: StartAt::End,
            known_folders: Vec::new(),
            look_bytes: 4 * 1024 * 1024,
            most_handles: MOST_HANDLES,
        }
    }
}
