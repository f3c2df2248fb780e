//! Follower and record readers together: looks at logs, hands out records, knows the positions that may be kept.
//!
//! `run` and `follow` read through this one engine. Owns which source is read by which reader, when an
//! unfinished record is whole, and how often to look. Keeps nothing on disk: the caller stores what
//! [`LogReader::moved`] tells, together with what it made of the records, and says so with [`LogReader::stored`].

use crate::store::Position;
use crate::stream::{LateLines, Stream};
use log_follow::{
    Checkpoint, Disk, Event, Follower, GapReason, Look, Patterns, Rest, SourceId, SourceStatus,
};
use sgtk_log::{Boundary, RawKind, RawRecord, ReadGate, RecordLimits, RecordReader};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A record is read again for lines that come late while it is no longer than this with them.
const MOST_AGAIN_BYTES: u64 = 4 * 1024 * 1024;
/// Counting lines before the part that was read: not for files without bounds.
const MOST_LINE_COUNT_BYTES: u64 = 64 * 1024 * 1024;

/// Between two looks while something happens.
const BUSY_STEP_MS: u64 = 50;

/// What a look brings.
pub enum News<'a> {
    /// A record that passed the gate.
    Record {
        /// Where from.
        source: SourceId,
        /// The log's own path.
        path: &'a Path,
        /// The record; its line numbers are right only where the lines before are known (see
        /// [`LogReader::lines_before`]).
        record: &'a RawRecord<'a>,
    },
    /// Lines that came after their record was handed out.
    Late {
        /// Where from.
        source: SourceId,
        /// The log's own path.
        path: &'a Path,
        /// Where their record starts.
        start: u64,
        /// Their record with them, read again; `None` when it cannot be.
        record: Option<&'a RawRecord<'a>>,
        /// The lines alone.
        lines: &'a [u8],
    },
    /// A folder is followed from now on, and must be remembered as such.
    Entered {
        /// Which.
        folder: &'a Path,
    },
    /// Bytes that nobody will read any more.
    Gap {
        /// Of which log.
        path: &'a Path,
        /// How many, if known.
        bytes: Option<u64>,
        /// Why.
        reason: GapReason,
    },
    /// A file or folder cannot be read; said once.
    Trouble {
        /// Which.
        path: &'a Path,
        /// Why, and what to do.
        message: &'a str,
    },
    /// Something worth knowing that is no trouble; said once.
    Note {
        /// What about.
        path: &'a Path,
        /// What there is to know.
        message: &'a str,
    },
    /// It can be read again.
    Recovered {
        /// Which.
        path: &'a Path,
    },
}

/// Positions that differ from what is stored.
#[derive(Debug, Default)]
pub struct Moved {
    /// New, or further than stored.
    pub positions: Vec<Position>,
    /// Stored, and of no more use.
    pub ended: Vec<Position>,
}

type PositionKey = (PathBuf, u64, u64);

/// See the module's own words.
pub struct LogReader<D: Disk> {
    follower: Follower<D>,
    streams: BTreeMap<SourceId, Stream>,
    gate: ReadGate,
    quiet_ms: u64,
    grew_ms: u64,
    stored: HashMap<PositionKey, Position>,
    /// Something has happened since positions were stored.
    changed: bool,
    /// Logs met in this run: other stored positions of theirs are out of date.
    met: HashSet<PathBuf>,
    /// Folders that are followed: what is awaited in them is settled within a minute.
    entered: HashSet<PathBuf>,
}

impl<D: Disk> LogReader<D> {
    /// Around a follower that begins with these positions.
    pub fn new(
        follower: Follower<D>,
        positions: Vec<Position>,
        gate: ReadGate,
        quiet_ms: u64,
    ) -> LogReader<D> {
        LogReader {
            follower,
            streams: BTreeMap::new(),
            gate,
            quiet_ms,
            grew_ms: 0,
            stored: positions.into_iter().map(|position| (key_of(&position), position)).collect(),
            changed: true,
            met: HashSet::new(),
            entered: HashSet::new(),
        }
    }

    /// Follows one more folder.
    pub fn watch(&mut self, folder: PathBuf, patterns: Patterns) {
        self.follower.watch(folder, patterns);
    }

    /// Looks once: what is new, and what is whole by now.
    pub fn look(&mut self, now_ms: u64, sink: &mut dyn FnMut(News<'_>)) -> Look {
        let LogReader { follower, streams, stored, met, entered, gate, changed, .. } = self;
        let mut happened = false;
        let mut late = Vec::new();
        let look = follower.look(now_ms, &mut |event| {
            happened = true;
            match event {
                Event::Started { source, path, offset, .. } => {
                    met.insert(path.to_owned());
                    let line = stored
                        .values()
                        .find(|position| {
                            position.checkpoint.path == path && position.checkpoint.offset == offset
                        })
                        .and_then(|position| position.line);
                    streams.insert(source, Stream::new(path, offset, line, *gate, now_ms));
                }
                Event::Bytes { source, bytes, .. } => {
                    if let Some(stream) = streams.get_mut(&source) {
                        let path = stream.path().to_owned();
                        stream.feed(bytes, now_ms, &mut |record| {
                            sink(News::Record { source, path: &path, record: &record });
                        });
                    }
                }
                Event::Ended { source, .. } => {
                    if let Some(mut stream) = streams.remove(&source) {
                        let path = stream.path().to_owned();
                        stream
                            .flush(&mut |record| sink(News::Record { source, path: &path, record: &record }));
                        late.extend(
                            stream.take_late().into_iter().map(|lines| (source, path.clone(), lines)),
                        );
                    }
                }
                Event::Gap { path, bytes, reason } => {
                    met.insert(path.to_owned());
                    sink(News::Gap { path, bytes, reason });
                }
                Event::Trouble { path, message } => sink(News::Trouble { path: &path, message: &message }),
                Event::Note { path, message } => sink(News::Note { path, message: &message }),
                Event::Recovered { path } => sink(News::Recovered { path: &path }),
                Event::Entered { folder } => {
                    entered.insert(folder.to_owned());
                    sink(News::Entered { folder });
                }
                Event::Rotated { source } => {
                    if let Some(stream) = streams.get_mut(&source) {
                        stream.has_successor();
                    }
                }
            }
        });
        for (source, stream) in streams.iter_mut() {
            // A file that did not get its turn in this look is not quiet, only unread.
            if stream.is_quiet(now_ms, self.quiet_ms) && follower.is_drained(*source) {
                happened = true;
                let path = stream.path().to_owned();
                stream.flush(&mut |record| {
                    sink(News::Record { source: *source, path: &path, record: &record });
                });
            }
        }
        for (source, stream) in streams.iter_mut() {
            late.extend(
                stream.take_late().into_iter().map(|lines| (*source, stream.path().to_owned(), lines)),
            );
        }
        *changed |= happened;
        for (source, path, lines) in late {
            let again = self.read_again(source, &lines);
            sink(News::Late {
                source,
                path: &path,
                start: lines.start,
                record: again.as_ref(),
                lines: &lines.text,
            });
        }
        if look.read_bytes > 0 {
            self.grew_ms = now_ms;
        }
        look
    }

    /// A record that was handed out, with the lines that came since.
    fn read_again(&self, source: SourceId, late: &LateLines) -> Option<RawRecord<'static>> {
        let len = late.bytes.end.checked_sub(late.start).filter(|len| *len <= MOST_AGAIN_BYTES)?;
        let bytes = self.follower.read_back(source, late.start, usize::try_from(len).ok()?).ok()?;
        let before = bytes.get(..usize::try_from(late.bytes.start.checked_sub(late.start)?).ok()?)?;
        let lines_before = before.iter().filter(|byte| **byte == b'\n').count() as u64;
        let line = late.lines.0.checked_sub(lines_before)?;
        let boundary = Boundary { offset: late.start, line };
        let mut reader = RecordReader::resume(RecordLimits::default(), self.gate, boundary);
        let mut whole = None;
        let mut take = |record: RawRecord<'_>| {
            if record.kind == RawKind::Headed && whole.is_none() {
                let text = record.text.into_owned().into();
                whole = Some(RawRecord { text, ..record });
            }
        };
        reader.feed(&bytes, &mut take);
        reader.flush(&mut take);
        whole
    }

    /// How long to wait before the next look, when the last one had read everything. Where directory events wake
    /// whoever waits, that is long.
    pub fn pace(&mut self, now_ms: u64) -> Duration {
        let quiet_for = now_ms.saturating_sub(self.grew_ms);
        let unfinished = quiet_for < 10_000 && self.streams.values().any(Stream::has_pending);
        if unfinished || quiet_for < 2_000 {
            return Duration::from_millis(BUSY_STEP_MS);
        }
        Duration::from_millis(match (self.follower.rest(), quiet_for) {
            (Rest::UntilWoken, _) => 5_000,
            (Rest::AfterOneLook, _) => BUSY_STEP_MS,
            (Rest::KeepLooking, 2_000..30_000) => 250,
            (Rest::KeepLooking, _) => 1_000,
        })
    }

    /// Whether anything has happened since positions were last stored.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.changed
    }

    /// Positions that differ from what is stored.
    #[must_use]
    pub fn moved(&self) -> Moved {
        let live: HashMap<PositionKey, Position> = self
            .streams
            .iter()
            .filter_map(|(source, stream)| {
                let checkpoint = self.follower.checkpoint(*source, stream.boundary().offset)?;
                let position = Position { checkpoint, line: stream.boundary_line() };
                Some((key_of(&position), position))
            })
            .collect();
        // A position whose file is out of reach for a while is still of use.
        let awaited: HashSet<PositionKey> = self.follower.awaited().map(checkpoint_key).collect();
        let over = |key: &PositionKey| {
            !live.contains_key(key) && self.met.contains(&key.0) && !awaited.contains(key)
        };
        let ended = self.stored.iter().filter(|(key, _)| over(key)).map(|(_, old)| old.clone()).collect();
        let positions = live
            .into_iter()
            .filter(|(key, new)| self.stored.get(key) != Some(new))
            .map(|(_, new)| new)
            .collect();
        Moved { positions, ended }
    }

    /// These are stored now.
    pub fn stored(&mut self, moved: Moved) {
        self.changed = false;
        for over in &moved.ended {
            self.stored.remove(&key_of(over));
        }
        self.stored.extend(moved.positions.into_iter().map(|position| (key_of(&position), position)));
    }

    /// Whether a stored position may still be needed: its file is followed, or is awaited in a folder that is.
    pub fn is_of_use(&self) -> impl Fn(&crate::store::PositionKey) -> bool + use<D> {
        let live = self.streams.keys().filter_map(|source| self.follower.checkpoint(*source, 0));
        let awaited = self
            .follower
            .awaited()
            .filter(|checkpoint| checkpoint.path.parent().is_some_and(|folder| self.entered.contains(folder)))
            .cloned();
        let kept: HashSet<PositionKey> =
            live.chain(awaited).map(|checkpoint| checkpoint_key(&checkpoint)).collect();
        move |(path, id)| kept.contains(&(path.clone(), id.device, id.file))
    }

    /// These positions are no longer stored.
    pub fn forgotten(&mut self, gone: &[crate::store::PositionKey]) {
        for (path, id) in gone {
            self.stored.remove(&(path.clone(), id.device, id.file));
        }
    }

    /// Nothing is taken for stored any more: the next positions are all of them.
    pub fn nothing_is_stored(&mut self) {
        self.stored.clear();
        self.changed = true;
    }

    /// How many lines stand before those a source's records are numbered from; `None` when they are numbered
    /// rightly already, or when they cannot be counted.
    #[must_use]
    pub fn lines_before(&self, source: SourceId) -> Option<u64> {
        const BLOCK: usize = 1024 * 1024;
        let end = self.streams.get(&source)?.unknown_lines_before()?;
        if end > MOST_LINE_COUNT_BYTES {
            return None;
        }
        let (mut at, mut lines) = (0, 0);
        while at < end {
            let wanted = usize::try_from(end - at).unwrap_or(BLOCK).min(BLOCK);
            let bytes = self.follower.read_back(source, at, wanted).ok().filter(|bytes| !bytes.is_empty())?;
            lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
            at += bytes.len() as u64;
        }
        Some(lines)
    }

    /// Whether a source's records are numbered from its first line.
    #[must_use]
    pub fn numbers_lines(&self, source: SourceId) -> bool {
        self.streams.get(&source).is_none_or(|stream| stream.unknown_lines_before().is_none())
    }

    /// A source as it is now: the log's own path, whether it bears that name no longer, and its size.
    #[must_use]
    pub fn log_of(&self, source: SourceId) -> Option<SourceStatus> {
        self.status().into_iter().find(|status| status.source == source)
    }

    /// Reads bytes of a source again; see [`Follower::read_back`].
    ///
    /// # Errors
    /// When the source has ended, or the system refuses.
    pub fn read_back(&self, source: SourceId, offset: u64, len: usize) -> std::io::Result<Vec<u8>> {
        self.follower.read_back(source, offset, len)
    }

    /// The disk the logs are on.
    #[must_use]
    pub fn disk(&self) -> &D {
        self.follower.disk()
    }

    /// What is followed.
    #[must_use]
    pub fn status(&self) -> Vec<SourceStatus> {
        self.follower.status()
    }
}

fn key_of(position: &Position) -> PositionKey {
    checkpoint_key(&position.checkpoint)
}

fn checkpoint_key(checkpoint: &Checkpoint) -> PositionKey {
    (checkpoint.path.clone(), checkpoint.id.device, checkpoint.id.file)
}
