//! Ending all waiting by hand: what gathers or was put off is due now.

use super::{CREATE_SETTLES_MS, Store, StoreError};
use rusqlite::params;

impl Store {
    /// Makes every step due. One that may be creating a ticket at this moment keeps its few seconds: it cannot be found on the
    /// site before.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn all_due(&mut self, now_ms: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE deliveries SET due_ms = ?1
                 WHERE due_ms > ?1 AND NOT (step = 'ticket' AND attempts > 0 AND due_ms <= ?1 + ?2)",
                params![now_ms, CREATE_SETTLES_MS],
            )?;
            // On sites without a field for it a count waits for the next round number, or for hours since the last reply.
            transaction.execute(
                "UPDATE incidents SET told_ms = 0
                 WHERE count > told_count AND id IN (SELECT incident_id FROM deliveries WHERE step = 'count')",
                [],
            )?;
            Ok(())
        })
    }
}
