//! Text without record headers, cut into incidents: a traceback copied from a console, several of them with prose in
//! between, a quoted mail, the script editor of Maya.
//!
//! Owns the rule where an incident begins and ends in such text. An incident is a traceback with those chained to it and
//! the message line right before it; or a bare exception line; or what the script editor or a console marks as an error.
//! Everything else is prose. Which lines it takes is `shape`'s. Works line by line on the first bytes of each line, holds
//! one line back, keeps no more than the limits,
//! and gives the same spans however the bytes are cut. What the blocks of an incident say is `traceback`'s.
//!
//! All of this is the weakest form: the reader asks here only as long as no header was seen, so what a Toolkit log quotes
//! is never cut by it.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr;

use crate::code_page::CodePage;
use crate::decode::decode;
use crate::header::{self, ScriptMark};
use crate::level::Level;
use crate::record::kept::{Kept, RecordLimits};
use crate::record::reader::Boundary;
use crate::record::shape::{Line, Phase, Shape, Step, introduces};
use crate::traceback::lead;
use crate::traceback::spelling::{self, Spelling};

/// Lines are judged by this much of their beginning.
const LOOK_BYTES: usize = 4096;

/// What a span of such text is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum SpanKind {
    /// Nothing of interest.
    Prose,
    /// A traceback or a bare exception line.
    Traceback,
    /// A record of the script editor.
    Script(Level),
}

/// One span of the text. Spans tile what was pushed.
pub(crate) struct Span<'a> {
    pub(crate) bytes: Range<u64>,
    pub(crate) lines: (u64, u64),
    pub(crate) kind: SpanKind,
    pub(crate) text: Cow<'a, [u8]>,
    pub(crate) truncated: bool,
}

/// Cuts text without headers into spans.
#[derive(Debug)]
pub(crate) struct Pasted {
    /// Whether tracebacks are incidents; else only what the script editor marks.
    tracebacks: bool,
    /// Where the line being read begins.
    line_start: u64,
    line_number: u64,
    /// Its bytes so far, while it is undecided.
    line: Vec<u8>,
    /// The line is decided: what follows of it goes to the span.
    decided: bool,
    /// Behind this many bytes of the line is the next place.
    line_bytes: u64,
    /// The line before, if it may be the message of a traceback that follows. Part of the span, but not in `kept` yet.
    held: Vec<u8>,
    held_margin: usize,
    span_start: u64,
    span_line: u64,
    open: bool,
    shape: Option<Shape>,
    lead: Lead,
    /// Frames in prose that only say where something was logged.
    in_stack: bool,
    kept: Kept,
}

/// What stands before each line of the incident; see `traceback::lead`.
#[derive(Debug)]
enum Lead {
    None,
    /// Before the header of a traceback. The next line tells.
    Offered(String),
    Shared(String),
}

impl Pasted {
    pub(crate) fn new(limits: RecordLimits, tracebacks: bool) -> Self {
        Pasted {
            tracebacks,
            line_start: 0,
            line_number: 1,
            line: Vec::new(),
            decided: false,
            line_bytes: 0,
            held: Vec::new(),
            held_margin: 0,
            span_start: 0,
            span_line: 1,
            open: false,
            shape: None,
            lead: Lead::None,
            in_stack: false,
            kept: Kept::new(limits),
        }
    }

    /// Begins at a place; `inside` says that a line began before it.
    pub(crate) fn begin(&mut self, at: Boundary, inside: bool) {
        self.line_start = at.offset;
        self.line_number = at.line;
        self.line.clear();
        self.line_bytes = 0;
        self.decided = inside;
        self.held.clear();
        self.shape = None;
        self.lead = Lead::None;
        self.in_stack = false;
        self.span_start = at.offset;
        self.span_line = at.line;
        self.open = true;
    }

    /// Start of the unfinished span.
    pub(crate) fn boundary(&self) -> Boundary {
        Boundary { offset: self.span_start, line: self.span_line }
    }

    /// Takes the next bytes and hands out every span that ends in them.
    pub(crate) fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(Span<'_>)) {
        let mut rest = bytes;
        while let Some(first) = rest.first() {
            let fresh = !self.decided && self.line.is_empty();
            if fresh && *first == b'\n' && self.shape.is_none_or(|shape| !shape.closed) {
                let blank = rest.iter().take_while(|byte| **byte == b'\n').count();
                self.pass_blank(&rest[..blank]);
                rest = &rest[blank..];
                continue;
            }
            let newline = memchr(b'\n', rest);
            let (piece, after) = rest.split_at(newline.map_or(rest.len(), |at| at + 1));
            rest = after;
            self.line_bytes += piece.len() as u64;
            if self.decided {
                self.kept.push(piece);
            } else {
                let room = LOOK_BYTES - self.line.len();
                if piece.len() >= room && newline.is_none_or(|at| at >= room) {
                    self.line.extend_from_slice(&piece[..room]);
                    self.decide(true, sink);
                    self.kept.push(&piece[room..]);
                    self.decided = true;
                } else {
                    self.line.extend_from_slice(piece);
                    if newline.is_some() {
                        self.decide(false, sink);
                    }
                }
            }
            if newline.is_some() {
                self.line_start += self.line_bytes;
                self.line_bytes = 0;
                self.line_number += 1;
                self.decided = false;
            }
        }
    }

    /// Empty lines belong to what is open; there can be millions of them.
    fn pass_blank(&mut self, lines: &[u8]) {
        if let Some(shape) = &mut self.shape {
            shape.pass_blank();
        }
        let held = std::mem::take(&mut self.held);
        self.kept.push(&held);
        self.kept.push(lines);
        self.line_start += lines.len() as u64;
        self.line_number += lines.len() as u64;
    }

    /// The text ends here. Before a header an exception line alone is no incident: it is the end of a record whose
    /// beginning was cut off.
    pub(crate) fn finish(&mut self, before_header: bool, sink: &mut dyn FnMut(Span<'_>)) {
        if !self.open {
            return;
        }
        if !self.line.is_empty() {
            self.decide(false, sink);
        }
        if before_header && self.shape.is_some_and(|shape| shape.bare) {
            self.shape = None;
        }
        let held = std::mem::take(&mut self.held);
        self.kept.push(&held);
        let last_line = self.line_number - u64::from(self.line_bytes == 0);
        self.end_span(self.line_start + self.line_bytes, last_line, sink);
        self.open = false;
    }

    fn end_span(&mut self, end: u64, last_line: u64, sink: &mut dyn FnMut(Span<'_>)) {
        let shape = self.shape.take();
        self.lead = Lead::None;
        if end == self.span_start {
            return;
        }
        let kind = match shape {
            None => SpanKind::Prose,
            Some(Shape { script: Some((_, level)), .. }) => SpanKind::Script(level),
            Some(_) => SpanKind::Traceback,
        };
        let (text, truncated) = self.kept.finish(&[]);
        sink(Span { bytes: self.span_start..end, lines: (self.span_line, last_line), kind, text, truncated });
        self.kept.clear();
    }

    /// Ends the span before the line, and begins another there.
    fn cut(&mut self, sink: &mut dyn FnMut(Span<'_>)) {
        let held = std::mem::take(&mut self.held);
        self.kept.push(&held);
        self.end_span(self.line_start, self.line_number - 1, sink);
        self.span_start = self.line_start;
        self.span_line = self.line_number;
        self.in_stack = false;
    }

    /// Begins an incident with the line, and with the one before it if that is its message.
    fn begin_incident(&mut self, with_held: bool, shape: Shape, sink: &mut dyn FnMut(Span<'_>)) {
        if with_held && !self.held.is_empty() && self.held_margin == shape.margin {
            let held = std::mem::take(&mut self.held);
            let start = self.line_start - held.len() as u64;
            self.end_span(start, self.line_number - 2, sink);
            self.span_start = start;
            self.span_line = self.line_number - 1;
            self.in_stack = false;
            self.kept.push(&held);
        } else {
            self.cut(sink);
        }
        self.shape = Some(shape);
    }

    /// Judges the line by what is there of it, and adds it to the span it belongs to.
    fn decide(&mut self, long: bool, sink: &mut dyn FnMut(Span<'_>)) {
        let line = std::mem::take(&mut self.line);
        let text = spelling::plain_blanks(decode(&line, CodePage::NONE));
        let (margin, inner) = spelling::unquote(text.trim_end());
        let inner = spelling::without_ticks(inner);
        let hold = self.place(margin, inner, sink) && !long;
        let held = std::mem::take(&mut self.held);
        self.kept.push(&held);
        if hold {
            self.held = line;
            self.held_margin = margin;
            self.line = held;
            self.line.clear();
        } else {
            self.kept.push(&line);
            self.line = line;
            self.line.clear();
        }
    }

    /// Finds the span a line belongs to; whether it may be the message of a traceback that follows.
    fn place(&mut self, margin: usize, inner: &str, sink: &mut dyn FnMut(Span<'_>)) -> bool {
        let line = Line::new(margin, inner);
        if let Some(mut shape) = self.shape {
            let step = match self.without_lead(inner, &mut shape) {
                Some(rest) if rest.len() < inner.len() => shape.step(&Line::new(margin, rest)),
                Some(_) => shape.step(&line),
                None => Step::Ended,
            };
            match step {
                Step::GoesOn { hold } => {
                    if line.spelling == Spelling::Header && !shape.framed && shape.is_of_console() {
                        self.offer_lead(&line);
                    }
                    self.shape = Some(shape);
                    return hold;
                }
                Step::Another => {
                    let Some(next) = self.beginning(&line) else {
                        self.cut(sink);
                        self.in_stack = line.spelling == Spelling::Stack;
                        return line.is_message();
                    };
                    self.begin_with(next, &line, sink);
                    return false;
                }
                Step::Ended => self.cut(sink),
            }
        }
        match self.beginning(&line) {
            Some(shape) => {
                self.begin_with(shape, &line, sink);
                false
            }
            None => line.is_message(),
        }
    }

    fn begin_with(&mut self, shape: Shape, line: &Line<'_>, sink: &mut dyn FnMut(Span<'_>)) {
        let header = line.spelling == Spelling::Header;
        // Of a log whose lines have something before them, the line before is any line; and the source of a frame that was
        // not copied is no message.
        let of_another = header && line.leads_with_text() || !header && self.held.starts_with(b" ");
        self.begin_incident(shape.has_block && !of_another, shape, sink);
        if header && shape.script.is_none() {
            self.offer_lead(line);
        }
    }

    fn offer_lead(&mut self, line: &Line<'_>) {
        if let (Lead::None, Some(before)) = (&self.lead, lead::offered(line.inner)) {
            self.lead = Lead::Offered(before.to_owned());
        }
    }

    /// The line without what stands before each line of the incident; `None` if that is not there.
    fn without_lead<'l>(&mut self, inner: &'l str, shape: &mut Shape) -> Option<&'l str> {
        if let Lead::Offered(before) = &self.lead {
            self.lead = match lead::shared(before, inner) {
                Some(lead) => {
                    shape.led = !lead.trim().is_empty();
                    Lead::Shared(lead.to_owned())
                }
                None => Lead::None,
            };
        }
        match &self.lead {
            Lead::Shared(lead) => lead::cut(inner, lead),
            _ => Some(inner),
        }
    }

    /// The incident that begins with a line, if one does.
    fn beginning(&mut self, line: &Line<'_>) -> Option<Shape> {
        let Line { margin, inner, hashed, plain, spelling } = *line;
        let mut shape = Shape::new(margin);
        // A reader that follows a log believes only what stands there, not what is quoted.
        if let Some((mark, level, at)) = header::script_header(inner)
            && (self.tracebacks || margin == 0)
        {
            shape.script = Some((mark, level));
            shape.closed = mark.closes(&inner[at..]);
            return Some(shape);
        }
        if !self.tracebacks {
            return None;
        }
        if spelling != Spelling::Header
            && let Some((level, _)) = header::console_header(inner)
        {
            shape.script = Some((ScriptMark::None, level));
            return (level >= Level::Warning).then_some(shape);
        }
        if hashed && spelling != Spelling::Header {
            // Maya prefixes the lines of a traceback; anything else behind `#` is a comment or a root's prompt.
            return None;
        }
        if spelling != Spelling::Frame && spelling != Spelling::Indented && spelling != Spelling::Blank {
            self.in_stack = spelling == Spelling::Stack;
        }
        match spelling {
            Spelling::Header => {
                shape.phase = Phase::Frames;
                shape.group = spelling::is_group_header(plain);
                shape.has_block = true;
            }
            Spelling::Frame if !self.in_stack => {
                shape.phase = Phase::Frames;
                shape.framed = true;
                shape.has_block = true;
                shape.flush = !plain.starts_with([' ', '\t']);
            }
            // The other lines of the fault handler say something only behind the first.
            Spelling::Fault if spelling::is_fault_lead(plain) || plain.ends_with(spelling::FIRST) => {
                shape.phase = Phase::Fault;
                shape.has_block = true;
            }
            Spelling::Folded => shape.phase = Phase::After,
            Spelling::Raised if spelling::is_bare_exception(plain) => {
                shape.bare = true;
                shape.introduces = introduces(plain);
            }
            _ => return None,
        }
        Some(shape)
    }
}
