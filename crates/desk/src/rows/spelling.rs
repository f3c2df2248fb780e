//! Values that are text of a certain spelling: colours, feet and frames, UUIDs, names of types.
//!
//! Each function gives the spelling that is kept, or nothing. What was kept is kept again as it is.

/// `255,0,0`, a colour word, or `pipeline_step`: a Task shown in the colour of its step.
pub(crate) fn color(text: &str) -> Option<String> {
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
pub(crate) fn footage(text: &str) -> Option<String> {
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
pub(crate) fn entity_type(text: &str) -> Option<String> {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then(|| text.to_owned())
}

/// A UUID in any of its spellings, kept with hyphens and small letters.
pub(crate) fn uuid(text: &str) -> Option<String> {
    uuid::Uuid::parse_str(text).ok().map(|uuid| uuid.to_string())
}
