//! The store in SQLite: one writer thread, a few reader threads, all off the runtime.
//!
//! Owns the threads, the transactions and the lock on the data folder. A commit is on the disk (WAL, `synchronous = FULL`) before it is
//! acknowledged. What is asked and ordered is SQL in the files of each noun.

mod answers;
mod attached_file;
mod condition;
mod connect;
mod event;
mod field;
mod follow;
mod group;
mod layout;
mod link;
mod local_storage;
mod person;
mod project_access;
mod referred;
mod refresh_token;
mod row;
mod scalar;
mod scope;
mod select;
mod session;
mod setting;
mod status;
mod summarize;
mod table;
mod ticket_card;
mod touched;
mod upload;
mod work_day;
mod workers;

use std::collections::BTreeSet;
use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior};

use crate::DeskError;
use crate::fault::Trouble;
use crate::schema::Schema;
use crate::store::changes::Changes;
use crate::store::sqlite::connect::{connect, lock_folder, reader};
use crate::store::sqlite::layout::LayoutError;
pub(crate) use crate::store::sqlite::table::is_link_column;
use crate::store::sqlite::touched::Touched;
use crate::store::sqlite::workers::Workers;
use crate::store::{Kept, ReadWork, Store, WriteWork, Writing};

/// The database in a data folder.
pub(crate) const DATABASE: &str = "desk.db";

/// So many searches are under way at once; a quick question waits for no slow one unless there are that many.
const READERS: usize = 4;

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Trouble {
        Trouble::Store(Box::new(error))
    }
}

/// Handle to the database threads. They end when the handle is closed.
pub(crate) struct SqliteStore {
    writer: Workers,
    readers: Workers,
    touched: Touched,
    changes: Arc<Changes>,
    _lock: File,
}

impl SqliteStore {
    /// Opens or creates `desk.db` in `folder` and runs `first` on it before anything else does.
    pub(crate) fn open<F>(folder: &Path, schema: &Schema, first: F) -> Result<SqliteStore, DeskError>
    where
        F: FnOnce(&dyn Writing) -> Result<(), Trouble>,
    {
        let lock = lock_folder(folder)?;
        let file = folder.join(DATABASE);
        let because =
            |source: Box<dyn Error + Send + Sync>| DeskError::Database { file: file.clone(), source };
        let failed = |source: rusqlite::Error| because(Box::new(source));
        let mut writer = connect(&file).map_err(failed)?;
        layout::bring_up(&mut writer).map_err(|error| match error {
            LayoutError::Newer(layout) => DeskError::Newer { file: file.clone(), layout },
            LayoutError::Sql(source) => failed(source),
        })?;
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        table::prepare(&transaction, schema).map_err(failed)?;
        ticket_card::prepare(&transaction).map_err(failed)?;
        first(&*transaction).map_err(|trouble| match trouble {
            Trouble::Store(source) => because(source),
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
        Ok(SqliteStore {
            writer: threads("desk-writer", vec![writer])?,
            readers: threads("desk-reader", readers)?,
            touched,
            changes: Arc::default(),
            _lock: lock,
        })
    }
}

impl Store for SqliteStore {
    fn have_read(&self, work: ReadWork) {
        self.readers.add(Box::new(move |connection| match connection.transaction() {
            Ok(snapshot) => work(Ok(&*snapshot)),
            Err(error) => work(Err(error.into())),
        }));
    }

    fn have_written(&self, work: WriteWork, kept: Kept) {
        let (touched, changes) = (self.touched.clone(), Arc::clone(&self.changes));
        self.writer.add(Box::new(move |connection| {
            touched.forget();
            let done = write(connection, work, &touched);
            kept(done.map(|tickets| changes.tell(tickets)).map_err(Trouble::from));
        }));
    }

    fn changes(&self) -> Arc<Changes> {
        Arc::clone(&self.changes)
    }
}

/// One transaction, kept if the work says so; gives the tickets that it changed.
fn write(connection: &mut Connection, work: WriteWork, touched: &Touched) -> rusqlite::Result<Vec<i64>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if !work(&*transaction) {
        return Ok(Vec::new());
    }
    let tickets = touched.settle(&transaction)?;
    transaction.commit()?;
    Ok(tickets)
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
    work: impl FnOnce(&dyn Writing) -> Result<T, E>,
) -> Result<T, VisitError<E>> {
    let mut connection = connect(&folder.join(DATABASE)).map_err(VisitError::Sql)?;
    if !layout::is_current(&connection).map_err(VisitError::Sql)? {
        return Err(VisitError::OtherLayout);
    }
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(VisitError::Sql)?;
    let done = work(&*transaction).map_err(VisitError::Work)?;
    transaction.commit().map_err(VisitError::Sql)?;
    Ok(done)
}

/// Copies the rows of one moment to a new file while a desk works on the database; gives the hashes of the files they refer to.
pub(crate) fn copy_to(
    database: &Path,
    copy: &Path,
) -> Result<BTreeSet<String>, Box<dyn Error + Send + Sync>> {
    let to = copy.to_str().ok_or_else(|| rusqlite::Error::InvalidPath(copy.to_owned()))?;
    connect(database)?.execute("VACUUM INTO ?1", [to])?;
    Ok(referred::hashes(&Connection::open(copy)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    fn a_slow_search_does_not_hold_up_a_quick_question() {
        let folder = tempfile::tempdir().unwrap();
        let schema = Schema::load(&[]).unwrap();
        let store: Box<dyn Store> = Box::new(SqliteStore::open(folder.path(), &schema, |_| Ok(())).unwrap());
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

    #[test]
    fn work_that_fails_or_panics_leaves_nothing_and_the_next_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let schema = Schema::load(&[]).unwrap();
        let store: Box<dyn Store> = Box::new(SqliteStore::open(folder.path(), &schema, |_| Ok(())).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let failed: Result<(), _> = store
                .write(|rows| {
                    rows.set_setting("kept", "no")?;
                    Err(Trouble::Closed)
                })
                .await;
            assert!(failed.is_err());
            let panicked: Result<(), _> = store
                .write(|rows| {
                    rows.set_setting("kept", "no")?;
                    std::panic::resume_unwind(Box::new("a bug"))
                })
                .await;
            assert!(matches!(panicked, Err(Trouble::Closed)));
            assert_eq!(store.read(|rows| rows.setting("kept")).await.unwrap(), None);
            store.write(|rows| rows.set_setting("kept", "yes")).await.unwrap();
            assert_eq!(store.read(|rows| rows.setting("kept")).await.unwrap().as_deref(), Some("yes"));
        });
    }
}
