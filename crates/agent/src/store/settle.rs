//! What the passing of time does to what is held: tickets that are allowed by now, and the digests of a storm.

use super::admission::release;
use super::own::{self, Own};
use super::{Store, StoreError, unsigned};
use crate::policy::storm::{Queue, Storm, step};
use crate::settings::LimitSettings;
use rusqlite::{Connection, Transaction, params};

/// While something is held it is looked at this often: a clock may be set.
const LOOK_EVERY_MS: i64 = 60_000;

/// What has come of looking at what is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Problems whose tickets are due now.
    pub released: u64,
    /// A storm began, and this many problems wait.
    pub storm_begins: Option<u64>,
    /// A digest was made, of this many problems.
    pub digest: Option<u64>,
    /// The storm is over.
    pub storm_ends: bool,
    /// When to look again, wall time; `None` when nothing is held.
    pub next_ms: Option<i64>,
}

impl Settled {
    /// Whether there is something new to deliver.
    #[must_use]
    pub fn has_news(&self) -> bool {
        self.released > 0 || self.digest.is_some()
    }
}

impl Store {
    /// Brings what is held forward to now. To be called when something was held, and again at the time it tells.
    ///
    /// # Errors
    /// When the state cannot be read or written.
    pub fn settle(&mut self, limits: &LimitSettings, now_ms: i64) -> Result<Settled, StoreError> {
        let idle = self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT NOT EXISTS (SELECT 1 FROM incidents WHERE held = 'storm_host' AND folded_into IS NULL)
                         AND began_ms IS NULL FROM storm",
                )?
                .query_row([], |row| row.get::<_, bool>(0))
        })?;
        if idle {
            return Ok(Settled::default());
        }
        self.write(|transaction| settle(transaction, limits, now_ms))
    }
}

fn settle(transaction: &Transaction<'_>, limits: &LimitSettings, now_ms: i64) -> rusqlite::Result<Settled> {
    let mut settled = Settled { released: release(transaction, limits, now_ms)?, ..Settled::default() };
    let mut storm = transaction.query_row("SELECT began_ms, held_ms, digest_ms FROM storm", [], |row| {
        Ok(Storm { began_ms: row.get(0)?, held_ms: row.get(1)?, digest_ms: row.get(2)? })
    })?;
    let queue = queue(transaction)?;
    let before = storm;
    let step = step(&mut storm, queue, now_ms);
    if step.digest {
        settled.digest = digest(transaction, limits, now_ms)?;
        if settled.digest.is_none() {
            storm.digest_ms = before.digest_ms;
        }
    }
    transaction.execute(
        "UPDATE storm SET began_ms = ?1, digest_ms = ?2",
        params![storm.began_ms, storm.digest_ms],
    )?;
    settled.storm_begins = step.begins.then_some(queue.waiting);
    settled.storm_ends = step.ends;
    let waits = queue.waiting > 0 && settled.digest.is_none();
    settled.next_ms = (waits || storm.began_ms.is_some()).then_some(now_ms + LOOK_EVERY_MS);
    Ok(settled)
}

fn queue(connection: &Connection) -> rusqlite::Result<Queue> {
    connection.query_row(
        "SELECT count(*), min(d.due_ms) FROM incidents i
         JOIN deliveries d ON d.incident_id = i.id AND d.step = 'ticket'
         WHERE i.held = 'storm_host' AND i.folded_into IS NULL",
        [],
        |row| Ok(Queue { waiting: unsigned(row.get(0)?), oldest_ms: row.get(1)? }),
    )
}

/// Lists everything that waits in a ticket of its own. Returns how much that is; `None` when there is a digest of this
/// minute, by a clock that was set back.
fn digest(
    transaction: &Transaction<'_>,
    limits: &LimitSettings,
    now_ms: i64,
) -> rusqlite::Result<Option<u64>> {
    const WAITING: &str = "held = 'storm_host' AND folded_into IS NULL";
    let (like, problems): (i64, i64) = transaction.query_row(
        &format!("SELECT max(id), count(*) FROM incidents WHERE {WAITING}"),
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let problems = unsigned(problems);
    let per = |number: u64, of: &str| if number == 0 { String::new() } else { format!(", {number} {of}") };
    let why = format!(
        "{problems} problems have no ticket of their own yet: this workstation opens at most {} at once{}{}. Nothing is \
         lost, each is counted. One that goes on gets its ticket as soon as there is room.",
        limits.tickets_burst.max(1),
        per(limits.tickets_per_hour, "an hour"),
        per(limits.tickets_per_day, "a day")
    );
    let title = format!("Storm: {problems} problems held back");
    let own = Own { kind: "digest", of: "", title: &title, why: &why, due_ms: now_ms };
    let Some(id) = own::make(transaction, &own, like, now_ms)? else { return Ok(None) };
    transaction.execute(&format!("UPDATE incidents SET folded_into = ?1 WHERE {WAITING}"), [id])?;
    own::count(transaction, id, problems, now_ms)?;
    own::list(transaction, id)?;
    Ok(Some(problems))
}
