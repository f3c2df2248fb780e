//! Secrets in URLs: user information, signed queries, opaque parts of a path.

use memchr::{memchr, memchr_iter, memmem, memrchr};

use crate::line::Line;
use crate::name::{Class, class};
use crate::placeholder::START;
use crate::rule::Rule;
use crate::span::Span;
use crate::trigger::Trigger;

/// Parameters whose presence makes a whole query secret (small letters).
const SIGNED: [&[u8]; 19] = [
    b"awsaccesskeyid",
    b"signature",
    b"sig",
    b"se",
    b"token",
    b"expires",
    b"key",
    b"code",
    b"key-pair-id",
    b"policy",
    b"googleaccessid",
    b"hmac",
    b"ticket",
    b"assertion",
    b"samlresponse",
    b"samlrequest",
    b"credential",
    b"jwt",
    b"auth",
];

/// A part of a URL's path that is at least this long and looks random is a secret.
const OPAQUE_BYTES: usize = 32;

/// A URL as itself, and those inside it.
pub(crate) fn plain(line: &mut Line<'_>, word: Trigger) {
    let text = line.text.as_bytes();
    if word.at < line.url_end {
        return;
    }
    let run_end = word.at
        + text[word.at..]
            .iter()
            .position(|b| *b <= b' ' || matches!(b, b'"' | b'\'' | b'`'))
            .unwrap_or(text.len() - word.at);
    let run = &text[word.at..run_end];
    let trimmed = run
        .iter()
        .rposition(|b| !matches!(b, b')' | b',' | b'.' | b';' | b']' | b'}' | b'>' | b'\\'))
        .map_or(0, |at| at + 1);
    let end = word.at + trimmed;
    line.url_end = run_end;
    line.url_is_web = true;
    let mut colon = scheme_colon(text, word.at, end);
    while let Some((at, rest)) = colon {
        colon = scheme_colon(text, rest.min(end), end);
        if rest < end && !url(line, at, rest, colon.map_or(end, |(colon, _)| colon), end) {
            break;
        }
    }
}

/// The colon of the next `://`, and what is behind its slashes, which JSON may write as `\/` (and JSON in JSON as `\\/`).
fn scheme_colon(text: &[u8], from: usize, end: usize) -> Option<(usize, usize)> {
    const MOST_SLASHES: usize = 8;
    memchr_iter(b':', &text[from..end]).map(|at| from + at).find_map(|colon| {
        let rest = &text[colon + 1..end];
        let escape = rest.iter().take(MOST_SLASHES).take_while(|b| **b == b'\\').count();
        let slash = |at: usize| {
            rest.get(at..=at + escape)
                .is_some_and(|found| found[..escape].iter().all(|b| *b == b'\\') && found[escape] == b'/')
        };
        (slash(0) && slash(escape + 1)).then_some((colon, colon + 1 + 2 * (escape + 1)))
    })
}

/// One URL: `colon` behind its scheme, `rest` behind the slashes, `part_end` where the next one begins. False when the
/// rest of the run is hidden.
fn url(line: &mut Line<'_>, colon: usize, rest: usize, part_end: usize, end: usize) -> bool {
    let text = line.text.as_bytes();
    let scheme_bytes = text[..colon]
        .iter()
        .rev()
        .take(16)
        .take_while(|b| b.is_ascii_alphanumeric() || b"+.-".contains(b))
        .count();
    let scheme = &text[colon - scheme_bytes..colon];
    if scheme.is_empty() {
        return true;
    }
    let authority_end = rest
        + text[rest..part_end]
            .iter()
            .position(|b| matches!(b, b'/' | b'?' | b'#'))
            .unwrap_or(part_end - rest);
    let host = userinfo(line, scheme, rest, part_end, authority_end);
    if scheme.eq_ignore_ascii_case(b"file") {
        line.url_is_web = false;
        return true;
    }
    let query = text[host..part_end].iter().position(|b| matches!(b, b'?' | b'#')).map(|mark| host + mark);
    opaque_parts(line, host, query.unwrap_or(part_end));
    if let Some(query) = query
        && is_signed(&text[query + 1..part_end], b"&;?#", b"=")
    {
        line.spans.push(Span::secret(Rule::SignedUrl, query + 1, end));
        return false;
    }
    true
}

/// Hides `user:password@`; a password may itself hold `@`, so the last one counts. Returns where the host begins.
fn userinfo(line: &mut Line<'_>, scheme: &[u8], from: usize, part_end: usize, authority_end: usize) -> usize {
    let text = line.text.as_bytes();
    let authority = &text[from..authority_end];
    let mut at = memrchr(b'@', authority);
    if at.is_none() && memchr(b':', authority).is_some() {
        // `user:pass?word@host` and `user:pass/word@host`: an `@` further on belongs to the password, unless what
        // stands before the slash is a host with a port.
        let port = authority.rsplit(|b| *b == b':').next().unwrap_or_default();
        if port.is_empty() || !port.iter().all(u8::is_ascii_digit) {
            at = memrchr(b'@', &text[from..part_end]);
        }
    }
    let Some(at) = at.map(|at| from + at) else { return from };
    let user = &text[from..at];
    let web = scheme.len() >= 4 && scheme[..4].eq_ignore_ascii_case(b"http");
    // `ssh://git@host` names an account, not a secret; `https://<something>@host` is a token.
    let secret = user.contains(&b':') || web || user.len() >= 20;
    if secret && !user.is_empty() && !user.starts_with(START.as_bytes()) {
        line.spans.push(Span::secret(Rule::UrlUserinfo, from, at));
    }
    at + 1
}

fn opaque_parts(line: &mut Line<'_>, from: usize, to: usize) {
    let text = line.text.as_bytes();
    let mut at = from;
    for part in text[from..to].split(|b| *b == b'/') {
        if part.len() >= OPAQUE_BYTES && at > from && is_opaque(part) {
            line.spans.push(Span::secret(Rule::OpaqueUrl, at, at + part.len()));
        }
        at += part.len() + 1;
    }
}

/// Base64url or hexadecimal, not words.
fn is_opaque(part: &[u8]) -> bool {
    let alphabet =
        part.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'=' | b'.' | b'~'));
    let digits = part.iter().filter(|b| b.is_ascii_digit()).count();
    let lower = part.iter().any(u8::is_ascii_lowercase);
    let upper = part.iter().any(u8::is_ascii_uppercase);
    let words = part.iter().filter(|b| matches!(b, b'-' | b'_' | b'.')).count() * 5 > part.len();
    let hex = part.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-');
    alphabet && (hex && digits > 0 || digits >= 2 && lower && upper || digits >= 6 && !words)
}

fn is_signed(query: &[u8], between: &[u8], equals: &[u8]) -> bool {
    const LONGEST_NAME: usize = 48;
    query.split(|b| between.contains(b)).any(|pair| {
        let head = &pair[..pair.len().min(LONGEST_NAME)];
        let Some(at) = memmem::find(head, equals) else { return false };
        if pair.len() == at + equals.len() || pair[at + equals.len()..].starts_with(START.as_bytes()) {
            return false;
        }
        let name = pair[..at].strip_prefix(b"amp;").unwrap_or(&pair[..at]);
        let begins =
            |with: &[u8]| name.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
        SIGNED.iter().any(|signed| name.eq_ignore_ascii_case(signed))
            || begins(b"x-amz-")
            || begins(b"x-goog-")
            || class(name) == Class::Strong
    })
}

/// A URL in percent code: `https%3A%2F%2Fuser%3Apassword%40host%2Fpath%3Fsig%3D…`, also `https%3A//user%3Apassword%40host`.
pub(crate) fn encoded(line: &mut Line<'_>, word: Trigger) {
    let text = line.text.as_bytes();
    if word.at < line.encoded_done {
        return;
    }
    let rest = word.at + word.len;
    if rest > line.encoded_end {
        line.encoded_end = rest
            + text[rest..]
                .iter()
                .position(|b| !b.is_ascii_alphanumeric() && !b"%._~+*'()!-".contains(b))
                .unwrap_or(text.len() - rest);
    }
    let run_end = line.encoded_end;
    line.url_end = line.url_end.max(run_end);
    line.url_is_web = !text[..word.at].ends_with(b"file");
    // `%2F` or `%252F`: as often encoded as the colon was.
    let more = if text[word.at..].starts_with(b"%25") { b"%25".len() } else { 1 };
    // The next one has its own turn, but a query that goes takes it along.
    let next = memmem::find(&text[rest..run_end], &text[word.at..rest]);
    let url = &text[rest..next.map_or(run_end, |next| rest + next)];
    let (mut authority_ends, mut mark, mut query) = (false, None, None);
    for at in memchr_iter(b'%', url) {
        let Some(code) =
            url.get(at + more..at + more + 2).filter(|_| more == 1 || url[at..].starts_with(b"%25"))
        else {
            continue;
        };
        match [code[0], code[1].to_ascii_uppercase()] {
            [b'4', b'0'] if !authority_ends => mark = Some(at),
            [b'2', b'F' | b'3'] => authority_ends = true,
            [b'3', b'F'] => {
                query = Some(at + more + 2);
                break;
            }
            _ => {}
        }
    }
    let host = match mark {
        Some(at) => {
            if at > 0 && !line.text[rest..].starts_with(START) {
                line.spans.push(Span::secret(Rule::UrlUserinfo, rest, rest + at));
            }
            rest + at
        }
        None => rest,
    };
    let path = &text[host..rest + query.unwrap_or(url.len())];
    let mut at = host;
    // What is left of the code of a slash, `2F`, stands before each part.
    for part in path.split(|b| *b == b'%') {
        let skipped = if part.starts_with(b"2F") || part.starts_with(b"2f") { 2 } else { 0 };
        let (from, to) = (at + skipped, at + part.len());
        if at > host && to - from >= OPAQUE_BYTES && is_opaque(&text[from..to]) {
            line.spans.push(Span::secret(Rule::OpaqueUrl, from, to));
        }
        at = to + 1;
    }
    let Some(query) = query else { return };
    let pairs = String::from_utf8_lossy(&url[query..])
        .replace("%25", "%")
        .replace("%26", "&")
        .replace("%3d", "=")
        .replace("%3D", "=");
    if is_signed(pairs.as_bytes(), b"&", b"=") {
        line.spans.push(Span::secret(Rule::SignedUrl, rest + query, run_end));
        line.encoded_done = run_end;
    }
}
