//! When each person last opened a project.
//!
//! Owns its table. The time is the desk's, in FPT's spelling.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use crate::fault::Trouble;

/// A person opens a project.
pub(crate) fn set(transaction: &Connection, user: i64, project: i64, at: &str) -> Result<(), Trouble> {
    let sql = "INSERT OR REPLACE INTO desk_project_access (user_id, project_id, at) VALUES (?1, ?2, ?3)";
    transaction.execute(sql, params![user, project, at])?;
    Ok(())
}

/// When a person last opened each project, by the project's id.
pub(crate) fn of(connection: &Connection, user: i64) -> Result<BTreeMap<i64, String>, Trouble> {
    let sql = "SELECT project_id, at FROM desk_project_access WHERE user_id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let times = statement.query_map([user], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(times.collect::<rusqlite::Result<_>>()?)
}
