//! Watches what SQLite asks of the file system: writes, truncations, syncs, files made and deleted, in order.
//!
//! SQLite's own seam for this is a VFS, and that is a table of C functions: the functions of the system's VFS stay, five
//! that change files are told first. Syncs are told and not done, because these tests never cut the real power.

#![expect(unsafe_code, reason = "SQLite's seam for file systems is a table of C functions")]

use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods, sqlite3_vfs};
use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, OnceLock, PoisonError};

/// One thing that was asked. Files go by their bare names.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Made {
        file: String,
    },
    Written {
        file: String,
        offset: usize,
        bytes: Vec<u8>,
    },
    Cut {
        file: String,
        len: usize,
    },
    Synced {
        file: String,
    },
    /// What it should have written is no longer tried, and may be lost.
    SyncFailed {
        file: String,
    },
    /// Names that were made and deleted before are on the disk.
    FolderSynced,
    Deleted {
        file: String,
    },
    /// The test's own: a call of the store has returned.
    Returned,
}

/// What a sync does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syncs {
    Work,
    /// The n-th from now fails, and what it should have written may be lost; the others work.
    Fail(u32),
}

/// What happened in one folder since the recording began.
pub(crate) struct Recording {
    folder: PathBuf,
}

struct Folder {
    ops: Vec<Op>,
    syncs: Syncs,
}

#[derive(Clone)]
struct Opened {
    path: PathBuf,
    /// Its name is synced with its content.
    with_name: bool,
    /// The table it came with.
    real: usize,
}

#[derive(Default)]
struct Watched {
    folders: HashMap<PathBuf, Folder>,
    /// By the address of SQLite's file.
    files: HashMap<usize, Opened>,
    /// By the address of a table of the system's VFS, which has several: the table that stands in for it.
    tables: HashMap<usize, usize>,
}

impl Watched {
    fn tell(&mut self, path: &Path, op: impl FnOnce(String) -> Op) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(folder) = path.parent().and_then(|folder| self.folders.get_mut(folder)) {
            folder.ops.push(op(name));
        }
    }

    fn tell_of(&mut self, file: *mut sqlite3_file, op: impl FnOnce(String) -> Op) {
        if let Some(opened) = self.files.get(&(file as usize)).cloned() {
            self.tell(&opened.path, op);
        }
    }
}

fn watched() -> MutexGuard<'static, Watched> {
    static WATCHED: OnceLock<Mutex<Watched>> = OnceLock::new();
    WATCHED.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recording {
    /// Begins with a folder in which no database is open.
    pub(crate) fn of(folder: &Path) -> Recording {
        install();
        watched().folders.insert(folder.to_owned(), Folder { ops: Vec::new(), syncs: Syncs::Work });
        Recording { folder: folder.to_owned() }
    }

    pub(crate) fn set_syncs(&self, syncs: Syncs) {
        self.with(|folder| folder.syncs = syncs);
    }

    /// A call has returned: what it reported holds from here on.
    pub(crate) fn returned(&self) {
        self.with(|folder| folder.ops.push(Op::Returned));
    }

    /// What was asked by now.
    pub(crate) fn ops(&self) -> Vec<Op> {
        self.with(|folder| folder.ops.clone())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Folder) -> T) -> T {
        work(watched().folders.get_mut(&self.folder).expect("begun in `of`"))
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        watched().folders.remove(&self.folder);
    }
}

struct System {
    vfs: *mut sqlite3_vfs,
}

// SAFETY: the pointer is to SQLite's own VFS, which is there for the life of the process and never changed.
unsafe impl Send for System {}
// SAFETY: as above.
unsafe impl Sync for System {}

static SYSTEM: OnceLock<System> = OnceLock::new();

fn system() -> &'static System {
    SYSTEM.get().expect("installed before any file is opened")
}

/// From now on every database of this process is opened through here.
fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: a null name asks for the default VFS; it is never unregistered.
        let vfs = unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) };
        let _ = SYSTEM.set(System { vfs });
        // SAFETY: the default VFS exists; the copy keeps its functions, which take any VFS with the same data.
        let mut recording = unsafe { *vfs };
        recording.zName = c"recording".as_ptr();
        recording.pNext = std::ptr::null_mut();
        recording.xOpen = Some(open);
        recording.xDelete = Some(delete);
        // SAFETY: leaked, so it lives as long as SQLite may use it.
        let registered = unsafe { ffi::sqlite3_vfs_register(Box::leak(Box::new(recording)), 1) };
        assert_eq!(registered, ffi::SQLITE_OK);
    });
}

/// The table a file came with.
fn real(file: *mut sqlite3_file) -> &'static sqlite3_io_methods {
    let real = watched().files[&(file as usize)].real;
    // SAFETY: SQLite's own table, there for the life of the process.
    unsafe { &*(real as *const sqlite3_io_methods) }
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let path = (!name.is_null()).then(|| {
        // SAFETY: SQLite gives a path that ends with a zero.
        PathBuf::from(unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned())
    });
    let is_new = path.as_ref().is_some_and(|path| !path.exists());
    let vfs = system().vfs;
    // SAFETY: exactly the arguments SQLite gave, to the VFS whose file size was announced.
    let result = unsafe { (*vfs).xOpen.expect("a VFS opens files")(vfs, name, file, flags, out_flags) };
    let Some(path) = path.filter(|_| result == ffi::SQLITE_OK) else { return result };
    // SAFETY: the file was opened, so its table is set.
    let real = unsafe { (*file).pMethods };
    let mut watched = watched();
    let ours = *watched.tables.entry(real as usize).or_insert_with(|| {
        // SAFETY: as above; tables are plain functions.
        let mut ours = unsafe { *real };
        ours.xWrite = Some(write);
        ours.xTruncate = Some(truncate);
        ours.xSync = Some(sync);
        ours.xClose = Some(close);
        std::ptr::from_ref(Box::leak(Box::new(ours))) as usize
    });
    // SAFETY: the file is ours to set up until this returns; the table is never freed.
    unsafe { (*file).pMethods = ours as *const sqlite3_io_methods };
    if is_new {
        watched.tell(&path, |file| Op::Made { file });
    }
    let journal = flags & (ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL) != 0;
    let opened = Opened { path, with_name: is_new && journal, real: real as usize };
    watched.files.insert(file as usize, opened);
    result
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    let vfs = system().vfs;
    // SAFETY: exactly the arguments SQLite gave.
    let result = unsafe { (*vfs).xDelete.expect("a VFS deletes files")(vfs, name, 0) };
    if result == ffi::SQLITE_OK {
        // SAFETY: SQLite gives a path that ends with a zero.
        let path = PathBuf::from(unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned());
        let mut watched = watched();
        watched.tell(&path, |file| Op::Deleted { file });
        if sync_folder != 0 {
            watched.tell(&path, |_| Op::FolderSynced);
        }
    }
    result
}

unsafe extern "C" fn write(file: *mut sqlite3_file, data: *const c_void, len: c_int, offset: i64) -> c_int {
    // SAFETY: SQLite gives `len` readable bytes.
    let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), usize::try_from(len).unwrap()) };
    let offset_bytes = usize::try_from(offset).unwrap();
    watched().tell_of(file, |file| Op::Written { file, offset: offset_bytes, bytes: bytes.to_vec() });
    // SAFETY: exactly the arguments SQLite gave, to the table the file came with.
    unsafe { real(file).xWrite.expect("files are written")(file, data, len, offset) }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, len: i64) -> c_int {
    watched().tell_of(file, |file| Op::Cut { file, len: usize::try_from(len).unwrap() });
    // SAFETY: as in `write`.
    unsafe { real(file).xTruncate.expect("files are cut")(file, len) }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _: c_int) -> c_int {
    let mut watched = watched();
    let Some(Opened { path, with_name, .. }) = watched.files.get(&(file as usize)).cloned() else {
        return ffi::SQLITE_OK;
    };
    if let Some(folder) = path.parent().and_then(|folder| watched.folders.get_mut(folder))
        && let Syncs::Fail(after) = folder.syncs
    {
        folder.syncs = after.checked_sub(1).map_or(Syncs::Work, Syncs::Fail);
        if after == 0 {
            watched.tell(&path, |file| Op::SyncFailed { file });
            return ffi::SQLITE_IOERR_FSYNC;
        }
    }
    watched.tell(&path, |file| Op::Synced { file });
    if with_name {
        watched.tell(&path, |_| Op::FolderSynced);
        watched.files.entry(file as usize).and_modify(|opened| opened.with_name = false);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let real = real(file);
    watched().files.remove(&(file as usize));
    // SAFETY: as in `write`.
    unsafe { real.xClose.expect("files are closed")(file) }
}
