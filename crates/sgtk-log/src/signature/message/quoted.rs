//! Quoted text, and the representations of objects.

use super::noun::Noun;
use super::{Scan, address};

/// Longest quoted name that is kept.
const MOST_NAME: usize = 40;

impl<'t> Scan<'t, '_> {
    /// Quoted text stays if it is a name without digits; else it becomes `<str>`, or what it is. Python 2's `u'…'` is
    /// `'…'` (`word` leaves the prefix out).
    pub(super) fn quoted(&mut self, quote: u8, prefixed: bool) {
        let Some(close) = self.closing(quote, prefixed) else { return self.literal_to(self.at + 1) };
        self.quotation(&self.text[self.at + 1..close], close + 1);
    }

    /// Text in the quotes that word processors and forums make of straight ones; whether there is any here.
    pub(super) fn curled(&mut self, open: char) -> bool {
        let closing: &[char] = match open {
            '\u{2018}' => &['\u{2019}'],
            '\u{201c}' => &['\u{201d}'],
            _ => return false,
        };
        let from = self.at + open.len_utf8();
        let close = self.text[from..]
            .match_indices(closing)
            .find(|(at, quote)| !self.text[from + at + quote.len()..].starts_with(char::is_alphanumeric));
        let Some((at, quote)) = close else { return false };
        self.quotation(&self.text[from..from + at], from + at + quote.len());
        true
    }

    /// What stands for quoted text that ends at a place.
    fn quotation(&mut self, inner: &'t str, end: usize) {
        let named = self.is_named() || self.is_numbered(end);
        self.noun = Noun::None;
        if let Some(placeholder) = as_placeholder(inner) {
            // Redaction was here before.
            self.put_to(end, "text", placeholder);
        } else if let Some(repr) = inner.strip_prefix("<Sgtk ").and_then(|repr| repr.strip_suffix('>')) {
            self.put_to(end, "object", &of_toolkit(repr));
        } else if let Some(kind) = address::whole(inner) {
            let rule = kind.trim_matches(['<', '>']);
            self.out.put(rule, inner, kind);
            self.at = end;
        } else if named && !keeps_digits(inner) {
            self.put_to(end, "named", "<name>");
            self.noun = Noun::Listed;
        } else if is_name(inner) && !self.words.touches(inner) {
            self.out.literal("'");
            self.out.literal(inner);
            self.out.literal("'");
            self.at = end;
        } else {
            self.put_to(end, "text", "<str>");
        }
    }

    /// Place of the quote that closes the one here: no letter follows it, so that `can't` does not.
    fn closing(&mut self, quote: u8, prefixed: bool) -> Option<usize> {
        let which = match quote {
            b'\'' => 0,
            b'"' => 1,
            _ => 2,
        };
        let opens = prefixed || !self.text[..self.at].ends_with(char::is_alphanumeric);
        if !opens || self.unclosed[which] {
            return None;
        }
        let from = self.at + 1;
        let found = memchr::memchr_iter(quote, self.rest(from))
            .map(|at| from + at)
            .find(|at| !self.text[at + 1..].starts_with(char::is_alphanumeric));
        // What does not close here closes nowhere behind.
        self.unclosed[which] = found.is_none();
        found
    }

    /// Object representations of Toolkit and Python, and the placeholders of redaction.
    pub(super) fn angle(&mut self) {
        let from = self.at + 1;
        let mut end = from;
        loop {
            match memchr::memchr2(b'<', b'>', self.rest(end)).map(|at| end + at) {
                Some(at) if self.byte(at) == Some(b'>') => {
                    end = at;
                    break;
                }
                // A class defined in a function.
                Some(at) if self.text[at..].starts_with("<locals>") => end = at + "<locals>".len(),
                _ => return self.literal_to(from),
            }
        }
        let inner = &self.text[from..end];
        let end = end + 1;
        if let Some(repr) = inner.strip_prefix("Sgtk ") {
            self.put_to(end, "object", &of_toolkit(repr));
        } else if let Some(why) = inner.strip_prefix("urlopen error ") {
            // The reason is all it says.
            self.at = end - 1 - why.len();
            if end == self.text.len() {
                self.text = &self.text[..end - 1];
            }
        } else if let Some((class, _)) =
            inner.split_once(" object at 0x").or_else(|| inner.split_once(" instance at 0x"))
        {
            let class = class.rsplit(['.', ' ']).next().unwrap_or(class);
            self.put_to(end, "object", &format!("<obj {class}>"));
        } else if as_placeholder(&self.text[from - 1..end]).is_some() {
            let placeholder = &self.text[from - 1..end];
            self.put_to(end, "redacted", placeholder);
        } else {
            self.literal_to(from);
        }
    }

    /// An entity as a dictionary, or another dictionary; `{name}` of a format is kept.
    pub(super) fn braces(&mut self) {
        let from = self.at + 1;
        let Some(close) = memchr::memchr2(b'{', b'}', self.rest(from)).map(|at| from + at) else {
            return self.literal_to(from);
        };
        let inner = &self.text[from..close];
        let is_dictionary = self.byte(close) == Some(b'}')
            && inner.contains(':')
            && inner.trim_start().trim_start_matches('u').starts_with(['\'', '"', '\\']);
        if !is_dictionary {
            return self.literal_to(from);
        }
        match entity_type(inner) {
            Some(name) => self.put_to(close + 1, "entity", &format!("<entity {name}>")),
            None => self.put_to(close + 1, "data", "<data>"),
        }
    }
}

/// A template or key of Toolkit by its name, another object by its kind.
fn of_toolkit(repr: &str) -> String {
    let mut parts = repr.split([' ', ':', '>']).filter(|part| !part.is_empty());
    let kind = parts.next().unwrap_or("object");
    match parts.next() {
        Some(name) if kind.starts_with("Template") => format!("<template {name}>"),
        Some(name) if kind.ends_with("Key") => format!("<key {name}>"),
        _ => format!("<{kind}>"),
    }
}

/// The value of `type` in the inside of a dictionary.
fn entity_type(inner: &str) -> Option<&str> {
    let quoted = |text: &'_ str| text.trim_start_matches('\\').starts_with(['\'', '"']);
    let at = inner
        .match_indices("type")
        .map(|(at, _)| at)
        .find(|at| inner[..*at].ends_with(['\'', '"']) && quoted(&inner[at + 4..]))?;
    let value = inner[at + 4..].trim_start_matches(['\\', '\'', '"', ' ']).strip_prefix(':')?.trim_start();
    let value = value.trim_start_matches('u').trim_start_matches(['\\', '\'', '"']);
    let end = value.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(value.len());
    (end > 0).then(|| &value[..end])
}

/// `<secret>`, `<email>`, `<secret:proxy>`: what redaction leaves.
fn as_placeholder(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('<')?.strip_suffix('>')?;
    let plain = (1..=40).contains(&inner.len())
        && inner.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:".contains(&b));
    plain.then_some(text)
}

/// A name of Toolkit's code or of a field: digits in it belong to it.
pub(super) fn keeps_digits(text: &str) -> bool {
    ["tk-", "tk_", "sg_"].iter().any(|prefix| text.starts_with(prefix))
}

fn is_name(text: &str) -> bool {
    let keeps_digits = keeps_digits(text);
    !text.is_empty()
        && text.len() <= MOST_NAME
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| {
            b.is_ascii_alphabetic() || matches!(b, b'_' | b'.' | b'-') || keeps_digits && b.is_ascii_digit()
        })
}
