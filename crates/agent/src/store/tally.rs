//! Occurrences of one problem: whether it is new, what becomes of them, and what the site has to hear of it.
//!
//! The hot path of a storm: what a known problem costs here is one question and a few writes, however it is held.

use super::admission::{self, Newcomer};
use super::steps::{add_delivery, attach_evidence, step_gone};
use super::{Decided, Tally, hour, mutes, signed, unsigned};
use crate::policy::held::Held;
use crate::policy::{Decision, Known, decide, outcome};
use crate::settings::LimitSettings;
use rusqlite::{OptionalExtension, Row, Transaction, params};

/// What decides beside the state.
pub(super) struct Terms<'a> {
    pub(super) limits: &'a LimitSettings,
    /// The agent itself cannot reach the site.
    pub(super) site_away: bool,
    pub(super) now_ms: i64,
}

/// A problem that the state knows.
struct Kept {
    id: i64,
    count: i64,
    held: Held,
    signature: String,
    has_ticket: bool,
    /// People have deleted its ticket.
    is_gone: bool,
    known: Known,
}

impl Kept {
    fn read(row: &Row<'_>) -> rusqlite::Result<Kept> {
        let attempts: Option<i64> = row.get(3)?;
        Ok(Kept {
            id: row.get(0)?,
            count: row.get(1)?,
            known: Known { first_seen_ms: row.get(2)?, delivery_began: attempts != Some(0) },
            held: Held::of(row.get_ref(4)?.as_str()?),
            has_ticket: row.get(5)?,
            signature: row.get(6)?,
            is_gone: row.get(7)?,
        })
    }
}

pub(super) fn keep_tally(
    transaction: &Transaction<'_>,
    tally: &Tally,
    terms: &Terms<'_>,
) -> rusqlite::Result<Decided> {
    let kept = transaction
        .prepare_cached(
            "SELECT i.id, i.count, i.first_seen_ms, d.attempts, i.held, i.ticket_id IS NOT NULL, i.signature,
                    i.gone_ms IS NOT NULL
             FROM incidents i LEFT JOIN deliveries d ON d.incident_id = i.id AND d.step = 'ticket'
             WHERE i.key = ?1",
        )?
        .query_row([&tally.key], Kept::read)
        .optional()?;
    let decided = match kept {
        None => keep_new(transaction, tally, terms),
        Some(kept) => keep_known(transaction, &kept, tally, terms),
    }?;
    happened(transaction, tally, terms.now_ms)?;
    Ok(decided)
}

/// Keeps which occurrence was the newest: a closed ticket is opened again by that one only.
fn happened(transaction: &Transaction<'_>, tally: &Tally, now_ms: i64) -> rusqlite::Result<()> {
    let newest = tally.newest.as_ref();
    // A stamp from the future is a clock that was wrong.
    let at_ms = newest.map_or(now_ms, |event| event.at_ms.min(now_ms));
    transaction
        .prepare_cached(
            "UPDATE incidents SET event_ms = ?2, event_version = ?3
             WHERE key = ?1 AND (event_ms <= ?2 OR event_ms > ?4)",
        )?
        .execute(params![tally.key, at_ms, newest.and_then(|event| event.version.as_deref()), now_ms])?;
    Ok(())
}

/// A problem that was never seen before.
fn keep_new(transaction: &Transaction<'_>, tally: &Tally, terms: &Terms<'_>) -> rusqlite::Result<Decided> {
    let (new, now_ms) = (&tally.new, terms.now_ms);
    transaction
        .prepare_cached(
            "INSERT INTO incidents
                 (key, signature, title, login, count, first_seen_ms, last_seen_ms, facts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)",
        )?
        .execute(params![
            tally.key,
            new.signature,
            new.title,
            new.login,
            signed(tally.times),
            now_ms,
            new.facts
        ])?;
    let id = transaction.last_insert_rowid();
    let due_ms = file_at(terms);
    add_delivery(transaction, id, "ticket", due_ms)?;
    if let Some(hash) = &new.evidence {
        attach_evidence(transaction, id, hash, due_ms)?;
    }
    let newcomer = Newcomer { id, key: &tally.key, signature: &new.signature, times: tally.times };
    let held = admission::admit(transaction, &newcomer, terms)?;
    let (first, rest) = outcomes(held);
    add_occurrences(transaction, id, now_ms, first, 1)?;
    if tally.times > 1 {
        add_occurrences(transaction, id, now_ms, rest, tally.times - 1)?;
    }
    Ok(Decided { new: true, count: tally.times, first, rest, waits: held == Held::Storm })
}

/// A problem that was seen before: counted, and where nobody holds it any more, filed after all.
fn keep_known(
    transaction: &Transaction<'_>,
    kept: &Kept,
    tally: &Tally,
    terms: &Terms<'_>,
) -> rusqlite::Result<Decided> {
    let now_ms = terms.now_ms;
    let count = kept.count + signed(tally.times);
    transaction
        .prepare_cached("UPDATE incidents SET count = ?2, last_seen_ms = ?3 WHERE id = ?1")?
        .execute(params![kept.id, count, now_ms])?;
    let newcomer = Newcomer { id: kept.id, key: &tally.key, signature: &kept.signature, times: tally.times };
    let goes_on = match kept.held {
        Held::Not => true,
        Held::Storm => {
            admission::happened_again(transaction, kept.id, now_ms)?;
            true
        }
        Held::Muted => mutes::hides(transaction, &newcomer, now_ms)?,
        Held::Inhibited => admission::is_inhibited(transaction, &newcomer, terms)?,
    };
    let (mut held, mut first) = (kept.held, outcomes(kept.held).1);
    if !goes_on {
        held = Held::Not;
        if kept.has_ticket {
            transaction.execute("UPDATE incidents SET held = '' WHERE id = ?1", [kept.id])?;
            first = outcome::DUPLICATE;
        } else {
            // As if it were new: what happened before was of no interest, or part of something else.
            held = admission::admit(transaction, &newcomer, terms)?;
            first = outcomes(held).0;
            let due_ms = file_at(terms);
            transaction.execute(
                "UPDATE deliveries SET due_ms = ?2 WHERE incident_id = ?1 AND step <> 'count'",
                params![kept.id, due_ms],
            )?;
        }
    }
    let mut rest = outcomes(held).1;
    if kept.is_gone {
        for outcome in [&mut first, &mut rest] {
            *outcome = if *outcome == outcome::DUPLICATE { outcome::COOLDOWN } else { *outcome };
        }
    }
    if first == rest {
        add_occurrences(transaction, kept.id, now_ms, rest, tally.times)?;
    } else {
        add_occurrences(transaction, kept.id, now_ms, first, 1)?;
        if tally.times > 1 {
            add_occurrences(transaction, kept.id, now_ms, rest, tally.times - 1)?;
        }
    }
    if held == Held::Not
        && let Decision::Count { due_ms, gather_until_ms } = decide(Some(kept.known), terms.limits, now_ms)
    {
        add_delivery(transaction, kept.id, "count", due_ms)?;
        if let Some(until) = gather_until_ms.filter(|_| goes_on) {
            transaction
                .prepare_cached(
                    "UPDATE deliveries SET due_ms = ?2
                     WHERE incident_id = ?1 AND attempts = 0 AND step <> 'count'",
                )?
                .execute(params![kept.id, until])?;
        }
    }
    Ok(Decided { new: false, count: unsigned(count), first, rest, waits: held == Held::Storm })
}

/// What the first occurrence of a problem and the others become.
fn outcomes(held: Held) -> (&'static str, &'static str) {
    match held {
        Held::Not => (outcome::SPOOLED, outcome::DUPLICATE),
        Held::Storm => (outcome::STORM_HOST, outcome::DUPLICATE),
        Held::Muted => (outcome::MUTED, outcome::MUTED),
        Held::Inhibited => (outcome::INHIBITED, outcome::INHIBITED),
    }
}

fn file_at(terms: &Terms<'_>) -> i64 {
    match decide(None, terms.limits, terms.now_ms) {
        Decision::File { due_ms } | Decision::Count { due_ms, .. } => due_ms,
    }
}

pub(super) fn add_occurrences(
    transaction: &Transaction<'_>,
    incident: i64,
    now_ms: i64,
    outcome: &str,
    times: u64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO occurrences (incident_id, hour, outcome, count) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET count = count + ?4",
        )?
        .execute(params![incident, hour(now_ms), outcome, signed(times)])?;
    Ok(())
}

/// Occurrences of one outcome end in another one after all.
pub(super) fn rename_outcome(
    transaction: &Transaction<'_>,
    incident: i64,
    from: &str,
    to: &str,
) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO occurrences (incident_id, hour, outcome, count)
         SELECT incident_id, hour, ?3, count FROM occurrences WHERE incident_id = ?1 AND outcome = ?2
         ON CONFLICT DO UPDATE SET count = count + excluded.count",
        params![incident, from, to],
    )?;
    transaction.execute(
        "DELETE FROM occurrences WHERE incident_id = ?1 AND outcome = ?2",
        params![incident, from],
    )?;
    Ok(())
}

/// One occurrence of a problem that stays was one of another problem: it is no longer counted here, and the ticket,
/// which may have been told the larger number or be told it at this moment, hears of it.
pub(super) fn take_one(transaction: &Transaction<'_>, id: i64, now_ms: i64) -> rusqlite::Result<()> {
    transaction.execute("UPDATE incidents SET count = count - 1 WHERE id = ?1", [id])?;
    // A repeat if there is one: the first occurrence is what has a ticket or waits for it.
    transaction.execute(
        "UPDATE occurrences SET count = count - 1 WHERE (incident_id, hour, outcome) =
             (SELECT incident_id, hour, outcome FROM occurrences
              WHERE incident_id = ?1 AND outcome NOT IN ('child', 'echo', 'merged')
              ORDER BY outcome = 'duplicate' DESC, outcome IN ('cooldown', 'muted', 'inhibited') DESC, hour DESC LIMIT 1)",
        [id],
    )?;
    transaction.execute("DELETE FROM occurrences WHERE incident_id = ?1 AND count = 0", [id])?;
    add_delivery(transaction, id, "count", now_ms)
}

/// The ticket is not told of what somebody does not want to hear.
pub(super) fn tell_no_count(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<()> {
    step_gone(transaction, id, "count")
}
