//! The level of a record, as Python's `logging` names it.

use std::fmt;
use std::str::FromStr;

/// Severity of a record, in rising order.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// `DEBUG`
    Debug,
    /// `INFO`
    Info,
    /// `WARNING` (the Adobe engines' JavaScript side writes `WARN`)
    Warning,
    /// `ERROR`
    Error,
    /// `CRITICAL`
    Critical,
}

impl Level {
    /// All levels, lowest first.
    pub const ALL: [Level; 5] = [Level::Debug, Level::Info, Level::Warning, Level::Error, Level::Critical];

    /// The word as it stands in a log.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warning => "WARNING",
            Level::Error => "ERROR",
            Level::Critical => "CRITICAL",
        }
    }

    /// Reads a level word; upper case only, because that is what sets a header apart from prose.
    pub(crate) fn from_word(word: &[u8]) -> Option<Level> {
        match word {
            b"DEBUG" => Some(Level::Debug),
            b"INFO" => Some(Level::Info),
            b"WARNING" | b"WARN" => Some(Level::Warning),
            b"ERROR" => Some(Level::Error),
            b"CRITICAL" | b"FATAL" => Some(Level::Critical),
            _ => None,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no level.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownLevel(String);

impl fmt::Display for UnknownLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown level `{}`, expected one of DEBUG, INFO, WARNING, ERROR, CRITICAL", self.0)
    }
}

impl std::error::Error for UnknownLevel {}

impl FromStr for Level {
    type Err = UnknownLevel;

    /// Reads a level name in any case, as people write it in settings.
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Level::from_word(word.trim().to_ascii_uppercase().as_bytes())
            .ok_or_else(|| UnknownLevel(word.to_owned()))
    }
}
