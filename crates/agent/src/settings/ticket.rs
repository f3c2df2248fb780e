//! What a ticket is and how it is named.

use super::{MuteSetting, ReopenRule};
use serde::Deserialize;
use toml::Table;

/// `[ticket]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key, once")]
pub struct TicketSettings {
    pub scope: Scope,
    pub title_style: TitleStyle,
    pub fields: Table,
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
