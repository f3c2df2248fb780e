//! Occurrences that were kept here, and turned out to be another site's to file.

use super::folds::remove;
use super::tally::{add_occurrences, take_one};
use super::{Store, StoreError, unsigned};
use crate::policy::outcome;
use rusqlite::{OptionalExtension, Transaction};

impl Store {
    /// Lets occurrences of problems go, by their keys. A ticket that is made of nothing else, and stands or is being made, stays:
    /// nobody could take that back.
    ///
    /// # Errors
    /// When the state cannot be written; nothing is let go then.
    pub fn release(&mut self, released: &[(String, u64)], now_ms: i64) -> Result<(), StoreError> {
        let in_hand = self.in_hand.get();
        self.write(|transaction| {
            released.iter().try_for_each(|(key, times)| release(transaction, key, *times, in_hand, now_ms))
        })
    }
}

fn release(
    transaction: &Transaction<'_>,
    key: &str,
    times: u64,
    in_hand: Option<i64>,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let kept = transaction
        .prepare_cached(
            "SELECT i.id, i.count, i.ticket_id IS NULL AND d.attempts = 0
             FROM incidents i LEFT JOIN deliveries d ON d.incident_id = i.id AND d.step = 'ticket'
             WHERE i.key = ?1 AND i.own = ''",
        )?
        .query_row([key], |row| {
            let is_unsent: Option<bool> = row.get(2)?;
            Ok((row.get::<_, i64>(0)?, unsigned(row.get(1)?), is_unsent == Some(true)))
        })
        .optional()?;
    // A state that was lost meanwhile knows nothing of it.
    let Some((id, count, is_unsent)) = kept else { return Ok(()) };
    let mut gone = times;
    if count > times {
        for _ in 0..times {
            take_one(transaction, id, now_ms)?;
        }
    } else if is_unsent && in_hand != Some(id) {
        let folded: u64 = remove(transaction, id)?.iter().map(|(_, _, count)| count).sum();
        gone = count + folded;
    } else {
        return Ok(());
    }
    add_occurrences(transaction, 0, now_ms, outcome::OTHER_SITE, gone)
}
