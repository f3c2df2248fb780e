//! What can be wrong with settings, in words that name the key, its origin and what to do.

use super::Origin;
use std::path::PathBuf;

/// What is wrong with a layer of settings. Exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read the settings file `{}`: check the path and its permissions", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Not TOML.
    #[error("the settings from {origin} are not valid TOML: {message}")]
    Syntax {
        /// Whose.
        origin: Origin,
        /// Where and why, in the parser's words.
        message: String,
    },
    /// A key nobody knows.
    #[error("unknown setting `{key}` in {origin}{}", did_you_mean(nearest.as_deref()))]
    UnknownKey {
        /// The key, with its table.
        key: String,
        /// Whose.
        origin: Origin,
        /// The known key most like it.
        nearest: Option<String>,
    },
    /// A value that cannot be.
    #[error("setting `{key}` from {origin}: {message}")]
    Value {
        /// The key, with its table.
        key: String,
        /// Whose.
        origin: Origin,
        /// What was expected.
        message: String,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || "; `tk-incident config default` lists all".to_owned(),
        |nearest| format!("; did you mean `{nearest}`?"),
    )
}
