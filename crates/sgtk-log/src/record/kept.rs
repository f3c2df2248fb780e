//! The bytes of a record that arrives in pieces, bounded: a long record keeps its head and its tail.

use std::borrow::Cow;

/// How much of one record is kept. A longer record keeps its first `head_bytes` and its last `tail_bytes`.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct RecordLimits {
    /// Bytes kept from the beginning.
    pub head_bytes: usize,
    /// Bytes kept from the end.
    pub tail_bytes: usize,
}

impl RecordLimits {
    fn total(self) -> usize {
        self.head_bytes.saturating_add(self.tail_bytes)
    }
}

impl Default for RecordLimits {
    /// 256 KiB: 128 KiB from the beginning and 128 KiB from the end.
    fn default() -> Self {
        RecordLimits { head_bytes: 128 * 1024, tail_bytes: 128 * 1024 }
    }
}

/// Buffers larger than this are given back when a record is done.
const BUFFER_WORTH_KEEPING_BYTES: usize = 16 * 1024;

#[derive(Debug)]
pub(crate) struct Kept {
    limits: RecordLimits,
    /// The whole record while it fits the limits, afterwards its head.
    head: Vec<u8>,
    /// At least the last `tail_bytes` once the record is over the limits.
    tail: Vec<u8>,
    total_bytes: u64,
    last: Option<u8>,
}

impl Kept {
    pub(crate) fn new(limits: RecordLimits) -> Self {
        Kept { limits, head: Vec::new(), tail: Vec::new(), total_bytes: 0, last: None }
    }

    pub(crate) fn limits(&self) -> RecordLimits {
        self.limits
    }

    fn is_cut(&self) -> bool {
        self.total_bytes > self.limits.total() as u64
    }

    /// The last byte pushed.
    pub(crate) fn last(&self) -> Option<u8> {
        self.last
    }

    pub(crate) fn push(&mut self, piece: &[u8]) {
        let was_cut = self.is_cut();
        self.last = piece.last().copied().or(self.last);
        self.total_bytes += piece.len() as u64;
        if !self.is_cut() {
            self.head.extend_from_slice(piece);
            return;
        }
        let mut rest = piece;
        if !was_cut {
            if self.head.len() > self.limits.head_bytes {
                self.tail = self.head.split_off(self.limits.head_bytes);
            } else {
                let (to_head, after) = piece.split_at(self.limits.head_bytes - self.head.len());
                self.head.extend_from_slice(to_head);
                rest = after;
            }
        }
        self.push_tail(rest);
    }

    fn push_tail(&mut self, piece: &[u8]) {
        let most = self.limits.tail_bytes;
        if piece.len() >= most {
            self.tail.clear();
            self.tail.extend_from_slice(&piece[piece.len() - most..]);
            return;
        }
        self.tail.extend_from_slice(piece);
        // Dropping in large steps keeps the cost per byte constant.
        if self.tail.len() > most.saturating_mul(2) {
            self.tail.drain(..self.tail.len() - most);
        }
    }

    /// The text of the record that ends with `last`, and whether it was cut.
    pub(crate) fn finish<'a>(&'a mut self, last: &'a [u8]) -> (Cow<'a, [u8]>, bool) {
        if self.total_bytes == 0 && last.len() <= self.limits.total() {
            return (Cow::Borrowed(last), false);
        }
        self.push(last);
        if !self.is_cut() {
            return (Cow::Borrowed(&self.head), false);
        }
        let tail = &self.tail[self.tail.len().saturating_sub(self.limits.tail_bytes)..];
        let left_out = self.total_bytes - (self.head.len() + tail.len()) as u64;
        let mark = format!("\n[... {left_out} bytes left out ...]\n");
        let mut text = Vec::with_capacity(self.head.len() + mark.len() + tail.len());
        text.extend_from_slice(&self.head);
        text.extend_from_slice(mark.as_bytes());
        text.extend_from_slice(tail);
        (Cow::Owned(text), true)
    }

    pub(crate) fn clear(&mut self) {
        self.total_bytes = 0;
        self.last = None;
        self.head.clear();
        self.tail.clear();
        self.head.shrink_to(BUFFER_WORTH_KEEPING_BYTES);
        self.tail.shrink_to(BUFFER_WORTH_KEEPING_BYTES);
    }
}
