//! What clients have made of the schema: fields they created, properties they changed, projects they hid fields in.
//!
//! Owns these three tables. What a field is, and which change is allowed, is `schema::created_field`'s. A deleted field keeps its
//! row, its column and its links, so that it can be revived.

use rusqlite::{Connection, params};

use crate::fault::Trouble;
use crate::store::field::CreatedField;
/// Every created field, the deleted ones too.
pub(crate) fn created(connection: &Connection) -> Result<Vec<CreatedField>, Trouble> {
    connection
        .prepare("SELECT type_name, name, label, data_type, deleted FROM desk_field")?
        .query_map([], |row| {
            Ok(CreatedField {
                type_name: row.get(0)?,
                name: row.get(1)?,
                label: row.get(2)?,
                data_type: row.get(3)?,
                deleted: row.get(4)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()
        .map_err(Trouble::from)
}

/// Notes a new field.
pub(crate) fn insert(transaction: &Connection, field: &CreatedField) -> Result<(), Trouble> {
    let CreatedField { type_name, name, label, data_type, deleted } = field;
    transaction.execute(
        "INSERT INTO desk_field (type_name, name, label, data_type, deleted) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![type_name, name, label, data_type, deleted],
    )?;
    Ok(())
}

/// Deletes or revives a created field; gives whether there was one to be changed.
pub(crate) fn set_deleted(
    transaction: &Connection,
    type_name: &str,
    name: &str,
    deleted: bool,
) -> Result<bool, Trouble> {
    let sql = "UPDATE desk_field SET deleted = ?3 WHERE type_name = ?1 AND name = ?2 AND deleted <> ?3";
    Ok(transaction.execute(sql, params![type_name, name, deleted])? > 0)
}

/// Type, field and properties (JSON) of every field that has had some changed.
pub(crate) fn properties(connection: &Connection) -> Result<Vec<(String, String, String)>, Trouble> {
    connection
        .prepare("SELECT type_name, name, properties FROM desk_field_properties")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()
        .map_err(Trouble::from)
}

/// Keeps the properties (JSON) of a field in place of those it had.
pub(crate) fn set_properties(
    transaction: &Connection,
    type_name: &str,
    name: &str,
    properties: &str,
) -> Result<(), Trouble> {
    transaction.execute(
        "INSERT INTO desk_field_properties (type_name, name, properties) VALUES (?1, ?2, ?3) \
         ON CONFLICT (type_name, name) DO UPDATE SET properties = excluded.properties",
        params![type_name, name, properties],
    )?;
    Ok(())
}

/// Type, field and project of everything hidden.
pub(crate) fn hidden(connection: &Connection) -> Result<Vec<(String, String, i64)>, Trouble> {
    connection
        .prepare("SELECT type_name, name, project_id FROM desk_field_hidden")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()
        .map_err(Trouble::from)
}

/// Hides a field in a project, or shows it there again.
pub(crate) fn set_hidden(
    transaction: &Connection,
    type_name: &str,
    name: &str,
    project_id: i64,
    hidden: bool,
) -> Result<(), Trouble> {
    let sql = if hidden {
        "INSERT OR IGNORE INTO desk_field_hidden (type_name, name, project_id) VALUES (?1, ?2, ?3)"
    } else {
        "DELETE FROM desk_field_hidden WHERE type_name = ?1 AND name = ?2 AND project_id = ?3"
    };
    transaction.execute(sql, params![type_name, name, project_id])?;
    Ok(())
}
