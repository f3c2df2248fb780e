//! Keeping the state itself in order: mending it when its file is gone or damaged, forgetting what is long past,
//! bringing what is held forward with time, and giving memory back when nothing happens.

use super::doubts::Doubts;
use super::{KeepError, Pipeline};
use crate::delivery::{Wake, chain};
use crate::event::Event;
use crate::footprint;
use crate::policy::fold::Folds;
use crate::policy::twins::Twins;
use crate::retention;
use crate::shared::{STATE, lock};
use log_follow::Disk;

/// What is long past is forgotten this often, and once when following has begun.
const PRUNE_MS: u64 = 24 * 3_600_000;

impl<D: Disk> Pipeline<D> {
    /// The state's file was deleted or damaged under us. Waiting would not help.
    pub(super) fn mend_state(&mut self) -> Result<(), KeepError> {
        (self.restore_folder)().map_err(KeepError::Folder)?;
        let note = lock(&self.shared.store).mend()?;
        self.reader.nothing_is_stored();
        self.sites.tell_again();
        // It would count with problems that the new state does not know.
        self.folds = Folds::default();
        self.twins = Twins::default();
        self.doubts = Doubts::default();
        self.shared.warn(STATE, note);
        Ok(())
    }

    /// Nothing was done by any thread since the look before, which was seconds ago.
    pub(super) fn come_to_rest(&mut self) {
        if self.shared.was_busy() {
            self.at_rest = false;
        } else if !std::mem::replace(&mut self.at_rest, true) {
            lock(&self.shared.store).come_to_rest();
            footprint::give_back();
        }
    }

    /// Notes that somebody has set the wall clock.
    pub(super) fn look_at_the_clock(&mut self) {
        let Some(by_ms) = self.wall.look(&*self.shared.clock) else { return };
        tracing::info!(by_s = by_ms / 1_000, "the clock was set, or this machine has slept");
        let now_ms = self.shared.clock.wall_ms();
        self.sites.clock_was_set(now_ms);
        let kept = lock(&self.shared.store).clock_was_set(by_ms, now_ms);
        if let Err(error) = kept {
            self.shared.state_trouble(&error);
        }
        // It waits for moments of the clock as it was.
        let _ = self.wake.send(Wake::Look);
    }

    /// Forgets what is long past; what cannot be forgotten now is met again tomorrow.
    pub(super) fn prune(&mut self) {
        self.prune_ms = self.shared.clock.steady_ms() + PRUNE_MS;
        let is_of_use = self.reader.is_of_use();
        let pruned = lock(&self.shared.store).prune(self.shared.clock.wall_ms(), &is_of_use);
        match pruned {
            Ok(gone) => {
                if !gone.is_empty() {
                    tracing::info!(positions = gone.len(), "forgot files that are long gone");
                }
                self.reader.forgotten(&gone);
            }
            Err(error) => tracing::warn!("cannot prune the state: {}", chain(&error)),
        }
        let yesterday_ms =
            self.shared.clock.wall_ms().saturating_sub(i64::try_from(PRUNE_MS).unwrap_or(i64::MAX));
        self.sessions.forget_ended(yesterday_ms);
        self.sites.tell_again();
        self.last_words
            .retain(|_, sent_ms| i64::try_from(*sent_ms).is_ok_and(|sent_ms| sent_ms > yesterday_ms));
        self.make_room();
    }

    /// Drops what is too much for this machine's disk; daily, and when an archive has come.
    pub(super) fn make_room(&mut self) {
        let now_ms = self.shared.clock.wall_ms();
        let mut store = lock(&self.shared.store);
        let dropped =
            retention::plan(&store, &self.spool, &self.settings.evidence, now_ms).and_then(|plan| {
                retention::carry_out(&mut store, &self.spool, &plan, now_ms)?;
                Ok(plan)
            });
        drop(store);
        match dropped {
            Ok(plan) => retention::tell(&self.shared, &plan),
            Err(error) => tracing::warn!("cannot make room in the spool: {}", chain(&error)),
        }
    }

    /// Lets through what may have its ticket by now, and lists what may not. What fails now is tried again in a minute.
    pub(super) fn settle(&mut self) {
        let now_ms = self.shared.clock.wall_ms();
        let settled = lock(&self.shared.store).settle(&self.settings.limits, now_ms);
        let wait_ms = match settled {
            Ok(settled) => {
                if let Some(held) = settled.storm_begins {
                    tracing::warn!(held, "a storm begins: more problems than tickets may be opened");
                    self.shared.tell(&Event::Storm { began: true, held });
                }
                if let Some(problems) = settled.digest {
                    tracing::info!(problems, "made a digest of what is held back");
                }
                if settled.storm_ends {
                    tracing::info!("the storm is over");
                    self.shared.tell(&Event::Storm { began: false, held: 0 });
                }
                if settled.has_news() {
                    // The delivery thread ends only with the agent.
                    let _ = self.wake.send(Wake::Look);
                }
                settled.next_ms.map(|next_ms| next_ms.saturating_sub(now_ms).max(1).unsigned_abs())
            }
            Err(error) => {
                self.shared.state_trouble(&error);
                Some(60_000)
            }
        };
        self.settle_ms = wait_ms.map(|wait_ms| self.shared.clock.steady_ms() + wait_ms);
    }
}
