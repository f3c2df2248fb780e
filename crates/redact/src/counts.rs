//! How often each rule fired.

use std::fmt;

use crate::rule::Rule;

const RULES: usize = Rule::ALL.len();

/// Hits by rule name. Rules that never fired are not listed.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct RuleCounts([u64; RULES]);

impl RuleCounts {
    /// Counts a hit.
    pub(crate) fn hit(&mut self, rule: Rule) {
        self.0[rule as usize] += 1;
    }

    /// Adds the counts of another text.
    pub fn merge(&mut self, other: &RuleCounts) {
        for (sum, hits) in self.0.iter_mut().zip(other.0) {
            *sum += hits;
        }
    }

    /// Hits of one rule.
    pub fn get(&self, rule: &str) -> u64 {
        self.iter().find_map(|(name, hits)| (name == rule).then_some(hits)).unwrap_or_default()
    }

    /// Rules that fired.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        Rule::ALL.into_iter().map(|rule| (rule.name(), self.0[rule as usize])).filter(|(_, hits)| *hits > 0)
    }

    /// Hits of all rules.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Whether nothing was redacted.
    pub fn is_empty(&self) -> bool {
        self.total() == 0
    }
}

impl fmt::Debug for RuleCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
