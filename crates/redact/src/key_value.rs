//! Secrets that are named: `session_token=…`, `"api_key": "…"`, `--password …`, pickles.

use memchr::{memchr, memmem};

use crate::line::Line;
use crate::name::{Class, Name, around, class};
use crate::phrase;
use crate::placeholder::START;
use crate::rule::Rule;
use crate::spelling::{sign, skip_blanks};
use crate::trigger::Trigger;
use crate::value::{Value, is_harmless, is_opaque};

/// What stands between a name and its value.
struct Separator {
    value_at: usize,
    /// It is spelled in percent code, so the value ends at such a sign too.
    encoded: bool,
    /// The name is quoted.
    quoted: bool,
    /// `: ` as in prose.
    is_colon: bool,
    /// Nothing but blanks, as in a table: the value has to look like a secret.
    is_column: bool,
    /// Tags, up to one that the value stands behind.
    is_member: bool,
}

/// A word that names a secret.
pub(crate) fn name(line: &mut Line<'_>, word: Trigger) {
    let text = line.text.as_bytes();
    if word.at < line.named {
        return;
    }
    let name = around(text, word.at, word.at + word.len, line.named);
    line.named = name.to;
    // Spelled quotes have up to eight bytes.
    if name.to + 8 < line.covered {
        return;
    }
    let mut class = class(&text[name.from..name.to]);
    if pickled(line, name, class) {
        return;
    }
    let Some(separator) = separator(text, name) else {
        return phrase::said(line, word);
    };
    if class == Class::None {
        return phrase::said(line, word);
    }
    // `InvalidPassword: no such user` is an error and its text.
    if class == Class::Strong
        && separator.is_colon
        && !separator.quoted
        && is_class_name(&text[name.from..name.to])
    {
        class = Class::Vague;
    }
    let value = Value::at(line.text, separator.value_at, separator.encoded);
    if value.from >= text.len() {
        return;
    }
    let rest = &text[value.from..];
    let wanted = match class {
        Class::Strong if separator.is_column => is_opaque(rest) && !is_path(rest),
        Class::Strong => true,
        Class::Vague => is_opaque(rest) && !is_path(rest),
        Class::Folder => !is_path(rest),
        Class::Login => (separator.quoted || value.is_quoted()) && has_user(line),
        Class::None => false,
    };
    if wanted && !is_harmless(line.text, &value, &line.text[name.from..name.to]) {
        let rule = if class == Class::Login { Rule::SerialisedUser } else { Rule::KeyValue };
        let end = value.end(line.text);
        line.hide(rule, value.from, end);
        line.is_settled &= !separator.is_member;
    }
}

/// `UpperCamel` of two words or more.
fn is_class_name(name: &[u8]) -> bool {
    name.first().is_some_and(u8::is_ascii_uppercase)
        && !name.contains(&b'_')
        && !name.contains(&b'-')
        && name.windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
}

pub(crate) fn is_path(value: &[u8]) -> bool {
    matches!(value, [b'/' | b'~' | b'.', ..] | [b'A'..=b'Z' | b'a'..=b'z', b':', b'\\' | b'/', ..])
}

fn separator(text: &[u8], name: Name) -> Option<Separator> {
    let mut at = name.to;
    let mut next = sign(text, at)?;
    let mut encoded = next.is_spelled() && text[at] == b'%';
    let quoted = next.is_quote();
    if quoted {
        at += next.len;
    }
    let blanks = at;
    at = skip_blanks(text, at, encoded);
    next = sign(text, at)?;
    let found = |at: usize, encoded: bool, is_colon: bool| {
        let value_at = skip_blanks(text, at, encoded);
        Some(Separator { value_at, encoded, quoted, is_colon, is_column: false, is_member: false })
    };
    match next.byte {
        b'=' | b':' => {
            encoded |= next.is_spelled() && text[at] == b'%';
            let is_colon = next.byte == b':' && matches!(text.get(at + next.len), Some(b' '));
            at += next.len;
            if let Some(more) = sign(text, at)
                && (more.byte == b'>' || more.byte == b'=')
            {
                at += more.len;
            }
            found(at, encoded, is_colon)
        }
        // A pair: `('session_token', 'abc')`, `['--password', 'abc']`.
        b',' if quoted => {
            let value_at = skip_blanks(text, at + next.len, encoded);
            if let Some(value_at) = named_value(text, value_at, encoded) {
                return found(value_at, encoded, false);
            }
            let value = if matches!(text.get(value_at), Some(b'u' | b'b')) { value_at + 1 } else { value_at };
            sign(text, value).filter(|sign| sign.is_quote())?;
            found(value_at, encoded, false)
        }
        // A tag: `<session_token>abc</session_token>`.
        b'>' if name.is_tag && !quoted => found(at + next.len, text[at] == b'%', false),
        // A member: `<name>session_token</name><value><string>abc`.
        b'<' if !quoted => {
            let encoded = encoded || text[at] == b'%';
            let separator = found(member_value(text, at)?, encoded, false)?;
            Some(Separator { is_member: true, ..separator })
        }
        // A field of a form: `name="script_key"\r\n\r\nabc`.
        b'\r' | b'\n' if quoted && next.is_spelled() => {
            while let Some(end) = sign(text, at)
                && matches!(end.byte, b'\r' | b'\n')
                && end.is_spelled()
            {
                at += end.len;
            }
            found(at, false, false)
        }
        // A field of a page: `name="SAMLResponse" type="hidden" value="abc"`.
        _ if quoted && at > blanks && next.byte.is_ascii_alphabetic() => {
            const ATTRIBUTES_BYTES: usize = 80;
            let tag = &text[at..text.len().min(at + ATTRIBUTES_BYTES)];
            let tag = &tag[..memchr(b'>', tag).unwrap_or(tag.len())];
            let value = at + memmem::find(tag, b"value")? + b"value".len();
            let equals = sign(text, value).filter(|sign| sign.byte == b'=')?;
            found(value + equals.len, encoded, false)
        }
        // An option: `--password abc`.
        _ if name.is_option && at > blanks && next.byte != b'-' => found(at, false, false),
        // A table: `SHOTGUN_API_KEY    abc`.
        _ if at > blanks + 1 && !text[name.from..name.to].iter().any(u8::is_ascii_lowercase) => {
            Some(Separator {
                value_at: at,
                encoded,
                quoted,
                is_colon: false,
                is_column: true,
                is_member: false,
            })
        }
        _ => None,
    }
}

/// Behind `"value": ` or `value=`, which tell that the name before is the name of a pair.
fn named_value(text: &[u8], at: usize, encoded: bool) -> Option<usize> {
    let quote = sign(text, at).filter(|sign| sign.is_quote()).map_or(0, |sign| sign.len);
    let end = at + quote + b"value".len();
    if !text.get(at + quote..end)?.eq_ignore_ascii_case(b"value") {
        return None;
    }
    let end = match quote {
        0 => end,
        _ => end + sign(text, end).filter(|sign| sign.is_quote())?.len,
    };
    let at = skip_blanks(text, end, encoded);
    sign(text, at).filter(|sign| matches!(sign.byte, b':' | b'=')).map(|sign| at + sign.len)
}

/// Behind the closing tag of a name and the tags that open its value.
fn member_value(text: &[u8], mut at: usize) -> Option<usize> {
    const MOST_TAGS: usize = 4;
    const LONGEST_TAG: usize = 24;
    for tag in 0..MOST_TAGS {
        let Some(opens) = sign(text, at).filter(|sign| sign.byte == b'<') else {
            return (tag > 1).then_some(at);
        };
        let closes = sign(text, at + opens.len)?.byte == b'/';
        if closes != (tag == 0) {
            return None;
        }
        let mut end = at + opens.len;
        loop {
            let next = sign(text, end).filter(|_| end < at + LONGEST_TAG)?;
            end += next.len;
            if next.byte == b'>' {
                break;
            }
        }
        at = end;
    }
    None
}

/// Whether the line tells the token of a user: then the login beside it goes too.
fn has_user(line: &mut Line<'_>) -> bool {
    let text = line.text.as_bytes();
    *line.has_user.get_or_insert_with(|| {
        ["session_token", "api_key", "sessionToken"]
            .iter()
            .any(|name| memmem::find(text, name.as_bytes()).is_some())
    })
}

/// A pickle: `S'session_token'\np2\nS'abc'`, `Vsession_token\np3\nVabc`, `X\r\x00\x00\x00session_tokenq\x03X(\x00\x00\x00abc`.
fn pickled(line: &mut Line<'_>, name: Name, class_of_name: Class) -> bool {
    let text = line.text.as_bytes();
    let end = match sign(text, name.to) {
        Some(sign) if sign.is_quote() => name.to + sign.len,
        _ => name.to,
    };
    let (class, name_end) = match class_of_name {
        // `Vsession_token`: the sign of a string is no part of the name. `session_tokenq`: nor is that behind it.
        Class::None if text[name.to - 1] == b'q' => (class(&text[name.from..name.to - 1]), name.to - 1),
        class => (class, end),
    };
    if !matches!(class, Class::Strong | Class::Login) {
        return false;
    }
    let from = match binary_value(text, name_end).or_else(|| line_value(text, name_end)) {
        Some(from) => from,
        None => {
            line.pickled_value_follows |= class == Class::Strong && is_alone(line.text, name, end);
            return false;
        }
    };
    let to = from
        + text[from..]
            .iter()
            .position(|b| matches!(b, b'\\' | b'\'' | b'"' | b'%' | b' ' | b'\r'))
            .unwrap_or(text.len() - from);
    let is_secret = class == Class::Strong || has_user(line);
    if is_secret && !line.text[from..].starts_with(START) {
        line.hide(Rule::SerialisedUser, from, to);
    }
    true
}

/// Whether a name is all there is in its line but for the signs of a pickle before it: `sVsession_token`, `S'api_key'`.
fn is_alone(line: &str, name: Name, end: usize) -> bool {
    const MOST_SIGNS: usize = 8;
    let text = line.as_bytes();
    let before = text[..name.from].strip_suffix(b"'").or(text[..name.from].strip_suffix(b"\""));
    let signs = before.unwrap_or(&text[..name.from]);
    let is_string = match before {
        Some(signs) => signs.ends_with(b"S"),
        None => text[name.from..name.to].iter().take(MOST_SIGNS).any(|b| *b == b'V'),
    };
    is_string
        && signs.len() <= MOST_SIGNS
        && signs.iter().all(u8::is_ascii_graphic)
        && line[end..].trim().is_empty()
}

/// Behind `\np2\nS'` and its like.
fn line_value(text: &[u8], at: usize) -> Option<usize> {
    let at = skip_line_end(text, at)?;
    let memo = text.get(at).filter(|b| matches!(b, b'p' | b'g'))?;
    let digits = text[at + 1..].iter().take(8).take_while(|b| b.is_ascii_digit()).count();
    let at = skip_line_end(text, at + 1 + digits)?;
    let _ = memo;
    let at = at + usize::from(text.get(at) == Some(&b'a'));
    text.get(at).filter(|b| matches!(b, b'S' | b'V'))?;
    let quote = sign(text, at + 1).filter(|sign| sign.is_quote()).map_or(0, |sign| sign.len);
    Some(at + 1 + quote)
}

fn skip_line_end(text: &[u8], at: usize) -> Option<usize> {
    let next = sign(text, at)?;
    match next.byte {
        b'\n' | b' ' | b'\t' => Some(at + next.len),
        b'\r' => skip_line_end(text, at + next.len),
        _ => None,
    }
}

/// Behind the length of a binary string, as `repr` shows it: `q\x03X(\x00\x00\x00` or `\x94\x8c(`.
fn binary_value(text: &[u8], at: usize) -> Option<usize> {
    let skip = |mut at: usize, signs: usize| {
        for _ in 0..signs {
            at += sign(text, at)?.len;
        }
        Some(at)
    };
    let next = sign(text, at)?;
    // Whether the name was stored as `q1` and the `q` was taken for its end or not.
    let memo = if text[at - 1] == b'q' && next.byte != b'q' { at } else { at + next.len };
    if next.byte == 0x94 {
        return skip(memo, 2).filter(|_| sign(text, memo).is_some_and(|sign| sign.byte == 0x8c));
    }
    if memo != at && next.byte != b'q' {
        return None;
    }
    let kind = skip(memo, 1)?;
    skip(kind, 5).filter(|_| text.get(kind) == Some(&b'X'))
}
