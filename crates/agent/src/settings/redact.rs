//! What is taken out of texts besides secrets.

use serde::Deserialize;

/// `[redact]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key, once")]
pub struct RedactSettings {
    pub home: bool,
    pub email: bool,
}
