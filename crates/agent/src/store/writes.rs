//! How many of the limited writes were made in the last minute, and who this agent is.
//!
//! Both outlive a restart: a program that is started again and again must not be a way around a limit, and the
//! tickets that several agents count on know each by its name.

use super::{Store, StoreError};
use rusqlite::{Connection, OptionalExtension, params};

const MINUTE_MS: i64 = 60_000;

/// A write on the site that `limits.writes_per_minute` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Makes a ticket. Only other tickets hold it back: a new problem does not stand behind the counts of old ones.
    Ticket,
    /// Tells a ticket something more. Every write holds it back.
    Word,
}

impl Write {
    /// What a step of this name writes.
    pub(crate) fn of_step(step: &str) -> Option<Write> {
        match step {
            "ticket" => Some(Write::Ticket),
            "count" | "lines" => Some(Write::Word),
            _ => None,
        }
    }
}

impl Store {
    /// A random name of this state, the same for its life.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn agent_name(&self) -> Result<String, StoreError> {
        let name: Option<String> = self.read(|connection| {
            connection
                .query_row("SELECT value FROM identity WHERE name = 'agent'", [], |row| row.get(0))
                .optional()
        })?;
        // A state that somebody has mended by hand may have lost it; then all such count as one.
        Ok(name.unwrap_or_else(|| "unnamed".to_owned()))
    }

    /// When the next such write may be made, if not now; `per_minute` 0 is no limit.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn writes_resume_ms(
        &self,
        write: Write,
        now_ms: i64,
        per_minute: u32,
    ) -> Result<Option<i64>, StoreError> {
        self.read(|connection| resume_ms(connection, write, now_ms, per_minute))
    }

    /// Notes one write that is about to be made; or says when it may be.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn take_write(
        &mut self,
        write: Write,
        now_ms: i64,
        per_minute: u32,
    ) -> Result<Option<i64>, StoreError> {
        if per_minute == 0 {
            return Ok(None);
        }
        self.write(|transaction| {
            let resume = resume_ms(transaction, write, now_ms, per_minute)?;
            if resume.is_none() {
                // Those from the future were made before the clock was set back.
                transaction.execute(
                    "DELETE FROM writes WHERE at_ms <= ?1 OR at_ms > ?2",
                    params![now_ms - MINUTE_MS, now_ms],
                )?;
                transaction.execute(
                    "INSERT INTO writes (at_ms, makes_ticket) VALUES (?1, ?2)",
                    params![now_ms, write == Write::Ticket],
                )?;
            }
            Ok(resume)
        })
    }
}

fn resume_ms(
    connection: &Connection,
    write: Write,
    now_ms: i64,
    per_minute: u32,
) -> rusqlite::Result<Option<i64>> {
    if per_minute == 0 {
        return Ok(None);
    }
    let (count, oldest): (u32, Option<i64>) = connection
        .prepare_cached(
            "SELECT count(*), min(at_ms) FROM writes WHERE at_ms > ?1 AND at_ms <= ?2 AND (makes_ticket OR ?3)",
        )?
        .query_row(params![now_ms - MINUTE_MS, now_ms, write == Write::Word], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    Ok(oldest.filter(|_| count >= per_minute).map(|oldest| oldest + MINUTE_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_has_more_and_a_restart_or_a_set_clock_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let mut made = Vec::new();
        let mut now_ms = 1_000_000;
        let mut name = None;
        for round in 0..200 {
            let mut store = Store::open(&path).unwrap().0;
            let ours = store.agent_name().unwrap();
            assert_eq!(*name.get_or_insert_with(|| ours.clone()), ours);
            match store.take_write(Write::Word, now_ms, 6).unwrap() {
                None => made.push(now_ms),
                Some(resume_ms) => {
                    assert_eq!(store.writes_resume_ms(Write::Word, now_ms, 6).unwrap(), Some(resume_ms));
                    assert_eq!(store.writes_resume_ms(Write::Word, resume_ms, 6).unwrap(), None);
                }
            }
            now_ms += 1_000 + round * 50;
        }
        for start in &made {
            assert!(made.iter().filter(|at| (*start..*start + 60_000).contains(*at)).count() <= 6);
        }
        assert!(made.len() > 60);
        let mut store = Store::open(&path).unwrap().0;
        for _ in 0..6 {
            assert_eq!(store.take_write(Write::Word, 5_000, 6).unwrap(), None, "the clock was set back");
        }
        assert!(store.take_write(Write::Word, 5_000, 6).unwrap().is_some());
        assert_eq!(store.take_write(Write::Word, 5_000, 0).unwrap(), None);
        for _ in 0..6 {
            assert_eq!(
                store.take_write(Write::Ticket, 5_001, 6).unwrap(),
                None,
                "counts hold no ticket back"
            );
        }
        assert_eq!(store.take_write(Write::Ticket, 5_002, 6).unwrap(), Some(65_001));
        assert_eq!(
            store.writes_resume_ms(Write::Word, 65_000, 6).unwrap(),
            Some(65_001),
            "tickets hold counts"
        );
    }
}
