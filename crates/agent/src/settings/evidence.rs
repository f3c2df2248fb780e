//! What goes with tickets, and how much of it is kept on this machine.

use serde::{Deserialize, Deserializer};

/// The words by which an admin asks for logs that are not cleaned.
pub const RAW_WORDS: &str = "yes, attach logs without redaction";

/// `[evidence]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key, once")]
pub struct EvidenceSettings {
    pub log_bytes: u64,
    pub around_minutes: u64,
    pub around_bytes: u64,
    pub most_bytes: u64,
    pub per_day: u64,
    #[serde(deserialize_with = "raw_log")]
    pub raw_log: bool,
    pub spool_bytes: u64,
    pub spool_days: u64,
    pub least_free_bytes: u64,
}

impl EvidenceSettings {
    /// What an admin should be reminded of, if anything: how it is, and what to do.
    #[must_use]
    pub fn hint(&self) -> Option<(&'static str, &'static str)> {
        self.raw_log.then_some((
            "logs go onto tickets as they are, with every secret that is in them",
            "remove evidence.raw_log to have them cleaned",
        ))
    }
}

fn raw_log<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "" => Ok(false),
        RAW_WORDS => Ok(true),
        other => Err(serde::de::Error::custom(format!(
            "raw_log: expected nothing, or exactly \"{RAW_WORDS}\", not \"{other}\""
        ))),
    }
}
