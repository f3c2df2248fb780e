//! Which files rows refer to: by the column `content_hash`, in whichever of the desk's own tables there is one.
//!
//! Asked of the tables themselves, so that a new one cannot be forgotten: what is not found here is in no backup.

use std::collections::BTreeSet;

use rusqlite::Connection;

use crate::store::sqlite::table::quote;

/// The hashes of all files that rows refer to.
pub(crate) fn hashes(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let tables: Vec<String> = connection
        .prepare(
            "SELECT kept.name FROM sqlite_master kept JOIN pragma_table_info(kept.name) field \
             WHERE kept.type = 'table' AND kept.name LIKE 'desk\\_%' ESCAPE '\\' AND field.name = 'content_hash'",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut hashes = BTreeSet::new();
    for table in tables {
        let sql = format!("SELECT content_hash FROM {} WHERE content_hash IS NOT NULL", quote(&table));
        let mut statement = connection.prepare(&sql)?;
        for hash in statement.query_map([], |row| row.get::<_, String>(0))? {
            hashes.insert(hash?);
        }
    }
    Ok(hashes)
}
