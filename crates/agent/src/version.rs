//! The version of this program: what it calls itself, and which of two is the newer.

use std::cmp::Ordering;

/// The version of this program, as `0.1.0`.
#[must_use]
pub fn this() -> &'static str {
    // Read where it stands in the program file, at its one place there: a test makes a program of another version by
    // writing another one over it.
    let marked: &'static str =
        std::hint::black_box(concat!("tk-incident-version:", env!("CARGO_PKG_VERSION")));
    marked.split_once(':').map_or(marked, |(_, version)| version)
}

/// How one version stands to another, by the rules of semantic versions; what cannot be read is older than all that can.
#[must_use]
pub fn compare(one: &str, other: &str) -> Ordering {
    Parts::of(one).cmp(&Parts::of(other))
}

/// Compared in the order of its fields.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Parts<'a> {
    numbers: Option<[u64; 3]>,
    is_release: bool,
    before_release: Vec<Identifier<'a>>,
}

/// One word between the dots of `alpha.1`; numbers come before words.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Identifier<'a> {
    Number(u64),
    Word(&'a str),
}

impl Parts<'_> {
    fn of(version: &str) -> Parts<'_> {
        // What stands behind a plus says how it was built, not what it is.
        let version = version.split_once('+').map_or(version, |(version, _)| version);
        let (numbers, words) = version.split_once('-').unwrap_or((version, ""));
        let mut parts = numbers.split('.').map(|number| number.parse().ok());
        let mut next = || parts.next().flatten();
        let numbers = match (next(), next(), next(), parts.next()) {
            (Some(major), Some(minor), Some(patch), None) => Some([major, minor, patch]),
            _ => None,
        };
        let words = words.split('.').filter(|word| !word.is_empty());
        let before_release: Vec<Identifier<'_>> =
            words.map(|word| word.parse().map_or(Identifier::Word(word), Identifier::Number)).collect();
        Parts { numbers, is_release: before_release.is_empty(), before_release }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_rise_as_people_expect() {
        let rising = [
            "nonsense",
            "0.0.9",
            "0.1.0-alpha",
            "0.1.0-alpha.1",
            "0.1.0-alpha.beta",
            "0.1.0-rc.2",
            "0.1.0-rc.11",
            "0.1.0",
            "0.1.1",
            "0.2.0",
            "0.10.0",
            "1.0.0",
        ];
        for (place, one) in rising.iter().enumerate() {
            for (other_place, other) in rising.iter().enumerate() {
                assert_eq!(compare(one, other), place.cmp(&other_place), "{one} and {other}");
            }
        }
        assert_eq!(compare("1.2.3+linux", "1.2.3"), Ordering::Equal);
        assert_eq!(this(), env!("CARGO_PKG_VERSION"));
    }
}
