//! The looks at folders and names: which files are logs, and which file is which.
//!
//! Owns discovery: the first look, at which checkpoints of an earlier run find their files, and every later one,
//! at which names change hands (rollovers, copies, files moved away and back). Between changes of a folder a
//! look costs one `stat` of it. Nothing is read here: what the files hold is the follower's part.

use crate::event::Sink;
use crate::follower::backup_of;
use crate::trouble::Cause;
use crate::watcher::Watching;
use crate::{
    Checkpoint, Disk, DiskFile, EndReason, Event, Follower, GapReason, Observed, Patterns, SourceId, StartAt,
    StartReason,
};
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A full look at names even when the folder does not seem to have changed: links and coarse time stamps.
const FULL_LOOK_MS: u64 = 5_000;
/// Two changes within this time may leave the same time stamp, on the coarsest file systems.
const COARSEST_STAMP_MS: u64 = 2_000;
/// A folder of many files that changes all the time is listed less often: every millisecond for so many names.
const NAMES_A_MS: u64 = 10;

/// A followed folder.
pub(crate) struct Watch {
    pub(crate) folder: PathBuf,
    pub(crate) patterns: Patterns,
    /// The caller knows that the folder is followed.
    entered: bool,
    /// The folder has been listed once; what appears from then on is new.
    listed: bool,
    /// Files found at the first listing are older than us. False once the folder was found missing.
    first_is_old: bool,
    changed: Option<SystemTime>,
    /// When the time stamp was last found to be another one.
    changed_ms: u64,
    full_look_ms: Option<u64>,
    /// How many names the last listing had.
    names: u64,
    /// It was missing or did not answer at the last look, or it is a share that seems to be empty.
    is_away: bool,
    /// What directory events there are; `None` before the first listing.
    watching: Option<Watching>,
}

impl Watch {
    pub(crate) fn new(folder: PathBuf, patterns: Patterns) -> Watch {
        Watch {
            folder,
            patterns,
            entered: false,
            listed: false,
            first_is_old: true,
            changed: None,
            changed_ms: 0,
            full_look_ms: None,
            names: 0,
            is_away: false,
            watching: None,
        }
    }

    /// Whether whoever waits is woken when something happens in it.
    pub(crate) fn wakes(&self) -> bool {
        self.watching == Some(Watching::Everything) && !self.is_away
    }
}

/// A file that was there at the first look but could not be opened.
pub(crate) struct Unopened {
    /// Its name then.
    path: PathBuf,
    /// Where to begin with it, unless a checkpoint knows better.
    begin: (u64, StartReason),
}

impl<D: Disk> Follower<D> {
    pub(crate) fn look_at_folder(&mut self, index: usize, sink: &mut Sink<'_>) {
        let folder = self.watches[index].folder.clone();
        let was_away = std::mem::replace(&mut self.watches[index].is_away, true);
        let changed = match self.disk.folder_changed(&folder) {
            Ok(changed) => changed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.watches[index].first_is_old = false;
                self.enter(index, sink);
                self.forget_names_in(&folder, sink);
                let hint = "no log folder there yet; waiting for it".to_owned();
                self.troubles.begin(&folder, Cause::Folder, hint, sink);
                return;
            }
            Err(error) => {
                let hint = format!("cannot look into the log folder: {error}; check its permissions");
                self.troubles.begin(&folder, Cause::Folder, hint, sink);
                return;
            }
        };
        let now_ms = self.now_ms;
        let watch = &mut self.watches[index];
        let passed_ms = watch.full_look_ms.map_or(u64::MAX, |last_ms| now_ms - last_ms);
        let moved = watch.changed != Some(changed) || was_away;
        if moved {
            watch.changed_ms = now_ms;
        }
        let due = now_ms - watch.changed_ms <= COARSEST_STAMP_MS && passed_ms >= watch.names / NAMES_A_MS;
        if passed_ms < FULL_LOOK_MS && !due {
            watch.is_away = was_away;
            return;
        }
        let watching = if self.disk.is_remote(&folder) {
            Watching::Nothing(Some("on another machine: no directory events".to_owned()))
        } else {
            self.watcher.watch(&folder, &watch.patterns)
        };
        self.note_events(index, watching, sink);
        let names = match self.disk.list(&folder) {
            Ok(names) => names,
            Err(error) => {
                let hint = format!("cannot list the log folder: {error}; check its permissions");
                self.troubles.begin(&folder, Cause::Folder, hint, sink);
                return;
            }
        };
        let watch = &mut self.watches[index];
        watch.changed = Some(changed);
        watch.full_look_ms = Some(now_ms);
        watch.names = names.len() as u64;
        watch.is_away = names.is_empty() && self.disk.is_remote(&folder);
        let first = !std::mem::replace(&mut watch.listed, true);
        let old = first && watch.first_is_old;
        let patterns = watch.patterns.clone();
        self.enter(index, sink);
        self.troubles.over(&folder, Cause::Folder, sink);
        self.troubles.forget_all_but(&folder, &names, sink);

        let mut logs: Vec<&String> = names.iter().filter(|name| patterns.matches(name)).collect();
        logs.sort();
        let mut backups: Vec<(&String, &str)> =
            names.iter().filter_map(|name| Some((name, patterns.backup_of(name)?))).collect();
        backups.sort();
        if first {
            self.is_first_look = true;
            self.first_look(&folder, &logs, &backups, old, sink);
            self.is_first_look = false;
            return;
        }
        if !self.watches[index].is_away {
            self.end_missing(&folder, &names, sink);
        }
        let mut unseen = HashSet::new();
        for name in logs {
            let path = folder.join(name);
            if self.look_at_name(&path, sink) {
                unseen.insert(path);
            }
        }
        for (backup, log) in backups {
            let (backup, log) = (folder.join(backup), folder.join(log));
            // One rotation between two looks leaves a backup that is known; an unknown one was the log for a
            // while, and nobody saw it under that name. Or it is one that could not be opened so far.
            let refused = || {
                self.troubles.is_told(&backup, Cause::Name)
                    || self.unopened.values().any(|unopened| unopened.path == backup)
            };
            let expected = unseen.contains(&log) || self.is_fresh(&log) || self.awaited.any_of(&log);
            if expected || refused() || self.is_unknown(&backup, &log) {
                self.adopt_unknown_backup(&backup, &log, sink);
            }
        }
    }

    fn note_events(&mut self, index: usize, watching: Watching, sink: &mut Sink<'_>) {
        let watch = &mut self.watches[index];
        if watch.watching.as_ref() == Some(&watching) {
            return;
        }
        if matches!(watch.watching, Some(Watching::Nothing(Some(_)))) {
            sink(Event::Recovered { path: watch.folder.clone() });
        }
        if let Watching::Nothing(Some(reason)) = &watching {
            let message = format!("{reason}; the folder is looked at again and again instead");
            sink(Event::Note { path: &watch.folder, message });
        }
        watch.watching = Some(watching);
    }

    /// Every folder is listed in this look, whatever its time stamp says.
    pub(crate) fn look_at_all(&mut self) {
        for watch in &mut self.watches {
            watch.full_look_ms = None;
        }
    }

    /// Whether the folder of a log is missing or does not answer: nothing can be said about files in it.
    pub(crate) fn is_away(&self, log: &Path) -> bool {
        self.watches.iter().any(|watch| watch.is_away && log.parent() == Some(&watch.folder))
    }

    /// Says once that a folder is followed. Also of one that is missing: what is in it when it appears, even if
    /// that is in a later run, was written after the follower began.
    fn enter(&mut self, index: usize, sink: &mut Sink<'_>) {
        let watch = &mut self.watches[index];
        if !std::mem::replace(&mut watch.entered, true) {
            sink(Event::Entered { folder: &watch.folder });
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
        let known = self.awaited.any_in(folder) || self.known_folders.iter().any(|known| known == folder);
        let old = old && !known;
        let names = backups
            .iter()
            .map(|(name, log)| (folder.join(name), folder.join(log), true))
            .chain(logs.iter().map(|name| (folder.join(name), folder.join(name), false)));
        let (mut answered, mut refused) = (HashSet::new(), HashSet::new());
        for (path, log, rotated) in names {
            let opened = self.open(&path, sink).and_then(|(seen, file)| {
                let known = self.sources.of_file(&seen).is_some();
                // A hard link to a file that is followed already goes on nowhere.
                let resumed = if known { Ok(None) } else { self.awaited.take_fitting(&log, &seen, &file) };
                match resumed {
                    Ok(resumed) => Some((seen, file, resumed, known)),
                    Err(error) => {
                        self.note_unopened(&path, &error, sink);
                        None
                    }
                }
            });
            let Some((seen, file, resumed, known)) = opened else {
                if let Ok(seen) = self.disk.observe(&path) {
                    let begin = self.begin(old, seen.len_bytes);
                    self.unopened.insert(seen.id, Unopened { path, begin });
                }
                refused.insert(log);
                continue;
            };
            if !rotated {
                answered.insert(log.clone());
            }
            if known {
                continue;
            }
            let (offset, reason) = resumed.unwrap_or_else(|| self.begin(old, seen.len_bytes));
            self.start(log, (seen, file), (offset, reason), rotated, sink);
        }
        // What was rotated and deleted during this look may have been opened at its event.
        self.hear(sink);
        // A log without a name, or a file that cannot be opened, may be in the middle of a rollover or locked
        // for an instant: its checkpoint is not lost yet.
        answered.retain(|log| !refused.contains(log));
        // A rollover in the middle of this look may have carried it past: every name must lead to a file that is known.
        let leads_elsewhere = |path: &Path| match self.disk.observe(path) {
            Ok(seen) => self.sources.of_file(&seen).is_none(),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        };
        answered.retain(|log| {
            !self.awaited.any_of(log) || !(leads_elsewhere(log) || leads_elsewhere(&backup_of(log)))
        });
        for lost in self.awaited.take_answered(folder, &answered, self.now_ms) {
            tell_lost(&lost, sink);
        }
    }

    /// Gives up the checkpoints whose files did not come back.
    pub(crate) fn give_up_overdue(&mut self, sink: &mut Sink<'_>) {
        for lost in self.awaited.take_overdue(self.now_ms, |log| self.troubles.hold_log(log)) {
            tell_lost(&lost, sink);
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
            Ok(seen) => {
                // Opening can still fail for a file nobody has opened yet.
                if self.sources.of_file(&seen).is_some() {
                    self.troubles.over(path, Cause::Name, sink);
                }
                seen
            }
            // Gone again, or a link to nothing: not there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return false,
            Err(error) => {
                self.note_unopened(path, &error, sink);
                return false;
            }
        };
        let before = self.sources.current(path);
        let known = self.sources.of_file(&seen);
        if before.is_some() && before == known {
            return false;
        }
        // Step three of Toolkit's rollover gives a file its name back; people move files away and back too.
        if let Some(known) = known {
            let Some(source) = self.sources.get_mut(known) else { return false };
            // A second name (hard link) of a file that is followed under its first one adds nothing.
            let is_back = source.rotated || source.path == path;
            if is_back {
                source.rotated = false;
                source.settled = false;
            }
            self.rotate_away(before, sink);
            if is_back {
                self.sources.set_current(path.to_owned(), known);
            }
            return false;
        }
        let Some(opened) = self.open(path, sink) else { return false };
        if self.sources.of_file(&opened.0).is_some() {
            // The name changed hands meanwhile; the next look knows more.
            return false;
        }
        match self.meet(path, opened, sink) {
            Ok(is_new) => is_new,
            Err(error) => {
                self.note_unopened(path, &error, sink);
                false
            }
        }
    }

    fn adopt_unknown_backup(&mut self, backup: &Path, log: &Path, sink: &mut Sink<'_>) {
        let Some((seen, file)) = self.open(backup, sink) else { return };
        if let Some(known) = self.sources.of_file(&seen) {
            self.end_settled(log, Some(known), sink);
            return;
        }
        match self.begin_late(log, &seen, &file) {
            Ok((0, reason)) => {
                self.end_settled(log, None, sink);
                if let Err(error) = self.start_backup(log.to_owned(), (seen, file), reason, sink) {
                    self.note_unopened(backup, &error, sink);
                }
            }
            Ok(begin) => {
                self.end_settled(log, None, sink);
                self.start(log.to_owned(), (seen, file), begin, true, sink);
            }
            Err(error) => self.note_unopened(backup, &error, sink),
        }
    }

    /// Whether nobody reads what has a backup's name by now. Where open handles get in the way, one that is left alone
    /// is not asked.
    fn is_unknown(&self, backup: &Path, log: &Path) -> bool {
        let left_alone = self.sources.iter().any(|source| source.settled && source.path == log);
        !left_alone && self.disk.observe(backup).is_ok_and(|seen| self.sources.of_file(&seen).is_none())
    }

    /// There is one backup of a log: those that were left alone until now and are not it are gone.
    fn end_settled(&mut self, log: &Path, but: Option<SourceId>, sink: &mut Sink<'_>) {
        let settled = self.sources.iter().filter(|source| source.settled && source.path == log);
        let gone: Vec<SourceId> = settled.map(|source| source.id).filter(|id| Some(*id) != but).collect();
        for id in gone {
            if let Some(source) = self.sources.take(id) {
                self.end(&source, EndReason::Deleted, sink);
            }
        }
    }

    /// Backups that were left alone and are not in the folder any more.
    fn end_missing(&mut self, folder: &Path, names: &[String], sink: &mut Sink<'_>) {
        let has = |log: &Path| {
            let backup = backup_of(log);
            names.iter().any(|name| backup.file_name().is_some_and(|backup| *backup == **name))
        };
        let settled = self.sources.iter().filter(|source| source.settled);
        let mut gone: Vec<PathBuf> = settled
            .filter(|source| source.path.parent() == Some(folder) && !has(&source.path))
            .map(|source| source.path.clone())
            .collect();
        gone.dedup();
        for log in gone {
            self.end_settled(&log, None, sink);
        }
    }

    /// Where to begin with a file that is opened after the first look at its folder.
    pub(crate) fn begin_late(
        &mut self,
        log: &Path,
        seen: &Observed,
        file: &D::File,
    ) -> io::Result<(u64, StartReason)> {
        let resumed = self.awaited.take_fitting(log, seen, file)?;
        let unopened = self.unopened.remove(&seen.id).map(|unopened| unopened.begin);
        Ok(resumed.or(unopened).unwrap_or((0, StartReason::New)))
    }

    /// A folder that vanished takes its names with it; held files are drained through their handles.
    fn forget_names_in(&mut self, folder: &Path, sink: &mut Sink<'_>) {
        self.unopened.retain(|_, unopened| unopened.path.parent() != Some(folder));
        self.troubles.forget_all_but(folder, &[], sink);
    }

    fn open(&mut self, path: &Path, sink: &mut Sink<'_>) -> Option<(Observed, D::File)> {
        let opened = self.disk.open(path).and_then(|file| Ok((file.observe()?, file)));
        match opened {
            Ok(opened) => {
                self.troubles.over(path, Cause::Name, sink);
                Some(opened)
            }
            // Vanished between the listing and now: the next look knows more.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.note_unopened(path, &error, sink);
                None
            }
        }
    }

    pub(crate) fn note_unopened(&mut self, path: &Path, error: &io::Error, sink: &mut Sink<'_>) {
        let hint = cannot_open(error);
        self.troubles.begin(path, Cause::Name, hint, sink);
    }
}

/// What is wrong with a file that cannot be opened, and what happens next.
pub(crate) fn cannot_open(error: &io::Error) -> String {
    format!("cannot open the log: {error}; it is followed as soon as it can be read")
}

fn tell_lost(lost: &Checkpoint, sink: &mut Sink<'_>) {
    let unread = lost.seen_bytes.saturating_sub(lost.offset);
    // What was written to the log after the last look, nobody knows. A backup that was read to its end goes the
    // way of all backups.
    let bytes = lost.rotated.then_some(unread);
    if bytes != Some(0) {
        sink(Event::Gap { path: &lost.path, bytes, reason: GapReason::GoneWhileAway });
    }
}
