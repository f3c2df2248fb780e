//! Secrets that are said: `Session token: …`, `the api key '…'`, `password is …`.

use crate::key_value::is_path;
use crate::line::Line;
use crate::placeholder::START;
use crate::rule::Rule;
use crate::spelling::{closing, sign, skip_blanks};
use crate::trigger::Trigger;
use crate::value::{Value, is_harmless, is_opaque};

/// Toolkit's own sentence `Session token: …`, and its like: `API key is …`, `password is …`, `api key '…'`.
pub(crate) fn said(line: &mut Line<'_>, word: Trigger) {
    const SECOND: [&[u8]; 5] = [b" token", b"_token", b" request id", b"%20token", b"+token"];
    const PHRASES: [&[u8]; 5] =
        [b"api key", b"script key", b"application key", b"auth request", b"api%20key"];
    let text = line.text.as_bytes();
    let spelled = &text[word.at..word.at + word.len];
    let is = |phrase: &[u8]| spelled.eq_ignore_ascii_case(phrase);
    let (is_session, is_password) = (is(b"session"), is(b"passw"));
    let mut at = word.at + word.len;
    let mut encoded = false;
    if is_session {
        let Some(second) = SECOND.iter().find(|second| starts_with(&text[at..], second)) else { return };
        encoded = matches!(second[0], b'%' | b'+');
        at += second.len();
    } else if is(b"auth request") {
        at += if starts_with(&text[at..], b" id") { 3 } else { 0 };
    } else if is_password && starts_with(&text[at..], b"ord") {
        at += 3;
    } else if !is(b"token") && !PHRASES.iter().any(|phrase| is(phrase)) {
        return;
    }
    encoded |= spelled.contains(&b'%');
    if text.get(at).is_some_and(u8::is_ascii_alphanumeric) {
        return;
    }
    line.named = line.named.max(at);
    let mut said = false;
    for verb in [&b" is"[..], b" was", b"%20is", b"+is"] {
        if starts_with(&text[at..], verb) {
            at += verb.len();
            said = true;
            break;
        }
    }
    let behind = skip_blanks(text, at, encoded);
    let colon = sign(text, behind).filter(|sign| matches!(sign.byte, b':' | b'='));
    if let Some(colon) = colon {
        encoded |= text[behind] == b'%';
        at = behind + colon.len;
    }
    let mut from = skip_blanks(text, at, encoded);
    if from == at && colon.is_none() {
        return;
    }
    let quote = sign(text, from).filter(|sign| sign.is_quote());
    if colon.is_none() && !said && !is_session && quote.is_none() {
        return;
    }
    from += quote.map_or(0, |quote| quote.len);
    let closed = quote.and_then(|quote| closing(text, from, &text[from - quote.len..from]));
    let end = closed.unwrap_or_else(|| Value::at(line.text, from, encoded).end(line.text));
    let value = line.text[from..end].trim_end_matches([',', '.', '`']);
    let value = value.trim_start_matches('`');
    let sure = is_session
        && colon.is_some()
        && !is_harmless(line.text, &Value::at(line.text, from, encoded), "session token");
    let likely = if is_password {
        (said || quote.is_some()) && value.len() >= 6 && value.bytes().any(|b| b.is_ascii_digit())
    } else {
        is_opaque(value.as_bytes()) && !is_path(value.as_bytes())
    };
    if !value.starts_with(START) && !value.is_empty() && (sure || likely) {
        let from = from + line.text[from..end].bytes().take_while(|b| *b == b'`').count();
        line.hide(Rule::Phrase, from, from + value.len());
    }
}

fn starts_with(text: &[u8], lower: &[u8]) -> bool {
    text.get(..lower.len()).is_some_and(|start| start.eq_ignore_ascii_case(lower))
}
