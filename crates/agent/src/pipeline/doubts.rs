//! Records of processes that no site's session knows, while several agents read them: each keeps them, and before their ticket is
//! due all but one let them go. By then the session of a host that was just starting has had its first word.
//!
//! Held in memory only. An agent that dies in these seconds files what it kept: twice rather than never.

use super::Pipeline;
use crate::delivery::Wake;
use crate::draft::{Doubt, MOST_DOUBTS};
use crate::evidence;
use crate::settings::LimitSettings;
use crate::shared::lock;
use crate::sites::{Whose, is_running};
use crate::store::Taken;
use log_follow::Disk;
use std::collections::VecDeque;
use std::time::Duration;

/// In the order in which they are decided, each with its moment in steady time.
#[derive(Default)]
pub(super) struct Doubts(VecDeque<(u64, Doubt)>);

impl Doubts {
    /// How long to wait for the next look, when it may be this long.
    pub(super) fn wait(&self, now_ms: u64, most: Duration) -> Duration {
        self.0
            .front()
            .map_or(most, |(due_ms, _)| most.min(Duration::from_millis(due_ms.saturating_sub(now_ms))))
    }

    /// A record that was kept under this key is part of another one after all.
    pub(super) fn taken(&mut self, part: &str) {
        if let Some((_, doubt)) = self.0.iter_mut().find(|(_, doubt)| doubt.key == part && doubt.times > 0) {
            doubt.times -= 1;
        }
    }

    /// A record that went on is kept under another key.
    pub(super) fn renamed(&mut self, from: &str, to: &str) {
        for (_, doubt) in self.0.iter_mut().filter(|(_, doubt)| doubt.key == from) {
            to.clone_into(&mut doubt.key);
        }
    }
}

/// In time for the ticket's step, which is due when this has passed, or when the next record of its problem comes after the other.
fn wait_ms(limits: &LimitSettings) -> u64 {
    limits.gather_s.min(limits.gather_max_s).saturating_mul(800)
}

impl<D: Disk> Pipeline<D> {
    /// Remembers what has just been kept and may be another site's.
    pub(super) fn doubt(&mut self, doubts: Vec<Doubt>, taken: &[Taken]) {
        taken.iter().for_each(|taken| self.doubts.taken(&taken.part));
        let wait_ms = wait_ms(&self.settings.limits);
        let due_ms = self.shared.clock.steady_ms().saturating_add(wait_ms);
        let room = MOST_DOUBTS.saturating_sub(self.doubts.0.len());
        self.doubts.0.extend(doubts.into_iter().take(room).map(|doubt| (due_ms, doubt)));
    }

    /// Decides what is due: whose it is by now, and who files it when nobody has claimed it.
    pub(super) fn settle_doubts(&mut self, now_ms: u64) {
        let due = self.doubts.0.iter().take_while(|(due_ms, _)| *due_ms <= now_ms).count();
        if due == 0 {
            return;
        }
        let wall_ms = self.shared.clock.wall_ms();
        // Each agent decides when its wait since it has read the record is over: with the default, within less than 2 s of each other.
        let late_ms = i64::try_from(wait_ms(&self.settings.limits) / 4).unwrap_or(i64::MAX);
        self.sites.decision_begins(now_ms, wall_ms.saturating_sub(late_ms));
        let due: Vec<Doubt> = self.doubts.0.drain(..due).map(|(_, doubt)| doubt).collect();
        let mut released = Vec::new();
        for doubt in due {
            let is_ours = match self.sites.whose(doubt.pid, doubt.at_ms.unwrap_or(wall_ms)) {
                Whose::Ours => true,
                Whose::Theirs => false,
                Whose::Unknown => self.sites.keeps_unknown(&doubt.log_folder, doubt.at_ms, &is_running),
            };
            if !is_ours && doubt.times > 0 {
                released.push((doubt.key, doubt.times));
            }
        }
        if released.is_empty() {
            return;
        }
        let mut store = lock(&self.shared.store);
        match store.release(&released, wall_ms) {
            Ok(()) => {
                // What was cut for them is nobody's any more.
                evidence::sweep(&self.spool, &mut |hash| store.needs_evidence(hash).unwrap_or(true));
                // A ticket that stands hears of the smaller count.
                let _ = self.wake.send(Wake::Look);
            }
            Err(error) => {
                drop(store);
                // They are filed here too, as if nobody had asked.
                self.shared.state_trouble(&error);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::Draft;
    use crate::settings::Layers;
    use std::path::Path;

    #[test]
    fn a_doubt_is_decided_before_its_ticket_is_made_whichever_limit_makes_it() {
        let mut limits = Layers::default().resolve().unwrap().limits;
        for (gather_s, gather_max_s, expected_ms) in [(10, 30, 8_000), (10, 5, 4_000), (10, 0, 0)] {
            (limits.gather_s, limits.gather_max_s) = (gather_s, gather_max_s);
            assert_eq!(wait_ms(&limits), expected_ms);
        }
    }

    #[test]
    fn a_doubt_goes_with_its_record_into_another_key_before_and_after_it_is_kept() {
        let mut draft = Draft::default();
        draft.doubt("seen", Some(7), Some(5), Path::new("/logs"));
        draft.doubt("other", Some(7), Some(5), Path::new("/logs"));
        draft.renamed("seen", "whole");
        let mut doubts = Doubts(draft.doubts.into_iter().map(|doubt| (0, doubt)).collect());
        doubts.renamed("other", "grown");
        let keys: Vec<_> = doubts.0.iter().map(|(_, doubt)| doubt.key.as_str()).collect();
        assert_eq!(keys, ["whole", "grown"]);
    }
}
