//! Words of the work at hand (login, host, project, shot) that must not tell two incidents apart.

use std::borrow::Cow;

/// Shorter words would hit by accident.
const SHORTEST: usize = 3;

/// Words that a project or a login may be called, and that messages use all the time.
const NEVER: [&str; 40] = [
    "the", "and", "not", "for", "with", "from", "file", "files", "path", "error", "none", "true", "false",
    "name", "type", "key", "value", "data", "task", "shot", "asset", "project", "user", "test", "publish",
    "version", "scene", "maya", "nuke", "houdini", "tank", "sgtk", "shotgun", "toolkit", "hook", "app",
    "engine", "python", "import", "failed",
];

/// Words replaced by `<ctx>` before a message becomes part of a signature. The default holds none.
#[derive(Clone, Default, Debug)]
pub struct ContextWords {
    /// Lower case, longest first.
    words: Vec<String>,
}

impl ContextWords {
    /// Takes the words known of a session; short and everyday words are left out.
    pub fn new(words: impl IntoIterator<Item = String>) -> Self {
        let mut words: Vec<String> = words
            .into_iter()
            .map(|word| word.trim().to_lowercase())
            .filter(|word| word.chars().count() >= SHORTEST && !NEVER.contains(&word.as_str()))
            .collect();
        words.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        words.dedup();
        ContextWords { words }
    }

    /// Whether this is one of the words, exactly.
    pub(crate) fn contains(&self, word: &str) -> bool {
        !self.words.is_empty() && self.words.contains(&word.to_lowercase())
    }

    /// Replaces the words where they stand as whole tokens, in any case.
    pub(crate) fn replace<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut out = Cow::Borrowed(text);
        for word in &self.words {
            if let Some(replaced) = replace_word(&out, word) {
                out = Cow::Owned(replaced);
            }
        }
        out
    }
}

fn replace_word(text: &str, word: &str) -> Option<String> {
    let lower = text.to_lowercase();
    // Lower-casing can move positions outside ASCII; then the text is matched as it is.
    let haystack = if lower.len() == text.len() { lower.as_str() } else { text };
    let is_token = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = String::new();
    let mut kept = 0;
    for (at, _) in haystack.match_indices(word) {
        let end = at + word.len();
        if at < kept || !text.is_char_boundary(at) || !text.is_char_boundary(end) {
            continue;
        }
        let inside_placeholder = text[..at].ends_with('<') && text[end..].starts_with('>');
        if inside_placeholder || text[..at].ends_with(is_token) || text[end..].starts_with(is_token) {
            continue;
        }
        out.push_str(&text[kept..at]);
        out.push_str("<ctx>");
        kept = end;
    }
    (kept > 0).then(|| {
        out.push_str(&text[kept..]);
        out
    })
}
