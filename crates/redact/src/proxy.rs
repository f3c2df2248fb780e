//! `http_proxy: user:password@host`, without a scheme. With a scheme it is a URL like any other.

use memchr::{memchr, memmem};

use crate::line::Line;
use crate::placeholder::START;
use crate::rule::Rule;
use crate::span::Span;
use crate::spelling::{sign, skip_blanks};
use crate::trigger::Trigger;

const WORDS: [&[u8]; 8] = [b"address", b"server", b"setting", b"is", b"url", b"host", b"to", b"as"];

/// Credentials behind the word `proxy`; else `user@host` is an e-mail address.
pub(crate) fn proxy(line: &mut Line<'_>, word: Trigger) {
    const LONGEST_NAME: usize = 20;
    const LONGEST: usize = 256;
    let text = line.text.as_bytes();
    let mut at = word.at + word.len;
    at += text[at..]
        .iter()
        .take(LONGEST_NAME)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        .count();
    // `proxyuser:password@host`: the name is part of what looks like a name of ours.
    if !matches!(sign(text, at), Some(next) if next.is_quote() || b" \t=:,".contains(&next.byte)) {
        return;
    }
    let mut encoded = false;
    if let Some(quote) = sign(text, at).filter(|sign| sign.is_quote()) {
        encoded = text[at] == b'%';
        at += quote.len;
    }
    encoded |= text[at..].starts_with(b"%20");
    at = skip_blanks(text, at, encoded);
    for word in WORDS {
        if text.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word)) {
            at += word.len();
            break;
        }
    }
    at = skip_blanks(text, at, encoded);
    while let Some(separator) = sign(text, at).filter(|sign| matches!(sign.byte, b':' | b'=' | b',')) {
        encoded |= text[at] == b'%';
        at += separator.len;
        at += usize::from(separator.byte == b'=' && text.get(at) == Some(&b'>'));
    }
    at = skip_blanks(text, at, encoded);
    if matches!(text.get(at), Some(b'b' | b'u')) && sign(text, at + 1).is_some_and(|sign| sign.is_quote()) {
        at += 1;
    }
    if let Some(quote) = sign(text, at).filter(|sign| sign.is_quote()) {
        at += quote.len;
    }
    let rest = &text[at..text.len().min(at + LONGEST)];
    // The last `@`: a password may hold one itself. Mostly there is none.
    let (mark, colon): (&[u8], &[u8]) = if encoded { (b"%40", b"%3A") } else { (b"@", b":") };
    if memchr(mark[0], rest).is_none() {
        return;
    }
    let end = rest
        .iter()
        .position(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c | b'"' | b'\'' | b'<' | b'>'))
        .unwrap_or(rest.len());
    let end = if encoded {
        [&b"%20"[..], b"%22", b"%27"]
            .iter()
            .filter_map(|code| memmem::find(&rest[..end], code))
            .min()
            .unwrap_or(end)
    } else {
        end
    };
    let Some(to) = memmem::rfind(&rest[..end], mark) else { return };
    let credentials = &rest[..to];
    let has_password = memmem::find(credentials, colon).is_some_and(|at| at > 0);
    if has_password
        && memchr(b'/', &credentials[..credentials.len().min(3)]).is_none()
        && !is_url(credentials)
        && !line.text[at..].starts_with(START)
    {
        line.hide(Rule::Proxy, at, at + to);
    }
}

/// `user:password@10.0.0.1` and `user:password@host:8080` without the word: nothing else is written like this. `mark` is
/// where the `@` is. Whether it was.
pub(crate) fn bare(line: &mut Line<'_>, mark: usize) -> bool {
    const LONGEST: usize = 64;
    let text = line.text.as_bytes();
    let is_host = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    let host = text[mark + 1..].iter().take(LONGEST).take_while(|b| is_host(b)).count();
    let host_end = mark + 1 + host;
    let is_address = text[mark + 1..host_end].iter().all(|b| b.is_ascii_digit() || *b == b'.')
        && text[mark + 1..host_end].iter().filter(|b| **b == b'.').count() == 3;
    let port = text.get(host_end) == Some(&b':')
        && text[host_end + 1..].iter().take(6).take_while(|b| b.is_ascii_digit()).count() >= 2;
    if host < 2 || !is_address && !port {
        return false;
    }
    let is_part = |b: &u8| b.is_ascii_graphic() && !b"\"'`<>(){}[],;=/\\@".contains(b);
    let credentials = text[..mark].iter().rev().take(LONGEST).take_while(|b| is_part(b)).count();
    let from = mark - credentials;
    let Some(colon) = memchr(b':', &text[from..mark]) else { return false };
    let is_name = text[from..from + colon].iter().any(u8::is_ascii_alphabetic);
    if !is_name || colon + 1 == credentials || text[..from].ends_with(b"/") {
        return false;
    }
    line.spans.push(Span::secret(Rule::Proxy, from, mark));
    true
}

fn is_url(text: &[u8]) -> bool {
    memmem::find(text, b"://").is_some() || memmem::find(text, b"%3A%2F%2F").is_some()
}
