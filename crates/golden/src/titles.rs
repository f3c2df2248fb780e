//! What a title must not hold, found by other means than the program's own.

use crate::names;

/// Characters of a title behind the scope.
const MOST_CHARS: usize = 80;

/// Whether a title is short enough.
pub fn is_short(title: &str) -> bool {
    title.chars().count() <= MOST_CHARS
}

/// Whether a title holds no planted name or secret, and no path.
pub fn is_clean(title: &str) -> bool {
    dirt(title).is_none()
}

/// The first thing that does not belong into a title.
pub fn dirt(title: &str) -> Option<String> {
    let lower = title.to_lowercase();
    let planted =
        names::forbidden_in_titles().into_iter().find(|word| holds_word(&lower, &word.to_lowercase()));
    if let Some(word) = planted {
        return Some(format!("`{word}`"));
    }
    let path =
        lower.split(|c: char| c.is_whitespace() || "'\"()[]<>,;=".contains(c)).find(|word| is_path(word));
    path.map(|path| format!("path `{path}`"))
}

/// The word with no letter, digit or underscore around it; a part of a secret counts, too.
fn holds_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let joins = |c: char| c.is_alphanumeric() || c == '_';
        !text[..at].ends_with(joins) && !text[at + word.len()..].starts_with(joins)
    })
}

fn is_path(word: &str) -> bool {
    let bytes = word.as_bytes();
    let drive =
        bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && b"/\\".contains(&bytes[2]);
    let rooted =
        word.len() > 2 && (word.starts_with('/') || word.starts_with("~/") || word.starts_with("\\\\"));
    drive || rooted || word.contains("://") || word.matches('\\').count() > 1 || word.matches('/').count() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_belong_into_a_title_is_found() {
        for title in [
            "TankError: no folder for KIT0370",
            "OSError: /mnt/projects/x",
            r"OSError: 'P:\x' is gone",
            r"\\srv\share is gone",
            "proxy jorinde:Wint3r-Falke!9@host",
            "see https://a.example",
            "publish/work/maya is missing",
        ] {
            assert!(dirt(title).is_some(), "{title}");
        }
        for title in [
            "AttributeError: itervalues in item.publish [k7m2q9xd]",
            "OSError: Errno 13 in copy/paste.run [k7m2q9xd]",
            "TankError: could not resolve path for … [k7m2q9xd]",
        ] {
            assert_eq!(dirt(title), None, "{title}");
        }
    }
}
