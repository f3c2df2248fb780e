//! Checkpoints of an earlier run that have not found their file yet.
//!
//! A file can be out of reach at the first look and come back: its folder is not there yet, another program has
//! it locked, its permissions are wrong, or a rollover is under way and it has no usual name for an instant. So a
//! checkpoint is only given up when its file had every chance to come back. This owns the waiting and the
//! choice of the checkpoint that fits a file; opening files and telling gaps is left to the follower.

use crate::source::{Fit, fit};
use crate::{Checkpoint, DiskFile, Observed, StartReason};
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

/// How long a file may be nowhere before its checkpoint is given up.
const WAIT_MS: u64 = 60_000;

struct Awaited {
    checkpoint: Checkpoint,
    /// Since when the file was looked for in vain; `None` until its folder has been listed.
    since_ms: Option<u64>,
}

/// See the module's own words.
pub(crate) struct AwaitedFiles(Vec<Awaited>);

impl AwaitedFiles {
    pub(crate) fn new(checkpoints: Vec<Checkpoint>) -> AwaitedFiles {
        AwaitedFiles(
            checkpoints.into_iter().map(|checkpoint| Awaited { checkpoint, since_ms: None }).collect(),
        )
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Checkpoint> {
        self.0.iter().map(|awaited| &awaited.checkpoint)
    }

    /// Whether files of this folder are awaited.
    pub(crate) fn any_in(&self, folder: &Path) -> bool {
        self.iter().any(|checkpoint| checkpoint.path.parent() == Some(folder))
    }

    /// Whether a generation of this log is awaited.
    pub(crate) fn any_of(&self, log: &Path) -> bool {
        self.iter().any(|checkpoint| checkpoint.path == log)
    }

    /// After the first look at a folder: takes the checkpoints out whose logs have `answered`, that is all their
    /// files were opened and none fits. The others go on waiting.
    pub(crate) fn take_answered(
        &mut self,
        folder: &Path,
        answered: &HashSet<PathBuf>,
        now_ms: u64,
    ) -> Vec<Checkpoint> {
        for awaited in &mut self.0 {
            if awaited.checkpoint.path.parent() == Some(folder) {
                awaited.since_ms.get_or_insert(now_ms);
            }
        }
        self.take_if(|awaited| answered.contains(&awaited.checkpoint.path))
    }

    /// Takes the checkpoints out that have waited long enough. The wait begins anew while a file is there but
    /// cannot be opened: it may well be the one.
    pub(crate) fn take_overdue(&mut self, now_ms: u64, is_held: impl Fn(&Path) -> bool) -> Vec<Checkpoint> {
        for awaited in &mut self.0 {
            if awaited.since_ms.is_some() && is_held(&awaited.checkpoint.path) {
                awaited.since_ms = Some(now_ms);
            }
        }
        self.take_if(|awaited| {
            awaited.since_ms.is_some_and(|since_ms| now_ms.saturating_sub(since_ms) >= WAIT_MS)
        })
    }

    fn take_if(&mut self, over: impl Fn(&Awaited) -> bool) -> Vec<Checkpoint> {
        self.0.extract_if(.., |awaited| over(awaited)).map(|awaited| awaited.checkpoint).collect()
    }

    /// Takes the checkpoint this file goes on from, by number and marks, else by marks alone (restored from a
    /// backup), and says where reading begins.
    ///
    /// # Errors
    /// When the file cannot be compared: it may be one that is awaited.
    pub(crate) fn take_fitting<F: DiskFile>(
        &mut self,
        log: &Path,
        seen: &Observed,
        file: &F,
    ) -> io::Result<Option<(u64, StartReason)>> {
        let (mut best, mut cut) = (None, None);
        for (index, checkpoint) in self.iter().enumerate().filter(|(_, checkpoint)| checkpoint.path == log) {
            let by_number = checkpoint.id == seen.id;
            // Without marks, of a file that was empty, the number alone says little: numbers are used again.
            let is_marked = checkpoint.head.len > 0 && checkpoint.tail.len > 0;
            match fit(checkpoint, file)? {
                Fit::Whole if is_marked || by_number => {
                    let rank = (is_marked, by_number);
                    if best.is_none_or(|(other, _)| rank > other) {
                        best = Some((rank, index));
                    }
                }
                Fit::Cut(len_bytes) if by_number => cut = Some((index, len_bytes)),
                _ => {}
            }
        }
        if let Some((_, index)) = best {
            return Ok(Some((self.0.remove(index).checkpoint.offset, StartReason::Resumed)));
        }
        Ok(cut.map(|(index, len_bytes)| {
            self.0.remove(index);
            (len_bytes, StartReason::Shortened)
        }))
    }
}
