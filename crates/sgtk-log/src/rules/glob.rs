//! Shell patterns on text: `*` stands for any run of characters (also none, also line ends), `?` for exactly one.
//!
//! A pattern is cut at its stars once; matching then looks for the pieces one after the other, each as far to the left
//! as it can be, and never comes back. That is right for patterns with no other operators, and linear in the text for
//! pieces without `?`, whatever the pattern.

use memchr::memmem::Finder;

/// Longest pattern, in characters.
pub const MOST_GLOB_CHARS: usize = 512;

/// How much of a text a pattern must cover.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Extent {
    /// All of it.
    Whole,
    /// Its beginning: as if the pattern ended in `*`.
    Beginning,
}

/// Whether `A` and `a` are the same letter (in ASCII; names in Toolkit are).
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Case {
    /// They are not.
    Counts,
    /// They are: the text that is matched must be in lower case.
    Ignored,
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Glob {
    pieces: Vec<Piece>,
    starts: bool,
    ends: bool,
}

/// What stands between two stars; never empty.
#[derive(Clone, Debug)]
enum Piece {
    Plain(Box<Finder<'static>>),
    /// With `?`, which is `None`.
    Holed(Vec<Option<char>>),
}

impl Glob {
    /// Compiles a pattern; the reason when it cannot be used.
    pub(crate) fn new(pattern: &str, extent: Extent, case: Case) -> Result<Glob, String> {
        if pattern.trim().is_empty() {
            return Err("is empty and would match everything; leave it out".to_owned());
        }
        if pattern.chars().nth(MOST_GLOB_CHARS).is_some() {
            return Err(format!("is longer than {MOST_GLOB_CHARS} characters; shorten it with `*`"));
        }
        let folded = match case {
            Case::Counts => pattern.to_owned(),
            Case::Ignored => pattern.to_ascii_lowercase(),
        };
        Ok(Glob {
            pieces: folded.split('*').filter(|piece| !piece.is_empty()).map(Piece::new).collect(),
            starts: !folded.starts_with('*'),
            ends: extent == Extent::Whole && !folded.ends_with('*'),
        })
    }

    /// Whether the text fits.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let mut pieces = self.pieces.as_slice();
        let mut rest = text;
        if self.starts {
            let Some((first, others)) = pieces.split_first() else { return !self.ends || text.is_empty() };
            let Some(after) = first.after_start_of(rest) else { return false };
            if others.is_empty() && self.ends {
                return after.is_empty();
            }
            (pieces, rest) = (others, after);
        }
        let last = if self.ends { pieces.split_last() } else { None };
        let between = last.map_or(pieces, |(_, between)| between);
        for piece in between {
            let Some(after) = piece.after_first_in(rest) else { return false };
            rest = after;
        }
        last.is_none_or(|(last, _)| last.is_end_of(rest))
    }
}

impl Piece {
    fn new(piece: &str) -> Piece {
        if piece.contains('?') {
            Piece::Holed(piece.chars().map(|c| (c != '?').then_some(c)).collect())
        } else {
            Piece::Plain(Box::new(Finder::new(piece).into_owned()))
        }
    }

    /// The text behind the piece, when it begins with it.
    fn after_start_of<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Piece::Plain(finder) => {
                let needle = finder.needle();
                text.as_bytes().starts_with(needle).then(|| &text[needle.len()..])
            }
            Piece::Holed(holed) => {
                let mut chars = text.chars();
                holed.iter().all(|wanted| fits(*wanted, chars.next())).then_some(chars.as_str())
            }
        }
    }

    /// The text behind the first place where the piece stands.
    fn after_first_in<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Piece::Plain(finder) => {
                finder.find(text.as_bytes()).map(|at| &text[at + finder.needle().len()..])
            }
            Piece::Holed(_) => text.char_indices().find_map(|(at, _)| self.after_start_of(&text[at..])),
        }
    }

    fn is_end_of(&self, text: &str) -> bool {
        match self {
            Piece::Plain(finder) => text.as_bytes().ends_with(finder.needle()),
            Piece::Holed(holed) => {
                let mut chars = text.chars().rev();
                holed.iter().rev().all(|wanted| fits(*wanted, chars.next()))
            }
        }
    }
}

fn fits(wanted: Option<char>, found: Option<char>) -> bool {
    found.is_some() && (wanted.is_none() || wanted == found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(pattern: &str) -> Glob {
        Glob::new(pattern, Extent::Whole, Case::Counts).unwrap()
    }

    #[test]
    fn the_table() {
        for (pattern, text, expected) in [
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("abc", "Abc", false),
            ("a*", "a", true),
            ("*", "", true),
            ("**", "anything\nat all", true),
            ("a*c", "ac", true),
            ("a*c", "abcb", false),
            ("a*b*c", "aXbXbXc", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a?c", "a도c", true),
            ("*?", "", false),
            ("*a?", "aab", true),
            ("??*??", "abc", false),
            ("??*??", "abcd", true),
            ("ab*b", "ab", false),
            ("*.py#*", "bundle:tk-x/publish.py#execute", true),
        ] {
            assert_eq!(whole(pattern).matches(text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_beginning_is_enough_where_it_is_said_so() {
        let glob = Glob::new("Sgtk.Env.*.tk-maya", Extent::Beginning, Case::Ignored).unwrap();
        assert!(glob.matches("sgtk.env.project.tk-maya.tk-multi-publish2"));
        assert!(!glob.matches("x.sgtk.env.project.tk-maya"));
    }

    #[test]
    fn patterns_that_say_nothing_or_too_much_are_refused() {
        for pattern in ["", "  ", &"a".repeat(MOST_GLOB_CHARS + 1)] {
            assert!(Glob::new(pattern, Extent::Whole, Case::Counts).is_err());
        }
        assert!(Glob::new(&"도".repeat(MOST_GLOB_CHARS), Extent::Whole, Case::Counts).is_ok());
    }

    #[test]
    fn a_hostile_pattern_on_a_long_text_comes_to_an_end() {
        // With backtracking this is a matter of centuries.
        let pattern = format!("{}b", "*a".repeat(MOST_GLOB_CHARS / 2 - 1));
        let text = "a".repeat(4 * 1024 * 1024);
        assert!(!whole(&pattern).matches(&text));
        assert!(whole(&pattern).matches(&format!("{text}b")));
        let holed = format!("{}b", "*a?".repeat(100));
        assert!(!whole(&holed).matches(&text));
    }

    /// By definition, one cell at a time.
    fn by_table(pattern: &[char], text: &[char]) -> bool {
        let mut row: Vec<bool> = vec![false; text.len() + 1];
        row[0] = true;
        for wanted in pattern {
            let before = row.clone();
            for at in 0..=text.len() {
                row[at] = match wanted {
                    '*' => before[at] || at > 0 && row[at - 1],
                    '?' => at > 0 && before[at - 1],
                    c => at > 0 && before[at - 1] && text[at - 1] == *c,
                };
            }
        }
        row[text.len()]
    }

    proptest! {
        #[test]
        fn matching_is_what_the_definition_says(pattern in "[ab*?é]{1,12}", text in "[abé]{0,16}") {
            let table = by_table(
                &pattern.chars().collect::<Vec<_>>(),
                &text.chars().collect::<Vec<_>>(),
            );
            prop_assert_eq!(whole(&pattern).matches(&text), table);
            let beginning = Glob::new(&pattern, Extent::Beginning, Case::Counts).unwrap();
            let open = by_table(
                &format!("{pattern}*").chars().collect::<Vec<_>>(),
                &text.chars().collect::<Vec<_>>(),
            );
            prop_assert_eq!(beginning.matches(&text), open);
        }

        #[test]
        fn matching_never_panics(pattern in "\\PC{1,40}", text in "(?s).{0,200}") {
            if let Ok(glob) = Glob::new(&pattern, Extent::Whole, Case::Ignored) {
                let _ = glob.matches(&text);
            }
        }
    }
}
