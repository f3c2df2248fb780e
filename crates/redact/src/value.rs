//! Where a value ends that follows a name, and which values are no secrets.

use crate::placeholder::START;
use crate::spelling::{Sign, closing, sign};

/// A value, without its quotes.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Value {
    pub(crate) from: usize,
    /// How many bytes the spelling of its quote has; 0 when it stands by itself.
    quote: usize,
    encoded: bool,
}

/// A value is judged by this much of it. What is longer is no word.
const JUDGED_BYTES: usize = 64;

impl Value {
    /// The value that begins at `at`. `encoded`: its name was followed by an encoded sign.
    pub(crate) fn at(line: &str, mut at: usize, encoded: bool) -> Value {
        let text = line.as_bytes();
        if matches!(text.get(at), Some(b'u' | b'b' | b'r' | b'f' | b'U'))
            && sign(text, at + 1).is_some_and(Sign::is_quote)
        {
            at += 1;
        }
        match sign(text, at).filter(|sign| sign.is_quote()) {
            Some(quote) => Value { from: at + quote.len, quote: quote.len, encoded },
            None => Value { from: at, quote: 0, encoded },
        }
    }

    pub(crate) fn is_quoted(&self) -> bool {
        self.quote > 0
    }

    /// Its beginning as far as it is judged, and whether that is all of it.
    pub(crate) fn head<'l>(&self, line: &'l str) -> (&'l str, bool) {
        let limit = line.ceil_char_boundary(self.from + JUDGED_BYTES);
        let end = self.end_within(&line[..limit]);
        (&line[self.from..end], end < limit || limit == line.len())
    }

    /// Where it ends: at the quote that closes it, else at a blank or a closing sign, else with the line.
    pub(crate) fn end(&self, line: &str) -> usize {
        self.end_within(line)
    }

    fn end_within(&self, line: &str) -> usize {
        let text = line.as_bytes();
        let trimmed = line.trim_end_matches(['\r', '\n']).len().max(self.from);
        if self.quote > 0 {
            let quote = &text[self.from - self.quote..self.from];
            return closing(text, self.from, quote).unwrap_or(trimmed);
        }
        const MAY_STOP: [bool; 256] = table(b" \t\x0b\x0c\r\n\"',;&})]><%\\", false);
        let mut at = self.from;
        while at < trimmed {
            let byte = text[at];
            if !MAY_STOP[usize::from(byte)] {
                at += 1;
                continue;
            }
            let stop = match byte {
                b' ' | b'\t' | b'\x0b' | b'\x0c' | b'\r' | b'\n' | b'"' | b'\'' => true,
                b',' | b';' | b'&' | b'}' | b')' | b']' | b'>' => ends_value(text, at + 1),
                b'<' => text.get(at + 1).is_some_and(|next| *next == b'/' || next.is_ascii_alphabetic()),
                b'%' if self.encoded => sign(text, at).is_some_and(|sign| {
                    sign.is_spelled()
                        && matches!(
                            sign.byte,
                            b'"' | b'\'' | b'&' | b',' | b'}' | b'<' | b' ' | b'\r' | b'\n'
                        )
                }),
                b'\\' => sign(text, at).is_some_and(|sign| {
                    sign.is_spelled() && matches!(sign.byte, b'"' | b'\'' | b'\r' | b'\n' | b'\t')
                }),
                _ => false,
            };
            if stop {
                break;
            }
            at += 1;
        }
        at
    }
}

/// Whether what follows a closing sign or a comma is no longer the value: nothing, a blank, another sign, or a name
/// with its own value. (`hun,ter2` is one password, `a=hunter2,b=3` is not.)
fn ends_value(text: &[u8], at: usize) -> bool {
    const LONGEST_NAME: usize = 32;
    let Some(next) = text.get(at) else { return true };
    if !next.is_ascii_alphanumeric() && !matches!(next, b'_' | b'-' | b'$' | b'!' | b'#' | b'+' | b'*') {
        return true;
    }
    let name = text[at..]
        .iter()
        .take(LONGEST_NAME)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        .count();
    matches!(text.get(at + name), Some(b'=' | b':'))
}

const NO_SECRETS: [&str; 34] = [
    "",
    "none",
    "null",
    "nil",
    "true",
    "false",
    "yes",
    "no",
    "missing",
    "unset",
    "set",
    "empty",
    "undefined",
    "required",
    "invalid",
    "incorrect",
    "wrong",
    "expired",
    "expires",
    "not",
    "is",
    "has",
    "was",
    "str",
    "string",
    "bytes",
    "unicode",
    "int",
    "bool",
    "object",
    "optional",
    "hidden",
    "redacted",
    "masked",
];

/// Values that are no secrets: words for nothing, types, masks, formats, and source text in tracebacks.
pub(crate) fn is_harmless(line: &str, value: &Value, name: &str) -> bool {
    let (head, whole) = value.head(line);
    if head.starts_with(START) {
        return true;
    }
    if !whole {
        return false;
    }
    let word = head.trim_end_matches(['\\', '.', ':', '!', '*']);
    let mut lower = [0; JUDGED_BYTES + 4];
    let Some(lower) = lower.get_mut(..word.len()) else { return false };
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    let Ok(lower) = std::str::from_utf8(lower) else { return false };
    NO_SECRETS.contains(&lower)
        || is_mask(head)
        || is_format(head)
        || is_bracketed(head, line, value)
        || !value.is_quoted() && is_code(line, value, head, lower, name)
}

/// `****`, `xxxx`, `...`
fn is_mask(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'*' | b'.' | b'x' | b'X' | b'-' | b'\\'))
        || text.chars().all(|c| matches!(c, '•' | '●' | '…'))
}

/// `%s`, `{}`, `{password}`, `${PASSWORD}`, `%(password)s`
fn is_format(text: &str) -> bool {
    let inner = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.!:-(){}'$".contains(&b));
    match text.as_bytes() {
        [b'%', rest @ ..] if rest.first() != Some(&b'(') => rest.len() == 1 && rest[0].is_ascii_alphabetic(),
        [b'%', ..] => inner(&text[1..]),
        [b'$', next, ..] => (*next == b'{' || *next == b'(' || next.is_ascii_uppercase()) && inner(text),
        [b'{', .., b'}'] => inner(text),
        [b'{'] => true,
        _ => false,
    }
}

/// `<missing>`, `<object at 0x7f>`
fn is_bracketed(head: &str, line: &str, value: &Value) -> bool {
    let text = if head.is_empty() { &line[value.from..] } else { head };
    let Some(inner) = text.strip_prefix('<') else { return false };
    let inner: &str = &inner[..inner.bytes().take(JUDGED_BYTES).position(|b| b == b'>').unwrap_or(0)];
    !inner.is_empty()
        && inner.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'_' | b'.' | b':'))
}

/// `password=self._password`, `session_token = user.get_session_token()`, `api_key=os.environ["KEY"]`.
fn is_code(line: &str, value: &Value, head: &str, lower: &str, name: &str) -> bool {
    let called = lower.split(['(', '[']).next().unwrap_or(lower);
    let is_name = |text: &str| {
        text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
    };
    if !is_name(called) {
        return false;
    }
    let mut letters = [0; JUDGED_BYTES];
    let name = name.as_bytes();
    let Some(letters) = letters.get_mut(..name.len()) else { return false };
    letters.copy_from_slice(name);
    letters.make_ascii_lowercase();
    let last = called.rsplit('.').next().unwrap_or(called).trim_start_matches('_').as_bytes();
    let name: &[u8] = letters;
    let same = last == name
        || last.strip_prefix(b"get_") == Some(name)
        || name.ends_with(last) && last.len() >= 5
        || last.ends_with(name) && (lower.contains('(') || called.contains('.'));
    // A call or an index in an indented line is source text that a traceback shows.
    let opens = head.contains(['(', '['])
        || matches!(line.as_bytes().get(value.from + head.len()), Some(b'(' | b'['));
    same || opens && line.starts_with("    ")
}

/// Long and mixed enough to be a key rather than a word.
pub(crate) fn is_opaque(text: &[u8]) -> bool {
    const SHORTEST: usize = 16;
    const PART: [bool; 256] = table(b"._~+/=-%", true);
    let mut digit = false;
    for (at, byte) in text.iter().take(JUDGED_BYTES).enumerate() {
        if !PART[usize::from(*byte)] {
            return digit && at >= SHORTEST;
        }
        digit |= byte.is_ascii_digit();
        if digit && at + 1 >= SHORTEST {
            return true;
        }
    }
    digit && text.len() >= SHORTEST
}

/// Which bytes are one of these, or a letter or digit if those count.
const fn table(bytes: &[u8], letters: bool) -> [bool; 256] {
    let mut table = [false; 256];
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    let mut byte = 0;
    while letters && byte < 128 {
        table[byte] = table[byte] || (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    table
}
