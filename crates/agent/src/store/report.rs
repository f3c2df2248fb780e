//! Reading the state for people: the numbers of `status`.

use super::{Store, StoreError, Write, unsigned};
use rusqlite::OptionalExtension;
use serde::Serialize;
use std::collections::BTreeMap;

/// Steps of a problem that is muted, counted on another ticket or listed in a digest wait for nothing.
const WAITS: &str =
    "(i.ticket_id IS NOT NULL OR i.held NOT IN ('muted', 'inhibited') AND i.folded_into IS NULL)";

/// The counts that must always agree: `seen` is the sum of `outcomes`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Records that passed the gate.
    pub seen: u64,
    /// What became of them.
    pub outcomes: BTreeMap<String, u64>,
    /// Problems whose ticket stands.
    pub tickets: u64,
    /// Files that the site did not take.
    pub attachments_refused: u64,
}

/// A step that is not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// The ticket's title, present or future.
    pub title: String,
    /// `ticket`, `verify`, `log`, `archive`, `count` or `lines`.
    pub step: String,
    /// It has to wait for its ticket first.
    pub needs_ticket: bool,
    /// This workstation has opened as many tickets as it may for now.
    pub held: bool,
    /// How often it was tried.
    pub attempts: u64,
    /// What went wrong last, if anything did.
    pub why: Option<String>,
    /// When it is tried next, wall time.
    pub due_ms: i64,
}

/// Steps that wait for the same thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingKind {
    /// They have to wait for their ticket first.
    pub needs_ticket: bool,
    /// This workstation has opened as many tickets as it may for now.
    pub held: bool,
    /// What they write, if there may be so many of it a minute.
    pub write: Option<Write>,
    /// Their time has not come.
    pub later: bool,
    /// What went wrong last, if anything did.
    pub why: Option<String>,
    /// How many.
    pub count: u64,
    /// When the first of them is tried next, wall time.
    pub due_ms: i64,
}

/// Bytes given up in one file for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GapTotal {
    /// The log.
    pub file: String,
    /// How many bytes, as far as known.
    pub bytes: u64,
    /// How often.
    pub times: u64,
    /// How often without knowing how many bytes.
    pub unknown_times: u64,
    /// Why.
    pub reason: String,
}

/// Records that one rule has kept from becoming a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleTotal {
    /// The rule's name, or the reason in the noise list.
    pub rule: String,
    /// `rule_drop` or `muted`.
    pub outcome: String,
    /// How many.
    pub count: u64,
    /// The last one, wall time.
    pub last_ms: i64,
}

impl Store {
    /// The totals.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn totals(&self) -> Result<Totals, StoreError> {
        self.read(|connection| {
            let seen: i64 =
                connection
                    .query_row("SELECT value FROM counters WHERE name = 'seen'", [], |row| row.get(0))?;
            let tickets: i64 = connection.query_row(
                "SELECT count(DISTINCT ticket_id) FROM incidents WHERE gone_ms IS NULL",
                [],
                |row| row.get(0),
            )?;
            let refused: Option<i64> = connection
                .query_row("SELECT value FROM counters WHERE name = 'attachments_refused'", [], |row| {
                    row.get(0)
                })
                .optional()?;
            let mut statement =
                connection.prepare("SELECT outcome, sum(count) FROM occurrences GROUP BY outcome")?;
            let rows = statement
                .query_map([], |row| Ok((row.get::<_, String>(0)?, unsigned(row.get(1)?))))?
                .collect::<rusqlite::Result<_>>()?;
            Ok(Totals {
                seen: unsigned(seen),
                outcomes: rows,
                tickets: unsigned(tickets),
                attachments_refused: unsigned(refused.unwrap_or(0)),
            })
        })
    }

    /// Steps that are not done, those due first in front; at most `limit`.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn waiting(&self, limit: u32) -> Result<Vec<Waiting>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare(&format!(
                "SELECT i.title, d.step, d.attempts, d.error, d.due_ms,
                        d.step <> 'ticket' AND i.ticket_id IS NULL, i.held = 'storm_host' AND i.ticket_id IS NULL
                 FROM deliveries d JOIN incidents i ON i.id = d.incident_id
                 WHERE {WAITS} ORDER BY d.due_ms, d.id LIMIT ?1"
            ))?;
            let rows = statement.query_map([limit], |row| {
                Ok(Waiting {
                    title: row.get(0)?,
                    step: row.get(1)?,
                    attempts: unsigned(row.get(2)?),
                    why: row.get(3)?,
                    due_ms: row.get(4)?,
                    needs_ticket: row.get(5)?,
                    held: row.get(6)?,
                })
            })?;
            rows.collect()
        })
    }

    /// All steps that are not done, by what they wait for.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn waiting_kinds(&self, now_ms: i64) -> Result<Vec<WaitingKind>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare(&format!(
                "SELECT d.step <> 'ticket' AND i.ticket_id IS NULL, d.due_ms > ?1, d.error, count(*), min(d.due_ms),
                        i.held = 'storm_host' AND i.ticket_id IS NULL,
                        CASE WHEN d.step IN ('ticket', 'count', 'lines') THEN d.step END
                 FROM deliveries d JOIN incidents i ON i.id = d.incident_id WHERE {WAITS} GROUP BY 1, 2, 3, 6, 7"
            ))?;
            let rows = statement.query_map([now_ms], |row| {
                Ok(WaitingKind {
                    needs_ticket: row.get(0)?,
                    later: row.get(1)?,
                    why: row.get(2)?,
                    count: unsigned(row.get(3)?),
                    due_ms: row.get(4)?,
                    held: row.get(5)?,
                    write: row.get::<_, Option<String>>(6)?.as_deref().and_then(Write::of_step),
                })
            })?;
            rows.collect()
        })
    }

    /// How many steps are not done.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn waiting_count(&self) -> Result<u64, StoreError> {
        self.read(|connection| {
            let sql = format!(
                "SELECT count(*) FROM deliveries d JOIN incidents i ON i.id = d.incident_id WHERE {WAITS}"
            );
            connection.query_row(&sql, [], |row| Ok(unsigned(row.get(0)?)))
        })
    }

    /// What rules have kept from becoming tickets, the most frequent first.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn rules(&self) -> Result<Vec<RuleTotal>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT rule, outcome, count, last_ms FROM rules ORDER BY count DESC, rule, outcome",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(RuleTotal {
                    rule: row.get(0)?,
                    outcome: row.get(1)?,
                    count: unsigned(row.get(2)?),
                    last_ms: row.get(3)?,
                })
            })?;
            rows.collect()
        })
    }

    /// All bytes given up.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn gaps(&self) -> Result<Vec<GapTotal>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT path, bytes, times, unknown_times, reason FROM gaps ORDER BY path, reason",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(GapTotal {
                    file: row.get(0)?,
                    bytes: unsigned(row.get(1)?),
                    times: unsigned(row.get(2)?),
                    unknown_times: unsigned(row.get(3)?),
                    reason: row.get(4)?,
                })
            })?;
            rows.collect()
        })
    }
}
