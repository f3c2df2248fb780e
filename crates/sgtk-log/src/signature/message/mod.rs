//! A message without what changes from one occurrence to the next.
//!
//! The input is redacted text: one line, the innermost reason (`innermost`). It is read once from left to right; at each
//! place the piece that stands there is recognised as a whole (`address`, `quoted`, `word`) and replaced by a placeholder
//! such as `<path>`, or kept. No regular expressions: every piece is looked at a bounded number of times, whatever
//! the text. Part of the signature algorithm: a change here is a new algorithm name.

mod address;
pub(crate) mod innermost;
mod noun;
mod number;
mod output;
mod quoted;
mod word;

use std::cell::RefCell;

pub use output::Replacement;

use innermost::cap;
use noun::Noun;
use output::Output;

use super::code;
use super::words::ContextWords;

/// A reason is one line of at most this size before normalisation.
const MOST_LINE_BYTES: usize = 1024;

/// Normalises lines: placeholders for what varies, single blanks, lower case, at most 200 characters.
pub(crate) struct Normaliser<'w> {
    /// Words of the work at hand.
    pub(crate) words: &'w ContextWords,
    /// Every line that was normalised, when someone wants to know.
    notes: Option<RefCell<Vec<Normalised>>>,
}

/// A line before and after normalisation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Normalised {
    /// The innermost reason of a text, as logged.
    pub before: String,
    /// What of it became part of the signature.
    pub after: String,
    /// What was replaced, from left to right.
    pub replaced: Vec<Replacement>,
}

impl<'w> Normaliser<'w> {
    /// One that only normalises.
    pub(crate) fn new(words: &'w ContextWords) -> Self {
        Normaliser { words, notes: None }
    }

    /// One that also keeps what it did.
    pub(crate) fn noting(words: &'w ContextWords) -> Self {
        Normaliser { words, notes: Some(RefCell::default()) }
    }

    /// What was noted, in order.
    pub(crate) fn into_notes(self) -> Vec<Normalised> {
        self.notes.map(RefCell::into_inner).unwrap_or_default()
    }

    /// Normalises one line.
    pub(crate) fn normalise(&self, line: &str) -> String {
        let text = cap(line, MOST_LINE_BYTES).trim();
        let out = Output::new(text.len(), self.notes.is_some());
        let mut scan = Scan { text, at: 0, words: self.words, out, unclosed: [false; 3], noun: Noun::None };
        while scan.at < scan.text.len() && !scan.out.is_full() {
            scan.step();
        }
        let (after, replaced) = scan.out.finish();
        if let Some(notes) = &self.notes {
            notes.borrow_mut().push(Normalised { before: line.to_owned(), after: after.clone(), replaced });
        }
        after
    }
}

/// A place in the line, what was made of everything before it, and what is known of the rest.
struct Scan<'t, 'w> {
    text: &'t str,
    /// Where the next piece begins; always between two characters.
    at: usize,
    words: &'w ContextWords,
    out: Output,
    /// No further quotation closes with this quote (`'`, `"`, `` ` ``).
    unclosed: [bool; 3],
    /// What the word before says of a name here.
    noun: Noun,
}

impl<'t> Scan<'t, '_> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// What is left from a place on.
    fn rest(&self, at: usize) -> &'t [u8] {
        &self.text.as_bytes()[at..]
    }

    /// Reads one piece.
    fn step(&mut self) {
        let first = self.text.as_bytes()[self.at];
        match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => self.word(),
            b'\'' | b'"' | b'`' => self.quoted(first, false),
            b'<' => self.angle(),
            b'{' => self.braces(),
            b'[' | b'(' => self.bracket(),
            b'/' | b'~' | b'\\' | b'%' | b'$' => self.path(first),
            b'#' => self.hashes(),
            b'-' | b'+' => self.sign(),
            0..=b' ' | 0x7F => {
                self.out.blank();
                self.at += 1;
            }
            0x80.. => self.character(),
            b'|' if let Some(end) = self.scene_path() => self.put_to(end, "named", "<name>"),
            _ => {
                if !matches!(first, b':' | b'=' | b',') {
                    self.noun = Noun::None;
                }
                self.literal_to(self.at + 1);
            }
        }
    }

    /// Keeps everything up to a place as it is.
    fn literal_to(&mut self, end: usize) {
        self.out.literal(&self.text[self.at..end]);
        self.at = end;
    }

    /// Puts a placeholder for everything up to a place.
    fn put_to(&mut self, end: usize, rule: &'static str, placeholder: &str) {
        self.out.put(rule, &self.text[self.at..end], placeholder);
        self.at = end;
    }

    /// A character outside ASCII: a letter of another script, or punctuation.
    fn character(&mut self) {
        if self.context_word() {
            return;
        }
        let c = self.text[self.at..].chars().next().unwrap_or(' ');
        if self.curled(c) {
            return;
        }
        if c.is_whitespace() || c.is_control() {
            self.out.blank();
            self.at += c.len_utf8();
        } else {
            self.literal_to(self.at + c.len_utf8());
        }
    }

    /// A word of the work at hand that stands here as a whole.
    fn context_word(&mut self) -> bool {
        let Some(length) = self.words.at(self.text, self.at) else { return false };
        self.put_to(self.at + length, "context", "<name>");
        true
    }

    /// Codes of the system in brackets, and addresses in C sources.
    ///
    /// `[Errno 13]`, `[WinError 5]` and `[SSL: REASON]` are followed by the system's own words, localised and with
    /// paths: the code says it all.
    fn bracket(&mut self) {
        let rest = &self.text[self.at..];
        if let Some(code) = code::bracketed(rest) {
            self.out.put("code", rest, &code);
            self.at = self.text.len();
        } else if let Some(after) = rest.strip_prefix("(_ssl.c:")
            && let Some(close) = after.bytes().position(|b| !b.is_ascii_digit())
            && after.as_bytes()[close] == b')'
        {
            self.at += "(_ssl.c:".len() + close + 1;
        } else {
            self.literal_to(self.at + 1);
        }
    }

    /// `####`, the frame of a sequence.
    fn hashes(&mut self) {
        let count = self.rest(self.at).iter().take_while(|b| **b == b'#').count();
        if count >= 2 {
            self.put_to(self.at + count, "frames", "<frames>");
        } else {
            self.literal_to(self.at + 1);
        }
    }
}
