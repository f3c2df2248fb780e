//! The follower: reads what is new in the files it follows, and answers for them.
//!
//! A look is a poll. Polling is the truth here because it is the only thing that is right on every file
//! system; how often to look is the caller's choice. Between changes of a folder a look costs one `stat` of
//! the folder and one of every open handle. Which file is which is decided by the looks at folders (`watch.rs`).
//!
//! On Unix a handle is kept on every generation, so that a file rotated or deleted between two looks is still
//! drained, and so that its number cannot be reused meanwhile. On Windows nothing is held between looks.

use crate::awaited::AwaitedFiles;
use crate::event::Sink;
use crate::source::{Condition, Source, read_up_to};
use crate::trouble::{Cause, Troubles};
use crate::watch::{Unopened, Watch, cannot_open};
use crate::{
    Checkpoint, Disk, DiskFile, EndReason, Event, FileId, FollowOptions, GapReason, Observed, Patterns,
    SourceId, StartAt, StartReason,
};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::PathBuf;

/// A deleted file that another process may still hold open is drained until it was quiet for this long.
const DELETED_QUIET_MS: u64 = 10_000;
const READ_BYTES: usize = 64 * 1024;
/// One source's share before the next one gets its turn.
const SHARE_BYTES: u64 = 512 * 1024;

/// What a look did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Bytes handed out.
    pub read_bytes: u64,
    /// There is more to read at once.
    pub more: bool,
}

/// How a source stands, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceStatus {
    /// Which one.
    pub source: SourceId,
    /// The log's own name.
    pub path: PathBuf,
    /// The next byte that would be read.
    pub position: u64,
    /// Size at the last look.
    pub len_bytes: u64,
    /// It no longer bears the log's name.
    pub rotated: bool,
}

/// See the module's own words.
pub struct Follower<D: Disk> {
    pub(crate) disk: D,
    pub(crate) start_at: StartAt,
    look_bytes: u64,
    pub(crate) watches: Vec<Watch>,
    pub(crate) known_folders: Vec<PathBuf>,
    /// Checkpoints of an earlier run that have not found their file yet.
    pub(crate) awaited: AwaitedFiles,
    pub(crate) sources: BTreeMap<SourceId, Source<D::File>>,
    /// Which source bears a log's name now.
    pub(crate) current: HashMap<PathBuf, SourceId>,
    /// Files seen but never opened.
    pub(crate) unopened: HashMap<FileId, Unopened>,
    pub(crate) troubles: Troubles,
    next_id: u64,
    /// Reading goes on here after a look that ran out of its share.
    turn: SourceId,
    /// The caller's time at the look that is under way.
    pub(crate) now_ms: u64,
    /// Number of the look that is under way, or of the last one.
    look_number: u64,
    /// Read into by every source in turn; kept, because most looks read nothing.
    buffer: Vec<u8>,
}

impl<D: Disk> Follower<D> {
    /// Begins with the checkpoints of an earlier run, if there was one. Nothing is opened before the first look.
    pub fn new(disk: D, options: FollowOptions, checkpoints: Vec<Checkpoint>) -> Follower<D> {
        let mut follower = Follower {
            disk,
            start_at: options.start_at,
            look_bytes: options.look_bytes.max(READ_BYTES as u64),
            watches: Vec::new(),
            known_folders: options.known_folders,
            awaited: AwaitedFiles::new(checkpoints),
            sources: BTreeMap::new(),
            current: HashMap::new(),
            unopened: HashMap::new(),
            troubles: Troubles::default(),
            next_id: 1,
            turn: SourceId(0),
            now_ms: 0,
            look_number: 0,
            buffer: Vec::new(),
        };
        for (folder, patterns) in options.watches {
            follower.watch(folder, patterns);
        }
        follower
    }

    /// Adds a folder while running; one that is followed already with the same patterns is left alone.
    pub fn watch(&mut self, folder: PathBuf, patterns: Patterns) {
        if self.watches.iter().any(|watch| watch.folder == folder && watch.patterns == patterns) {
            return;
        }
        self.watches.push(Watch::new(folder, patterns));
    }

    /// Looks at every folder and file and hands out what happened, at most the options' `look_bytes` of it.
    pub fn look(&mut self, now_ms: u64, sink: &mut Sink<'_>) -> Look {
        self.now_ms = now_ms;
        self.look_number += 1;
        for index in 0..self.watches.len() {
            self.look_at_folder(index, sink);
        }
        self.give_up_overdue(sink);
        self.read(sink)
    }

    /// A checkpoint of a live source at an offset that was handed out; `None` once the source has ended.
    #[must_use]
    pub fn checkpoint(&self, source: SourceId, offset: u64) -> Option<Checkpoint> {
        Some(self.sources.get(&source)?.checkpoint(offset))
    }

    /// Every live source, in the order they were found.
    #[must_use]
    pub fn status(&self) -> Vec<SourceStatus> {
        self.sources
            .values()
            .map(|source| SourceStatus {
                source: source.id,
                path: source.path.clone(),
                position: source.read,
                len_bytes: source.len_bytes,
                rotated: source.rotated,
            })
            .collect()
    }

    /// Checkpoints of an earlier run that are still waiting for their file, at most a minute after the first look
    /// at its folder unless the file is there but cannot be opened. A caller keeps them as they are stored.
    pub fn awaited(&self) -> impl Iterator<Item = &Checkpoint> {
        self.awaited.iter()
    }

    /// Whether a live source was examined in the last look and everything it had then was handed out. False when
    /// the look's share was used up before its turn, when it could not be reached, and once it has ended.
    #[must_use]
    pub fn is_drained(&self, source: SourceId) -> bool {
        self.sources
            .get(&source)
            .is_some_and(|source| source.examined_look == self.look_number && source.read == source.len_bytes)
    }

    /// Reads bytes of a live source again: `len` from `offset`, fewer at the end. For evidence and line numbers.
    ///
    /// # Errors
    /// When the source has ended, or the system refuses.
    pub fn read_back(&self, source: SourceId, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let source = self.sources.get(&source).ok_or(io::ErrorKind::NotFound)?;
        match &source.file {
            Some(file) => read_up_to(file, offset, len),
            None => read_up_to(&self.reach(source)?, offset, len),
        }
    }

    /// Opens the file of a source that is not held: under its own name, else under the backup name. Not found
    /// only when both names are free or other files'; the file may be behind a name that cannot be opened.
    fn reach(&self, source: &Source<D::File>) -> io::Result<D::File> {
        let mut backup = source.path.clone().into_os_string();
        backup.push(".1");
        let mut refused = None;
        for path in [source.path.clone(), PathBuf::from(backup)] {
            match self.disk.open(&path).and_then(|file| Ok((file.observe()?.id, file))) {
                Ok((id, file)) if id == source.file_id => return Ok(file),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => refused = Some(error),
            }
        }
        Err(refused.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
    }

    pub(crate) fn start(
        &mut self,
        path: PathBuf,
        (seen, file): (Observed, D::File),
        (offset, reason): (u64, StartReason),
        rotated: bool,
        sink: &mut Sink<'_>,
    ) -> SourceId {
        let id = SourceId(self.next_id);
        self.next_id += 1;
        let mut source = Source::new(id, path, seen.id, offset, self.now_ms);
        source.learn_marks(&file);
        source.rotated = rotated;
        if !rotated {
            self.current.insert(source.path.clone(), id);
        }
        if self.disk.may_hold_handles() {
            source.file = Some(file);
        }
        sink(Event::Started { source: id, path: &source.path, offset, reason });
        if rotated {
            sink(Event::Rotated { source: id });
        }
        self.sources.insert(id, source);
        id
    }

    fn read(&mut self, sink: &mut Sink<'_>) -> Look {
        // Taken out for the look: sources borrow the follower while they are read.
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(READ_BYTES, 0);
        let look = self.read_shares(&mut buffer, sink);
        self.buffer = buffer;
        look
    }

    fn read_shares(&mut self, buffer: &mut [u8], sink: &mut Sink<'_>) -> Look {
        let mut look = Look::default();
        let mut ids: Vec<SourceId> = self.sources.keys().copied().collect();
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
        let Some(mut source) = self.sources.remove(&id) else { return (0, None) };
        let file = match source.file.take().map_or_else(|| self.reach(&source), Ok) {
            Ok(file) => {
                source.lost_ms = None;
                file
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Not held and not to be found: deleted, or rotated away for good, after a while of waiting.
                let lost_ms = *source.lost_ms.get_or_insert(self.now_ms);
                if self.now_ms.saturating_sub(lost_ms) < DELETED_QUIET_MS {
                    self.sources.insert(id, source);
                } else {
                    give_up(&source, source.len_bytes - source.read, GapReason::RotatedAway, sink);
                    self.end(&source, EndReason::Deleted, sink);
                }
                return (0, None);
            }
            Err(error) => {
                source.lost_ms = None;
                self.troubles.begin(&source.path, Cause::Source(id), cannot_open(&error), sink);
                self.sources.insert(id, source);
                return (0, None);
            }
        };
        let unread = source.len_bytes - source.read;
        match source.examine(&file, self.now_ms) {
            Err(error) => {
                self.troubles.begin(&source.path, Cause::Source(id), cannot_read(&error), sink);
            }
            Ok(condition @ (Condition::Rewritten | Condition::CutTo(_))) => {
                give_up(&source, unread, GapReason::Overwritten, sink);
                return (0, Some(self.restart(source, file, &condition, sink)));
            }
            Ok(Condition::Same { deleted }) => {
                if deleted {
                    self.rotate_deleted(&mut source, sink);
                    if self.now_ms.saturating_sub(source.grew_ms) >= DELETED_QUIET_MS {
                        self.end(&source, EndReason::Deleted, sink);
                        return (0, None);
                    }
                }
                source.examined_look = self.look_number;
                source.shrink();
                self.troubles.over(&source.path, Cause::Source(id), sink);
            }
            Ok(Condition::Grown) => {
                source.examined_look = self.look_number;
                let done = self.read_share(&mut source, &file, buffer, sink);
                let more = source.read < source.len_bytes;
                self.keep(source, file);
                return (done, (more && done > 0).then_some(id));
            }
        }
        self.keep(source, file);
        (0, None)
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

    /// The same file with other content: one source ends, another begins.
    fn restart(
        &mut self,
        source: Source<D::File>,
        file: D::File,
        condition: &Condition,
        sink: &mut Sink<'_>,
    ) -> SourceId {
        let begin = match condition {
            Condition::CutTo(len_bytes) => (*len_bytes, StartReason::Shortened),
            _ => (0, StartReason::Rewritten),
        };
        let rotated = source.rotated;
        let path = source.path.clone();
        self.end(&source, EndReason::Truncated, sink);
        let seen = Observed { id: source.file_id, len_bytes: begin.0, links: 1 };
        self.start(path, (seen, file), begin, rotated, sink)
    }

    fn rotate_deleted(&mut self, source: &mut Source<D::File>, sink: &mut Sink<'_>) {
        if !source.rotated {
            source.rotated = true;
            self.current.remove(&source.path);
            sink(Event::Rotated { source: source.id });
        }
    }

    fn end(&mut self, source: &Source<D::File>, reason: EndReason, sink: &mut Sink<'_>) {
        if self.current.get(&source.path) == Some(&source.id) {
            self.current.remove(&source.path);
        }
        self.troubles.over(&source.path, Cause::Source(source.id), sink);
        sink(Event::Ended { source: source.id, reason });
    }

    fn keep(&mut self, mut source: Source<D::File>, file: D::File) {
        if self.disk.may_hold_handles() {
            source.file = Some(file);
        }
        self.sources.insert(source.id, source);
    }
}

fn cannot_read(error: &io::Error) -> String {
    format!("cannot read the log: {error}; reading goes on when that is over")
}

fn give_up<F>(source: &Source<F>, bytes: u64, reason: GapReason, sink: &mut Sink<'_>) {
    if bytes > 0 {
        sink(Event::Gap { path: &source.path, bytes: Some(bytes), reason });
    }
}
