//! What is wrong with a rule: which of its keys, and why, in words for the person who wrote it.

use std::fmt;

/// A rule that cannot be used. The caller knows which rule it is and which file it is written in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleFault {
    /// The key at fault (`message`, or `signature[1]` for one of several); `None` when it is the rule as a whole.
    pub key: Option<String>,
    /// What is wrong and what to do.
    pub problem: String,
}

impl RuleFault {
    pub(crate) fn at(key: impl Into<String>, problem: impl Into<String>) -> RuleFault {
        RuleFault { key: Some(key.into()), problem: problem.into() }
    }

    pub(crate) fn whole(problem: impl Into<String>) -> RuleFault {
        RuleFault { key: None, problem: problem.into() }
    }
}

impl fmt::Display for RuleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{key}: {}", self.problem),
            None => f.write_str(&self.problem),
        }
    }
}

impl std::error::Error for RuleFault {}
