//! Whether a new problem may have its ticket now, and bringing what is held through as the bucket allows.
//!
//! A limit delays or folds a ticket, never a count: what is held keeps all its steps, and waits with them.

use super::outages;
use super::steps::step_gone;
use super::tally::{Terms, rename_outcome};
use super::{Store, StoreError, mutes, unsigned};
use crate::policy::bucket::{self, DAY_MS, Level};
use crate::policy::held::Held;
use crate::policy::{BY_HAND, outcome};
use crate::settings::LimitSettings;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::Serialize;

/// A problem that wants a ticket.
pub(super) struct Newcomer<'a> {
    pub(super) id: i64,
    pub(super) key: &'a str,
    pub(super) signature: &'a str,
    /// How often it has happened in this batch.
    pub(super) times: u64,
}

/// How the limit on new tickets stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TicketLimit {
    /// New tickets that may be opened now; `None` without a limit.
    pub left: Option<u64>,
    /// When the next one may be opened, wall time.
    pub next_ms: i64,
    /// Problems that wait for that.
    pub held: u64,
    /// Problems that are listed in a digest and have not happened since.
    pub folded: u64,
    /// Since when there is a storm, wall time; `None` without one.
    pub storm_since_ms: Option<i64>,
}

/// A problem that has no ticket of its own, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldProblem {
    /// `storm_host`, `muted` or `inhibited`.
    pub held: String,
    /// Signature and scope.
    pub key: String,
    /// `g1:…`
    pub signature: String,
    /// Of the ticket that it would have.
    pub title: String,
    /// How often it was seen.
    pub count: u64,
    /// Wall time.
    pub first_seen_ms: i64,
    /// Wall time.
    pub last_seen_ms: i64,
    /// The title of the digest or of the outage that tells of it.
    pub folded_into: Option<String>,
    /// The ticket of that, once it stands.
    pub ticket_id: Option<u64>,
}

/// Decides whether a problem may have a ticket, and notes it. Its row is there.
pub(super) fn admit(
    transaction: &Transaction<'_>,
    newcomer: &Newcomer<'_>,
    terms: &Terms<'_>,
) -> rusqlite::Result<Held> {
    let held = if newcomer.signature.starts_with(BY_HAND) {
        Held::Not
    } else if mutes::hides(transaction, newcomer, terms.now_ms)? {
        Held::Muted
    } else if outages::joins(transaction, newcomer, terms)? {
        // The outage has noted it.
        return Ok(Held::Inhibited);
    } else if takes_a_ticket(transaction, newcomer.id, terms)? {
        Held::Not
    } else {
        transaction.execute("UPDATE storm SET held_ms = ?1", [terms.now_ms])?;
        Held::Storm
    };
    transaction.execute(
        "UPDATE incidents SET held = ?2, folded_into = NULL WHERE id = ?1",
        params![newcomer.id, held.as_str()],
    )?;
    Ok(held)
}

fn takes_a_ticket(transaction: &Transaction<'_>, id: i64, terms: &Terms<'_>) -> rusqlite::Result<bool> {
    if !bucket::is_limited(terms.limits) {
        return Ok(true);
    }
    // Those that have waited come first.
    release(transaction, terms.limits, terms.now_ms)?;
    let free = level(transaction, terms.limits, terms.now_ms)?.next_ms <= terms.now_ms
        && first_waiting(transaction)?.is_none();
    if free {
        note_ticket(transaction, id, terms.now_ms)?;
    }
    Ok(free)
}

/// Lets through what is held, oldest first, as far as the bucket allows. Returns how many.
pub(super) fn release(
    transaction: &Transaction<'_>,
    limits: &LimitSettings,
    now_ms: i64,
) -> rusqlite::Result<u64> {
    let mut released = 0;
    while let Some(id) = first_waiting(transaction)? {
        if bucket::is_limited(limits) {
            if level(transaction, limits, now_ms)?.next_ms > now_ms {
                break;
            }
            note_ticket(transaction, id, now_ms)?;
        }
        transaction.execute("UPDATE incidents SET held = '' WHERE id = ?1", [id])?;
        rename_outcome(transaction, id, outcome::STORM_HOST, outcome::SPOOLED)?;
        step_gone(transaction, id, "count")?;
        transaction.execute(
            "UPDATE deliveries SET due_ms = ?2 WHERE incident_id = ?1 AND attempts = 0",
            params![id, now_ms],
        )?;
        released += 1;
    }
    Ok(released)
}

fn first_waiting(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            "SELECT id FROM incidents WHERE held = 'storm_host' AND folded_into IS NULL ORDER BY id LIMIT 1",
        )?
        .query_row([], |row| row.get(0))
        .optional()
}

fn note_ticket(transaction: &Transaction<'_>, id: i64, now_ms: i64) -> rusqlite::Result<()> {
    transaction.execute("INSERT INTO allowed (incident_id, at_ms) VALUES (?1, ?2)", [id, now_ms]).map(drop)
}

/// A problem that was let through gets no ticket after all.
pub(super) fn give_back(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM allowed WHERE incident_id = ?1", [id]).map(drop)
}

/// How the bucket stands. Moments after now are of a clock that was set back since.
fn level(transaction: &Transaction<'_>, limits: &LimitSettings, now_ms: i64) -> rusqlite::Result<Level> {
    transaction.execute("UPDATE allowed SET at_ms = ?1 WHERE at_ms > ?1", [now_ms])?;
    transaction.execute("DELETE FROM allowed WHERE at_ms <= ?1", [now_ms - DAY_MS])?;
    read_level(transaction, limits, now_ms)
}

fn read_level(connection: &Connection, limits: &LimitSettings, now_ms: i64) -> rusqlite::Result<Level> {
    let mut statement = connection.prepare_cached("SELECT min(at_ms, ?1) FROM allowed ORDER BY 1")?;
    let allowed = statement.query_map([now_ms], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    Ok(bucket::level(&allowed, limits, now_ms))
}

/// A held problem goes on: what a digest has told of it is no longer all.
pub(super) fn happened_again(transaction: &Transaction<'_>, id: i64, now_ms: i64) -> rusqlite::Result<()> {
    transaction.prepare_cached("UPDATE storm SET held_ms = ?1")?.execute([now_ms])?;
    let was_listed = transaction
        .prepare_cached("UPDATE incidents SET folded_into = NULL WHERE id = ?1 AND folded_into IS NOT NULL")?
        .execute([id])?;
    if was_listed > 0 {
        // It waits anew.
        transaction.execute(
            "UPDATE deliveries SET due_ms = ?2 WHERE incident_id = ?1 AND step <> 'count'",
            params![id, now_ms],
        )?;
    }
    Ok(())
}

/// Whether an outage that a problem is part of goes on.
pub(super) fn is_inhibited(
    transaction: &Transaction<'_>,
    newcomer: &Newcomer<'_>,
    terms: &Terms<'_>,
) -> rusqlite::Result<bool> {
    outages::goes_on_with(transaction, newcomer, terms)
}

impl Store {
    /// How the limit on new tickets stands.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn ticket_limit(&self, limits: &LimitSettings, now_ms: i64) -> Result<TicketLimit, StoreError> {
        self.read(|connection| {
            let level = read_level(connection, limits, now_ms)?;
            connection.query_row(
                "SELECT count(*) FILTER (WHERE folded_into IS NULL), count(folded_into),
                        (SELECT began_ms FROM storm)
                 FROM incidents WHERE held = 'storm_host'",
                [],
                |row| {
                    Ok(TicketLimit {
                        left: level.left,
                        next_ms: level.next_ms,
                        held: unsigned(row.get(0)?),
                        folded: unsigned(row.get(1)?),
                        storm_since_ms: row.get(2)?,
                    })
                },
            )
        })
    }

    /// Problems that have no ticket of their own, the most frequent first; at most `limit`.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn held(&self, limit: u32) -> Result<Vec<HeldProblem>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT i.held, i.key, i.signature, i.title, i.count, i.first_seen_ms, i.last_seen_ms, p.title,
                        p.ticket_id
                 FROM incidents i LEFT JOIN incidents p ON p.id = i.folded_into
                 WHERE i.held <> '' AND i.ticket_id IS NULL ORDER BY i.count DESC, i.id LIMIT ?1",
            )?;
            let rows = statement.query_map([limit], |row| {
                Ok(HeldProblem {
                    held: row.get(0)?,
                    key: row.get(1)?,
                    signature: row.get(2)?,
                    title: row.get(3)?,
                    count: unsigned(row.get(4)?),
                    first_seen_ms: row.get(5)?,
                    last_seen_ms: row.get(6)?,
                    folded_into: row.get(7)?,
                    ticket_id: row.get::<_, Option<i64>>(8)?.map(unsigned),
                })
            })?;
            rows.collect()
        })
    }
}
