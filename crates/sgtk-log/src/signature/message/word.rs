//! Words: names of this work at hand, codes of shots, versions, ids; everything else is kept.

use super::Scan;
use super::noun::Noun;

fn in_chunk(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')
}

impl<'t> Scan<'t, '_> {
    /// Reads what begins with a letter, a digit or `_`.
    pub(super) fn word(&mut self) {
        let (text, at) = (self.text, self.at);
        let bytes = text.as_bytes();
        if matches!(bytes[at], b'u' | b'b' | b'r') && matches!(self.byte(at + 1), Some(b'\'' | b'"')) {
            // The prefix of a string, unless a word ends here.
            self.at += 1;
            return self.quoted(bytes[at + 1], true);
        }
        let mut end = at;
        let mut plain = true;
        while let Some(b) = bytes.get(end).filter(|b| in_chunk(**b)) {
            plain &= b.is_ascii_alphabetic() || *b == b'_';
            end += 1;
        }
        let joins =
            matches!(self.byte(end), Some(b':' | b'@' | b'+' | b'%' | b'/' | b'\\' | b'#' | b'$' | b'|'));
        if plain && (!joins || matches!(bytes.get(end..end + 2), Some([b':', b' ']))) {
            return self.plain_word(end);
        }
        if self.address(end) || bytes[at].is_ascii_digit() && self.number(end) {
            self.noun = Noun::None;
            return;
        }
        let noun = std::mem::take(&mut self.noun);
        if self.context_word() {
            return;
        }
        let name = if bytes[at].is_ascii_digit() { None } else { self.bare_name(noun) };
        if let Some(end) =
            name.or_else(|| if bytes.get(end..)?.starts_with(b"|") { self.scene_path() } else { None })
        {
            return self.put_to(end, "named", "<name>");
        }
        let name = at + text[at..end].trim_end_matches(['.', '-']).len();
        if let Some(class) = qt_class(&text[at..name]) {
            // Its bindings and modules have other names in every generation.
            self.out.put("binding", &text[at..name], class);
            self.at = name;
            return;
        }
        // Dots join names of modules and parts of versions: each part for itself, unless they are one version.
        if is_version(&text[at..name]) {
            return self.put_to(name, "version", "<ver>");
        }
        while self.at < name {
            let part = self.at + bytes[self.at..name].iter().take_while(|b| **b != b'.').count();
            if part > self.at {
                self.part(part);
            }
            if self.at < name {
                self.literal_to(self.at + 1);
            }
        }
        if self.at < end {
            self.literal_to(end);
        }
    }

    /// Letters and `_`: a word of a sentence, or a name.
    fn plain_word(&mut self, end: usize) {
        let (text, at) = (self.text, self.at);
        // Advice to the artist is no reason.
        if end - at == 6 && text[at..end].eq_ignore_ascii_case("please") && self.out.has_text() {
            let advice = [" c", " see", " try", " make"];
            if advice.iter().any(|what| text[end..].starts_with(what)) {
                self.at = text.len();
                return;
            }
        }
        let noun = std::mem::take(&mut self.noun);
        let next = self.byte(end);
        if next == Some(b',')
            && let Some(end) = self.context(end)
        {
            return self.put_to(end, "named", "<name>");
        }
        let capital = bytes_of_date(&text.as_bytes()[at..end]);
        // A name that the session tells may have several words.
        if capital && self.date_in_words(end) || self.context_word() {
            return;
        }
        let named = if noun == Noun::None { None } else { self.bare_name(noun) };
        if let Some(end) = named {
            return self.put_to(end, "named", "<name>");
        }
        if next == Some(b' ') && self.byte(end + 1) == Some(b'(') && self.is_numbered(end) {
            return self.put_to(end, "named", "<name>");
        }
        let word = &text[at..end];
        let joined = || memchr::memchr(b'_', word.as_bytes()).is_some() && self.words.touches(word);
        if is_id(word) || joined() {
            return self.part(end);
        }
        self.literal_to(end);
        self.noun = self.noun_at(at, noun);
    }

    /// Letters, digits, `_` and `-`, up to `end`.
    fn part(&mut self, end: usize) {
        let part = &self.text[self.at..end];
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        let letters = part.bytes().any(|b| b.is_ascii_alphabetic());
        if digits == 0 && !is_id(part) {
            return match self.words.touches(part) {
                true => self.put_to(end, "context", "<name>"),
                false => self.literal_to(end),
            };
        }
        let (rule, placeholder) = if is_id(part) {
            ("id", "<id>")
        } else if part.strip_prefix("tkimp").is_some_and(is_id) {
            ("id", "tkimp")
        } else if part
            .strip_prefix("0x")
            .is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit() || b == b'L'))
        {
            ("address", "<addr>")
        } else if self.words.touches(part) {
            ("context", "<name>")
        } else if is_meaningful(part) {
            return self.literal_to(end);
        } else if let Some(tool) = of_a_generation(part) {
            ("version", tool)
        } else if is_version(part) {
            ("version", "<ver>")
        } else if !letters || is_measure(part) {
            ("number", "<n>")
        } else {
            ("code", "<name>")
        };
        self.put_to(end, rule, placeholder);
    }
}

/// `PySide2.QtWidgets.QLabel`: the class.
fn qt_class(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("PySide").or_else(|| name.strip_prefix("PyQt"))?;
    let (_, class) =
        rest.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix('.')?.rsplit_once('.')?;
    (!class.is_empty()).then_some(class)
}

/// Three letters as the short names of days and months.
fn bytes_of_date(word: &[u8]) -> bool {
    word.len() == 3 && word[0].is_ascii_uppercase() && word[1].is_ascii_lowercase()
}

/// A UUID, or 32, 40 or 64 hexadecimal digits; also a short commit.
fn is_id(part: &str) -> bool {
    let bytes = part.as_bytes();
    let hex = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_hexdigit);
    match bytes.len() {
        32 | 40 | 64 => hex(bytes),
        36 => {
            bytes.split(|b| *b == b'-').map(<[u8]>::len).eq([8, 4, 4, 4, 12])
                && bytes.split(|b| *b == b'-').all(hex)
        }
        7..=12 => {
            let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
            digits >= 2 && digits < bytes.len() && hex(bytes)
        }
        _ => false,
    }
}

/// `v012`, `v2.6.3`, `v1.0-rc2`, `12.1v5`.
fn is_version(part: &str) -> bool {
    let bytes = part.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let dotted = |from: usize| {
        let mut at = from + digits(from);
        while at > from && bytes.get(at) == Some(&b'.') && digits(at + 1) > 0 {
            at += 1 + digits(at + 1);
        }
        at
    };
    match bytes.first() {
        Some(b'v' | b'V') if digits(1) > 0 => {
            let tail = &part[dotted(1)..];
            let tail = tail.trim_start_matches(['-', '.', 'a', 'b', 'r', 'c', 'A', 'B', 'R', 'C']);
            tail.bytes().all(|b| b.is_ascii_digit())
        }
        Some(b'0'..=b'9') => {
            let at = dotted(0);
            matches!(bytes.get(at), Some(b'v' | b'V'))
                && digits(at + 1) > 0
                && at + 1 + digits(at + 1) == bytes.len()
        }
        _ => false,
    }
}

/// `12mb`, `500ms`, `2nd`: a number with its unit.
fn is_measure(part: &str) -> bool {
    let unit = part.trim_start_matches(|c: char| c.is_ascii_digit());
    unit.len() < part.len() && unit.len() <= 4 && unit.bytes().all(|b| b.is_ascii_alphabetic())
}

/// Tools whose name holds their generation, which the problem is the same in: without it.
fn of_a_generation(part: &str) -> Option<&'static str> {
    const TOOLS: [&str; 6] = ["py", "python", "pyside", "pyqt", "qt", "shiboken"];
    let name = part.trim_end_matches(|c: char| c.is_ascii_digit());
    TOOLS.into_iter().find(|tool| tool.eq_ignore_ascii_case(name))
}

/// Words with digits that mean something.
fn is_meaningful(part: &str) -> bool {
    if ["tk-", "tk_", "sg_"]
        .iter()
        .any(|prefix| part.get(..3).is_some_and(|head| head.eq_ignore_ascii_case(prefix)))
    {
        return true;
    }
    let at = part.bytes().position(|b| b.is_ascii_digit()).unwrap_or(part.len());
    let (head, digits) = part.split_at(at);
    let head = head.trim_end_matches(['-', '_']);
    let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(head));
    let one = digits.len() == 1;
    match digits {
        "8" | "16" | "32" | "64" if is(&["int", "uint", "float", "win", "x", "base", "b"]) => true,
        "86" | "86_64" | "86-64" => is(&["x"]),
        _ if digits.bytes().all(|b| b.is_ascii_digit() || b == b'-')
            && is(&["utf", "iso", "iso-", "cp", "sha", "md", "latin", "euc", "crc", "big"]) =>
        {
            true
        }
        _ if one => is(&["api", "http", "oauth", "ipv", "mp", "json", "s", "p"]),
        _ => matches!(part, "2d" | "3d" | "2D" | "3D" | "3ds" | "i18n" | "l10n"),
    }
}
