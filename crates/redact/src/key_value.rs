//! Secrets that are named: `session_token=…`, `"api_key": "…"`, `--password …`, Toolkit's `Session token: …`, pickles.

use memchr::memmem;

use crate::line::Line;
use crate::name::{Class, Name, around, class};
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
    if pickled(line, name) {
        return;
    }
    let Some(separator) = separator(text, name) else {
        return phrase(line, word);
    };
    let mut class = class(&text[name.from..name.to]);
    if class == Class::None {
        return phrase(line, word);
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
    let spelled = &line.text[name.from..name.to];
    if value.from >= text.len() || is_harmless(line.text, &value, spelled) {
        return;
    }
    let rest = &text[value.from..];
    let wanted = match class {
        Class::Strong => true,
        Class::Vague => is_opaque(rest) && !is_path(rest),
        Class::Folder => !is_path(rest),
        Class::Login => separator.quoted && has_user(line),
        Class::None => false,
    };
    if wanted {
        let rule = if class == Class::Login { Rule::SerialisedUser } else { Rule::KeyValue };
        let end = value.end(line.text);
        line.hide(rule, value.from, end);
    }
}

/// `UpperCamel` of two words or more.
fn is_class_name(name: &[u8]) -> bool {
    name.first().is_some_and(u8::is_ascii_uppercase)
        && !name.contains(&b'_')
        && !name.contains(&b'-')
        && name.windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
}

fn is_path(value: &[u8]) -> bool {
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
        Some(Separator { value_at, encoded, quoted, is_colon })
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
            let value = if matches!(text.get(value_at), Some(b'u' | b'b')) { value_at + 1 } else { value_at };
            sign(text, value).filter(|sign| sign.is_quote())?;
            Some(Separator { value_at, encoded, quoted, is_colon: false })
        }
        // A tag: `<session_token>abc</session_token>`.
        b'>' if name.is_tag && !quoted => found(at + next.len, text[at] == b'%', false),
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
        // A field of a page: `name="SAMLResponse" value="abc"`.
        b'v' if quoted && at > blanks && text[at..].starts_with(b"value") => {
            let equals = sign(text, at + 5).filter(|sign| sign.byte == b'=')?;
            found(at + 5 + equals.len, encoded, false)
        }
        // An option: `--password abc`.
        _ if name.is_option && at > blanks && next.byte != b'-' => found(at, false, false),
        _ => None,
    }
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
fn pickled(line: &mut Line<'_>, name: Name) -> bool {
    let text = line.text.as_bytes();
    let end = match sign(text, name.to) {
        Some(sign) if sign.is_quote() => name.to + sign.len,
        _ => name.to,
    };
    let (class, name_end) = match class(&text[name.from..name.to]) {
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
            let opens = matches!(name.from.checked_sub(1).map(|at| text[at]), Some(b'\'' | b'"') | None);
            let tagged = matches!(text[name.from], b'V');
            let alone = line.text[end..].trim().is_empty();
            line.pickled_value_follows |= class == Class::Strong && alone && (opens || tagged);
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

/// Toolkit's own sentence `Session token: …`, and its like: `API key is …`, `password is …`.
fn phrase(line: &mut Line<'_>, word: Trigger) {
    const SECOND: [&[u8]; 3] = [b" token", b"_token", b" request id"];
    const PHRASES: [&[u8]; 4] = [b"api key", b"script key", b"application key", b"auth request"];
    let text = line.text.as_bytes();
    let spelled = text[word.at..word.at + word.len].to_ascii_lowercase();
    let is_session = spelled == b"session";
    let mut at = word.at + word.len;
    if is_session {
        let Some(second) = SECOND.iter().find(|second| starts_with(&text[at..], second)) else { return };
        at += second.len();
    } else if spelled == b"auth request" {
        at += if starts_with(&text[at..], b" id") { 3 } else { 0 };
    } else if spelled == b"passw" && starts_with(&text[at..], b"ord") {
        at += 3;
    } else if !PHRASES.contains(&spelled.as_slice()) && spelled != b"token" {
        return;
    }
    if text.get(at).is_some_and(u8::is_ascii_alphanumeric) {
        return;
    }
    line.named = line.named.max(at);
    let mut said = false;
    for verb in [&b" is"[..], b" was"] {
        if starts_with(&text[at..], verb) {
            at += verb.len();
            said = true;
            break;
        }
    }
    let colon = text.get(at) == Some(&b':');
    at += usize::from(colon);
    let from = at + text[at..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    if from == at && !colon || !colon && !said && !is_session {
        return;
    }
    let end = from
        + text[from..]
            .iter()
            .position(|b| b.is_ascii_whitespace() || *b == 0x0b)
            .unwrap_or(text.len() - from);
    let value = line.text[from..end].trim_matches(['"', '\'', ',', '.', '`']);
    let sure =
        is_session && colon && !is_harmless(line.text, &Value::at(line.text, from, false), "session token");
    let likely = match spelled.as_slice() {
        b"passw" => said && value.len() >= 6 && value.bytes().any(|b| b.is_ascii_digit()),
        _ => is_opaque(value.as_bytes()) && !is_path(value.as_bytes()),
    };
    if !value.starts_with(START) && !value.is_empty() && (sure || likely) {
        let lead = line.text[from..end].bytes().take_while(|b| matches!(b, b'"' | b'\'' | b'`')).count();
        let tail = line.text[from..end]
            .bytes()
            .rev()
            .take_while(|b| matches!(b, b'"' | b'\'' | b'`' | b',' | b'.'))
            .count();
        line.hide(Rule::Phrase, from + lead, (end - tail).max(from + lead));
    }
}

fn starts_with(text: &[u8], lower: &[u8]) -> bool {
    text.get(..lower.len()).is_some_and(|start| start.eq_ignore_ascii_case(lower))
}
