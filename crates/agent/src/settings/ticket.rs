//! What a ticket is, how it is named, and what is set on it.

use super::{MuteSetting, ReopenRule};
use crate::field_value::FieldValue;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use sgtk_log::Level;
use std::collections::BTreeMap;
use std::path::PathBuf;
use toml::{Table, Value};

/// `[ticket]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key, once")]
pub struct TicketSettings {
    pub scope: Scope,
    pub title_style: TitleStyle,
    pub template: PathBuf,
    #[serde(deserialize_with = "fields")]
    pub fields: BTreeMap<String, FieldValue>,
    #[serde(deserialize_with = "priority")]
    pub priority: BTreeMap<String, FieldValue>,
    pub link_entity: Vec<String>,
    pub link_task: Vec<String>,
    pub link_user: Vec<String>,
    pub mutes: Vec<MuteSetting>,
    pub reopen: ReopenRule,
    pub open_statuses: Vec<String>,
    pub closed_statuses: Vec<String>,
    pub wont_fix_statuses: Vec<String>,
    pub resolved_field: String,
    pub fixed_in_field: String,
}

/// Whose ticket a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One per problem and person.
    User,
    /// One per problem.
    Site,
}

/// How titles are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TitleStyle {
    /// Error, reason, function and bucket.
    Precise,
    /// The error's name alone, and one ticket per title.
    Seed,
}

fn fields<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, FieldValue>, D::Error> {
    let read = |(name, value): (String, Value)| match FieldValue::new(&value) {
        Ok(value) => Ok((name, value)),
        Err(fault) => Err(D::Error::custom(format!("fields.{name}: {fault}"))),
    };
    Table::deserialize(deserializer)?.into_iter().map(read).collect()
}

/// By the level's own name.
fn priority<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, FieldValue>, D::Error> {
    let read = |(name, value): (String, Value)| {
        let level: Level =
            name.parse().map_err(|error| D::Error::custom(format!("priority.{name}: {error}")))?;
        match value {
            Value::String(_) | Value::Integer(_) => {}
            other => {
                let got = other.type_str();
                return Err(D::Error::custom(format!(
                    "priority.{name}: expected a text or a number but got {got}"
                )));
            }
        }
        match FieldValue::new(&value) {
            Ok(value) => Ok((level.as_str().to_owned(), value)),
            Err(fault) => Err(D::Error::custom(format!("priority.{name}: {fault}"))),
        }
    };
    Table::deserialize(deserializer)?.into_iter().map(read).collect()
}
