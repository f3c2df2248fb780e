//! What a wall clock that somebody sets does to the state, in which all times are wall times.
//!
//! Set back: what was to happen in a moment would happen an hour or a year late, so it is moved along. Set forward: what is of
//! today looks a year old and would be forgotten, so nothing is forgotten for its age before the clock has gone on like that for
//! most of a day. Which of two times is the right one, nobody knows.

use super::{Store, StoreError, mutes};
use rusqlite::{OptionalExtension, params};

/// No shorter leap makes anything old that is kept for weeks. Machines that were off for longer are as machines whose clock leapt.
const LEAP_MS: i64 = 10 * 24 * 3_600_000;
/// A clock that has gone on for so long after a leap is believed.
const BELIEVED_AFTER_MS: i64 = 20 * 3_600_000;
/// The last moment of a run is not noted to the second.
const LEAST_BACK_MS: i64 = 10_000;

impl Store {
    /// Compares the clock with what the state has seen of it, at the start of a run.
    ///
    /// # Errors
    /// When the state cannot be read or written.
    pub fn clock_at_start(&mut self, now_ms: i64) -> Result<(), StoreError> {
        // When the last commit moved a position; not the latest moment, which may be one that never was.
        let last_ms: Option<i64> = self.read(|connection| {
            let sql = "SELECT kept_ms FROM sources WHERE kept > 0 ORDER BY kept DESC LIMIT 1";
            connection.query_row(sql, [], |row| row.get(0)).optional()
        })?;
        match last_ms.map(|last_ms| now_ms.saturating_sub(last_ms)) {
            // How long nothing ran is not known: it was set back by this or more.
            Some(by_ms) if by_ms <= -LEAST_BACK_MS || by_ms >= LEAP_MS => self.clock_was_set(by_ms, now_ms),
            _ => Ok(()),
        }
    }

    /// The clock was set by so much, less than 0 for back, and it is `now_ms`.
    ///
    /// # Errors
    /// When the state cannot be read or written.
    pub fn clock_was_set(&mut self, by_ms: i64, now_ms: i64) -> Result<(), StoreError> {
        if by_ms >= LEAP_MS {
            return self.write(|transaction| {
                let sql = "INSERT INTO identity (name, value) VALUES ('clock_leapt_ms', ?1)
                           ON CONFLICT DO UPDATE SET value = ?1";
                transaction.execute(sql, [now_ms.to_string()]).map(drop)
            });
        }
        if by_ms >= 0 {
            return Ok(());
        }
        self.write(|transaction| {
            transaction.execute(
                "UPDATE deliveries SET due_ms = max(?1, due_ms + ?2) WHERE due_ms > ?1",
                params![now_ms, by_ms],
            )?;
            mutes::date_has_not_come(transaction, now_ms)
        })
    }

    /// Whether something may be forgotten for its age.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn may_forget(&self, now_ms: i64) -> Result<bool, StoreError> {
        let leapt: Option<String> = self.read(|connection| {
            let sql = "SELECT value FROM identity WHERE name = 'clock_leapt_ms'";
            connection.query_row(sql, [], |row| row.get(0)).optional()
        })?;
        let leapt_ms: Option<i64> = leapt.and_then(|leapt| leapt.parse().ok());
        // A moment after now is of a clock that was set back again.
        Ok(leapt_ms.is_none_or(|leapt_ms| (now_ms - leapt_ms).abs() >= BELIEVED_AFTER_MS))
    }
}
