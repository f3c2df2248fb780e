//! Text in columns for people: widths as a terminal shows them, whatever the language.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Fills text up with blanks; wider text stays as it is.
pub(crate) fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// Breaks text between words, and a word that is wider than a line where it must be.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let width = word.width();
        if used > 0 && used + 1 + width <= columns {
            lines.last_mut().expect("there is always a line").push(' ');
            used += 1;
        } else if used > 0 {
            lines.push(String::new());
            used = 0;
        }
        for letter in word.chars() {
            let width = letter.width().unwrap_or_default();
            if used + width > columns && used > 0 {
                lines.push(String::new());
                used = 0;
            }
            lines.last_mut().expect("there is always a line").push(letter);
            used += width;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_inside_one_that_is_too_long() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("도구가 없음", 6), ["도구가", "없음"]);
        assert_eq!(wrap("", 5), [""]);
    }
}
