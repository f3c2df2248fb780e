//! Bytes of a record to text, without ever failing.
//!
//! Python 2 hosts wrote files that mix encodings line by line, so every line is decoded on its own: UTF-8 where it is
//! valid, else the code page of the workstation where it fits, else UTF-8 with replacement characters. Nothing may look
//! at characters before this: the second byte of a cp932 or cp949 character can be a backslash, a bracket or a letter.
//! Newlines are safe in all of them, so lines are. No code page is guessed from the bytes.

use std::borrow::Cow;

use memchr::{memchr, memchr3, memmem};

use crate::code_page::CodePage;

const MARK: &str = "\u{feff}";

/// Decodes a record, or any piece of a log that begins and ends with a line. Byte order marks, carriage returns, NUL
/// bytes and terminal colours are taken out; line ends stay, so line numbers do.
pub fn decode(bytes: &[u8], code_page: CodePage) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if is_clean(bytes) => Cow::Borrowed(text),
        Ok(text) => {
            let mut out = String::with_capacity(text.len());
            for line in text.split_inclusive('\n') {
                push_clean(&mut out, line);
            }
            Cow::Owned(out)
        }
        Err(_) => {
            let mut out = String::with_capacity(bytes.len() + 64);
            for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                push_clean(&mut out, &decode_line(line, code_page));
            }
            Cow::Owned(out)
        }
    }
}

fn decode_line(line: &[u8], code_page: CodePage) -> Cow<'_, str> {
    let torn = match std::str::from_utf8(line) {
        Ok(text) => return Cow::Borrowed(text),
        // A limit or a crash cut the last character of a line that is UTF-8 elsewhere.
        Err(error) => {
            let end = line.strip_suffix(b"\n").unwrap_or(line);
            let in_last = error.error_len().is_none() || error.valid_up_to() + 4 > end.len();
            in_last && !line[..error.valid_up_to()].is_ascii()
        }
    };
    // A line of which only the end was kept may begin within a character.
    let behind = line.iter().take(3).take_while(|byte| (0x80..0xC0).contains(*byte)).count();
    let rest = &line[behind..];
    if torn || behind > 0 && !rest.is_ascii() && std::str::from_utf8(rest).is_ok() {
        return String::from_utf8_lossy(line);
    }
    code_page.decode(line).unwrap_or_else(|| String::from_utf8_lossy(line))
}

fn is_clean(bytes: &[u8]) -> bool {
    memchr3(b'\r', 0, 0x1B, bytes).is_none()
        && (memchr(0xEF, bytes).is_none() || memmem::find(bytes, MARK.as_bytes()).is_none())
}

fn push_clean(out: &mut String, line: &str) {
    if is_clean(line.as_bytes()) {
        out.push_str(line);
        return;
    }
    let (body, end) = match line.strip_suffix('\n') {
        Some(body) => (body, "\n"),
        None => (line, ""),
    };
    let mut chars = body.trim_end_matches('\r').chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\0' | '\u{feff}' => {}
            // A bare carriage return separated something: words must not run together.
            '\r' => out.push(' '),
            '\u{1b}' => skip_escape(&mut chars),
            other => out.push(other),
        }
    }
    out.push_str(end);
}

/// Longest terminal sequence believed; what follows is text again.
const ESCAPE_CHARS: usize = 64;

fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next() {
        // Control sequence: parameters, then one final character.
        Some('[') => {
            for _ in 0..ESCAPE_CHARS {
                match chars.peek() {
                    Some('\u{20}'..='\u{3f}') => {
                        chars.next();
                    }
                    Some('@'..='~') => {
                        chars.next();
                        return;
                    }
                    _ => return,
                }
            }
        }
        // Operating system command (titles, links): up to BEL or ESC \.
        Some(']') => {
            for _ in 0..ESCAPE_CHARS {
                match chars.next() {
                    None | Some('\u{7}') => return,
                    Some('\u{1b}') => {
                        chars.next_if_eq(&'\\');
                        return;
                    }
                    Some(_) => {}
                }
            }
        }
        _ => {}
    }
}
