//! What is followed.

use crate::settings::CodePageSetting;
use serde::Deserialize;
use std::path::PathBuf;

/// `[watch]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key, once")]
pub struct WatchSettings {
    pub folders: Vec<PathBuf>,
    pub patterns: Vec<String>,
    pub start_at: StartAt,
    pub code_page: CodePageSetting,
}

/// Where to begin with files that nobody followed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StartAt {
    /// At their first byte.
    Start,
    /// At their end.
    End,
}
