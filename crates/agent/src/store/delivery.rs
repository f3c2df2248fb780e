//! What is to be delivered: which step is next, and what its success or failure changes.
//!
//! A step's row is deleted in the same transaction that records what it achieved. Until then it is repeated,
//! and every step is made so that repeating it changes nothing (see `delivery.rs` of the agent).

use super::{Store, StoreError, signed, unsigned};
use crate::policy::outcome;
use rusqlite::{OptionalExtension, params};

/// A step of filing, in the order they happen for one incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Find or create the ticket.
    Ticket,
    /// Attach the log as text.
    Log,
    /// Attach the archive.
    Archive,
    /// Bring the ticket's count up to date.
    Count,
    /// Add lines that came late.
    Lines,
}

impl Step {
    fn from_name(name: &str) -> Option<Step> {
        Some(match name {
            "ticket" => Step::Ticket,
            "log" => Step::Log,
            "archive" => Step::Archive,
            "count" => Step::Count,
            "lines" => Step::Lines,
            _ => return None,
        })
    }
}

/// One step that is due, with all it needs.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Of the row.
    pub id: i64,
    /// What to do.
    pub step: Step,
    /// How often it was tried.
    pub attempts: u32,
    /// Of the incident.
    pub incident_id: i64,
    /// Signature and scope.
    pub key: String,
    /// `g1:…`
    pub signature: String,
    /// Frozen when first seen.
    pub title: String,
    /// Whose.
    pub login: String,
    /// How often seen by now.
    pub count: u64,
    /// What the ticket was last told.
    pub told_count: u64,
    /// When.
    pub told_ms: i64,
    /// Wall time.
    pub first_seen_ms: i64,
    /// Wall time.
    pub last_seen_ms: i64,
    /// `incident.json`.
    pub facts: String,
    /// Hash of the archive that the step is about.
    pub evidence: Option<String>,
    /// Once there is one.
    pub ticket_id: Option<u64>,
}

/// A site may be making a ticket for this long after the one who asked for it has died: it cannot be found before.
pub const CREATE_SETTLES_MS: i64 = 10_000;
/// No step is ever put off for longer; one that seems to be was put off by a clock that has been set back since.
const LONGEST_DELAY_MS: i64 = 25 * 3_600_000;
const READY: &str = "(d.step = 'ticket' AND i.held = '' OR i.ticket_id IS NOT NULL)";

impl Store {
    /// The step that has been due for longest.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn next_delivery(&self, now_ms: i64) -> Result<Option<Delivery>, StoreError> {
        self.in_hand.set(None);
        let next = self.read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT d.id, d.step, d.attempts, i.id, i.key, i.signature, i.title, i.login, i.count,
                            i.told_count, i.told_ms, i.first_seen_ms, i.last_seen_ms, i.facts, d.evidence,
                            i.ticket_id
                     FROM deliveries d JOIN incidents i ON i.id = d.incident_id
                     WHERE (d.due_ms <= ?1 OR d.due_ms > ?1 + {LONGEST_DELAY_MS}) AND {READY} ORDER BY d.due_ms, d.id LIMIT 1"
                ))?
                .query_row([now_ms], |row| {
                    let step: String = row.get(1)?;
                    Ok(Delivery {
                        id: row.get(0)?,
                        step: Step::from_name(&step).ok_or(rusqlite::Error::InvalidQuery)?,
                        attempts: row.get(2)?,
                        incident_id: row.get(3)?,
                        key: row.get(4)?,
                        signature: row.get(5)?,
                        title: row.get(6)?,
                        login: row.get(7)?,
                        count: unsigned(row.get(8)?),
                        told_count: unsigned(row.get(9)?),
                        told_ms: row.get(10)?,
                        first_seen_ms: row.get(11)?,
                        last_seen_ms: row.get(12)?,
                        facts: row.get(13)?,
                        evidence: Some(row.get::<_, String>(14)?).filter(|hash| !hash.is_empty()),
                        ticket_id: row.get::<_, Option<i64>>(15)?.map(unsigned),
                    })
                })
                .optional()
        })?;
        self.in_hand.set(next.as_ref().map(|delivery| delivery.incident_id));
        Ok(next)
    }

    /// When the next step will be due, if there is one.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn next_due_ms(&self) -> Result<Option<i64>, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT min(d.due_ms) FROM deliveries d JOIN incidents i ON i.id = d.incident_id
                     WHERE {READY}"
                ))?
                .query_row([], |row| row.get(0))
        })
    }

    /// The site is asked for a ticket in a moment. If we die before its answer is kept, the next run looks again only when the
    /// site has surely made it, or not got to it.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn create_begins(&mut self, delivery: &Delivery, now_ms: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE deliveries SET due_ms = ?2, attempts = ?3 WHERE id = ?1",
                params![delivery.id, now_ms + CREATE_SETTLES_MS, delivery.attempts + 1],
            )?;
            Ok(())
        })
    }

    /// The ticket stands: what was waiting for it counts as filed.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn ticket_stands(
        &mut self,
        delivery: &Delivery,
        ticket_id: u64,
        created: bool,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        // One that was found may have been made by an attempt of ours whose answer was lost, with a smaller count.
        let told = if created { delivery.count } else { 0 };
        self.write(|transaction| {
            transaction.execute(
                "UPDATE incidents SET ticket_id = ?2, told_count = ?3, told_ms = ?4 WHERE id = ?1",
                params![delivery.incident_id, signed(ticket_id), signed(told), now_ms],
            )?;
            transaction.execute(
                "INSERT INTO occurrences (incident_id, hour, outcome, count)
                 SELECT incident_id, hour, ?2, count FROM occurrences WHERE incident_id = ?1 AND outcome = ?3
                 ON CONFLICT DO UPDATE SET count = count + excluded.count",
                params![delivery.incident_id, outcome::FILED, outcome::SPOOLED],
            )?;
            transaction.execute(
                "DELETE FROM occurrences WHERE incident_id = ?1 AND outcome = ?2",
                params![delivery.incident_id, outcome::SPOOLED],
            )?;
            transaction.execute("DELETE FROM deliveries WHERE id = ?1", [delivery.id])?;
            if created {
                // What was counted until now is in the ticket already.
                transaction.execute(
                    "DELETE FROM deliveries WHERE incident_id = ?1 AND step = 'count'
                         AND (SELECT count FROM incidents WHERE id = ?1) = ?2",
                    params![delivery.incident_id, signed(delivery.count)],
                )?;
            } else {
                // It was there: no new ticket came of it.
                transaction.execute("DELETE FROM allowed WHERE incident_id = ?1", [delivery.incident_id])?;
                transaction.execute(
                    "INSERT INTO deliveries (incident_id, step, due_ms) VALUES (?1, 'count', ?2)
                     ON CONFLICT DO NOTHING",
                    params![delivery.incident_id, now_ms],
                )?;
            }
            Ok(())
        })
    }

    /// A step that leaves nothing behind but its effect is done.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn step_done(&mut self, delivery: &Delivery) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM deliveries WHERE id = ?1", [delivery.id]).map(drop)
        })
    }

    /// The ticket has the late lines up to the one of this number.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn lines_told(&mut self, delivery: &Delivery, last: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "DELETE FROM late_lines WHERE incident_id = ?1 AND id <= ?2",
                params![delivery.incident_id, last],
            )?;
            transaction.execute(
                "DELETE FROM deliveries WHERE id = ?1
                     AND NOT EXISTS (SELECT 1 FROM late_lines WHERE incident_id = ?2)",
                params![delivery.id, delivery.incident_id],
            )?;
            Ok(())
        })
    }

    /// The ticket was told this count; if more has happened meanwhile, it is told again at `next_ms`.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn count_told(&mut self, delivery: &Delivery, now_ms: i64, next_ms: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE incidents SET told_count = ?2, told_ms = ?3 WHERE id = ?1",
                params![delivery.incident_id, signed(delivery.count), now_ms],
            )?;
            let more: bool = transaction.query_row(
                "SELECT count > ?2 FROM incidents WHERE id = ?1",
                params![delivery.incident_id, signed(delivery.count)],
                |row| row.get(0),
            )?;
            if more {
                transaction.execute(
                    "UPDATE deliveries SET due_ms = ?2, attempts = 0, error = NULL WHERE id = ?1",
                    params![delivery.id, next_ms],
                )?;
            } else {
                transaction.execute("DELETE FROM deliveries WHERE id = ?1", [delivery.id])?;
            }
            Ok(())
        })
    }

    /// A step is put off: it failed (`error`), or it is not worth a call yet.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn put_off(
        &mut self,
        delivery: &Delivery,
        due_ms: i64,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE deliveries SET due_ms = ?2, error = ?3, attempts = ?4 WHERE id = ?1",
                params![delivery.id, due_ms, error, delivery.attempts + u32::from(error.is_some())],
            )?;
            Ok(())
        })
    }

    /// Archives that something still refers to.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn needs_evidence(&self, hash: &str) -> Result<bool, StoreError> {
        self.read(|connection| {
            connection.prepare_cached("SELECT 1 FROM deliveries WHERE evidence = ?1")?.exists([hash])
        })
    }
}
