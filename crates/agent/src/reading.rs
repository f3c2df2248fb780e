//! One record, from bytes to its place in the draft: the gate, recognition, whose it is, and which ticket's.
//!
//! Borrowed for one look from what the pipeline knows. Decides nothing that needs the state: whether a problem
//! is known is the store's to say.

use crate::attach::Session;
use crate::draft::{Draft, First};
use crate::gate::Verdict;
use crate::incident_line::Place;
use crate::policy::outcome;
use crate::recognise::Recogniser;
use log_follow::SourceId;
use sgtk_log::RawRecord;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Records with this mark are ours, whoever logged them: our own troubles must never become incidents.
const OWN_MARK: &str = "[incidentreporter]";

/// What they are counted under.
const OWN_RECORDS: &str = "records of tk-incidentreporter itself";

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
    pub(crate) fn read(&self, record: &RawRecord<'_>, source: SourceId, file_name: &str, draft: &mut Draft) {
        if !self.recogniser.wants(record) {
            return;
        }
        let recognised = self.recogniser.recognise(record, file_name);
        let parsed = &recognised.incident.record;
        if recognised.verdict == Verdict::Below {
            return;
        }
        // Before what any rule says: a rule that lets our own records through would close a circle.
        if self.is_our_own(parsed) {
            draft.drop_record(outcome::RULE_DROP, Some(Arc::from(OWN_RECORDS)));
            return;
        }
        match &recognised.verdict {
            Verdict::Ignored { by } => return draft.drop_record(outcome::RULE_DROP, Some(Arc::clone(by))),
            Verdict::Muted { by } => return draft.drop_record(outcome::MUTED, Some(Arc::clone(by))),
            Verdict::Admitted(_) | Verdict::Below => {}
        }
        let session = parsed.pid.and_then(|pid| self.sessions.get(&pid));
        let login = session.and_then(|session| session.login.as_deref()).unwrap_or(&self.login);
        let place = Place {
            file: file_name.to_owned(),
            lines: Some(record.lines),
            bytes: (record.bytes.start, record.bytes.end),
            truncated: record.truncated,
        };
        let line = self.recogniser.line(place, &recognised, login);
        let key = self.key(&line.title, &line.signature, login);
        if draft.is_first(&key) {
            draft.describe(First {
                key: key.clone(),
                times: 1,
                source,
                line: line.clone(),
                login: login.to_owned(),
                text: recognised.text,
                traceback: recognised.incident.traceback,
                summary: recognised.incident.summary,
                redactions: recognised.redactions,
                new: None,
            });
        }
        if self.list_all {
            draft.list(&key, source, line);
        }
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
        by_logger || record.origin.app.as_deref().is_some_and(by_name) || record.message.contains(OWN_MARK)
    }
}
