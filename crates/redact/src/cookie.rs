//! `Cookie: …` and `Set-Cookie: …`, to the end of the header.

use std::sync::LazyLock;

use memchr::{memchr, memmem};

use crate::line::Line;
use crate::placeholder::START;
use crate::rule::Rule;
use crate::spelling::{sign, skip_blanks};
use crate::trigger::Trigger;
use crate::value::Value;

const LONGEST_NAME: usize = 64;

/// The escaped end of a header's line.
static NEXT_HEADER: LazyLock<memmem::Finder<'_>> = LazyLock::new(|| memmem::Finder::new(b"\\r\\n"));

/// The header, in any spelling. Without `name=value` it is no cookie but an attribute or a sentence.
pub(crate) fn cookie(line: &mut Line<'_>, word: Trigger) {
    let text = line.text.as_bytes();
    if word.at < line.cookieless {
        return;
    }
    let mut at = word.at + word.len;
    let next = sign(text, at);
    if let Some(opens) = next.filter(|next| next.byte == b'(') {
        return printed(line, at + opens.len);
    }
    let is_camel = text[word.at] == b'C' && text[..word.at].last().is_some_and(u8::is_ascii_lowercase);
    if !is_camel && line.is_inside_word(word.at) {
        return;
    }
    if let Some(blank) = next.filter(|next| next.byte == b' ')
        && (text[..word.at].ends_with(b"<") || text[..word.at].ends_with(b"%3C"))
    {
        return kept(line, at + blank.len);
    }
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
    let end = NEXT_HEADER.find(rest.as_bytes()).unwrap_or(rest.len());
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

/// `<Cookie name=value for host/>`, as the jar of a session shows what it keeps.
fn kept(line: &mut Line<'_>, at: usize) {
    let text = line.text.as_bytes();
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || b"_-.$".contains(b);
    let end = at + text[at..].iter().take(LONGEST_NAME).take_while(|b| is_name(b)).count();
    let Some(equals) = sign(text, end).filter(|sign| sign.byte == b'=') else { return };
    let from = end + equals.len;
    let value = Value::at(line.text, from, equals.is_spelled());
    if !line.text[from..].starts_with(START) {
        let end = value.end(line.text);
        line.hide(Rule::Cookie, value.from, end);
    }
}

/// `Cookie(version=0, name='a', value='b')` and `QNetworkCookie("a=b; path=/")`.
fn printed(line: &mut Line<'_>, at: usize) {
    const FIELDS_BYTES: usize = 256;
    let text = line.text.as_bytes();
    let fields = &text[at..text.len().min(at + FIELDS_BYTES)];
    let is_text = sign(text, at).is_some_and(|sign| sign.is_quote());
    let from = if is_text {
        at
    } else {
        let Some(name) = memmem::find(fields, b"value") else { return };
        let end = at + name + b"value".len();
        let Some(equals) = sign(text, end).filter(|sign| sign.byte == b'=') else { return };
        end + equals.len
    };
    let value = Value::at(line.text, from, false);
    if !value.is_quoted() || line.text[value.from..].starts_with(START) {
        return;
    }
    let end = value.end(line.text);
    let head = &text[value.from..end.min(value.from + LONGEST_NAME)];
    if end > value.from && (!is_text || memchr(b'=', head).is_some() || memmem::find(head, b"%3D").is_some())
    {
        line.hide(Rule::Cookie, value.from, end);
    }
}
