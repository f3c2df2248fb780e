//! Secrets that are named: `session_token=…`, `"api_key": "…"`, phrases, authorization headers, cookies, proxies.

use std::sync::LazyLock;

use regex::Regex;

use crate::counts::RuleCounts;
use crate::placeholder::{Rewrite, START, Style, rule};

/// Separator between a name and its value: `=`, `:`, with quotes that may be escaped or URL-encoded.
const SEPARATOR: &str = r#"(?:\\*["']|%22|%27)?[ \t]*(?:=>|[:=]|%3A|%3D)[ \t]*(?:%20|\+)?"#;

/// Hides the values of names that stand for secrets.
pub(crate) fn key_values(line: &str, style: Style, counts: &mut RuleCounts) -> Option<String> {
    static NAME: LazyLock<Regex> = LazyLock::new(|| {
        crate::compile(&format!(
            r"(?i-u:(session[_-]?(?:token|id|uuid)|script[_-]?key|api[_-]?key|application[_-]?key|secret[_-]?(?:access[_-]?)?key|(?:user_?|proxy_?)?password|passwd|passphrase|auth[_-]?token|access[_-]?token|refresh[_-]?token|id[_-]?token|client[_-]?secret|private[_-]?token|csrf[_-]?token[0-9A-Za-z_]*|auth[_-]?request[_-]?id|session_token_secret|(token|secret))(?-u:\b){SEPARATOR})"
        ))
    });
    let mut rewrite = Rewrite::new(line);
    let mut from = 0;
    while let Some(found) = NAME.captures_at(line, from) {
        let (Some(whole), Some(name)) = (found.get(0), found.get(1)) else { break };
        from = whole.end();
        // `_` may stand before a name (`SHOTGUN_API_KEY`), a letter may not.
        if is_inside_word(&line[..name.start()]) {
            continue;
        }
        let value = value_at(line, whole.end());
        let text = &line[value.from..value.to];
        let vague = found.get(2).is_some();
        if value.from < rewrite.done() || is_harmless(text, name.as_str()) || vague && !is_opaque(text) {
            continue;
        }
        rewrite.hide(value.from, value.to, rule::KEY_VALUE, style, counts);
        from = value.to;
    }
    rewrite.finish()
}

/// Whether a letter or digit stands right before, other than the end of `%22` or `\\n`.
fn is_inside_word(before: &str) -> bool {
    let bytes = before.as_bytes();
    let encoded =
        matches!(bytes, [.., b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
    let escaped = matches!(bytes, [.., b'\\', b'n' | b't' | b'r']);
    bytes.last().is_some_and(u8::is_ascii_alphanumeric) && !encoded && !escaped
}

struct Span {
    from: usize,
    to: usize,
}

/// The value that begins here: up to the quote that closes it, else up to a blank or a closing sign.
fn value_at(line: &str, at: usize) -> Span {
    let rest = &line[at..];
    let prefix = usize::from(rest.starts_with(['u', 'b']) && rest[1..].starts_with(['\'', '"']));
    let slashes = rest[prefix..].bytes().take_while(|b| *b == b'\\').count();
    let quoted = &rest[prefix + slashes..];
    if let Some(quote) = quoted.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let from = at + prefix + slashes + 1;
        let close = format!("{}{quote}", "\\".repeat(slashes));
        // An unescaped quote of the same kind closes, or the end of the line when it was cut.
        let to = closing(&line[from..], &close, slashes).map_or(line.len(), |end| from + end);
        return Span { from, to: trim_line_end(line, from, to) };
    }
    for encoded in ["%22", "%27"] {
        if let Some(inner) = rest.strip_prefix(encoded) {
            let from = at + 3;
            let to = inner.find(encoded).map_or_else(|| from + bare_length(inner), |end| from + end);
            return Span { from, to };
        }
    }
    Span { from: at, to: at + bare_length(rest) }
}

fn closing(text: &str, close: &str, slashes: usize) -> Option<usize> {
    text.match_indices(close).map(|(at, _)| at).find(|at| {
        let before = text[..*at].bytes().rev().take_while(|b| *b == b'\\').count();
        if slashes == 0 { before % 2 == 0 } else { before == 0 }
    })
}

fn trim_line_end(line: &str, from: usize, to: usize) -> usize {
    from + line[from..to].trim_end_matches(['\n', '\r']).len()
}

fn bare_length(rest: &str) -> usize {
    rest.find(|c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '&' | '}' | ')' | ']' | '>' | '<')
    })
    .unwrap_or(rest.len())
}

/// Values that are no secrets, and source text in tracebacks (`password=self._password`).
fn is_harmless(value: &str, name: &str) -> bool {
    let value = value.trim_end_matches('\\');
    if value.is_empty() || value.starts_with(START) {
        return true;
    }
    let lower = value.to_ascii_lowercase();
    let word = lower.trim_end_matches(['.', ':']);
    if matches!(
        word,
        "none"
            | "null"
            | "true"
            | "false"
            | "missing"
            | "unset"
            | "required"
            | "str"
            | "string"
            | "%s"
            | "%r"
    ) || value.bytes().all(|b| matches!(b, b'*' | b'.' | b'x' | b'X' | b'-'))
    {
        return true;
    }
    let name = name.to_ascii_lowercase();
    let called = lower.split('(').next().unwrap_or(&lower);
    let last = called.rsplit('.').next().unwrap_or(called).trim_start_matches('_');
    let code = called.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
    code && (last == name
        || last.strip_prefix("get_") == Some(&name)
        || lower.contains('(') && last.ends_with(&name))
}

/// Long and mixed enough to be a key rather than a word.
fn is_opaque(value: &str) -> bool {
    value.len() >= 16
        && value.bytes().any(|b| b.is_ascii_digit())
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~+/=-".contains(&b))
}

/// Toolkit's own sentence: `Session token: …`.
pub(crate) fn phrases(line: &str, style: Style, counts: &mut RuleCounts) -> Option<String> {
    static PHRASE: LazyLock<Regex> =
        LazyLock::new(|| crate::compile(r"(?i-u:session[ _]token(?: is)?:?[ \t]+)([^\t\n\x0B\f\r ]+)"));
    static STRICT: LazyLock<Regex> =
        LazyLock::new(|| crate::compile(r"(?i-u:(?-u:\b)session token(?: is)?:[ \t]*)([^\t\n\x0B\f\r ]+)"));
    let mut rewrite = Rewrite::new(line);
    for found in STRICT.captures_iter(line) {
        let Some(value) = found.get(1) else { continue };
        let text = value.as_str().trim_start_matches(['"', '\'']);
        if !text.starts_with(START)
            && !is_harmless(text.trim_end_matches(['"', '\'', ',', '.']), "session token")
        {
            rewrite.hide(value.start(), value.end(), rule::PHRASE, style, counts);
        }
    }
    if let Some(changed) = rewrite.finish() {
        return Some(changed);
    }
    // Without the colon only what looks like a token is one.
    let mut rewrite = Rewrite::new(line);
    for found in PHRASE.captures_iter(line) {
        let Some(value) = found.get(1) else { continue };
        let text = value.as_str().trim_matches(['"', '\'', ',', '.']);
        if is_opaque(text) {
            rewrite.hide(value.start(), value.end(), rule::PHRASE, style, counts);
        }
    }
    rewrite.finish()
}

/// `Authorization: …`, `Bearer …`, `Basic …`.
pub(crate) fn authorization(line: &str, style: Style, counts: &mut RuleCounts) -> Option<String> {
    static HEADER: LazyLock<Regex> = LazyLock::new(|| {
        crate::compile(
            r#"(?i-u:authorization(?:\\*["'])?[ \t]*[:=][ \t]*(?:b|u)?(?:\\*["'])?(?:(?:bearer|basic|token|digest|negotiate)[ \t]+)?)([^\t\n\x0B\f\r "',;\\<>)\]}]+)"#,
        )
    });
    static SCHEME: LazyLock<Regex> =
        LazyLock::new(|| crate::compile(r"(?i-u:(?-u:\b)(?:bearer|basic)[ \t]+)([A-Za-z0-9._~+/=-]{12,})"));
    let mut rewrite = Rewrite::new(line);
    for found in HEADER.captures_iter(line) {
        let Some(value) = found.get(1) else { continue };
        if value.len() >= 8 && !is_harmless(value.as_str(), "authorization") {
            rewrite.hide(value.start(), value.end(), rule::AUTHORIZATION, style, counts);
        }
    }
    let changed = rewrite.finish();
    let text = changed.as_deref().unwrap_or(line);
    let mut rewrite = Rewrite::new(text);
    for found in SCHEME.captures_iter(text) {
        let Some(value) = found.get(1) else { continue };
        // "basic configuration" is prose: a credential has digits, padding or capitals inside.
        let mixed = value.as_str().bytes().skip(1).any(|b| b.is_ascii_uppercase());
        if value.as_str().bytes().any(|b| b.is_ascii_digit() || b == b'=') || mixed {
            rewrite.hide(value.start(), value.end(), rule::AUTHORIZATION, style, counts);
        }
    }
    rewrite.finish().or(changed)
}

/// `Cookie: …` and `Set-Cookie: …` to the end of the line.
pub(crate) fn cookies(line: &str, style: Style, counts: &mut RuleCounts) -> Option<String> {
    static COOKIE: LazyLock<Regex> = LazyLock::new(|| {
        crate::compile(r#"(?i-u:(?-u:\b)(?:set-)?cookies?(?:\\*["'])?[ \t]*[:=][ \t]*)([^\r\n]+)"#)
    });
    let mut rewrite = Rewrite::new(line);
    for found in COOKIE.captures_iter(line) {
        let Some(value) = found.get(1) else { continue };
        let text = value.as_str().trim();
        // Without `name=value` it is no cookie but an attribute or a sentence.
        if text.contains('=') && !text.trim_start_matches(['"', '\'']).starts_with(START) {
            rewrite.hide(
                value.start(),
                value.start() + value.as_str().trim_end().len(),
                rule::COOKIE,
                style,
                counts,
            );
        }
    }
    rewrite.finish()
}

/// `http_proxy: user:password@host`, without a scheme.
pub(crate) fn proxies(line: &str, style: Style, counts: &mut RuleCounts) -> Option<String> {
    static PROXY: LazyLock<Regex> = LazyLock::new(|| {
        crate::compile(
            r#"(?i-u:proxy)[^\t\n\x0B\f\r ]{0,20}?[ \t]*(?:(?i-u:address|server|setting|is)[ \t]*)?[:=]?[ \t]*(?:\\*["'])?([^\t\n\x0B\f\r "'<>/:@=,(]+:[^\t\n\x0B\f\r "'<>]*)@"#,
        )
    });
    let mut rewrite = Rewrite::new(line);
    for found in PROXY.captures_iter(line) {
        let Some(value) = found.get(1) else { continue };
        rewrite.hide(value.start(), value.end(), rule::PROXY, style, counts);
    }
    rewrite.finish()
}

/// A user written out as JSON, a Python dictionary or a pickle: the login goes with the token.
pub(crate) fn serialised_users(line: &str, style: Style, counts: &mut RuleCounts) -> Option<String> {
    static LOGIN: LazyLock<Regex> = LazyLock::new(|| {
        crate::compile(&format!(r#"(?i-u:(\\*["']|%22|%27)(?:login|user_login){SEPARATOR})"#))
    });
    static PICKLED: LazyLock<Regex> = LazyLock::new(|| {
        crate::compile(
            r"(?i-u:(?:session_token|api_key|password|login)'(?:\\+n|[ \t])+p[0-9]+(?:\\+n|[ \t])+[SV]\\*'?)([^'\\\n]+)",
        )
    });
    if !line.contains("session_token") && !line.contains("api_key") {
        return None;
    }
    let mut rewrite = Rewrite::new(line);
    for found in PICKLED.captures_iter(line) {
        let Some(value) = found.get(1) else { continue };
        if !is_harmless(value.as_str(), "") {
            rewrite.hide(value.start(), value.end(), rule::SERIALISED_USER, style, counts);
        }
    }
    if let Some(changed) = rewrite.finish() {
        return Some(changed);
    }
    let mut rewrite = Rewrite::new(line);
    for found in LOGIN.find_iter(line) {
        let value = value_at(line, found.end());
        if value.from >= rewrite.done() && !is_harmless(&line[value.from..value.to], "login") {
            rewrite.hide(value.from, value.to, rule::SERIALISED_USER, style, counts);
        }
    }
    rewrite.finish()
}
