//! The follower: looks at folders, decides which file is which, and reads what is new.
//!
//! A look is a poll. Polling is the truth here because it is the only thing that is right on every file
//! system; how often to look is the caller's choice. Between changes of a folder a look costs one `stat` of
//! the folder and one of every open handle.
//!
//! On Unix a handle is kept on every generation, so that a file rotated or deleted between two looks is still
//! drained, and so that its number cannot be reused meanwhile. On Windows nothing is held between looks.

use crate::source::{Condition, Fit, Source, fit, read_up_to};
use crate::{
    Checkpoint, Disk, DiskFile, EndReason, Event, GapReason, Observed, Patterns, SourceId, StartReason,
};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A full look at names even when the folder does not seem to have changed: links and coarse time stamps.
const FULL_LOOK_MS: u64 = 5_000;
/// A deleted file that another process may still hold open is drained until it was quiet for this long.
const DELETED_QUIET_MS: u64 = 10_000;
const READ_BYTES: usize = 64 * 1024;
/// One source's share before the next one gets its turn.
const SHARE_BYTES: u64 = 512 * 1024;

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
}

impl FollowOptions {
    /// All `tk-*.log` of one folder, from their ends.
    pub fn folder(folder: impl Into<PathBuf>) -> FollowOptions {
        FollowOptions {
            watches: vec![(folder.into(), Patterns::default())],
            start_at: StartAt::End,
            known_folders: Vec::new(),
            look_bytes: 4 * 1024 * 1024,
        }
    }
}

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

struct Watch {
    folder: PathBuf,
    patterns: Patterns,
    /// The folder has been listed once; what appears from then on is new.
    listed: bool,
    /// Files found at the first listing are older than us. False once the folder was found missing.
    first_is_old: bool,
    changed: Option<SystemTime>,
    /// Time stamps of folders are coarse: after a change look once more.
    look_again: bool,
    full_look_ms: Option<u64>,
}

/// See the module's own words.
pub struct Follower<D: Disk> {
    disk: D,
    start_at: StartAt,
    look_bytes: u64,
    watches: Vec<Watch>,
    known_folders: Vec<PathBuf>,
    /// Checkpoints of an earlier run whose folder has not been seen yet.
    pending: Vec<Checkpoint>,
    sources: BTreeMap<SourceId, Source<D::File>>,
    /// Which source bears a log's name now.
    current: HashMap<PathBuf, SourceId>,
    /// Files seen but never opened, with the position to begin at.
    unopened: HashMap<PathBuf, (u64, StartReason)>,
    troubled: HashSet<PathBuf>,
    next_id: u64,
    /// Reading goes on here after a look that ran out of its share.
    turn: SourceId,
    /// The caller's time at the look that is under way.
    now_ms: u64,
}

type Sink<'s> = dyn FnMut(Event<'_>) + 's;

impl<D: Disk> Follower<D> {
    /// Begins with the checkpoints of an earlier run, if there was one. Nothing is opened before the first look.
    pub fn new(disk: D, options: FollowOptions, checkpoints: Vec<Checkpoint>) -> Follower<D> {
        let mut follower = Follower {
            disk,
            start_at: options.start_at,
            look_bytes: options.look_bytes.max(READ_BYTES as u64),
            watches: Vec::new(),
            known_folders: options.known_folders,
            pending: checkpoints,
            sources: BTreeMap::new(),
            current: HashMap::new(),
            unopened: HashMap::new(),
            troubled: HashSet::new(),
            next_id: 1,
            turn: SourceId(0),
            now_ms: 0,
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
        self.watches.push(Watch {
            folder,
            patterns,
            listed: false,
            first_is_old: true,
            changed: None,
            look_again: false,
            full_look_ms: None,
        });
    }

    /// Looks at every folder and file and hands out what happened, at most the options' `look_bytes` of it.
    pub fn look(&mut self, now_ms: u64, sink: &mut Sink<'_>) -> Look {
        self.now_ms = now_ms;
        for index in 0..self.watches.len() {
            self.look_at_folder(index, sink);
        }
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

    /// Opens the file of a source that is not held: under its own name, else under the backup name.
    fn reach(&self, source: &Source<D::File>) -> io::Result<D::File> {
        let mut backup = source.path.clone().into_os_string();
        backup.push(".1");
        for path in [source.path.clone(), PathBuf::from(backup)] {
            if let Ok(file) = self.disk.open(&path)
                && file.observe()?.id == source.file_id
            {
                return Ok(file);
            }
        }
        Err(io::ErrorKind::NotFound.into())
    }

    fn look_at_folder(&mut self, index: usize, sink: &mut Sink<'_>) {
        let folder = self.watches[index].folder.clone();
        let changed = match self.disk.folder_changed(&folder) {
            Ok(changed) => changed,
            Err(error) => {
                if error.kind() == io::ErrorKind::NotFound {
                    self.watches[index].first_is_old = false;
                    self.forget_names_in(&folder);
                }
                let hint = if error.kind() == io::ErrorKind::NotFound {
                    "no log folder there yet; waiting for it".to_owned()
                } else {
                    format!("cannot look into the log folder: {error}; check its permissions")
                };
                self.trouble(folder, hint, sink);
                return;
            }
        };
        let now_ms = self.now_ms;
        let watch = &mut self.watches[index];
        let due = watch.full_look_ms.is_none_or(|last| now_ms.saturating_sub(last) >= FULL_LOOK_MS);
        let moved = watch.changed != Some(changed);
        if !due && !moved && !watch.look_again {
            return;
        }
        let names = match self.disk.list(&folder) {
            Ok(names) => names,
            Err(error) => {
                let hint = format!("cannot list the log folder: {error}; check its permissions");
                self.trouble(folder, hint, sink);
                return;
            }
        };
        let watch = &mut self.watches[index];
        watch.look_again = moved;
        watch.changed = Some(changed);
        watch.full_look_ms = Some(self.now_ms);
        let first = !std::mem::replace(&mut watch.listed, true);
        let old = first && watch.first_is_old;
        if first {
            sink(Event::Entered { folder: &folder });
        }
        let patterns = watch.patterns.clone();
        self.recovered(&folder, sink);

        let mut logs: Vec<&String> = names.iter().filter(|name| patterns.matches(name)).collect();
        logs.sort();
        let mut backups: Vec<(&String, &str)> =
            names.iter().filter_map(|name| Some((name, patterns.backup_of(name)?))).collect();
        backups.sort();
        if first {
            self.first_look(&folder, &logs, &backups, old, sink);
            return;
        }
        for name in logs {
            let path = folder.join(name);
            if self.look_at_name(&path, sink) {
                // One rotation between two looks leaves a backup that is known; an unknown one was the log
                // for a while, and nobody saw it under that name.
                for (backup, _) in backups.iter().filter(|(_, log)| log == name) {
                    self.adopt_unknown_backup(&folder.join(backup), &path, sink);
                }
            }
        }
    }

    /// The first look at a folder: checkpoints find their files, whatever these are called now.
    fn first_look(
        &mut self,
        folder: &Path,
        logs: &[&String],
        backups: &[(&String, &str)],
        old: bool,
        sink: &mut Sink<'_>,
    ) {
        let (mut checkpoints, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|checkpoint| checkpoint.path.parent() == Some(folder));
        self.pending = others;
        let fresh = checkpoints.is_empty() && !self.known_folders.iter().any(|known| known == folder);
        let names = backups
            .iter()
            .map(|(name, log)| (folder.join(name), folder.join(log), true))
            .chain(logs.iter().map(|name| (folder.join(name), folder.join(name), false)));
        for (path, log, rotated) in names {
            let Some((seen, file)) = self.open(&path, sink) else {
                if let Ok(seen) = self.disk.observe(&path)
                    && !rotated
                {
                    let begin = self.begin(old && fresh, seen.len_bytes);
                    self.unopened.insert(path, begin);
                }
                continue;
            };
            if self.sources.values().any(|source| source.file_id == seen.id) {
                continue; // a hard link to a file that is followed already
            }
            let resumed = take_fitting(&mut checkpoints, &log, &seen, &file);
            let (offset, reason) = resumed.unwrap_or_else(|| self.begin(old && fresh, seen.len_bytes));
            self.start(log, (seen, file), (offset, reason), rotated, sink);
        }
        for lost in &checkpoints {
            let unread = lost.seen_bytes.saturating_sub(lost.offset);
            // What was written to the log after the last look, nobody knows. A backup that was read to its end
            // goes the way of all backups.
            let bytes = lost.rotated.then_some(unread);
            if bytes != Some(0) {
                sink(Event::Gap { path: &lost.path, bytes, reason: GapReason::GoneWhileAway });
            }
        }
    }

    fn begin(&self, old: bool, len_bytes: u64) -> (u64, StartReason) {
        match self.start_at {
            StartAt::End if old => (len_bytes, StartReason::ExistingAtEnd),
            StartAt::Start if old => (0, StartReason::ExistingAtStart),
            _ => (0, StartReason::New),
        }
    }

    /// Looks who bears a log's name now. True when that is a file nobody saw before.
    fn look_at_name(&mut self, path: &Path, sink: &mut Sink<'_>) -> bool {
        let seen = match self.disk.observe(path) {
            Ok(seen) => seen,
            // Gone again, or a link to nothing: not there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return false,
            Err(error) => {
                self.cannot_open(path, &error, sink);
                return false;
            }
        };
        let before = self.current.get(path).copied();
        if let Some(before) = before
            && self.sources.get(&before).is_some_and(|source| source.file_id == seen.id)
        {
            return false;
        }
        // Step three of Toolkit's rollover gives a file its name back; people move files away and back too.
        let known = self.sources.values().find(|source| source.file_id == seen.id).map(|source| source.id);
        if let Some(known) = known {
            self.rotate_away(before, sink);
            if let Some(source) = self.sources.get_mut(&known) {
                // A second name (hard link) of a file that is followed under its first one adds nothing.
                if source.rotated || source.path == path {
                    source.rotated = false;
                    self.current.insert(path.to_owned(), known);
                }
            }
            return false;
        }
        let Some((seen, file)) = self.open(path, sink) else { return false };
        let begin = self.unopened.remove(path).unwrap_or((0, StartReason::New));
        let continued = before
            .and_then(|id| self.sources.get(&id))
            .filter(|source| source.continues_in(&file))
            .map(|source| (source.id, source.read));
        match continued {
            Some((id, read)) => {
                self.start(path.to_owned(), (seen, file), (read, StartReason::Resumed), false, sink);
                self.sources.remove(&id);
                sink(Event::Ended { source: id, reason: EndReason::Replaced });
                false
            }
            None => {
                self.rotate_away(before, sink);
                self.start(path.to_owned(), (seen, file), begin, false, sink);
                true
            }
        }
    }

    fn rotate_away(&mut self, source: Option<SourceId>, sink: &mut Sink<'_>) {
        if let Some(id) = source
            && let Some(source) = self.sources.get_mut(&id)
        {
            source.rotated = true;
            self.current.remove(&source.path);
            sink(Event::Rotated { source: id });
        }
    }

    fn adopt_unknown_backup(&mut self, backup: &Path, log: &Path, sink: &mut Sink<'_>) {
        if let Some((seen, file)) = self.open(backup, sink)
            && !self.sources.values().any(|source| source.file_id == seen.id)
        {
            self.start(log.to_owned(), (seen, file), (0, StartReason::New), true, sink);
        }
    }

    fn start(
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
        let mut look = Look::default();
        let mut buffer = vec![0; READ_BYTES];
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
                let (read_bytes, next) = self.read_source(id, &mut buffer, sink);
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
            Ok(file) => file,
            Err(_) => {
                // Not held and not to be found: deleted, or rotated away for good, after a while of waiting.
                let waited = self.now_ms.saturating_sub(source.grew_ms);
                if waited < DELETED_QUIET_MS {
                    self.sources.insert(id, source);
                } else {
                    give_up(&source, source.len_bytes - source.read, GapReason::RotatedAway, sink);
                    self.end(&source, EndReason::Deleted, sink);
                }
                return (0, None);
            }
        };
        let unread = source.len_bytes - source.read;
        match source.examine(&file, self.now_ms) {
            Err(error) => {
                let hint = format!("cannot read the log: {error}; reading goes on when that is over");
                self.trouble(source.path.clone(), hint, sink);
            }
            Ok(condition @ (Condition::Rewritten | Condition::CutTo(_))) => {
                give_up(&source, unread, GapReason::Overwritten, sink);
                return (0, Some(self.restart(source, file, &condition, sink)));
            }
            Ok(Condition::Same) => {
                let links = file.observe().map_or(1, |seen| seen.links);
                if links == 0 {
                    self.rotate_deleted(&mut source, sink);
                    if self.now_ms.saturating_sub(source.grew_ms) >= DELETED_QUIET_MS {
                        self.end(&source, EndReason::Deleted, sink);
                        return (0, None);
                    }
                }
                source.shrink();
                if !self.troubled.is_empty() {
                    self.recovered(&source.path.clone(), sink);
                }
            }
            Ok(Condition::Grown) => {
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
                    let hint = format!("cannot read the log: {error}; reading goes on when that is over");
                    self.trouble(source.path.clone(), hint, sink);
                    break;
                }
            }
        }
        if done > 0 {
            let path = source.path.clone();
            self.recovered(&path, sink);
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
        sink(Event::Ended { source: source.id, reason });
    }

    fn keep(&mut self, mut source: Source<D::File>, file: D::File) {
        if self.disk.may_hold_handles() {
            source.file = Some(file);
        }
        self.sources.insert(source.id, source);
    }

    /// A folder that vanished takes its names with it; held files are drained through their handles.
    fn forget_names_in(&mut self, folder: &Path) {
        self.unopened.retain(|path, _| path.parent() != Some(folder));
    }

    fn open(&mut self, path: &Path, sink: &mut Sink<'_>) -> Option<(Observed, D::File)> {
        let opened = self.disk.open(path).and_then(|file| Ok((file.observe()?, file)));
        match opened {
            Ok(opened) => {
                self.recovered(path, sink);
                Some(opened)
            }
            // Vanished between the listing and now: the next look knows more.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.cannot_open(path, &error, sink);
                None
            }
        }
    }

    fn cannot_open(&mut self, path: &Path, error: &io::Error, sink: &mut Sink<'_>) {
        let hint = format!("cannot open the log: {error}; it is followed as soon as it can be read");
        self.trouble(path.to_owned(), hint, sink);
    }

    fn trouble(&mut self, path: PathBuf, message: String, sink: &mut Sink<'_>) {
        if self.troubled.insert(path.clone()) {
            sink(Event::Trouble { path, message });
        }
    }

    fn recovered(&mut self, path: &Path, sink: &mut Sink<'_>) {
        if self.troubled.remove(path) {
            sink(Event::Recovered { path: path.to_owned() });
        }
    }
}

fn give_up<F>(source: &Source<F>, bytes: u64, reason: GapReason, sink: &mut Sink<'_>) {
    if bytes > 0 {
        sink(Event::Gap { path: &source.path, bytes: Some(bytes), reason });
    }
}

/// Finds the checkpoint this file goes on from, by number and marks, else by marks alone (restored from a backup).
fn take_fitting<F: DiskFile>(
    checkpoints: &mut Vec<Checkpoint>,
    log: &Path,
    seen: &Observed,
    file: &F,
) -> Option<(u64, StartReason)> {
    let whole = |checkpoint: &Checkpoint| fit(checkpoint, file) == Fit::Whole;
    let by_number = |checkpoint: &Checkpoint| checkpoint.id == seen.id && checkpoint.path == log;
    let by_marks = |checkpoint: &Checkpoint| {
        checkpoint.path == log && checkpoint.head.len > 0 && checkpoint.tail.len > 0 && whole(checkpoint)
    };
    let index = checkpoints
        .iter()
        .position(|checkpoint| by_number(checkpoint) && whole(checkpoint))
        .or_else(|| checkpoints.iter().position(by_marks));
    if let Some(index) = index {
        return Some((checkpoints.remove(index).offset, StartReason::Resumed));
    }
    let index = checkpoints.iter().position(by_number)?;
    match fit(&checkpoints[index], file) {
        Fit::Cut(len_bytes) => {
            checkpoints.remove(index);
            Some((len_bytes, StartReason::Shortened))
        }
        _ => None,
    }
}
