//! Records that hosts hand over: read as those of a log are, and kept before the host hears that they are.

use super::Pipeline;
use crate::captured::Captured;
use crate::draft::Draft;
use crate::policy::outcome;
use crate::reading::{From, Met, Reading};
use crate::shared::lock;
use crate::store::{CaptureProgress, RECORD_CUT, StoreError, StoredGap};
use log_follow::Disk;
use sgtk_log::{RecordLimits, RecordReader};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;

/// Records that a host could not hold until it was rid of them. Those of them that stand in a log are read there.
const NOT_CAPTURED: &str = "not_captured";
/// What is shown as the log of a record whose host has none.
const NO_LOG: &str = "(no log)";
/// Captures that are remembered here, of those that handed over last; the state knows them all.
const MOST_CAPTURES: usize = 256;

/// How far each host has handed over its records.
#[derive(Default)]
pub(crate) struct Captures {
    known: HashMap<(u32, String), CaptureProgress>,
}

impl Captures {
    pub(super) fn of(kept: Vec<CaptureProgress>) -> Captures {
        let known = kept.into_iter().map(|progress| ((progress.pid, progress.started.clone()), progress));
        Captures { known: known.collect() }
    }

    /// Whether a process has handed records over.
    pub(crate) fn has(&self, pid: u32) -> bool {
        self.known.keys().any(|(known, _)| *known == pid)
    }

    /// Whether nobody has.
    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// How far a host is; `kept` is what the state says of one that is not remembered.
    fn of_host(
        &mut self,
        (pid, started): (u32, &str),
        kept: impl FnOnce() -> Result<Option<CaptureProgress>, StoreError>,
    ) -> Result<&mut CaptureProgress, StoreError> {
        let key = (pid, started.to_owned());
        if self.known.contains_key(&key) {
            return Ok(self.known.entry(key).or_default());
        }
        let begins = || CaptureProgress { pid, started: started.to_owned(), ..CaptureProgress::default() };
        let progress = kept()?.unwrap_or_else(begins);
        if self.known.len() >= MOST_CAPTURES {
            let oldest = self.known.iter().min_by_key(|(_, progress)| progress.last_ms);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.known.remove(&oldest);
            }
        }
        Ok(self.known.entry(key).or_insert(progress))
    }
}

impl<D: Disk> Pipeline<D> {
    /// Keeps what a host hands over, and tells it.
    pub(super) fn captured(&mut self, captured: &Captured, answer: &Sender<Result<(), String>>) {
        // The log is as long as the host has made it, and is cut as such; most often the same record stands at its end.
        self.step();
        // The host holds them and asks again; what is held is what it may have handed over just now.
        let kept = self.held.is_none() && self.keep_captured(captured);
        // Whoever asked may have stopped waiting.
        let _ = answer.send(if kept { Ok(()) } else { Err("the state cannot be written now".to_owned()) });
    }

    fn keep_captured(&mut self, captured: &Captured) -> bool {
        self.learn_secrets();
        let session = self.sessions.newest(captured.pid);
        let instance = session.and_then(|session| session.text(&["engine", "instance"]));
        let engine = session.and_then(|session| session.text(&["engine", "name"]));
        // Only a project's process of Desktop passes records on; of a host that never said what it is, it may be one.
        let passes_on = engine.is_none_or(|engine| engine == "tk-desktop");
        let log = captured.log_file.as_deref();
        let file_name = match (log, instance) {
            (Some(log), _) => log.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            (None, Some(instance)) => format!("{instance}.log"),
            (None, None) => NO_LOG.to_owned(),
        };
        let source = log.and_then(|log| self.source_at(log));

        let now_ms = self.shared.clock.wall_ms();
        let who = (captured.pid, captured.started.as_str());
        let shared = Arc::clone(&self.shared);
        let progress = match self.captures.of_host(who, || lock(&shared.store).capture(who)) {
            Ok(progress) => progress,
            Err(error) => {
                shared.state_trouble(&error);
                return false;
            }
        };
        let known = if captured.first == 0 { 0 } else { (progress.kept + 1).saturating_sub(captured.first) };
        let news = captured.records.get(usize::try_from(known).unwrap_or(usize::MAX)..).unwrap_or_default();
        let dropped = captured.dropped.saturating_sub(progress.dropped);
        if news.is_empty() && dropped == 0 {
            return true;
        }
        if let Some(before) = captured.first.checked_sub(1) {
            progress.kept = progress.kept.max(before.saturating_add(captured.records.len() as u64));
        }
        progress.records += news.len() as u64;
        progress.dropped += dropped;
        progress.last_ms = now_ms;

        let mut draft = Draft::default();
        draft.captured = Some(progress.clone());
        if dropped > 0 {
            let path = log.map_or(file_name.clone(), |log| log.display().to_string());
            draft.gaps.push(StoredGap { path, bytes: None, reason: NOT_CAPTURED });
        }
        let Pipeline { shared, folds, twins, sites, .. } = self;
        let login = lock(&shared.login).login.clone();
        let login = login.unwrap_or_else(|| self.machine.user.clone());
        let known = (&self.sessions, &self.own_names, &self.captures, &self.zone);
        let reading = Reading::of(&self.settings, &self.recogniser, known, login, (self.list_all, now_ms));
        let gate = self.recogniser.read_gate();
        for record in news {
            let text = record.as_logged(captured.pid, &self.zone);
            let from = From::Host { source, passes_on, uncaught: record.uncaught };
            let mut reader = RecordReader::new(RecordLimits::default(), gate);
            let mut sink = |raw: sgtk_log::RawRecord<'_>| {
                if raw.truncated {
                    let limits = RecordLimits::default();
                    let kept_bytes = limits.head_bytes + limits.tail_bytes;
                    let bytes = text.len().saturating_sub(kept_bytes) as u64;
                    let path = log.map_or(file_name.clone(), |log| log.display().to_string());
                    draft.gaps.push(StoredGap { path, bytes: Some(bytes), reason: RECORD_CUT });
                }
                let read = std::panic::AssertUnwindSafe(|| {
                    let folder = log.and_then(Path::parent).unwrap_or(Path::new(""));
                    let met = Met { record: &raw, from, file_name: &file_name, folder };
                    reading.read(met, (&mut *folds, &mut *twins, &mut *sites), &mut draft);
                });
                // A record that trips us must not take the others with it.
                if std::panic::catch_unwind(read).is_err() {
                    let place = format!("a record that process {} handed over", captured.pid);
                    shared.warn(&place, "it could not be recognised, by a fault of ours".to_owned());
                    draft.drop_record(outcome::FAILED, None);
                }
            };
            reader.feed(text.as_bytes(), &mut sink);
            reader.flush(&mut sink);
        }
        self.twins.handed_over(captured.pid);
        self.keep(draft, false)
    }

    /// The log of this path, if it is followed.
    fn source_at(&self, log: &Path) -> Option<log_follow::SourceId> {
        let sources = self.reader.status();
        sources.iter().find(|status| !status.rotated && status.path == log).map(|status| status.source)
    }
}
