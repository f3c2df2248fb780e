//! `Authorization: …`, `Bearer …`, `Basic …`.

use crate::line::Line;
use crate::placeholder::START;
use crate::rule::Rule;
use crate::spelling::{closing, sign, skip_blanks};
use crate::trigger::Trigger;

const SCHEMES: [&[u8]; 9] = [
    b"bearer",
    b"basic",
    b"digest",
    b"token",
    b"negotiate",
    b"ntlm",
    b"apikey",
    b"aws4-hmac-sha256",
    b"sharedkey",
];

/// The header, as itself, in a dictionary or in a command.
pub(crate) fn header(line: &mut Line<'_>, word: Trigger) {
    let text = line.text.as_bytes();
    if !text[..word.at].to_ascii_lowercase_tail().ends_with(b"autho") {
        return;
    }
    let Some(mut next) = sign(text, word.at + word.len) else { return };
    let mut at = word.at + word.len;
    let mut encoded = false;
    if next.is_quote() {
        encoded |= next.is_spelled() && text[at] == b'%';
        at += next.len;
        at = skip_blanks(text, at, encoded);
        let Some(separator) = sign(text, at) else { return };
        next = separator;
    } else {
        at = skip_blanks(text, at, false);
        let Some(separator) = sign(text, at) else { return };
        next = separator;
    }
    if !matches!(next.byte, b':' | b'=' | b',') {
        return;
    }
    encoded |= next.is_spelled() && text[at] == b'%';
    at = skip_blanks(text, at + next.len, encoded);
    if matches!(text.get(at), Some(b'b' | b'u')) && sign(text, at + 1).is_some_and(|sign| sign.is_quote()) {
        at += 1;
    }
    let quote = sign(text, at).filter(|sign| sign.is_quote());
    let from = at + quote.map_or(0, |quote| quote.len);
    // Judged by its first two words.
    let first = word_end(text, from, encoded);
    let credentials = if SCHEMES.iter().any(|scheme| text[from..first].eq_ignore_ascii_case(scheme)) {
        skip_blanks(text, first, encoded)
    } else if is_credential(&text[from..first]) {
        from
    } else {
        let second = skip_blanks(text, first, encoded);
        if second == first || !is_credential(&text[second..word_end(text, second, encoded)]) {
            return;
        }
        second
    };
    if credentials >= text.len() || line.text[credentials..].starts_with(START) {
        return;
    }
    let plain_end = || line.text.trim_end().len();
    let end = match quote {
        Some(quote) => closing(text, from, &text[from - quote.len..from]).unwrap_or_else(plain_end),
        // Parts of a digest follow with commas; a header ends with its line.
        None if text[from..first].eq_ignore_ascii_case(b"digest")
            || text[from..first].eq_ignore_ascii_case(b"aws4-hmac-sha256") =>
        {
            plain_end()
        }
        None => word_end(text, credentials, encoded),
    };
    if end > credentials {
        line.hide(Rule::Authorization, credentials, end);
    }
}

/// `Bearer` or `Basic` with what looks like a credential behind it: "basic configuration" is prose.
pub(crate) fn scheme(line: &mut Line<'_>, word: Trigger) {
    const SHORTEST: usize = 12;
    const JUDGED_BYTES: usize = 64;
    let text = line.text.as_bytes();
    if line.is_inside_word(word.at) {
        return;
    }
    let from = skip_blanks(text, word.at + word.len, true);
    let head = &text[from..text.len().min(from + JUDGED_BYTES)];
    let run = head.iter().take_while(|b| is_credential_byte(**b)).count();
    let head = &head[..run];
    let mixed = head.iter().skip(1).any(u8::is_ascii_uppercase) || head.contains(&b'=');
    let bearer = matches!(text[word.at + 1], b'e' | b'E');
    let likely = mixed || bearer && head.iter().any(u8::is_ascii_digit);
    if from == word.at + word.len || run < SHORTEST || !likely {
        return;
    }
    let end = from + text[from..].iter().take_while(|b| is_credential_byte(**b)).count();
    line.hide(Rule::Authorization, from, end);
}

fn is_credential_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._~+/=-".contains(&byte)
}

fn is_credential(word: &[u8]) -> bool {
    word.len() >= 8
        && word.iter().all(|b| is_credential_byte(*b) || *b == b':')
        && word.iter().any(|b| b.is_ascii_digit())
}

fn word_end(text: &[u8], from: usize, encoded: bool) -> usize {
    from + text[from..]
        .iter()
        .position(|b| {
            matches!(
                b,
                b' ' | b'\t'
                    | b'\r'
                    | b'\n'
                    | b'"'
                    | b'\''
                    | b','
                    | b';'
                    | b'\\'
                    | b'<'
                    | b'>'
                    | b')'
                    | b']'
                    | b'}'
            ) || encoded && matches!(b, b'%' | b'+' | b'&')
        })
        .unwrap_or(text.len() - from)
}

trait LowercaseTail {
    fn to_ascii_lowercase_tail(&self) -> [u8; 5];
}

impl LowercaseTail for [u8] {
    /// The last five bytes in small letters.
    fn to_ascii_lowercase_tail(&self) -> [u8; 5] {
        let mut tail = [0; 5];
        for (to, from) in tail.iter_mut().rev().zip(self.iter().rev()) {
            *to = from.to_ascii_lowercase();
        }
        tail
    }
}
