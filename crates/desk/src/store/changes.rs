//! Which tickets a commit has changed: noticed on the writer's connection, told after the commit.
//!
//! Whatever writes (api3, REST, the page) is noticed, because SQLite says which rows a transaction touches. Owns the way from such
//! a row to its ticket, and who is told. A ticket is changed by its own row, its replies and its attachments.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Transaction};
use tokio::sync::broadcast;

use crate::store::ticket_card;

/// Commits that a slow listener may be behind before it misses some.
const BACKLOG: usize = 64;
/// Tickets that wait for a reader; beyond, it reads all.
const MAX_WAITING: usize = 20_000;

/// Rows that the running transaction has touched.
#[derive(Clone, Default)]
pub(crate) struct Touched(Arc<Mutex<TouchedRows>>);

#[derive(Default)]
struct TouchedRows {
    tickets: BTreeSet<i64>,
    replies: BTreeSet<i64>,
    attachments: BTreeSet<i64>,
}

impl Touched {
    /// Notices what is written through `connection` from now on.
    pub(crate) fn watch(connection: &mut Connection) -> rusqlite::Result<Touched> {
        let touched = Touched::default();
        let seen = touched.clone();
        connection.update_hook(Some(move |_, _: &str, table: &str, row: i64| {
            let mut rows = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
            match table {
                "Ticket" => rows.tickets.insert(row),
                "Reply" => rows.replies.insert(row),
                "Attachment" => rows.attachments.insert(row),
                _ => false,
            };
        }))?;
        Ok(touched)
    }

    /// A transaction begins; what an earlier one touched and rolled back is of no interest.
    pub(crate) fn forget(&self) {
        drop(self.take());
    }

    /// Brings the cards of the touched tickets up to date, inside the same transaction; gives the tickets.
    pub(crate) fn settle(&self, transaction: &Transaction<'_>) -> rusqlite::Result<Vec<i64>> {
        let mut rows = self.take();
        for reply in rows.replies {
            rows.tickets.extend(ticket_card::ticket_of_reply(transaction, reply)?);
        }
        for ticket in &rows.tickets {
            ticket_card::refresh(transaction, *ticket)?;
        }
        for attachment in rows.attachments {
            rows.tickets.extend(ticket_card::tickets_of_attachment(transaction, attachment)?);
        }
        Ok(rows.tickets.into_iter().collect())
    }

    fn take(&self) -> TouchedRows {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

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

    /// A listener, for what is committed from now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Arc<[i64]>> {
        self.listeners.subscribe()
    }
}
