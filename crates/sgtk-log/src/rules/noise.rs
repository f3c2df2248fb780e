//! Records that are known to be no incident, though their level says so.

use crate::rules::RuleFault;
use crate::rules::glob::{Case, Extent, Glob};
use crate::rules::subject::Subject;
use std::sync::Arc;

/// Longest reason, in characters.
const MOST_REASON_CHARS: usize = 200;

/// One entry of the noise list.
#[derive(Clone, Debug)]
pub struct Noise {
    /// Why it is none; it is counted under this.
    reason: Arc<str>,
    logger: Option<Glob>,
    message: Option<Glob>,
}

impl Noise {
    /// Makes an entry from patterns that a logger and a message must begin with; at least one of them is needed.
    ///
    /// # Errors
    /// Which key is at fault, and why.
    pub fn new(logger: Option<&str>, message: Option<&str>, reason: &str) -> Result<Noise, RuleFault> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(RuleFault::at("reason", "is empty; say why this is no incident, `status` shows it"));
        }
        if reason.chars().nth(MOST_REASON_CHARS).is_some() {
            return Err(RuleFault::at("reason", format!("is longer than {MOST_REASON_CHARS} characters")));
        }
        if logger.is_none() && message.is_none() {
            return Err(RuleFault::whole(
                "has neither `logger` nor `message` and would ignore everything; add one of them",
            ));
        }
        let glob = |key: &str, pattern: Option<&str>, case| {
            pattern
                .map(|pattern| Glob::new(pattern, Extent::Beginning, case))
                .transpose()
                .map_err(|problem| RuleFault::at(key, problem))
        };
        Ok(Noise {
            reason: Arc::from(reason),
            logger: glob("logger", logger, Case::Ignored)?,
            message: glob("message", message, Case::Counts)?,
        })
    }

    /// Why it is no incident.
    pub fn reason(&self) -> &Arc<str> {
        &self.reason
    }

    /// Whether a record is this.
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        self.logger.as_ref().is_none_or(|glob| glob.matches(subject.logger()))
            && self.message.as_ref().is_none_or(|glob| glob.matches(subject.message()))
    }
}
