//! Single rows: made, changed, retired, and the few questions a write asks before it does.
//!
//! Owns the SQL of these. What may be written, and what a value is, is `rows::write`'s.

use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use crate::fault::Trouble;
use crate::rows::value::Link;
use crate::schema::{EntityType, Field};
use crate::store::row::Cells;
use crate::store::sqlite::table::{RETIRED, display, quote};

/// The id of the next row: ids grow and are never used twice, deleted rows or not (AUTOINCREMENT's own count).
pub(crate) fn next_id(connection: &Connection, entity: &EntityType) -> Result<i64, Trouble> {
    let last: Option<i64> = connection
        .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = ?1")?
        .query_row([&entity.name], |row| row.get(0))
        .optional()?;
    Ok(last.unwrap_or(0) + 1)
}

/// Makes a row.
pub(crate) fn insert(
    transaction: &Connection,
    entity: &EntityType,
    id: i64,
    cells: &Cells,
) -> Result<(), Trouble> {
    let names: String = cells.iter().map(|(column, _)| format!(", {}", quote(column))).collect();
    let marks = ", ?".repeat(cells.len());
    let sql = format!("INSERT INTO {} (id{names}) VALUES (?{marks})", quote(&entity.name));
    let id = Some(id.into());
    let values = std::iter::once(&id).chain(cells.iter().map(|(_, value)| value));
    transaction.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    Ok(())
}

/// Changes columns of a row.
pub(crate) fn update(
    transaction: &Connection,
    entity: &EntityType,
    id: i64,
    cells: &Cells,
) -> Result<(), Trouble> {
    if cells.is_empty() {
        return Ok(());
    }
    let assignments: Vec<String> = cells.iter().map(|(column, _)| format!("{} = ?", quote(column))).collect();
    let sql = format!("UPDATE {} SET {} WHERE id = ?", quote(&entity.name), assignments.join(", "));
    let id = Some(id.into());
    let values = cells.iter().map(|(_, value)| value).chain(std::iter::once(&id));
    transaction.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    Ok(())
}

/// Whether a row is retired; none when there never was such a row.
pub(crate) fn retired(
    connection: &Connection,
    entity: &EntityType,
    id: i64,
) -> Result<Option<bool>, Trouble> {
    let sql = format!("SELECT {RETIRED} FROM {} WHERE id = ?1", quote(&entity.name));
    Ok(connection.prepare_cached(&sql)?.query_row([id], |row| row.get(0)).optional()?)
}

/// Retires a row or brings it back.
pub(crate) fn set_retired(
    transaction: &Connection,
    entity: &EntityType,
    id: i64,
    retired: bool,
) -> Result<(), Trouble> {
    let sql = format!("UPDATE {} SET {RETIRED} = ?1 WHERE id = ?2", quote(&entity.name));
    transaction.prepare_cached(&sql)?.execute(params![retired, id])?;
    Ok(())
}

/// Whether a live row other than `id` has this text in the field, whatever its case.
pub(crate) fn another_has(
    connection: &Connection,
    entity: &EntityType,
    field: &Field,
    text: &str,
    id: i64,
) -> Result<bool, Trouble> {
    let sql = format!(
        "SELECT 1 FROM {} WHERE {} = ?1 COLLATE NOCASE AND id <> ?2 AND {RETIRED} = 0",
        quote(&entity.name),
        quote(&field.name)
    );
    Ok(connection.prepare_cached(&sql)?.exists(params![text, id])?)
}

/// The first live row that has this text in a field, whatever its case.
pub(crate) fn with_text(
    connection: &Connection,
    entity: &EntityType,
    field: &str,
    text: &str,
) -> Result<Option<i64>, Trouble> {
    let sql = format!(
        "SELECT id FROM {} WHERE {} = ?1 COLLATE NOCASE AND {RETIRED} = 0 ORDER BY id LIMIT 1",
        quote(&entity.name),
        quote(field)
    );
    Ok(connection.prepare_cached(&sql)?.query_row([text], |row| row.get(0)).optional()?)
}

/// What an entity field of a row points to.
pub(crate) fn link(
    connection: &Connection,
    entity: &EntityType,
    id: i64,
    field: &Field,
) -> Result<Option<Link>, Trouble> {
    let sql =
        format!("SELECT \"{0}__type\", \"{0}__id\" FROM {1} WHERE id = ?1", field.name, quote(&entity.name));
    let link: Option<(Option<String>, Option<i64>)> =
        connection.prepare_cached(&sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(link.and_then(|(kind, id)| Some((kind?, id?))))
}

/// What a field kept as text holds.
pub(crate) fn text(
    connection: &Connection,
    entity: &EntityType,
    id: i64,
    field: &Field,
) -> Result<Option<String>, Trouble> {
    let sql = format!("SELECT {} FROM {} WHERE id = ?1", quote(&field.name), quote(&entity.name));
    let text: Option<Option<String>> =
        connection.prepare_cached(&sql)?.query_row([id], |row| row.get(0)).optional()?;
    Ok(text.flatten())
}

/// The display name of a row, if it has one.
pub(crate) fn name(connection: &Connection, entity: &EntityType, id: i64) -> Result<Option<String>, Trouble> {
    let sql = format!("SELECT {} FROM {} row WHERE id = ?1", display("row", entity), quote(&entity.name));
    let name: Option<Option<String>> =
        connection.prepare_cached(&sql)?.query_row([id], |row| row.get(0)).optional()?;
    Ok(name.flatten())
}

/// Rows whose entity field points to a row, retired ones left out.
pub(crate) fn pointing_to(
    connection: &Connection,
    entity: &EntityType,
    field: &str,
    target: &Link,
) -> Result<Vec<i64>, Trouble> {
    let sql = format!(
        "SELECT id FROM {} WHERE \"{field}__type\" = ?1 AND \"{field}__id\" = ?2 AND {RETIRED} = 0 ORDER BY id",
        quote(&entity.name)
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let ids = statement.query_map(params![target.0, target.1], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}
