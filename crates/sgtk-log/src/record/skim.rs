//! Passing over what the gate leaves out, as fast as a search for the words of the levels above it.
//!
//! Nearly all of a log is records nobody asked for. While such a record is open, only three things can matter: a header
//! of a level that passes, a hole of NUL bytes at the beginning of a line, and how many lines went by. Each is one search
//! over the bytes with vector instructions; lines are looked at one by one only around what is found. What is a header is
//! still decided by `header::probe`, so nothing is recognised here that the reader would not recognise line by line.

use std::sync::LazyLock;

use aho_corasick::Span;
use aho_corasick::packed::Searcher;
use memchr::{memchr, memchr_iter, memmem, memrchr};

use crate::header::{self, Form, Probe};
use crate::level::Level;

/// Where to read on line by line, and what was passed over.
pub(crate) struct Skimmed {
    /// Beginning of the first line that may matter, or the end of the piece.
    pub(crate) to: usize,
    /// Lines passed over.
    pub(crate) lines: u64,
}

/// Passes over whole lines, from the beginning of a line, up to one that may pass the gate or begins with a hole.
///
/// `bytes` ends with a newline. `None` when the level is too low for skimming to be worth it.
pub(crate) fn skim(bytes: &[u8], from: usize, gate: Level) -> Option<Skimmed> {
    static HOLE: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(b"\n\0"));
    let words = words(gate)?;
    let skimmed = |to: usize| Skimmed { to, lines: memchr_iter(b'\n', &bytes[from..to]).count() as u64 };
    let mut at = from;
    while at < bytes.len() {
        // Neither search may run far ahead of the other: a log can hold a hole, or a record that passes, on every line.
        let window = (at + WINDOW_BYTES).min(bytes.len());
        let before = at.saturating_sub(1).max(from);
        let hole = HOLE.find(&bytes[before..(window + 1).min(bytes.len())]).map(|found| before + found + 1);
        let end = hole.unwrap_or((window + LONGEST_WORD - 1).min(bytes.len()));
        while at < end
            && let Some(hit) = words.find_in(bytes, Span { start: at, end })
        {
            let start = memrchr(b'\n', &bytes[from..hit.start()]).map_or(from, |newline| from + newline + 1);
            let newline =
                memchr(b'\n', &bytes[hit.end()..]).map_or(bytes.len(), |newline| hit.end() + newline);
            if passes(&bytes[start..newline], gate) {
                return Some(skimmed(start));
            }
            at = (newline + 1).min(bytes.len());
        }
        if let Some(hole) = hole {
            return Some(skimmed(hole));
        }
        at = at.max(window);
    }
    Some(skimmed(bytes.len()))
}

/// So much is searched for holes before it is searched for words.
const WINDOW_BYTES: usize = 4096;
const LONGEST_WORD: usize = "CRITICAL".len();

/// The last standard header of some whole lines: where its line begins, how many lines follow from there on, its level.
pub(crate) fn last_header(bytes: &[u8]) -> Option<(usize, u64, Option<Level>)> {
    let mut end = bytes.len();
    let mut lines = 0;
    while end > 0 {
        let start = memrchr(b'\n', &bytes[..end - 1]).map_or(0, |newline| newline + 1);
        lines += 1;
        let line = &bytes[start..end - 1];
        if matches!(line.first(), Some(b'0'..=b'9' | 0xEF))
            && let Probe::Header(Form::Standard, level) = header::probe(line, true)
        {
            return Some((start, lines, level));
        }
        end = start;
    }
    None
}

fn passes(line: &[u8], gate: Level) -> bool {
    matches!(header::probe(line, true), Probe::Header(_, Some(level)) if level >= gate)
}

/// The words by which headers name the levels from this one on; see `Level::from_word`.
fn words(gate: Level) -> Option<&'static Searcher> {
    static CRITICAL: LazyLock<Searcher> = LazyLock::new(|| search(&["CRITICAL", "FATAL"]));
    static ERROR: LazyLock<Searcher> = LazyLock::new(|| search(&["ERROR", "CRITICAL", "FATAL"]));
    static WARNING: LazyLock<Searcher> = LazyLock::new(|| search(&["WARN", "ERROR", "CRITICAL", "FATAL"]));
    match gate {
        Level::Critical => Some(&CRITICAL),
        Level::Error => Some(&ERROR),
        Level::Warning => Some(&WARNING),
        // Most records pass: line by line is quicker.
        Level::Info | Level::Debug => None,
    }
}

fn search(words: &[&str]) -> Searcher {
    Searcher::new(words).expect("a handful of short words is far below the limits")
}
