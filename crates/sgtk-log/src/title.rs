//! The title of a ticket.
//!
//! A precise title is made of signature components only, so every occurrence of a problem gives the same one, and no
//! path, secret or name of a shot gets in. The seed style is the project's first one: the bare exception name.

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
    let core = match style {
        TitleStyle::Precise => precise(&incident.signature),
        TitleStyle::Seed => seed(incident),
    };
    match user.map(plain).filter(|user| !user.is_empty()) {
        Some(user) => format!("{user} - {core}"),
        None => core,
    }
}

fn seed(incident: &Incident) -> String {
    const UNKNOWN: &str = "Unknown error:";
    if let Some(name) = &incident.error_name {
        return shorten(name, CORE_CHARS);
    }
    let message = plain(&incident.summary);
    let said = match message.get(..UNKNOWN.len()) {
        Some(start) if start.eq_ignore_ascii_case(UNKNOWN) => message[UNKNOWN.len()..].trim(),
        _ => message.trim(),
    };
    shorten(format!("{UNKNOWN} {said}").trim_end(), CORE_CHARS)
}

fn precise(signature: &Signature) -> String {
    let room = CORE_CHARS - TAG_CHARS;
    let said = signature.first("reason").map(friendly).filter(|said| !said.is_empty());
    let text = match signature.first("type") {
        Some(name) => {
            let name = display_type(signature, name);
            let file = signature.first("file").map(file_name).map(str::to_owned);
            let leaves = leaves(signature);
            let detail = said.filter(|said| !is_said_by(&name, said)).or(file).or(leaves);
            fit(&name, detail.as_deref(), signature, room)
        }
        None => {
            let message = signature.first("message").map(friendly).unwrap_or_default();
            let message = if message.is_empty() { "Unknown error".to_owned() } else { message };
            let place = if signature.first("frame").is_some() { function(signature) } else { None };
            match place.map(|place| format!("{message} in {place}")) {
                Some(full) if full.chars().count() <= room => full,
                _ => shorten(&message, room),
            }
        }
    };
    format!("{text} [{}]", signature.bucket())
}

/// Type, reason and place, dropping the module, then the end of the reason, until it fits.
fn fit(name: &str, detail: Option<&str>, signature: &Signature, room: usize) -> String {
    let name = shorten(name, room);
    let head = detail.map_or(name.clone(), |detail| format!("{name}: {detail}"));
    let Some(place) = function(signature) else { return shorten(&head, room) };
    let short = place.rsplit_once('.').map_or(place.as_str(), |(_, function)| function);
    for place in [place.as_str(), short] {
        let full = format!("{head} in {place}");
        if full.chars().count() <= room {
            return full;
        }
    }
    let tail = format!(" in {short}");
    let left = room.saturating_sub(tail.chars().count());
    // A place is worth its room only while enough of the reason stays.
    if left >= name.chars().count() + 12 {
        format!("{}{tail}", shorten(&head, left))
    } else {
        shorten(&head, room)
    }
}

/// `module.function` of the innermost frame.
fn function(signature: &Signature) -> Option<String> {
    let frame = signature.first("frame")?;
    let (path, function) = frame.rsplit_once('#').unwrap_or(("", frame));
    let module = file_name(path);
    let module = module.strip_suffix(".py").unwrap_or(module);
    let place = match (module, function) {
        ("", function) => function.to_owned(),
        (module, "" | "<module>") => module.to_owned(),
        (module, function) => format!("{module}.{function}"),
    };
    (!place.is_empty()).then(|| plain(&place))
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', ':']).next().unwrap_or(path)
}

fn leaves(signature: &Signature) -> Option<String> {
    let names: Vec<&str> = signature
        .components()
        .iter()
        .filter(|part| part.kind == "leaf")
        .map(|part| part.value.as_str())
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// People know `OSError` 13 as `PermissionError`; the name follows from the components alone.
fn display_type(signature: &Signature, name: &str) -> String {
    let familiar = signature.first("reason").and_then(|reason| familiar_name(name, reason));
    plain(familiar.unwrap_or(name))
}

/// `ConnectionRefusedError: connection refused` says one thing twice.
fn is_said_by(name: &str, said: &str) -> bool {
    familiar_name("OSError", said).is_some_and(|familiar| familiar == name && !said.starts_with("Errno"))
}

/// Placeholders as people read them.
fn friendly(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(end) = rest.find('>').filter(|end| *end <= 64) else {
            out.push('<');
            rest = &rest[1..];
            continue;
        };
        let inner = &rest[1..end];
        match inner {
            "path" | "url" | "host" | "email" => out.push_str(inner),
            "" => out.push_str("<>"),
            _ => match inner.split_once(' ') {
                Some((_, name)) => out.push_str(name),
                None => out.push('…'),
            },
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    plain(out.trim())
}

/// One line without control characters.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

/// Cuts to `most` characters, at a word where one is near, and marks the cut.
fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let end = text.char_indices().nth(most.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
    let cut = &text[..end];
    let word = cut.rfind(' ').filter(|at| *at * 3 >= end * 2).unwrap_or(end);
    format!("{}…", cut[..word].trim_end_matches([' ', ':', ',']))
}
