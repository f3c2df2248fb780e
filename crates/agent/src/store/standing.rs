//! How the ticket of a problem stands: made, found, another's, closed, deleted, and what it was told.
//!
//! Each change is one transaction with the step that brought it, so that a step is repeated or done, and never half.

use super::admission::give_back;
use super::steps::add_delivery;
use super::tally::rename_outcome;
use super::{Delivery, Store, StoreError, signed};
use crate::policy::outcome;
use rusqlite::{Transaction, params};

/// A site may be making a ticket for this long after the one who asked for it has died: it cannot be found before.
pub const CREATE_SETTLES_MS: i64 = 10_000;

/// How a ticket came to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// This agent has just made it.
    Created,
    /// This agent made it in an attempt whose answer was lost.
    FoundOwn,
    /// Somebody else's.
    Found,
}

impl Store {
    /// The site is asked for a ticket in a moment. If we die before its answer is kept, the next run looks again only when the
    /// site has surely made it, or not got to it.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn create_begins(&mut self, delivery: &Delivery, now_ms: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE deliveries SET due_ms = ?2, attempts = ?3 WHERE id = ?1",
                params![delivery.id, now_ms + CREATE_SETTLES_MS, delivery.attempts + 1],
            )?;
            Ok(())
        })
    }

    /// The ticket stands: what was waiting for it counts as filed. One that was made here is looked at again, before
    /// anything else is done to it: another machine may have made one at the same moment.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn ticket_stands(
        &mut self,
        delivery: &Delivery,
        ticket_id: u64,
        stands: Stands,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        // One that was found may have been made by an attempt of ours whose answer was lost, with a smaller count.
        let told = if stands == Stands::Created { delivery.count } else { 0 };
        self.write(|transaction| {
            transaction.execute(
                "UPDATE incidents SET ticket_id = ?2, told_count = ?3, told_ms = ?4, made_here = ?5, gone_ms = NULL
                 WHERE id = ?1",
                params![
                    delivery.incident_id,
                    signed(ticket_id),
                    signed(told),
                    now_ms,
                    stands != Stands::Found
                ],
            )?;
            rename_outcome(transaction, delivery.incident_id, outcome::SPOOLED, outcome::FILED)?;
            transaction.execute("DELETE FROM deliveries WHERE id = ?1", [delivery.id])?;
            if stands != Stands::Found {
                add_delivery(transaction, delivery.incident_id, "verify", now_ms)?;
            }
            if stands == Stands::Created {
                // What was counted until now is in the ticket already.
                transaction.execute(
                    "DELETE FROM deliveries WHERE incident_id = ?1 AND step = 'count'
                         AND (SELECT count - base_count FROM incidents WHERE id = ?1) = ?2",
                    params![delivery.incident_id, signed(delivery.count)],
                )?;
            } else {
                if stands == Stands::Found {
                    // No new ticket came of it.
                    give_back(transaction, delivery.incident_id)?;
                }
                add_delivery(transaction, delivery.incident_id, "count", now_ms)?;
            }
            Ok(())
        })
    }

    /// The problem's ticket is another one, made elsewhere: everything is told there.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn ticket_moves(&mut self, delivery: &Delivery, to: u64, now_ms: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE incidents SET ticket_id = ?2, made_here = 0, told_count = 0, told_ms = ?3 WHERE id = ?1",
                params![delivery.incident_id, signed(to), now_ms],
            )?;
            transaction.execute("DELETE FROM deliveries WHERE id = ?1", [delivery.id])?;
            add_delivery(transaction, delivery.incident_id, "count", now_ms)
        })
    }

    /// The ticket is the only one, or the one that stays. `grown`: others were folded into it, and its count is told anew.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn ticket_stays(&mut self, delivery: &Delivery, grown: bool, now_ms: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM deliveries WHERE id = ?1", [delivery.id])?;
            if grown { add_delivery(transaction, delivery.incident_id, "count", now_ms) } else { Ok(()) }
        })
    }

    /// A file is refused for good: the step ends, and is counted.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn attachment_refused(&mut self, delivery: &Delivery) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO counters (name, value) VALUES ('attachments_refused', 1)
                 ON CONFLICT DO UPDATE SET value = value + 1",
                [],
            )?;
            transaction.execute("DELETE FROM deliveries WHERE id = ?1", [delivery.id]).map(drop)
        })
    }

    /// People have deleted the ticket. What was waiting for it is counted, and nothing more is told to it.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn ticket_is_gone(
        &mut self,
        delivery: &Delivery,
        ticket_id: u64,
        gone_ms: i64,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE incidents SET ticket_id = ?2, gone_ms = ?3, told_count = ?4,
                     made_here = made_here AND ticket_id IS ?2
                 WHERE id = ?1",
                params![delivery.incident_id, signed(ticket_id), gone_ms, signed(delivery.count)],
            )?;
            rename_outcome(transaction, delivery.incident_id, outcome::SPOOLED, outcome::COOLDOWN)?;
            transaction.execute("DELETE FROM late_lines WHERE incident_id = ?1", [delivery.incident_id])?;
            transaction
                .execute("DELETE FROM deliveries WHERE incident_id = ?1", [delivery.incident_id])
                .map(drop)
        })
    }

    /// The ticket is closed for good, and the problem goes on: it gets another one, which counts from here.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn new_ticket_wanted(&mut self, delivery: &Delivery, now_ms: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE incidents SET ticket_id = NULL, made_here = 0,
                     base_count = min(base_count + told_count, count - 1), told_count = 0, told_ms = ?2
                 WHERE id = ?1",
                params![delivery.incident_id, now_ms],
            )?;
            // The occurrence that opens it is no repeat.
            for repeated in [outcome::DUPLICATE, outcome::COOLDOWN] {
                if one_is_spooled(transaction, delivery.incident_id, repeated)? {
                    break;
                }
            }
            transaction.execute(
                "DELETE FROM occurrences WHERE incident_id = ?1 AND count = 0",
                [delivery.incident_id],
            )?;
            transaction.execute("DELETE FROM deliveries WHERE id = ?1", [delivery.id])?;
            add_delivery(transaction, delivery.incident_id, "ticket", now_ms)
        })
    }

    /// A ticket was seen closed, since this moment as far as can be told. The first word on it stays: what we write to it
    /// later changes its last change.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn closed_seen(&mut self, delivery: &Delivery, closed: Option<(u64, i64)>) -> Result<(), StoreError> {
        if delivery.closed == closed {
            return Ok(());
        }
        let (ticket, since_ms) = closed.unzip();
        self.write(|transaction| {
            transaction
                .execute(
                    "UPDATE incidents SET closed_ticket = ?2, closed_ms = ?3 WHERE id = ?1",
                    params![delivery.incident_id, ticket.map(signed), since_ms],
                )
                .map(drop)
        })
    }

    /// The ticket was told this count; if more has happened meanwhile, it is told again at `next_ms`.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn count_told(&mut self, delivery: &Delivery, now_ms: i64, next_ms: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE incidents SET told_count = ?2, told_ms = ?3, gone_ms = NULL WHERE id = ?1",
                params![delivery.incident_id, signed(delivery.count), now_ms],
            )?;
            let more: bool = transaction.query_row(
                "SELECT count - base_count > ?2 FROM incidents WHERE id = ?1",
                params![delivery.incident_id, signed(delivery.count)],
                |row| row.get(0),
            )?;
            if more {
                transaction.execute(
                    "UPDATE deliveries SET due_ms = ?2, attempts = 0, error = NULL WHERE id = ?1",
                    params![delivery.id, next_ms],
                )?;
            } else {
                transaction.execute("DELETE FROM deliveries WHERE id = ?1", [delivery.id])?;
            }
            Ok(())
        })
    }
}

/// Of the newest hour. False when there is none.
fn one_is_spooled(transaction: &Transaction<'_>, incident: i64, from: &str) -> rusqlite::Result<bool> {
    let hour: Option<i64> = transaction.query_row(
        "SELECT max(hour) FROM occurrences WHERE incident_id = ?1 AND outcome = ?2 AND count > 0",
        params![incident, from],
        |row| row.get(0),
    )?;
    let Some(hour) = hour else { return Ok(false) };
    transaction.execute(
        "UPDATE occurrences SET count = count - 1 WHERE incident_id = ?1 AND hour = ?2 AND outcome = ?3",
        params![incident, hour, from],
    )?;
    transaction.execute(
        "INSERT INTO occurrences (incident_id, hour, outcome, count) VALUES (?1, ?2, ?3, 1)
         ON CONFLICT DO UPDATE SET count = count + 1",
        params![incident, hour, outcome::SPOOLED],
    )?;
    Ok(true)
}
