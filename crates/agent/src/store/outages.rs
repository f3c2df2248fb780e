//! Outages as they are kept: an incident of our own that stands for many problems of one connection.

use super::admission::{Newcomer, give_back};
use super::own::{self, Own};
use super::steps::add_delivery;
use super::tally::{Terms, rename_outcome};
use crate::facts::IncidentFacts;
use crate::policy::outage::{Connection, OVER_AFTER_MS, WITHIN_MS};
use crate::policy::{Decision, Known, decide, outcome};
use rusqlite::{OptionalExtension, Transaction, params};

/// Whether a new problem is part of an outage: of one that lasts, or of one that it makes plain. Noted, if it is.
pub(super) fn joins(
    transaction: &Transaction<'_>,
    newcomer: &Newcomer<'_>,
    terms: &Terms<'_>,
) -> rusqlite::Result<bool> {
    let Some(kind) = kind_of(transaction, newcomer.id)? else { return Ok(false) };
    let outage = match lasting(transaction, kind, terms.now_ms)? {
        Some(outage) => Some(outage),
        None => begins(transaction, newcomer, kind, terms)?,
    };
    let Some(outage) = outage else { return Ok(false) };
    transaction.execute(
        "UPDATE incidents SET held = 'inhibited', folded_into = ?2 WHERE id = ?1",
        [newcomer.id, outage],
    )?;
    tell(transaction, outage, newcomer.times, terms)?;
    own::list(transaction, outage)?;
    Ok(true)
}

/// Whether the outage that a problem was counted on goes on, and then counts it there.
pub(super) fn goes_on_with(
    transaction: &Transaction<'_>,
    newcomer: &Newcomer<'_>,
    terms: &Terms<'_>,
) -> rusqlite::Result<bool> {
    let outage = transaction
        .prepare_cached(
            "SELECT p.id FROM incidents i JOIN incidents p ON p.id = i.folded_into
             WHERE i.id = ?1 AND abs(p.last_seen_ms - ?2) < ?3",
        )?
        .query_row(params![newcomer.id, terms.now_ms, OVER_AFTER_MS], |row| row.get(0))
        .optional()?;
    match outage {
        Some(outage) => tell(transaction, outage, newcomer.times, terms).map(|()| true),
        None => Ok(false),
    }
}

/// Which kind of connection has failed, read from the facts once.
fn kind_of(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<Option<Connection>> {
    let facts: String =
        transaction.query_row("SELECT facts FROM incidents WHERE id = ?1", [id], |row| row.get(0))?;
    let Ok(facts) = serde_json::from_str::<IncidentFacts>(&facts) else { return Ok(None) };
    let errors: Vec<&str> =
        facts.error_name.as_deref().into_iter().chain(facts.root_error_name.as_deref()).collect();
    let kind = Connection::of(&errors, &facts.summary);
    if let Some(kind) = kind {
        transaction
            .execute("UPDATE incidents SET connection = ?2 WHERE id = ?1", params![id, kind.as_str()])?;
    }
    Ok(kind)
}

fn lasting(transaction: &Transaction<'_>, kind: Connection, now_ms: i64) -> rusqlite::Result<Option<i64>> {
    transaction
        .query_row(
            "SELECT id FROM incidents WHERE own = 'outage' AND connection = ?1 AND abs(last_seen_ms - ?2) < ?3
             ORDER BY id DESC LIMIT 1",
            params![kind.as_str(), now_ms, OVER_AFTER_MS],
            |row| row.get(0),
        )
        .optional()
}

/// Whether an outage begins with this problem; then with those of the last minutes that have no ticket yet, too.
fn begins(
    transaction: &Transaction<'_>,
    newcomer: &Newcomer<'_>,
    kind: Connection,
    terms: &Terms<'_>,
) -> rusqlite::Result<Option<i64>> {
    let now_ms = terms.now_ms;
    let no_site = terms.site_away && kind.is_the_way_to_the_site();
    let recent = "own = '' AND connection = ?1 AND abs(last_seen_ms - ?2) <= ?3 AND held <> 'muted'";
    let problems: u64 = transaction.query_row(
        &format!("SELECT count(DISTINCT signature) FROM incidents WHERE {recent}"),
        params![kind.as_str(), now_ms, WITHIN_MS],
        |row| Ok(super::unsigned(row.get(0)?)),
    )?;
    let many = terms.limits.outage_problems > 0 && problems >= terms.limits.outage_problems;
    if !no_site && !many {
        return Ok(None);
    }
    let why = format!(
        "Problems with {} have happened here in several places{}. They are taken for one outage: those below have no \
         ticket of their own and are counted on this one for as long as it lasts.",
        kind.in_words(),
        if no_site { ", and tk-incident could not reach the site either" } else { "" }
    );
    let outage = Own {
        kind: "outage",
        of: kind.as_str(),
        title: &format!("Outage: problems with {}", kind.in_words()),
        why: &why,
        // So that what comes next is in the ticket.
        due_ms: now_ms + i64::try_from(terms.limits.gather_max_s).unwrap_or(0).saturating_mul(1_000),
    };
    let Some(outage) = own::make(transaction, &outage, newcomer.id, now_ms)? else { return Ok(None) };
    let mut statement = transaction.prepare(&format!(
        "SELECT i.id, i.count FROM incidents i JOIN deliveries d ON d.incident_id = i.id AND d.step = 'ticket'
         WHERE {recent} AND i.ticket_id IS NULL AND d.attempts = 0 AND i.id <> ?4 AND held <> 'inhibited'"
    ))?;
    let others = statement
        .query_map(params![kind.as_str(), now_ms, WITHIN_MS, newcomer.id], |row| {
            Ok((row.get(0)?, super::unsigned(row.get(1)?)))
        })?
        .collect::<rusqlite::Result<Vec<(i64, u64)>>>()?;
    for (id, count) in others {
        transaction.execute(
            "UPDATE incidents SET held = 'inhibited', folded_into = ?2 WHERE id = ?1",
            [id, outage],
        )?;
        for counted in [outcome::SPOOLED, outcome::STORM_HOST, outcome::DUPLICATE] {
            rename_outcome(transaction, id, counted, outcome::INHIBITED)?;
        }
        give_back(transaction, id)?;
        own::count(transaction, outage, count, now_ms)?;
    }
    Ok(Some(outage))
}

/// The outage counts what was counted of its problems.
fn tell(transaction: &Transaction<'_>, outage: i64, times: u64, terms: &Terms<'_>) -> rusqlite::Result<()> {
    own::count(transaction, outage, times, terms.now_ms)?;
    let known = Known { first_seen_ms: terms.now_ms, delivery_began: true };
    let Decision::Count { due_ms, .. } = decide(Some(known), terms.limits, terms.now_ms) else {
        return Ok(());
    };
    add_delivery(transaction, outage, "count", due_ms)
}
