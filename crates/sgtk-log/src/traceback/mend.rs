//! Text as people hand it in, put back into the shape in which Python printed it: the lead of each line is cut (`lead`),
//! curled quotes are straightened, the source of frames that lost their indentation is indented, fences are removed.
//!
//! Only for text without a Toolkit header: in a log, what a record says is taken as it stands. What stands before each
//! line in every text (mail quoting, margins of groups) is `margins`' business.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::lead;
use super::spelling::{self, BEHEADED, CURLY, Spelling, unquote};

/// Blender puts these before the header of a traceback.
const BLENDER: [&str; 2] = ["Error: Python: ", "Python: "];

/// Mends a text; one in which nothing can be amiss stays borrowed.
pub(crate) fn mend(text: &str) -> Cow<'_, str> {
    match spelling::plain_blanks(Cow::Borrowed(text)) {
        Cow::Borrowed(text) => mend_lines(text),
        Cow::Owned(text) => Cow::Owned(mend_lines(&text).into_owned()),
    }
}

fn mend_lines(text: &str) -> Cow<'_, str> {
    static SIGNS: LazyLock<AhoCorasick> = LazyLock::new(|| {
        AhoCorasick::new(["File ", "raceback (most recent call last):", "```"])
            .expect("three short words are far below the limits")
    });
    if !SIGNS.is_match(text) {
        return Cow::Borrowed(text);
    }
    let curled =
        text.contains("File \u{201c}") || text.contains("File \u{201d}") || text.contains("File \u{201e}");
    let mut out = String::with_capacity(text.len() + 64);
    let mut lead: Option<&str> = None;
    // The frame before this line had no indentation, and its source has not come.
    let mut flush = false;
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let inner = unquote(line).1;
        if lead.is_none()
            && let Some(offered) = lead::offered(inner)
        {
            lead = lines.peek().and_then(|next| lead::shared(offered, unquote(next).1));
        }
        let inner = lead.and_then(|lead| lead::cut(inner, lead)).unwrap_or(inner);
        let inner = without_ticks(inner);
        let inner = BLENDER
            .iter()
            .filter_map(|said| inner.strip_prefix(said))
            .find(|rest| spelling::is_header_alone(rest))
            .unwrap_or(inner);
        let mut joined = String::new();
        let mut inner = inner;
        if spelling::is_wrapped_frame(inner) {
            joined.push_str(inner.trim_end());
            while spelling::is_wrapped_frame(&joined)
                && let Some(next) = lines.next_if(|next| is_rest(&joined, unquote(next).1))
            {
                joined.push(' ');
                joined.push_str(unquote(next).1.trim());
            }
            inner = &joined;
        }
        let said = inner.trim_end();
        if said == BEHEADED {
            out.push('T');
        }
        match spelling::of(said) {
            Spelling::Fence => {
                out.push('\n');
                continue;
            }
            Spelling::Frame => flush = !inner.starts_with([' ', '\t']),
            Spelling::Blank | Spelling::Underline if flush => out.push_str("    "),
            _ if flush => {
                flush = false;
                if spelling::is_source(said) {
                    out.push_str("    ");
                    flush =
                        lines.peek().is_some_and(|next| spelling::of(next.trim_end()) == Spelling::Underline);
                }
            }
            _ => {}
        }
        if curled {
            push_straight(&mut out, inner);
        } else {
            out.push_str(inner);
        }
        if line.ends_with('\n') && !inner.ends_with('\n') {
            out.push('\n');
        }
    }
    Cow::Owned(out)
}

/// Whether a line can be the rest of a frame that was wrapped.
fn is_rest(frame: &str, line: &str) -> bool {
    let line = line.trim();
    if frame.ends_with("File") { line.starts_with('"') } else { !line.is_empty() }
}

/// A line without the marks of inline code that open or close on it only.
fn without_ticks(line: &str) -> &str {
    let said = line.trim_end();
    if !said.starts_with('`') && !said.ends_with('`') || spelling::of(said) == Spelling::Fence {
        return line;
    }
    if let whole = spelling::without_ticks(said)
        && whole.len() < said.len()
    {
        return whole;
    }
    if said.bytes().filter(|byte| *byte == b'`').count().is_multiple_of(2) && !said.contains("```") {
        return line;
    }
    said.trim_matches('`')
}

fn push_straight(out: &mut String, line: &str) {
    out.extend(line.chars().map(|c| match c {
        '\u{2018}' | '\u{2019}' => '\'',
        c if CURLY.contains(&c) => '"',
        c => c,
    }));
}
