//! The logs of an incident, cut from where they are at this moment.
//!
//! The incident's own log: its newest part, and before that what has just become its backup. And the records of the other
//! logs of the same minutes, by their time stamps. Everything is read through the disk of the follower, which does not wait
//! for a share that is away; one that is slow is given up after a moment, because nothing is followed meanwhile. Cuts of one
//! look are shared: ten new problems in one log cost one cut, and when a hundred logs fail at once, each is cut once beside
//! its own, not once for each of the others.

use super::Pipeline;
use crate::evidence::{IsTheirs, LogBytes, PackFault, PackedLog, Part, around, pack_log, with_record};
use crate::facts::{LeftOut, LogFacts, LogPart};
use crate::shared::Shared;
use crate::sites::Whose;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use log_follow::{Disk, DiskFile, SourceId};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// All reading for one cut takes no longer than this; what is not read by then is left out.
const PATIENCE_MS: u64 = 1_500;
/// Records are looked for until this long after the incident: what it caused elsewhere.
const AFTER: SignedDuration = SignedDuration::from_mins(1);
/// Other logs are looked at until so many had something to tell.
const MOST_OTHERS: usize = 16;
/// The time stamp of a file may lag behind on a share.
const COARSE: SignedDuration = SignedDuration::from_mins(2);

/// A log as it goes into archives, with what is told of it.
#[derive(Clone)]
pub(super) struct Cut {
    /// In the archive, below `logs/`.
    pub(super) name: String,
    pub(super) log: Rc<PackedLog>,
    pub(super) facts: LogFacts,
}

/// Why there is no cut.
#[derive(Clone, Debug)]
pub(super) struct NoCut {
    pub(super) why: String,
    /// What tripped the redactor may be in the record too.
    pub(super) is_unclean: bool,
}

/// The incident's own log, or why it is not there; shared by all archives of a look that need it.
type OwnCut = Rc<Result<Cut, NoCut>>;
/// The other logs.
type OtherCuts = Rc<(Vec<Cut>, Vec<LeftOut>)>;
/// One other log; `None` when it has nothing to tell of those minutes.
type OtherCut = Option<Result<Cut, String>>;

/// What was cut in one look.
#[derive(Default)]
pub(super) struct Cuts {
    /// By source; with the part of it that was cut.
    own: BTreeMap<Option<SourceId>, (Range<u64>, OwnCut)>,
    /// By the minute of the incident and its log.
    others: BTreeMap<(DateTime, PathBuf), OtherCuts>,
    /// What those are made of: by the minute, the log, and how many bytes it was given.
    each_other: BTreeMap<(DateTime, PathBuf, u64), OtherCut>,
}

/// Where an incident is.
#[derive(Clone)]
pub(super) struct Scene {
    /// Its log; `None` when that is not followed.
    pub(super) source: Option<SourceId>,
    /// Bytes of its record.
    pub(super) record: Range<u64>,
    /// Its time as its log has it.
    pub(super) time: DateTime,
}

impl<D: Disk> Pipeline<D> {
    /// The incident's own log.
    pub(super) fn own_log(&self, scene: &Scene, cuts: &mut Cuts) -> OwnCut {
        if let Some((range, cut)) = cuts.own.get(&scene.source)
            && range.start <= scene.record.start
            && scene.record.end <= range.end
        {
            return Rc::clone(cut);
        }
        let (range, cut) = self.cut_own(scene);
        let cut = Rc::new(cut);
        cuts.own.insert(scene.source, (range, Rc::clone(&cut)));
        cut
    }

    fn cut_own(&self, scene: &Scene) -> (Range<u64>, Result<Cut, NoCut>) {
        let patience = Patience::new(&self.shared);
        let gone =
            || NoCut { why: "the log was gone before it could be copied".to_owned(), is_unclean: false };
        let Some(source) = scene.source else {
            let why = "the host told of it itself, and its log is not followed".to_owned();
            return (0..0, Err(NoCut { why, is_unclean: false }));
        };
        let Some(status) = self.reader.log_of(source) else { return (0..0, Err(gone())) };
        let path = status.path;
        let name = bare_name(&path);
        let mut limit = self.settings.evidence.log_bytes;
        loop {
            let own = LogBytes {
                name: if status.rotated { format!("{name}.1") } else { name.clone() },
                len_bytes: status.len_bytes,
                read: Box::new(|offset, len| patience.reading(|| self.reader.read_back(source, offset, len))),
            };
            let range = match with_record(&own, &scene.record, limit) {
                Ok(range) => range,
                Err(error) => return (0..0, Err(unread(&error))),
            };
            let left = limit.saturating_sub(range.end - range.start);
            // What stands before the first byte of a log is in its backup, and what came after a backup in the log.
            let (before, after) = match status.rotated {
                false if range.start == 0 => {
                    (self.part_around(&backup_of(&path), scene, left, &patience), None)
                }
                true if range.end == own.len_bytes => (None, self.part_around(&path, scene, left, &patience)),
                _ => (None, None),
            };
            let mut parts = Vec::new();
            parts.extend(before.iter().map(|(log, bytes)| Part { log, bytes: bytes.clone() }));
            parts.push(Part { log: &own, bytes: range.clone() });
            parts.extend(after.iter().map(|(log, bytes)| Part { log, bytes: bytes.clone() }));
            match self.pack(&name, &parts, self.settings.evidence.most_bytes * 3 / 4) {
                // Half as much of it, until it fits.
                Err(PackFault::TooLong) if limit > 4 * 1024 => limit /= 2,
                Err(fault) => return (0..0, Err(fault.into())),
                Ok(cut) => return (range, Ok(cut)),
            }
        }
    }

    /// The other logs of the same minutes, and those that could not be had.
    pub(super) fn other_logs(&self, scene: &Scene, cuts: &mut Cuts) -> OtherCuts {
        let own = scene.source.and_then(|source| self.reader.log_of(source));
        let own = own.map(|status| status.path).unwrap_or_default();
        let minute = scene.time.with().second(0).subsec_nanosecond(0).build().unwrap_or(scene.time);
        let key = (minute, own);
        if let Some(cut) = cuts.others.get(&key) {
            return Rc::clone(cut);
        }
        let cut = Rc::new(self.cut_others(scene, &key, &mut cuts.each_other));
        cuts.others.insert(key, Rc::clone(&cut));
        cut
    }

    fn cut_others(
        &self,
        scene: &Scene,
        (minute, own): &(DateTime, PathBuf),
        known: &mut BTreeMap<(DateTime, PathBuf, u64), OtherCut>,
    ) -> (Vec<Cut>, Vec<LeftOut>) {
        let settings = &self.settings.evidence;
        let (mut found, mut left_out) = (Vec::new(), Vec::new());
        let mut left = settings.around_bytes;
        if settings.around_minutes == 0 || left == 0 {
            return (found, left_out);
        }
        let patience = Patience::new(&self.shared);
        let mut paths: Vec<PathBuf> = self.reader.status().into_iter().map(|status| status.path).collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths.into_iter().filter(|path| path != own) {
            let name = bare_name(&path);
            if found.len() >= MOST_OTHERS {
                left_out.push(LeftOut { name, why: "there are too many logs".to_owned() });
                continue;
            }
            let most = left.min(settings.around_bytes / 2);
            let key = (*minute, path, most);
            let cut = match known.get(&key) {
                Some(cut) => cut.clone(),
                None => {
                    let cut = self.cut_other(&key.1, scene, most, &patience);
                    // For the next incident there is new patience.
                    if patience.check().is_ok() {
                        known.insert(key, cut.clone());
                    }
                    cut
                }
            };
            match cut {
                Some(Ok(mut cut)) => {
                    left = left.saturating_sub(cut.log.text_bytes);
                    // One of the same name in another folder.
                    let same = found.iter().filter(|other: &&Cut| other.name.starts_with(&cut.name)).count();
                    if same > 0 {
                        cut.name = format!("{}-{}", cut.name, same + 1);
                        cut.facts.name = format!("logs/{}", cut.name);
                    }
                    found.push(cut);
                }
                Some(Err(why)) => left_out.push(LeftOut { name: format!("around/{name}"), why }),
                None => {}
            }
        }
        (found, left_out)
    }

    fn cut_other(&self, path: &Path, scene: &Scene, most: u64, patience: &Patience<'_>) -> OtherCut {
        let newest = self.part_around(path, scene, most, patience);
        let taken = newest.as_ref().map_or(0, |(_, bytes)| bytes.end - bytes.start);
        let starts_new = newest.as_ref().is_none_or(|(_, bytes)| bytes.start == 0);
        let older = starts_new.then(|| self.part_around(&backup_of(path), scene, most - taken, patience));
        let parts: Vec<Part<'_, '_>> = (older.iter().flatten())
            .chain(&newest)
            .map(|(log, bytes)| Part { log, bytes: bytes.clone() })
            .collect();
        if parts.is_empty() {
            return patience.check().err().map(|_| Err("it could not be read in time".to_owned()));
        }
        let cut = self.pack(&format!("around/{}", bare_name(path)), &parts, most);
        Some(cut.map_err(|fault| fault.to_string()))
    }

    /// The records of a log by its name, of the minutes around an incident. `None` when there are none.
    fn part_around<'p>(
        &'p self,
        path: &Path,
        scene: &Scene,
        limit: u64,
        patience: &'p Patience<'p>,
    ) -> Option<(LogBytes<'p>, Range<u64>)> {
        if limit == 0 || patience.check().is_err() {
            return None;
        }
        let minutes = i64::try_from(self.settings.evidence.around_minutes).unwrap_or(i64::MAX / 60);
        let from = scene.time.saturating_sub(SignedDuration::from_mins(minutes));
        // What was last written before cannot hold anything; this spares opening hundreds of old logs.
        if let Some(written) = self.reader.disk().observe(path).ok()?.modified
            && let Ok(written) = Timestamp::try_from(written)
            && written.to_zoned(self.zone.clone()).datetime().saturating_add(COARSE) < from
        {
            return None;
        }
        let file = self.reader.disk().open(path).ok()?;
        let len_bytes = file.observe().ok()?.len_bytes;
        let read = move |offset, len| {
            patience.reading(|| {
                let mut block = vec![0; len];
                let count = read_fully(&file, &mut block, offset)?;
                block.truncate(count);
                Ok(block)
            })
        };
        let log = LogBytes { name: bare_name(path), len_bytes, read: Box::new(read) };
        let range = around(&log, (from, scene.time.saturating_add(AFTER)), limit).ok()??;
        Some((log, range))
    }

    /// Packs parts of a log, without the records of other sites' processes.
    pub(super) fn pack_parts(&self, parts: &[Part<'_, '_>], most_bytes: u64) -> Result<PackedLog, PackFault> {
        let is_theirs = |pid: u32, time: DateTime| {
            let written = self.zone.to_ambiguous_zoned(time).compatible();
            written.is_ok_and(|at| {
                self.sites.as_seen(Some(pid), at.timestamp().as_millisecond()) == Whose::Theirs
            })
        };
        let is_theirs: Option<IsTheirs<'_>> = if self.sites.has_others() { Some(&is_theirs) } else { None };
        pack_log(&self.recogniser, parts, self.settings.evidence.raw_log, most_bytes, is_theirs)
    }

    fn pack(&self, name: &str, parts: &[Part<'_, '_>], most_bytes: u64) -> Result<Cut, PackFault> {
        let log = self.pack_parts(parts, most_bytes)?;
        let facts = LogFacts {
            name: format!("logs/{name}"),
            parts: parts
                .iter()
                .map(|part| LogPart {
                    file: part.log.name.clone(),
                    bytes: (part.bytes.start, part.bytes.end),
                    file_bytes: part.log.len_bytes,
                })
                .collect(),
            text_bytes: log.text_bytes,
            redactions: log.redactions.iter().map(|(rule, hits)| ((*rule).to_owned(), *hits)).collect(),
        };
        Ok(Cut { name: name.to_owned(), log: Rc::new(log), facts })
    }
}

impl From<PackFault> for NoCut {
    fn from(fault: PackFault) -> NoCut {
        NoCut { is_unclean: matches!(fault, PackFault::NotCleaned), why: fault.to_string() }
    }
}

fn unread(error: &io::Error) -> NoCut {
    let gone = error.kind() == io::ErrorKind::NotFound;
    let why = if gone { "the log was gone before it could be copied".to_owned() } else { error.to_string() };
    NoCut { why, is_unclean: false }
}

/// How long reading may take. What is made of the bytes in between does not count: a busy machine is no slow disk.
struct Patience<'s> {
    shared: &'s Shared,
    spent_ms: Cell<u64>,
}

impl Patience<'_> {
    fn new(shared: &Shared) -> Patience<'_> {
        Patience { shared, spent_ms: Cell::new(0) }
    }

    fn check(&self) -> io::Result<()> {
        if self.spent_ms.get() <= PATIENCE_MS {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "the disk is too slow"))
    }

    fn reading<T>(&self, read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.check()?;
        let began_ms = self.shared.clock.steady_ms();
        let outcome = read();
        self.spent_ms.set(self.spent_ms.get() + self.shared.clock.steady_ms().saturating_sub(began_ms));
        outcome
    }
}

fn read_fully<F: DiskFile>(file: &F, block: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < block.len() {
        match file.read_at(&mut block[filled..], offset + filled as u64)? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

fn bare_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn backup_of(log: &Path) -> PathBuf {
    let mut backup = log.to_owned().into_os_string();
    backup.push(".1");
    PathBuf::from(backup)
}
