//! Mutes as they are kept: what is in force, what each one hid, and what it does to problems that are there.

use super::admission::{Newcomer, give_back};
use super::tally::rename_outcome;
use super::{Store, StoreError, signed, unsigned};
use crate::policy::mute::{self, Mute, Until};
use crate::policy::{BY_HAND, outcome};
use crate::settings::{MuteEnd, MuteSetting};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::Serialize;

/// Who is named for the mutes of the settings.
const SETTINGS_AUTHOR: &str = "settings";

/// A mute, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MuteLine {
    /// Signature, or signature and scope.
    pub what: String,
    /// Why.
    pub reason: String,
    /// Who wants it.
    pub author: String,
    /// It stands in the settings, and only there it can be taken away.
    pub from_settings: bool,
    /// Since when, wall time.
    pub since_ms: i64,
    /// It ends then, wall time; `None` for never.
    pub until_ms: Option<i64>,
    /// It ends when it has happened so often ...
    pub until_count: Option<u64>,
    /// ... in so many hours.
    pub until_hours: Option<u32>,
    /// It ends when it gets worse.
    pub escalating: bool,
    /// When it has ended, wall time; `None` while it is in force.
    pub ended_ms: Option<i64>,
    /// Why it has ended.
    pub ended_why: Option<String>,
    /// Occurrences that it has hidden.
    pub count: u64,
    /// The last one, wall time.
    pub last_ms: Option<i64>,
    /// The title of a problem that it hides, if one was seen.
    pub title: Option<String>,
}

/// Whether a mute hides this problem now; what has ended is noted. Its occurrences of this batch are counted here too.
pub(super) fn hides(
    transaction: &Transaction<'_>,
    newcomer: &Newcomer<'_>,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    let found = transaction
        .prepare_cached(
            "SELECT id, until_ms, until_count, until_hours, escalating FROM mutes
             WHERE ended_ms IS NULL AND what IN (?1, ?2)",
        )?
        .query_map([newcomer.signature, newcomer.key], |row| Ok((row.get::<_, i64>(0)?, until(row, 1)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut hides = false;
    for (id, until) in found {
        let by_hour =
            if until.asks_for_counts() { by_hour(transaction, newcomer, now_ms)? } else { Vec::new() };
        if let Some(why) = until.is_over(&by_hour, now_ms) {
            end(transaction, id, why, now_ms)?;
        } else {
            transaction
                .prepare_cached("UPDATE mutes SET count = count + ?2, last_ms = ?3 WHERE id = ?1")?
                .execute(params![id, signed(newcomer.times), now_ms])?;
            hides = true;
        }
    }
    Ok(hides)
}

fn until(row: &Row<'_>, first: usize) -> rusqlite::Result<Until> {
    let count: Option<i64> = row.get(first + 1)?;
    let hours: Option<u32> = row.get(first + 2)?;
    Ok(Until {
        date_ms: row.get(first)?,
        count: count.map(unsigned).zip(hours),
        escalating: row.get(first + 3)?,
    })
}

/// How often a problem has happened in each hour that is known, and now.
fn by_hour(
    transaction: &Transaction<'_>,
    newcomer: &Newcomer<'_>,
    now_ms: i64,
) -> rusqlite::Result<Vec<(i64, u64)>> {
    let mut statement = transaction.prepare_cached(
        "SELECT hour, sum(count) FROM occurrences
         WHERE incident_id = ?1 AND outcome NOT IN ('child', 'echo', 'merged') AND hour <> 0 GROUP BY hour ORDER BY hour",
    )?;
    let mut hours = statement
        .query_map([newcomer.id], |row| Ok((row.get(0)?, unsigned(row.get(1)?))))?
        .collect::<rusqlite::Result<Vec<(i64, u64)>>>()?;
    hours.push((super::hour(now_ms), newcomer.times));
    // The same hour twice must be one number.
    let mut summed: Vec<(i64, u64)> = Vec::with_capacity(hours.len());
    hours.sort_unstable();
    for (hour, times) in hours {
        match summed.last_mut().filter(|(last, _)| *last == hour) {
            Some((_, sum)) => *sum += times,
            None => summed.push((hour, times)),
        }
    }
    Ok(summed)
}

fn end(transaction: &Transaction<'_>, id: i64, why: &str, now_ms: i64) -> rusqlite::Result<()> {
    transaction
        .execute("UPDATE mutes SET ended_ms = ?2, ended_why = ?3 WHERE id = ?1", params![id, now_ms, why])?;
    let what: String =
        transaction.query_row("SELECT what FROM mutes WHERE id = ?1", [id], |row| row.get(0))?;
    // Tickets that stand hear of what was counted meanwhile. A problem without one is filed when it happens again.
    let wakes = "held = 'muted' AND ticket_id IS NOT NULL AND (signature = ?1 OR key = ?1) AND NOT EXISTS
        (SELECT 1 FROM mutes m WHERE m.ended_ms IS NULL AND m.what IN (incidents.signature, incidents.key))";
    transaction.execute(
        &format!(
            "INSERT INTO deliveries (incident_id, step, due_ms)
             SELECT id, 'count', ?2 FROM incidents WHERE {wakes} AND count > told_count ON CONFLICT DO NOTHING"
        ),
        params![what, now_ms],
    )?;
    transaction.execute(&format!("UPDATE incidents SET held = '' WHERE {wakes}"), [&what]).map(drop)
}

/// Keeps a mute and silences what it is about.
fn begin(
    transaction: &Transaction<'_>,
    mute: &Mute,
    from_settings: bool,
    now_ms: i64,
) -> rusqlite::Result<u64> {
    transaction.execute(
        "INSERT INTO mutes (what, reason, author, from_settings, made_ms, until_ms, until_count, until_hours,
                            escalating)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            mute.what,
            mute.reason,
            mute.author,
            from_settings,
            now_ms,
            mute.until.date_ms,
            mute.until.count.map(|(count, _)| signed(count)),
            mute.until.count.map(|(_, hours)| hours),
            mute.until.escalating
        ],
    )?;
    silence(transaction, &mute.what)
}

/// What is there already goes quiet. Returns how many problems that are.
fn silence(transaction: &Transaction<'_>, what: &str) -> rusqlite::Result<u64> {
    let mut statement = transaction.prepare(
        "SELECT id, ticket_id IS NULL FROM incidents WHERE (signature = ?1 OR key = ?1) AND signature NOT LIKE ?2",
    )?;
    let found = statement
        .query_map([what, &format!("{BY_HAND}%")], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(i64, bool)>>>()?;
    for (id, has_no_ticket) in &found {
        transaction.execute("UPDATE incidents SET held = 'muted', folded_into = NULL WHERE id = ?1", [id])?;
        super::tally::tell_no_count(transaction, *id)?;
        if *has_no_ticket {
            give_back(transaction, *id)?;
            for waiting in [outcome::SPOOLED, outcome::STORM_HOST] {
                rename_outcome(transaction, *id, waiting, outcome::MUTED)?;
            }
        }
    }
    Ok(found.len() as u64)
}

/// The clock was set back: a mute that has ended by its date, which has not come, goes on.
pub(super) fn date_has_not_come(transaction: &Transaction<'_>, now_ms: i64) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare(
        "SELECT max(id), what FROM mutes WHERE ended_ms > ?1 AND until_ms > ?1 AND ended_why = ?2
             AND NOT EXISTS (SELECT 1 FROM mutes m WHERE m.what = mutes.what AND m.ended_ms IS NULL)
         GROUP BY what",
    )?;
    let found = statement
        .query_map(params![now_ms, mute::DATE_HAS_COME], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
    for (id, what) in found {
        transaction.execute("UPDATE mutes SET ended_ms = NULL, ended_why = NULL WHERE id = ?1", [id])?;
        silence(transaction, &what)?;
    }
    Ok(())
}

fn in_force(transaction: &Transaction<'_>, what: &str) -> rusqlite::Result<Option<(i64, bool)>> {
    transaction
        .query_row(
            "SELECT id, from_settings FROM mutes WHERE what = ?1 AND ended_ms IS NULL",
            [what],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
}

impl Store {
    /// Mutes a problem; what was in force for the same is replaced. Ask [`Mute::check`] first. Returns how many problems that
    /// were seen already it silences.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn mute(&mut self, mute: &Mute, now_ms: i64) -> Result<u64, StoreError> {
        self.write(|transaction| {
            if let Some((id, _)) = in_force(transaction, &mute.what)? {
                transaction.execute(
                    "UPDATE mutes SET ended_ms = ?2, ended_why = 'replaced', from_settings = 0 WHERE id = ?1",
                    params![id, now_ms],
                )?;
            }
            begin(transaction, mute, false, now_ms)
        })
    }

    /// Ends a mute. False when none is in force for this, or when it stands in the settings.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn unmute(&mut self, what: &str, now_ms: i64) -> Result<bool, StoreError> {
        self.write(|transaction| match in_force(transaction, what)? {
            Some((id, false)) => end(transaction, id, "by hand", now_ms).map(|()| true),
            _ => Ok(false),
        })
    }

    /// Every mute in force, and those that have ended in the last 30 days; the newest first.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn mutes(&self) -> Result<Vec<MuteLine>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT what, reason, author, from_settings, made_ms, until_ms, until_count, until_hours, escalating,
                        ended_ms, ended_why, count, last_ms,
                        (SELECT title FROM incidents i WHERE m.what IN (i.signature, i.key) LIMIT 1)
                 FROM mutes m ORDER BY ended_ms IS NOT NULL, made_ms DESC, id DESC",
            )?;
            let rows = statement.query_map([], |row| {
                let until = until(row, 5)?;
                Ok(MuteLine {
                    what: row.get(0)?,
                    reason: row.get(1)?,
                    author: row.get(2)?,
                    from_settings: row.get(3)?,
                    since_ms: row.get(4)?,
                    until_ms: until.date_ms,
                    until_count: until.count.map(|(count, _)| count),
                    until_hours: until.count.map(|(_, hours)| hours),
                    escalating: until.escalating,
                    ended_ms: row.get(9)?,
                    ended_why: row.get(10)?,
                    count: unsigned(row.get(11)?),
                    last_ms: row.get(12)?,
                    title: row.get(13)?,
                })
            })?;
            rows.collect()
        })
    }

    /// Makes the mutes of the settings those that are in force. A mute that somebody has ordered for the same stays.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn mutes_of_settings(&mut self, wanted: &[MuteSetting], now_ms: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            let mut statement = transaction.prepare("SELECT id, what FROM mutes WHERE from_settings")?;
            let known = statement
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
            for (id, what) in &known {
                if !wanted.iter().any(|mute| mute.signature == *what) {
                    end(transaction, *id, "no longer in the settings", now_ms)?;
                    transaction.execute("UPDATE mutes SET from_settings = 0 WHERE id = ?1", [id])?;
                }
            }
            for setting in wanted {
                // One that has ended by its date stays ended, however often the settings are read.
                let row = known.iter().find(|(_, what)| *what == setting.signature);
                let until_ms = match setting.until {
                    MuteEnd::Usual => None,
                    MuteEnd::Forever => Some(None),
                    MuteEnd::At(date_ms) => Some(Some(date_ms)),
                };
                if let Some((id, _)) = row {
                    transaction
                        .execute("UPDATE mutes SET reason = ?2 WHERE id = ?1", params![id, setting.reason])?;
                    let Some(until_ms) = until_ms else { continue };
                    let has_ended: bool = transaction.query_row(
                        "SELECT ended_ms IS NOT NULL FROM mutes WHERE id = ?1",
                        [id],
                        |row| row.get(0),
                    )?;
                    if !has_ended || until_ms.is_some_and(|date| date <= now_ms) {
                        transaction
                            .execute("UPDATE mutes SET until_ms = ?2 WHERE id = ?1", params![id, until_ms])?;
                        continue;
                    }
                    // A later date was written: it begins anew.
                    transaction.execute("UPDATE mutes SET from_settings = 0 WHERE id = ?1", [id])?;
                }
                if in_force(transaction, &setting.signature)?.is_some()
                    || until_ms.flatten().is_some_and(|date| date <= now_ms)
                {
                    continue;
                }
                let until = match until_ms {
                    None => Until::default_from(now_ms),
                    Some(date_ms) => Until { date_ms, ..Until::default() },
                };
                let mute = Mute {
                    what: setting.signature.clone(),
                    reason: setting.reason.clone(),
                    author: SETTINGS_AUTHOR.to_owned(),
                    until,
                };
                begin(transaction, &mute, true, now_ms)?;
            }
            Ok(())
        })
    }
}
