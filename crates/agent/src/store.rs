//! The state of one agent: a SQLite file, opened once, moved forward by transactions.
//!
//! This file opens and checks it; `store/batch.rs` moves positions and occurrences, `store/delivery.rs` what is
//! to be delivered, `store/report.rs` reads for people. SQLite in WAL mode with full synchronisation: what a
//! commit reported is there after a power cut. The file belongs on a local disk.

mod admission;
mod audit;
mod batch;
mod by_hand;
mod captures;
mod clock;
mod delivery;
mod evidence;
mod flush;
mod folds;
mod late;
mod mutes;
mod other_site;
mod outages;
mod own;
mod path_text;
mod prune;
mod report;
mod settle;
mod standing;
mod steps;
mod tally;
mod writes;

pub use admission::{HeldProblem, TicketLimit};
pub use batch::{Batch, Decided, Dropped, NewIncident, RECORD_CUT, STATE_LOST, StoredGap, Tally};
pub use by_hand::Filed;
pub use captures::{CaptureProgress, CaptureTotals};
pub use delivery::{Delivery, Step};
pub use evidence::{Archive, EvidenceTotals, Spooled};
pub use folds::{Folded, Taken};
pub use late::{LateCase, LateRecord, Whole};
pub use mutes::MuteLine;
pub use prune::PositionKey;
pub use report::{GapTotal, RuleTotal, Totals, Waiting, WaitingKind};
pub use settle::Settled;
pub use standing::{CREATE_SETTLES_MS, Stands};
pub use writes::Write;

use crate::attach::Session;
use log_follow::{Checkpoint, FileId, Mark};
use rusqlite::{Connection, params};
use std::cell::Cell;
use std::path::{Path, PathBuf};

/// The version of the state's schema that this program writes.
pub const SCHEMA_VERSION: i64 = 4;
/// What each version adds; the first makes the state.
const SCHEMAS: [&str; 4] = [
    include_str!("store/schema.sql"),
    include_str!("store/schema_2.sql"),
    include_str!("store/schema_3.sql"),
    include_str!("store/schema_4.sql"),
];

/// Why the state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A newer program was here; writing with this one could lose what it does not understand.
    #[error(
        "the state `{}` was written by a newer tk-incident (schema {found}, this one knows {SCHEMA_VERSION}): \
         update this program, or choose another agent.state_dir",
        path.display()
    )]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
    },
    /// Some other program's database.
    #[error(
        "`{}` is a database, but not a state of tk-incident: choose another agent.state_dir, or move the file \
         away",
        path.display()
    )]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// SQLite's own words: disk full, read-only, locked.
    #[error("the state `{}` cannot be used: check free space and permissions of its folder", path.display())]
    Database {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// A damaged file could not be moved aside, or a deleted one not be written again.
    #[error("the state `{}` is damaged or was deleted, and cannot be replaced", path.display())]
    Aside {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl StoreError {
    /// Whether the file itself is what is wrong, and no waiting helps.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, StoreError::Database { source, .. } if is_damage(source))
    }
}

/// A position with the line number that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Where, and how it is recognised.
    pub checkpoint: Checkpoint,
    /// 1-based number of the line at the offset, if known.
    pub line: Option<u64>,
}

/// The open state.
pub struct Store {
    connection: Connection,
    path: PathBuf,
    /// The incident whose step was handed out last: the site may be hearing of it at this moment.
    in_hand: Cell<Option<i64>>,
}

impl Store {
    /// Opens the state, making it if there is none. A damaged file is moved aside, so that following goes on:
    /// the second value says so.
    ///
    /// # Errors
    /// A newer or foreign file, or one the system does not let us use.
    pub fn open(path: &Path) -> Result<(Store, Option<String>), StoreError> {
        let was_emptied = std::fs::metadata(path).is_ok_and(|file| file.len() == 0);
        match Store::open_as_is(path) {
            Ok(mut store) if was_emptied => {
                store.positions_are_lost()?;
                let note =
                    format!("the state `{}` was an empty file, and reading began anew", path.display());
                Ok((store, Some(note)))
            }
            Err(StoreError::Database { source, .. }) if is_damage(&source) => {
                let aside = path.with_extension("db.damaged");
                move_aside(path, &aside)
                    .map_err(|source| StoreError::Aside { path: path.to_owned(), source })?;
                let mut store = Store::open_as_is(path)?;
                let goes_on = store.go_on_from(&aside)?;
                let note = format!(
                    "the state was damaged ({source}); it was kept as `{}`, what it had counted and not delivered is \
                     there only, and reading {}",
                    aside.display(),
                    if goes_on { "goes on where it was" } else { "began anew" }
                );
                Ok((store, Some(note)))
            }
            other => other.map(|store| (store, None)),
        }
    }

    /// What was written since they were kept may never be read: a gap, of a size that nobody knows.
    fn positions_are_lost(&mut self) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        let path = self.path.display().to_string();
        batch.gaps.push(StoredGap { path, bytes: None, reason: STATE_LOST });
        self.write(|transaction| batch.keep_gaps(transaction, this_moment_ms(transaction)?))
    }

    /// Whether the state's file is where it was opened. One that was deleted can be written on, for nothing.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// Makes the state usable again after its file was deleted or damaged under us: all of it is written anew, or it is
    /// moved aside as in [`Store::open`]. Says what was done. The folder must be there.
    ///
    /// # Errors
    /// As [`Store::open`]; it may be tried again.
    pub fn mend(&mut self) -> Result<String, StoreError> {
        let mut note = "the state was deleted while we ran; it was written again".to_owned();
        if !self.is_there() {
            // What is left of the deleted one must not be replayed into the new one.
            for suffix in ["-wal", "-shm"] {
                let _ = std::fs::remove_file(with_suffix(&self.path, suffix));
            }
            let not_text = || std::io::Error::other("its path is no Unicode text");
            let path = self.path.to_str().ok_or_else(not_text);
            let path = path.map_err(|source| StoreError::Aside { path: self.path.clone(), source })?;
            self.read(|connection| connection.execute("VACUUM INTO ?1", [path]))?;
            // The first write-ahead log syncs the name with its own. Windows syncs only what may be written to.
            let written = std::fs::OpenOptions::new().write(true).open(&self.path);
            let synced = written.and_then(|file| file.sync_all());
            synced.map_err(|source| StoreError::Aside { path: self.path.clone(), source })?;
        }
        // Closed before its file is moved.
        let none = Connection::open_in_memory()
            .map_err(|source| StoreError::Database { path: self.path.clone(), source })?;
        drop(std::mem::replace(&mut self.connection, none));
        let (store, damage) = Store::open(&self.path)?;
        if let Some(damage) = damage {
            note = damage;
        }
        *self = store;
        Ok(note)
    }

    fn open_as_is(path: &Path) -> Result<Store, StoreError> {
        let fail = |source| StoreError::Database { path: path.to_owned(), source };
        let mut connection = Connection::open(path).map_err(fail)?;
        connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(fail)?;
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = 1;
                 PRAGMA cache_size = -256; PRAGMA mmap_size = 0; PRAGMA foreign_keys = ON;",
            )
            .map_err(fail)?;
        let check: String =
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(fail)?;
        if check != "ok" {
            return Err(fail(damage(check)));
        }
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(fail)?;
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema WHERE type = 'table'", [], |row| row.get(0))
            .map_err(fail)?;
        match version {
            0 if tables > 0 => return Err(StoreError::Foreign { path: path.to_owned() }),
            0..SCHEMA_VERSION => {
                let done = usize::try_from(version).unwrap_or(0);
                migrate(&mut connection, &SCHEMAS[done..]).map_err(fail)?;
            }
            SCHEMA_VERSION => {}
            found => return Err(StoreError::Newer { path: path.to_owned(), found }),
        }
        if let Some(fault) = audit::audit(&connection).map_err(fail)? {
            return Err(fail(damage(fault.to_owned())));
        }
        Ok(Store { connection, path: path.to_owned(), in_hand: Cell::new(None) })
    }

    /// Takes over what a damaged state still tells of positions. False when it tells nothing.
    fn go_on_from(&mut self, damaged: &Path) -> Result<bool, StoreError> {
        use rusqlite::OpenFlags;
        let (positions, entered) = Connection::open_with_flags(damaged, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .map(audit::salvage)
            .unwrap_or_default();
        if positions.is_empty() {
            self.positions_are_lost()?;
        }
        let found = !positions.is_empty();
        let mut batch = Batch::default();
        (batch.positions, batch.entered) = (positions, entered);
        self.write(|transaction| batch.keep_positions(transaction, this_moment_ms(transaction)?))?;
        Ok(found)
    }

    /// Positions of the last run.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn positions(&self) -> Result<Vec<Position>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT path, device, file, offset, line, head_len, head_hash, tail_len, tail_hash, rotated,
                        seen_bytes
                 FROM sources ORDER BY path, rotated",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(Position {
                    checkpoint: Checkpoint {
                        path: path_text::from_text(row.get(0)?),
                        id: FileId { device: unsigned(row.get(1)?), file: unsigned(row.get(2)?) },
                        offset: unsigned(row.get(3)?),
                        seen_bytes: unsigned(row.get(10)?),
                        head: Mark { len: row.get(5)?, hash: row.get(6)? },
                        tail: Mark { len: row.get(7)?, hash: row.get(8)? },
                        rotated: row.get(9)?,
                    },
                    line: row.get::<_, Option<i64>>(4)?.map(unsigned),
                })
            })?;
            rows.collect()
        })
    }

    /// Folders that an earlier run followed.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn folders(&self) -> Result<Vec<PathBuf>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare("SELECT path FROM folders")?;
            let rows = statement.query_map([], |row| Ok(path_text::from_text(row.get(0)?)))?;
            rows.collect()
        })
    }

    /// Sessions that have not ended, newest first.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare("SELECT facts FROM sessions WHERE ended_ms IS NULL ORDER BY seen_ms DESC")?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            let mut sessions = Vec::new();
            for facts in rows {
                // Written by us; one that cannot be read any more is worth less than a start.
                sessions.extend(serde_json::from_str(&facts?));
            }
            Ok(sessions)
        })
    }

    /// Forgets sessions that ended, or of which nothing was heard for a week: a host that crashes never says
    /// goodbye, and its PID is another program's one day.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn forget_old_sessions(&mut self, now_ms: i64) -> Result<(), StoreError> {
        const WEEK_MS: i64 = 7 * 24 * 3_600_000;
        let before_ms = if self.may_forget(now_ms)? { now_ms - WEEK_MS } else { i64::MIN };
        self.write(|transaction| {
            transaction
                .execute("DELETE FROM sessions WHERE ended_ms IS NOT NULL OR seen_ms < ?1", [before_ms])?;
            Ok(())
        })
    }

    /// Remembers a session, or brings its facts up to date.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn keep_session(&mut self, session: &Session, now_ms: i64) -> Result<(), StoreError> {
        let facts = serde_json::to_string(session).unwrap_or_default();
        let started = session.started.clone().unwrap_or_default();
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO sessions (pid, started, facts, seen_ms) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET facts = ?3, seen_ms = ?4, ended_ms = NULL",
                params![session.pid, started, facts, now_ms],
            )?;
            Ok(())
        })
    }

    /// A session has ended; its facts are kept for records that are still to be read.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn end_session(&mut self, pid: u32, started: Option<&str>, now_ms: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE sessions SET ended_ms = ?3 WHERE pid = ?1 AND (?2 IS NULL OR started = ?2)",
                params![pid, started, now_ms],
            )?;
            Ok(())
        })
    }

    /// Gives memory back that the next read makes again.
    pub fn come_to_rest(&self) {
        self.connection.flush_prepared_statement_cache();
        // It only asks; nothing depends on it.
        let _ = self.connection.execute_batch("PRAGMA shrink_memory");
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        work(&self.connection).map_err(|source| StoreError::Database { path: self.path.clone(), source })
    }

    fn write<T>(
        &mut self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let all = || {
            let transaction =
                self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        all().map_err(|source| StoreError::Database { path: self.path.clone(), source })
    }
}

/// Brings the file to this version in one transaction.
fn migrate(connection: &mut Connection, steps: &[&str]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    steps.iter().try_for_each(|step| transaction.execute_batch(step))?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    transaction.commit()
}

/// Moves a damaged state away with its write-ahead log, which must never be replayed into the one that comes after:
/// so that goes first, and the folder is synced before anything new is made.
fn move_aside(path: &Path, aside: &Path) -> std::io::Result<()> {
    let _ = std::fs::remove_file(with_suffix(path, "-shm"));
    let _ = std::fs::remove_file(with_suffix(aside, "-shm"));
    match std::fs::rename(with_suffix(path, "-wal"), with_suffix(aside, "-wal")) {
        // An earlier attempt may have come this far, so the one beside `aside` may be this one's.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        other => other?,
    }
    std::fs::rename(path, aside)?;
    crate::paths::sync_folder(path.parent().unwrap_or(Path::new(".")))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn damage(words: String) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), Some(words))
}

fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}

/// For what a state notes about itself while it is opened, when there is no caller's clock yet.
fn this_moment_ms(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT unixepoch() * 1000", [], |row| row.get(0))
}

/// SQLite has signed integers only; device, inode and offset are kept bit for bit.
fn signed(value: u64) -> i64 {
    i64::from_ne_bytes(value.to_ne_bytes())
}

fn unsigned(value: i64) -> u64 {
    u64::from_ne_bytes(value.to_ne_bytes())
}

fn hour(wall_ms: i64) -> i64 {
    wall_ms.div_euclid(3_600_000)
}
