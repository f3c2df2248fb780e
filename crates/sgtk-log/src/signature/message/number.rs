//! Numbers, frame ranges, dates and times.

use super::Scan;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| b.is_ascii_digit()).count()
}

fn in_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

impl Scan<'_, '_> {
    /// Reads what begins with a digit and is not a word with digits; `end` is the end of the word.
    pub(super) fn number(&mut self, end: usize) -> bool {
        let at = self.at;
        let rest = self.rest(at);
        if let Some(length) = date(rest) {
            self.put_to(at + length, "date", "<date>");
            return true;
        }
        if let Some(length) = frame_range(rest).or_else(|| size(rest)) {
            let (rule, placeholder) =
                if rest[..length].contains(&b'x') { ("number", "<n>") } else { ("frames", "<frames>") };
            self.put_to(at + length, rule, placeholder);
            return true;
        }
        let length = plain_number(rest);
        let after = rest.get(length).copied().unwrap_or(b' ');
        let joined = matches!(after, b'.' | b'-') && rest.get(length + 1).copied().is_some_and(in_word);
        if in_word(after) || joined || at + length < end && !matches!(after, b'.' | b'-') {
            return false;
        }
        if keeps_number(self.out.text()) || is_status(&self.text[at..], self.out.text()) {
            self.literal_to(at + length);
        } else {
            let percent = usize::from(after == b'%');
            self.put_to(at + length + percent, "number", "<n>");
        }
        true
    }

    /// The sign of a number goes with it.
    pub(super) fn sign(&mut self) {
        let before = self.text[..self.at].chars().next_back();
        let sign = before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '>')
            && self.byte(self.at + 1).is_some_and(|b| b.is_ascii_digit());
        if sign && !keeps_number(self.out.text()) {
            self.at += 1;
        } else {
            self.literal_to(self.at + 1);
        }
    }

    /// `Wed Jan 14 19:49:11 2026`, `Wed, 14 Jan 2026 19:49:11`, `Jan 14`: a month and a number next to it at least.
    pub(super) fn date_in_words(&mut self, end: usize) -> bool {
        let first = &self.text[self.at..end];
        if !(DAYS.contains(&first) || MONTHS.contains(&first)) {
            return false;
        }
        let (mut month, mut number) = (MONTHS.contains(&first), false);
        let (mut at, mut done) = (end, end);
        for _ in 0..5 {
            let rest = self.rest(at);
            let gap = rest.iter().take(3).take_while(|b| matches!(b, b' ' | b',')).count();
            let word = &rest[gap..];
            let length = match word.first() {
                Some(b'0'..=b'9') if gap > 0 => {
                    number = true;
                    date(word).unwrap_or_else(|| digits(word))
                }
                Some(_)
                    if gap > 0
                        && word.len() >= 3
                        && MONTHS.iter().any(|name| word.starts_with(name.as_bytes())) =>
                {
                    month = true;
                    3
                }
                _ => break,
            };
            if word.get(length).copied().is_some_and(in_word) {
                break;
            }
            at += gap + length;
            done = at;
        }
        if !(month && number) {
            return false;
        }
        self.put_to(done, "date", "<date>");
        true
    }
}

/// Whether the number behind this text says what failed: `errno 13`, `http error 503`, `crud error #6`.
fn keeps_number(before: &str) -> bool {
    const WORDS: [&str; 13] = [
        "errno",
        "winerror",
        "error",
        "signal",
        "status",
        "code",
        "http",
        "retcode",
        "returncode",
        "exitcode",
        "status_code",
        "exited with",
        "response",
    ];
    let text = before.trim_end_matches([' ', ':', '=', '#', '[', '(', '-', '+']);
    WORDS.iter().any(|word| {
        text.strip_suffix(word)
            .is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '>')))
    })
}

/// `503 Service Unavailable`, `answered 503`: what a server says.
fn is_status(text: &str, before: &str) -> bool {
    const SAID: [&str; 7] =
        ["returned", "responded", "answered", "replied", "got", "responded with", "answered with"];
    const PHRASES: [&str; 14] = [
        "Bad Request",
        "Unauthorized",
        "Forbidden",
        "Not Found",
        "Method Not",
        "Request Time",
        "Conflict",
        "Too Many",
        "Internal Server",
        "Bad Gateway",
        "Service Unav",
        "Gateway Time",
        "Server Error",
        "Client Error",
    ];
    let Some((number, rest)) = text.split_at_checked(3) else { return false };
    let rest = rest.trim_start_matches([' ', ':', '-', '(']);
    let said = || SAID.iter().any(|said| before.trim_end_matches([' ', ':', '(']).ends_with(said));
    let goes_on = rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    let named = || {
        PHRASES
            .iter()
            .any(|phrase| rest.get(..phrase.len()).is_some_and(|said| said.eq_ignore_ascii_case(phrase)))
    };
    number.starts_with(['4', '5'])
        && number.bytes().all(|b| b.is_ascii_digit())
        && (named() || !goes_on && said())
}

/// `12`, `1,024.5`, `1.2.3`, `1e-5`, `12:30`.
fn plain_number(bytes: &[u8]) -> usize {
    let mut at = digits(bytes);
    while matches!(bytes.get(at), Some(b'.' | b',' | b':')) && digits(&bytes[at + 1..]) > 0 {
        at += 1 + digits(&bytes[at + 1..]);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'-' | b'+')));
        let exponent = digits(&bytes[(at + 1 + sign).min(bytes.len())..]);
        if exponent > 0 {
            at += 1 + sign + exponent;
        }
    }
    at
}

/// `1001-1100`, `1001 - 1100`.
fn frame_range(bytes: &[u8]) -> Option<usize> {
    let first = digits(bytes);
    let mut at = first;
    at += usize::from(bytes.get(at) == Some(&b' '));
    if bytes.get(at) != Some(&b'-') {
        return None;
    }
    at += 1;
    at += usize::from(bytes.get(at) == Some(&b' '));
    let second = digits(&bytes[at.min(bytes.len())..]);
    let end = at + second;
    let whole = !bytes.get(end).is_some_and(|b| {
        in_word(*b) || *b == b'-' || *b == b'.' && bytes.get(end + 1).is_some_and(|b| in_word(*b))
    });
    ((3..=6).contains(&first) && (3..=6).contains(&second) && whole).then_some(end)
}

/// `1920x1080`.
fn size(bytes: &[u8]) -> Option<usize> {
    let first = digits(bytes);
    let second = bytes.get(first).filter(|b| **b == b'x').map(|_| digits(&bytes[first + 1..]))?;
    let end = first + 1 + second;
    (second > 0 && first > 1 && !bytes.get(end).is_some_and(|b| in_word(*b))).then_some(end)
}

/// `2026-01-14`, `2026-01-14T19:49:11.961Z`, `14/01/2026`, `14.01.2026`, `19:49:11`.
fn date(bytes: &[u8]) -> Option<usize> {
    let first = digits(bytes);
    let separator = *bytes.get(first)?;
    if separator == b':' {
        return time(bytes);
    }
    if !matches!(separator, b'-' | b'/' | b'.') {
        return None;
    }
    let second = digits(&bytes[first + 1..]);
    let third_at = first + second + 2;
    if bytes.get(third_at - 1) != Some(&separator) || !(1..=2).contains(&second) {
        return None;
    }
    let third = digits(&bytes[third_at..]);
    let end = third_at + third;
    let year = |bytes: &[u8]| bytes.starts_with(b"19") || bytes.starts_with(b"20");
    match (first, third) {
        (4, 1..=2) if year(bytes) => {}
        (1..=2, 4) if separator != b'-' && year(&bytes[third_at..]) => {}
        _ => return None,
    }
    let behind = match bytes.get(end) {
        Some(b'T' | b' ' | b'_') => time(&bytes[end + 1..]).map(|length| end + 1 + length),
        _ => None,
    };
    let end = behind.unwrap_or(end);
    let whole = !bytes.get(end).is_some_and(|b| in_word(*b));
    whole.then_some(end)
}

/// `19:49:11`, `19:49:11,961`, `19:49:11.961Z`, `9:49:11+01:00`.
fn time(bytes: &[u8]) -> Option<usize> {
    let hour = digits(bytes);
    let pair = |at: usize| {
        bytes.get(at) == Some(&b':') && bytes.len() >= at + 3 && digits(&bytes[at + 1..at + 3]) == 2
    };
    if !(1..=2).contains(&hour) || !pair(hour) || !pair(hour + 3) {
        return None;
    }
    let mut end = hour + 6;
    if matches!(bytes.get(end), Some(b'.' | b',')) {
        let fraction = digits(&bytes[end + 1..]);
        end += if fraction > 0 { 1 + fraction } else { 0 };
    }
    match bytes.get(end) {
        Some(b'Z') => end += 1,
        Some(b'+' | b'-') if digits(&bytes[end + 1..]) == 2 && bytes.get(end + 3) == Some(&b':') => {
            end += 4 + digits(&bytes[end + 4..]).min(2);
        }
        Some(b'+' | b'-') if digits(&bytes[end + 1..]) == 4 => end += 5,
        _ => {}
    }
    let whole = !bytes.get(end).is_some_and(|b| in_word(*b));
    whole.then_some(end)
}
