//! What the site answers to a call: `API create() CRUD ERROR #6: … [Attachment.image]: text`.

use crate::signature::message::Normaliser;
use crate::signature::message::innermost::{MOST_BYTES, cap};

fn in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Method, number, field and the normalised text of the last fault in a text; of a batch, that is the one that failed.
pub(crate) fn line(text: &str, to: &Normaliser<'_>) -> Option<String> {
    let text = cap(text, MOST_BYTES);
    let (method, rest) = memchr::memrchr_iter(b'(', text.as_bytes()).find_map(|open| {
        let head = text[..open].trim_end_matches(in_word);
        let rest = head.ends_with("API ").then(|| &text[head.len()..])?;
        let end = rest.find(|c: char| !in_word(c)).unwrap_or(rest.len());
        let after = rest[end..].strip_prefix("()").filter(|_| end > 0)?;
        Some((&rest[..end], after))
    })?;
    let rest = rest.split('\n').next().unwrap_or_default().trim_start();
    let (number, said) = error_name(rest);
    let said = said.trim_start_matches([':', ' ']);
    let field = field(said);
    // What follows the field is the site's sentence; without a field, everything is.
    let sentence = match field {
        Some((_, end)) if said[end..].bytes().any(|b| b.is_ascii_alphanumeric()) => &said[end..],
        Some((name, end)) => &said[..end - name.len() - 2],
        None => said,
    };
    let sentence = to.normalise(sentence.trim_start_matches([':', ' ']));
    let mut out = format!("api {method}");
    for part in [number, field.map(|(name, _)| name)].into_iter().flatten().filter(|part| !part.is_empty()) {
        out.push(' ');
        out.push_str(part);
    }
    let head = out.len();
    out.push_str(": ");
    out.push_str(&sentence);
    out.truncate(out.trim_end_matches([':', ' ']).len().max(head));
    // The number is part of the name people search for, in lower case like the rest.
    let number_at = "api ".len() + method.len();
    out[number_at..number_at + number.map_or(0, |number| number.len() + 1)].make_ascii_lowercase();
    Some(out)
}

/// `CRUD ERROR #6` or another error in capitals, and what follows.
fn error_name(rest: &str) -> (Option<&str>, &str) {
    let Some(at) = rest.find("ERROR").filter(|at| *at < 40) else { return (None, rest) };
    if !rest.starts_with(|c: char| c.is_ascii_uppercase())
        || !rest[..at].chars().all(|c| c.is_ascii_alphabetic() || c == ' ')
    {
        return (None, rest);
    }
    let mut end = at + "ERROR".len();
    if let Some(number) = rest[end..].strip_prefix(" #") {
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        end += if digits > 0 { 2 + digits } else { 0 };
    }
    (Some(&rest[..end]), &rest[end..])
}

/// The first `[Entity.field]`, else the first `[Entity]`: its name and where it ends. A field says more.
fn field(said: &str) -> Option<(&str, usize)> {
    let mut entity = None;
    for (at, _) in said.match_indices('[') {
        let rest = &said[at + 1..];
        let end = rest.find(|c: char| !in_word(c) && c != '.').unwrap_or(rest.len());
        let name = &rest[..end];
        if name.is_empty() || !rest[end..].starts_with(']') || name.starts_with('.') || name.ends_with('.') {
            continue;
        }
        let found = (name, at + 1 + end + 1);
        if name.contains('.') {
            return Some(found);
        }
        entity = entity.or(Some(found));
    }
    entity
}
