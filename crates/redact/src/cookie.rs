//! `Cookie: …` and `Set-Cookie: …`, to the end of the header.

use memchr::{memchr, memmem};

use crate::line::Line;
use crate::placeholder::START;
use crate::rule::Rule;
use crate::spelling::{sign, skip_blanks};
use crate::trigger::Trigger;

/// The header, in any spelling. Without `name=value` it is no cookie but an attribute or a sentence.
pub(crate) fn cookie(line: &mut Line<'_>, word: Trigger) {
    let text = line.text.as_bytes();
    if word.at < line.cookieless || line.is_inside_word(word.at) {
        return;
    }
    let mut at = word.at + word.len;
    at += usize::from(matches!(text.get(at), Some(b's' | b'S')));
    let mut encoded = false;
    if let Some(quote) = sign(text, at).filter(|sign| sign.is_quote()) {
        encoded = text[at] == b'%';
        at += quote.len;
    }
    at = skip_blanks(text, at, encoded);
    let Some(separator) = sign(text, at).filter(|sign| matches!(sign.byte, b':' | b'=' | b',')) else {
        return;
    };
    if separator.byte == b',' && at == word.at + word.len {
        return;
    }
    encoded |= text[at] == b'%';
    let from = skip_blanks(text, at + separator.len, encoded);
    let rest = line.text[from..].trim_end();
    // The next header of a request that is shown in one line.
    let end = memmem::find(rest.as_bytes(), b"\\r\\n").unwrap_or(rest.len());
    let value = rest[..end].trim_start_matches(['"', '\'', '\\']);
    if value.starts_with(START) {
        return;
    }
    let header = &rest.as_bytes()[..end];
    let equals =
        if encoded { memmem::find(header, b"%3D").is_some() } else { memchr(b'=', header).is_some() };
    if equals {
        line.hide(Rule::Cookie, from, from + end);
    } else {
        line.cookieless = from + end;
    }
}
