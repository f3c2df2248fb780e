//! Secrets that are told by their place among the arguments: `Shotgun('https://site', 'script', 'key')`,
//! `auth=('user', 'password')`, `HTTPBasicAuth('user', 'password')`.

use crate::line::Line;
use crate::placeholder::START;
use crate::rule::Rule;
use crate::spelling::{closing, sign, skip_blanks};
use crate::trigger::Trigger;

/// Arguments are looked for in this much text.
const MOST_BYTES: usize = 1024;

/// The third argument of `Shotgun`, the second of the others, when it and those before it are quoted.
pub(crate) fn constructor(line: &mut Line<'_>, word: Trigger) {
    let limit = line.text.floor_char_boundary(word.at + MOST_BYTES);
    let text = &line.text.as_bytes()[..limit.min(line.text.len())];
    let is_shotgun = matches!(text[word.at], b'g' | b'G');
    if is_shotgun && !text[..word.at].ends_with(b"hot") {
        return;
    }
    let last = if is_shotgun { 2 } else { 1 };
    let encoded = text[word.at..word.at + word.len].contains(&b'%');
    let mut at = word.at + word.len;
    for argument in 0..=last {
        at = skip_blanks(text, at, encoded);
        at += usize::from(matches!(text.get(at), Some(b'u' | b'b')));
        let Some(quote) = sign(text, at).filter(|sign| sign.is_quote()) else { return };
        let from = at + quote.len;
        let end = closing(text, from, &text[at..from]);
        if argument == last {
            let end = end.unwrap_or(text.len());
            if end > from && !line.text[from..].starts_with(START) {
                line.hide(Rule::Constructor, from, end);
            }
            return;
        }
        let Some(end) = end else { return };
        at = skip_blanks(text, end + quote.len, encoded);
        match sign(text, at) {
            Some(comma) if comma.byte == b',' => at += comma.len,
            _ => return,
        }
    }
}
