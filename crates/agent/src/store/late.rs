//! Lines that came after their record was reported: the record is looked at again as a whole, and what was kept of it
//! moves, changes or is added to. It is counted once, as before.

use super::folds::{FoldedCounts, add_back, id_of, remove};
use super::steps::{add_delivery, attach_evidence, step_gone};
use super::tally::{Terms, keep_tally, take_one};
use super::{NewIncident, Store, StoreError, Tally};
use crate::facts::IncidentFacts;
use crate::policy::twins::MadeFrom;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// So much of late lines goes to a ticket; the whole is in the log.
const MOST_TEXT_BYTES: usize = 16 * 1024;
/// So many additions wait for one ticket; a log that is written line by line over minutes is told in part.
const MOST_WAITING: i64 = 4;

/// A record that went on after it was kept.
#[derive(Clone)]
pub struct LateRecord {
    /// Signature and scope it was kept under.
    pub old_key: String,
    /// Signature and scope of the whole; `None` when it could not be read again.
    pub whole: Option<Whole>,
    /// The late lines, redacted.
    pub text: String,
}

/// A record that was read again.
#[derive(Clone)]
pub struct Whole {
    /// Signature and scope.
    pub key: String,
    /// Which record it was when it was kept.
    pub was: MadeFrom,
    /// Only used when the problem is new, or its ticket is not there yet.
    pub new: NewIncident,
}

/// What becomes of late lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LateCase {
    /// What is kept of the problem was made from this record, and nobody has heard of it yet: it is made anew.
    Replace,
    /// It is another problem than it seemed: counted there, and no longer here.
    Move,
    /// Its ticket stands, or is being made: the lines are added to it.
    Tell,
    /// One of many occurrences, and nothing is new by it.
    Nothing,
}

struct Kept {
    id: i64,
    count: i64,
    case: LateCase,
}

impl Store {
    /// What late lines would become now.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn late_case(&self, late: &LateRecord) -> Result<LateCase, StoreError> {
        let in_hand = self.in_hand.get();
        self.read(|connection| {
            Ok(find(connection, late, in_hand)?.map_or(LateCase::Nothing, |kept| kept.case))
        })
    }

    /// Lines that wait for a ticket, oldest first, and the number of the last one.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn late_lines(&self, incident_id: i64) -> Result<(String, i64), StoreError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT id, text FROM late_lines WHERE incident_id = ?1 ORDER BY id")?;
            let (mut text, mut last) = (String::new(), 0);
            let mut rows = statement.query([incident_id])?;
            while let Some(row) = rows.next()? {
                last = row.get(0)?;
                text.push_str(&row.get::<_, String>(1)?);
            }
            Ok((text, last))
        })
    }
}

fn find(connection: &Connection, late: &LateRecord, in_hand: Option<i64>) -> rusqlite::Result<Option<Kept>> {
    let row = connection
        .prepare_cached(
            "SELECT i.id, i.count, i.facts, i.ticket_id IS NOT NULL, d.attempts
             FROM incidents i LEFT JOIN deliveries d ON d.incident_id = i.id AND d.step = 'ticket'
             WHERE i.key = ?1",
        )?
        .query_row([&late.old_key], |row| {
            let facts: String = row.get(2)?;
            let stands: bool = row.get(3)?;
            let attempts: Option<i64> = row.get(4)?;
            Ok((row.get(0)?, row.get(1)?, facts, stands || attempts != Some(0)))
        })
        .optional()?;
    let Some((id, count, facts, began)) = row else { return Ok(None) };
    let began = began || in_hand == Some(id);
    let case = match &late.whole {
        // Which of several it was, nobody can tell any more.
        None if count == 1 => LateCase::Tell,
        None => LateCase::Nothing,
        Some(whole) => {
            let is_it = is_made_from(&facts, whole);
            match (whole.key == late.old_key, count > 1, began) {
                (false, true, _) => LateCase::Move,
                (false, false, false) if knows(connection, &whole.key)? => LateCase::Move,
                (false, false, false) => LateCase::Replace,
                (true, _, false) if is_it => LateCase::Replace,
                (_, _, true) if is_it => LateCase::Tell,
                _ => LateCase::Nothing,
            }
        }
    };
    Ok(Some(Kept { id, count, case }))
}

fn knows(connection: &Connection, key: &str) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM incidents WHERE key = ?1")?.exists([key])
}

/// Whether what is kept of a problem was made from this record, and not from another occurrence.
fn is_made_from(facts: &str, whole: &Whole) -> bool {
    serde_json::from_str::<IncidentFacts>(facts).is_ok_and(|facts| {
        let MadeFrom { file, start, pid, logger } = &whole.was;
        (&facts.file, &facts.bytes.0, &facts.pid, &facts.logger) == (file, start, pid, logger)
    })
}

pub(super) fn keep_late(
    transaction: &Transaction<'_>,
    late: &LateRecord,
    in_hand: Option<i64>,
    terms: &Terms<'_>,
) -> rusqlite::Result<()> {
    let now_ms = terms.now_ms;
    let Some(kept) = find(transaction, late, in_hand)? else { return Ok(()) };
    // What it would become was asked before the transaction; if that has changed since, there are no facts for it.
    let has_facts = |whole: &Whole| !whole.new.signature.is_empty();
    match (kept.case, &late.whole) {
        (LateCase::Replace, Some(whole)) if !has_facts(whole) => Ok(()),
        (LateCase::Move, Some(whole)) if !has_facts(whole) && !knows(transaction, &whole.key)? => Ok(()),
        (LateCase::Nothing, _) | (LateCase::Replace | LateCase::Move, None) => Ok(()),
        (LateCase::Replace, Some(whole)) => replace(transaction, kept.id, whole),
        (LateCase::Move, Some(whole)) => {
            let folded = take_one_away(transaction, &kept, now_ms)?;
            let tally = Tally { key: whole.key.clone(), times: 1, new: whole.new.clone(), newest: None };
            keep_tally(transaction, &tally, terms)?;
            let id = id_of(transaction, &whole.key)?.unwrap_or(0);
            add_back(transaction, id, &folded)
        }
        (LateCase::Tell, _) => tell(transaction, kept.id, &late.text, now_ms),
    }
}

fn replace(transaction: &Transaction<'_>, id: i64, whole: &Whole) -> rusqlite::Result<()> {
    let new = &whole.new;
    transaction.execute(
        "UPDATE incidents SET key = ?2, signature = ?3, title = ?4, login = ?5, facts = ?6
         WHERE id = ?1",
        params![id, whole.key, new.signature, new.title, new.login, new.facts],
    )?;
    let due_ms: i64 = transaction.query_row(
        "SELECT due_ms FROM deliveries WHERE incident_id = ?1 AND step = 'ticket'",
        [id],
        |row| row.get(0),
    )?;
    for step in ["log", "archive"] {
        step_gone(transaction, id, step)?;
    }
    transaction.execute("DELETE FROM evidence WHERE incident_id = ?1", [id])?;
    match &new.evidence {
        Some(hash) => attach_evidence(transaction, id, hash, due_ms),
        None => Ok(()),
    }
}

/// An occurrence that turned out to be one of another problem. Returns what was folded into it.
fn take_one_away(transaction: &Transaction<'_>, kept: &Kept, now_ms: i64) -> rusqlite::Result<FoldedCounts> {
    if kept.count == 1 {
        return remove(transaction, kept.id);
    }
    take_one(transaction, kept.id, now_ms)?;
    Ok(FoldedCounts::new())
}

fn tell(transaction: &Transaction<'_>, id: i64, text: &str, now_ms: i64) -> rusqlite::Result<()> {
    let waiting: i64 =
        transaction
            .query_row("SELECT count(*) FROM late_lines WHERE incident_id = ?1", [id], |row| row.get(0))?;
    if waiting >= MOST_WAITING || text.trim().is_empty() {
        return Ok(());
    }
    let end = text.floor_char_boundary(MOST_TEXT_BYTES);
    let cut = if end < text.len() { "\n[... the rest is in the log ...]\n" } else { "" };
    transaction.execute(
        "INSERT INTO late_lines (incident_id, text) VALUES (?1, ?2)",
        params![id, format!("{}{cut}", &text[..end])],
    )?;
    add_delivery(transaction, id, "lines", now_ms)
}
