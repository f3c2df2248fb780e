//! Sessions: rows of `desk_session`, by the hash of their token.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::fault::Trouble;
use crate::rows::value::Link;

/// Keeps a new session.
pub(crate) fn keep(transaction: &Connection, hash: &str, user: &Link, now: Timestamp) -> Result<(), Trouble> {
    transaction.execute(
        "INSERT INTO desk_session (token_hash, user_type, user_id, last_used_s) VALUES (?1, ?2, ?3, ?4)",
        params![hash, user.0, user.1, now.as_second()],
    )?;
    Ok(())
}

/// Whose session it is, and the second of its last use that was written down.
pub(crate) fn find(connection: &Connection, hash: &str) -> Result<Option<(Link, i64)>, Trouble> {
    let sql = "SELECT user_type, user_id, last_used_s FROM desk_session WHERE token_hash = ?1";
    let row = connection
        .prepare_cached(sql)?
        .query_row([hash], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))
        .optional()?;
    Ok(row)
}

/// Writes down that a session was used.
pub(crate) fn touch(transaction: &Connection, hash: &str, now: Timestamp) -> Result<(), Trouble> {
    let sql = "UPDATE desk_session SET last_used_s = ?2 WHERE token_hash = ?1";
    transaction.execute(sql, params![hash, now.as_second()])?;
    Ok(())
}

/// Ends one session.
pub(crate) fn end(transaction: &Connection, hash: &str) -> Result<(), Trouble> {
    transaction.execute("DELETE FROM desk_session WHERE token_hash = ?1", [hash])?;
    Ok(())
}

/// Ends all sessions of a user or script.
pub(crate) fn end_all(transaction: &Connection, user: &Link) -> Result<(), Trouble> {
    let sql = "DELETE FROM desk_session WHERE user_type = ?1 AND user_id = ?2";
    transaction.execute(sql, params![user.0, user.1])?;
    Ok(())
}

/// Forgets sessions last used before a second.
pub(crate) fn forget(transaction: &Connection, before_s: i64) -> Result<(), Trouble> {
    transaction.execute("DELETE FROM desk_session WHERE last_used_s < ?1", [before_s])?;
    Ok(())
}
