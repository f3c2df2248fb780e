//! A draft becomes the one transaction, or is held until it can; then whoever listens is told.
//!
//! Owns what goes into the transaction and what a failure of it means; what each occurrence becomes is decided in the store.

use super::Pipeline;
use super::cut::Cuts;
use crate::agent::AgentError;
use crate::delivery::Wake;
use crate::draft::{Draft, Late, Listed};
use crate::event::Event;
use crate::evidence::spooled_bytes;
use crate::facts::Moment;
use crate::policy::outcome;
use crate::policy::reopen::LastEvent;
use crate::reader::Moved;
use crate::shared::{STATE, lock};
use crate::store::{Batch, NewIncident, StoreError};
use log_follow::Disk;
use std::path::PathBuf;

impl<D: Disk> Pipeline<D> {
    /// Keeps a draft and the positions that belong to it, or holds it. True when it was kept.
    pub(super) fn keep(&mut self, mut draft: Draft, positions: bool) -> bool {
        let mut kept = if lock(&self.shared.store).is_there() {
            self.try_to_keep(&mut draft, positions)
        } else {
            Err(KeepError::Gone)
        };
        if kept.as_ref().is_err_and(KeepError::is_for_good) {
            kept = self.mend_state().and_then(|()| self.try_to_keep(&mut draft, positions));
        }
        match kept {
            Ok(()) => {
                self.shared.over(STATE);
                true
            }
            Err(error) => {
                self.shared.state_trouble(&error);
                if draft.has_news() {
                    self.held = Some(draft);
                }
                false
            }
        }
    }

    fn try_to_keep(&mut self, draft: &mut Draft, positions: bool) -> Result<(), KeepError> {
        if !draft.firsts.is_empty() || !draft.late.is_empty() {
            // Logs may be cut.
            self.sites.look_at_others();
        }
        let mut batch = Batch::default();
        let mut cuts = Cuts::default();
        // Those that have become part of other records are no problems of their own any more.
        let left = |draft: &Draft| {
            (0..draft.firsts.len()).filter(|at| draft.firsts[*at].times > 0).collect::<Vec<_>>()
        };
        for index in left(draft) {
            let made = lock(&self.shared.store).evidence_made(&draft.firsts[index].key)?;
            let first = &draft.firsts[index];
            match &made {
                None if first.new.is_none() => {
                    match self.new_incident(first, draft.evidence_failures, &mut cuts) {
                        Ok((new, archive)) => {
                            let first = &mut draft.firsts[index];
                            (first.new, first.archive) = (Some(new), Some(archive));
                        }
                        Err(source) => {
                            draft.evidence_failures += 1;
                            return Err(KeepError::Evidence { folder: self.spool.clone(), source });
                        }
                    }
                }
                Some(made) if first.archive.is_none() => {
                    draft.firsts[index].archive = self.more_evidence(first, made, &mut cuts);
                }
                _ => {}
            }
            let first = &draft.firsts[index];
            let new = first.new.clone().filter(|_| made.is_none()).unwrap_or_else(NewIncident::known);
            batch.occurrences(first.key.clone(), first.times, new);
            let (stamp, version) = &first.newest;
            if let Some(at_ms) = stamp.as_deref().and_then(|stamp| Moment::stamp_ms(stamp, &self.zone)) {
                batch.newest(LastEvent { at_ms, version: version.clone() });
            }
            batch.evidence.extend(first.archive.clone());
        }
        for index in 0..draft.late.len() {
            batch.late.push(self.late_record(draft, index, &mut cuts)?);
            let whole = draft.late[index].whole.as_ref();
            batch.evidence.extend(whole.and_then(|first| first.archive.clone()));
        }
        batch.dropped = draft.dropped.clone();
        batch.folded = draft.folded.clone();
        batch.taken.clone_from(&draft.taken);
        batch.processes = self.folds.changed();
        batch.sightings = self.twins.changes();
        batch.captured.clone_from(&draft.captured);
        batch.gaps.clone_from(&draft.gaps);
        batch.entered.clone_from(&draft.entered);
        let mut moved = Moved::default();
        if (positions || draft.has_news()) && self.reader.has_changed() {
            moved = self.reader.moved();
            batch.positions.clone_from(&moved.positions);
            batch.ended.clone_from(&moved.ended);
        }
        if batch.is_empty() {
            self.reader.stored(moved);
            self.kept_ms = self.shared.clock.steady_ms();
            return Ok(());
        }
        let now_ms = self.shared.clock.wall_ms();
        batch.site_away = lock(&self.shared.contact).trouble.is_some();
        let decided = lock(&self.shared.store).commit(&batch, &self.settings.limits, now_ms)?;
        self.kept_ms = self.shared.clock.steady_ms();
        self.folds.kept();
        self.twins.kept();
        self.reader.stored(moved);
        self.tell(draft, &decided);
        self.doubt(std::mem::take(&mut draft.doubts), &batch.taken);
        self.remember_unclaimed(std::mem::take(&mut draft.firsts));
        if batch.evidence.iter().any(|archive| !archive.hash.is_empty())
            && spooled_bytes(&self.spool) > self.settings.evidence.spool_bytes
        {
            self.make_room();
        }
        if !decided.is_empty() || !batch.late.is_empty() {
            // The delivery thread ends only with the agent.
            let _ = self.wake.send(Wake::Look);
        }
        if self.settle_ms.is_none() && decided.iter().any(|decided| decided.waits) {
            self.settle();
        }
        Ok(())
    }

    fn tell(&self, draft: &mut Draft, decided: &[crate::store::Decided]) {
        for gap in &draft.gaps {
            self.shared.tell(&Event::Gap { file: gap.path.clone(), bytes: gap.bytes, reason: gap.reason });
        }
        // That the session of a record is known by now is no news of the record.
        let is_news = |late: &&Late| !late.text.is_empty() || late.made_from.is_some();
        for whole in draft.late.iter().filter(is_news).filter_map(|late| late.whole.as_ref()) {
            self.shared.tell(&Event::Continued { incident: Box::new(whole.line.clone()) });
        }
        // Those that have become part of other records are told as such, and were decided on no more.
        let mut decided = decided.iter();
        let decided: Vec<_> =
            draft.firsts.iter().map(|first| if first.times > 0 { decided.next() } else { None }).collect();
        let mut told: Vec<u64> = vec![0; draft.firsts.len()];
        let times: Vec<u64> = draft.firsts.iter().map(|first| first.times).collect();
        let mut tell = |listed: Listed, line| {
            let (outcome, count) = match listed {
                Listed::Part(outcome) => (outcome, 0),
                Listed::Of(index) => match decided[index] {
                    None => (outcome::CHILD, 0),
                    Some(decided) => {
                        told[index] += 1;
                        let outcome = if told[index] == 1 { decided.first } else { decided.rest };
                        (outcome, decided.count - times[index] + told[index].min(times[index]))
                    }
                },
            };
            self.shared.tell(&Event::Incident { incident: Box::new(line), outcome, count });
        };
        if self.list_all {
            for (listed, _, line) in std::mem::take(&mut draft.listed) {
                tell(listed, line);
            }
        } else {
            for (index, first) in draft.firsts.iter().enumerate().filter(|(_, first)| first.times > 0) {
                tell(Listed::Of(index), first.line.clone());
            }
        }
    }
}

/// Why a draft could not be kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the state was deleted")]
    Gone,
    #[error("the state folder was removed and cannot be made again")]
    Folder(#[source] AgentError),
    #[error("cannot write an evidence archive into `{}`", folder.display())]
    Evidence {
        folder: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

impl KeepError {
    /// Whether trying again without doing something would never help.
    fn is_for_good(&self) -> bool {
        match self {
            KeepError::Gone => true,
            KeepError::Store(error) => error.is_damage(),
            KeepError::Folder(_) | KeepError::Evidence { .. } => false,
        }
    }
}
