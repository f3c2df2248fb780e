//! What directory events bring to the follower: handles on generations that may be gone by now.
//!
//! Owns the meeting of files that were opened at their event. A look at the folder follows each time and has the last
//! word on which name leads to which file.

use crate::event::Sink;
use crate::follower::Finished;
use crate::watcher::Happening;
use crate::{Disk, EndReason, Event, Follower, GapReason, Observed, SourceId, StartReason};
use std::io;
use std::path::{Path, PathBuf};

impl<D: Disk> Follower<D> {
    /// Takes what the watcher has.
    pub(crate) fn hear(&mut self, sink: &mut Sink<'_>) {
        self.fresh_logs.clear();
        for happening in self.watcher.take() {
            match happening {
                Happening::Opened { log, is_backup, seen, file } => {
                    self.meet_at_event(&log, is_backup, (seen, file), sink);
                }
                Happening::Grown { log } => {
                    if let Some(id) = self.sources.current(&log) {
                        self.sources.is_busy(id);
                    }
                }
                Happening::Missed { log, generations } => {
                    for _ in 0..generations {
                        sink(Event::Gap { path: &log, bytes: None, reason: GapReason::RotatedAway });
                    }
                }
                Happening::Lost => self.look_at_all(),
            }
        }
    }

    fn meet_at_event(
        &mut self,
        log: &Path,
        is_backup: bool,
        (seen, file): (Observed, D::File),
        sink: &mut Sink<'_>,
    ) {
        if let Some(id) = self.sources.of_file(&seen) {
            // It was closed while it was quiet; something is going on now.
            self.sources.is_busy(id);
            if let Some(source) = self.sources.take(id) {
                match source.file {
                    Some(_) => self.sources.put(source),
                    None => self.keep(source, file),
                }
            }
            return;
        }
        let is_over = |over: &Finished| !over.goes_on && seen.is_same_file(over.at.id, over.born);
        if seen.links == 0 && self.finished.iter().any(is_over) {
            self.watcher.released(log, seen.id);
            return;
        }
        if is_backup {
            // What cannot be compared now is left to the next look.
            let begun = match self.begin_late(log, &seen, &file) {
                Ok((0, reason)) => self.start_backup(log.to_owned(), (seen, file), reason, sink).is_ok(),
                Ok(begin) => {
                    self.start(log.to_owned(), (seen, file), begin, true, sink);
                    true
                }
                Err(_) => false,
            };
            if !begun {
                self.watcher.released(log, seen.id);
                return;
            }
        } else if self.meet(log, (seen, file), sink).is_err() {
            self.watcher.released(log, seen.id);
        }
        self.fresh_logs.insert(log.to_owned());
    }

    /// A file nobody saw before bears a log's name. True when it is a new generation, false when it is a copy that
    /// goes on where the file before it was left.
    ///
    /// # Errors
    /// When the file cannot be compared with those that are known.
    pub(crate) fn meet(
        &mut self,
        log: &Path,
        (seen, file): (Observed, D::File),
        sink: &mut Sink<'_>,
    ) -> io::Result<bool> {
        let before = self.sources.current(log);
        // The one it takes the name from, which may be noticed to be deleted already.
        let mut continued = None;
        for source in self.sources.iter().filter(|source| source.path == log) {
            let is_replaced = Some(source.id) == before || source.deleted_ms.is_some();
            if is_replaced && source.continues_in(&file)? {
                continued = Some((source.id, source.read));
            }
        }
        let mut begin = self.begin_late(log, &seen, &file)?;
        if begin == (0, StartReason::New)
            && let Some(read) = self.read_before(log, &file)?
        {
            // One that was given up in this run, and is back.
            begin = (read, StartReason::Resumed);
        }
        let Some((id, read)) = continued else {
            self.rotate_away(before, sink);
            self.start(log.to_owned(), (seen, file), begin, false, sink);
            return Ok(true);
        };
        self.start(log.to_owned(), (seen, file), (read, StartReason::Resumed), false, sink);
        if let Some(source) = self.sources.take(id) {
            self.end(&source, EndReason::Replaced, sink);
        }
        Ok(false)
    }

    /// The source bears its log's name no longer.
    pub(crate) fn rotate_away(&mut self, source: Option<SourceId>, sink: &mut Sink<'_>) {
        let Some(id) = source else { return };
        self.sources.set_rotated(id);
        self.sources.is_busy(id);
        sink(Event::Rotated { source: id });
    }

    pub(crate) fn is_fresh(&self, log: &PathBuf) -> bool {
        self.fresh_logs.contains(log)
    }
}
