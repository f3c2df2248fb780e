//! A position that outlives the process: which file, how far, and the marks that prove it is that file.

use crate::{FileId, Mark};
use std::path::PathBuf;

/// Where a later run goes on. The caller stores it in the same transaction as what it made of the bytes
/// before `offset`; the follower never assumes that a checkpoint it handed out was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's own name, also after the file was renamed to its backup name.
    pub path: PathBuf,
    /// Who the file was.
    pub id: FileId,
    /// Everything before this byte has been dealt with.
    pub offset: u64,
    /// Size of the file when it was last looked at: what a later run cannot find any more is known to be at
    /// least the difference.
    pub seen_bytes: u64,
    /// The first bytes of the file.
    pub head: Mark,
    /// The bytes just before `offset`.
    pub tail: Mark,
    /// The file no longer bears the log's name: it was rotated to a backup, or deleted.
    pub rotated: bool,
}
