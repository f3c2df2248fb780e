//! Event log entries: written with the change they tell of, in its transaction.
//!
//! Owns their SQL. What an entry says is `rows::event`'s.

use rusqlite::{Connection, OptionalExtension, params};

use crate::fault::Trouble;
use crate::rows::value::Link;
use crate::store::event::{Entry, Logged, Nearby, Window};
use crate::store::sqlite::table::quote;

/// Writes an entry.
pub(crate) fn add(transaction: &Connection, entry: &Entry<'_>) -> Result<(), Trouble> {
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

const LOGGED: &str = "SELECT id, event_type, entity__type, entity__id, user__type, user__id, meta, created_at FROM EventLogEntry";
/// What was given to a new row is told by the entry of the row itself.
const NOT_IN_CREATE: &str = "json_extract(meta, '$.in_create') IS NULL AND entity__id IS NOT NULL AND user__id IS NOT NULL \
     AND meta IS NOT NULL AND event_type IS NOT NULL";

/// What happened to a row, and that rows about it were made; newest first.
pub(crate) fn around(
    connection: &Connection,
    this: &Link,
    nearby: &[Nearby<'_>],
    window: &Window,
) -> Result<Vec<Logged>, Trouble> {
    let own = format!(
        "{LOGGED} WHERE entity__type = ?1 AND entity__id = ?2 AND id BETWEEN ?3 AND ?4 AND {NOT_IN_CREATE} \
         ORDER BY id DESC LIMIT ?5"
    );
    let mut found = logged(connection, &own, this, window)?;
    for Nearby { type_name, field, several } in nearby {
        let rows = if *several {
            format!(
                "SELECT owner_id FROM desk_link WHERE target_type = ?1 AND target_id = ?2 \
                 AND owner_type = '{type_name}' AND field = '{field}'"
            )
        } else {
            format!(
                "SELECT id FROM {} WHERE \"{field}__type\" = ?1 AND \"{field}__id\" = ?2",
                quote(type_name)
            )
        };
        let sql = format!(
            "{LOGGED} WHERE entity__type = '{type_name}' AND entity__id IN ({rows}) \
             AND event_type = 'Shotgun_{type_name}_New' AND id BETWEEN ?3 AND ?4 AND {NOT_IN_CREATE} \
             ORDER BY id DESC LIMIT ?5"
        );
        found.extend(logged(connection, &sql, this, window)?);
    }
    found.sort_by_key(|entry| std::cmp::Reverse(entry.id));
    found.truncate(usize::try_from(window.limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// What happened in a project; newest first.
pub(crate) fn in_project(
    connection: &Connection,
    project: i64,
    window: &Window,
) -> Result<Vec<Logged>, Trouble> {
    let sql = format!(
        "{LOGGED} WHERE project__type = ?1 AND project__id = ?2 AND id BETWEEN ?3 AND ?4 AND {NOT_IN_CREATE} \
         ORDER BY id DESC LIMIT ?5"
    );
    logged(connection, &sql, &("Project".to_owned(), project), window)
}

fn logged(connection: &Connection, sql: &str, of: &Link, window: &Window) -> Result<Vec<Logged>, Trouble> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows =
        statement.query_map(params![of.0, of.1, window.min_id, window.max_id, window.limit], |row| {
            Ok(Logged {
                id: row.get(0)?,
                event_type: row.get(1)?,
                entity: (row.get(2)?, row.get(3)?),
                user: (row.get(4)?, row.get(5)?),
                meta: row.get(6)?,
                created_at: row.get(7)?,
            })
        })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
