//! What one look at the logs brought, before it is kept: pure bookkeeping between reading and the transaction.
//!
//! A storm is many records of few problems: the full text is held for the first record of each problem in a
//! look, the others are counted (and listed only when somebody listens to every event).

use crate::incident_line::IncidentLine;
use crate::store::{Archive, Dropped, NewIncident, StoredGap};
use log_follow::SourceId;
use redact::RuleCounts;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// News of one look.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) firsts: Vec<First>,
    by_key: HashMap<String, usize>,
    /// Every record in order, when somebody listens: whose first it belongs to, where from, and the record.
    pub(crate) listed: Vec<(usize, SourceId, IncidentLine)>,
    /// Records that became no incident, by outcome and rule.
    pub(crate) dropped: HashMap<Dropped, u64>,
    pub(crate) gaps: Vec<StoredGap>,
    /// Records that went on after they were kept.
    pub(crate) late: Vec<Late>,
    /// Folders that are followed from now on.
    pub(crate) entered: Vec<PathBuf>,
    /// How often the evidence could not be written.
    pub(crate) evidence_failures: u32,
}

/// Lines that came after their record was kept.
pub(crate) struct Late {
    /// What it was kept under.
    pub(crate) old_key: String,
    /// The record read again with them; `None` when it could not be.
    pub(crate) whole: Option<First>,
    /// The lines, redacted.
    pub(crate) text: String,
}

/// The first record of a problem in this look.
pub(crate) struct First {
    pub(crate) key: String,
    pub(crate) times: u64,
    pub(crate) source: SourceId,
    pub(crate) line: IncidentLine,
    pub(crate) login: String,
    /// The whole record, redacted.
    pub(crate) text: String,
    pub(crate) traceback: Option<String>,
    pub(crate) summary: String,
    pub(crate) redactions: RuleCounts,
    /// Made once, however often keeping it has to be tried.
    pub(crate) new: Option<NewIncident>,
    /// So is this.
    pub(crate) archive: Option<Archive>,
}

impl Draft {
    /// Counts a record of a problem; true when it is the first in this look and must be described.
    pub(crate) fn is_first(&mut self, key: &str) -> bool {
        match self.by_key.get(key) {
            Some(index) => {
                self.firsts[*index].times += 1;
                false
            }
            None => true,
        }
    }

    pub(crate) fn describe(&mut self, first: First) {
        self.by_key.insert(first.key.clone(), self.firsts.len());
        self.firsts.push(first);
    }

    pub(crate) fn list(&mut self, key: &str, source: SourceId, line: IncidentLine) {
        if let Some(index) = self.by_key.get(key) {
            self.listed.push((*index, source, line));
        }
    }

    pub(crate) fn drop_record(&mut self, outcome: &'static str, rule: Option<Arc<str>>) {
        *self.dropped.entry(Dropped { outcome, rule }).or_default() += 1;
    }

    pub(crate) fn has_news(&self) -> bool {
        !self.firsts.is_empty()
            || !self.dropped.is_empty()
            || !self.gaps.is_empty()
            || !self.late.is_empty()
            || !self.entered.is_empty()
    }
}
