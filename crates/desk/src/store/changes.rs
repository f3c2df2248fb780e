//! Which tickets commits have changed, told after each.
//!
//! Whatever writes (api3, REST, the page) is told of: a store notices which rows a transaction touches. A ticket is changed by its own
//! row, its replies and its attachments.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

/// Commits that a slow listener may be behind before it misses some.
const BACKLOG: usize = 64;
/// Tickets that wait for a reader; beyond, it reads all.
const MAX_WAITING: usize = 20_000;

/// Tells of changed tickets: those who listen at once, and a reader that asks now and then.
pub(crate) struct Changes {
    listeners: broadcast::Sender<Arc<[i64]>>,
    waiting: Mutex<Waiting>,
}

/// What has changed since it was last asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    Tickets(BTreeSet<i64>),
    /// More than are worth naming, as at the start.
    Everything,
}

impl Default for Changes {
    fn default() -> Changes {
        Changes { listeners: broadcast::Sender::new(BACKLOG), waiting: Mutex::new(Waiting::Everything) }
    }
}

impl Changes {
    /// After a commit, with the tickets it has changed.
    pub(crate) fn tell(&self, tickets: Vec<i64>) {
        if tickets.is_empty() {
            return;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Waiting::Tickets(known) = &mut *waiting {
            known.extend(&tickets);
            if known.len() > MAX_WAITING {
                *waiting = Waiting::Everything;
            }
        }
        drop(waiting);
        // An error means nobody listens.
        let _ = self.listeners.send(tickets.into());
    }

    /// What has changed since the last call. To be asked before the rows are read.
    pub(crate) fn take(&self) -> Waiting {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *waiting, Waiting::Tickets(BTreeSet::new()))
    }

    /// What has changed is not known by number any more: the next to ask reads all.
    pub(crate) fn forget(&self) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Waiting::Everything;
    }

    /// A listener, for what is committed from now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Arc<[i64]>> {
        self.listeners.subscribe()
    }
}
