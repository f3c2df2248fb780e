//! Words of the work at hand (login, host, project, shot) that must not tell two incidents apart.

/// Shorter words would hit by accident.
const SHORTEST: usize = 2;

/// Words that a project or a login may be called, and that messages use all the time.
const NEVER: [&str; 102] = [
    "am", "an", "as", "at", "be", "by", "db", "do", "go", "he", "id", "if", "in", "io", "is", "it", "ma",
    "mb", "me", "my", "nk", "no", "of", "ok", "on", "or", "os", "py", "qt", "so", "to", "ui", "up", "us",
    "vs", "we", "the", "and", "not", "for", "with", "from", "file", "files", "path", "error", "none", "true",
    "false", "name", "type", "key", "value", "data", "task", "shot", "asset", "project", "user", "test",
    "publish", "version", "scene", "maya", "nuke", "houdini", "tank", "sgtk", "shotgun", "toolkit", "hook",
    "app", "engine", "python", "import", "failed", "could", "load", "save", "open", "create", "found",
    "exist", "exists", "missing", "invalid", "sequence", "work", "field", "template", "config", "hooks",
    "site", "list", "was", "has", "tools", "scripts", "api", "server", "studio", "pipeline",
];

/// Words replaced by `<name>` before a message becomes part of a signature. The default holds none.
#[derive(Clone, Debug)]
pub struct ContextWords {
    /// Lower case, longest first.
    words: Vec<String>,
    /// First bytes of the words, for a quick refusal; upper and lower case.
    first: [bool; 256],
}

impl Default for ContextWords {
    fn default() -> Self {
        ContextWords { words: Vec::new(), first: [false; 256] }
    }
}

impl ContextWords {
    /// Takes the words known of a session; short and everyday words and numbers are left out.
    pub fn new(words: impl IntoIterator<Item = String>) -> Self {
        let mut words: Vec<String> = words
            .into_iter()
            .map(|word| word.trim().to_lowercase())
            .filter(|word| {
                word.chars().count() >= SHORTEST
                    && !NEVER.contains(&word.as_str())
                    // Numbers have a placeholder of their own, whether they are known or not.
                    && word.chars().any(char::is_alphabetic)
            })
            .collect();
        words.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        words.dedup();
        let mut first = [false; 256];
        for word in &words {
            let byte = word.as_bytes()[0];
            first[usize::from(byte)] = true;
            first[usize::from(byte.to_ascii_uppercase())] = true;
            // Upper and lower case of a letter outside ASCII may begin with different bytes.
            if !byte.is_ascii() {
                first[128..].fill(true);
            }
        }
        ContextWords { words, first }
    }

    /// Length of the word that stands at this place as a whole token, in any case.
    pub(crate) fn at(&self, text: &str, at: usize) -> Option<usize> {
        let is_joint = |rest: &str| {
            let mut chars = rest.chars();
            match chars.next() {
                Some('_') => true,
                Some('-') => chars.next().is_some_and(char::is_alphanumeric),
                Some(c) => c.is_alphanumeric(),
                None => false,
            }
        };
        let length = self.starting(text, at)?;
        let opens = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        (opens && !is_joint(&text[at + length..])).then_some(length)
    }

    /// Whether one of the words is the text, or a part of it between signs such as `_`, `-`, `.` and `/`.
    pub(crate) fn touches(&self, text: &str) -> bool {
        if self.words.is_empty() {
            return false;
        }
        let mut opens = true;
        text.char_indices().any(|(at, c)| {
            let starts = opens && c.is_alphanumeric();
            opens = !c.is_alphanumeric();
            starts
                && self
                    .starting(text, at)
                    .is_some_and(|length| !text[at + length..].starts_with(char::is_alphanumeric))
        })
    }

    /// Length of the longest word that the text goes on with and that ends between letters.
    fn starting(&self, text: &str, at: usize) -> Option<usize> {
        let rest = &text[at..];
        if !self.first[usize::from(*rest.as_bytes().first()?)] {
            return None;
        }
        self.words
            .iter()
            .filter_map(|word| prefix_in_any_case(rest, word))
            .find(|length| !rest[*length..].starts_with(char::is_alphanumeric))
    }
}

/// Length of the beginning of a text that is this lower-case word.
fn prefix_in_any_case(text: &str, word: &str) -> Option<usize> {
    if word.is_ascii() {
        let head = text.as_bytes().get(..word.len())?;
        return head.eq_ignore_ascii_case(word.as_bytes()).then_some(word.len());
    }
    let mut wanted = word.chars();
    let mut length = 0;
    for c in text.chars() {
        for lower in c.to_lowercase() {
            match wanted.next() {
                Some(expected) if expected == lower => {}
                Some(_) => return None,
                None => return Some(length),
            }
        }
        length += c.len_utf8();
    }
    wanted.next().is_none().then_some(length)
}
