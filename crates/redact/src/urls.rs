//! Secrets in URLs: user information, signed queries, opaque parts of a path.

use std::sync::LazyLock;

use regex::Regex;

use crate::counts::RuleCounts;
use crate::placeholder::{Rewrite, START, Style, rule};

/// Parameters whose presence makes a whole query secret (lower case).
const SIGNED: [&str; 12] = [
    "awsaccesskeyid",
    "signature",
    "sig",
    "se",
    "token",
    "expires",
    "access_token",
    "session_token",
    "auth_token",
    "key",
    "api_key",
    "code",
];

/// A part of a URL's path that is at least this long and looks random is a secret.
const OPAQUE_CHARS: usize = 32;

pub(crate) fn hide(line: &str, style: Style, counts: &mut RuleCounts) -> Option<String> {
    static URL: LazyLock<Regex> =
        LazyLock::new(|| crate::compile(r#"[A-Za-z][A-Za-z0-9+.-]*://[^\t\n\x0B\f\r "'`]*"#));
    let mut rewrite = Rewrite::new(line);
    for found in URL.find_iter(line) {
        let url = found.as_str();
        let at = found.start();
        let rest_at = at + url.find("://").map_or(0, |colon| colon + 3);
        let scheme = &line[at..rest_at];
        let end =
            found.end() - (url.len() - url.trim_end_matches([')', ',', '.', ';', ']', '}', '>', '\\']).len());
        if end <= rest_at {
            continue;
        }
        let authority_end = line[rest_at..end].find(['/', '?']).map_or(end, |slash| rest_at + slash);
        let host_at = userinfo(line, scheme, rest_at, end, authority_end, style, counts, &mut rewrite);
        if scheme.eq_ignore_ascii_case("file://") || host_at > end {
            continue;
        }
        let query = line[host_at..end].find('?').map(|mark| host_at + mark);
        opaque_parts(line, host_at, query.unwrap_or(end), style, counts, &mut rewrite);
        if let Some(query) = query
            && is_signed(&line[query + 1..end])
        {
            rewrite.hide(query + 1, end, rule::SIGNED_URL, style, counts);
        }
    }
    rewrite.finish()
}

/// Hides `user:password@`; a password may itself hold `@`, so the last one counts. Returns where the host begins.
#[expect(clippy::too_many_arguments, reason = "one step of `hide`, named")]
fn userinfo(
    line: &str,
    scheme: &str,
    from: usize,
    end: usize,
    authority_end: usize,
    style: Style,
    counts: &mut RuleCounts,
    rewrite: &mut Rewrite<'_>,
) -> usize {
    let mut at = line[from..authority_end].rfind('@').map(|at| from + at);
    if at.is_none() && line[from..authority_end].contains(':') {
        // `user:pass?word@host` and `user:pass/word@host`: an `@` further on belongs to the password, unless what
        // stands before the slash is a host with a port.
        let port = line[from..authority_end].rsplit(':').next().unwrap_or_default();
        if port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()) {
            at = line[from..end].rfind('@').map(|at| from + at);
        }
    }
    let Some(at) = at else { return from };
    let user = &line[from..at];
    let web = scheme.len() >= 4 && scheme[..4].eq_ignore_ascii_case("http");
    // `ssh://git@host` names an account, not a secret; `https://<something>@host` is a token.
    let secret = user.contains(':') || web || user.len() >= 20;
    if secret && !user.is_empty() && !user.starts_with(START) {
        rewrite.hide(from, at, rule::URL_USERINFO, style, counts);
    }
    at + 1
}

fn opaque_parts(
    line: &str,
    from: usize,
    to: usize,
    style: Style,
    counts: &mut RuleCounts,
    rewrite: &mut Rewrite<'_>,
) {
    let mut at = from;
    for part in line[from..to].split('/') {
        if part.len() >= OPAQUE_CHARS && at > from && is_opaque(part) {
            rewrite.hide(at, at + part.len(), rule::OPAQUE_URL, style, counts);
        }
        at += part.len() + 1;
    }
}

/// Base64url or hexadecimal, not words.
fn is_opaque(part: &str) -> bool {
    let alphabet =
        part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'=' | b'.' | b'~'));
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let lower = part.bytes().any(|b| b.is_ascii_lowercase());
    let upper = part.bytes().any(|b| b.is_ascii_uppercase());
    let words = part.bytes().filter(|b| matches!(b, b'-' | b'_' | b'.')).count() * 5 > part.len();
    let hex = part.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    alphabet && (hex && digits > 0 || digits >= 2 && lower && upper || digits >= 6 && !words)
}

fn is_signed(query: &str) -> bool {
    query.split(['&', ';']).any(|pair| {
        let Some((name, value)) = pair.split_once('=') else { return false };
        let name = name.to_ascii_lowercase();
        let name = name.strip_prefix("amp;").unwrap_or(&name);
        !value.is_empty()
            && (SIGNED.contains(&name) || name.starts_with("x-amz-") || name.starts_with("x-goog-"))
    })
}
