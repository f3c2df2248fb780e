//! How the pages spell things: text from logs made harmless, sizes, times.

use jiff::Timestamp;

use crate::page::words::Lang;
use crate::rows::value::{format_time, parse_time};

/// Text with everything that could act on a terminal or turn the reading direction spelt out: ESC is `^[`, as `cat -v` has it.
///
/// Line ends and tabs stay. HTML is escaped by the templates.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\t' => shown.push(letter),
            '\r' => {}
            '\0'..='\x1f' | '\x7f' => {
                shown.push('^');
                shown.push(char::from(letter as u8 ^ 0x40));
            }
            '\u{80}'..='\u{9f}' => shown.push('\u{fffd}'),
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
                shown.push_str(&format!("<U+{:04X}>", u32::from(letter)));
            }
            _ => shown.push(letter),
        }
    }
    shown
}

/// A size a person can judge.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    let (mut value, mut unit) = (bytes as f64 / 1000.0, 0);
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if value < 10.0 { format!("{value:.1} {}", UNITS[unit]) } else { format!("{value:.0} {}", UNITS[unit]) }
}

/// A moment on a page: its exact spelling and how long ago it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    /// For machines.
    pub(crate) iso: String,
    /// `14 Jan 2026, 10:49:11 UTC`.
    pub(crate) exact: String,
    /// `3 hours ago`.
    pub(crate) ago: String,
}

impl Moment {
    /// From a kept time; none when it is none.
    pub(crate) fn of(iso: Option<&str>, now: Timestamp, lang: Lang) -> Option<Moment> {
        Some(Moment::at(parse_time(iso?)?, now, lang))
    }

    /// From seconds since 1970; none when there is no such time.
    pub(crate) fn of_seconds(seconds: i64, now: Timestamp, lang: Lang) -> Option<Moment> {
        Some(Moment::at(Timestamp::from_second(seconds).ok()?, now, lang))
    }

    fn at(time: Timestamp, now: Timestamp, lang: Lang) -> Moment {
        Moment { iso: format_time(time), exact: lang.exact(time), ago: lang.ago(time, now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_on_a_terminal_or_on_the_reader() {
        assert_eq!(visible("a\x1b[31mred\x07\tb\r\n여기\u{9b}"), "a^[[31mred^G\tb\n여기\u{fffd}");
        assert_eq!(visible("log\u{202e}fdp.exe"), "log<U+202E>fdp.exe");
        for code in 0..=0xffff {
            if let Some(letter) = char::from_u32(code) {
                let shown = visible(&letter.to_string());
                assert!(shown.chars().all(|shown| !shown.is_control() || "\n\t".contains(shown)), "{code:x}");
            }
        }
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(
            [size(0), size(999), size(1234), size(999_600), size(5_242_880)],
            ["0 bytes", "999 bytes", "1.2 KB", "1.0 MB", "5.2 MB"]
        );
    }
}
