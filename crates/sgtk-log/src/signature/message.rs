//! A message without what changes from one occurrence to the next.
//!
//! The input is redacted text. The passes run in a fixed order, each over a short line (the innermost reason, at most
//! `MOST_BYTES`), and leave placeholders such as `<path>` that later passes do not touch. Part of the signature
//! algorithm: a change here is a new algorithm name.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::pattern::compile;
use super::words::ContextWords;

/// Text beyond this is not looked at.
pub(crate) const MOST_BYTES: usize = 8 * 1024;
/// A reason is one line of at most this size before normalisation.
const MOST_LINE_BYTES: usize = 1024;
/// A normalised message is cut to this many characters.
const MOST_CHARS: usize = 200;

/// The first `most` bytes, cut at a character.
pub(crate) fn cap(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// The one line of a message that says why: behind the last "Error reported:" and its like, before data dumps.
pub(crate) fn innermost_reason(text: &str) -> Cow<'_, str> {
    const LEADS: [&str; 7] = [
        "Error reported:",
        "Error details:",
        "The following error was reported:",
        "The following error was raised:",
        "because of the following error:",
        "It will not be loaded:",
        "Error:",
    ];
    let text = cap(text, MOST_BYTES);
    let behind = memchr::memrchr_iter(b':', text.as_bytes()).find_map(|colon| {
        let head = &text[..=colon];
        let leads = LEADS.iter().any(|lead| {
            head.strip_suffix(lead)
                .is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        });
        let rest = if leads { text[colon + 1..].trim() } else { "" };
        (!rest.is_empty()).then_some(rest)
    });
    let reason = behind.unwrap_or(text);
    let mut lines = reason.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let first = if first.ends_with(':') && first.len() < 200 {
        // An announcement is not the reason; the next line is part of it.
        match lines.next().filter(|next| !is_dump(next)) {
            Some(next) => Cow::Owned(format!("{first} {next}")),
            None => Cow::Borrowed(first),
        }
    } else {
        Cow::Borrowed(first)
    };
    match first.find("Source data set:").filter(|at| *at > 0) {
        Some(at) => Cow::Owned(first[..at].trim_end().to_owned()),
        None => first,
    }
}

fn is_dump(line: &str) -> bool {
    line.starts_with(['{', '[', '(']) || line.starts_with("Source data set:")
}

/// Normalises lines: placeholders for what varies, single blanks, lower case, at most 200 characters.
pub(crate) struct Normaliser<'w> {
    /// Words of the work at hand.
    pub(crate) words: &'w ContextWords,
    /// Every line that was normalised, when someone wants to know.
    notes: Option<RefCell<Vec<Normalised>>>,
}

/// A line before and after normalisation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Normalised {
    /// The innermost reason of a text, as logged.
    pub before: String,
    /// What of it became part of the signature.
    pub after: String,
    /// What was replaced, in the order it was.
    pub replaced: Vec<Replacement>,
}

/// A piece of a message that varies from one occurrence to the next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replacement {
    /// The rule that recognised it.
    pub rule: &'static str,
    /// The piece.
    pub found: String,
    /// What stands in its place.
    pub put: String,
}

impl<'w> Normaliser<'w> {
    /// One that only normalises.
    pub(crate) fn new(words: &'w ContextWords) -> Self {
        Normaliser { words, notes: None }
    }

    /// One that also keeps what it did.
    pub(crate) fn noting(words: &'w ContextWords) -> Self {
        Normaliser { words, notes: Some(RefCell::default()) }
    }

    /// What was noted, in order.
    pub(crate) fn into_notes(self) -> Vec<Normalised> {
        self.notes.map(RefCell::into_inner).unwrap_or_default()
    }

    /// Normalises one line.
    pub(crate) fn normalise(&self, line: &str) -> String {
        let mut replaced = self.notes.as_ref().map(|_| Vec::new());
        let text = run(&ADDRESSES, Cow::Borrowed(cap(line, MOST_LINE_BYTES)), &mut replaced);
        // Behind the paths: a login inside one must not cut it in two.
        let text = Cow::Owned(self.words.replace(&text).into_owned());
        let text = replace_quoted(&run(&CODES, text, &mut replaced));
        let text = match has_digit(text.as_bytes()) {
            true => NUMBER.replace_all(&text, |found: &Captures<'_>| replace_number(found)).into_owned(),
            false => text,
        };
        let after = finish(&text);
        if let (Some(notes), Some(replaced)) = (&self.notes, replaced) {
            notes.borrow_mut().push(Normalised { before: line.to_owned(), after: after.clone(), replaced });
        }
        after
    }
}

fn run<'t>(passes: &[Pass], mut text: Cow<'t, str>, notes: &mut Option<Vec<Replacement>>) -> Cow<'t, str> {
    for pass in passes {
        if !(pass.worth_trying)(text.as_bytes()) {
            continue;
        }
        // Most passes find nothing, and a bare match is much cheaper than captures.
        if pass.pattern.is_match(&text) {
            let replaced = pass.pattern.replace_all(&text, |found: &Captures<'_>| {
                let put = (pass.replace)(found);
                if let Some(notes) = notes.as_mut().filter(|_| put != found[0]) {
                    notes.push(Replacement {
                        rule: rule(&put),
                        found: found[0].to_owned(),
                        put: put.clone(),
                    });
                }
                put
            });
            text = Cow::Owned(replaced.into_owned());
        }
    }
    text
}

/// Name of the rule that puts this.
fn rule(put: &str) -> &'static str {
    const RULES: [&str; 14] = [
        "path", "url", "host", "email", "id", "addr", "date", "ver", "frames", "code", "entity", "obj",
        "template", "tkimp",
    ];
    let named =
        |name: &&&str| put.trim_start_matches([' ', '<', '(', '[', '=', ',', '\'', '"']).starts_with(**name);
    RULES.iter().find(named).copied().unwrap_or("noise")
}

struct Pass {
    pattern: Regex,
    /// A cheap look at the bytes before the pattern is tried.
    worth_trying: fn(&[u8]) -> bool,
    replace: fn(&Captures<'_>) -> String,
}

fn pass(pattern: &str, worth_trying: fn(&[u8]) -> bool, replace: fn(&Captures<'_>) -> String) -> Pass {
    Pass { pattern: compile(pattern), worth_trying, replace }
}

fn has(bytes: &[u8], wanted: u8) -> bool {
    memchr::memchr(wanted, bytes).is_some()
}

fn has_digit(bytes: &[u8]) -> bool {
    bytes.iter().any(u8::is_ascii_digit)
}

fn has_separator(bytes: &[u8]) -> bool {
    memchr::memchr2(b'/', b'\\', bytes).is_some()
}

/// Whether eight hexadecimal digits stand in a row.
fn has_hex_run(bytes: &[u8]) -> bool {
    let mut run = 0;
    bytes.iter().any(|byte| {
        run = if byte.is_ascii_hexdigit() { run + 1 } else { 0 };
        run == 8
    })
}

/// Whether two digits stand around one of these.
fn has_digits_around(bytes: &[u8], signs: &[u8]) -> bool {
    bytes
        .windows(3)
        .any(|three| three[0].is_ascii_digit() && three[2].is_ascii_digit() && signs.contains(&three[1]))
}

/// Object representations, addresses and paths.
static ADDRESSES: LazyLock<Vec<Pass>> = LazyLock::new(|| {
    vec![
        // Toolkit and Python object representations.
        pass(r"<Sgtk (Template\w*) ([^\s:>]+)[^>]*>", |b| has(b, b'<'), |c| format!("<template {}>", &c[2])),
        pass(r"<Sgtk (\w+)[^>]*>", |b| has(b, b'<'), |c| format!("<{}>", c[1].to_lowercase())),
        pass(
            r#"\{[^{}]*["']type["']\s*:\s*u?["'](\w+)["'][^{}]*\}"#,
            |b| has(b, b'{'),
            |c| format!("<entity {}>", &c[1]),
        ),
        pass(
            r"<(?:[\w<>]+\.)*(\w+) (?:object|instance) at 0x[0-9A-Fa-f]+>",
            |b| has(b, b'<'),
            |c| format!("<obj {}>", &c[1]),
        ),
        // Addresses of all kinds.
        pass(
            r#"\b[A-Za-z][A-Za-z0-9+.-]*://(?:<\w+>|[^\s"'<>])+"#,
            |b| has(b, b':'),
            |c| {
                let file = c[0].get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:"));
                if file { "<path>" } else { "<url>" }.to_owned()
            },
        ),
        pass(
            r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
            |b| has(b, b'@'),
            |_| "<email>".to_owned(),
        ),
        pass(r"tkimp[0-9a-f]{32}", |b| has(b, b'k') && has_hex_run(b), |_| "tkimp".to_owned()),
        pass(
            r"(?i)\b(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b",
            has_hex_run,
            |_| "<id>".to_owned(),
        ),
        pass(r"\b0x[0-9A-Fa-f]+L?\b", |b| has(b, b'x'), |_| "<addr>".to_owned()),
        pass(r"\s*\(_ssl\.c:\d+\)", |b| has(b, b'('), |_| String::new()),
        pass(
            r"\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?\b|\b\d{1,2}[/.]\d{1,2}[/.]\d{4}\b|\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?\b",
            |b| has_digits_around(b, b"-/.:"),
            |_| "<date>".to_owned(),
        ),
        pass(
            r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|\b[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+:\d{2,5}\b|\b[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.(?:com|net|org|edu|example|local|lan|internal)\b",
            |b| has(b, b'.'),
            |_| "<host>".to_owned(),
        ),
        // Paths, before numbers. Blanks only inside quotes, and in folders behind a drive letter.
        pass(
            r#""(?:[A-Za-z]:[\\/]|\\\\|~?/|~\\|%\w+%)[^"\n]*"|'(?:[A-Za-z]:[\\/]|\\\\|~?/|~\\|%\w+%)[^'\n]*'"#,
            has_separator,
            |_| "<path>".to_owned(),
        ),
        pass(
            r#"(?:\b[A-Za-z]:|%\w+%)[\\/]+(?:(?:<\w+>|[^"'<>|:*?\n\\/])+[\\/]+)*[^\s"'<>|:*?\\/,;)\]}]*"#,
            |b| memchr::memchr2(b':', b'%', b).is_some() && has_separator(b),
            |_| "<path>".to_owned(),
        ),
        pass(
            r#"\\\\[^\s"'<>|\\]+\\[^\s"'<>|]*|~[\\/][^\s"'<>|,;)\]]+|\b[\w.-]+(?:\\[\w.-]+){2,}"#,
            |b| memchr::memchr2(b'\\', b'~', b).is_some(),
            |_| "<path>".to_owned(),
        ),
        pass(
            r#"(^|[\s(\[=:,;{"'])/(?:<\w+>|[^\s"'<>|,;:)\]}/])+(?:/(?:<\w+>|[^\s"'<>|,;:)\]}/])*)+"#,
            has_separator,
            |c| format!("{}<path>", &c[1]),
        ),
        pass(r"\b[\w.-]+(?:/[\w.-]+)+\.[A-Za-z]\w{0,4}\b", has_separator, |_| "<path>".to_owned()),
        pass(
            r"(?i)(?:%0\d+d|#{2,}|[\w-])(?:[\w.-]|%0\d+d|#{2,})*\.(?:ma|mb|nk|hip|hipnc|hiplc|exr|dpx|mov|mp4|abc|jpe?g|png|tiff?|psd|max|fbx|obj|usd[acz]?|wire|aep|vpb|blend|3dm)\b",
            |b| has(b, b'.'),
            |_| "<path>".to_owned(),
        ),
    ]
});

/// Versions, frames, shot codes.
static CODES: LazyLock<Vec<Pass>> = LazyLock::new(|| {
    vec![
        pass(
            r"(?i)\b\d+\.\d+v\d+\b|\bv\d+(?:\.\d+)*(?:[ab.-]\d+|rc\d+)?\b|_v\d+(?:\.\d+)*",
            |b| has_digit(b) && memchr::memchr2(b'v', b'V', b).is_some(),
            |_| "<ver>".to_owned(),
        ),
        pass(
            r"%0\d+d|#{2,}|\b\d{3,6}\s?-\s?\d{3,6}\b",
            |b| memchr::memchr3(b'%', b'#', b'-', b).is_some(),
            |_| "<frames>".to_owned(),
        ),
        pass(
            r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)+",
            |b| has_digit(b) && memchr::memchr2(b'-', b'_', b).is_some(),
            |c| replace_code(&c[0]),
        ),
        pass(r"(?i)\b(?:shot|sh|seq|sq|scene|sc|ep|cut)\d{2,}[a-z]?\b", has_digit, |_| "<code>".to_owned()),
    ]
});

/// Words with digits that mean something.
static MEANINGFUL: LazyLock<Regex> = LazyLock::new(|| {
    compile(r"(?i)^(?:utf|utf8|utf16|utf32|iso|cp|sha|md|latin|big5|euc|py|python|tk|x86)(?:[_-]|\d*$)")
});

fn replace_code(word: &str) -> String {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.bytes().any(|b| b.is_ascii_alphabetic());
    if digits < 2 || !letters || MEANINGFUL.is_match(word) { word.to_owned() } else { "<code>".to_owned() }
}

static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"(?i)(\[?\b(?:errno|winerror|error|signal|status|code|http(?: error)?|crud error)\b[ :=]*#?-?\d+\]?|\b(?:utf|iso|cp|sha|md|latin|python|py|euc|x)[ -]?\d[\w.-]*\b)|[-+]?\b\d+(?:[.,:]\d+)*(?:e[-+]?\d+)?(?:%|\b)",
    )
});

fn replace_number(found: &Captures<'_>) -> String {
    if found.get(1).is_some() { found[0].to_owned() } else { "<n>".to_owned() }
}

/// Quoted text stays if it is an identifier without digits; else it becomes `<str>`. Python 2's `u'…'` is `'…'`.
fn replace_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\'', '"', '`']) {
        let quote = rest.as_bytes()[at];
        let inner_at = at + 1;
        let opens = !rest[..at].ends_with(char::is_alphanumeric) || has_string_prefix(&rest[..at]);
        let close = opens.then(|| closing_quote(&rest[inner_at..], quote)).flatten();
        let Some(close) = close else {
            out.push_str(&rest[..inner_at]);
            rest = &rest[inner_at..];
            continue;
        };
        let inner = &rest[inner_at..inner_at + close];
        let before = &rest[..at];
        out.push_str(if has_string_prefix(before) { &before[..before.len() - 1] } else { before });
        if is_placeholder(inner) {
            out.push_str(inner);
        } else if is_identifier(inner) {
            out.push('\'');
            out.push_str(inner);
            out.push('\'');
        } else {
            out.push_str("<str>");
        }
        rest = &rest[inner_at + close + 1..];
    }
    out.push_str(rest);
    out
}

fn has_string_prefix(before: &str) -> bool {
    let Some(head) = before.strip_suffix(['u', 'b', 'r']) else { return false };
    !head.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

fn closing_quote(text: &str, quote: u8) -> Option<usize> {
    memchr::memchr_iter(quote, text.as_bytes())
        .find(|at| !text[at + 1..].starts_with(|c: char| c.is_alphanumeric()))
}

fn is_placeholder(text: &str) -> bool {
    text.strip_prefix('<')
        .and_then(|inner| inner.strip_suffix('>'))
        .is_some_and(|inner| !inner.is_empty() && !inner.contains(['<', '>']))
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'.' | b'-'))
}

/// Joins repeated placeholders, squeezes blanks, folds case, drops fillers and closing punctuation, cuts.
fn finish(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut last_placeholder: Option<(usize, usize)> = None;
    let mut rest = text.trim();
    while let Some(c) = rest.chars().next() {
        let placeholder = (c == '<').then(|| rest.find('>').map(|end| &rest[..=end])).flatten();
        if let Some(placeholder) = placeholder.filter(|found| is_placeholder(found) && found.len() <= 64) {
            let repeated = last_placeholder.is_some_and(|(from, to)| {
                out[from..to] == *placeholder.to_lowercase()
                    && out[to..].bytes().all(|b| b" ,;/_.-".contains(&b))
            });
            if repeated {
                out.truncate(last_placeholder.map_or(out.len(), |(_, to)| to));
            } else {
                let from = out.len();
                out.extend(placeholder.chars().flat_map(char::to_lowercase));
                last_placeholder = Some((from, out.len()));
            }
            rest = &rest[placeholder.len()..];
            continue;
        }
        if c.is_whitespace() || c.is_control() {
            if !out.ends_with(' ') && !out.is_empty() {
                out.push(' ');
            }
        } else {
            out.extend(c.to_lowercase());
        }
        rest = &rest[c.len_utf8()..];
    }
    // Advice to the artist is no reason.
    if let Some(at) = out.find("please c").filter(|at| *at > 0) {
        out.truncate(at);
    }
    let end = out.trim_end_matches([' ', '.', '!', ':', ',', ';', '{', '[', '(']).len();
    out.truncate(end);
    match out.char_indices().nth(MOST_CHARS) {
        Some((at, _)) => out[..at].trim_end().to_owned(),
        None => out,
    }
}
