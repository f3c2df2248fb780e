//! The links of multi-entity fields: one table for all, each link kept by the field that owns it.
//!
//! Owns the SQL of these and the order of a field's links. Which side a field sees them from is `rows::linking`'s.

use rusqlite::{Connection, params};

use crate::fault::Trouble;
use crate::rows::value::Link;

/// Adds a link at the end of the field's, unless it is there.
pub(crate) fn add(transaction: &Connection, owner: &Link, field: &str, target: &Link) -> Result<(), Trouble> {
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO desk_link (owner_type, owner_id, field, target_type, target_id, position) \
             SELECT ?1, ?2, ?3, ?4, ?5, 1 + COALESCE(MAX(position), 0) FROM desk_link \
             WHERE owner_type = ?1 AND owner_id = ?2 AND field = ?3",
        )?
        .execute(params![owner.0, owner.1, field, target.0, target.1])?;
    Ok(())
}

/// Takes one link away.
pub(crate) fn remove(
    transaction: &Connection,
    owner: &Link,
    field: &str,
    target: &Link,
) -> Result<(), Trouble> {
    transaction
        .prepare_cached(
            "DELETE FROM desk_link \
             WHERE owner_type = ?1 AND owner_id = ?2 AND field = ?3 AND target_type = ?4 AND target_id = ?5",
        )?
        .execute(params![owner.0, owner.1, field, target.0, target.1])?;
    Ok(())
}

/// Takes all links of a field away.
pub(crate) fn clear(transaction: &Connection, owner: &Link, field: &str) -> Result<(), Trouble> {
    transaction
        .prepare_cached("DELETE FROM desk_link WHERE owner_type = ?1 AND owner_id = ?2 AND field = ?3")?
        .execute(params![owner.0, owner.1, field])?;
    Ok(())
}

/// Takes away all links that fields of this name and type have to a row.
pub(crate) fn clear_to(
    transaction: &Connection,
    owner_type: &str,
    field: &str,
    target: &Link,
) -> Result<(), Trouble> {
    transaction
        .prepare_cached(
            "DELETE FROM desk_link WHERE target_type = ?1 AND target_id = ?2 AND owner_type = ?3 AND field = ?4",
        )?
        .execute(params![target.0, target.1, owner_type, field])?;
    Ok(())
}
