//! The database: one writer thread, a few reader threads, all off the runtime.
//!
//! Owns the connections, the transactions and the lock on the data folder. A write is acknowledged after its commit, and a commit is
//! on the disk (WAL, `synchronous = FULL`): the last acknowledged write survives SIGKILL. What is read and written is the
//! caller's business.

pub(crate) mod attached_file;
pub(crate) mod changes;
pub(crate) mod event;
pub(crate) mod field;
pub(crate) mod follow;
pub(crate) mod group;
mod layout;
pub(crate) mod link;
pub(crate) mod local_storage;
pub(crate) mod person;
pub(crate) mod project_access;
mod referred;
pub(crate) mod refresh_token;
pub(crate) mod row;
pub(crate) mod session;
pub(crate) mod setting;
pub(crate) mod sqlite;
pub(crate) mod status;
pub(crate) mod table;
pub(crate) mod ticket_card;
pub(crate) mod upload;
pub(crate) mod work_day;

use std::collections::BTreeSet;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use crate::DeskError;
use crate::fault::Trouble;
use crate::schema::Schema;
use crate::store::changes::{Changes, Touched};
use crate::store::layout::LayoutError;

/// The database in a data folder.
pub(crate) const DATABASE: &str = "desk.db";

/// So many searches are under way at once; a quick question waits for no slow one unless there are that many.
const READERS: usize = 4;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Handle to the database threads. They end when the handle is closed.
pub(crate) struct Store {
    writer: Workers,
    readers: Workers,
    touched: Touched,
    changes: Arc<Changes>,
    _lock: File,
}

impl Store {
    /// Opens or creates `desk.db` in `folder` and runs `first` on it before anything else does.
    pub(crate) fn open<F>(folder: &Path, schema: &Schema, first: F) -> Result<Store, DeskError>
    where
        F: FnOnce(&Transaction<'_>) -> Result<(), Trouble>,
    {
        let lock = lock_folder(folder)?;
        let file = folder.join(DATABASE);
        let failed = |source: rusqlite::Error| DeskError::Database { file: file.clone(), source };
        let mut writer = connect(&file).map_err(failed)?;
        layout::bring_up(&mut writer).map_err(|error| match error {
            LayoutError::Newer(layout) => DeskError::Newer { file: file.clone(), layout },
            LayoutError::Sql(source) => failed(source),
        })?;
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        table::prepare(&transaction, schema).map_err(failed)?;
        ticket_card::prepare(&transaction).map_err(failed)?;
        first(&transaction).map_err(|trouble| match trouble {
            Trouble::Sql(source) => failed(source),
            Trouble::Io(source) => DeskError::Folder { folder: folder.to_owned(), source },
            other => DeskError::Folder { folder: folder.to_owned(), source: std::io::Error::other(other) },
        })?;
        transaction.commit().map_err(failed)?;
        let touched = Touched::watch(&mut writer).map_err(failed)?;
        let readers = (0..READERS).map(|_| reader(&file)).collect::<Result<_, _>>().map_err(failed)?;
        let threads = |name, connections| {
            Workers::start(name, connections)
                .map_err(|source| DeskError::Folder { folder: folder.to_owned(), source })
        };
        Ok(Store {
            writer: threads("desk-writer", vec![writer])?,
            readers: threads("desk-reader", readers)?,
            touched,
            changes: Arc::default(),
            _lock: lock,
        })
    }

    /// Runs `work` in one transaction: committed when it gives `Ok`, else without a trace.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, Trouble>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Trouble> + Send + 'static,
    {
        let (touched, changes) = (self.touched.clone(), Arc::clone(&self.changes));
        self.writer
            .run(move |connection| {
                touched.forget();
                let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                let result = work(&transaction)?;
                let tickets = touched.settle(&transaction)?;
                transaction.commit()?;
                changes.tell(tickets);
                Ok(result)
            })
            .await
    }

    /// Which tickets are changed, from now on.
    pub(crate) fn changes(&self) -> Arc<Changes> {
        Arc::clone(&self.changes)
    }

    /// Runs `work` on one snapshot of what has been committed.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, Trouble>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Trouble> + Send + 'static,
    {
        self.readers
            .run(move |connection| {
                let snapshot = connection.transaction()?;
                work(&snapshot)
            })
            .await
    }
}

/// Threads with a connection each, which take their work from one queue.
struct Workers {
    jobs: Option<mpsc::Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    fn start(name: &str, connections: Vec<Connection>) -> std::io::Result<Workers> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        let mut workers = Workers { jobs: Some(jobs), threads: Vec::new() };
        for mut connection in connections {
            let queue = Arc::clone(&queue);
            let next = move || queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
                while let Ok(job) = next() {
                    // A job that panics has rolled back (its transaction is dropped) and answers nobody; the thread goes on.
                    let _ = catch_unwind(AssertUnwindSafe(|| job(&mut connection)));
                }
            })?;
            workers.threads.push(thread);
        }
        Ok(workers)
    }

    async fn run<T, F>(&self, work: F) -> Result<T, Trouble>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, Trouble> + Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // The caller may have hung up; what was committed stays.
            let _ = answer.send(work(connection));
        });
        let jobs = self.jobs.as_ref().ok_or(Trouble::Closed)?;
        jobs.send(job).map_err(|_| Trouble::Closed)?;
        result.await.map_err(|_| Trouble::Closed)?
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        drop(self.jobs.take());
        for thread in self.threads.drain(..) {
            // Only ever an error when the thread panicked outside a job, which leaves nothing to do here.
            let _ = thread.join();
        }
    }
}

/// Two desks on one folder would each keep an own idea of it.
fn lock_folder(folder: &Path) -> Result<File, DeskError> {
    let failed = |source| DeskError::Folder { folder: folder.to_owned(), source };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join("desk.lock"))
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(DeskError::InUse { folder: folder.to_owned() }),
        Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Copies the rows of one moment to a new file while a desk works on the database; gives the hashes of the files they refer to.
pub(crate) fn copy_to(database: &Path, copy: &Path) -> rusqlite::Result<BTreeSet<String>> {
    let to = copy.to_str().ok_or_else(|| rusqlite::Error::InvalidPath(copy.to_owned()))?;
    connect(database)?.execute("VACUUM INTO ?1", [to])?;
    referred::hashes(&Connection::open(copy)?)
}

/// Why a visit to a database did nothing.
pub(crate) enum VisitError<E> {
    /// It is not of this desk's layout.
    OtherLayout,
    Sql(rusqlite::Error),
    Work(E),
}

/// Runs `work` in one transaction on the database in a folder whose desk may be running.
pub(crate) fn visit<T, E>(
    folder: &Path,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<T, VisitError<E>> {
    let mut connection = connect(&folder.join(DATABASE)).map_err(VisitError::Sql)?;
    if !layout::is_current(&connection).map_err(VisitError::Sql)? {
        return Err(VisitError::OtherLayout);
    }
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(VisitError::Sql)?;
    let done = work(&transaction).map_err(VisitError::Work)?;
    transaction.commit().map_err(VisitError::Sql)?;
    Ok(done)
}

fn reader(file: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(file)?;
    connection.execute_batch("PRAGMA query_only = ON")?;
    Ok(connection)
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -8000;",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.create_scalar_function(
        "fold",
        1,
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC,
        |context| {
            let text: Option<String> = context.get(0)?;
            Ok(text.map(|text| fold(&text)))
        },
    )?;
    Ok(connection)
}

/// Text as it is compared: FPT ignores case everywhere.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_slow_search_does_not_hold_up_a_quick_question() {
        let folder = tempfile::tempdir().unwrap();
        let schema = Schema::load(&[]).unwrap();
        let store = Store::open(folder.path(), &schema, |_| Ok(())).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (answered, slow) = mpsc::channel();
        runtime.block_on(async {
            let slow = store.read(move |_| Ok(slow.recv_timeout(Duration::from_secs(60)).is_ok()));
            let quick = store.read(move |_| Ok(answered.send(()).is_ok()));
            let (slow, quick) = tokio::join!(slow, quick);
            assert!(slow.unwrap(), "the quick one was answered while the slow one ran");
            assert!(quick.unwrap());
        });
    }
}
