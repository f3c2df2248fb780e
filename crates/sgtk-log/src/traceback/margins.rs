//! Text of a record as the line parser wants it: what stands before the lines of a traceback is removed (margins of
//! exception groups, mail quoting, the script editor's `# `), and tracebacks that were escaped into one line (captured
//! output of a helper process, JSON, `repr`) are unfolded. Text without any of it stays borrowed.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memchr;
use memchr::memmem::Finder;

use super::mend::mend;
use super::spelling::{self, Spelling};

/// What was found in a text, so that each line is only looked at for what is there.
#[derive(Copy, Clone, PartialEq, Eq, Default)]
struct Marks {
    grouped: bool,
    escaped: bool,
    quoted: bool,
    hashed: bool,
}

/// Removes what stands between the line parser and the lines; `foreign` text, which has no Toolkit header, is mended first.
pub(crate) fn flatten(text: &str, foreign: bool) -> Cow<'_, str> {
    if foreign && let Cow::Owned(mended) = mend(text) {
        return match unmargin(&mended) {
            Cow::Owned(flat) => Cow::Owned(flat),
            Cow::Borrowed(_) => Cow::Owned(mended),
        };
    }
    unmargin(text)
}

fn unmargin(text: &str) -> Cow<'_, str> {
    static GROUP: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("+ Exception Group Traceback"));
    static ESCAPED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\\n  File "));
    static QUOTED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\n>"));
    static HASHED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("# Traceback (most"));
    let bytes = text.as_bytes();
    let marks = Marks {
        // One byte is quicker to look for than a word.
        grouped: memchr(b'+', bytes).is_some() && GROUP.find(bytes).is_some(),
        escaped: memchr(b'\\', bytes).is_some() && ESCAPED.find(bytes).is_some(),
        quoted: text.starts_with('>') || memchr(b'>', bytes).is_some() && QUOTED.find(bytes).is_some(),
        hashed: memchr(b'#', bytes).is_some() && HASHED.find(bytes).is_some(),
    };
    if marks == Marks::default() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut in_hashes = false;
    for line in text.split_inclusive('\n') {
        let line = if marks.quoted { spelling::unquote(line).1 } else { line };
        if marks.escaped
            && let Some(first) = ESCAPED.find(line.as_bytes())
        {
            unfold(&mut out, line, first);
            continue;
        }
        let (hashed, plain) = spelling::without_hash(line);
        in_hashes &= hashed;
        if marks.hashed && hashed && (in_hashes || spelling::of(plain) == Spelling::Header) {
            in_hashes = true;
            push_unhashed(&mut out, plain);
        } else if marks.grouped {
            out.push_str(without_margin(line));
        } else {
            out.push_str(line);
        }
    }
    Cow::Owned(out)
}

/// `  | text` and `  + Exception Group …` without their margin; separators (`+-+----- 1 -----`) as they are.
fn without_margin(line: &str) -> &str {
    let inner = line.trim_start_matches(' ');
    match inner.strip_prefix("| ").or_else(|| inner.strip_prefix("+ ")) {
        Some(rest) => rest,
        None if inner.trim_end() == "|" => "\n",
        None => line,
    }
}

/// Maya closes the last line with another mark.
fn push_unhashed(out: &mut String, plain: &str) {
    match plain.trim_end().strip_suffix(" #") {
        Some(body) => {
            out.push_str(body);
            out.push('\n');
        }
        None => out.push_str(plain),
    }
}

/// Unfolds a line in which a traceback stands as the text of a string; its first escaped line end is at `first`.
///
/// A text that was escaped `n` times has 2^(n-1) backslashes before the letter of each line end and 2^n for each of its
/// own backslashes.
fn unfold(out: &mut String, line: &str, first: usize) {
    let bytes = line.as_bytes();
    let before = bytes[..first].iter().rev().take(MOST_SLASHES).take_while(|byte| **byte == b'\\').count();
    let once = (before + 1).next_power_of_two();
    let twice = 2 * once;
    let close = closing_quote(line, first);
    let mut rest = line;
    while let Some(at) = memchr::memchr2(b'\\', close.unwrap_or(b'\\'), rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let slashes = rest.bytes().take_while(|byte| *byte == b'\\').count();
        let next = rest.as_bytes().get(slashes).copied();
        rest = &rest[slashes..];
        let (own, left) = (slashes / twice, slashes % twice);
        out.extend(std::iter::repeat_n('\\', own));
        match next {
            Some(b'n') if left == once => out.push('\n'),
            Some(b't') if left == once => out.push('\t'),
            Some(b'r') if left == once => {}
            // The end of the string: what follows was not said by the traceback.
            Some(quote) if slashes == 0 && Some(quote) == close => out.push('\n'),
            Some(quote @ (b'"' | b'\'')) => out.push(char::from(quote)),
            _ => {
                out.extend((left > 0).then_some('\\'));
                continue;
            }
        }
        rest = &rest[1..];
    }
    out.push_str(rest);
}

const MOST_SLASHES: usize = 7;

/// The quote that ends the string in which a traceback stands, if the line tells.
fn closing_quote(line: &str, first_frame: usize) -> Option<u8> {
    let bytes = line.as_bytes();
    let quoted = bytes.get(first_frame + "\\n  File ".len()) == Some(&b'\\');
    let quote = if quoted { b'"' } else { b'\'' };
    let opened = bytes[..first_frame]
        .iter()
        .enumerate()
        .any(|(at, byte)| *byte == quote && (at == 0 || bytes[at - 1] != b'\\'));
    opened.then_some(quote)
}
