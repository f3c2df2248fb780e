//! Values that are text of a certain spelling: colours, feet and frames, UUIDs, names of types.
//!
//! A parser gives the spelling that is kept, or nothing. What was kept is kept again as it is.

use crate::schema::DataType;

/// How values of a type are spelled.
pub(crate) struct Spelling {
    /// In the words of a refusal.
    pub(crate) wanted: &'static str,
    pub(crate) parse: fn(&str) -> Option<String>,
}

/// The spelling of a type that has one.
pub(crate) fn of(data_type: DataType) -> Option<Spelling> {
    let spelling = |wanted, parse| Some(Spelling { wanted, parse });
    match data_type {
        DataType::Color => spelling("a color: 'r,g,b', a color word or 'pipeline_step'", color),
        DataType::EntityType => spelling("the name of an entity type", entity_type),
        DataType::Footage => spelling("feet and frames FF-ff", footage),
        DataType::Uuid => spelling("a UUID", uuid),
        _ => None,
    }
}

/// `255,0,0`, a colour word, or `pipeline_step`: a Task shown in the colour of its step.
fn color(text: &str) -> Option<String> {
    const WORDS: [&str; 18] = [
        "aqua", "black", "blue", "fuchsia", "gray", "green", "grey", "lime", "maroon", "navy", "olive",
        "orange", "purple", "red", "silver", "teal", "white", "yellow",
    ];
    let text = text.to_ascii_lowercase();
    if text == "pipeline_step" || WORDS.contains(&text.as_str()) {
        return Some(text);
    }
    let parts: Vec<u8> = text.split(',').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    if let [red, green, blue] = parts[..] { Some(format!("{red},{green},{blue}")) } else { None }
}

/// Feet and frames, `12-03`; a foot of film is 16 frames unless a site says otherwise.
fn footage(text: &str) -> Option<String> {
    const FRAMES_PER_FOOT: u32 = 16;
    let (feet, frames) = text.rsplit_once('-')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(feet.strip_prefix('-').unwrap_or(feet)) || !digits(frames) {
        return None;
    }
    let (feet, frames): (i32, u32) = (feet.parse().ok()?, frames.parse().ok()?);
    (frames < FRAMES_PER_FOOT).then(|| format!("{feet}-{frames:02}"))
}

/// The name of an entity type, known to the site or not.
fn entity_type(text: &str) -> Option<String> {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then(|| text.to_owned())
}

/// A UUID in any of its spellings, kept with hyphens and small letters.
fn uuid(text: &str) -> Option<String> {
    uuid::Uuid::parse_str(text).ok().map(|uuid| uuid.to_string())
}
