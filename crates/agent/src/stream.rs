//! The records of one source: bytes in, incident records out, and the position that may be stored.
//!
//! Owns the reading state of one generation of a log. Decides when a record is whole: at the next header, or
//! when the file was quiet, because Toolkit writes a record in one call and the last one has no successor. A record
//! that is seen to be unfinished (a traceback without its exception) is waited for longer; lines that come later still
//! are handed to the caller with the place of their record.

use sgtk_log::{Boundary, RawKind, RawRecord, ReadGate, RecordLimits, RecordReader};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A line without its end is waited for longer: half a header must never be reported.
const UNTERMINATED_QUIET_MS: u64 = 5_000;

/// Programs that print a traceback line by line take their time between two of them.
const UNFINISHED_QUIET_MS: u64 = 3_000;
/// Enough for the last lines of a traceback.
const LAST_BYTES: usize = 1024;

/// Lines that came after their record was handed out.
pub(crate) struct LateLines {
    /// Where that record starts.
    pub(crate) start: u64,
    /// Where the lines are.
    pub(crate) bytes: Range<u64>,
    /// Number of the first of them and of the last one.
    pub(crate) lines: (u64, u64),
    /// The lines; cut as a record is when they are very long.
    pub(crate) text: Vec<u8>,
}

/// The records of one source.
pub(crate) struct Stream {
    path: PathBuf,
    reader: RecordReader,
    /// Number of the first line read, if the lines before are known; else lines are counted from 1 and moved later.
    first_line_known: bool,
    start_offset: u64,
    grew_ms: u64,
    /// The log has a successor.
    rotated: bool,
    /// The last bytes fed.
    last: Vec<u8>,
    late: Vec<LateLines>,
}

impl Stream {
    /// Begins at an offset; the line number is that of the record starting there, if known.
    #[must_use]
    pub(crate) fn new(path: &Path, offset: u64, line: Option<u64>, gate: ReadGate, now_ms: u64) -> Stream {
        let line = if offset == 0 { Some(1) } else { line };
        let boundary = Boundary { offset, line: line.unwrap_or(1) };
        Stream {
            path: path.to_owned(),
            reader: RecordReader::resume(RecordLimits::default(), gate, boundary),
            first_line_known: line.is_some(),
            start_offset: offset,
            grew_ms: now_ms,
            rotated: false,
            last: Vec::new(),
            late: Vec::new(),
        }
    }

    /// The log has a successor: Toolkit's handler writes a record in one call, so what ends with a line is whole.
    /// Waiting longer would risk it, because the next rollover deletes the file.
    pub(crate) fn has_successor(&mut self) {
        self.rotated = true;
    }

    /// The log's own path.
    #[must_use]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// More bytes of the file, in order.
    pub(crate) fn feed(&mut self, bytes: &[u8], now_ms: u64, sink: &mut dyn FnMut(RawRecord<'_>)) {
        self.grew_ms = now_ms;
        keep_last(&mut self.last, bytes);
        let Stream { reader, late, .. } = self;
        reader.feed(bytes, &mut headed_or_late(sink, late));
    }

    /// Whether the unfinished record is whole by now, because the file has been quiet for long enough.
    #[must_use]
    pub(crate) fn is_quiet(&self, now_ms: u64, quiet_ms: u64) -> bool {
        let wait = match (self.reader.pending_is_terminated(), self.rotated) {
            (true, true) => 0,
            (true, false) if is_unfinished(&self.last) => quiet_ms.max(UNFINISHED_QUIET_MS),
            (true, false) => quiet_ms,
            (false, _) => quiet_ms.max(UNTERMINATED_QUIET_MS),
        };
        self.reader.has_pending() && now_ms.saturating_sub(self.grew_ms) >= wait
    }

    /// Whether a record is unfinished: the caller looks again soon.
    #[must_use]
    pub(crate) fn has_pending(&self) -> bool {
        self.reader.has_pending()
    }

    /// The unfinished record is whole: the file was quiet, or has ended.
    pub(crate) fn flush(&mut self, sink: &mut dyn FnMut(RawRecord<'_>)) {
        let Stream { reader, late, .. } = self;
        reader.flush(&mut headed_or_late(sink, late));
    }

    /// Lines that came late since this was last asked.
    pub(crate) fn take_late(&mut self) -> Vec<LateLines> {
        std::mem::take(&mut self.late)
    }

    /// Where a later run may resume: the start of the unfinished record.
    #[must_use]
    pub(crate) fn boundary(&self) -> Boundary {
        self.reader.boundary()
    }

    /// The line number that belongs to [`Stream::boundary`], if it is known.
    #[must_use]
    pub(crate) fn boundary_line(&self) -> Option<u64> {
        self.first_line_known.then_some(self.reader.boundary().line)
    }

    /// Where reading began, if the number of its line is not known.
    #[must_use]
    pub(crate) fn unknown_lines_before(&self) -> Option<u64> {
        (!self.first_line_known).then_some(self.start_offset)
    }
}

/// Lines that belong to no record begun here are no incident of their own: late lines of a record that was reported
/// when the file fell quiet are kept for it, the rest of a record split by a rotation is passed over.
fn headed_or_late<'s>(
    sink: &'s mut dyn FnMut(RawRecord<'_>),
    late: &'s mut Vec<LateLines>,
) -> impl FnMut(RawRecord<'_>) + 's {
    move |record| match (record.kind, record.continues) {
        (RawKind::Headed, _) => sink(record),
        (_, Some(continued)) => late.push(LateLines {
            start: continued.start,
            bytes: record.bytes,
            lines: record.lines,
            text: record.text.into_owned(),
        }),
        _ => {}
    }
}

fn keep_last(last: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.len() >= LAST_BYTES {
        last.clear();
    } else if last.len() + bytes.len() > LAST_BYTES {
        last.drain(..last.len() + bytes.len() - LAST_BYTES);
    }
    last.extend_from_slice(&bytes[bytes.len().saturating_sub(LAST_BYTES)..]);
}

/// Whether text that ends with these bytes breaks off in a traceback: after its first line, after a frame, or after a
/// frame's source line. What ends a traceback begins at the left edge.
fn is_unfinished(last: &[u8]) -> bool {
    let mut lines = last.strip_suffix(b"\n").unwrap_or(last).rsplit(|byte| *byte == b'\n');
    let Some(end) = lines.next() else { return false };
    let end = end.strip_suffix(b"\r").unwrap_or(end);
    if end.starts_with(b"Traceback (most recent call last)") || is_frame(end) {
        return true;
    }
    // A source line and the marks below it are indented further than their frame; a message may be indented too.
    end.starts_with(b"    ") && lines.take(3).take_while(|line| line.starts_with(b"  ")).any(is_frame)
}

fn is_frame(line: &[u8]) -> bool {
    line.starts_with(b"  File \"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceback_without_its_exception_is_seen_to_be_unfinished() {
        let frame = "  File \"/studio/a.py\", line 3, in run\n";
        for (text, expected) in [
            (
                "2026-01-14 19:49:11,961 [1 ERROR sgtk.x] failed\nTraceback (most recent call last):\n"
                    .to_owned(),
                true,
            ),
            (format!("failed\nTraceback (most recent call last):\n{frame}"), true),
            (format!("Traceback (most recent call last):\n{frame}    run()\n"), true),
            (format!("Traceback (most recent call last):\n{frame}    run()\n    ~~~^^\n"), true),
            (format!("Traceback (most recent call last):\r\n{frame}    run()\r\n"), true),
            (format!("Traceback (most recent call last):\n{frame}    run()\nValueError: x\n"), false),
            (format!("Traceback (most recent call last):\n{frame}ValueError: x\n    more of it\n"), false),
            ("2026-01-14 19:49:11,961 [1 ERROR sgtk.x] failed\n    because\n".to_owned(), false),
            ("\n".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_unfinished(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_record_that_is_seen_to_be_unfinished_is_waited_for_longer() {
        let header = "2026-01-14 19:49:11,961 [1 ERROR sgtk.x] failed\n";
        let quiet_after = |text: &str, rotated: bool| {
            let path = Path::new("tk-maya.log");
            let mut stream = Stream::new(path, 0, None, ReadGate::AtLeast(sgtk_log::Level::Error), 0);
            stream.feed(text.as_bytes(), 1_000, &mut |_| panic!("nothing is whole yet"));
            if rotated {
                stream.has_successor();
            }
            (1_000..20_000).find(|now_ms| stream.is_quiet(*now_ms, 350)).map(|now_ms| now_ms - 1_000)
        };
        assert_eq!(quiet_after(header, false), Some(350));
        assert_eq!(quiet_after(header.trim_end(), false), Some(5_000));
        let broken_off = format!("{header}Traceback (most recent call last):\n");
        assert_eq!(quiet_after(&broken_off, false), Some(3_000));
        assert_eq!(quiet_after(&broken_off, true), Some(0));
    }

    #[test]
    fn the_last_bytes_are_kept_however_they_come() {
        let text: Vec<u8> = (0..5_000_u32).map(|number| (number % 251) as u8).collect();
        for piece in [1, 7, 500, 1_023, 1_024, 4_000] {
            let mut last = Vec::new();
            text.chunks(piece).for_each(|bytes| keep_last(&mut last, bytes));
            assert_eq!(last, &text[text.len() - LAST_BYTES..], "{piece}");
        }
    }
}
