//! One archive: the files of docs/evidence.md, put together in memory. It is small, because it is packed.

use super::packed_log::{PackedLog, packing};
use std::io::{Cursor, Write};
use zip::{ZipArchive, ZipWriter};

/// Beside logs that were not cleaned, in words nobody can overlook.
const RAW_NAME: &str = "NOT-REDACTED.txt";
const RAW_WORDS: &str = "The logs in this archive were NOT cleaned of secrets: the setting evidence.raw_log asks for it.\n\
                         Treat them as you would treat passwords.\n";

/// What goes into an archive.
pub struct Contents<'a> {
    /// `incident.json`
    pub incident: &'a str,
    /// `environment.json`
    pub environment: &'a str,
    /// `traceback.txt`; left out when there is none.
    pub traceback: Option<&'a str>,
    /// Name and text of each log, in their order.
    pub logs: &'a [(&'a str, &'a PackedLog)],
    /// The logs are as they were written.
    pub raw: bool,
}

/// The bytes of an archive. The same contents are the same bytes.
///
/// # Errors
/// What zip refuses: more than 4 GiB, a name that is no name.
pub fn pack(contents: &Contents<'_>) -> std::io::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, text: &str| {
        archive.start_file(name, packing())?;
        archive.write_all(text.as_bytes())
    };
    add("incident.json", contents.incident)?;
    add("environment.json", contents.environment)?;
    if let Some(traceback) = contents.traceback {
        add("traceback.txt", traceback)?;
    }
    if contents.raw {
        add(RAW_NAME, RAW_WORDS)?;
    }
    for (name, log) in contents.logs {
        let mut packed = ZipArchive::new(Cursor::new(log.zip.as_slice()))?;
        archive.raw_copy_file_rename(packed.by_index_raw(0)?, format!("logs/{name}"))?;
    }
    Ok(archive.finish()?.into_inner())
}
