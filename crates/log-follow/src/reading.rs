//! The reading of the files that are followed: what is new in each, fair between them by bytes.
//!
//! Owns the turn of one source in a look: reach its file, compare it with what was read, hand out what is new, and
//! begin anew or end when it is not the same any more. Which names lead to which files is not decided here.

use crate::event::Sink;
use crate::follower::{Finished, READ_BYTES, backup_of};
use crate::mark::HEAD_BYTES;
use crate::source::{Condition, Fit, Source, fit, read_up_to};
use crate::trouble::Cause;
use crate::watch::cannot_open;
use crate::{Disk, DiskFile, EndReason, Event, Follower, GapReason, Look, Observed, SourceId, StartReason};
use std::io;
use std::path::{Path, PathBuf};

/// A deleted file that another process may still hold open is kept until nothing came for this long.
const DELETED_QUIET_MS: u64 = 10_000;
/// A source that grew within this time is looked at every time, however many there are.
const BUSY_MS: u64 = 30_000;
/// So many sources that have ended are remembered, lest their files or what was in them be read again.
const MOST_FINISHED: usize = 256;
/// One source's share before the next one gets its turn.
const SHARE_BYTES: u64 = 512 * 1024;

/// Sources that have more to read in this look.
type Next = [Option<SourceId>; 2];
const NOTHING: Next = [None, None];

/// Where the content of a log that was emptied went.
enum Copied<F> {
    Nowhere,
    /// Into a backup that is read on already.
    Followed,
    /// Into this one, which is to be read from an offset.
    To(Observed, F, u64),
}

impl<D: Disk> Follower<D> {
    pub(crate) fn read(&mut self, sink: &mut Sink<'_>) -> Look {
        // Taken out for the look: sources borrow the follower while they are read.
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(READ_BYTES, 0);
        let look = self.read_shares(&mut buffer, sink);
        self.buffer = buffer;
        self.end_surplus(sink);
        look
    }

    /// More than may be held are closed, quiet ones first. Many rollovers in a short time leave many files without a
    /// name: those that are read to their end are not waited for then.
    fn end_surplus(&mut self, sink: &mut Sink<'_>) {
        while self.sources.held() > self.most_handles && self.close_one() {}
        while self.sources.held() > self.most_handles {
            let oldest = self.sources.oldest_deleted().and_then(|id| self.sources.take(id));
            let Some(oldest) = oldest else { return };
            self.end(&oldest, EndReason::Deleted, sink);
        }
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
                hungry.extend(next.into_iter().flatten());
            }
            ids = hungry;
        }
        look
    }

    /// One source's turn: what was read, and the sources that have more to read.
    fn read_source(&mut self, id: SourceId, buffer: &mut [u8], sink: &mut Sink<'_>) -> (u64, Next) {
        let Some(mut source) = self.sources.take(id) else { return (0, NOTHING) };
        if source.settled {
            self.sources.put(source);
            return (0, NOTHING);
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
                    return (0, NOTHING);
                }
                Err(error) => {
                    self.out_of_reach(source, &error, sink);
                    return (0, NOTHING);
                }
            },
        };
        let unread = source.len_bytes - source.read;
        match source.examine(&file, self.now_ms) {
            Err(error) if error.kind() == io::ErrorKind::StaleNetworkFileHandle => {
                // The handle is worthless; the file may be behind its name as before.
                self.watcher.released(&source.path, source.file_id);
                self.sources.put(source);
                return (0, NOTHING);
            }
            Err(error) => {
                self.troubles.begin(&source.path, Cause::Source(id), cannot_read(&error), sink);
            }
            Ok(condition @ (Condition::Rewritten | Condition::CutTo(_))) => {
                return (0, self.restart(source, file, &condition, unread, sink));
            }
            Ok(Condition::Same) => {
                if let Some(deleted_ms) = source.deleted_ms {
                    self.rotate_deleted(&mut source, sink);
                    if self.now_ms - deleted_ms.max(source.grew_ms) >= DELETED_QUIET_MS {
                        self.end(&source, EndReason::Deleted, sink);
                        return (0, NOTHING);
                    }
                }
                source.settled = source.rotated && !self.may_hold(&source);
                self.examined(&mut source, sink);
                source.shrink();
            }
            Ok(Condition::Grown) if source.may_become_copy => {
                match self.read_of_copy(&source.path, &file) {
                    Ok(read) if read.is_none_or(|read| read <= source.read) => {
                        // It grew by itself: read in its next turn, which is at once.
                        source.may_become_copy = false;
                        source.len_bytes = source.read + unread;
                        self.keep(source, file);
                        return (0, [Some(id), None]);
                    }
                    Ok(_) => {
                        // Passed over: a source that goes on has no holes.
                        let log = source.path.clone();
                        self.end(&source, EndReason::Truncated, sink);
                        self.begin_again_with_backup(log, file, sink);
                        return (0, NOTHING);
                    }
                    Err(error) => {
                        self.troubles.begin(&source.path, Cause::Source(id), cannot_read(&error), sink);
                    }
                }
            }
            Ok(Condition::Grown) => {
                self.sources.is_busy(id);
                source.examined_look = self.look_number;
                let done = self.read_share(&mut source, &file, buffer, sink);
                let more = source.read < source.len_bytes;
                source.settled = !more && source.rotated && !self.may_hold(&source);
                self.keep(source, file);
                return (done, [(more && done > 0).then_some(id), None]);
            }
        }
        self.keep(source, file);
        (0, NOTHING)
    }

    pub(crate) fn may_hold(&self, source: &Source<D::File>) -> bool {
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
        if !is_not_found(error) {
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

    /// The same file with other content: one source ends, another begins. Returns those to read next.
    fn restart(
        &mut self,
        source: Source<D::File>,
        file: D::File,
        condition: &Condition,
        unread: u64,
        sink: &mut Sink<'_>,
    ) -> Next {
        let copy = self.copy_of(&source, condition);
        let goes_on = match &copy {
            Copied::Nowhere => false,
            Copied::Followed => true,
            Copied::To(_, _, offset) => *offset == source.read,
        };
        if !goes_on {
            give_up(&source, unread, GapReason::Overwritten, sink);
        }
        let (log, rotated) = (source.path.clone(), source.rotated);
        self.end(&source, EndReason::Truncated, sink);
        let mut next = NOTHING;
        if let Copied::To(seen, copy, offset) = copy {
            if let Some(older) = self.sources.of_file(&seen).and_then(|id| self.sources.take(id)) {
                // The copy was written over the one before.
                self.end(&older, EndReason::Truncated, sink);
            }
            let reason = if offset == source.read { StartReason::Resumed } else { StartReason::Rewritten };
            let position = (offset, reason);
            next[1] = Some(self.start(log.clone(), (seen, copy), position, true, sink));
        }
        let Ok(seen) = file.observe() else { return next };
        // Nobody writes news over a backup: it is a copy of what its log held. That is read there, unless it came and
        // went between two looks.
        if rotated {
            next[0] = self.begin_again_with_backup(log, file, sink);
            return next;
        }
        let begin = match condition {
            Condition::CutTo(len_bytes) => (*len_bytes, StartReason::Shortened),
            _ => (0, StartReason::Rewritten),
        };
        next[0] = Some(self.start(log, (seen, file), begin, false, sink));
        next
    }

    /// Begins with a backup that was never a log before our eyes: at its end if it is a copy of what is, or was, read
    /// as the log.
    ///
    /// # Errors
    /// When that cannot be told at the moment; nothing was begun.
    pub(crate) fn start_backup(
        &mut self,
        log: PathBuf,
        (seen, file): (Observed, D::File),
        reason: StartReason,
        sink: &mut Sink<'_>,
    ) -> io::Result<SourceId> {
        let begin = match self.read_of_copy(&log, &file)? {
            Some(read) => (read.min(seen.len_bytes), StartReason::Resumed),
            None => (0, reason),
        };
        let is_copy = begin.0 > 0 && begin.0 == seen.len_bytes;
        let is_empty = seen.len_bytes == 0;
        let id = self.start(log, (seen, file), begin, true, sink);
        if let Some(source) = self.sources.get_mut(id) {
            source.may_become_copy = is_copy || is_empty;
        }
        Ok(id)
    }

    /// The content of a backup was replaced. What cannot be compared now is met again at a look at the folder.
    fn begin_again_with_backup(
        &mut self,
        log: PathBuf,
        file: D::File,
        sink: &mut Sink<'_>,
    ) -> Option<SourceId> {
        let backup = backup_of(&log);
        let begun = file
            .observe()
            .and_then(|seen| self.start_backup(log, (seen, file), StartReason::Rewritten, sink));
        match begun {
            Ok(id) => Some(id),
            Err(error) => {
                self.note_unopened(&backup, &error, sink);
                None
            }
        }
    }

    /// A log that was emptied was often copied to its backup's name before: what had not been read of it is there.
    /// The copy, and where to go on in it.
    fn copy_of(&self, source: &Source<D::File>, condition: &Condition) -> Copied<D::File> {
        if *condition != Condition::Rewritten {
            return Copied::Nowhere;
        }
        let opened = self.disk.open(&backup_of(&source.path)).and_then(|file| Ok((file.observe()?, file)));
        let Ok((seen, file)) = opened else { return Copied::Nowhere };
        if seen.id == source.file_id {
            return Copied::Nowhere;
        }
        let known = self.sources.of_file(&seen).and_then(|id| self.sources.get(id));
        let is_known = known.is_some_and(|known| known.is_held_by(&file).unwrap_or(true));
        // A few bytes prove little, unless it is a file that nobody knows, or only as a copy.
        let may_be_copy = known.is_none_or(|known| known.may_become_copy);
        let is_whole = |held: io::Result<bool>| held.unwrap_or(false);
        if is_whole(source.continues_in(&file)) || (may_be_copy && is_whole(source.is_held_by(&file))) {
            return match is_known && !may_be_copy {
                true => Copied::Followed,
                false => Copied::To(seen, file, source.read),
            };
        }
        // Content that nobody has read: a copy of what came and went between two looks, or, where the number of the
        // file is one that is used again, the generation in between.
        let is_like = source.read > 0 && source.begins_like(&file).unwrap_or(true);
        let is_news = !is_known && !is_like && !source.rotated;
        match is_news && self.read_of_copy(&source.path, &file).is_ok_and(|read| read.is_none()) {
            true => Copied::To(seen, file, 0),
            false => Copied::Nowhere,
        }
    }

    /// Whether a log begins as a copy does at the moment, so that it will be read there.
    fn is_in_log(&self, log: &Path, copy: &D::File) -> io::Result<bool> {
        let head = read_up_to(copy, 0, HEAD_BYTES)?;
        // Nothing is read there at the moment.
        let Ok(current) = self.disk.open(log) else { return Ok(false) };
        // Numbers are given away again: the deleted backup's file may be the new log, which is no copy of itself.
        let is_itself = current.observe()?.id == copy.observe()?.id;
        Ok(!is_itself && !head.is_empty() && read_up_to(&current, 0, HEAD_BYTES)?.starts_with(&head))
    }

    /// How far a file was read that is met again after its source has ended.
    pub(crate) fn read_before(&self, log: &Path, file: &D::File) -> io::Result<Option<u64>> {
        let mut read = None;
        for over in self.finished.iter().filter(|over| over.at.path == log && over.at.offset > 0) {
            if fit(&over.at, file)? == Fit::Whole {
                read = read.max(Some(over.at.offset));
            }
        }
        Ok(read)
    }

    /// How much of what stands in a backup was read already, if it is a copy: all of it while its log is followed,
    /// else as much as the generation had been read when it ended. `None` for news.
    fn read_of_copy(&self, log: &Path, backup: &D::File) -> io::Result<Option<u64>> {
        if self.is_in_log(log, backup)? {
            return Ok(Some(u64::MAX));
        }
        let mut read = None;
        for source in self.sources.iter().filter(|source| source.path == log) {
            if source.begins_like(backup)? {
                // A file without a name was replaced by the copy, and what comes next is in the copy.
                let is_gone = source.is_nameless()
                    || (source.file.is_none() && self.reach(source).is_err_and(|error| is_not_found(&error)));
                if !is_gone || !source.continues_in(backup)? {
                    return Ok(Some(u64::MAX));
                }
                read = read.max(Some(source.read));
            }
        }
        for over in self.finished.iter().filter(|over| over.at.path == log && over.at.head.len > 0) {
            match fit(&over.at, backup)? {
                Fit::Whole => read = read.max(Some(over.at.offset)),
                Fit::Cut(len_bytes) => read = read.max(Some(len_bytes)),
                Fit::No if over.at.head.fits(&read_up_to(backup, 0, over.at.head.len as usize)?) => {
                    read = read.or(Some(u64::MAX));
                }
                Fit::No => {}
            }
        }
        Ok(read)
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
        let surplus = (self.finished.len() + 1).saturating_sub(MOST_FINISHED);
        self.finished.drain(..surplus);
        self.finished.push_back(Finished {
            at: source.checkpoint(source.read),
            born: source.born,
            goes_on: reason == EndReason::Truncated,
        });
        sink(Event::Ended { source: source.id, reason });
    }
}

fn is_not_found(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

fn cannot_read(error: &io::Error) -> String {
    format!("cannot read the log: {error}; reading goes on when that is over")
}

pub(crate) fn give_up<F>(source: &Source<F>, bytes: u64, reason: GapReason, sink: &mut Sink<'_>) {
    if bytes > 0 {
        sink(Event::Gap { path: &source.path, bytes: Some(bytes), reason });
    }
}
