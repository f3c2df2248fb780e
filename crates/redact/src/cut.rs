//! The end of a text that was read before its writer was done with it.
//!
//! A secret that is there by half may lack what its rule needs: the `@` of a URL, the length of a key, the token beside a
//! login. So the last word of such a text goes when it could be the first half of one. What is closed by a quote, a bracket
//! or a line end is whole.

use crate::placeholder::START;

/// So much of the end is looked at.
const LONGEST_WORD: usize = 1024;

/// Where in the last line of a text a half secret may begin.
pub(crate) fn half_secret(text: &str) -> Option<usize> {
    let floor = text.ceil_char_boundary(text.len().saturating_sub(LONGEST_WORD));
    let begin = text[floor..].rfind(char::is_whitespace).map_or(floor, |blank| floor + blank);
    let from = begin + text[begin..].find(|c: char| !c.is_whitespace())?;
    let word = &text[from..];
    if word.contains(START) || !word.ends_with(|c: char| c.is_alphanumeric() || "@%+-_~!#$*".contains(c)) {
        return None;
    }
    let authority = ["://", "%3A%2F%2F", "%3a%2f%2f", "%3A//", ":\\/\\/"]
        .iter()
        .filter_map(|slashes| word.rfind(slashes).map(|at| at + slashes.len()))
        .max()
        .filter(|at| !word[*at..].contains(['/', '?', '#']));
    let behind = |signs: &[char]| word.rfind(signs).map_or(0, |at| at + 1);
    let last =
        behind(&['"', '\'', '=', '(', '[', '{', '<', '>', ',', ';', '&', '?', '/', '\\', ':', '@', '%']);
    let tail = &word[last..];
    let is_key = tail.len() >= 6
        && tail.bytes().filter(u8::is_ascii_digit).count() >= 2
        && tail.bytes().filter(u8::is_ascii_alphabetic).count() >= 2
        && tail.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-_~!#$*".contains(&b))
        && !tail.contains("_v");
    // `joe:hunter`: who it is goes as well, once the rest has come.
    let is_password = last > 1
        && word.as_bytes()[last - 1] == b':'
        && word[..last - 1].ends_with(|c: char| c.is_ascii_alphanumeric())
        && !tail.bytes().all(|b| b.is_ascii_digit());
    let found = authority.or_else(|| (is_key || is_password).then_some(last))?;
    (from + found < text.len()).then_some(from + found)
}
