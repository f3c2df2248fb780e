//! Shares that hang: a disk that asks other machines through threads of their own and does not wait for ever.
//!
//! A call to a share whose server is away can hang for minutes, and nothing can call it back. So every call to a folder
//! on another machine is made by a thread that belongs to that folder, and the follower waits for the answer for a
//! moment only. When it does not come, the folder is away: calls to it are refused at once, until the thread is back.
//! Local folders are asked directly; what is local is asked of the disk once per folder.
//!
//! Why so and not with a follower of its own for slow folders: `docs/decisions/0010-hanging-shares.md`.

use crate::{Disk, DiskFile, Observed};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// A share that does not answer for this long is away. Other folders wait as long, once.
const PATIENCE: Duration = Duration::from_secs(1);
/// After that it is asked again this much after it answered at last, lest one that answers every other second keeps
/// the others waiting half of the time.
const PAUSE: Duration = Duration::from_secs(5);
/// The threads make one call at a time.
const STACK_BYTES: usize = 128 * 1024;

type Work = Box<dyn FnOnce() + Send>;

/// See the module's own words.
pub struct PatientDisk<D: Disk> {
    disk: Arc<D>,
    patience: Duration,
    pause: Duration,
    /// What is known of each folder.
    folders: RefCell<HashMap<PathBuf, Known>>,
}

#[derive(Clone)]
struct Known {
    /// `None` for folders that are asked directly.
    share: Option<Arc<Share>>,
    may_hold_handles: bool,
}

/// The thread that asks one folder, and how it stands.
struct Share {
    work: SyncSender<Work>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Told by the thread when the call that took too long is over.
    overdue: Option<Receiver<()>>,
    /// Nothing is asked before.
    not_before: Option<Instant>,
}

impl<D: Disk + Send + Sync + 'static> PatientDisk<D>
where
    D::File: Send + Sync + 'static,
{
    /// In front of a disk.
    pub fn new(disk: D) -> PatientDisk<D> {
        PatientDisk::with(disk, PATIENCE, PAUSE)
    }

    /// With other times than the usual ones.
    pub fn with(disk: D, patience: Duration, pause: Duration) -> PatientDisk<D> {
        PatientDisk { disk: Arc::new(disk), patience, pause, folders: RefCell::default() }
    }

    /// What is known of a folder; asked once, and again after it was missing.
    fn known(&self, folder: &Path) -> Known {
        if let Some(known) = self.folders.borrow().get(folder) {
            return known.clone();
        }
        // Even this question can hang. It is asked by the thread that the folder gets if it is on another machine.
        let share = Share::start().map(Arc::new);
        let (disk, path) = (Arc::clone(&self.disk), folder.to_owned());
        let question = move || Ok((disk.is_remote(&path), disk.may_hold_handles(&path)));
        let answer = share.as_ref().map(|share| share.ask(self.patience, self.pause, question));
        let (is_remote, may_hold_handles) = match answer {
            Some(answer) => answer.unwrap_or((true, false)),
            None => (self.disk.is_remote(folder), self.disk.may_hold_handles(folder)),
        };
        let known = Known { share: share.filter(|_| is_remote), may_hold_handles };
        self.folders.borrow_mut().insert(folder.to_owned(), known.clone());
        known
    }

    fn ask<T: Send + 'static>(
        &self,
        folder: &Path,
        question: impl FnOnce(&D) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        match self.known(folder).share {
            None => question(&self.disk),
            Some(share) => {
                let disk = Arc::clone(&self.disk);
                share.ask(self.patience, self.pause, move || question(&disk))
            }
        }
    }
}

impl Share {
    /// `None` when the system has no thread to give.
    fn start() -> Option<Share> {
        let (work, orders) = sync_channel::<Work>(1);
        std::thread::Builder::new()
            .name("share".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || orders.into_iter().for_each(|work| work()))
            .ok()?;
        Some(Share { work, state: Mutex::default() })
    }

    fn ask<T: Send + 'static>(
        &self,
        patience: Duration,
        pause: Duration,
        question: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let mut state = lock(&self.state);
        if let Some(overdue) = &state.overdue {
            if overdue.try_recv() == Err(TryRecvError::Empty) {
                return Err(away());
            }
            state.overdue = None;
            state.not_before = Instant::now().checked_add(pause);
        }
        if state.not_before.is_some_and(|moment| Instant::now() < moment) {
            return Err(away());
        }
        let (answer, answered) = sync_channel(1);
        let (over, overdue) = sync_channel(1);
        let work = Box::new(move || {
            // Nobody may be waiting any more.
            let _ = answer.send(question());
            let _ = over.send(());
        });
        self.work.send(work).map_err(|_| away())?;
        match answered.recv_timeout(patience) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                state.overdue = Some(overdue);
                Err(away())
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn away() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "the other machine does not answer")
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

impl<D: Disk + Send + Sync + 'static> Disk for PatientDisk<D>
where
    D::File: Send + Sync + 'static,
{
    type File = PatientFile<D::File>;

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let path = folder.to_owned();
        self.ask(folder, move |disk| disk.list(&path))
    }

    fn folder_changed(&self, folder: &Path) -> io::Result<SystemTime> {
        let path = folder.to_owned();
        let changed = self.ask(folder, move |disk| disk.folder_changed(&path));
        if changed.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            self.folders.borrow_mut().remove(folder);
        }
        changed
    }

    fn open(&self, path: &Path) -> io::Result<Self::File> {
        let wanted = path.to_owned();
        let file = self.ask(folder_of(path), move |disk| disk.open(&wanted))?;
        Ok(PatientFile(match self.known(folder_of(path)).share {
            None => Access::Direct(file),
            Some(share) => {
                let times = (self.patience, self.pause);
                Access::Shared { file: Some(Arc::new(file)), share, times }
            }
        }))
    }

    fn observe(&self, path: &Path) -> io::Result<Observed> {
        let wanted = path.to_owned();
        self.ask(folder_of(path), move |disk| disk.observe(&wanted))
    }

    fn may_hold_handles(&self, folder: &Path) -> bool {
        self.known(folder).may_hold_handles
    }

    fn is_remote(&self, folder: &Path) -> bool {
        self.known(folder).share.is_some()
    }
}

/// An open file of a [`PatientDisk`].
pub struct PatientFile<F: Send + Sync + 'static>(Access<F>);

enum Access<F: Send + Sync + 'static> {
    Direct(F),
    Shared {
        /// Taken out when it is closed.
        file: Option<Arc<F>>,
        share: Arc<Share>,
        times: (Duration, Duration),
    },
}

/// What directory events open is local.
impl From<File> for PatientFile<File> {
    fn from(file: File) -> Self {
        PatientFile(Access::Direct(file))
    }
}

impl<F: DiskFile + Send + Sync + 'static> DiskFile for PatientFile<F> {
    fn observe(&self) -> io::Result<Observed> {
        match &self.0 {
            Access::Direct(file) => file.observe(),
            Access::Shared { file, share, times } => {
                let file = file.clone().ok_or(ErrorKind::NotFound)?;
                share.ask(times.0, times.1, move || file.observe())
            }
        }
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match &self.0 {
            Access::Direct(file) => file.read_at(buffer, offset),
            Access::Shared { file, share, times } => {
                let file = file.clone().ok_or(ErrorKind::NotFound)?;
                let mut bytes = vec![0; buffer.len()];
                let read = move || {
                    let count = file.read_at(&mut bytes, offset)?;
                    bytes.truncate(count);
                    Ok(bytes)
                };
                let bytes = share.ask(times.0, times.1, read)?;
                buffer[..bytes.len()].copy_from_slice(&bytes);
                Ok(bytes.len())
            }
        }
    }
}

impl<F: Send + Sync + 'static> Drop for PatientFile<F> {
    fn drop(&mut self) {
        // Closing can hang like any other call.
        if let Access::Shared { file, share, .. } = &mut self.0
            && let Some(file) = file.take()
        {
            let closing: Work = Box::new(move || drop(file));
            // While a call hangs, it waits for its turn with the thread, or is closed by whoever drops it last.
            if let Err(error) = share.work.try_send(closing) {
                drop(std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || drop(error)));
            }
        }
    }
}
