//! Who follows what: kept beside the rows, found from either side.
//!
//! Owns its table. Retired users and rows stay here and are left out when it is read.

use rusqlite::{Connection, params};

use crate::fault::Trouble;
use crate::rows::value::Link;

/// A person follows a row from now on, or goes on doing so.
pub(crate) fn add(transaction: &Connection, user: i64, entity: &Link) -> Result<(), Trouble> {
    let sql = "INSERT OR IGNORE INTO desk_follow (user_id, entity_type, entity_id) VALUES (?1, ?2, ?3)";
    transaction.execute(sql, params![user, entity.0, entity.1])?;
    Ok(())
}

/// A person follows a row no longer.
pub(crate) fn remove(transaction: &Connection, user: i64, entity: &Link) -> Result<(), Trouble> {
    let sql = "DELETE FROM desk_follow WHERE user_id = ?1 AND entity_type = ?2 AND entity_id = ?3";
    transaction.execute(sql, params![user, entity.0, entity.1])?;
    Ok(())
}

/// Ids of the people who follow a row.
pub(crate) fn followers(connection: &Connection, entity: &Link) -> Result<Vec<i64>, Trouble> {
    let sql = "SELECT user_id FROM desk_follow WHERE entity_type = ?1 AND entity_id = ?2 ORDER BY user_id";
    let mut statement = connection.prepare_cached(sql)?;
    let ids = statement.query_map(params![entity.0, entity.1], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

/// What a person follows.
pub(crate) fn following(connection: &Connection, user: i64) -> Result<Vec<Link>, Trouble> {
    let sql =
        "SELECT entity_type, entity_id FROM desk_follow WHERE user_id = ?1 ORDER BY entity_type, entity_id";
    let mut statement = connection.prepare_cached(sql)?;
    let links = statement.query_map([user], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(links.collect::<rusqlite::Result<_>>()?)
}
