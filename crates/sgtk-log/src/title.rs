//! The title of a ticket.
//!
//! A precise title is made of signature components only, so every occurrence of a problem gives the same one, and no
//! path, secret or name of a shot gets in. The seed style is the project's first one: the bare exception name.

use std::borrow::Cow;

use crate::incident::Incident;
use crate::signature::Signature;
use crate::signature::reason::types::familiar_name;

/// How a title is made.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum TitleStyle {
    /// `<login> - <ErrorName>: <reason> in <function> [<bucket>]`
    #[default]
    Precise,
    /// `<login> - <ErrorName>`, or `<login> - Unknown error: <short message>`
    Seed,
}

/// Characters of a title after the login part, the bucket included.
const CORE_CHARS: usize = 80;
/// ` [` bucket `]`
const TAG_CHARS: usize = 11;

/// Makes a title. Without a user the scope is left out.
pub fn title(incident: &Incident, user: Option<&str>, style: TitleStyle) -> String {
    let mut title = scope(user);
    match style {
        TitleStyle::Precise => precise(&incident.signature, &mut title),
        TitleStyle::Seed => title.push_str(&seed(incident)),
    }
    title
}

/// A title in a studio's own words instead of the error's. As long as any other, with the bucket where the style has one.
pub fn worded_title(words: &str, signature: &Signature, user: Option<&str>, style: TitleStyle) -> String {
    let mut title = scope(user);
    let words = plain(words);
    match style {
        TitleStyle::Precise => {
            title.push_str(&shorten(&words, CORE_CHARS - TAG_CHARS));
            title.push_str(&format!(" [{}]", signature.bucket()));
        }
        TitleStyle::Seed => title.push_str(&shorten(&words, CORE_CHARS)),
    }
    title
}

/// `<login> - `, with room for what follows.
fn scope(user: Option<&str>) -> String {
    let mut title = String::with_capacity(128);
    if let Some(user) = user.map(plain).filter(|user| !user.is_empty()) {
        title.push_str(&user);
        title.push_str(" - ");
    }
    title
}

fn seed(incident: &Incident) -> String {
    const UNKNOWN: &str = "Unknown error:";
    if let Some(name) = &incident.error_name {
        return shorten(name, CORE_CHARS).into_owned();
    }
    let message = plain(&incident.summary);
    let said = match message.get(..UNKNOWN.len()) {
        Some(start) if start.eq_ignore_ascii_case(UNKNOWN) => message[UNKNOWN.len()..].trim(),
        _ => message.trim(),
    };
    shorten(format!("{UNKNOWN} {said}").trim_end(), CORE_CHARS).into_owned()
}

fn precise(signature: &Signature, title: &mut String) {
    let room = CORE_CHARS - TAG_CHARS;
    let said = signature.first("reason").map(friendly).filter(|said| !said.is_empty());
    match signature.first("type") {
        Some(name) => {
            let name = display_type(signature, name);
            let file = || signature.first("file").map(file_name).map(plain);
            let detail =
                said.filter(|said| !is_said_by(&name, said)).or_else(file).or_else(|| leaves(signature));
            fit(&name, detail.as_deref(), signature, room, title);
        }
        None => {
            let message = signature.first("message").map(friendly).filter(|message| !message.is_empty());
            let message = message.unwrap_or(Cow::Borrowed("unknown error"));
            let place =
                innermost(signature).filter(|place| chars(&message) + " in ".len() + chars(place) <= room);
            title.push_str(&shorten(&capitalised(&message), room));
            if let Some(place) = place {
                title.push_str(" in ");
                title.push_str(&place);
            }
        }
    }
    title.push_str(" [");
    title.push_str(&signature.bucket());
    title.push(']');
}

/// Type, reason and place, dropping the module, then the end of the reason, until it fits.
fn fit(name: &str, detail: Option<&str>, signature: &Signature, room: usize, title: &mut String) {
    let mut head = String::with_capacity(room * 2);
    head.push_str(&shorten(name, room));
    if let Some(detail) = detail {
        head.push_str(": ");
        head.push_str(detail);
    }
    let Some(place) = innermost(signature) else { return title.push_str(&shorten(&head, room)) };
    let short = place.rsplit_once('.').map_or(&*place, |(_, function)| function);
    for place in [&*place, short] {
        if chars(&head) + " in ".len() + chars(place) <= room {
            title.push_str(&head);
            title.push_str(" in ");
            title.push_str(place);
            return;
        }
    }
    let left = room.saturating_sub(" in ".len() + chars(short));
    // A place is worth its room only while enough of the reason stays.
    if left >= chars(name) + 12 {
        title.push_str(&shorten(&head, left));
        title.push_str(" in ");
        title.push_str(short);
    } else {
        title.push_str(&shorten(&head, room));
    }
}

/// `module.function` of the innermost frame.
pub(crate) fn innermost(signature: &Signature) -> Option<Cow<'_, str>> {
    let frame = signature.first("frame")?;
    let (path, function) = frame.rsplit_once('#').unwrap_or(("", frame));
    let module = file_name(path);
    let module = module.strip_suffix(".py").unwrap_or(module);
    let place = match (module, function) {
        ("", function) => Cow::Borrowed(function),
        (module, "" | "<module>") => Cow::Borrowed(module),
        (module, function) => {
            let mut place = String::with_capacity(module.len() + function.len() + 1);
            place.push_str(module);
            place.push('.');
            place.push_str(function);
            Cow::Owned(place)
        }
    };
    let place = if plain(&place) == place { place } else { Cow::Owned(plain(&place).into_owned()) };
    (!place.is_empty()).then_some(place)
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', ':']).next().unwrap_or(path)
}

fn leaves(signature: &Signature) -> Option<Cow<'_, str>> {
    let names: Vec<&str> = signature
        .components()
        .iter()
        .filter(|part| part.kind == "leaf")
        .map(|part| part.value.as_str())
        .collect();
    (!names.is_empty()).then(|| Cow::Owned(names.join(", ")))
}

/// People know `OSError` 13 as `PermissionError`; the name follows from the components alone.
fn display_type<'s>(signature: &'s Signature, name: &'s str) -> Cow<'s, str> {
    match signature.first("reason").and_then(|reason| familiar_name(name, reason)) {
        Some(familiar) => Cow::Borrowed(familiar),
        None => plain(name),
    }
}

/// `ConnectionRefusedError: connection refused` says one thing twice.
fn is_said_by(name: &str, said: &str) -> bool {
    familiar_name("OSError", said).is_some_and(|familiar| familiar == name && !said.starts_with("Errno"))
}

/// A message that is a title of its own begins with a capital; paths and codes do not.
fn capitalised(message: &str) -> Cow<'_, str> {
    match message.as_bytes() {
        [b'a'..=b'z', b'a'..=b'z' | b' ' | b'\'', ..] => {
            let mut capital = message.to_owned();
            capital[..1].make_ascii_uppercase();
            Cow::Owned(capital)
        }
        _ => Cow::Borrowed(message),
    }
}

/// Placeholders as people read them.
pub(crate) fn friendly(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'<', text.as_bytes()).is_none() {
        return plain(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'<', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(64).position(|b| b == b'>');
        let Some(end) = end.filter(|end| *end > 1) else {
            out.push('<');
            rest = &rest[1..];
            continue;
        };
        let inner = &rest[1..end];
        match inner {
            "path" | "url" | "host" | "email" => out.push_str(inner),
            _ => match inner.split_once(' ') {
                Some((_, name)) => out.push_str(name),
                None => out.push('…'),
            },
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Cow::Owned(plain(&out).into_owned())
}

/// One line without control characters.
fn plain(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if !may_hold_controls(text) {
        return Cow::Borrowed(text);
    }
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    Cow::Owned(spaced.trim().to_owned())
}

/// Whether a text may hold control characters: those outside ASCII all begin with one byte. All bytes are looked at
/// without branches, which the compiler turns into vector instructions.
pub(crate) fn may_hold_controls(text: &str) -> bool {
    text.bytes().fold(false, |any, b| any | (b < b' ') | (b == 0x7F) | (b == 0xC2))
}

fn chars(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// Cuts to `most` characters, at a word where one is near, and marks the cut.
fn shorten(text: &str, most: usize) -> Cow<'_, str> {
    if chars(text) <= most {
        return Cow::Borrowed(text);
    }
    let end = text.char_indices().nth(most.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
    let cut = &text[..end];
    let word = cut.rfind(' ').filter(|at| *at * 3 >= end * 2).unwrap_or(end);
    Cow::Owned(format!("{}…", cut[..word].trim_end_matches([' ', ':', ',', '(', '[', '{', '\''])))
}
