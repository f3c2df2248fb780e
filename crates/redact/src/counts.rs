//! How often each rule fired.

use std::collections::BTreeMap;

/// Hits by rule name. Rules that never fired are not listed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RuleCounts(BTreeMap<&'static str, u64>);

impl RuleCounts {
    /// Counts a hit.
    pub(crate) fn hit(&mut self, rule: &'static str) {
        *self.0.entry(rule).or_default() += 1;
    }

    /// Adds the counts of another text.
    pub fn merge(&mut self, other: &RuleCounts) {
        for (rule, hits) in &other.0 {
            *self.0.entry(rule).or_default() += hits;
        }
    }

    /// Hits of one rule.
    pub fn get(&self, rule: &str) -> u64 {
        self.0.get(rule).copied().unwrap_or_default()
    }

    /// Rules that fired, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.0.iter().map(|(rule, hits)| (*rule, *hits))
    }

    /// Hits of all rules.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Whether nothing was redacted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
