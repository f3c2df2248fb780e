//! The one transaction: occurrences with their outcomes, what is to be delivered, and the new positions.

use super::captures::{CaptureProgress, keep_progress, keep_sightings};
use super::evidence::{Archive, keep_archive};
use super::folds::{keep_folded, keep_processes, take};
use super::late::keep_late;
use super::path_text::to_text;
use super::tally::{Terms, add_occurrences, keep_tally};
use super::{Folded, LateRecord, Position, Store, StoreError, Taken, signed};
use crate::policy::fold::KeptProcess;
use crate::policy::reopen::LastEvent;
use crate::policy::twins::Changes;
use crate::settings::LimitSettings;
use rusqlite::{Transaction, params};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// One look's worth of news, kept or refused as a whole.
#[derive(Default)]
pub struct Batch {
    tallies: Vec<Tally>,
    /// Records that have no ticket.
    pub dropped: HashMap<Dropped, u64>,
    /// Positions that moved.
    pub positions: Vec<Position>,
    /// Positions of sources that are gone.
    pub ended: Vec<Position>,
    /// Bytes given up.
    pub gaps: Vec<StoredGap>,
    /// Records that went on after they were kept.
    pub late: Vec<LateRecord>,
    /// Archives of these problems, new and known.
    pub evidence: Vec<Archive>,
    /// Folders that are followed from now on.
    pub entered: Vec<PathBuf>,
    /// Records that are part of another one.
    pub folded: HashMap<Folded, u64>,
    /// Records that were kept before, and are part of another one.
    pub taken: Vec<Taken>,
    /// The last records of each process, by which the next one is known as part of another.
    pub processes: Vec<KeptProcess>,
    /// Records that wait for their second sighting, and those that do no more.
    pub sightings: Changes,
    /// How far a host has handed over its records.
    pub captured: Option<CaptureProgress>,
    /// The agent itself cannot reach the site at the moment.
    pub site_away: bool,
}

/// Occurrences of one problem in one batch.
pub struct Tally {
    /// Signature and scope: what is one ticket.
    pub key: String,
    /// How many in this batch; at least 1.
    pub times: u64,
    /// Only used when the problem turns out to be new.
    pub new: NewIncident,
    /// The newest of them; `None` counts as happening now.
    pub newest: Option<LastEvent>,
}

/// What is kept of a problem when it is first seen.
#[derive(Clone, Default)]
pub struct NewIncident {
    /// `g1:…`
    pub signature: String,
    /// Frozen now.
    pub title: String,
    /// Whose.
    pub login: String,
    /// `incident.json`, and what the ticket's text is made from; redacted.
    pub facts: String,
    /// Hash of the archive in the spool; `None` when nothing could be cut.
    pub evidence: Option<String>,
}

impl NewIncident {
    /// For a problem the state knows already: nothing of it will be used.
    #[must_use]
    pub fn known() -> NewIncident {
        NewIncident::default()
    }
}

/// What became of records that have no ticket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dropped {
    /// One of [`outcome`](crate::policy::outcome).
    pub outcome: &'static str,
    /// The name of the rule that decided; `None` when none did.
    pub rule: Option<Arc<str>>,
}

/// The middle of a record that was longer than the limits; its head and tail were kept.
pub const RECORD_CUT: &str = "record_cut";
/// A state was lost with its positions: nobody knows what was written since they were kept.
pub const STATE_LOST: &str = "state_lost";

/// Bytes given up.
#[derive(Clone)]
pub struct StoredGap {
    /// Of which log.
    pub path: String,
    /// How many, if known.
    pub bytes: Option<u64>,
    /// Why.
    pub reason: &'static str,
}

/// What was decided on a tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Its first occurrence was the first ever.
    pub new: bool,
    /// How often the problem has been seen, this batch included.
    pub count: u64,
    /// What became of its first occurrence in this batch: one of [`outcome`](crate::policy::outcome).
    pub first: &'static str,
    /// And of the others.
    pub rest: &'static str,
    /// It waits until this workstation may open more tickets.
    pub waits: bool,
}

impl Batch {
    /// Adds occurrences of one problem; each problem once in a batch.
    pub fn occurrences(&mut self, key: String, times: u64, new: NewIncident) {
        self.tallies.push(Tally { key, times, new, newest: None });
    }

    /// The newest of the occurrences that were added last, by its own stamp.
    pub fn newest(&mut self, event: LastEvent) {
        if let Some(tally) = self.tallies.last_mut() {
            tally.newest = Some(event);
        }
    }

    /// Whether there is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tallies.is_empty()
            && self.dropped.is_empty()
            && self.folded.is_empty()
            && self.taken.is_empty()
            && self.processes.is_empty()
            && self.sightings.is_empty()
            && self.captured.is_none()
            && self.gaps.is_empty()
            && self.late.is_empty()
            && self.entered.is_empty()
            && self.ended.is_empty()
            && self.positions.is_empty()
    }

    pub(super) fn keep_gaps(&self, transaction: &Transaction<'_>, now_ms: i64) -> rusqlite::Result<()> {
        self.gaps.iter().try_for_each(|gap| keep_gap(transaction, gap, now_ms))
    }

    /// The positions, and the folders that count as followed.
    pub(super) fn keep_positions(&self, transaction: &Transaction<'_>, now_ms: i64) -> rusqlite::Result<()> {
        for folder in &self.entered {
            transaction.execute("INSERT OR IGNORE INTO folders (path) VALUES (?1)", [to_text(folder)])?;
        }
        for position in &self.ended {
            let id = position.checkpoint.id;
            transaction
                .prepare_cached("DELETE FROM sources WHERE path = ?1 AND device = ?2 AND file = ?3")?
                .execute(params![to_text(&position.checkpoint.path), signed(id.device), signed(id.file)])?;
        }
        if self.positions.is_empty() {
            return Ok(());
        }
        let commit: i64 = transaction
            .prepare_cached("UPDATE counters SET value = value + 1 WHERE name = 'commits' RETURNING value")?
            .query_row([], |row| row.get(0))?;
        for position in &self.positions {
            keep_position(transaction, position, commit, now_ms)?;
        }
        Ok(())
    }
}

impl Store {
    /// Whether a problem has been seen before.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn knows(&self, key: &str) -> Result<bool, StoreError> {
        self.read(|connection| {
            connection.prepare_cached("SELECT 1 FROM incidents WHERE key = ?1")?.exists([key])
        })
    }

    /// Keeps a batch, or nothing of it. Returns what was decided on each tally, in order.
    ///
    /// # Errors
    /// When the state cannot be written; the same batch may be tried again.
    pub fn commit(
        &mut self,
        batch: &Batch,
        limits: &LimitSettings,
        now_ms: i64,
    ) -> Result<Vec<Decided>, StoreError> {
        let terms = Terms { limits, site_away: batch.site_away, now_ms };
        let in_hand = self.in_hand.get();
        self.write(|transaction| {
            let mut decided = Vec::with_capacity(batch.tallies.len());
            let mut seen = 0;
            for tally in &batch.tallies {
                seen += tally.times;
                decided.push(keep_tally(transaction, tally, &terms)?);
            }
            for (folded, times) in &batch.folded {
                seen += times;
                keep_folded(transaction, folded, *times, now_ms)?;
            }
            for taken in &batch.taken {
                take(transaction, taken, in_hand, &terms)?;
            }
            keep_processes(transaction, &batch.processes)?;
            keep_sightings(transaction, &batch.sightings, now_ms)?;
            if let Some(progress) = &batch.captured {
                keep_progress(transaction, progress)?;
            }
            for (dropped, times) in &batch.dropped {
                seen += times;
                add_occurrences(transaction, 0, now_ms, dropped.outcome, *times)?;
                if let Some(rule) = &dropped.rule {
                    count_rule(transaction, dropped.outcome, rule, *times, now_ms)?;
                }
            }
            if seen > 0 {
                transaction
                    .execute("UPDATE counters SET value = value + ?1 WHERE name = 'seen'", [signed(seen)])?;
            }
            for late in &batch.late {
                keep_late(transaction, late, in_hand, &terms)?;
            }
            for archive in &batch.evidence {
                keep_archive(transaction, archive, now_ms)?;
            }
            batch.keep_gaps(transaction, now_ms)?;
            batch.keep_positions(transaction, now_ms)?;
            Ok(decided)
        })
    }
}

fn count_rule(
    transaction: &Transaction<'_>,
    outcome: &str,
    rule: &str,
    times: u64,
    now_ms: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO rules (outcome, rule, count, last_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET count = count + ?3, last_ms = ?4",
        )?
        .execute(params![outcome, rule, signed(times), now_ms])?;
    Ok(())
}

fn keep_gap(transaction: &Transaction<'_>, gap: &StoredGap, now_ms: i64) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO gaps (path, reason, bytes, times, unknown_times, last_ms) VALUES (?1, ?2, ?3, 1, ?4, ?5)
         ON CONFLICT DO UPDATE SET bytes = bytes + ?3, times = times + 1,
             unknown_times = unknown_times + ?4, last_ms = ?5",
        params![gap.path, gap.reason, signed(gap.bytes.unwrap_or(0)), i64::from(gap.bytes.is_none()), now_ms],
    )?;
    Ok(())
}

fn keep_position(
    transaction: &Transaction<'_>,
    position: &Position,
    commit: i64,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let checkpoint = &position.checkpoint;
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO sources
                 (path, device, file, offset, line, head_len, head_hash, tail_len, tail_hash, rotated,
                  seen_bytes, kept, kept_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            to_text(&position.checkpoint.path),
            signed(checkpoint.id.device),
            signed(checkpoint.id.file),
            signed(checkpoint.offset),
            position.line.map(signed),
            checkpoint.head.len,
            checkpoint.head.hash,
            checkpoint.tail.len,
            checkpoint.tail.hash,
            checkpoint.rotated,
            signed(checkpoint.seen_bytes),
            commit,
            now_ms
        ])?;
    Ok(())
}
