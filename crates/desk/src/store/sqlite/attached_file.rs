//! The files of attachments: rows of `desk_file`, from an Attachment's id to the hash of its bytes.

use rusqlite::{Connection, OptionalExtension, params};

use crate::fault::Trouble;
use crate::files::attachment::AttachedFile;
use crate::store::sqlite::table::RETIRED;

/// Notes the file of an attachment.
pub(crate) fn add(transaction: &Connection, attachment: i64, file: &AttachedFile) -> Result<(), Trouble> {
    let size_bytes = i64::try_from(file.size_bytes).unwrap_or(i64::MAX);
    transaction.execute(
        "INSERT INTO desk_file (attachment_id, content_hash, size_bytes, name, content_type) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![attachment, file.hash, size_bytes, file.name, file.content_type],
    )?;
    Ok(())
}

/// The file of an attachment that is not retired.
pub(crate) fn find(connection: &Connection, attachment: i64) -> Result<Option<AttachedFile>, Trouble> {
    let sql = format!(
        "SELECT content_hash, size_bytes, name, content_type FROM desk_file JOIN Attachment ON Attachment.id = attachment_id \
         WHERE attachment_id = ?1 AND {RETIRED} = 0"
    );
    let found = connection.prepare_cached(&sql)?.query_row([attachment], |row| {
        let size_bytes: i64 = row.get(1)?;
        Ok(AttachedFile {
            hash: row.get(0)?,
            size_bytes: size_bytes.unsigned_abs(),
            name: row.get(2)?,
            content_type: row.get(3)?,
        })
    });
    Ok(found.optional()?)
}
