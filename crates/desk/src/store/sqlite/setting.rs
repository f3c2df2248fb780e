//! What the desk keeps about itself: rows of `desk_setting`.

use rusqlite::{Connection, OptionalExtension, params};

use crate::fault::Trouble;

/// A setting's value.
pub(crate) fn get(connection: &Connection, name: &str) -> Result<Option<String>, Trouble> {
    let sql = "SELECT value FROM desk_setting WHERE name = ?1";
    Ok(connection.query_row(sql, [name], |row| row.get(0)).optional()?)
}

/// Keeps a setting.
pub(crate) fn set(transaction: &Connection, name: &str, value: &str) -> Result<(), Trouble> {
    let sql = "INSERT OR REPLACE INTO desk_setting (name, value) VALUES (?1, ?2)";
    transaction.execute(sql, params![name, value])?;
    Ok(())
}
