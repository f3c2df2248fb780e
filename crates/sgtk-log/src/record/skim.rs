//! Passing over what the gate leaves out, as fast as a search for the words of the levels above it.
//!
//! Nearly all of a log is records nobody asked for. While such a record is open, only three things can matter: a header
//! of a level that passes, a hole of NUL bytes at the beginning of a line, and how many lines went by. The first two are
//! one search with vector instructions, the last one another; lines are looked at one by one only around what is found.
//! What is a header is still decided by `header::probe`, so nothing is recognised here that the reader would not recognise
//! line by line.

use std::sync::LazyLock;

use aho_corasick::Span;
use aho_corasick::packed::Searcher;
use memchr::{memchr, memchr_iter, memrchr};

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
    let signs = signs(gate)?;
    let skimmed = |to: usize| Skimmed { to, lines: memchr_iter(b'\n', &bytes[from..to]).count() as u64 };
    let mut at = from;
    while let Some(hit) = signs.find_in(bytes, Span { start: at, end: bytes.len() }) {
        if bytes[hit.start()] == b'\n' {
            return Some(skimmed(hit.start() + 1));
        }
        let start = memrchr(b'\n', &bytes[from..hit.start()]).map_or(from, |newline| from + newline + 1);
        let newline = memchr(b'\n', &bytes[hit.end()..]).map_or(bytes.len(), |newline| hit.end() + newline);
        if passes(&bytes[start..newline], gate) {
            return Some(skimmed(start));
        }
        // The newline may be the first half of the next sign.
        at = newline;
    }
    Some(skimmed(bytes.len()))
}

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

/// What is looked for: the words by which headers name the levels from this one on (see `Level::from_word`), and the
/// beginning of a hole.
///
/// The search compares as many bytes of every place as its shortest word has, so the two of a hole make it twice as fast
/// as words alone.
fn signs(gate: Level) -> Option<&'static Searcher> {
    static CRITICAL: LazyLock<Searcher> = LazyLock::new(|| search(&["CRITICAL", "FATAL", HOLE]));
    static ERROR: LazyLock<Searcher> = LazyLock::new(|| search(&["ERROR", "CRITICAL", "FATAL", HOLE]));
    static WARNING: LazyLock<Searcher> =
        LazyLock::new(|| search(&["WARN", "ERROR", "CRITICAL", "FATAL", HOLE]));
    match gate {
        Level::Critical => Some(&CRITICAL),
        Level::Error => Some(&ERROR),
        Level::Warning => Some(&WARNING),
        // Most records pass: line by line is quicker.
        Level::Info | Level::Debug => None,
    }
}

const HOLE: &str = "\n\0";

fn search(words: &[&str]) -> Searcher {
    Searcher::new(words).expect("a handful of short words is far below the limits")
}
