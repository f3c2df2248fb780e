//! What is to be delivered: which step is next, and what its success or failure changes.
//!
//! A step's row is deleted in the same transaction that records what it achieved. Until then it is repeated,
//! and every step is made so that repeating it changes nothing (see `delivery.rs` of the agent).

use super::{Store, StoreError, Write, signed, unsigned};
use crate::policy::reopen::LastEvent;
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
    /// See whether another machine has made a ticket for the same problem at the same moment.
    Verify,
}

impl Step {
    fn from_name(name: &str) -> Option<Step> {
        Some(match name {
            "ticket" => Step::Ticket,
            "log" => Step::Log,
            "archive" => Step::Archive,
            "count" => Step::Count,
            "lines" => Step::Lines,
            "verify" => Step::Verify,
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
    /// How often seen by now, as far as this ticket tells of it.
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
    /// Hash of the archive that the step is about; of a new ticket, the first that it will get.
    pub evidence: Option<String>,
    /// Once there is one.
    pub ticket_id: Option<u64>,
    /// This agent has made it.
    pub made_here: bool,
    /// The newest occurrence.
    pub event: LastEvent,
    /// A ticket that was seen closed, and since when, wall time.
    pub closed: Option<(u64, i64)>,
    /// People have deleted the ticket, at this moment, wall time.
    pub gone_ms: Option<i64>,
}

/// Another machine may be making a ticket of the same problem: what waits for that goes before everything else.
const NOT_IN_DOUBT: &str = "(d.step = 'verify' OR NOT EXISTS (SELECT 1 FROM deliveries v
    WHERE v.incident_id = d.incident_id AND v.step = 'verify' AND v.due_ms <= ?1))";
/// No step is ever put off for longer; one that seems to be was put off by a clock that has been set back since.
const LONGEST_DELAY_MS: i64 = 25 * 3_600_000;
const READY: &str = "(d.step = 'ticket' AND i.held = '' OR i.ticket_id IS NOT NULL)";

impl Store {
    /// The step that has been due for longest.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn next_delivery(&self, now_ms: i64) -> Result<Option<Delivery>, StoreError> {
        self.next_where(now_ms, "TRUE")
    }

    /// As [`Store::next_delivery`], while no more such writes may be made: what tells of repeats waits, and while no more tickets
    /// may be made those wait too.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn next_without(&self, write: Write, now_ms: i64) -> Result<Option<Delivery>, StoreError> {
        match write {
            Write::Word => self.next_where(now_ms, "d.step NOT IN ('count', 'lines')"),
            Write::Ticket => self.next_where(now_ms, "d.step NOT IN ('count', 'lines', 'ticket')"),
        }
    }

    fn next_where(&self, now_ms: i64, wanted: &str) -> Result<Option<Delivery>, StoreError> {
        self.in_hand.set(None);
        let next = self.read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT d.id, d.step, d.attempts, i.id, i.key, i.signature, i.title, i.login,
                            i.count - i.base_count, i.told_count, i.told_ms, i.first_seen_ms, i.last_seen_ms,
                            i.facts,
                            CASE WHEN d.step = 'ticket' THEN
                                coalesce((SELECT a.evidence FROM deliveries a WHERE a.incident_id = i.id
                                          AND a.step = 'archive' ORDER BY a.id LIMIT 1), '')
                            ELSE d.evidence END,
                            i.ticket_id, i.made_here, i.event_ms, i.event_version,
                            i.closed_ticket, i.closed_ms, i.gone_ms
                     FROM deliveries d JOIN incidents i ON i.id = d.incident_id
                     WHERE (d.due_ms <= ?1 OR d.due_ms > ?1 + {LONGEST_DELAY_MS}) AND {READY} AND {NOT_IN_DOUBT}
                         AND {wanted}
                     ORDER BY d.due_ms, d.id LIMIT 1"
                ))?
                .query_row([now_ms], |row| {
                    let step: String = row.get(1)?;
                    let closed_ticket = row.get::<_, Option<i64>>(19)?.map(unsigned);
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
                        made_here: row.get(16)?,
                        event: LastEvent { at_ms: row.get(17)?, version: row.get(18)? },
                        closed: closed_ticket.zip(row.get(20)?),
                        gone_ms: row.get(21)?,
                    })
                })
                .optional()
        })?;
        self.in_hand.set(next.as_ref().map(|delivery| delivery.incident_id));
        Ok(next)
    }

    /// When the next step will be due, if there is one; those that are limited not before the moments given, of words and
    /// of tickets.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn next_due_ms(
        &self,
        words_ms: Option<i64>,
        tickets_ms: Option<i64>,
    ) -> Result<Option<i64>, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT min(CASE WHEN d.step IN ('count', 'lines') THEN max(d.due_ms, ?1)
                                     WHEN d.step = 'ticket' THEN max(d.due_ms, ?2) ELSE d.due_ms END)
                     FROM deliveries d JOIN incidents i ON i.id = d.incident_id
                     WHERE {READY}"
                ))?
                .query_row([words_ms.unwrap_or(0), tickets_ms.unwrap_or(0)], |row| row.get(0))
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

    /// There is too little to tell of a count before `due_ms`; unless more has happened while that was found out.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn count_put_off(&mut self, delivery: &Delivery, due_ms: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            let sql = "UPDATE deliveries SET due_ms = ?2, error = NULL
                       WHERE id = ?1
                         AND EXISTS (SELECT 1 FROM incidents WHERE id = ?3 AND count = ?4 AND told_ms = ?5)";
            let known =
                params![delivery.id, due_ms, delivery.incident_id, signed(delivery.count), delivery.told_ms];
            transaction.execute(sql, known)?;
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
