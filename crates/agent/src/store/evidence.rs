//! Which archives were made for which problem.

use super::steps::attach_evidence;
use super::{Store, StoreError, signed};
use crate::evidence::{Made, Reason};
use rusqlite::{OptionalExtension, Transaction, params};

/// An archive that was made for a problem, or would have been if there had been room for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// Signature and scope of the problem.
    pub key: String,
    /// Its name in the spool; empty when there is none.
    pub hash: String,
    /// Why it was made.
    pub reason: Reason,
    /// Its size.
    pub bytes: u64,
    /// Version of the bundle that failed; empty when unknown.
    pub bundle_version: String,
    /// The operating system.
    pub system: String,
    /// Why there is none.
    pub dropped: Option<String>,
}

impl Store {
    /// The archives that were made for a problem; `None` when it was never seen.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn evidence_made(&self, key: &str) -> Result<Option<Vec<Made>>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT e.made_ms, e.bundle_version, e.system
                 FROM incidents i LEFT JOIN evidence e ON e.incident_id = i.id WHERE i.key = ?1",
            )?;
            let mut rows = statement.query([key])?;
            let mut made = None;
            while let Some(row) = rows.next()? {
                let made: &mut Vec<Made> = made.get_or_insert_default();
                if let Some(made_ms) = row.get(0)? {
                    made.push(Made { made_ms, bundle_version: row.get(1)?, system: row.get(2)? });
                }
            }
            Ok(made)
        })
    }
}

/// Remembers an archive; the ticket of a problem that was known before will get it too.
pub(super) fn keep_archive(
    transaction: &Transaction<'_>,
    archive: &Archive,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let incident: Option<i64> = transaction
        .prepare_cached("SELECT id FROM incidents WHERE key = ?1")?
        .query_row([&archive.key], |row| row.get(0))
        .optional()?;
    // Its problem became another one meanwhile; the archive is swept at the next start.
    let Some(incident) = incident else { return Ok(()) };
    transaction
        .prepare_cached(
            "INSERT INTO evidence (incident_id, hash, reason, bytes, made_ms, bundle_version, system, dropped)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            incident,
            archive.hash,
            archive.reason.name(),
            signed(archive.bytes),
            now_ms,
            archive.bundle_version,
            archive.system,
            archive.dropped
        ])?;
    if archive.hash.is_empty() {
        Ok(())
    } else {
        attach_evidence(transaction, incident, &archive.hash, now_ms)
    }
}
