//! A problem that was never seen before, and one that is seen with something new about it: its facts, and its evidence cut
//! from the logs before they rotate.

use super::Pipeline;
use super::cut::{Cut, Cuts, NoCut, Scene};
use crate::draft::First;
use crate::evidence::{self, Contents, Made, Reason};
use crate::facts::{EvidenceFacts, IncidentFacts, LeftOut, Moment, environment};
use crate::machine::{Room, free_bytes};
use crate::store::{Archive, NewIncident};
use jiff::Timestamp;
use jiff::civil::DateTime;
use log_follow::Disk;

/// After this many failures to write an archive the ticket goes without one.
const EVIDENCE_TRIES: u32 = 5;

impl<D: Disk> Pipeline<D> {
    /// Facts and evidence of a problem that was never seen before.
    pub(super) fn new_incident(
        &self,
        first: &First,
        failures: u32,
        cuts: &mut Cuts,
    ) -> std::io::Result<(NewIncident, Archive)> {
        let mut facts = self.facts(first);
        let why_not = if failures >= EVIDENCE_TRIES {
            Some("the archive could not be written on the workstation".to_owned())
        } else {
            self.why_no_archive()
        };
        let mut archive = self.archive(first, Reason::First);
        match why_not {
            Some(why) => archive.dropped = Some(why),
            None => self.cut(first, &mut facts, &mut archive, cuts)?,
        }
        if facts.evidence_note.is_none() {
            facts.evidence_note.clone_from(&archive.dropped);
        }
        let new = NewIncident {
            signature: facts.signature.clone(),
            title: facts.title.clone(),
            login: first.login.clone(),
            facts: serde_json::to_string(&facts).unwrap_or_default(),
            evidence: Some(archive.hash.clone()).filter(|hash| !hash.is_empty()),
        };
        Ok((new, archive))
    }

    /// The archive of one more occurrence of a known problem, if it shows something that no earlier one does.
    pub(super) fn more_evidence(&self, first: &First, made: &[Made], cuts: &mut Cuts) -> Option<Archive> {
        let version = first.line.bundle_version.as_deref();
        let per_day = self.settings.evidence.per_day;
        let now_ms = self.shared.clock.wall_ms();
        let reason = evidence::reason(made, version, &self.machine.system, per_day, now_ms)?;
        let mut archive = self.archive(first, reason);
        let mut facts = self.facts(first);
        match self.why_no_archive() {
            Some(why) => archive.dropped = Some(why),
            // Its ticket and its count do not wait for a second archive.
            None => {
                if let Err(error) = self.cut(first, &mut facts, &mut archive, cuts) {
                    tracing::warn!(
                        "cannot write an evidence archive into `{}`: {error}",
                        self.spool.display()
                    );
                    archive.dropped = Some("the archive could not be written on the workstation".to_owned());
                }
            }
        }
        Some(archive)
    }

    fn archive(&self, first: &First, reason: Reason) -> Archive {
        Archive {
            key: first.key.clone(),
            hash: String::new(),
            reason,
            bytes: 0,
            bundle_version: first.line.bundle_version.clone().unwrap_or_default(),
            system: self.machine.system.clone(),
            dropped: None,
        }
    }

    fn facts(&self, first: &First) -> IncidentFacts {
        let mut facts = IncidentFacts::of_line(&first.line);
        facts.summary.clone_from(&first.summary);
        facts.record.clone_from(&first.text);
        facts.traceback.clone_from(&first.traceback);
        facts.user.clone_from(&first.login);
        facts.machine = self.machine.clone();
        let at_ms = Moment::line_ms(&first.line, &self.zone);
        facts.session = facts.pid.and_then(|pid| self.sessions.at(pid, at_ms)).cloned();
        facts.redactions = first.redactions.iter().map(|(rule, hits)| (rule.to_owned(), hits)).collect();
        let stamp = first.line.time.as_deref().and_then(|stamp| Moment::of_record(stamp, &self.zone));
        facts.time = stamp.unwrap_or_else(|| Moment::at(self.shared.clock.wall_ms(), &self.zone));
        facts
    }

    fn why_no_archive(&self) -> Option<String> {
        let settings = &self.settings.evidence;
        if settings.per_day == 0 {
            return Some("the settings ask for no archives (evidence.per_day)".to_owned());
        }
        let free = free_bytes(&self.spool)?;
        (free < settings.least_free_bytes).then(|| "the disk of the workstation was nearly full".to_owned())
    }

    /// Cuts the logs and keeps the archive. Facts and archive learn what is in it, or why there is none.
    fn cut(
        &self,
        first: &First,
        facts: &mut IncidentFacts,
        archive: &mut Archive,
        cuts: &mut Cuts,
    ) -> std::io::Result<()> {
        let scene = self.scene(first);
        let own = self.own_log(&scene, cuts);
        if let Err(NoCut { why, is_unclean }) = &*own {
            facts.evidence_note = Some(why.clone());
            if *is_unclean {
                // What tripped the redactor may be in the record too: nothing is attached at all.
                archive.dropped = Some(why.clone());
                return Ok(());
            }
        }
        let (others, missing) = &*self.other_logs(&scene, cuts);
        facts.evidence = EvidenceFacts {
            reason: archive.reason.name().to_owned(),
            raw: self.settings.evidence.raw_log,
            logs: Vec::new(),
            left_out: missing.clone(),
        };
        if let Err(NoCut { why, .. }) = &*own {
            let name = format!("logs/{}", first.line.file);
            facts.evidence.left_out.push(LeftOut { name, why: why.clone() });
        }
        let cuts = own.iter().chain(others);
        facts.evidence.left_out.extend(cuts.filter_map(|cut| cut.log.without(&cut.facts.name)));
        // A quarter of the archive is for the record itself and its surroundings.
        let mut left = self.settings.evidence.most_bytes;
        let mut logs: Vec<&Cut> = Vec::new();
        for cut in own.iter().chain(others) {
            match left.checked_sub(cut.log.packed_bytes()) {
                Some(rest) => {
                    left = rest;
                    facts.evidence.logs.push(cut.facts.clone());
                    logs.push(cut);
                }
                None => {
                    let why = "the archive would be larger than evidence.most_bytes".to_owned();
                    facts.evidence.left_out.push(LeftOut { name: cut.facts.name.clone(), why });
                }
            }
        }
        let log_folder = self.log_folder(&scene);
        let room = Room::now(log_folder.as_deref(), &self.spool);
        let redact = |name: &str, text: &str| self.recogniser.redact_value(name, text);
        let environment = environment(
            &self.machine,
            &room,
            facts.session.as_ref(),
            &|name| std::env::var_os(name),
            &redact,
        );
        let environment = serde_json::to_string_pretty(&environment).unwrap_or_default();
        loop {
            let incident = serde_json::to_string_pretty(&facts).unwrap_or_default();
            let entries: Vec<_> = logs.iter().map(|cut| (cut.name.as_str(), &*cut.log)).collect();
            let bytes = evidence::pack(&Contents {
                incident: &incident,
                environment: &environment,
                traceback: first.traceback.as_deref(),
                logs: &entries,
                raw: facts.evidence.raw,
            })?;
            if bytes.len() as u64 > self.settings.evidence.most_bytes
                && let Some(cut) = logs.pop()
            {
                facts.evidence.logs.pop();
                let why = "the archive would be larger than evidence.most_bytes".to_owned();
                facts.evidence.left_out.push(LeftOut { name: cut.facts.name.clone(), why });
                continue;
            }
            archive.bytes = bytes.len() as u64;
            archive.hash = evidence::keep(&self.spool, &bytes)?;
            return Ok(());
        }
    }

    fn scene(&self, first: &First) -> Scene {
        let stamp = first.line.time.as_deref().and_then(|stamp| stamp.parse::<DateTime>().ok());
        let now = || {
            let now =
                Timestamp::from_millisecond(self.shared.clock.wall_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
            now.to_zoned(self.zone.clone()).datetime()
        };
        let (start, mut end) = first.line.bytes;
        if end == 0
            && let Some(log) = first.source.and_then(|source| self.reader.log_of(source))
        {
            // Its host told it; in its log it is the newest, as far as anybody knows.
            end = log.len_bytes;
        }
        let start = if first.line.bytes.1 == 0 { end } else { start };
        Scene { source: first.source, record: start..end, time: stamp.unwrap_or_else(now) }
    }

    /// Where the log is, if that is on this machine.
    fn log_folder(&self, scene: &Scene) -> Option<std::path::PathBuf> {
        let folder = self.reader.log_of(scene.source?)?.path.parent()?.to_owned();
        (!self.reader.disk().is_remote(&folder)).then_some(folder)
    }
}
