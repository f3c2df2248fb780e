//! A report by hand becomes an incident of its own: redacted here, kept in a transaction of its own, due at once.

use super::Pipeline;
use crate::attach::Session;
use crate::delivery::{Wake, chain};
use crate::event::Event;
use crate::evidence::{self, Contents, LogBytes, PackedLog, Part, Reason};
use crate::facts::{EvidenceFacts, IncidentFacts, LogFacts, Moment, environment};
use crate::machine::Room;
use crate::report::{Report, ReportLog, title};
use crate::shared::lock;
use crate::store::{Archive, NewIncident};
use crate::version;
use log_follow::Disk;
use sgtk_log::FileName;

impl<D: Disk> Pipeline<D> {
    /// Keeps a report and says so to whoever asked for it.
    pub(super) fn report(&mut self, report: Report) {
        self.sites.look_begins(self.shared.clock.steady_ms());
        self.sites.look_at_others();
        let (new, archive) = self.describe_report(&report);
        let now_ms = self.shared.clock.wall_ms();
        let kept = lock(&self.shared.store).keep_report(&report.key, &new, archive.as_ref(), now_ms);
        let answer = match kept {
            Ok(()) => {
                self.shared.tell(&Event::Report { key: report.key, title: new.title.clone() });
                let _ = self.wake.send(Wake::Look);
                Ok(new.title)
            }
            Err(error) => Err(chain(&error)),
        };
        // Whoever asked may have stopped waiting.
        let _ = report.kept.send(answer);
    }

    fn describe_report(&self, report: &Report) -> (NewIncident, Option<Archive>) {
        let session = self.session_of(report.request.pid);
        let login = session
            .as_ref()
            .and_then(|session| session.login.clone())
            .or_else(|| lock(&self.shared.login).login.clone())
            .unwrap_or_else(|| self.machine.user.clone());
        let comment = self.recogniser.redact_text(report.request.comment.trim());
        let (logs, missing) = self.pack_logs(&report.logs);
        let engine_of_log = || logs.iter().find_map(|(name, _)| FileName(name).engine()).map(str::to_owned);
        let engine = session
            .as_ref()
            .and_then(|session| session.text(&["engine", "instance"]).map(str::to_owned))
            .or_else(engine_of_log);
        let mut facts = IncidentFacts {
            v: 1,
            signature: report.key.clone(),
            title: title(&login, &comment, &report.key),
            summary: "reported by hand".to_owned(),
            message: comment.clone(),
            record: comment,
            file: logs.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "),
            pid: session.as_ref().map(|session| session.pid),
            time: Moment::at(self.shared.clock.wall_ms(), &self.zone),
            user: login.clone(),
            machine: self.machine.clone(),
            engine,
            session,
            evidence_note: (!missing.is_empty()).then(|| missing.join("; ")),
            agent_version: version::this().to_owned(),
            ..IncidentFacts::default()
        };
        facts.evidence = EvidenceFacts {
            reason: Reason::Asked.name().to_owned(),
            raw: self.settings.evidence.raw_log,
            logs: logs.iter().map(|(name, log)| log_facts(name, log)).collect(),
            left_out: logs.iter().filter_map(|(name, log)| log.without(&format!("logs/{name}"))).collect(),
        };
        let redact = |name: &str, text: &str| self.recogniser.redact_value(name, text);
        let variable = |name: &str| std::env::var_os(name);
        let room = Room::now(None, &self.spool);
        let environment = environment(&self.machine, &room, facts.session.as_ref(), &variable, &redact);
        let entries: Vec<_> = logs.iter().map(|(name, log)| (name.as_str(), log)).collect();
        let kept = evidence::pack(&Contents {
            incident: &serde_json::to_string_pretty(&facts).unwrap_or_default(),
            environment: &serde_json::to_string_pretty(&environment).unwrap_or_default(),
            traceback: None,
            logs: &entries,
            raw: facts.evidence.raw,
        })
        .and_then(|bytes| Ok((evidence::keep(&self.spool, &bytes)?, bytes.len() as u64)));
        if kept.is_err() {
            // What the person says is worth a ticket without its logs.
            facts.evidence_note = Some("the archive could not be written on the workstation".to_owned());
        }
        let archive = kept.ok().map(|(hash, bytes)| Archive {
            key: report.key.clone(),
            hash,
            reason: Reason::Asked,
            bytes,
            bundle_version: String::new(),
            system: self.machine.system.clone(),
            dropped: None,
        });
        let new = NewIncident {
            signature: facts.signature.clone(),
            title: facts.title.clone(),
            login,
            facts: serde_json::to_string(&facts).unwrap_or_default(),
            evidence: archive.as_ref().map(|archive| archive.hash.clone()),
        };
        (new, archive)
    }

    /// The session of a process; without one, the only session that has not ended.
    fn session_of(&self, pid: Option<u32>) -> Option<Session> {
        if let Some(pid) = pid {
            return self.sessions.newest(pid).cloned();
        }
        let mut open = lock(&self.shared.store).sessions().unwrap_or_default();
        if open.len() == 1 { open.pop() } else { None }
    }

    /// Names of what could be read and cleaned, packed, and why the rest is missing.
    fn pack_logs(&self, logs: &[ReportLog]) -> (Vec<(String, PackedLog)>, Vec<String>) {
        let (mut packed, mut missing) = (Vec::new(), Vec::new());
        let mut left = self.settings.evidence.most_bytes;
        for ReportLog { name, bytes } in logs {
            let (bytes, cut_at_front) = match bytes {
                Ok(read) => read,
                Err(error) => {
                    missing.push(format!("{name} could not be read: {error}"));
                    continue;
                }
            };
            // Half a line is no line.
            let first_line = bytes.iter().position(|byte| *byte == b'\n').map_or(1, |end| end as u64 + 1);
            let start = if *cut_at_front { first_line } else { 0 };
            let log = LogBytes {
                name: name.clone(),
                len_bytes: bytes.len() as u64,
                read: Box::new(|offset, len| {
                    let from = bytes.len().min(usize::try_from(offset).unwrap_or(usize::MAX));
                    Ok(bytes[from..bytes.len().min(from.saturating_add(len))].to_vec())
                }),
            };
            let part = Part { log: &log, bytes: start..log.len_bytes };
            match self.pack_parts(&[part], left) {
                Ok(log) => {
                    left -= log.packed_bytes();
                    packed.push((name.clone(), log));
                }
                Err(fault) => missing.push(format!("{name} is not attached: {fault}")),
            }
        }
        (packed, missing)
    }
}

fn log_facts(name: &str, log: &PackedLog) -> LogFacts {
    LogFacts {
        name: format!("logs/{name}"),
        parts: Vec::new(),
        text_bytes: log.text_bytes,
        redactions: log.redactions.iter().map(|(rule, hits)| ((*rule).to_owned(), *hits)).collect(),
    }
}
