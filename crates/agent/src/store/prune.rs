//! What the state forgets: positions of files that are long gone, and details of times long past. Never a count.

use super::path_text::{from_text, to_text};
use super::{Store, StoreError, hour, unsigned};
use log_follow::FileId;
use rusqlite::params;
use std::path::PathBuf;

/// What nobody has met for this long is forgotten.
pub(super) const KEPT_MS: i64 = 30 * 24 * 3_600_000;
/// Positions of files that are not there now: the newest ones, however many come and go in 30 days.
const MOST_ABSENT: usize = 1_000;

/// The file a position is of.
pub type PositionKey = (PathBuf, FileId);

impl Store {
    /// Forgets positions of files that were last met more than 30 days ago, and all but the newest 1 000 of those that are not
    /// there. `is_of_use` tells those that are followed, or may come back at any moment: they stay. Older hours are added up, so
    /// that every sum stays what it is. Returns the positions that were forgotten; none while the clock is not believed.
    ///
    /// # Errors
    /// When the state cannot be read or written.
    pub fn prune(
        &mut self,
        now_ms: i64,
        is_of_use: &dyn Fn(&PositionKey) -> bool,
    ) -> Result<Vec<PositionKey>, StoreError> {
        if !self.may_forget(now_ms)? {
            return Ok(Vec::new());
        }
        let before_ms = now_ms.saturating_sub(KEPT_MS);
        let mut absent = 0;
        let gone: Vec<PositionKey> = self
            .read(|connection| {
                let mut statement = connection
                    .prepare("SELECT path, device, file, kept_ms FROM sources ORDER BY kept_ms DESC")?;
                let rows = statement.query_map([], |row| {
                    let id = FileId { device: unsigned(row.get(1)?), file: unsigned(row.get(2)?) };
                    Ok(((from_text(row.get(0)?), id), row.get::<_, i64>(3)?))
                })?;
                rows.collect::<rusqlite::Result<Vec<_>>>()
            })?
            .into_iter()
            .filter(|(key, _)| !is_of_use(key))
            .filter(|(_, kept_ms)| {
                absent += 1;
                *kept_ms < before_ms || absent > MOST_ABSENT
            })
            .map(|(key, _)| key)
            .collect();
        self.write(|transaction| {
            let mut forget =
                transaction.prepare("DELETE FROM sources WHERE path = ?1 AND device = ?2 AND file = ?3")?;
            for (path, id) in &gone {
                forget.execute(params![to_text(path), super::signed(id.device), super::signed(id.file)])?;
            }
            // Hour 0 stands for all that are too old to be told apart.
            transaction.execute(
                "INSERT INTO occurrences (incident_id, hour, outcome, count)
                 SELECT incident_id, 0, outcome, sum(count) FROM occurrences WHERE hour < ?1 AND hour <> 0
                 GROUP BY incident_id, outcome
                 ON CONFLICT DO UPDATE SET count = count + excluded.count",
                [hour(before_ms)],
            )?;
            transaction
                .execute("DELETE FROM occurrences WHERE hour < ?1 AND hour <> 0", [hour(before_ms)])?;
            // So does a gap without a file.
            transaction.execute(
                "INSERT INTO gaps (path, reason, bytes, times, unknown_times, last_ms)
                 SELECT '', reason, sum(bytes), sum(times), sum(unknown_times), max(last_ms) FROM gaps
                 WHERE last_ms < ?1 AND path <> '' GROUP BY reason
                 ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, times = times + excluded.times,
                     unknown_times = unknown_times + excluded.unknown_times, last_ms = excluded.last_ms",
                [before_ms],
            )?;
            transaction.execute("DELETE FROM gaps WHERE last_ms < ?1 AND path <> ''", [before_ms])?;
            transaction
                .execute("DELETE FROM mutes WHERE ended_ms < ?1 AND from_settings = 0", [before_ms])?;
            transaction.execute("DELETE FROM sessions WHERE ended_ms < ?1", [before_ms])?;
            super::captures::forget_old(transaction, now_ms)?;
            Ok(())
        })?;
        Ok(gone)
    }
}
