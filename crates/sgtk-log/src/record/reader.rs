//! Bytes to records: the only place that looks at every byte of a log.
//!
//! A `RecordReader` is fed one file generation in pieces of any size and hands out whole records with their place. It
//! owns the rule where a record begins and ends, and the memory bound: at most `RecordLimits` of one record are kept,
//! whatever the file holds. It knows nothing of files, clocks or text encodings. Lines are found with memchr, headers by
//! fixed byte positions; records below the gate are passed over (`skim`) and never
//! copied.
//!
//! Rules: a record is a header line and everything up to the next header. However the bytes are cut into pieces, the
//! records are the same. A run of NUL bytes at the beginning of a line (the hole a crash or a copytruncate leaves) ends
//! the record before it, and a header right behind the hole counts. Once a stronger header form was seen, weaker ones are
//! text (see `header::Form`). Text before the first header is looked through line by line (`pasted`): the weakest form,
//! that of the script editor, is known only there, and a reader made by `with_pasted` cuts it into incidents.
//!
//! A line quoted in a message exactly as it stood in another log, from its first byte on, is a header here and cuts the
//! message in two. Nothing in the bytes tells it from a record of another process that shares the file: such records
//! have other process ids, and times that run backwards a little (two writers) or far (a clock that was set, an hour
//! that repeats). Taking it for text could lose a record; taking it for a header costs an incident that happened
//! somewhere else, under the signature it has there. Nothing lost goes first. Indented or prefixed quotes, and quotes of
//! weaker forms, never cut.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memrchr};

use crate::header::{self, Form, PROBE_BYTES, Probe};
use crate::level::Level;
use crate::record::kept::{Kept, RecordLimits};
use crate::record::pasted::{Pasted, Span, SpanKind};
use crate::record::skim;

/// Which records are handed out.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum ReadGate {
    /// Every record; the spans tile the input.
    All,
    /// Records of this level or above, and orphan text. The others are passed over.
    AtLeast(Level),
}

/// A place in a file where reading may resume: the start of a record.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Boundary {
    /// Byte offset from the beginning of the file generation.
    pub offset: u64,
    /// 1-based number of the line that begins there (0, the default, is taken as 1).
    pub line: u64,
}

/// What kind of text a `RawRecord` is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum RawKind {
    /// Begins with a header.
    Headed,
    /// A traceback in text without headers (see `RecordReader::with_pasted`), with its message line.
    Pasted,
    /// Lines before the first header, lines that came after their record was flushed, or what stands in a hole.
    Orphan,
}

/// The flushed record that late lines belong to.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Continued {
    /// Byte offset at which that record started.
    pub start: u64,
    /// Its level.
    pub level: Option<Level>,
}

/// One record as it stands in the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawRecord<'a> {
    /// Half-open byte span in the file. Spans tile the input (with `ReadGate::All`).
    pub bytes: Range<u64>,
    /// First and last line, 1-based, inclusive.
    pub lines: (u64, u64),
    /// Exactly the bytes of the span; or, when `truncated`, its head, a line that says how much is left out, its tail.
    pub text: Cow<'a, [u8]>,
    /// Level from the header; `None` for orphans, for pasted tracebacks and for level words Toolkit does not know.
    pub level: Option<Level>,
    /// Record or orphan.
    pub kind: RawKind,
    /// The record was longer than the limits.
    pub truncated: bool,
    /// For orphans that follow a flushed record directly: that record.
    pub continues: Option<Continued>,
}

/// What a reader has seen since it was made. Records are not counted: those below the gate are passed over without being
/// told apart.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct ReadCounts {
    /// The strongest form of header seen; `None` when there was no header.
    pub form: Option<Form>,
    /// Lines begun, the unfinished last one included.
    pub lines: u64,
    /// Bytes fed.
    pub bytes: u64,
    /// Lines that belong to no record: before the first header, after a flush, in a hole.
    pub orphan_lines: u64,
}

/// Where the next byte stands in its line.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Place {
    /// At the beginning; the undecided beginning may be in `carry`.
    Start,
    /// In a line that has been nothing but NUL bytes so far.
    Hole,
    /// In a line of which it is known whether it starts a record.
    Inside,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Kind {
    Headed(Option<Level>),
    Orphan(Option<Continued>),
    /// Late lines of a flushed record that was below the gate: as uninteresting as the record.
    Tail,
}

/// The record that has begun and not ended.
#[derive(Copy, Clone, Debug)]
struct Open {
    start: u64,
    line: u64,
    kind: Kind,
    keep: bool,
}

/// Turns the bytes of one file generation into records. See the module text for the rules.
#[derive(Debug)]
pub struct RecordReader {
    gate: ReadGate,
    offset: u64,
    line: u64,
    began: Boundary,
    place: Place,
    carry: Vec<u8>,
    open: Option<Open>,
    kept: Kept,
    /// Looks through text that no header came before.
    pasted: Option<Box<Pasted>>,
    tracebacks: bool,
    /// What lines without a header belong to while no record is open.
    late: Kind,
    strongest: Option<Form>,
    orphan_lines: u64,
}

impl RecordReader {
    /// A reader at the beginning of a file.
    pub fn new(limits: RecordLimits, gate: ReadGate) -> Self {
        Self::resume(limits, gate, Boundary { offset: 0, line: 1 })
    }

    /// A reader that continues where an earlier one's `boundary` was.
    pub fn resume(limits: RecordLimits, gate: ReadGate, at: Boundary) -> Self {
        let at = Boundary { offset: at.offset, line: at.line.max(1) };
        RecordReader {
            gate,
            offset: at.offset,
            line: at.line,
            began: at,
            place: Place::Start,
            carry: Vec::new(),
            open: None,
            kept: Kept::new(limits),
            pasted: None,
            tracebacks: false,
            late: Kind::Orphan(None),
            strongest: None,
            orphan_lines: 0,
        }
    }

    /// A reader that takes tracebacks in text before the first header for incidents (`RawKind::Pasted`).
    ///
    /// For what people hand in: a traceback copied from a console, a mail. Not for following a log, where text before the
    /// first header is the rest of a record that somebody else has seen.
    #[must_use]
    pub fn with_pasted(mut self) -> Self {
        self.tracebacks = true;
        self
    }

    /// Takes the next bytes of the file and hands out every record that ends in them.
    pub fn feed(&mut self, bytes: &[u8], sink: &mut dyn FnMut(RawRecord<'_>)) {
        let mut feed = Feed { bytes, base: self.offset, at: 0, kept_from: 0 };
        if !self.carry.is_empty() {
            self.finish_carry(&mut feed, sink);
        }
        if self.place != Place::Start && feed.at < bytes.len() {
            // The rest of a line whose beginning was flushed.
            self.continue_at(&mut feed, 0);
        }
        while feed.at < bytes.len() {
            match self.place {
                Place::Start => self.read_lines(&mut feed, sink),
                Place::Inside => match memchr(b'\n', &bytes[feed.at..]) {
                    Some(newline) => self.end_line(&mut feed, newline),
                    None => feed.at = bytes.len(),
                },
                Place::Hole => self.read_hole(&mut feed),
            }
        }
        let undecided = self.carry.len().min(bytes.len() - feed.kept_from);
        self.keep(&bytes[feed.kept_from..bytes.len() - undecided], sink);
        self.offset = feed.base + bytes.len() as u64;
    }

    /// The file has been quiet, or has ended: what is unfinished is whole now.
    ///
    /// Lines that still come for it are handed out as orphans. The beginning of a line that may yet become a header is
    /// handed out on its own, never glued to the record before it; so rather wait while `pending_is_terminated` is false.
    pub fn flush(&mut self, sink: &mut dyn FnMut(RawRecord<'_>)) {
        let end = Feed { bytes: &[], base: self.offset, at: 0, kept_from: 0 };
        if !self.carry.is_empty() {
            let start = self.offset - self.carry.len() as u64;
            self.close(&Feed { base: start, ..end }, 0, Next::Pause, sink);
            self.late = Kind::Orphan(None);
            self.begin(start, self.late);
            let carry = std::mem::take(&mut self.carry);
            self.keep(&carry, sink);
            self.place = Place::Inside;
        }
        let Some(open) = self.open else { return };
        let gated = !open.keep && self.place == Place::Start;
        self.close(&end, 0, Next::Pause, sink);
        self.late = match open.kind {
            Kind::Headed(_) | Kind::Tail if gated => Kind::Tail,
            Kind::Headed(level) => Kind::Orphan(Some(Continued { start: open.start, level })),
            Kind::Orphan(continued) => Kind::Orphan(continued),
            Kind::Tail => Kind::Orphan(None),
        };
    }

    /// Start of the unfinished record, or the end of what was read: the only place a reader may resume from.
    pub fn boundary(&self) -> Boundary {
        match self.open {
            Some(_) if let Some(pasted) = self.in_pasted() => pasted.boundary(),
            Some(open) => Boundary { offset: open.start, line: open.line },
            None => Boundary { offset: self.offset - self.carry.len() as u64, line: self.line },
        }
    }

    /// Whether something unfinished is there that `flush` would end.
    pub fn has_pending(&self) -> bool {
        self.open.is_some() || !self.carry.is_empty()
    }

    /// Whether `flush` would hand something out; false while the unfinished record is below the gate.
    pub fn pending_passes_gate(&self) -> bool {
        self.open.is_some_and(|open| open.keep) || !self.carry.is_empty()
    }

    /// Whether the last byte read was a newline (or nothing was read).
    pub fn pending_is_terminated(&self) -> bool {
        self.place == Place::Start && self.carry.is_empty()
    }

    /// What has been seen so far.
    pub fn counts(&self) -> ReadCounts {
        ReadCounts {
            form: self.strongest,
            lines: self.line - self.began.line + u64::from(!self.pending_is_terminated()),
            bytes: self.offset - self.began.offset,
            orphan_lines: self.orphan_lines,
        }
    }

    /// The hot loop: whole lines from the beginning of a line on, then what is left of the piece.
    fn read_lines(&mut self, feed: &mut Feed<'_>, sink: &mut dyn FnMut(RawRecord<'_>)) {
        let bytes = feed.bytes;
        let mut start = feed.at;
        let end = memrchr(b'\n', &bytes[start..]).map_or(start, |newline| start + newline + 1);
        while start < end {
            if bytes[start] == 0 {
                feed.at = start;
                return self.enter_hole(feed, sink);
            }
            let passed = self.skim(&bytes[..end], start, feed.base);
            if passed > start {
                start = passed;
                continue;
            }
            let newline = memchr(b'\n', &bytes[start..end]).map_or(end - 1, |newline| start + newline);
            let line = &bytes[start..newline];
            match bytes[start] {
                b'0'..=b'9' if !header::may_start_with_time(line) => self.continue_at(feed, start),
                b'0'..=b'9' | b'[' | 0xEF => {
                    let probe = header::probe_usual(line).unwrap_or_else(|| header::probe(line, true));
                    self.decide(feed, start, probe, sink);
                }
                _ => self.continue_at(feed, start),
            }
            start = newline + 1;
            self.line += 1;
        }
        feed.at = start;
        match bytes.get(start) {
            None => {}
            Some(0) => self.enter_hole(feed, sink),
            Some(_) => {
                let probe = header::probe(&bytes[start..], false);
                if probe == Probe::Undecided {
                    self.carry.extend_from_slice(&bytes[start..]);
                } else {
                    self.decide(feed, start, probe, sink);
                    self.place = Place::Inside;
                }
                feed.at = bytes.len();
            }
        }
    }

    /// Passes over lines while a record below the gate is open; returns where to read on. See `skim`.
    #[inline]
    fn skim(&mut self, lines: &[u8], start: usize, base: u64) -> usize {
        let (ReadGate::AtLeast(gate), Some(Form::Standard)) = (self.gate, self.strongest) else {
            return start;
        };
        if !matches!(self.open, Some(Open { kind: Kind::Headed(_), keep: false, .. })) {
            return start;
        }
        let Some(skimmed) = skim::skim(lines, start, gate) else { return start };
        self.line += skimmed.lines;
        if skimmed.to == lines.len()
            && let Some((at, after, level)) = skim::last_header(&lines[start..])
        {
            // Nothing more in this piece: the record a reader may resume from is the last one that began.
            let (start, line) = (base + (start + at) as u64, self.line - after);
            self.open = Some(Open { start, line, kind: Kind::Headed(level), keep: false });
        }
        skimmed.to
    }

    /// Adds bytes to an undecided beginning of a line until it is decided or the piece is used up.
    fn finish_carry(&mut self, feed: &mut Feed<'_>, sink: &mut dyn FnMut(RawRecord<'_>)) {
        let carried = self.carry.len();
        let more = &feed.bytes[..feed.bytes.len().min(PROBE_BYTES.saturating_sub(carried))];
        let newline = memchr(b'\n', more);
        let taken = newline.unwrap_or(more.len());
        self.carry.extend_from_slice(&more[..taken]);
        feed.at = taken;
        feed.kept_from = taken;
        let probe = header::probe(&self.carry, newline.is_some());
        if probe == Probe::Undecided && self.carry.len() < PROBE_BYTES {
            // Everything of this piece went into the carry.
            return;
        }
        let start = feed.base - carried as u64;
        match probe {
            Probe::Header(form, level) if self.accepts(form) => {
                self.close(&Feed { bytes: &[], base: start, at: 0, kept_from: 0 }, 0, Next::Header, sink);
                self.begin_record(start, form, level);
            }
            _ if self.open.is_none() => self.begin(start, self.late),
            _ => {}
        }
        let mut carry = std::mem::take(&mut self.carry);
        self.keep(&carry, sink);
        carry.clear();
        self.carry = carry;
        self.place = Place::Inside;
    }

    fn read_hole(&mut self, feed: &mut Feed<'_>) {
        match feed.bytes[feed.at..].iter().position(|byte| *byte != 0) {
            None => feed.at = feed.bytes.len(),
            Some(run) if feed.bytes[feed.at + run] == b'\n' => self.end_line(feed, run),
            Some(run) => {
                feed.at += run;
                self.place = Place::Start;
            }
        }
    }

    fn enter_hole(&mut self, feed: &mut Feed<'_>, sink: &mut dyn FnMut(RawRecord<'_>)) {
        if !matches!(self.open, Some(Open { kind: Kind::Orphan(_), .. })) {
            self.close(feed, feed.at, Next::Pause, sink);
            feed.kept_from = feed.at;
            self.begin(feed.base + feed.at as u64, Kind::Orphan(None));
        }
        self.place = Place::Hole;
    }

    fn end_line(&mut self, feed: &mut Feed<'_>, newline: usize) {
        feed.at += newline + 1;
        self.line += 1;
        self.place = Place::Start;
    }

    fn decide(
        &mut self,
        feed: &mut Feed<'_>,
        start: usize,
        probe: Probe,
        sink: &mut dyn FnMut(RawRecord<'_>),
    ) {
        match probe {
            Probe::Header(form, level) if self.accepts(form) => {
                self.close(feed, start, Next::Header, sink);
                feed.kept_from = start;
                self.begin_record(feed.base + start as u64, form, level);
            }
            _ => self.continue_at(feed, start),
        }
    }

    #[inline]
    fn continue_at(&mut self, feed: &mut Feed<'_>, start: usize) {
        if self.open.is_none() {
            feed.kept_from = start;
            self.begin(feed.base + start as u64, self.late);
        }
    }

    /// The one that looks through the open text, if no header came before it.
    fn in_pasted(&self) -> Option<&Pasted> {
        let text = matches!(self.open, Some(Open { kind: Kind::Orphan(_), .. })) && self.strongest.is_none();
        self.pasted.as_deref().filter(|_| text)
    }

    /// Keeps bytes of the open record.
    fn keep(&mut self, bytes: &[u8], sink: &mut dyn FnMut(RawRecord<'_>)) {
        if self.in_pasted().is_some() {
            self.with_spans(sink, |pasted, spans| pasted.push(bytes, spans));
        } else if self.open.is_some_and(|open| open.keep) {
            self.kept.push(bytes);
        }
    }

    fn with_spans(
        &mut self,
        sink: &mut dyn FnMut(RawRecord<'_>),
        work: impl FnOnce(&mut Pasted, &mut dyn FnMut(Span<'_>)),
    ) {
        let Some(mut pasted) = self.pasted.take() else { return };
        work(&mut pasted, &mut |span| self.hand_out(span, sink));
        self.pasted = Some(pasted);
    }

    fn hand_out(&mut self, span: Span<'_>, sink: &mut dyn FnMut(RawRecord<'_>)) {
        let continues = match self.open {
            Some(Open { kind: Kind::Orphan(continued), .. }) => continued,
            _ => None,
        };
        let (kind, level, continues) = match span.kind {
            SpanKind::Prose => (RawKind::Orphan, None, continues),
            SpanKind::Traceback => (RawKind::Pasted, None, None),
            SpanKind::Script(level) => (RawKind::Headed, Some(level), None),
        };
        if let (Some(level), ReadGate::AtLeast(least)) = (level, self.gate)
            && level < least
        {
            return;
        }
        if kind == RawKind::Orphan {
            self.orphan_lines += span.lines.1 + 1 - span.lines.0;
        }
        sink(RawRecord {
            bytes: span.bytes,
            lines: span.lines,
            text: span.text,
            level,
            kind,
            truncated: span.truncated,
            continues,
        });
    }

    fn accepts(&self, form: Form) -> bool {
        self.strongest.is_none_or(|strongest| form >= strongest)
    }

    fn begin_record(&mut self, start: u64, form: Form, level: Option<Level>) {
        self.strongest = Some(form);
        self.begin(start, Kind::Headed(level));
    }

    fn begin(&mut self, start: u64, kind: Kind) {
        let keep = match (self.gate, kind) {
            (_, Kind::Tail) => false,
            (ReadGate::All, _) | (_, Kind::Orphan(_)) => true,
            (ReadGate::AtLeast(least), Kind::Headed(level)) => level.is_some_and(|level| level >= least),
        };
        self.open = Some(Open { start, line: self.line, kind, keep });
        if self.strongest.is_none() && matches!(kind, Kind::Orphan(_)) {
            let (limits, tracebacks) = (self.kept.limits(), self.tracebacks);
            let pasted = self.pasted.get_or_insert_with(|| Box::new(Pasted::new(limits, tracebacks)));
            pasted.begin(Boundary { offset: start, line: self.line }, self.place == Place::Inside);
        }
    }

    /// Ends the open record `end` bytes into the piece and hands it out if it passes.
    fn close(&mut self, feed: &Feed<'_>, end: usize, next: Next, sink: &mut dyn FnMut(RawRecord<'_>)) {
        if self.in_pasted().is_some() {
            self.keep(&feed.bytes[feed.kept_from.min(end)..end], sink);
            self.with_spans(sink, |pasted, spans| pasted.finish(next == Next::Header, spans));
            self.open = None;
            return;
        }
        let Some(open) = self.open.take() else { return };
        if !open.keep {
            if open.kind == Kind::Tail {
                self.orphan_lines += self.line - open.line;
            }
            return;
        }
        let slice = &feed.bytes[feed.kept_from.min(end)..end];
        let ends_line = slice.last().copied().or(self.kept.last()) == Some(b'\n');
        let last_line = self.line - u64::from(ends_line);
        let (level, kind, continues) = match open.kind {
            Kind::Headed(level) => (level, RawKind::Headed, None),
            Kind::Orphan(continued) => (None, RawKind::Orphan, continued),
            Kind::Tail => (None, RawKind::Orphan, None),
        };
        if kind == RawKind::Orphan {
            self.orphan_lines += last_line + 1 - open.line;
        }
        let (text, truncated) = self.kept.finish(slice);
        sink(RawRecord {
            bytes: open.start..feed.base + end as u64,
            lines: (open.line, last_line),
            text,
            level,
            kind,
            truncated,
            continues,
        });
        self.kept.clear();
    }
}

/// What comes behind an ended record.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Next {
    Header,
    /// Nothing yet, or a hole.
    Pause,
}

/// One piece of the file while it is being read.
struct Feed<'b> {
    bytes: &'b [u8],
    /// Offset of the first byte in the file.
    base: u64,
    /// Next byte to look at.
    at: usize,
    /// From here on, bytes of the open record are not in `kept` yet.
    kept_from: usize,
}
