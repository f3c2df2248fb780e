//! The one line of a text that says why.

use std::borrow::Cow;

/// Text beyond this is not looked at.
pub(crate) const MOST_BYTES: usize = 8 * 1024;

/// The first `most` bytes, cut at a character.
pub(crate) fn cap(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// What announces the reason of a failure; the last one counts.
const LEADS: [&str; 9] = [
    "Error reported:",
    "Error details:",
    "The following error was reported:",
    "The following error was raised:",
    "because of the following error:",
    "It will not be loaded:",
    "The error reported is:",
    "Error message:",
    "Error:",
];

/// The one line of a message that says why: behind the last "Error reported:" and its like, before data dumps.
pub(crate) fn innermost_reason(text: &str) -> Cow<'_, str> {
    let text = cap(text, MOST_BYTES);
    let behind = memchr::memrchr_iter(b':', text.as_bytes()).find_map(|colon| {
        // Every lead ends in one of these letters.
        let last = text.as_bytes()[..colon].last()?;
        if !matches!(last, b'd' | b's' | b'r' | b'e') {
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
