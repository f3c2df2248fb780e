//! One record, from bytes to its place in the draft: the gate, recognition, whose it is, and which ticket's.
//!
//! Borrowed for one look from what the pipeline knows. Decides nothing that needs the state: whether a problem
//! is known is the store's to say.

use crate::attach::Session;
use crate::draft::{Draft, First, Late, Listed};
use crate::gate::Verdict;
use crate::incident_line::{IncidentLine, Place};
use crate::own_code;
use crate::policy::fold::{Fold, Folds, Seen};
use crate::policy::outcome;
use crate::recognise::{Recognised, Recogniser};
use log_follow::SourceId;
use sgtk_log::RawRecord;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Records with this mark are ours, whoever logged them: our own troubles must never become incidents.
const OWN_MARK: &str = "[incidentreporter]";

/// What they are counted under.
const OWN_RECORDS: &str = "records of tk-incidentreporter itself";
/// And errors of our app that somebody else has logged.
const OWN_ERRORS: &str = "errors in the code of tk-incidentreporter itself";

/// What reading a record needs, borrowed for one look.
pub(crate) struct Reading<'a> {
    pub(crate) recogniser: &'a Recogniser,
    pub(crate) ticket_by_title: bool,
    pub(crate) user_scope: bool,
    pub(crate) sessions: &'a HashMap<u32, Session>,
    pub(crate) own_names: &'a HashSet<String>,
    pub(crate) login: String,
    pub(crate) list_all: bool,
}

impl Reading<'_> {
    /// Returns what the record is kept under, when it is an incident.
    pub(crate) fn read(
        &self,
        record: &RawRecord<'_>,
        source: SourceId,
        file_name: &str,
        folds: &mut Folds,
        draft: &mut Draft,
    ) -> Option<String> {
        if !self.recogniser.wants(record) {
            return None;
        }
        let mut recognised = self.recogniser.recognise(record, file_name);
        let parsed = &recognised.incident.record;
        if recognised.verdict == Verdict::Below {
            return None;
        }
        // Before what any rule says: a rule that lets our own records through would close a circle.
        if self.is_our_own(parsed) {
            draft.drop_record(outcome::RULE_DROP, Some(Arc::from(OWN_RECORDS)));
            return None;
        }
        if own_code::raised(recognised.own_signature.as_ref().unwrap_or(&recognised.incident.signature)) {
            draft.drop_record(outcome::RULE_DROP, Some(Arc::from(OWN_ERRORS)));
            return None;
        }
        match &recognised.verdict {
            Verdict::Ignored { by } => {
                draft.drop_record(outcome::RULE_DROP, Some(Arc::clone(by)));
                return None;
            }
            Verdict::Muted { by } => {
                draft.drop_record(outcome::MUTED, Some(Arc::clone(by)));
                return None;
            }
            Verdict::Admitted(_) | Verdict::Below => {}
        }
        let (key, line, login) = self.place(record, &mut recognised, file_name);
        let incident = &recognised.incident;
        let seen = Seen {
            file: file_name,
            time: incident.record.time,
            pid: incident.record.pid,
            logger: line.logger.as_deref(),
            message: &line.message,
            has_traceback: incident.traceback.is_some(),
            summary: &incident.summary,
            signature: recognised.own_signature.as_ref().unwrap_or(&incident.signature),
        };
        match folds.see(seen, &key) {
            Fold::Own => {}
            Fold::Into { key, outcome } => {
                draft.fold(key, outcome);
                if self.list_all {
                    draft.listed.push((Listed::Part(outcome), source, line));
                }
                return None;
            }
            Fold::Takes { part } => draft.take(part, &key),
        }
        if draft.is_first(&key, &line) {
            draft.describe(first(key.clone(), source, line.clone(), login, recognised));
        }
        if self.list_all {
            draft.list(&key, source, line);
        }
        Some(key)
    }

    /// A record that was read before, with the lines that came since. Counted already, whatever it is now. Returns what
    /// it is kept under from now on.
    pub(crate) fn read_again(
        &self,
        old_key: &str,
        record: &RawRecord<'_>,
        source: SourceId,
        (file_name, late_lines): (&str, usize),
        draft: &mut Draft,
    ) -> String {
        let mut recognised = self.recogniser.recognise(record, file_name);
        // What a rule would have said of the whole record comes too late: its ticket may stand.
        if !recognised.verdict.is_admitted() {
            return old_key.to_owned();
        }
        let (key, line, login) = self.place(record, &mut recognised, file_name);
        let skipped = recognised.text.lines().count().saturating_sub(late_lines);
        let text = recognised.text.split_inclusive('\n').skip(skipped).collect();
        let whole = first(key.clone(), source, line, login, recognised);
        draft.late.push(Late { old_key: old_key.to_owned(), whole: Some(whole), text });
        key
    }

    /// Whose it is and what it is called. The line takes its texts out of what was recognised.
    fn place(
        &self,
        record: &RawRecord<'_>,
        recognised: &mut Recognised,
        file_name: &str,
    ) -> (String, IncidentLine, String) {
        let session = recognised.incident.record.pid.and_then(|pid| self.sessions.get(&pid));
        let login = session.and_then(|session| session.login.as_deref()).unwrap_or(&self.login);
        let place = Place {
            file: file_name.to_owned(),
            lines: Some(record.lines),
            bytes: (record.bytes.start, record.bytes.end),
            truncated: record.truncated,
        };
        let line = self.recogniser.line(place, recognised, login);
        (self.key(&line.title, &line.signature, login), line, login.to_owned())
    }

    /// What is one ticket: signature and scope, or the bare title in the seed's style.
    fn key(&self, title: &str, signature: &str, login: &str) -> String {
        match (self.ticket_by_title, self.user_scope) {
            (true, _) => format!("title {title}"),
            (false, true) => format!("{signature} {login}"),
            (false, false) => signature.to_owned(),
        }
    }

    fn is_our_own(&self, record: &sgtk_log::Record) -> bool {
        let by_name = |name: &str| self.own_names.contains(name);
        let by_logger = record.logger.as_deref().is_some_and(|logger| logger.split('.').any(by_name));
        // Not by the origin's app: that may come from a call further out in a traceback (`own_code`).
        by_logger || record.message.contains(OWN_MARK)
    }
}

fn first(key: String, source: SourceId, line: IncidentLine, login: String, recognised: Recognised) -> First {
    First {
        newest: (line.time.clone(), line.bundle_version.clone()),
        key,
        times: 1,
        source,
        line,
        login,
        text: recognised.text,
        traceback: recognised.incident.traceback,
        summary: recognised.incident.summary,
        redactions: recognised.redactions,
        new: None,
        archive: None,
    }
}
