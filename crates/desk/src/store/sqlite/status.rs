//! The rows of Status: codes and their display names.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use crate::fault::Trouble;
use crate::store::sqlite::table::RETIRED;

/// Adds a row for every code that never had one: a retired status stays retired. `now` is the time the rows are made at.
pub(crate) fn add_missing(
    transaction: &Connection,
    statuses: &BTreeMap<String, String>,
    now: &str,
) -> Result<(), Trouble> {
    let mut insert = transaction.prepare(
        "INSERT INTO Status (code, name, system, created_at, updated_at) SELECT ?1, ?2, 0, ?3, ?3 \
         WHERE NOT EXISTS (SELECT 1 FROM Status WHERE code = ?1)",
    )?;
    for (code, name) in statuses {
        insert.execute(params![code, name, now])?;
    }
    Ok(())
}

/// The display name of every status that is not retired, by code.
pub(crate) fn names(connection: &Connection) -> Result<BTreeMap<String, String>, Trouble> {
    let sql =
        format!("SELECT code, COALESCE(name, code) FROM Status WHERE {RETIRED} = 0 AND code IS NOT NULL");
    connection
        .prepare(&sql)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()
        .map_err(Trouble::from)
}
