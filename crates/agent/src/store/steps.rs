//! Adding steps of delivery, and taking them away.

use rusqlite::{Transaction, params};

/// Adds a step, unless it is waiting already: what is due stays due when more happens, and what was put off
/// because there was too little to tell becomes due again.
pub(super) fn add_delivery(
    transaction: &Transaction<'_>,
    incident: i64,
    step: &str,
    due_ms: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO deliveries (incident_id, step, due_ms) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET due_ms = min(due_ms, ?3) WHERE attempts = 0",
        )?
        .execute(params![incident, step, due_ms])?;
    Ok(())
}

/// An archive that the ticket will get, and the log in it as text.
pub(super) fn attach_evidence(
    transaction: &Transaction<'_>,
    incident: i64,
    hash: &str,
    due_ms: i64,
) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO deliveries (incident_id, step, evidence, due_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
    )?;
    for step in ["log", "archive"] {
        statement.execute(params![incident, step, hash, due_ms])?;
    }
    Ok(())
}

/// A step that has nothing to do any more.
pub(super) fn step_gone(transaction: &Transaction<'_>, incident: i64, step: &str) -> rusqlite::Result<()> {
    transaction
        .execute("DELETE FROM deliveries WHERE incident_id = ?1 AND step = ?2", params![incident, step])
        .map(drop)
}
