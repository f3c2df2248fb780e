//! Where a rule fired: for people who ask why something was taken out.

/// One replacement. It names the rule and the place, never what stood there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Hit {
    /// Line of the text, from 1. Redaction keeps the number of lines, so it is the same before and after.
    pub line: usize,
    /// Name of the rule, as in a named placeholder (`<secret:proxy>`) and in [`RuleCounts`](crate::RuleCounts).
    pub rule: &'static str,
}
