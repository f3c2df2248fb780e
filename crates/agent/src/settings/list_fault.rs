//! What is wrong in a list of tables, with the place in it: `detect.rules[2].message`, counted from 0 as in TOML tools.

use super::{Origin, SettingsError};
use crate::nearest::nearest;
use toml::{Table, Value};

/// A fault, before it is known which setting and file it is in.
#[derive(Debug)]
pub(super) struct ListFault {
    /// Behind the setting's key: `[2].message`.
    place: String,
    /// What the entry calls itself, so that nobody has to count.
    name: Option<String>,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    Bad(String),
    Unknown { nearest: Option<String> },
}

impl ListFault {
    pub(super) fn bad(place: impl Into<String>, problem: impl Into<String>) -> ListFault {
        ListFault { place: place.into(), name: None, problem: Problem::Bad(problem.into()) }
    }

    pub(super) fn wrong_type(place: impl Into<String>, expected: &str, got: &Value) -> ListFault {
        ListFault::bad(place, format!("expected {expected} but got {}", got.type_str()))
    }

    pub(super) fn named(mut self, name: impl Into<String>) -> ListFault {
        self.name = Some(name.into());
        self
    }

    /// The error of a setting from somewhere.
    pub(super) fn of(self, setting: &str, origin: &Origin) -> SettingsError {
        let key = format!("{setting}{}", self.place);
        let origin = origin.clone();
        match self.problem {
            Problem::Unknown { nearest } => {
                let entry = self.place.split('.').next().unwrap_or_default();
                let nearest = nearest.map(|nearest| format!("{setting}{entry}.{nearest}"));
                SettingsError::UnknownKey { key, origin, nearest }
            }
            Problem::Bad(message) => {
                let message = match self.name {
                    Some(name) => format!("{message} (in `{name}`)"),
                    None => message,
                };
                SettingsError::Value { key, origin, message }
            }
        }
    }
}

/// Refuses keys that are not known here.
pub(super) fn known_keys(index: usize, table: &Table, known: &[&str]) -> Result<(), ListFault> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(ListFault {
            place: format!("[{index}].{key}"),
            name: None,
            problem: Problem::Unknown { nearest: nearest(key, known.iter().copied()).map(str::to_owned) },
        }),
        None => Ok(()),
    }
}

/// The text of a key that may be missing.
pub(super) fn text<'t>(index: usize, table: &'t Table, key: &str) -> Result<Option<&'t str>, ListFault> {
    match table.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(ListFault::wrong_type(format!("[{index}].{key}"), "string", other)),
    }
}
