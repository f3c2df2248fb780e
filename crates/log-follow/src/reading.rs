//! The reading of the files that are followed: what is new in each, fair between them by bytes.
//!
//! Owns the turn of one source in a look: reach its file, compare it with what was read, hand out what is new, and
//! begin anew or end when it is not the same any more. Which names lead to which files is not decided here.

use crate::event::Sink;
use crate::follower::{READ_BYTES, backup_of};
use crate::source::{Condition, Source};
use crate::trouble::Cause;
use crate::watch::cannot_open;
use crate::{Disk, DiskFile, EndReason, Event, Follower, GapReason, Look, Observed, SourceId, StartReason};
use std::io;
use std::path::Path;

/// A deleted file that another process may still hold open is drained until it was quiet for this long.
const DELETED_QUIET_MS: u64 = 10_000;
/// A source that grew within this time is looked at every time, however many there are.
const BUSY_MS: u64 = 30_000;
/// One source's share before the next one gets its turn.
const SHARE_BYTES: u64 = 512 * 1024;

impl<D: Disk> Follower<D> {
    pub(crate) fn read(&mut self, sink: &mut Sink<'_>) -> Look {
        // Taken out for the look: sources borrow the follower while they are read.
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(READ_BYTES, 0);
        let look = self.read_shares(&mut buffer, sink);
        self.buffer = buffer;
        look
    }

    fn read_shares(&mut self, buffer: &mut [u8], sink: &mut Sink<'_>) -> Look {
        let mut look = Look::default();
        let mut ids = self.sources.due(self.step_ms);
        let split = ids.partition_point(|id| *id <= self.turn);
        ids.rotate_left(split);
        // First a share for everyone, then again for those that have more, until the look's share is used up.
        while !ids.is_empty() {
            let mut hungry = Vec::new();
            for id in ids {
                if look.read_bytes >= self.look_bytes {
                    look.more = true;
                    return look;
                }
                self.turn = id;
                let (read_bytes, next) = self.read_source(id, buffer, sink);
                look.read_bytes += read_bytes;
                hungry.extend(next);
            }
            ids = hungry;
        }
        look
    }

    /// One source's turn: what was read, and the source that has more to read, if any.
    fn read_source(
        &mut self,
        id: SourceId,
        buffer: &mut [u8],
        sink: &mut Sink<'_>,
    ) -> (u64, Option<SourceId>) {
        let Some(mut source) = self.sources.take(id) else { return (0, None) };
        if source.settled {
            self.sources.put(source);
            return (0, None);
        }
        let file = match source.file.take() {
            Some(file) => file,
            None => match self.reach_if_changed(&mut source) {
                Ok(Some(file)) => {
                    source.lost_ms = None;
                    file
                }
                Ok(None) => {
                    source.lost_ms = None;
                    self.examined(&mut source, sink);
                    self.sources.put(source);
                    return (0, None);
                }
                Err(error) => {
                    self.out_of_reach(source, &error, sink);
                    return (0, None);
                }
            },
        };
        let unread = source.len_bytes - source.read;
        match source.examine(&file, self.now_ms) {
            Err(error) if error.kind() == io::ErrorKind::StaleNetworkFileHandle => {
                // The handle is worthless; the file may be behind its name as before.
                self.watcher.released(&source.path, source.file_id);
                self.sources.put(source);
                return (0, None);
            }
            Err(error) => {
                self.troubles.begin(&source.path, Cause::Source(id), cannot_read(&error), sink);
            }
            Ok(condition @ (Condition::Rewritten | Condition::CutTo(_))) => {
                return (0, self.restart(source, file, &condition, unread, sink));
            }
            Ok(Condition::Same) => {
                if source.deleted {
                    self.rotate_deleted(&mut source, sink);
                    if self.now_ms.saturating_sub(source.grew_ms) >= DELETED_QUIET_MS {
                        self.end(&source, EndReason::Deleted, sink);
                        return (0, None);
                    }
                }
                source.settled = source.rotated && !self.may_hold(&source);
                self.examined(&mut source, sink);
                source.shrink();
            }
            Ok(Condition::Grown) => {
                self.sources.is_busy(id);
                source.examined_look = self.look_number;
                let done = self.read_share(&mut source, &file, buffer, sink);
                let more = source.read < source.len_bytes;
                source.settled = !more && source.rotated && !self.may_hold(&source);
                self.keep(source, file);
                return (done, (more && done > 0).then_some(id));
            }
        }
        self.keep(source, file);
        (0, None)
    }

    fn may_hold(&self, source: &Source<D::File>) -> bool {
        self.disk.may_hold_handles(source.path.parent().unwrap_or(Path::new("")))
    }

    fn examined(&mut self, source: &mut Source<D::File>, sink: &mut Sink<'_>) {
        source.examined_look = self.look_number;
        self.troubles.over(&source.path, Cause::Source(source.id), sink);
        if self.now_ms.saturating_sub(source.grew_ms) >= BUSY_MS && !source.rotated {
            self.sources.is_quiet(source.id);
        }
    }

    /// The file of a source that is not held, unless a look at its name shows that nothing happened to it.
    fn reach_if_changed(&self, source: &mut Source<D::File>) -> io::Result<Option<D::File>> {
        if !source.rotated && self.disk.observe(&source.path).is_ok_and(|seen| source.is_as_left(&seen)) {
            return Ok(None);
        }
        self.reach(source).map(Some)
    }

    fn out_of_reach(&mut self, mut source: Source<D::File>, error: &io::Error, sink: &mut Sink<'_>) {
        if error.kind() != io::ErrorKind::NotFound {
            source.lost_ms = None;
            self.troubles.begin(&source.path, Cause::Source(source.id), cannot_open(error), sink);
            self.sources.put(source);
            return;
        }
        if self.is_away(&source.path) {
            source.lost_ms = None;
            self.sources.put(source);
            return;
        }
        // Not held and not to be found: deleted, or rotated away for good, after a while of waiting.
        let lost_ms = *source.lost_ms.get_or_insert(self.now_ms);
        if self.now_ms.saturating_sub(lost_ms) < DELETED_QUIET_MS {
            self.sources.put(source);
        } else {
            give_up(&source, source.len_bytes - source.read, GapReason::RotatedAway, sink);
            self.end(&source, EndReason::Deleted, sink);
        }
    }

    fn read_share(
        &mut self,
        source: &mut Source<D::File>,
        file: &D::File,
        buffer: &mut [u8],
        sink: &mut Sink<'_>,
    ) -> u64 {
        let mut done = 0;
        while done < SHARE_BYTES && source.read < source.len_bytes {
            let wanted =
                usize::try_from(source.len_bytes - source.read).unwrap_or(usize::MAX).min(buffer.len());
            match file.read_at(&mut buffer[..wanted], source.read) {
                Ok(0) => break,
                Ok(count) => {
                    let offset = source.read;
                    source.advance(&buffer[..count]);
                    sink(Event::Bytes { source: source.id, offset, bytes: &buffer[..count] });
                    done += count as u64;
                }
                Err(error) => {
                    self.troubles.begin(&source.path, Cause::Source(source.id), cannot_read(&error), sink);
                    break;
                }
            }
        }
        if done > 0 {
            self.troubles.over(&source.path, Cause::Source(source.id), sink);
        }
        done
    }

    /// The same file with other content: one source ends, another begins. Returns the one to read next.
    fn restart(
        &mut self,
        source: Source<D::File>,
        file: D::File,
        condition: &Condition,
        unread: u64,
        sink: &mut Sink<'_>,
    ) -> Option<SourceId> {
        let copy = self.copy_of(&source, condition);
        if copy.is_none() {
            give_up(&source, unread, GapReason::Overwritten, sink);
        }
        let (log, rotated) = (source.path.clone(), source.rotated);
        self.end(&source, EndReason::Truncated, sink);
        if let Some((seen, copy)) = copy {
            if let Some(older) = self.sources.of_file(&seen).and_then(|id| self.sources.take(id)) {
                // The copy was written over the one before.
                self.end(&older, EndReason::Truncated, sink);
            }
            let position = (source.read, StartReason::Resumed);
            let id = self.start(log.clone(), (seen, copy), position, true, sink);
            self.sources.is_busy(id);
        }
        // Nobody writes news over a backup: it is a copy of what its log held, and that is read there.
        if rotated {
            return None;
        }
        let Ok(seen) = file.observe() else { return None };
        let begin = match condition {
            Condition::CutTo(len_bytes) => (*len_bytes, StartReason::Shortened),
            _ => (0, StartReason::Rewritten),
        };
        Some(self.start(log, (seen, file), begin, false, sink))
    }

    /// A log that was emptied was often copied to its backup's name before: what had not been read of it is there.
    fn copy_of(&self, source: &Source<D::File>, condition: &Condition) -> Option<(Observed, D::File)> {
        if source.rotated || *condition != Condition::Rewritten {
            return None;
        }
        let file = self.disk.open(&backup_of(&source.path)).ok()?;
        let seen = file.observe().ok()?;
        // A few bytes prove little, unless it is a file that nobody knows.
        let is_copy = match self.sources.of_file(&seen) {
            Some(_) => source.continues_in(&file),
            None => source.is_held_by(&file),
        };
        (seen.id != source.file_id && is_copy).then_some((seen, file))
    }

    fn rotate_deleted(&mut self, source: &mut Source<D::File>, sink: &mut Sink<'_>) {
        if !source.rotated {
            source.rotated = true;
            self.sources.forget_name(source);
            sink(Event::Rotated { source: source.id });
        }
    }

    pub(crate) fn end(&mut self, source: &Source<D::File>, reason: EndReason, sink: &mut Sink<'_>) {
        self.sources.forget(source);
        self.watcher.released(&source.path, source.file_id);
        self.troubles.over(&source.path, Cause::Source(source.id), sink);
        sink(Event::Ended { source: source.id, reason });
    }
}

fn cannot_read(error: &io::Error) -> String {
    format!("cannot read the log: {error}; reading goes on when that is over")
}

pub(crate) fn give_up<F>(source: &Source<F>, bytes: u64, reason: GapReason, sink: &mut Sink<'_>) {
    if bytes > 0 {
        sink(Event::Gap { path: &source.path, bytes: Some(bytes), reason });
    }
}
