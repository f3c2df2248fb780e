//! Guessing secrets by their randomness: off by default, because it eats hashes, ids and temporary names too.

use crate::line::Line;
use crate::rule::Rule;

const SHORTEST: usize = 24;
/// Bits per character. Names and words have less; random base64 of this length has more.
const LEAST_BITS: f64 = 3.9;
const LEAST_HEX_BITS: f64 = 3.0;

/// Every word of a line that looks random.
pub(crate) fn words(line: &mut Line<'_>) {
    let text = line.text.as_bytes();
    let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'=' | b'_' | b'-');
    let mut at = 0;
    while at < text.len() {
        let len = text[at..].iter().take_while(|b| is_part(**b)).count();
        if len >= SHORTEST && is_random(&text[at..at + len]) {
            line.hide(Rule::Entropy, at, at + len);
        }
        at += len + 1;
    }
}

fn is_random(word: &[u8]) -> bool {
    let has = |test: fn(&u8) -> bool| word.iter().any(test);
    if !has(u8::is_ascii_digit) {
        return false;
    }
    if word.iter().all(u8::is_ascii_hexdigit) {
        return word.len() >= 32 && has(u8::is_ascii_alphabetic) && bits(word) >= LEAST_HEX_BITS;
    }
    has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && bits(word) >= LEAST_BITS
}

/// Shannon's entropy of the bytes of a word.
fn bits(word: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    word.iter().for_each(|b| counts[usize::from(*b)] += 1);
    let len = word.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / len)
        .map(|share| -share * share.log2())
        .sum()
}
