//! Direct capture in the state: how far each host has handed its records over, which records wait for their second
//! sighting, and sums of those that could not any longer. Written with the records themselves, so that neither is ever ahead of the other.

use super::prune::KEPT_MS;
use super::{Store, StoreError, signed, unsigned};
use crate::policy::twins::{Changes, KeptSighting, KeptSum};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::Serialize;

/// How far a host has handed over its records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaptureProgress {
    /// Its process.
    pub pid: u32,
    /// Which session of it, as in its attach.
    pub started: String,
    /// The number of the last record that is kept.
    pub kept: u64,
    /// How many were kept.
    pub records: u64,
    /// How many the host had to drop.
    pub dropped: u64,
    /// When it last handed something over, wall time.
    pub last_ms: i64,
}

/// What was handed over in the last 30 days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CaptureTotals {
    /// Sessions that handed something over.
    pub sessions: u64,
    /// Records that they handed over.
    pub records: u64,
    /// Records that they had to drop; those that stand in a log are read there.
    pub dropped: u64,
}

pub(super) fn keep_progress(
    transaction: &Transaction<'_>,
    progress: &CaptureProgress,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO captures (pid, started, kept, records, dropped, last_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            progress.pid,
            progress.started,
            signed(progress.kept),
            signed(progress.records),
            signed(progress.dropped),
            progress.last_ms
        ])?;
    Ok(())
}

fn progress(row: &Row<'_>) -> rusqlite::Result<CaptureProgress> {
    Ok(CaptureProgress {
        pid: row.get(0)?,
        started: row.get(1)?,
        kept: unsigned(row.get(2)?),
        records: unsigned(row.get(3)?),
        dropped: unsigned(row.get(4)?),
        last_ms: row.get(5)?,
    })
}

pub(super) fn keep_sightings(
    transaction: &Transaction<'_>,
    changes: &Changes,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let mut forget = transaction.prepare_cached("DELETE FROM sightings WHERE id = ?1")?;
    for id in &changes.gone {
        forget.execute([id])?;
    }
    let mut remember = transaction.prepare_cached(
        "INSERT OR REPLACE INTO sightings (id, of_host, first_line, said, at_ms, process, problem, key, kept_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for KeptSighting { id, of_host, first_line, said, at_ms, process, problem, key } in &changes.waiting {
        remember.execute(params![id, of_host, first_line, said, at_ms, process, problem, key, now_ms])?;
    }
    let mut forget = transaction.prepare_cached("DELETE FROM sighting_sums WHERE id = ?1")?;
    for id in &changes.sums_gone {
        forget.execute([id])?;
    }
    let mut remember = transaction.prepare_cached(
        "INSERT OR REPLACE INTO sighting_sums (id, of_host, process, problem, number, from_ms, to_ms, key, kept_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for KeptSum { id, of_host, process, problem, number, from_ms, to_ms, key } in &changes.sums {
        remember.execute(params![id, of_host, process, problem, number, from_ms, to_ms, key, now_ms])?;
    }
    Ok(())
}

/// What nobody has spoken of for 30 days.
pub(super) fn forget_old(transaction: &Transaction<'_>, now_ms: i64) -> rusqlite::Result<()> {
    let before_ms = now_ms.saturating_sub(KEPT_MS);
    transaction.execute("DELETE FROM captures WHERE last_ms < ?1", [before_ms])?;
    transaction.execute("DELETE FROM sightings WHERE kept_ms < ?1", [before_ms])?;
    transaction.execute("DELETE FROM sighting_sums WHERE kept_ms < ?1", [before_ms])?;
    Ok(())
}

impl Store {
    /// How far hosts have handed over their records, as it was kept; the 256 that did so last.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn captures(&self) -> Result<Vec<CaptureProgress>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT pid, started, kept, records, dropped, last_ms FROM captures ORDER BY last_ms DESC LIMIT 256",
            )?;
            let rows = statement.query_map([], progress)?;
            rows.collect()
        })
    }

    /// How far one session of a host has handed over its records, as it was kept in the last 30 days.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn capture(&self, (pid, started): (u32, &str)) -> Result<Option<CaptureProgress>, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT pid, started, kept, records, dropped, last_ms FROM captures WHERE pid = ?1 AND started = ?2",
                )?
                .query_row(params![pid, started], progress)
                .optional()
        })
    }

    /// Records that wait for their second sighting, as they were kept.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn sightings(&self) -> Result<Vec<KeptSighting>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT id, of_host, first_line, said, at_ms, process, problem, key FROM sightings ORDER BY id",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(KeptSighting {
                    id: row.get(0)?,
                    of_host: row.get(1)?,
                    first_line: row.get(2)?,
                    said: row.get(3)?,
                    at_ms: row.get(4)?,
                    process: row.get(5)?,
                    problem: row.get(6)?,
                    key: row.get(7)?,
                })
            })?;
            rows.collect()
        })
    }

    /// Records that could not wait for it any longer, in sums as they were kept.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn sighting_sums(&self) -> Result<Vec<KeptSum>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT id, of_host, process, problem, number, from_ms, to_ms, key FROM sighting_sums ORDER BY id",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(KeptSum {
                    id: row.get(0)?,
                    of_host: row.get(1)?,
                    process: row.get(2)?,
                    problem: row.get(3)?,
                    number: row.get(4)?,
                    from_ms: row.get(5)?,
                    to_ms: row.get(6)?,
                    key: row.get(7)?,
                })
            })?;
            rows.collect()
        })
    }

    /// What was handed over, in sums.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn capture_totals(&self) -> Result<CaptureTotals, StoreError> {
        self.read(|connection| {
            connection.query_row(
                "SELECT count(*), coalesce(sum(records), 0), coalesce(sum(dropped), 0) FROM captures",
                [],
                |row| {
                    Ok(CaptureTotals {
                        sessions: unsigned(row.get(0)?),
                        records: unsigned(row.get(1)?),
                        dropped: unsigned(row.get(2)?),
                    })
                },
            )
        })
    }
}
