//! What the desk keeps: the trait `Store`, and the words that it and the rest of the desk talk in.
//!
//! A store runs pieces of work: questions on one snapshot (`Reading`), orders in one transaction (`Writing`). It is acknowledged after its
//! commit, and the last acknowledged one survives SIGKILL. There is one store, `SqliteStore`; nothing outside `sqlite` knows that.
//! Attachment bytes are not kept here (`files`).

pub(crate) mod changes;
pub(crate) mod event;
pub(crate) mod field;
pub(crate) mod group;
mod reading;
pub(crate) mod refresh_token;
pub(crate) mod row;
pub(crate) mod sqlite;
pub(crate) mod ticket_card;
pub(crate) mod upload;
pub(crate) mod work_day;
mod writing;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::fault::Trouble;
use crate::store::changes::Changes;
pub(crate) use crate::store::reading::Reading;
pub(crate) use crate::store::writing::Writing;

/// Work that reads; told why when there is no snapshot to be had.
pub(crate) type ReadWork = Box<dyn FnOnce(Result<&dyn Reading, Trouble>) + Send>;
/// Work that writes, and says whether it is to be kept.
pub(crate) type WriteWork = Box<dyn FnOnce(&dyn Writing) -> bool + Send>;
/// Hears what became of the work that writes, once it is safely kept or gone without a trace.
pub(crate) type Kept = Box<dyn FnOnce(Result<(), Trouble>) + Send>;

/// A place where rows are kept. Callers are on the runtime's thread: nothing here may block.
pub(crate) trait Store: Send + Sync {
    /// Has work done on one snapshot of what has been committed. It is dropped undone when the store is closing.
    fn have_read(&self, work: ReadWork);

    /// Has work done in one transaction: after what was asked for before, and one at a time. Both are dropped when the store is closing.
    fn have_written(&self, work: WriteWork, kept: Kept);

    /// Which tickets are changed, from now on.
    fn changes(&self) -> Arc<Changes>;
}

impl dyn Store {
    /// Runs `work` on one snapshot of what has been committed.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, Trouble>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Reading) -> Result<T, Trouble> + Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        self.have_read(Box::new(move |rows| {
            // The caller may have hung up.
            let _ = answer.send(rows.and_then(work));
        }));
        result.await.map_err(|_| Trouble::Closed)?
    }

    /// Runs `work` in one transaction: committed when it gives `Ok`, else without a trace.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, Trouble>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Writing) -> Result<T, Trouble> + Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        let outcome = Arc::new(Mutex::new(None));
        let given = Arc::clone(&outcome);
        let work = move |rows: &dyn Writing| {
            let result = work(rows);
            let is_good = result.is_ok();
            *given.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            is_good
        };
        let kept = move |kept: Result<(), Trouble>| {
            let result = outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
            // The caller may have hung up; what was committed stays.
            let _ = answer.send(kept.and_then(|()| result.unwrap_or(Err(Trouble::Closed))));
        };
        self.have_written(Box::new(work), Box::new(kept));
        result.await.map_err(|_| Trouble::Closed)?
    }
}

/// Text as it is compared: FPT ignores case everywhere.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}
