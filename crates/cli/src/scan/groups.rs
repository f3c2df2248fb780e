//! Incidents by signature: how often, when first and last, and what they are called.
//!
//! Bounded: a log in which every record is a problem of its own must not take the machine's memory. When the
//! table is full, records of further signatures are counted and told as such, never dropped without a word.

use sgtk_log::{ALGORITHM, LocalTime};
use std::collections::HashMap;

/// Rows kept: about 40 MB with their titles, 10 MB without; more than anyone reads.
const MOST_ROWS: usize = 100_000;

/// One row of the table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    pub(crate) count: u64,
    pub(crate) first: Option<LocalTime>,
    pub(crate) last: Option<LocalTime>,
    pub(crate) said: Said,
    key: u128,
}

impl Group {
    /// As in `--json`.
    pub(crate) fn signature(&self) -> String {
        format!("{ALGORITHM}:{:032x}", self.key)
    }
}

/// All rows.
pub(crate) struct Groups {
    /// By the number that the hexadecimal digits of the signature are: half the size of its text.
    rows: HashMap<u128, Row>,
    most: usize,
    ungrouped: u64,
}

struct Row {
    count: u64,
    first: Option<LocalTime>,
    last: Option<LocalTime>,
    /// When it came, among the others.
    number: u32,
    said: Option<Box<Said>>,
}

/// What only people read: left out where nobody does.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Said {
    pub(crate) engine: Option<String>,
    pub(crate) title: String,
}

impl Groups {
    pub(crate) fn new() -> Groups {
        Groups { rows: HashMap::new(), most: MOST_ROWS, ungrouped: 0 }
    }

    /// Counts an incident; `said` is asked for with the first of its signature.
    pub(crate) fn count(
        &mut self,
        signature: &str,
        time: Option<LocalTime>,
        said: impl FnOnce() -> Option<Said>,
    ) {
        let key = number_of(signature);
        if let Some(row) = self.rows.get_mut(&key) {
            row.count += 1;
            // Files of several engines overlap in time.
            if time.is_some() && (row.first.is_none() || time < row.first) {
                row.first = time;
            }
            row.last = row.last.max(time);
        } else if self.rows.len() < self.most {
            let number = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
            self.rows
                .insert(key, Row { count: 1, first: time, last: time, number, said: said().map(Box::new) });
        } else {
            self.ungrouped += 1;
        }
    }

    /// Different signatures in the table.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Incidents of signatures that found the table full.
    pub(crate) fn ungrouped(&self) -> u64 {
        self.ungrouped
    }

    /// The most frequent first; of equals, the one seen last; of those, in the order of the logs.
    pub(crate) fn sorted(&mut self) -> Vec<Group> {
        let mut rows: Vec<(u128, Row)> = self.rows.drain().collect();
        self.rows.shrink_to_fit();
        rows.sort_by(|(_, one), (_, other)| {
            other.count.cmp(&one.count).then(other.last.cmp(&one.last)).then(one.number.cmp(&other.number))
        });
        rows.into_iter()
            .map(|(key, row)| Group {
                count: row.count,
                first: row.first,
                last: row.last,
                said: row.said.map(|said| *said).unwrap_or_default(),
                key,
            })
            .collect()
    }
}

/// The number behind the algorithm's name; any text has one, different signatures have different ones.
fn number_of(signature: &str) -> u128 {
    let digits = &signature.as_bytes()[signature.len().saturating_sub(32)..];
    digits.iter().fold(0, |number, digit| {
        let value = if digit.is_ascii_digit() { digit - b'0' } else { (digit & 0x0F) + 9 };
        number << 4 | u128::from(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Option<LocalTime> {
        sgtk_log::parse(&format!("2026-01-14 {text},000 [7 ERROR a] b"), sgtk_log::FileName("-")).time
    }

    #[test]
    fn rows_are_sorted_by_count_then_last_seen() {
        let mut groups = Groups::new();
        for (signature, at) in [("a", "10:00:00"), ("b", "12:00:00"), ("c", "11:00:00"), ("c", "09:00:00")] {
            groups.count(signature, time(at), || None);
        }
        groups.count("d", None, || None);
        let rows = groups.sorted();
        let order: Vec<String> = rows.iter().map(Group::signature).collect();
        let last_digits: Vec<&str> = order.iter().map(|signature| &signature[34..]).collect();
        assert_eq!((order[0].len(), last_digits), (35, vec!["c", "b", "a", "d"]));
        assert_eq!((rows[0].count, rows[0].first, rows[0].last), (2, time("09:00:00"), time("11:00:00")));
    }

    #[test]
    fn a_full_table_counts_what_it_cannot_hold() {
        let mut groups = Groups { most: 2, ..Groups::new() };
        for signature in ["a", "b", "c", "a", "d", "c"] {
            groups.count(signature, None, || None);
        }
        assert_eq!((groups.len(), groups.ungrouped()), (2, 3));
        assert_eq!(groups.sorted()[0].count, 2);
    }
}
