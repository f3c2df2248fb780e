//! Names that are confidential by themselves: shows, clients. A studio lists them; the place in the list is the alias.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::counts::RuleCounts;
use crate::rule::Rule;

/// The names of a studio.
pub(crate) struct Shows {
    /// Finds where one may begin.
    first_words: Option<AhoCorasick>,
    /// Longest first: of two names that begin alike the longer one is meant.
    names: Vec<Name>,
    longest_bytes: usize,
}

struct Name {
    /// Of its alias.
    number: usize,
    /// What is between its blanks; never empty.
    words: Vec<String>,
}

impl Shows {
    /// Names in the order of the settings; an empty one keeps the place of a name that was taken off the list.
    pub(crate) fn new(listed: &[String]) -> Shows {
        let mut names: Vec<Name> = listed
            .iter()
            .enumerate()
            .map(|(index, name)| Name { number: index + 1, words: words(name) })
            .filter(|name| !name.words.is_empty())
            .collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.bytes()));
        let first_words = (!names.is_empty())
            .then(|| {
                AhoCorasick::builder()
                    .ascii_case_insensitive(true)
                    .match_kind(MatchKind::LeftmostFirst)
                    .kind(Some(AhoCorasickKind::ContiguousNFA))
                    .build(names.iter().map(|name| &name.words[0]))
                    .ok()
            })
            .flatten();
        // A blank may be spelled in three bytes.
        let longest_bytes = names.first().map_or(0, |name| 3 * name.bytes());
        Shows { first_words, names, longest_bytes }
    }

    /// Bytes of the longest spelling.
    pub(crate) fn longest_bytes(&self) -> usize {
        self.longest_bytes
    }

    pub(crate) fn hide(&self, text: &str, counts: &mut RuleCounts) -> Option<String> {
        let first_words = self.first_words.as_ref()?;
        let mut out = String::new();
        let mut done = 0;
        let mut from = 0;
        while let Some(found) = first_words.find(&text[from..]) {
            let start = from + found.start();
            let Some((number, end)) = self.name_at(text, start) else {
                from = start + text[start..].chars().next().map_or(1, char::len_utf8);
                continue;
            };
            out.push_str(&text[done..start]);
            out.push_str(&format!("<show-{number}>"));
            counts.hit(Rule::Show);
            done = end;
            from = end;
        }
        if done == 0 {
            return None;
        }
        out.push_str(&text[done..]);
        Some(out)
    }

    /// The alias of the name that stands here, and where it ends.
    fn name_at(&self, text: &str, start: usize) -> Option<(usize, usize)> {
        let touches = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let before = &text[..start];
        // `<show-3>` is no show named `show`.
        if touches(before.chars().next_back()) || before.ends_with('<') || before.ends_with("<secret:") {
            return None;
        }
        let (name, len) =
            self.names.iter().find_map(|name| Some((name, name.len_in(&text.as_bytes()[start..])?)))?;
        (!touches(text[start + len..].chars().next())).then_some((name.number, start + len))
    }
}

impl Name {
    fn bytes(&self) -> usize {
        self.words.iter().map(|word| word.len() + 1).sum::<usize>() - 1
    }

    /// How long the name is at the beginning of this text, if it is there. Its blanks may be spelled as file names and URLs
    /// write them.
    fn len_in(&self, text: &[u8]) -> Option<usize> {
        let mut len = 0;
        for (index, word) in self.words.iter().enumerate() {
            if index > 0 {
                let rest = &text[len..];
                len += match rest.first()? {
                    b' ' | b'_' | b'+' | b'-' => 1,
                    _ if rest.starts_with(b"%20") => 3,
                    _ => return None,
                };
            }
            let end = len + word.len();
            if !text.get(len..end)?.eq_ignore_ascii_case(word.as_bytes()) {
                return None;
            }
            len = end;
        }
        Some(len)
    }
}

fn words(name: &str) -> Vec<String> {
    name.trim().split([' ', '_', '-']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
