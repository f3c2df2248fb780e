//! Which archives were made for which problem, which of them wait for their ticket, and what goes when there is no room.

use super::steps::attach_evidence;
use super::{Store, StoreError, hour, signed, unsigned};
use crate::evidence::{Made, Reason};
use crate::retention::Dropping;
use rusqlite::{OptionalExtension, Transaction, params};
use serde::Serialize;

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

/// An archive that waits for its ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spooled {
    /// Its name in the spool.
    pub hash: String,
    /// Of its ticket.
    pub title: String,
    /// Its size.
    pub bytes: u64,
    /// When it was made, wall time.
    pub made_ms: i64,
}

/// All archives there were.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "docs/json.md documents each field, once")]
pub struct EvidenceTotals {
    pub made: u64,
    pub waiting: u64,
    pub waiting_bytes: u64,
    /// Made and dropped before their tickets had them.
    pub dropped: u64,
    pub dropped_bytes: u64,
    /// Never made, for want of room or by the settings.
    pub missing: u64,
}

impl Store {
    /// Archives that wait for their ticket, oldest first; but for one that the site may be getting at this moment.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn spooled(&self) -> Result<Vec<Spooled>, StoreError> {
        let in_hand = self.in_hand.get();
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT d.evidence, i.title, coalesce(e.bytes, 0), coalesce(e.made_ms, i.first_seen_ms) AS made_ms
                 FROM deliveries d JOIN incidents i ON i.id = d.incident_id
                      LEFT JOIN evidence e ON e.incident_id = i.id AND e.hash = d.evidence
                 WHERE d.evidence <> '' AND e.dropped IS NULL AND i.id IS NOT ?1
                 GROUP BY d.evidence ORDER BY made_ms, d.id",
            )?;
            let rows = statement.query_map([in_hand], |row| {
                Ok(Spooled {
                    hash: row.get(0)?,
                    title: row.get(1)?,
                    bytes: unsigned(row.get(2)?),
                    made_ms: row.get(3)?,
                })
            })?;
            rows.collect()
        })
    }

    /// What the state's content takes up; free pages of its file are written over before it grows.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn used_bytes(&self) -> Result<u64, StoreError> {
        self.read(|connection| {
            let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            Ok(unsigned((number("page_count")? - number("freelist_count")?) * number("page_size")?))
        })
    }

    /// Hours that [`Store::prune`] adds up.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn old_hours(&self, now_ms: i64) -> Result<u64, StoreError> {
        let before = hour(now_ms.saturating_sub(super::prune::KEPT_MS));
        self.read(|connection| {
            let sql = "SELECT count(DISTINCT hour) FROM occurrences WHERE hour < ?1 AND hour <> 0";
            Ok(unsigned(connection.query_row(sql, [before], |row| row.get(0))?))
        })
    }

    /// Archives that go before their tickets have them. A ticket that is still to be made will say so; to one that
    /// stands it is told by the step that would have attached the log.
    ///
    /// # Errors
    /// When the state cannot be written; nothing has changed then.
    pub fn drop_archives(&mut self, drop: &[Dropping], now_ms: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            for archive in drop {
                drop_archive(transaction, archive, now_ms)?;
            }
            Ok(())
        })
    }

    /// Why an archive was dropped; `None` when it was not.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn evidence_dropped(&self, incident_id: i64, hash: &str) -> Result<Option<String>, StoreError> {
        self.read(|connection| {
            let sql =
                "SELECT dropped FROM evidence WHERE incident_id = ?1 AND hash = ?2 AND dropped IS NOT NULL";
            connection.query_row(sql, params![incident_id, hash], |row| row.get(0)).optional()
        })
    }

    /// Takes the long texts out of problems until so many bytes are free: those with a ticket first, of them those that were
    /// not seen for longest. Their titles, counts and whatever is to be delivered stay.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn drop_texts(&mut self, bytes: u64) -> Result<(), StoreError> {
        self.write(|transaction| {
            let mut statement = transaction.prepare(
                "SELECT id, length(facts) FROM incidents WHERE json_valid(facts) AND length(facts) > 4096
                 ORDER BY ticket_id IS NULL, last_seen_ms",
            )?;
            let mut rows = statement.query([])?;
            let mut left = signed(bytes);
            while left > 0
                && let Some(row) = rows.next()?
            {
                let (id, before): (i64, i64) = (row.get(0)?, row.get(1)?);
                let after: i64 = transaction.query_row(
                    "UPDATE incidents SET facts = json_set(json_remove(facts, '$.record', '$.session'),
                         '$.traceback', substr(json_extract(facts, '$.traceback'), 1, 1000),
                         '$.message', substr(json_extract(facts, '$.message'), 1, 1000))
                     WHERE id = ?1 RETURNING length(facts)",
                    [id],
                    |row| row.get(0),
                )?;
                left -= before - after;
            }
            Ok(())
        })
    }

    /// What became of all archives. `waiting_bytes` is as noted when they were made.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn evidence_totals(&self) -> Result<EvidenceTotals, StoreError> {
        self.read(|connection| {
            connection.query_row(
                "SELECT count(*) FILTER (WHERE hash <> ''),
                        count(*) FILTER (WHERE waits), coalesce(sum(bytes) FILTER (WHERE waits), 0),
                        count(*) FILTER (WHERE hash <> '' AND dropped IS NOT NULL),
                        coalesce(sum(bytes) FILTER (WHERE hash <> '' AND dropped IS NOT NULL), 0),
                        count(*) FILTER (WHERE hash = '' AND dropped IS NOT NULL)
                 FROM (SELECT hash, bytes, dropped, dropped IS NULL AND hash <> '' AND EXISTS
                           (SELECT 1 FROM deliveries d WHERE d.incident_id = e.incident_id AND d.evidence = e.hash) AS waits
                       FROM evidence e)",
                [],
                |row| {
                    let number = |index: usize| row.get::<_, i64>(index).map(unsigned);
                    Ok(EvidenceTotals {
                        made: number(0)?,
                        waiting: number(1)?,
                        waiting_bytes: number(2)?,
                        dropped: number(3)?,
                        dropped_bytes: number(4)?,
                        missing: number(5)?,
                    })
                },
            )
        })
    }
}

fn drop_archive(transaction: &Transaction<'_>, archive: &Dropping, now_ms: i64) -> rusqlite::Result<()> {
    let why = format!("its log was dropped from the workstation because {}", archive.why);
    let mut waiting = transaction.prepare_cached(
        "SELECT DISTINCT i.id, i.ticket_id IS NOT NULL FROM deliveries d JOIN incidents i ON i.id = d.incident_id
         WHERE d.evidence = ?1",
    )?;
    let waiting: Vec<(i64, bool)> = waiting
        .query_map([&archive.hash], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (incident, has_ticket) in waiting {
        let noted = transaction.execute(
            "UPDATE evidence SET dropped = ?3 WHERE incident_id = ?1 AND hash = ?2",
            params![incident, archive.hash, why],
        )?;
        if noted == 0 {
            transaction.execute(
                "INSERT INTO evidence (incident_id, hash, reason, bytes, made_ms, bundle_version, system, dropped)
                 VALUES (?1, ?2, 'asked', ?3, ?4, '', '', ?5)",
                params![incident, archive.hash, signed(archive.bytes), archive.made_ms, why],
            )?;
        }
        transaction.execute(
            "DELETE FROM deliveries WHERE incident_id = ?1 AND evidence = ?2",
            params![incident, archive.hash],
        )?;
        if has_ticket {
            transaction.execute(
                "INSERT INTO deliveries (incident_id, step, evidence, due_ms) VALUES (?1, 'log', ?2, ?3)",
                params![incident, archive.hash, now_ms],
            )?;
        } else {
            transaction.execute(
                "UPDATE incidents SET facts = json_set(facts, '$.evidence_note', ?2)
                 WHERE id = ?1 AND json_valid(facts)",
                params![incident, why],
            )?;
        }
    }
    Ok(())
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
