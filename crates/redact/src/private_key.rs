//! Private keys in PEM form, over several lines or escaped into one.
//!
//! Line by line and without looking ahead, so that a stream gives the same as a whole text: behind a beginning, what
//! looks like key text goes until the end mark comes, whatever other writers put in between.

use std::sync::LazyLock;

use memchr::memmem;

use crate::counts::RuleCounts;
use crate::placeholder::Style;
use crate::rule::Rule;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
/// Lines behind a beginning that may belong to the key. An RSA key of 16384 bits has about 200.
const MOST_LINES: u16 = 300;
/// Bytes between the dashes of a mark (`OPENSSH PRIVATE KEY`).
const LONGEST_LABEL: usize = 64;

/// Whether a line is inside a key.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct InKey {
    lines_left: u16,
    /// No beginning was seen: the text starts in the middle of a log.
    guessed: bool,
    /// The line before was key text.
    follows_key: bool,
}

impl InKey {
    /// At the start of a text that was cut out of a longer one.
    pub(crate) fn guessed() -> InKey {
        InKey { lines_left: MOST_LINES, guessed: true, follows_key: true }
    }

    pub(crate) fn is_inside(self) -> bool {
        self.lines_left > 0
    }
}

/// Hides the keys of whole lines; line ends stay. `None` when there is nothing to hide.
pub(crate) fn hide(text: &str, state: &mut InKey, style: Style, counts: &mut RuleCounts) -> Option<String> {
    // Every text is searched for this, so it is prepared once.
    static BEGINNING: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(BEGIN));
    if !state.is_inside() && BEGINNING.find(text.as_bytes()).is_none() {
        return None;
    }
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at < text.len() {
        if !state.is_inside() {
            // Straight to the next line with a beginning.
            let Some(found) = BEGINNING.find(&text.as_bytes()[at..]) else { break };
            at = text[..at + found].rfind('\n').map_or(0, |end| end + 1).max(at);
        }
        let end = memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |end| at + end + 1);
        let line = &text[at..end];
        let body = line.trim_end_matches(['\r', '\n']);
        let before = out.len();
        out.push_str(&text[copied..at]);
        if hide_line(body, state, style, counts, &mut out) {
            out.push_str(&line[body.len()..]);
            copied = end;
        } else {
            out.truncate(before);
        }
        at = end;
    }
    if copied == 0 {
        return None;
    }
    out.push_str(&text[copied..]);
    Some(out)
}

/// Appends the line without key text. False when there is none in it; then nothing counts that was appended.
fn hide_line(line: &str, state: &mut InKey, style: Style, counts: &mut RuleCounts, out: &mut String) -> bool {
    let mut rest = line;
    let mut changed = false;
    if state.is_inside() {
        state.lines_left -= 1;
        if let Some(end) = mark(rest, END).map(|(_, end)| end).filter(|end| begins_after(rest, *end)) {
            if state.guessed {
                counts.hit(Rule::PrivateKey);
            }
            *state = InKey::default();
            style.push_secret(Rule::PrivateKey, out);
            rest = &rest[end..];
            changed = true;
        } else if is_key_text(rest, state.follows_key && !state.guessed) {
            if state.guessed && !changed {
                counts.hit(Rule::PrivateKey);
            }
            state.follows_key = true;
            style.push_secret(Rule::PrivateKey, out);
            return true;
        } else if mark(rest, BEGIN).is_none() {
            state.follows_key = false;
            if state.guessed {
                *state = InKey::default();
                return false;
            }
            return hide_runs(rest, style, out);
        }
    }
    while let Some((from, _)) = mark(rest, BEGIN) {
        changed = true;
        counts.hit(Rule::PrivateKey);
        out.push_str(&rest[..from]);
        style.push_secret(Rule::PrivateKey, out);
        let inner = &rest[from + BEGIN.len()..];
        match mark(inner, END) {
            Some((_, end)) => {
                *state = InKey::default();
                rest = &inner[end..];
            }
            None => {
                *state = InKey { lines_left: MOST_LINES, guessed: false, follows_key: true };
                rest = "";
            }
        }
    }
    out.push_str(rest);
    changed
}

/// Whether an end mark closes the key the line is in, not one that begins in this line.
fn begins_after(line: &str, end: usize) -> bool {
    mark(line, BEGIN).is_none_or(|(begin, _)| begin > end.saturating_sub(END.len()))
}

/// The first mark of a private key: where it begins and what comes behind it.
fn mark(line: &str, start: &[u8]) -> Option<(usize, usize)> {
    let text = line.as_bytes();
    memmem::find_iter(text, start).find_map(|from| {
        let label = from + start.len();
        let limit = text.len().min(label + LONGEST_LABEL);
        let dashes = memmem::find(&text[label..limit], b"-----")?;
        let words = text[label..label + dashes].trim_ascii_end();
        // Nothing that another rule could shorten may stand in a mark: it would be one only afterwards.
        let plain = words.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b' ');
        (plain && words.ends_with(b"PRIVATE KEY")).then_some((from, label + dashes + 5))
    })
}

/// A line of nothing but base64, or a header of an old key. Short lines and words count behind key text only.
fn is_key_text(line: &str, follows_key: bool) -> bool {
    const SHORTEST: usize = 16;
    let text = line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '|' | '\\'));
    let base64 = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    let mixed = text.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'+' | b'='));
    base64 && (follows_key || text.len() >= SHORTEST && (mixed || text.len() >= 2 * SHORTEST))
        || text.starts_with("Proc-Type:")
        || text.starts_with("DEK-Info:")
}

/// Key text behind a prefix: every long run of base64 in a line of another shape.
fn hide_runs(line: &str, style: Style, out: &mut String) -> bool {
    const SHORTEST: usize = 32;
    let is_base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    let text = line.as_bytes();
    let (mut at, mut copied) = (0, 0);
    while at < text.len() {
        let run = text[at..].iter().take_while(|b| is_base64(**b)).count();
        if run >= SHORTEST && text[at..at + run].iter().any(u8::is_ascii_digit) && text[at] != b'/' {
            out.push_str(&line[copied..at]);
            style.push_secret(Rule::PrivateKey, out);
            copied = at + run;
        }
        at += run + 1;
    }
    out.push_str(&line[copied..]);
    copied > 0
}
