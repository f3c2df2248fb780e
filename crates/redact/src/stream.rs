//! Redaction of what comes in pieces, in constant memory, with exactly the outcome of redacting the whole.

use std::borrow::Cow;

use memchr::{memchr, memrchr};

use crate::Redactor;
use crate::counts::RuleCounts;
use crate::long_line::{HEAD_BYTES, MOST_BYTES};
use crate::pass::Carry;
use crate::placeholder::Style;

/// Bytes that a character at the end of the kept beginning of a line may need.
const EDGE_BYTES: usize = 16;

/// Redacts bytes that come in pieces, cut anywhere.
///
/// Whole lines are redacted as soon as they are there. At most one line of 256 KiB is held; of a longer one the
/// beginning is kept and the rest is passed over, as [`Redactor::redact`] does it too.
pub struct StreamRedactor<'r> {
    redactor: &'r Redactor,
    decode: &'r dyn Fn(&[u8]) -> Cow<'_, str>,
    style: Style,
    carry: Carry,
    counts: RuleCounts,
    /// The beginning of a line whose end has not come yet.
    pending: Vec<u8>,
    /// The line is too long: `pending` holds all that is kept of it.
    passing_over: bool,
}

impl<'r> StreamRedactor<'r> {
    pub(crate) fn new(
        redactor: &'r Redactor,
        style: Style,
        carry: Carry,
        decode: &'r dyn Fn(&[u8]) -> Cow<'_, str>,
    ) -> StreamRedactor<'r> {
        StreamRedactor {
            redactor,
            decode,
            style,
            carry,
            counts: RuleCounts::default(),
            pending: Vec::new(),
            passing_over: false,
        }
    }

    /// Takes the next bytes and appends what is settled by now.
    pub fn feed(&mut self, mut bytes: &[u8], out: &mut String) {
        while !bytes.is_empty() {
            if self.passing_over {
                let Some(end) = memchr(b'\n', bytes) else { return };
                bytes = &bytes[end + 1..];
                self.long_line("\n", out);
                continue;
            }
            let (piece, rest) = bytes.split_at(bytes.len().min(MOST_BYTES));
            bytes = rest;
            self.piece(piece, out);
        }
    }

    /// Takes the end: what was held is a line, too. Returns what was taken out, by rule.
    pub fn finish(mut self, out: &mut String) -> RuleCounts {
        if self.passing_over {
            self.long_line("", out);
        } else if !self.pending.is_empty() {
            let last = std::mem::take(&mut self.pending);
            self.lines(&last, out);
        }
        self.counts
    }

    fn piece(&mut self, piece: &[u8], out: &mut String) {
        match memrchr(b'\n', piece) {
            Some(end) => {
                let whole = if self.pending.is_empty() {
                    Cow::Borrowed(&piece[..=end])
                } else {
                    self.pending.extend_from_slice(&piece[..=end]);
                    Cow::Owned(std::mem::take(&mut self.pending))
                };
                self.lines(&whole, out);
                self.pending.extend_from_slice(&piece[end + 1..]);
            }
            None => self.pending.extend_from_slice(piece),
        }
        if self.pending.len() > MOST_BYTES {
            self.pending.truncate(HEAD_BYTES + EDGE_BYTES);
            self.passing_over = true;
        }
    }

    fn lines(&mut self, bytes: &[u8], out: &mut String) {
        let text = (self.decode)(bytes);
        self.text(&text, out);
    }

    fn long_line(&mut self, line_end: &str, out: &mut String) {
        let head = std::mem::take(&mut self.pending);
        self.passing_over = false;
        let text = (self.decode)(&head);
        let head = &text[..text.floor_char_boundary(HEAD_BYTES)];
        let mut line = self.redactor.rules.long_line(head, self.style, &mut self.counts);
        line.push_str(line_end);
        self.text(&line, out);
    }

    fn text(&mut self, text: &str, out: &mut String) {
        match self.redactor.rules.pass(text, self.style, &mut self.carry, &mut self.counts) {
            Some(changed) => out.push_str(&changed),
            None => out.push_str(text),
        }
    }
}
