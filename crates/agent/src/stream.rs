//! The records of one source: bytes in, incident records out, and the position that may be stored.
//!
//! Owns the reading state of one generation of a log. Decides when a record is whole: at the next header, or
//! when the file was quiet, because Toolkit writes a record in one call and the last one has no successor.

use sgtk_log::{Boundary, RawKind, RawRecord, ReadGate, RecordLimits, RecordReader};
use std::path::{Path, PathBuf};

/// A line without its end is waited for longer: half a header must never be reported.
const UNTERMINATED_QUIET_MS: u64 = 5_000;

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

    /// The bare name of the log.
    #[must_use]
    pub(crate) fn file_name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// More bytes of the file, in order.
    pub(crate) fn feed(&mut self, bytes: &[u8], now_ms: u64, sink: &mut dyn FnMut(RawRecord<'_>)) {
        self.grew_ms = now_ms;
        self.reader.feed(bytes, &mut headed_only(sink));
    }

    /// Whether the unfinished record is whole by now, because the file has been quiet for long enough.
    #[must_use]
    pub(crate) fn is_quiet(&self, now_ms: u64, quiet_ms: u64) -> bool {
        let wait = match (self.reader.pending_is_terminated(), self.rotated) {
            (true, true) => 0,
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
        self.reader.flush(&mut headed_only(sink));
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

/// Lines that belong to no record begun here are no incident of their own: late continuation lines of a
/// record that was reported when the file fell quiet, or the rest of a record split by a rotation.
fn headed_only<'s>(sink: &'s mut dyn FnMut(RawRecord<'_>)) -> impl FnMut(RawRecord<'_>) + 's {
    move |record| {
        if matches!(record.kind, RawKind::Headed) {
            sink(record);
        }
    }
}
