//! One generation of a log: an open (or reachable) file, how far it was read, and what proves it is the same.
//!
//! Invariants: `read <= ` the size at the last look; `recent` holds the bytes just before `read`;
//! `head` holds the first bytes of the file as far as they were there at the last look.

use crate::mark::{HEAD_BYTES, TAIL_BYTES};
use crate::{Checkpoint, DiskFile, FileId, Mark, Observed, SourceId};
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

/// How many bytes before the reading position stay in memory, so that a checkpoint inside the last batch is
/// marked with the bytes that were read, not with what may stand in the file by then.
const RECENT_BYTES: usize = 8 * 1024;

pub(crate) struct Source<F> {
    pub(crate) id: SourceId,
    /// The log's own name, kept after a rotation.
    pub(crate) path: PathBuf,
    pub(crate) file_id: FileId,
    /// When the file was made, where that is known.
    pub(crate) born: Option<SystemTime>,
    /// When it was last written as of the last look, where that is known.
    modified: Option<SystemTime>,
    /// Held between looks where the system allows it.
    pub(crate) file: Option<F>,
    pub(crate) read: u64,
    /// Size at the last look.
    pub(crate) len_bytes: u64,
    pub(crate) rotated: bool,
    /// Since when its file has had no name, in the caller's time.
    pub(crate) deleted_ms: Option<u64>,
    /// A backup that was read to its end where open handles get in the way of rollovers: it is left alone.
    pub(crate) settled: bool,
    /// A backup that is a copy of its log, or is empty and may become one: more of it is no news.
    pub(crate) may_become_copy: bool,
    /// It was found by looking, and whoever counts generations does not know it yet.
    pub(crate) is_uncounted: bool,
    /// When the file last grew, in the caller's time.
    pub(crate) grew_ms: u64,
    /// Since when the file, which is not held, has been under none of its names, in the caller's time.
    pub(crate) lost_ms: Option<u64>,
    /// Number of the look at which it was last examined; 0 for never.
    pub(crate) examined_look: u64,
    head: Vec<u8>,
    recent: Vec<u8>,
}

/// What a look at one source found, before anything is read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Nothing new.
    Same,
    /// There is something to read.
    Grown,
    /// Smaller than what was read, and what is left is the old content.
    CutTo(u64),
    /// Other content under the same file number.
    Rewritten,
}

impl<F: DiskFile> Source<F> {
    pub(crate) fn new(id: SourceId, path: PathBuf, seen: &Observed, read: u64, now_ms: u64) -> Source<F> {
        Source {
            id,
            path,
            file_id: seen.id,
            born: seen.born,
            modified: seen.modified,
            file: None,
            read,
            len_bytes: seen.len_bytes.max(read),
            rotated: false,
            deleted_ms: None,
            settled: false,
            may_become_copy: false,
            is_uncounted: false,
            grew_ms: now_ms,
            lost_ms: None,
            examined_look: 0,
            head: Vec::new(),
            recent: Vec::new(),
        }
    }

    /// Takes the marks from the file itself, once, when reading starts in the middle of it.
    pub(crate) fn learn_marks(&mut self, file: &F) {
        self.learn_head(file);
        let tail = TAIL_BYTES.min(usize::try_from(self.read).unwrap_or(TAIL_BYTES));
        self.recent = read_exactly(file, self.read - tail as u64, tail).unwrap_or_default();
    }

    fn learn_head(&mut self, file: &F) {
        if self.head.len() < HEAD_BYTES
            && let Ok(head) = read_up_to(file, 0, HEAD_BYTES)
            && head.len() > self.head.len()
        {
            self.head = head;
        }
    }

    /// Compares the file with what was read. Errors of the system are the caller's to report.
    pub(crate) fn examine(&mut self, file: &F, now_ms: u64) -> io::Result<Condition> {
        let seen = file.observe()?;
        self.deleted_ms = (seen.links == 0).then(|| self.deleted_ms.unwrap_or(now_ms));
        if seen.len_bytes < self.read {
            return Ok(if self.begins_as_before(file, seen.len_bytes)? {
                Condition::CutTo(seen.len_bytes)
            } else {
                Condition::Rewritten
            });
        }
        if seen.len_bytes > self.len_bytes {
            self.grew_ms = now_ms;
        }
        if self.recent.is_empty() && self.read > 0 {
            // They could not be read at the start. A position without marks proves nothing in a later run.
            self.learn_marks(file);
        }
        // While the content cannot be compared, the largest size is what may have to be given up.
        let before = self.len_bytes;
        self.len_bytes = before.max(seen.len_bytes);
        let same_size = seen.len_bytes == self.read;
        if same_size && before == seen.len_bytes && self.modified == seen.modified {
            return Ok(Condition::Same);
        }
        // The only sign of a file that was emptied and filled to the old position or beyond it between two looks.
        let tail = self.tail();
        if !holds(file, self.read - tail.len() as u64, tail)? {
            return Ok(Condition::Rewritten);
        }
        self.modified = seen.modified;
        self.len_bytes = seen.len_bytes;
        if same_size {
            return Ok(Condition::Same);
        }
        self.learn_head(file);
        Ok(Condition::Grown)
    }

    /// Whether a look at its name finds the file as it was left, so that it need not be opened.
    pub(crate) fn is_as_left(&self, seen: &Observed) -> bool {
        self.read == self.len_bytes
            && seen.is_same_file(self.file_id, self.born)
            && seen.len_bytes == self.len_bytes
            && seen.modified == self.modified
    }

    /// Whether its file has no name any more, as of now.
    pub(crate) fn is_nameless(&self) -> bool {
        let asked = || self.file.as_ref().and_then(|file| file.observe().ok());
        self.deleted_ms.is_some() || asked().is_some_and(|seen| seen.links == 0)
    }

    /// Whether its handle can be closed and the file be found again later.
    pub(crate) fn can_be_closed(&self) -> bool {
        self.read == self.len_bytes && self.deleted_ms.is_none() && !self.rotated
    }

    /// The bytes just before the position.
    fn tail(&self) -> &[u8] {
        &self.recent[self.recent.len().saturating_sub(TAIL_BYTES)..]
    }

    fn begins_as_before(&self, file: &F, len_bytes: u64) -> io::Result<bool> {
        let common = self.head.len().min(usize::try_from(len_bytes).unwrap_or(usize::MAX));
        Ok(common > 0 && holds(file, 0, &self.head[..common])?)
    }

    /// Whether another file holds everything that was read from this one: a restored or edited-in-place copy.
    pub(crate) fn continues_in(&self, file: &F) -> io::Result<bool> {
        let enough = self.head.len() >= TAIL_BYTES && self.read >= TAIL_BYTES as u64;
        Ok(enough && self.is_held_by(file)?)
    }

    /// Whether another file begins with what was read from this one. For a few bytes that says little: two logs may
    /// well begin with the same line.
    pub(crate) fn is_held_by(&self, file: &F) -> io::Result<bool> {
        let tail = self.tail();
        Ok(file.observe()?.len_bytes >= self.read
            && holds(file, 0, &self.head)?
            && holds(file, self.read - tail.len() as u64, tail)?)
    }

    /// Whether another file begins as this one does, as far as this one's beginning is known.
    pub(crate) fn begins_like(&self, file: &F) -> io::Result<bool> {
        Ok(!self.head.is_empty() && holds(file, 0, &self.head)?)
    }

    /// Notes bytes that are about to be handed out.
    pub(crate) fn advance(&mut self, bytes: &[u8]) {
        let known = self.head.len();
        if known < HEAD_BYTES
            && let Some(skip) = (known as u64).checked_sub(self.read)
            && let Some(more) = bytes.get(usize::try_from(skip).unwrap_or(usize::MAX)..)
        {
            self.head.extend_from_slice(&more[..more.len().min(HEAD_BYTES - known)]);
        }
        self.read += bytes.len() as u64;
        if bytes.len() >= RECENT_BYTES {
            self.recent.clear();
            self.recent.extend_from_slice(&bytes[bytes.len() - RECENT_BYTES..]);
            return;
        }
        let surplus = (self.recent.len() + bytes.len()).saturating_sub(RECENT_BYTES);
        self.recent.drain(..surplus);
        self.recent.extend_from_slice(bytes);
    }

    /// A checkpoint at `offset`, which must not lie beyond what was handed out.
    pub(crate) fn checkpoint(&self, offset: u64) -> Checkpoint {
        let offset = offset.min(self.read);
        let tail = TAIL_BYTES.min(usize::try_from(offset).unwrap_or(TAIL_BYTES));
        let behind = usize::try_from(self.read - offset).unwrap_or(usize::MAX);
        let end = self.recent.len().checked_sub(behind);
        let known = end.map(|end| &self.recent[end.saturating_sub(tail)..end]);
        let mark = match known {
            Some(known) if known.len() == tail || self.file.is_none() => Mark::of(known),
            // Further back than memory reaches: an unfinished record longer than the window.
            _ => self
                .file
                .as_ref()
                .and_then(|file| read_exactly(file, offset - tail as u64, tail).ok())
                .map_or_else(|| Mark::of(known.unwrap_or(&[])), |bytes| Mark::of(&bytes)),
        };
        Checkpoint {
            path: self.path.clone(),
            id: self.file_id,
            offset,
            seen_bytes: self.len_bytes.max(self.read),
            head: Mark::of(&self.head),
            tail: mark,
            rotated: self.rotated,
        }
    }

    /// Keeps only what the next look needs; a quiet file costs a few hundred bytes.
    pub(crate) fn shrink(&mut self) {
        let surplus = self.recent.len().saturating_sub(TAIL_BYTES);
        if self.recent.capacity() > 4 * TAIL_BYTES {
            self.recent.drain(..surplus);
            self.recent.shrink_to_fit();
        }
    }
}

/// How a file compares with a checkpoint of an earlier run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// The content up to the checkpoint is the one that was read.
    Whole,
    /// The beginning is the one that was read, but the file now ends before the checkpoint.
    Cut(u64),
    /// Another content.
    No,
}

/// Errors say that nothing is known: the file may well be the one.
pub(crate) fn fit<F: DiskFile>(checkpoint: &Checkpoint, file: &F) -> io::Result<Fit> {
    let seen = file.observe()?;
    let fits =
        |mark: &Mark, from: u64| read_up_to(file, from, mark.len as usize).map(|bytes| mark.fits(&bytes));
    if !fits(&checkpoint.head, 0)? {
        return Ok(Fit::No);
    }
    if seen.len_bytes < checkpoint.offset {
        return Ok(if checkpoint.head.len > 0 { Fit::Cut(seen.len_bytes) } else { Fit::No });
    }
    let tail_from = checkpoint.offset.checked_sub(u64::from(checkpoint.tail.len));
    let is_proved = checkpoint.offset == 0 || checkpoint.head.len > 0 || checkpoint.tail.len > 0;
    Ok(match tail_from {
        Some(from) if is_proved && fits(&checkpoint.tail, from)? => Fit::Whole,
        _ => Fit::No,
    })
}

/// Whether these bytes stand at an offset. A file that ends before has others.
fn holds<F: DiskFile>(file: &F, offset: u64, bytes: &[u8]) -> io::Result<bool> {
    Ok(read_up_to(file, offset, bytes.len())? == bytes)
}

pub(crate) fn read_up_to<F: DiskFile>(file: &F, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    let mut filled = 0;
    while filled < len {
        match file.read_at(&mut bytes[filled..], offset + filled as u64)? {
            0 => break,
            count => filled += count,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

fn read_exactly<F: DiskFile>(file: &F, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let bytes = read_up_to(file, offset, len)?;
    if bytes.len() == len { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
