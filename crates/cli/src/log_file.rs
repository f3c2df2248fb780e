//! One log to read: a file or standard input, packed or not, as a stream of its plain bytes.
//!
//! UTF-16 is given as UTF-8. Whether a log is packed is seen in its first bytes, never in its name: `.gz` files that were unpacked in
//! place and packed text on standard input are both read. Nothing is known of records here.

use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use crate::utf16::Utf16;

const GZIP_MARK: [u8; 2] = [0x1F, 0x8B];
/// Of a zip archive, and of one without entries.
const ZIP_MARKS: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];
/// UTF-16, either way round: what a Windows console writes with `>`.
const UTF16_MARKS: [[u8; 2]; 2] = [[0xFF, 0xFE], [0xFE, 0xFF]];
/// What a shell needs at most to start the writer of a pipe.
const WRITER_WAIT: Duration = Duration::from_millis(500);

/// The plain bytes of a log.
pub(crate) struct LogBytes<'a> {
    source: Box<dyn Read + 'a>,
    packed: bool,
}

impl<'a> LogBytes<'a> {
    /// Looks at the first bytes of a source and unpacks it when they say so.
    ///
    /// # Errors
    /// Those of reading; a zip archive, which is no stream.
    pub(crate) fn new(mut raw: impl Read + 'a) -> io::Result<LogBytes<'a>> {
        let mut first = Vec::with_capacity(4);
        raw.by_ref().take(4).read_to_end(&mut first)?;
        if is_zip(&first) {
            let words = "it is a zip archive: unpack it and try again";
            return Err(io::Error::new(ErrorKind::InvalidData, words));
        }
        if let Some(mark) = UTF16_MARKS.iter().find(|mark| first.starts_with(*mark)) {
            let rest = Cursor::new(first[mark.len()..].to_vec()).chain(raw);
            let source = Box::new(Utf16::new(rest, *mark == UTF16_MARKS[1]));
            return Ok(LogBytes { source, packed: false });
        }
        let packed = first.starts_with(&GZIP_MARK);
        let raw = Cursor::new(first).chain(raw);
        let source: Box<dyn Read + 'a> =
            if packed { Box::new(MultiGzDecoder::new(raw)) } else { Box::new(raw) };
        Ok(LogBytes { source, packed })
    }

    /// The next bytes, 0 at the end. An interrupted read is repeated, and what is wrong with packed data is
    /// said in words for people.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.source.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if self.packed => return Err(of_packed(error)),
                result => return result,
            }
        }
    }
}

fn of_packed(error: io::Error) -> io::Error {
    let words = match error.kind() {
        ErrorKind::UnexpectedEof => "the packed data ends in the middle",
        ErrorKind::InvalidInput | ErrorKind::InvalidData => "the packed data is damaged",
        _ => return error,
    };
    io::Error::new(error.kind(), words)
}

/// Whether a file that begins so is a zip archive.
pub(crate) fn is_zip(first: &[u8]) -> bool {
    ZIP_MARKS.iter().any(|mark| first.starts_with(mark))
}

/// Opens a file that is to be read as a log. A pipe opens when somebody writes to it; `waits` is called once
/// if nobody does yet.
///
/// # Errors
/// Those of the system, and a folder where a file is wanted.
pub(crate) fn open(path: &Path, waits: impl FnOnce()) -> io::Result<File> {
    // Some systems open folders and fail only when they are read; others say that access is denied.
    if std::fs::metadata(path).is_ok_and(|about| about.is_dir()) {
        return Err(io::Error::from(ErrorKind::IsADirectory));
    }
    if is_pipe(path) { open_pipe(path, waits) } else { File::open(path) }
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|about| about.file_type().is_fifo())
}

/// Elsewhere pipes are no files: opening one does not wait.
#[cfg(not(unix))]
fn is_pipe(_path: &Path) -> bool {
    false
}

fn open_pipe(path: &Path, waits: impl FnOnce()) -> io::Result<File> {
    let (opened, pipe) = std::sync::mpsc::channel();
    let path = path.to_owned();
    std::thread::spawn(move || opened.send(File::open(path)));
    pipe.recv_timeout(WRITER_WAIT)
        .or_else(|_| {
            waits();
            pipe.recv()
        })
        .map_err(io::Error::other)?
}

/// Whether bytes are no text: NUL among others. A hole that a crash left is all NUL.
pub(crate) fn looks_binary(bytes: &[u8]) -> bool {
    bytes.contains(&0) && bytes.iter().any(|byte| *byte != 0)
}

/// The bare name of a log, for what it says about the engine behind it.
pub(crate) fn bare_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn all(source: &[u8]) -> (Vec<u8>, Option<io::Error>) {
        let mut bytes = match LogBytes::new(source) {
            Ok(bytes) => bytes,
            Err(error) => return (Vec::new(), Some(error)),
        };
        let (mut read, mut buffer) = (Vec::new(), [0; 7]);
        loop {
            match bytes.read(&mut buffer) {
                Ok(0) => return (read, None),
                Ok(count) => read.extend_from_slice(&buffer[..count]),
                Err(error) => return (read, Some(error)),
            }
        }
    }

    fn pack(text: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn plain_and_packed_bytes_are_told_apart_by_their_beginning() {
        for text in [&b""[..], b"a", b"ab", b"a longer text\nof two lines\n"] {
            assert_eq!(all(text).0, text);
            assert_eq!(all(&pack(text)).0, text);
        }
        let two_members = [pack(b"one\n"), pack(b"two\n")].concat();
        assert_eq!(all(&two_members).0, b"one\ntwo\n");
    }

    #[test]
    fn what_can_be_read_of_damaged_data_is_read() {
        let text: Vec<u8> = (0..20_000u32).flat_map(|number| number.to_le_bytes()).collect();
        let packed = pack(&text);
        let (read, error) = all(&packed[..packed.len() / 2]);
        assert!(!read.is_empty() && text.starts_with(&read));
        assert_eq!(error.unwrap().to_string(), "the packed data ends in the middle");
        let mut damaged = packed.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 40].fill(0xFF);
        assert!(all(&damaged).1.is_some());
        assert!(all(b"PK\x03\x04...").1.unwrap().to_string().contains("zip archive"));
    }

    #[test]
    fn text_of_a_windows_console_is_read() {
        assert_eq!(all(b"\xFF\xFEa\0b\0\n\0").0, b"ab\n");
        assert_eq!(all(b"\xFE\xFF\0a\0b\0\n").0, b"ab\n");
        assert_eq!(all(b"\xFF\xFE").0, b"");
    }

    #[test]
    fn a_hole_is_no_binary_data() {
        assert!(looks_binary(b"SQLite format 3\0"));
        assert!(!looks_binary(b"text\n") && !looks_binary(&[0; 100]) && !looks_binary(b""));
    }
}
