//! The rows of LocalStorage, which url fields are placed in.

use rusqlite::Connection;

use crate::fault::Trouble;
use crate::rows::file_link::Storage;
use crate::store::sqlite::table::RETIRED;

/// Every storage that is not retired.
pub(crate) fn all(connection: &Connection) -> Result<Vec<Storage>, Trouble> {
    let sql = format!(
        "SELECT id, code, linux_path, mac_path, windows_path FROM LocalStorage WHERE {RETIRED} = 0 ORDER BY id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Storage {
            id: row.get(0)?,
            code: row.get(1)?,
            linux_path: row.get(2)?,
            mac_path: row.get(3)?,
            windows_path: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
