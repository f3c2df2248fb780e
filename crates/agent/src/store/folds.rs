//! Records that are part of another one, as they are counted: with their primary, and in no count that people read.

use super::admission::give_back;
use super::tally::{Terms, add_occurrences, take_one};
use super::{Store, StoreError, signed, unsigned};
use crate::policy::fold::KeptProcess;
use crate::policy::outcome;
use rusqlite::{OptionalExtension, Transaction, params};

/// Records that are part of another one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Folded {
    /// What the other one is kept under.
    pub key: String,
    /// One of [`outcome::FOLDED`].
    pub outcome: &'static str,
}

/// A record that was kept as an occurrence of its own, and turned out to be part of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What it was kept under.
    pub part: String,
    /// What the other one is kept under.
    pub into: String,
}

/// What was folded into an incident that goes: by hour and outcome.
pub(super) type FoldedCounts = Vec<(i64, String, u64)>;

/// Counts parts with their primary. A state that was lost meanwhile does not know it: then they are counted alone.
pub(super) fn keep_folded(
    transaction: &Transaction<'_>,
    folded: &Folded,
    times: u64,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let primary = id_of(transaction, &folded.key)?.unwrap_or(0);
    add_occurrences(transaction, primary, now_ms, folded.outcome, times)
}

/// Moves an occurrence to the problem that it is part of. Not when its own ticket stands or is being made: nobody could
/// take that back.
pub(super) fn take(
    transaction: &Transaction<'_>,
    taken: &Taken,
    in_hand: Option<i64>,
    terms: &Terms<'_>,
) -> rusqlite::Result<()> {
    let part = transaction
        .prepare_cached(
            "SELECT i.id, i.count FROM incidents i
             JOIN deliveries d ON d.incident_id = i.id AND d.step = 'ticket' AND d.attempts = 0
             WHERE i.key = ?1 AND i.ticket_id IS NULL",
        )?
        .query_row([&taken.part], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
        .optional()?;
    let Some((part, count)) = part.filter(|(part, _)| in_hand != Some(*part)) else { return Ok(()) };
    let into = id_of(transaction, &taken.into)?.unwrap_or(0);
    if into == part {
        return Ok(());
    }
    if count == 1 {
        let folded = remove(transaction, part)?;
        add_back(transaction, into, &folded)?;
    } else {
        take_one(transaction, part, terms.now_ms)?;
    }
    add_occurrences(transaction, into, terms.now_ms, outcome::CHILD, 1)
}

/// Removes a problem whose only occurrence was one of another. What was folded into it is the caller's to place.
pub(super) fn remove(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<FoldedCounts> {
    let mut statement = transaction.prepare(
        "SELECT hour, outcome, count FROM occurrences WHERE incident_id = ?1 AND outcome IN ('child', 'echo', 'merged')",
    )?;
    let folded = statement
        .query_map([id], |row| Ok((row.get(0)?, row.get(1)?, unsigned(row.get(2)?))))?
        .collect::<rusqlite::Result<_>>()?;
    for table in ["occurrences", "deliveries", "late_lines", "evidence"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE incident_id = ?1"), [id])?;
    }
    give_back(transaction, id)?;
    transaction.execute("DELETE FROM incidents WHERE id = ?1", [id])?;
    Ok(folded)
}

/// Counts with a problem what was folded into another one.
pub(super) fn add_back(
    transaction: &Transaction<'_>,
    id: i64,
    folded: &FoldedCounts,
) -> rusqlite::Result<()> {
    for (hour, outcome, count) in folded {
        transaction.execute(
            "INSERT INTO occurrences (incident_id, hour, outcome, count) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET count = count + ?4",
            params![id, hour, outcome, signed(*count)],
        )?;
    }
    Ok(())
}

pub(super) fn id_of(transaction: &Transaction<'_>, key: &str) -> rusqlite::Result<Option<i64>> {
    transaction
        .prepare_cached("SELECT id FROM incidents WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()
}

pub(super) fn keep_processes(
    transaction: &Transaction<'_>,
    processes: &[KeptProcess],
) -> rusqlite::Result<()> {
    for (log, pid, last_ms, state) in processes {
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO processes (log, pid, last_ms, state) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![log, pid, last_ms, state])?;
    }
    Ok(())
}

impl Store {
    /// The last records of each process, as they were kept.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn processes(&self) -> Result<Vec<KeptProcess>, StoreError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare("SELECT log, pid, last_ms, state FROM processes ORDER BY last_ms DESC LIMIT 64")?;
            let rows =
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
            rows.collect()
        })
    }
}
