//! A problem that was never seen before: its facts, and its evidence cut from the logs before they rotate.

use super::Pipeline;
use crate::draft::First;
use crate::evidence::{self, Contents};
use crate::facts::{IncidentFacts, Moment, environment};
use crate::recognise::NotRedacted;
use crate::store::NewIncident;
use log_follow::{Disk, SourceId};
use std::collections::BTreeMap;

/// After this many failures to write an archive the ticket goes without one.
const EVIDENCE_TRIES: u32 = 5;
/// Why nothing is attached, when the redactor fails.
const NOT_CLEANED: &str = "it could not be cleaned of secrets, by a fault of ours";

/// A log for evidence, redacted: its bare name and text; or why there is none.
pub(super) type CutLog = Result<(String, String), &'static str>;

impl<D: Disk> Pipeline<D> {
    /// Facts and evidence of a problem that was never seen before.
    pub(super) fn new_incident(
        &self,
        first: &First,
        failures: u32,
        logs: &mut BTreeMap<SourceId, CutLog>,
    ) -> std::io::Result<NewIncident> {
        let mut facts = IncidentFacts::of_line(&first.line);
        facts.summary.clone_from(&first.summary);
        facts.record.clone_from(&first.text);
        facts.traceback.clone_from(&first.traceback);
        facts.user.clone_from(&first.login);
        facts.machine = self.machine.clone();
        facts.session = facts.pid.and_then(|pid| self.sessions.get(&pid)).cloned();
        facts.redactions = first.redactions.iter().map(|(rule, hits)| (rule.to_owned(), hits)).collect();
        let stamp = first.line.time.as_deref().and_then(|stamp| Moment::of_record(stamp, &self.zone));
        facts.time = stamp.unwrap_or_else(|| Moment::at(self.shared.clock.wall_ms(), &self.zone));
        let log = logs.entry(first.source).or_insert_with(|| self.cut_log(first.source)).clone();
        if let Err(why) = log {
            facts.evidence_note = Some(why.to_owned());
        }
        let mut evidence = None;
        if log == Err(NOT_CLEANED) {
            // What tripped the redactor may be in the record too: nothing is attached at all.
        } else if failures < EVIDENCE_TRIES {
            let environment =
                environment(&self.machine, facts.session.as_ref(), &|name| std::env::var_os(name), &|text| {
                    self.recogniser.redact_text(text)
                });
            let contents = Contents {
                incident: &serde_json::to_string_pretty(&facts).unwrap_or_default(),
                environment: &serde_json::to_string_pretty(&environment).unwrap_or_default(),
                traceback: first.traceback.as_deref(),
                logs: log.as_ref().map_or(&[], std::slice::from_ref),
            };
            evidence = Some(evidence::keep(&self.spool, &contents)?);
        } else {
            facts.evidence_note = Some("the archive could not be written on the workstation".to_owned());
        }
        Ok(NewIncident {
            signature: facts.signature.clone(),
            title: facts.title.clone(),
            login: first.login.clone(),
            facts: serde_json::to_string(&facts).unwrap_or_default(),
            evidence,
        })
    }

    /// The newest part of a log as it is now, redacted.
    fn cut_log(&self, source: SourceId) -> CutLog {
        let newest = self.reader.newest(source, self.settings.evidence.log_bytes);
        let (name, bytes, cut_at_front) = newest.ok_or("the log was gone before it could be copied")?;
        let whole = evidence::from_whole_line(&bytes, cut_at_front);
        let (text, _) = self.recogniser.redact_log(whole, cut_at_front).map_err(|NotRedacted| NOT_CLEANED)?;
        Ok((name, text))
    }
}
