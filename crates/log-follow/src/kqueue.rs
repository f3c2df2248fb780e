//! Directory events of macOS: a thread that opens every new generation as soon as its folder changes.
//!
//! kqueue says at once that names in a folder changed, not which (FSEvents would say which, but late). So the thread
//! lists the folder and compares the file numbers, which the listing brings for free. Growth of files is not watched
//! for: that would take a handle on each.

use crate::generations::{Generations, NameChange};
use crate::system_events::Wake;
use crate::watcher::{Happening, Watcher, Watching};
use crate::{DiskFile, FileId, Observed, Patterns};
use nix::errno::Errno;
use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirEntryExt, MetadataExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The thread waits, lists and opens; it needs little stack.
const STACK_BYTES: usize = 128 * 1024;

/// See the module's own words.
pub(crate) struct DirectoryEvents<F> {
    shared: Arc<Shared<F>>,
    /// Closed with this, which ends the thread.
    end: UnixStream,
}

struct Shared<F> {
    queue: Kqueue,
    state: Mutex<Vec<Watched<F>>>,
}

struct Watched<F> {
    handle: File,
    /// Who the folder is.
    number: (u64, u64),
    /// File numbers by name as of the last listing, of our names only.
    names: HashMap<String, u64>,
    generations: Generations<F>,
}

impl<F: From<File> + DiskFile + Send + 'static> DirectoryEvents<F> {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no more queues or threads to give.
    pub(crate) fn start(_wake: Wake) -> io::Result<DirectoryEvents<F>> {
        let (end, ear) = UnixStream::pair()?;
        let shared = Arc::new(Shared { queue: Kqueue::new()?, state: Mutex::new(Vec::new()) });
        let told = event_of(&ear, EventFilter::EVFILT_READ, FilterFlag::empty());
        shared.queue.kevent(&[told], &mut [], None)?;
        let heard = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("events".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || heard.listen(&ear))?;
        Ok(DirectoryEvents { shared, end })
    }
}

impl<F> Drop for DirectoryEvents<F> {
    fn drop(&mut self) {
        // The thread sees the other end close. It may be gone already.
        let _ = self.end.shutdown(std::net::Shutdown::Both);
    }
}

impl<F: From<File> + DiskFile + Send> Watcher<F> for DirectoryEvents<F> {
    fn watch(&mut self, folder: &Path, patterns: &Patterns) -> Watching {
        match self.shared.watch(folder, patterns) {
            Ok(()) => Watching::Generations,
            Err(error) => Watching::Nothing(Some(format!("no directory events: {error}"))),
        }
    }

    fn holds(&mut self, log: &Path, id: FileId, is_new: bool) {
        for watched in self.shared.state().iter_mut() {
            if log.parent() == Some(watched.generations.folder()) {
                watched.generations.holds(log, id, is_new);
            }
        }
    }

    fn released(&mut self, log: &Path, id: FileId) {
        for watched in self.shared.state().iter_mut() {
            if log.parent() == Some(watched.generations.folder()) {
                watched.generations.released(id);
            }
        }
    }

    fn take(&mut self) -> Vec<Happening<F>> {
        self.shared.state().iter_mut().flat_map(|watched| watched.generations.take()).collect()
    }

    fn wake_on_next(&mut self) -> bool {
        false
    }
}

impl<F> Shared<F> {
    /// Locks, also after a panic: what is behind the lock is whole after every listing.
    fn state(&self) -> MutexGuard<'_, Vec<Watched<F>>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: From<File> + DiskFile> Shared<F> {
    fn watch(&self, folder: &Path, patterns: &Patterns) -> io::Result<()> {
        let handle = File::open(folder)?;
        let metadata = handle.metadata()?;
        let number = (metadata.dev(), metadata.ino());
        let mut state = self.state();
        let index = state.iter().position(|watched| watched.generations.folder() == folder);
        if let Some(index) = index
            && state[index].number == number
        {
            state[index].generations.add(patterns);
            return Ok(());
        }
        let changes = FilterFlag::NOTE_WRITE | FilterFlag::NOTE_DELETE | FilterFlag::NOTE_RENAME;
        let event = event_of(&handle, EventFilter::EVFILT_VNODE, changes);
        self.queue.kevent(&[event], &mut [], None)?;
        // The name may lead to another folder by now; the old handle takes its events with it when it is closed.
        let mut generations = Generations::new(folder.to_owned());
        if let Some(index) = index {
            generations = state.swap_remove(index).generations;
            generations.lost();
        }
        generations.add(patterns);
        let mut watched = Watched { handle, number, names: HashMap::new(), generations };
        watched.names = watched.list()?;
        state.push(watched);
        Ok(())
    }

    /// The thread's work, until the other end of `ear` is closed.
    fn listen(&self, ear: &UnixStream) {
        let none = KEvent::new(0, EventFilter::EVFILT_VNODE, EvFlags::empty(), FilterFlag::empty(), 0, 0);
        let mut events = [none; 8];
        loop {
            let count = match self.queue.kevent(&[], &mut events, None) {
                Ok(count) => count,
                Err(Errno::EINTR) => continue,
                Err(_) => return,
            };
            for event in &events[..count] {
                if event.ident() == handle_number(ear) {
                    return;
                }
                for watched in self.state().iter_mut() {
                    if event.ident() == handle_number(&watched.handle) {
                        watched.names_changed();
                    }
                }
            }
        }
    }
}

impl<F: From<File> + DiskFile> Watched<F> {
    fn names_changed(&mut self) {
        let Ok(now) = self.list() else { return };
        for (name, number) in &now {
            if self.names.get(name) == Some(number) {
                continue;
            }
            let Some((log, is_backup)) = self.generations.log_of(name) else { continue };
            let of_log =
                |before: &str| self.generations.log_of(before).is_some_and(|(other, _)| other == log);
            let from = self.names.iter().find(|(before, other)| *other == number && of_log(before));
            match from.map(|(before, _)| before.clone()) {
                Some(before) => {
                    self.generations.heard(&before, NameChange::MovedOut(0), open);
                    self.generations.heard(name, NameChange::MovedIn(0), open);
                }
                // A file that was never a log may be a copy; the look at the folder decides.
                None if is_backup => {}
                None => {
                    self.generations.heard(name, NameChange::Made, open);
                }
            }
        }
        self.names = now;
        self.generations.settle();
    }

    fn list(&self) -> io::Result<HashMap<String, u64>> {
        let mut names = HashMap::new();
        for entry in std::fs::read_dir(self.generations.folder())? {
            let entry = entry?;
            let number = entry.ino();
            if let Ok(name) = entry.file_name().into_string()
                && self.generations.log_of(&name).is_some()
            {
                names.insert(name, number);
            }
        }
        Ok(names)
    }
}

fn handle_number(handle: &impl AsRawFd) -> usize {
    usize::try_from(handle.as_raw_fd()).unwrap_or(usize::MAX)
}

fn event_of(handle: &impl AsRawFd, filter: EventFilter, changes: FilterFlag) -> KEvent {
    KEvent::new(handle_number(handle), filter, EvFlags::EV_ADD | EvFlags::EV_CLEAR, changes, 0, 0)
}

/// Opens a file without ever waiting: a name may be that of a pipe.
fn open<F: From<File> + DiskFile>(path: &Path) -> io::Result<(Observed, F)> {
    let flags = nix::fcntl::OFlag::O_NONBLOCK.bits();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let file = F::from(file);
    Ok((file.observe()?, file))
}
