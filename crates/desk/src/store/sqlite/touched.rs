//! Which tickets the running transaction changes: SQLite says which rows it touches.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Transaction};

use crate::store::sqlite::ticket_card;

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
