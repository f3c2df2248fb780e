//! What stands in the place of a secret.

use crate::rule::Rule;

/// Every placeholder of a secret begins like this, and no rule takes such text for a value.
pub(crate) const START: &str = "<secret";

/// Which placeholder to write.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Style {
    /// `<secret>`: for titles and keys, which must not change when a rule is renamed.
    Plain,
    /// `<secret:rule>`: for people who read an attachment and wonder what was there.
    Named,
}

impl Style {
    /// Appends the placeholder of a rule.
    pub(crate) fn push_secret(self, rule: Rule, out: &mut String) {
        out.push_str(START);
        if self == Style::Named {
            out.push(':');
            out.push_str(rule.name());
        }
        out.push('>');
    }
}
