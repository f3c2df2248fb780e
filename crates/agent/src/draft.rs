//! What one look at the logs brought, before it is kept: pure bookkeeping between reading and the transaction.
//!
//! A storm is many records of few problems: the full text is held for the first record of each problem in a
//! look, the others are counted (and listed only when somebody listens to every event).

use crate::incident_line::IncidentLine;
use crate::policy::outcome;
use crate::policy::twins::MadeFrom;
use crate::store::{Archive, CaptureProgress, Dropped, Folded, NewIncident, StoredGap, Taken};
use log_follow::SourceId;
use redact::RuleCounts;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Kinds of occurrences that wait for a session to claim them; beyond that they are this site's.
pub(crate) const MOST_DOUBTS: usize = 256;

/// News of one look.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) firsts: Vec<First>,
    by_key: HashMap<String, usize>,
    /// Every record in order, when somebody listens: what it is, where from, and the record.
    pub(crate) listed: Vec<(Listed, Option<SourceId>, IncidentLine)>,
    /// Records that are part of another one.
    pub(crate) folded: HashMap<Folded, u64>,
    /// Records of earlier looks that are part of another one.
    pub(crate) taken: Vec<Taken>,
    /// Records that became no incident, by outcome and rule.
    pub(crate) dropped: HashMap<Dropped, u64>,
    pub(crate) gaps: Vec<StoredGap>,
    /// Records that went on after they were kept.
    pub(crate) late: Vec<Late>,
    /// Folders that are followed from now on.
    pub(crate) entered: Vec<PathBuf>,
    /// Occurrences that may be another site's.
    pub(crate) doubts: Vec<Doubt>,
    /// How far a host has handed over its records, when they came from one.
    pub(crate) captured: Option<CaptureProgress>,
    /// How often the evidence could not be written.
    pub(crate) evidence_failures: u32,
}

/// What a listed record is.
#[derive(Clone, Copy)]
pub(crate) enum Listed {
    /// An occurrence of this problem, by its place in `firsts`.
    Of(usize),
    /// Part of another record, in this way.
    Part(&'static str),
}

/// Lines that came after their record was kept, or its host's own word for it.
pub(crate) struct Late {
    /// What it was kept under.
    pub(crate) old_key: String,
    /// The record read again with them; `None` when it could not be.
    pub(crate) whole: Option<First>,
    /// The lines, redacted.
    pub(crate) text: String,
    /// Which record it was until now, when that is another one than `whole`.
    pub(crate) made_from: Option<MadeFrom>,
}

/// Occurrences of a process that no site's session has claimed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Doubt {
    /// What they are kept under.
    pub(crate) key: String,
    pub(crate) pid: Option<u32>,
    /// When the first of them was written, wall time; `None` when they do not tell.
    pub(crate) at_ms: Option<i64>,
    pub(crate) log_folder: PathBuf,
    pub(crate) times: u64,
}

/// The first record of a problem in this look.
pub(crate) struct First {
    pub(crate) key: String,
    /// 0 when all of them have become part of other records.
    pub(crate) times: u64,
    /// Its log; `None` when its host told it, and its log is not followed.
    pub(crate) source: Option<SourceId>,
    pub(crate) line: IncidentLine,
    pub(crate) login: String,
    /// The whole record, redacted.
    pub(crate) text: String,
    pub(crate) traceback: Option<String>,
    pub(crate) summary: String,
    pub(crate) redactions: RuleCounts,
    /// Of the newest record of it in this look: its stamp, and the version of its bundle.
    pub(crate) newest: (Option<String>, Option<String>),
    /// Made once, however often keeping it has to be tried.
    pub(crate) new: Option<NewIncident>,
    /// So is this.
    pub(crate) archive: Option<Archive>,
}

impl Draft {
    /// Counts a record of a problem; true when it is the first in this look and must be described.
    pub(crate) fn is_first(&mut self, key: &str, line: &IncidentLine) -> bool {
        match self.by_key.get(key) {
            Some(index) => {
                let first = &mut self.firsts[*index];
                first.times += 1;
                // Stamps are of one form, and sort as they are.
                if line.time > first.newest.0 {
                    first.newest = (line.time.clone(), line.bundle_version.clone());
                }
                false
            }
            None => true,
        }
    }

    pub(crate) fn describe(&mut self, first: First) {
        self.by_key.insert(first.key.clone(), self.firsts.len());
        self.firsts.push(first);
    }

    pub(crate) fn list(&mut self, key: &str, source: Option<SourceId>, line: IncidentLine) {
        if let Some(index) = self.by_key.get(key) {
            self.listed.push((Listed::Of(*index), source, line));
        }
    }

    /// A record that is part of what is kept under this key.
    pub(crate) fn fold(&mut self, key: String, outcome: &'static str) {
        *self.folded.entry(Folded { key, outcome }).or_default() += 1;
    }

    /// What was kept under `part` last is part of what is kept under `into`.
    pub(crate) fn take(&mut self, part: String, into: &str) {
        if let Some(doubt) = self.doubts.iter_mut().find(|doubt| doubt.key == part && doubt.times > 0) {
            doubt.times -= 1;
        }
        let Some(index) = self.by_key.get(&part).copied() else {
            self.taken.push(Taken { part, into: into.to_owned() });
            return;
        };
        self.fold(into.to_owned(), outcome::CHILD);
        self.firsts[index].times -= 1;
        if self.firsts[index].times == 0 {
            // Nothing is known of it any more; what was folded into it moves too.
            self.by_key.remove(&part);
            let orphans: Vec<Folded> =
                self.folded.keys().filter(|folded| folded.key == part).cloned().collect();
            for orphan in orphans {
                let times = self.folded.remove(&orphan).unwrap_or(0);
                *self.folded.entry(Folded { key: into.to_owned(), ..orphan }).or_default() += times;
            }
        }
    }

    /// A record that was kept under this key, and may be another site's.
    pub(crate) fn doubt(&mut self, key: &str, pid: Option<u32>, at_ms: Option<i64>, log_folder: &Path) {
        let is_it =
            |doubt: &&mut Doubt| doubt.key == key && doubt.pid == pid && doubt.log_folder == log_folder;
        let is_full = self.doubts.len() >= MOST_DOUBTS;
        match self.doubts.iter_mut().find(is_it) {
            Some(doubt) => doubt.times += 1,
            None if is_full => {}
            None => {
                let (key, log_folder) = (key.to_owned(), log_folder.to_owned());
                self.doubts.push(Doubt { key, pid, at_ms, log_folder, times: 1 });
            }
        }
    }

    /// A record of this look that went on is kept under another key.
    pub(crate) fn renamed(&mut self, from: &str, to: &str) {
        for doubt in self.doubts.iter_mut().filter(|doubt| doubt.key == from) {
            to.clone_into(&mut doubt.key);
        }
    }

    pub(crate) fn drop_record(&mut self, outcome: &'static str, rule: Option<Arc<str>>) {
        *self.dropped.entry(Dropped { outcome, rule }).or_default() += 1;
    }

    pub(crate) fn has_news(&self) -> bool {
        !self.firsts.is_empty()
            || !self.dropped.is_empty()
            || !self.folded.is_empty()
            || !self.gaps.is_empty()
            || !self.late.is_empty()
            || !self.entered.is_empty()
            || self.captured.is_some()
    }
}
