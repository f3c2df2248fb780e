//! Reports by hand: kept in a transaction of their own, and asked about by whoever made them.
//!
//! They do not come through the policy. A report is counted like every other occurrence, so that the sum holds.

use super::evidence::{Archive, keep_archive};
use super::steps::{add_delivery, attach_evidence};
use super::tally::add_occurrences;
use super::{NewIncident, Store, StoreError, signed, unsigned};
use crate::policy::outcome;
use rusqlite::{OptionalExtension, params};

/// How a problem stands with the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filed {
    /// Its title.
    pub title: String,
    /// Once there is one.
    pub ticket_id: Option<u64>,
    /// Steps that are not done.
    pub steps_left: u64,
    /// What went wrong with one of them last.
    pub why: Option<String>,
}

impl Store {
    /// Keeps a report, due at once.
    ///
    /// # Errors
    /// When the state cannot be written; nothing of it is kept then.
    pub fn keep_report(
        &mut self,
        key: &str,
        new: &NewIncident,
        archive: Option<&Archive>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO incidents (key, signature, title, login, count, first_seen_ms, last_seen_ms, facts)
                 VALUES (?1, ?2, ?3, ?4, 1, ?5, ?5, ?6)",
                params![key, new.signature, new.title, new.login, now_ms, new.facts],
            )?;
            let incident = transaction.last_insert_rowid();
            add_occurrences(transaction, incident, now_ms, outcome::SPOOLED, 1)?;
            transaction.execute("UPDATE counters SET value = value + 1 WHERE name = 'seen'", [])?;
            add_delivery(transaction, incident, "ticket", now_ms)?;
            if let Some(hash) = &new.evidence {
                attach_evidence(transaction, incident, hash, now_ms)?;
            }
            if let Some(archive) = archive {
                keep_archive(transaction, archive, now_ms)?;
            }
            Ok(())
        })
    }

    /// The problem of a ticket; `None` when none of ours has it.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn key_of_ticket(&self, ticket_id: u64) -> Result<Option<String>, StoreError> {
        self.read(|connection| {
            connection
                .query_row("SELECT key FROM incidents WHERE ticket_id = ?1", [signed(ticket_id)], |row| {
                    row.get(0)
                })
                .optional()
        })
    }

    /// Number and title of the ticket of the newest problem that has one.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn newest_ticket(&self) -> Result<Option<(u64, String)>, StoreError> {
        self.read(|connection| {
            connection
                .query_row(
                    "SELECT ticket_id, title FROM incidents WHERE ticket_id IS NOT NULL ORDER BY id DESC LIMIT 1",
                    [],
                    |row| Ok((unsigned(row.get(0)?), row.get(1)?)),
                )
                .optional()
        })
    }

    /// How the problem of this key stands; `None` when there is none.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn filed(&self, key: &str) -> Result<Option<Filed>, StoreError> {
        self.read(|connection| {
            connection
                .query_row(
                    "SELECT i.title, i.ticket_id, count(d.id), max(d.error)
                     FROM incidents i LEFT JOIN deliveries d ON d.incident_id = i.id
                     WHERE i.key = ?1 GROUP BY i.id",
                    [key],
                    |row| {
                        Ok(Filed {
                            title: row.get(0)?,
                            ticket_id: row.get::<_, Option<i64>>(1)?.map(unsigned),
                            steps_left: unsigned(row.get(2)?),
                            why: row.get(3)?,
                        })
                    },
                )
                .optional()
        })
    }
}
