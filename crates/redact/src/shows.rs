//! Names that are confidential by themselves: shows, clients. A studio lists them; the place in the list is the alias.

use regex::{Regex, RegexBuilder};

use crate::counts::RuleCounts;
use crate::rule::Rule;

/// The names of a studio.
pub(crate) struct Shows {
    /// One group per name.
    pattern: Option<Regex>,
    /// The number of each group's alias.
    numbers: Vec<usize>,
    longest_bytes: usize,
}

impl Shows {
    /// Names in the order of the settings; an empty one keeps the place of a name that was taken off the list.
    pub(crate) fn new(names: &[String]) -> Shows {
        let mut listed: Vec<(usize, &str)> = names
            .iter()
            .enumerate()
            .map(|(index, name)| (index + 1, name.trim()))
            .filter(|(_, name)| !name.is_empty())
            .collect();
        // Of two names that begin alike the longer one is meant.
        listed.sort_by_key(|(_, name)| std::cmp::Reverse(name.len()));
        let groups: Vec<String> = listed.iter().map(|(_, name)| format!("({})", spellings(name))).collect();
        let pattern = (!groups.is_empty())
            .then(|| {
                RegexBuilder::new(&format!("(?i-u:{})", groups.join("|"))).size_limit(usize::MAX).build().ok()
            })
            .flatten();
        // A blank may be spelled in three bytes.
        let longest_bytes = listed.first().map_or(0, |(_, name)| 3 * name.len());
        Shows { pattern, longest_bytes, numbers: listed.into_iter().map(|(number, _)| number).collect() }
    }

    /// Bytes of the longest spelling.
    pub(crate) fn longest_bytes(&self) -> usize {
        self.longest_bytes
    }

    pub(crate) fn hide(&self, text: &str, counts: &mut RuleCounts) -> Option<String> {
        let pattern = self.pattern.as_ref()?;
        let mut out = String::new();
        let mut done = 0;
        let mut from = 0;
        while let Some(found) = pattern.captures_at(text, from) {
            let Some((group, name)) =
                (1..found.len()).find_map(|group| found.get(group).map(|name| (group, name)))
            else {
                break;
            };
            let touches = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            let inside = touches(text[..name.start()].chars().next_back())
                || touches(text[name.end()..].chars().next());
            // `<show-3>` is no show named `show`.
            let placeholder =
                text[..name.start()].ends_with('<') || text[..name.start()].ends_with("<secret:");
            if inside || placeholder {
                from = name.start() + text[name.start()..].chars().next().map_or(1, char::len_utf8);
                continue;
            }
            out.push_str(&text[done..name.start()]);
            out.push_str(&format!("<show-{}>", self.numbers[group - 1]));
            counts.hit(Rule::Show);
            done = name.end();
            from = done;
        }
        if done == 0 {
            return None;
        }
        out.push_str(&text[done..]);
        Some(out)
    }
}

/// A name with its blanks as file names and URLs write them.
fn spellings(name: &str) -> String {
    let words: Vec<String> =
        name.split([' ', '_', '-']).filter(|word| !word.is_empty()).map(regex::escape).collect();
    words.join("(?:[ _+-]|%20)")
}
