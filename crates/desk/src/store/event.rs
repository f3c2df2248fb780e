//! Event log entries: written with the change they tell of, in its transaction.
//!
//! Owns their SQL. What an entry says is `rows::event`'s.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::fault::Trouble;
use crate::rows::value::Link;

/// One entry, as it is kept.
pub(crate) struct Entry<'e> {
    pub(crate) event_type: &'e str,
    pub(crate) attribute_name: Option<&'e str>,
    pub(crate) entity: &'e Link,
    pub(crate) project: Option<&'e Link>,
    pub(crate) user: &'e Link,
    pub(crate) session_uuid: Option<&'e str>,
    pub(crate) description: &'e str,
    /// JSON.
    pub(crate) meta: &'e str,
    /// FPT's spelling of the time.
    pub(crate) created_at: &'e str,
}

/// Entries are looked up by the row they tell of.
pub(crate) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE INDEX IF NOT EXISTS desk_event_entity ON EventLogEntry (entity__type, entity__id)",
    )
}

/// Writes an entry.
pub(crate) fn add(transaction: &Transaction<'_>, entry: &Entry<'_>) -> Result<(), Trouble> {
    transaction
        .prepare_cached(
            "INSERT INTO EventLogEntry (event_type, attribute_name, entity__type, entity__id, project__type, project__id, \
             user__type, user__id, created_by__type, created_by__id, session_uuid, description, meta, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?7, ?8, ?9, ?10, ?11, ?12, ?12)",
        )?
        .execute(params![
            entry.event_type,
            entry.attribute_name,
            entry.entity.0,
            entry.entity.1,
            entry.project.map(|project| &project.0),
            entry.project.map(|project| project.1),
            entry.user.0,
            entry.user.1,
            entry.session_uuid,
            entry.description,
            entry.meta,
            entry.created_at,
        ])?;
    Ok(())
}

/// Whether a script's changes are logged: yes, unless somebody has switched it off.
pub(crate) fn script_is_logged(connection: &Connection, script: i64) -> Result<bool, Trouble> {
    let asked: Option<Option<bool>> = connection
        .prepare_cached("SELECT generate_event_log_entries FROM ApiUser WHERE id = ?1")?
        .query_row([script], |row| row.get(0))
        .optional()?;
    Ok(asked.flatten().unwrap_or(true))
}
