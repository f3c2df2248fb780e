//! The one line of a text that says why.

use std::borrow::Cow;

/// Text beyond this is not looked at.
pub(crate) const MOST_BYTES: usize = 8 * 1024;

/// The first `most` bytes, cut at a character.
pub(crate) fn cap(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// What announces the reason of a failure; the last one counts.
const LEADS: [&str; 10] = [
    "Error reported:",
    "Error details:",
    "The following error was reported:",
    "The following error was raised:",
    "because of the following error:",
    "It will not be loaded:",
    "The error reported is:",
    "Error message:",
    "Error:",
    "ERROR:",
];

/// What Houdini says of every operation that failed; why is on the next line.
const OF_EVERY_FAILURE: &str = "The attempted operation failed.";

/// What Toolkit puts before the data it could not handle.
const DUMP: &str = "Source data set:";

/// The one line of a message that says why: behind the last "Error reported:" and its like, before data dumps.
pub(crate) fn innermost_reason(text: &str) -> Cow<'_, str> {
    let text = cap(text, MOST_BYTES);
    let behind = memchr::memrchr_iter(b':', text.as_bytes()).find_map(|colon| {
        // Every lead ends in one of these letters.
        let last = text.as_bytes()[..colon].last()?;
        if !matches!(last, b'd' | b's' | b'r' | b'e' | b'R') {
            return None;
        }
        let head = &text[..=colon];
        let leads = LEADS.iter().any(|lead| {
            head.strip_suffix(lead)
                .is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        });
        let rest = if leads { text[colon + 1..].trim_start() } else { "" };
        (!rest.is_empty()).then_some(rest)
    });
    let reason = behind.unwrap_or(text);
    let mut lines = lines(reason).map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let first = if first == OF_EVERY_FAILURE { lines.next().unwrap_or(first) } else { first };
    let first = if first.ends_with(':') {
        // An announcement is not the reason; the next line is part of it.
        match lines.next().filter(|next| !is_dump(next)) {
            Some(next) => Cow::Owned(format!("{first} {next}")),
            None => Cow::Borrowed(first),
        }
    } else {
        Cow::Borrowed(first)
    };
    match (dump_in(&first), first) {
        (Some(at), first) => Cow::Owned(first[..at].trim_end().to_owned()),
        (None, Cow::Borrowed(first)) => Cow::Borrowed(without_quotes(first)),
        (None, first) => first,
    }
}

/// A reason that is quoted as a whole is a sentence, not a name in one.
fn without_quotes(reason: &str) -> &str {
    let said = reason.trim_end_matches(['.', '!']);
    let quote = said.bytes().next().filter(|quote| matches!(quote, b'\'' | b'"')).map(char::from);
    quote
        .and_then(|quote| said[1..].strip_suffix(quote).filter(|inner| !inner.contains(quote)))
        .filter(|inner| inner.contains(' '))
        .unwrap_or(reason)
}

/// Where a data dump begins in a line, behind something else.
fn dump_in(line: &str) -> Option<usize> {
    memchr::memchr_iter(b'S', line.as_bytes()).find(|at| *at > 0 && line[*at..].starts_with(DUMP))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let all = rest?;
        let end = memchr::memchr(b'\n', all.as_bytes());
        rest = end.map(|end| &all[end + 1..]);
        Some(&all[..end.unwrap_or(all.len())])
    })
}

fn is_dump(line: &str) -> bool {
    line.starts_with(['{', '[', '(']) || line.starts_with(DUMP)
}
