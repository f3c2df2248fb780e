//! Signs as they are spelled inside other texts: `"` may stand as `\"`, `\\\"`, `%22`, `%2522`, `\u0022` or `&quot;`.

/// A sign and how many bytes spell it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Sign {
    pub(crate) byte: u8,
    pub(crate) len: usize,
}

impl Sign {
    pub(crate) fn is_quote(self) -> bool {
        matches!(self.byte, b'"' | b'\'')
    }

    /// Spelled in another way than by itself.
    pub(crate) fn is_spelled(self) -> bool {
        self.len > 1
    }
}

/// More backslashes than this are no escape.
const MOST_SLASHES: usize = 32;

/// The sign that is spelled at `at`; `None` at the end of the text. What is no known spelling is the byte itself.
pub(crate) fn sign(text: &[u8], at: usize) -> Option<Sign> {
    let first = *text.get(at)?;
    if !matches!(first, b'\\' | b'%' | b'&') {
        return Some(Sign { byte: first, len: 1 });
    }
    let mut end = at;
    let mut slashes = 0;
    while slashes < MOST_SLASHES
        && let Some((b'\\', len)) = plain(text, end)
    {
        slashes += 1;
        end += len;
    }
    let spelled = match plain(text, end) {
        Some((byte @ (b'"' | b'\''), len)) => Some((byte, len)),
        Some((byte, len)) if slashes == 0 && len > 1 => Some((byte, len)),
        Some((b'n', 1)) if slashes > 0 => Some((b'\n', 1)),
        Some((b'r', 1)) if slashes > 0 => Some((b'\r', 1)),
        Some((b't', 1)) if slashes > 0 => Some((b'\t', 1)),
        Some((b'/', 1)) if slashes > 0 => Some((b'/', 1)),
        Some((b'u', 1)) if slashes > 0 => code_point(text, end + 1).map(|byte| (byte, 5)),
        Some((b'x', 1)) if slashes > 0 => hex_pair(text, end + 1).map(|byte| (byte, 3)),
        _ => None,
    };
    Some(match spelled {
        Some((byte, len)) => Sign { byte, len: end - at + len },
        None => Sign { byte: first, len: 1 },
    })
}

/// A byte by itself, percent-encoded (once or more often) or as an HTML entity.
fn plain(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let rest = text.get(at..)?;
    match rest.first()? {
        b'%' => {
            let mut end = 1;
            while end <= 6 && rest.get(end..end + 2) == Some(b"25") {
                end += 2;
            }
            Some(hex_pair(rest, end).map_or((b'%', 1), |byte| (byte, end + 2)))
        }
        b'&' => Some(if rest.starts_with(b"&quot;") {
            (b'"', 6)
        } else if rest.starts_with(b"&#34;") {
            (b'"', 5)
        } else if rest.starts_with(b"&#39;") {
            (b'\'', 5)
        } else {
            (b'&', 1)
        }),
        byte => Some((*byte, 1)),
    }
}

/// The byte of `0022` in `\u0022`.
fn code_point(text: &[u8], at: usize) -> Option<u8> {
    (text.get(at..at + 2)? == b"00").then(|| hex_pair(text, at + 2)).flatten()
}

fn hex_pair(text: &[u8], at: usize) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    Some(digit(*text.get(at)?)? << 4 | digit(*text.get(at + 1)?)?)
}

/// Behind blanks: spaces and tabs, however they are spelled; `+` is one in encoded text. Colours of a terminal count as
/// blanks, too.
pub(crate) fn skip_blanks(text: &[u8], mut at: usize, encoded: bool) -> usize {
    while let Some(sign) = sign(text, at) {
        let blank = match sign.byte {
            b' ' => true,
            b'\t' => !sign.is_spelled() || !encoded,
            b'+' => encoded && !sign.is_spelled(),
            0x1b => match colour(&text[at + sign.len..]) {
                Some(len) => {
                    at += len;
                    true
                }
                None => false,
            },
            _ => false,
        };
        if !blank {
            break;
        }
        at += sign.len;
    }
    at
}

/// Length of `[1;31m`, which follows the escape sign.
fn colour(text: &[u8]) -> Option<usize> {
    const LONGEST: usize = 12;
    let numbers = text.iter().take(LONGEST).skip(1).take_while(|b| b.is_ascii_digit() || **b == b';').count();
    (text.first() == Some(&b'[') && text.get(1 + numbers) == Some(&b'm')).then_some(numbers + 2)
}

/// Where the quote that was spelled like `quote` closes: the position of the closing spelling, if there is one.
pub(crate) fn closing(text: &[u8], from: usize, quote: &[u8]) -> Option<usize> {
    let first = *quote.first()?;
    memchr::memchr_iter(first, text.get(from..)?).map(|at| from + at).find(|at| {
        let slashes = || text[from..*at].iter().rev().take_while(|byte| **byte == b'\\').count();
        text[*at..].starts_with(quote)
            && match first {
                b'\\' => text.get(at.wrapping_sub(1)).is_none_or(|before| *at == from || *before != b'\\'),
                b'"' | b'\'' => slashes() % 2 == 0,
                _ => true,
            }
    })
}
