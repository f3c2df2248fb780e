//! Uploads to the desk's own storage: rows of `desk_upload` and, for those in parts, `desk_upload_part`.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::fault::Trouble;
use crate::files::Stored;
use crate::store::upload::Upload;

/// Notes an upload that begins.
pub(crate) fn begin(
    transaction: &Connection,
    id: &str,
    file_name: &str,
    multipart: bool,
    now: Timestamp,
) -> Result<(), Trouble> {
    transaction.execute(
        "INSERT INTO desk_upload (id, file_name, multipart, created_s) VALUES (?1, ?2, ?3, ?4)",
        params![id, file_name, multipart, now.as_second()],
    )?;
    Ok(())
}

/// Notes a part that is here; the same part again takes the place of the one before.
pub(crate) fn add_part(
    transaction: &Connection,
    id: &str,
    part: u32,
    stored: &Stored,
) -> Result<(), Trouble> {
    transaction.execute(
        "INSERT OR REPLACE INTO desk_upload_part (upload_id, part, content_hash, size_bytes) VALUES (?1, ?2, ?3, ?4)",
        params![id, part, stored.hash, size(stored)],
    )?;
    Ok(())
}

/// Notes that all of an upload is here; false when it is not known.
pub(crate) fn arrived(transaction: &Connection, id: &str, stored: &Stored) -> Result<bool, Trouble> {
    let sql = "UPDATE desk_upload SET content_hash = ?2, size_bytes = ?3 WHERE id = ?1";
    Ok(transaction.execute(sql, params![id, stored.hash, size(stored)])? > 0)
}

/// The upload of this id.
pub(crate) fn find(connection: &Connection, id: &str) -> Result<Option<Upload>, Trouble> {
    let sql = "SELECT file_name, multipart, content_hash, size_bytes FROM desk_upload WHERE id = ?1";
    let found = connection.prepare_cached(sql)?.query_row([id], |row| {
        let (hash, size_bytes): (Option<String>, Option<i64>) = (row.get(2)?, row.get(3)?);
        let stored = hash.zip(size_bytes);
        Ok(Upload {
            file_name: row.get(0)?,
            multipart: row.get(1)?,
            stored: stored.map(|(hash, size_bytes)| Stored { hash, size_bytes: size_bytes.unsigned_abs() }),
        })
    });
    Ok(found.optional()?)
}

/// The parts that are here, in their order.
pub(crate) fn parts(connection: &Connection, id: &str) -> Result<Vec<Stored>, Trouble> {
    let sql = "SELECT content_hash, size_bytes FROM desk_upload_part WHERE upload_id = ?1 ORDER BY part";
    let mut statement = connection.prepare_cached(sql)?;
    let parts = statement.query_map([id], |row| {
        Ok(Stored { hash: row.get(0)?, size_bytes: row.get::<_, i64>(1)?.unsigned_abs() })
    })?;
    Ok(parts.collect::<rusqlite::Result<_>>()?)
}

/// Forgets an upload and its parts.
pub(crate) fn forget(transaction: &Connection, id: &str) -> Result<(), Trouble> {
    transaction.execute("DELETE FROM desk_upload_part WHERE upload_id = ?1", [id])?;
    transaction.execute("DELETE FROM desk_upload WHERE id = ?1", [id])?;
    Ok(())
}

/// Forgets uploads that were begun before a second.
pub(crate) fn forget_older(transaction: &Connection, before_s: i64) -> Result<(), Trouble> {
    transaction.execute(
        "DELETE FROM desk_upload_part WHERE upload_id IN (SELECT id FROM desk_upload WHERE created_s < ?1)",
        [before_s],
    )?;
    transaction.execute("DELETE FROM desk_upload WHERE created_s < ?1", [before_s])?;
    Ok(())
}

fn size(stored: &Stored) -> i64 {
    i64::try_from(stored.size_bytes).unwrap_or(i64::MAX)
}
