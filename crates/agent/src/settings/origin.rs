//! Where a setting came from.

use std::path::PathBuf;

/// Where a value came from; the later one wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Compiled in.
    Default,
    /// A settings file.
    File(PathBuf),
    /// Sent by the Toolkit app with a session.
    App,
    /// An environment variable, by name.
    Environment(String),
    /// A flag on the command line, by name.
    Flag(&'static str),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Default => formatter.write_str("default"),
            Origin::File(path) => write!(formatter, "{}", path.display()),
            Origin::App => formatter.write_str("the Toolkit app"),
            Origin::Environment(name) => write!(formatter, "environment variable {name}"),
            Origin::Flag(name) => write!(formatter, "{name}"),
        }
    }
}
