//! Lines that are too long to be looked at as a whole.
//!
//! A log line has a few hundred bytes; a megabyte in one line is a dump. Its beginning tells what it is, and the rest
//! goes, so that memory stays bounded and no secret can hide in what was not looked at.

use std::borrow::Cow;

use memchr::{memchr, memrchr};

/// A line of more bytes than this keeps its beginning only.
pub(crate) const MOST_BYTES: usize = 256 * 1024;
/// So much of its beginning is kept at most.
pub(crate) const HEAD_BYTES: usize = 32 * 1024;

/// Whether any line is too long. Looks at few bytes of a text with ordinary lines.
pub(crate) fn is_any(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut from = 0;
    while bytes.len() - from > MOST_BYTES {
        match memrchr(b'\n', &bytes[from..=from + MOST_BYTES]) {
            Some(end) => from += end + 1,
            None => return true,
        }
    }
    false
}

/// The text with each line that is too long replaced by what `shorten` makes of its first [`HEAD_BYTES`].
pub(crate) fn shorten<'t>(text: &'t str, shorten: &mut dyn FnMut(&str) -> String) -> Cow<'t, str> {
    if !is_any(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().min(2 * MOST_BYTES));
    let mut from = 0;
    while from < text.len() {
        let end = memchr(b'\n', &text.as_bytes()[from..]).map_or(text.len(), |end| from + end);
        let line = &text[from..end];
        if line.len() > MOST_BYTES {
            out.push_str(&shorten(&line[..line.floor_char_boundary(HEAD_BYTES)]));
        } else {
            out.push_str(line);
        }
        if end < text.len() {
            out.push('\n');
        }
        from = end + 1;
    }
    Cow::Owned(out)
}

/// The beginning of a line up to the last blank before `limit`: a secret that was cut in two is no longer recognised, and
/// none of ours spans a blank and more than the bytes kept back.
pub(crate) fn whole_words(head: &str, limit: usize) -> &str {
    let head = &head[..head.floor_char_boundary(limit.min(head.len()))];
    head.rfind([' ', '\t']).map_or("", |blank| &head[..blank])
}
