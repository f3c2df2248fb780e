//! Incidents of our own: a ticket that tells of several problems, and what is written in it.
//!
//! Made from the facts of one of the problems, so that user, host and session are there, and delivered by the ordinary
//! steps. They count what they tell of and are in no sum of what was seen.

use super::steps::add_delivery;
use super::{signed, unsigned};
use crate::facts::{DigestLine, IncidentFacts, Moment};
use jiff::tz::TimeZone;
use rusqlite::{Connection, Transaction, params};
use std::fmt::Write;

/// So many problems are listed with their times; the others by title.
const MOST_WITH_TIMES: usize = 200;
/// So many are listed at all, as a ticket's text has an end; more are told by number, and all are in `status`.
const MOST_LISTED: usize = 1_000;

/// What an incident of our own is.
pub(super) struct Own<'a> {
    /// `digest` or `outage`.
    pub(super) kind: &'a str,
    /// Follows the kind in the signature; empty for none.
    pub(super) of: &'a str,
    /// Of the ticket's title, without the user.
    pub(super) title: &'a str,
    /// One sentence: why these problems have no ticket of their own.
    pub(super) why: &'a str,
    /// When its ticket is due.
    pub(super) due_ms: i64,
}

/// Makes one from the facts of a problem that it tells of. `None` when there is one of this minute.
pub(super) fn make(
    transaction: &Transaction<'_>,
    own: &Own<'_>,
    like: i64,
    now_ms: i64,
) -> rusqlite::Result<Option<i64>> {
    let (facts, title, login): (String, String, String) =
        transaction.query_row("SELECT facts, title, login FROM incidents WHERE id = ?1", [like], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    let like: IncidentFacts = serde_json::from_str(&facts).unwrap_or_default();
    let signature = if own.of.is_empty() { own.kind.to_owned() } else { format!("{}:{}", own.kind, own.of) };
    let minute = utc(now_ms).get(..16).map(str::to_owned).unwrap_or_default();
    // Of this person, this machine and this minute: no other agent makes the same.
    let key = format!("{signature} {login}@{} {minute}Z", like.machine.host);
    // The title says whose it is where titles do.
    let whose = if title.starts_with(&format!("{login} - ")) { format!("{login} - ") } else { String::new() };
    let title = format!("{whose}{} on {}, {}", own.title, like.machine.host, minute.replace('T', " "));
    let facts = IncidentFacts {
        v: like.v,
        signature: signature.clone(),
        title: title.clone(),
        summary: own.why.to_owned(),
        message: own.why.to_owned(),
        time: Moment::at(now_ms, &TimeZone::UTC),
        user: like.user,
        machine: like.machine,
        session: like.session,
        evidence_note: Some("this ticket tells of several problems".to_owned()),
        agent_version: like.agent_version,
        ..IncidentFacts::default()
    };
    let made = transaction.execute(
        "INSERT INTO incidents
             (key, signature, title, login, count, first_seen_ms, last_seen_ms, facts, own, connection)
         VALUES (?1, ?2, ?3, ?4, 0, ?5, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
        params![
            key,
            signature,
            title,
            login,
            now_ms,
            serde_json::to_string(&facts).unwrap_or_default(),
            own.kind,
            own.of
        ],
    )?;
    if made == 0 {
        return Ok(None);
    }
    let id = transaction.last_insert_rowid();
    add_delivery(transaction, id, "ticket", own.due_ms)?;
    Ok(Some(id))
}

/// Writes into the facts what is folded into an incident of our own, unless its ticket was begun.
pub(super) fn list(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<()> {
    let is_unsent: bool = transaction
        .prepare_cached(
            "SELECT 1 FROM deliveries WHERE incident_id = ?1 AND step = 'ticket' AND attempts = 0",
        )?
        .exists([id])?;
    if !is_unsent {
        return Ok(());
    }
    let facts: String =
        transaction.query_row("SELECT facts FROM incidents WHERE id = ?1", [id], |row| row.get(0))?;
    let mut facts: IncidentFacts = serde_json::from_str(&facts).unwrap_or_default();
    let lines = lines(transaction, id)?;
    facts.message = text(&facts.summary, &lines);
    facts.digest = lines;
    transaction
        .execute(
            "UPDATE incidents SET facts = ?2 WHERE id = ?1",
            params![id, serde_json::to_string(&facts).unwrap_or_default()],
        )
        .map(drop)
}

fn lines(connection: &Connection, id: i64) -> rusqlite::Result<Vec<DigestLine>> {
    let mut statement = connection.prepare_cached(
        "SELECT title, signature, count, first_seen_ms, last_seen_ms FROM incidents WHERE folded_into = ?1
         ORDER BY count DESC, id",
    )?;
    let rows = statement.query_map([id], |row| {
        Ok(DigestLine {
            title: row.get(0)?,
            signature: row.get(1)?,
            count: unsigned(row.get(2)?),
            first_seen: utc(row.get(3)?),
            last_seen: utc(row.get(4)?),
        })
    })?;
    rows.collect()
}

/// What people read: the most frequent problems first.
fn text(why: &str, lines: &[DigestLine]) -> String {
    let mut text = format!("{why}\n");
    for line in lines.iter().take(MOST_WITH_TIMES) {
        let when = if line.first_seen == line.last_seen {
            line.first_seen.clone()
        } else {
            format!("{} to {}", line.first_seen, line.last_seen)
        };
        let _ = write!(text, "\n{:>6} x  {}\n          {when}, {}", line.count, line.title, line.signature);
    }
    for line in lines.iter().take(MOST_LISTED).skip(MOST_WITH_TIMES) {
        let _ = write!(text, "\n{:>6} x  {}", line.count, line.title);
    }
    if lines.len() > MOST_LISTED {
        let _ = write!(text, "\nand {} more, each seen less often", lines.len() - MOST_LISTED);
    }
    text
}

/// An incident of our own tells of so much more.
pub(super) fn count(transaction: &Transaction<'_>, id: i64, times: u64, now_ms: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE incidents SET count = count + ?2, last_seen_ms = ?3 WHERE id = ?1")?
        .execute(params![id, signed(times), now_ms])
        .map(drop)
}

fn utc(wall_ms: i64) -> String {
    Moment::at(wall_ms, &TimeZone::UTC).utc
}
