//! The value of a pickled name, when names and values stand on lines of their own: `Vsession_token`, `p3`, `Vabc`.

use crate::line::Line;
use crate::pass::Carry;
use crate::placeholder::START;
use crate::rule::Rule;

/// Lines behind the name in which the value can be: the name's number, and the value.
pub(crate) const MOST_LINES: u8 = 3;

/// Hides the value if this is its line, and goes on waiting if it can still come.
pub(crate) fn value(line: &mut Line<'_>, carry: &mut Carry) {
    let text = line.text.trim_end();
    carry.pickle -= 1;
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(b'p' | b'g') if bytes[1..].iter().all(u8::is_ascii_digit) => {}
        Some(b'a' | b's' | b't') if bytes.len() == 1 => {}
        Some(b'S' | b'V') => {
            carry.pickle = 0;
            let quoted =
                bytes.len() > 2 && matches!(bytes[1], b'\'' | b'"') && bytes[bytes.len() - 1] == bytes[1];
            let (from, to) = if quoted { (2, bytes.len() - 1) } else { (1, bytes.len()) };
            if from < to && !text[from..].starts_with(START) {
                line.hide(Rule::SerialisedUser, from, to);
            }
        }
        _ => carry.pickle = 0,
    }
}
