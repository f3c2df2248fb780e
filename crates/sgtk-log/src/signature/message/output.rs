//! The normalised text as it grows: lower case, single blanks, repeated placeholders joined.

/// A normalised message is cut to this many characters.
const MOST_CHARS: usize = 200;

/// A piece of a message that varies from one occurrence to the next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replacement {
    /// The rule that recognised it: `path`, `context`, `number`, …
    pub rule: &'static str,
    /// The piece.
    pub found: String,
    /// What stands in its place.
    pub put: String,
}

pub(super) struct Output {
    text: String,
    /// Place of the last placeholder.
    last: Option<(usize, usize)>,
    notes: Option<Vec<Replacement>>,
}

impl Output {
    pub(super) fn new(size: usize, noting: bool) -> Self {
        let text = String::with_capacity(size.min(4 * MOST_CHARS) + 16);
        Output { text, last: None, notes: noting.then(Vec::new) }
    }

    /// What there is so far.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether anything was put so far.
    pub(super) fn has_text(&self) -> bool {
        !self.text.is_empty()
    }

    /// Nothing that follows can be part of the result.
    pub(super) fn is_full(&self) -> bool {
        self.text.len() > MOST_CHARS
            && (self.text.len() > 4 * MOST_CHARS || self.text.chars().count() > MOST_CHARS)
    }

    /// White space: at most one blank.
    pub(super) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }

    /// Text that is kept.
    pub(super) fn literal(&mut self, text: &str) {
        if text.is_ascii() {
            let from = self.text.len();
            self.text.push_str(text);
            self.text[from..].make_ascii_lowercase();
        } else {
            self.text.extend(text.chars().flat_map(char::to_lowercase));
        }
    }

    /// A placeholder for a piece; the same one twice in a row says no more than once.
    pub(super) fn put(&mut self, rule: &'static str, found: &str, placeholder: &str) {
        if let Some(notes) = &mut self.notes {
            notes.push(Replacement { rule, found: found.to_owned(), put: placeholder.to_owned() });
        }
        if let Some((from, to)) = self.last
            && self.text[from..to].eq_ignore_ascii_case(placeholder)
            && self.text[to..].bytes().all(|b| b" ,;/_.-".contains(&b))
        {
            self.text.truncate(to);
            return;
        }
        let from = self.text.len();
        self.literal(placeholder);
        self.last = Some((from, self.text.len()));
    }

    /// The result: without closing punctuation, cut.
    pub(super) fn finish(self) -> (String, Vec<Replacement>) {
        let mut text = self.text;
        let end = text.trim_end_matches([' ', '.', '!', ':', ',', ';', '{', '[', '(']).len();
        text.truncate(end);
        let cut = if text.len() > MOST_CHARS { text.char_indices().nth(MOST_CHARS) } else { None };
        if let Some((at, _)) = cut {
            text.truncate(text[..at].trim_end().len());
        }
        (text, self.notes.unwrap_or_default())
    }
}
