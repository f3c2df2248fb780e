//! Where tickets are filed, and how to sign in there.

use serde::Deserialize;
use std::path::PathBuf;
use toml::Value;

/// `[site]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key, once")]
pub struct SiteSettings {
    pub url: String,
    pub project_id: u64,
    pub entity_type: String,
    pub credentials: CredentialSource,
    pub proxy: String,
    pub ca_file: PathBuf,
    pub timeout_s: u64,
}

/// How to sign in to the site.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum CredentialSource {
    /// The session that the Toolkit app hands over.
    Toolkit,
    /// Not at all: tickets wait.
    None,
    /// A script user whose key is in a file.
    ScriptKeyFile(PathBuf),
}

impl TryFrom<Value> for CredentialSource {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let expected = r#"expected "toolkit", "none" or { script_key_file = "PATH" }"#;
        match &value {
            Value::String(word) if word == "toolkit" => Ok(CredentialSource::Toolkit),
            Value::String(word) if word == "none" => Ok(CredentialSource::None),
            Value::Table(table) if table.len() == 1 => match table.get("script_key_file") {
                Some(Value::String(path)) => Ok(CredentialSource::ScriptKeyFile(PathBuf::from(path))),
                _ => Err(format!("credentials: {expected}")),
            },
            _ => Err(format!("credentials: {expected}")),
        }
    }
}
