//! A log, cleaned of secrets and packed block by block: neither the log nor its clean text is ever held whole.
//!
//! The outcome is a zip of one entry. Archives take the packed entry over as it is, so that ten problems of one look at a
//! log cost one cleaning and one packing.

use super::range::LogBytes;
use super::sieve::{IsTheirs, Sieve};
use crate::facts::LeftOut;
use crate::recognise::{Recogniser, StreamFault};
use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::ops::Range;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// What is read, cleaned and packed at once.
const BLOCK_BYTES: usize = 128 * 1024;

/// A part of a file that goes into a log of an archive, one behind the other.
pub struct Part<'l, 'b> {
    /// Where it comes from.
    pub log: &'l LogBytes<'b>,
    /// Which bytes of it.
    pub bytes: Range<u64>,
}

/// A log as it goes into archives.
#[derive(Debug)]
pub struct PackedLog {
    /// A zip of one entry.
    pub(super) zip: Vec<u8>,
    /// How long the text is.
    pub text_bytes: u64,
    /// What was taken out, by rule.
    pub redactions: Vec<(&'static str, u64)>,
    /// Records of other sites' processes that were left out.
    pub left_out: u64,
}

impl PackedLog {
    /// What was left out of the log of this name, if anything was.
    #[must_use]
    pub fn without(&self, name: &str) -> Option<LeftOut> {
        let why = format!("{} records of processes of another site", self.left_out);
        (self.left_out > 0).then(|| LeftOut { name: name.to_owned(), why })
    }

    /// What it adds to an archive.
    #[must_use]
    pub fn packed_bytes(&self) -> u64 {
        self.zip.len() as u64
    }
}

/// Why there is no packed log.
#[derive(Debug, thiserror::Error)]
pub enum PackFault {
    /// A fault of ours: nothing of it may leave.
    #[error("it could not be cleaned of secrets, by a fault of ours")]
    NotCleaned,
    /// It would not fit.
    #[error("it is longer than an archive may be")]
    TooLong,
    /// The system, or our patience.
    #[error("it could not be read: {0}")]
    Read(io::Error),
}

/// Packs parts of files as one log. `recogniser` cleans it; with `raw` it is left as it is. `is_theirs`:
/// records that are left out, if there can be any. Ends at once when the packed log
/// grows over `most_bytes`.
///
/// # Errors
/// See [`PackFault`].
pub fn pack_log(
    recogniser: &Recogniser,
    parts: &[Part<'_, '_>],
    raw: bool,
    most_bytes: u64,
    is_theirs: Option<IsTheirs<'_>>,
) -> Result<PackedLog, PackFault> {
    let options = packing();
    let mut zip = ZipWriter::new(Bounded { bytes: Cursor::new(Vec::new()), most_bytes, is_full: false });
    zip.start_file("log", options).map_err(|error| PackFault::Read(error.into()))?;
    let mut text_bytes = 0;
    let mut blocks = Blocks { parts, part: 0, at: None, sieve: is_theirs.map(Sieve::new) };
    let begins_inside = parts.first().is_some_and(|part| part.bytes.start > 0);
    let mut write = |text: &[u8]| {
        text_bytes += text.len() as u64;
        zip.write_all(text)
    };
    let packed = if raw {
        let mut all = || -> io::Result<()> {
            while let Some(block) = blocks.next()? {
                write(&block)?;
            }
            Ok(())
        };
        all().map(|()| Vec::new()).map_err(StreamFault::Io)
    } else {
        recogniser
            .redact_stream(begins_inside, &mut || blocks.next(), &mut |text| write(text.as_bytes()))
            .map(|counts| counts.iter().collect())
    };
    let left_out = blocks.sieve.as_ref().map_or(0, |sieve| sieve.records);
    let redactions = packed.map_err(|fault| match fault {
        StreamFault::NotRedacted => PackFault::NotCleaned,
        StreamFault::Io(error) if is_too_long(&error) => PackFault::TooLong,
        StreamFault::Io(error) => PackFault::Read(error),
    })?;
    let done = zip.finish().map_err(io::Error::from);
    let done =
        done.map_err(|error| if is_too_long(&error) { PackFault::TooLong } else { PackFault::Read(error) })?;
    Ok(PackedLog { zip: done.bytes.into_inner(), text_bytes, redactions, left_out })
}

/// Without time stamps: the same content is the same archive. The quick way of packing: logs are read while this is done,
/// and half of the time buys a tenth more bytes.
pub(super) fn packing() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).compression_level(Some(3))
}

/// The bytes of all parts in turn.
struct Blocks<'p, 'l, 'b, 's> {
    parts: &'p [Part<'l, 'b>],
    part: usize,
    at: Option<u64>,
    sieve: Option<Sieve<'s>>,
}

impl Blocks<'_, '_, '_, '_> {
    /// The next block, without what is left out; empty when that is all of it.
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let block = self.read()?;
        let Some(sieve) = &mut self.sieve else { return Ok(block) };
        Ok(match block {
            Some(block) => Some(sieve.sift(&block)),
            None => Some(sieve.finish()).filter(|rest| !rest.is_empty()),
        })
    }

    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        while let Some(part) = self.parts.get(self.part) {
            let at = self.at.unwrap_or(part.bytes.start);
            let wanted =
                usize::try_from(part.bytes.end.saturating_sub(at)).unwrap_or(usize::MAX).min(BLOCK_BYTES);
            let block = if wanted == 0 { Vec::new() } else { (part.log.read)(at, wanted)? };
            if block.is_empty() {
                (self.part, self.at) = (self.part + 1, None);
                continue;
            }
            self.at = Some(at + block.len() as u64);
            return Ok(Some(block));
        }
        Ok(None)
    }
}

/// Refuses to grow over its limit.
struct Bounded {
    bytes: Cursor<Vec<u8>>,
    most_bytes: u64,
    is_full: bool,
}

fn is_too_long(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::FileTooLarge
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_full {
            // Said once: whoever gives up writes an end all the same, to nowhere.
            return Ok(bytes.len());
        }
        if self.bytes.position().saturating_add(bytes.len() as u64) > self.most_bytes {
            self.is_full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Bounded {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(place)
    }
}
