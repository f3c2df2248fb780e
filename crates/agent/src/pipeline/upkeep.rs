//! Keeping the state itself in order: mending it when its file is gone or damaged, and forgetting what is long past.

use super::{KeepError, Pipeline};
use crate::delivery::chain;
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
        self.shared.warn(STATE, note);
        Ok(())
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
    }
}
