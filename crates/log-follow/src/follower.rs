//! The follower: reads what is new in the files it follows, and answers for them.
//!
//! A look is a poll. Polling is the truth here because it is the only thing that is right on every file
//! system; how often to look is the caller's choice, and directory events (`watcher.rs`) only make it sooner. Which
//! file is which is decided by the looks at folders (`watch.rs`), what is new in a file by `reading.rs`.
//!
//! Where open handles disturb nobody, one is kept on every generation, so that a file rotated or deleted between
//! two looks is still drained, and so that its number cannot be reused meanwhile. Handles are bounded: logs that are
//! quiet are closed first and found again by number, time of birth and marks.

use crate::awaited::AwaitedFiles;
use crate::event::Sink;
use crate::source::{Source, read_up_to};
use crate::sources::Sources;
use crate::trouble::Troubles;
use crate::watch::{Unopened, Watch};
use crate::watcher::Watcher;
use crate::{
    Checkpoint, Disk, DiskFile, Event, FileId, FollowOptions, NoEvents, Observed, Patterns, SourceId,
    StartAt, StartReason,
};
use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What is read at once.
pub(crate) const READ_BYTES: usize = 64 * 1024;
/// As much time passes between two looks, whatever the clock says: a jump of it, or a machine that slept, must not
/// let a wait run out during which nobody looked.
const LONGEST_STEP_MS: u64 = 10_000;

/// A rollover has its new log again long before this much has passed.
const ROLLOVER_MS: u64 = 1_000;

/// What a look did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Bytes handed out.
    pub read_bytes: u64,
    /// There is more to read at once.
    pub more: bool,
}

/// Whether a caller may wait until something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// No: there is a folder without directory events.
    KeepLooking,
    /// Once it has looked again: something may have happened before it was watched for.
    AfterOneLook,
    /// Yes, it is woken by what happens next. Events are a hint, so it still looks every few seconds.
    UntilWoken,
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
    pub(crate) watcher: Box<dyn Watcher<D::File>>,
    pub(crate) start_at: StartAt,
    pub(crate) look_bytes: u64,
    pub(crate) most_handles: usize,
    pub(crate) watches: Vec<Watch>,
    pub(crate) known_folders: Vec<PathBuf>,
    /// Checkpoints of an earlier run that have not found their file yet.
    pub(crate) awaited: AwaitedFiles,
    pub(crate) sources: Sources<D::File>,
    /// Files seen but never opened.
    pub(crate) unopened: HashMap<FileId, Unopened>,
    pub(crate) troubles: Troubles,
    /// Logs of which directory events brought generations that nobody saw before, in this look.
    pub(crate) fresh_logs: HashSet<PathBuf>,
    /// Files that are found now were there before events could tell of them.
    pub(crate) is_first_look: bool,
    /// The last sources that have ended: files that some program may have open yet, content that may come back.
    pub(crate) finished: VecDeque<Finished>,
    /// Reading goes on here after a look that ran out of its share.
    pub(crate) turn: SourceId,
    /// The caller's time at the last look.
    clock_ms: Option<u64>,
    /// Our own time: how long looks have been made.
    pub(crate) now_ms: u64,
    /// Of that, the time since the last look.
    pub(crate) step_ms: u64,
    /// Number of the look that is under way, or of the last one.
    pub(crate) look_number: u64,
    /// Read into by every source in turn; kept, because most looks read nothing.
    pub(crate) buffer: Vec<u8>,
}

impl<D: Disk> Follower<D> {
    /// Begins with the checkpoints of an earlier run, if there was one. Nothing is opened before the first look.
    pub fn new(disk: D, options: FollowOptions, checkpoints: Vec<Checkpoint>) -> Follower<D> {
        Follower::with_events(disk, Box::new(NoEvents), options, checkpoints)
    }

    /// As [`Follower::new`], with directory events.
    pub fn with_events(
        disk: D,
        watcher: Box<dyn Watcher<D::File>>,
        options: FollowOptions,
        checkpoints: Vec<Checkpoint>,
    ) -> Follower<D> {
        let mut follower = Follower {
            disk,
            watcher,
            start_at: options.start_at,
            look_bytes: options.look_bytes.max(READ_BYTES as u64),
            most_handles: options.most_handles,
            watches: Vec::new(),
            known_folders: options.known_folders,
            awaited: AwaitedFiles::new(checkpoints),
            sources: Sources::new(),
            unopened: HashMap::new(),
            troubles: Troubles::default(),
            fresh_logs: HashSet::new(),
            is_first_look: false,
            finished: VecDeque::new(),
            turn: SourceId(0),
            clock_ms: None,
            now_ms: 0,
            step_ms: 0,
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
        let clock_ms = self.clock_ms.replace(now_ms).unwrap_or(now_ms);
        self.step_ms = now_ms.saturating_sub(clock_ms).min(LONGEST_STEP_MS);
        self.now_ms += self.step_ms;
        self.look_number += 1;
        self.hear(sink);
        for index in 0..self.watches.len() {
            self.look_at_folder(index, sink);
        }
        self.give_up_overdue(sink);
        self.read(sink)
    }

    /// The caller would wait for longer than between two looks at a busy log: whether it can rely on being woken.
    pub fn rest(&mut self) -> Rest {
        if !self.watches.iter().all(Watch::wakes) {
            return Rest::KeepLooking;
        }
        if self.watcher.wake_on_next() { Rest::UntilWoken } else { Rest::AfterOneLook }
    }

    /// A checkpoint of a live source at an offset that was handed out; `None` once the source has ended.
    #[must_use]
    pub fn checkpoint(&self, source: SourceId, offset: u64) -> Option<Checkpoint> {
        Some(self.sources.get(source)?.checkpoint(offset))
    }

    /// Every live source, in the order they were found.
    #[must_use]
    pub fn status(&self) -> Vec<SourceStatus> {
        self.sources
            .iter()
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
        self.sources.get(source).is_some_and(|source| {
            let examined = source.settled || source.examined_look == self.look_number;
            examined && source.read == source.len_bytes
        })
    }

    /// Reads bytes of a live source again: `len` from `offset`, fewer at the end. For evidence and line numbers.
    ///
    /// # Errors
    /// When the source has ended, or the system refuses.
    pub fn read_back(&self, source: SourceId, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let source = self.sources.get(source).ok_or(io::ErrorKind::NotFound)?;
        match &source.file {
            Some(file) => read_up_to(file, offset, len),
            None => read_up_to(&self.reach(source)?, offset, len),
        }
    }

    /// The disk that is followed, for reading beside the follower: as patient, and as careful with open handles.
    #[must_use]
    pub fn disk(&self) -> &D {
        &self.disk
    }

    /// Opens the file of a source that is not held: under its own name, else under the backup name. Not found
    /// only when both names are free or other files'; the file may be behind a name that cannot be opened. Where open
    /// handles get in the way, a log without its name may be in the middle of a rollover, which an open backup stops for
    /// good: the backup is only asked when the log's name is taken again, or has been free for a while.
    pub(crate) fn reach(&self, source: &Source<D::File>) -> io::Result<D::File> {
        let mut refused = None;
        for path in [source.path.clone(), backup_of(&source.path)] {
            match self.disk.open(&path).and_then(|file| Ok((file.observe()?, file))) {
                Ok((seen, file)) if seen.is_same_file(source.file_id, source.born) => return Ok(file),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    if self.may_be_rolling_over(source) {
                        break;
                    }
                }
                Err(error) => refused = Some(error),
            }
        }
        Err(refused.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
    }

    fn may_be_rolling_over(&self, source: &Source<D::File>) -> bool {
        let passed_ms = source.lost_ms.map_or(0, |lost_ms| self.now_ms.saturating_sub(lost_ms));
        !source.rotated && passed_ms < ROLLOVER_MS && !self.may_hold(source)
    }

    pub(crate) fn start(
        &mut self,
        path: PathBuf,
        (seen, file): (Observed, D::File),
        (offset, reason): (u64, StartReason),
        rotated: bool,
        sink: &mut Sink<'_>,
    ) -> SourceId {
        let id = self.sources.next_id();
        let mut source = Source::new(id, path, &seen, offset, self.now_ms);
        source.learn_marks(&file);
        source.rotated = rotated;
        if !rotated {
            self.sources.set_current(source.path.clone(), id);
        }
        sink(Event::Started { source: id, path: &source.path, offset, reason });
        if rotated {
            sink(Event::Rotated { source: id });
        }
        source.is_uncounted = reason == StartReason::New && !self.is_first_look;
        if seen.len_bytes > offset || reason == StartReason::New {
            self.sources.is_busy(id);
        }
        self.sources.of_its_file(&source);
        self.keep(source, file);
        id
    }

    /// Puts a source back after its turn, with its handle if that may stay open.
    pub(crate) fn keep(&mut self, mut source: Source<D::File>, file: D::File) {
        let folder = source.path.parent().unwrap_or(Path::new(""));
        let was_held = self.sources.is_held(source.id);
        let holds = self.disk.may_hold_handles(folder)
            && (was_held || !source.can_be_closed() || self.has_room(source.id));
        if holds {
            source.file = Some(file);
        }
        if holds && !was_held {
            let is_new = std::mem::take(&mut source.is_uncounted);
            self.watcher.holds(&source.path, source.file_id, is_new);
        } else if !holds {
            self.watcher.released(&source.path, source.file_id);
        }
        self.sources.put(source);
    }

    /// Whether this source may be held too, after closing the one that has been quiet for longest if need be.
    fn has_room(&mut self, id: SourceId) -> bool {
        if self.sources.held() < self.most_handles {
            return true;
        }
        if !self.sources.is_looked_at_always(id) {
            return false;
        }
        self.close_one()
    }

    /// Closes the handle that has been quiet for longest, if there is one that can be found again by its name.
    pub(crate) fn close_one(&mut self) -> bool {
        let Some(mut quiet) = self.sources.least_busy_held().and_then(|id| self.sources.take(id)) else {
            return false;
        };
        quiet.file = None;
        self.watcher.released(&quiet.path, quiet.file_id);
        self.sources.put(quiet);
        true
    }
}

/// What is remembered of a source that has ended.
pub(crate) struct Finished {
    /// Where it ended.
    pub(crate) at: Checkpoint,
    pub(crate) born: Option<SystemTime>,
    /// Its content was replaced in place: the file is not done with.
    pub(crate) goes_on: bool,
}

/// The name of a log's backup.
pub(crate) fn backup_of(log: &Path) -> PathBuf {
    let mut backup = log.to_owned().into_os_string();
    backup.push(".1");
    PathBuf::from(backup)
}
