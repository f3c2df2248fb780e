//! `Shotgun('https://site', 'script', 'key')`: the key of a legacy script as the third argument.

use crate::line::Line;
use crate::placeholder::START;
use crate::rule::Rule;
use crate::spelling::{closing, sign, skip_blanks};
use crate::trigger::Trigger;

/// Arguments are looked for in this much text.
const MOST_BYTES: usize = 1024;

/// The third positional argument, when all three are quoted.
pub(crate) fn constructor(line: &mut Line<'_>, word: Trigger) {
    let limit = line.text.floor_char_boundary(word.at + MOST_BYTES);
    let text = &line.text.as_bytes()[..limit.min(line.text.len())];
    let before = &text[..word.at];
    if !before.ends_with(b"hot") {
        return;
    }
    let mut at = word.at + word.len;
    for argument in 0..3 {
        at = skip_blanks(text, at, false);
        at += usize::from(matches!(text.get(at), Some(b'u' | b'b')));
        let Some(quote) = sign(text, at).filter(|sign| sign.is_quote()) else { return };
        let from = at + quote.len;
        let end = closing(text, from, &text[at..from]);
        if argument == 2 {
            let end = end.unwrap_or(text.len());
            if end > from && !line.text[from..].starts_with(START) {
                line.hide(Rule::Constructor, from, end);
            }
            return;
        }
        let Some(end) = end else { return };
        at = skip_blanks(text, end + quote.len, false);
        match text.get(at) {
            Some(b',') => at += 1,
            _ => return,
        }
    }
}
