//! A copy of a desk's data folder, taken while the desk goes on working.
//!
//! The rows are those of one moment: SQLite copies them in one read transaction. The files are copied after them; a file never
//! changes, and is never removed while a row refers to it, so every file of that moment is there. The database gets its name
//! last: a copy that was cut short is not taken for a desk.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::create_private;
use crate::files::{FOLDER, Files, sync_folder};
use crate::seed::KEY_FILE;
use crate::store::sqlite;
use crate::store::sqlite::DATABASE;

/// The database before it is whole.
const UNFINISHED: &str = "desk.db.unfinished";

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackedUp {
    /// Attachment files.
    pub files: u64,
    /// Bytes of the database and of these files.
    pub bytes: u64,
}

/// Why there is no whole copy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is no database.
    #[error("there is no desk in {}; give the folder that `desk --data` was given", folder.display())]
    NoDesk {
        /// The folder.
        folder: PathBuf,
    },
    /// Nothing is overwritten.
    #[error("{} is there already; a backup goes into a folder that is new or empty", folder.display())]
    Taken {
        /// The folder.
        folder: PathBuf,
    },
    /// A file or folder cannot be read or written.
    #[error("{} cannot be copied", path.display())]
    Copy {
        /// Which one.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The rows cannot be copied.
    #[error("the database {} cannot be copied", file.display())]
    Database {
        /// The file.
        file: PathBuf,
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Files that rows refer to are not in the data folder.
    #[error(
        "the copy in {} lacks {missing} files that its rows refer to, because the data folder lacks them; \
         the rest is copied to {UNFINISHED}", folder.display()
    )]
    Incomplete {
        /// The copy.
        folder: PathBuf,
        /// How many.
        missing: usize,
    },
}

/// Copies the desk of `data` to the folder `to`, which is made; `progress` is told the files done and their number.
///
/// The copy is a data folder like any other: a desk started on it has everything that was acknowledged before this was called.
///
/// # Errors
/// See [`BackupError`]. What was copied by then stays, and is not a desk.
pub fn backup(
    data: &Path,
    to: &Path,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<BackedUp, BackupError> {
    let database = data.join(DATABASE);
    if !database.is_file() {
        return Err(BackupError::NoDesk { folder: data.to_owned() });
    }
    make_empty(to)?;
    let unfinished = to.join(UNFINISHED);
    let rows = |source| BackupError::Database { file: database.clone(), source };
    let referred = sqlite::copy_to(&database, &unfinished).map_err(rows)?;
    let mut bytes = fs::metadata(&unfinished).map_err(failed(&unfinished))?.len();

    let mut missing = 0;
    let folder = to.join(FOLDER);
    create_private(&folder).map_err(failed(&folder))?;
    for (done, hash) in referred.iter().enumerate() {
        progress(done, referred.len());
        let (from, to) = (Files::place(&data.join(FOLDER), hash), Files::place(&folder, hash));
        match copy(&from, &to) {
            Ok(length) => bytes += length,
            Err(error) if error.kind() == io::ErrorKind::NotFound => missing += 1,
            Err(error) => return Err(failed(&from)(error)),
        }
    }
    progress(referred.len(), referred.len());
    let key = data.join(KEY_FILE);
    if key.exists() {
        // Its mode is copied too.
        copy(&key, &to.join(KEY_FILE)).map_err(failed(&key))?;
    }
    if missing > 0 {
        return Err(BackupError::Incomplete { folder: to.to_owned(), missing });
    }
    let finished = to.join(DATABASE);
    // Windows syncs only what may be written to.
    let syncing = File::options().write(true).open(&unfinished).and_then(|file| file.sync_all());
    syncing.map_err(failed(&unfinished))?;
    fs::rename(&unfinished, &finished).map_err(failed(&finished))?;
    sync_folder(to).map_err(failed(to))?;
    Ok(BackedUp { files: referred.len() as u64, bytes })
}

fn make_empty(folder: &Path) -> Result<(), BackupError> {
    create_private(folder).map_err(failed(folder))?;
    let mut inside = fs::read_dir(folder).map_err(failed(folder))?;
    if inside.next().is_some() { Err(BackupError::Taken { folder: folder.to_owned() }) } else { Ok(()) }
}

/// Copies a file and has it on the disk; gives its length.
fn copy(from: &Path, to: &Path) -> io::Result<u64> {
    // Asked first, so that a file that is missing leaves no folder behind.
    let source = File::open(from)?;
    drop(source);
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let length = fs::copy(from, to)?;
    File::options().write(true).open(to)?.sync_all()?;
    Ok(length)
}

fn failed(path: &Path) -> impl Fn(io::Error) -> BackupError {
    move |source| BackupError::Copy { path: path.to_owned(), source }
}
