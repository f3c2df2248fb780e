//! Directory events of Linux: a thread that opens every new generation the moment its event comes.
//!
//! With several writers on one log a generation can be made, rotated and deleted within a millisecond. Only a handle
//! that was opened meanwhile can still read it, so the thread does nothing but wait, open and count
//! (`generations.rs`); it never reads a log. Writes to logs are watched for only while the follower rests, with an
//! instance of its own: a log that is written a thousand times a second must not cost a thousand wake-ups, nor push
//! events of names out of the queue.

use crate::generations::{Generations, NameChange};
use crate::system_events::Wake;
use crate::unnamed::unnamed_files;
use crate::watcher::{Happening, Watcher, Watching};
use crate::{DiskFile, FileId, Observed, Patterns};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Files beside our logs that are written to do not wake the thread more often than this.
const OTHERS_REST_MS: u16 = 250;
/// Files without a name are looked for at most this often.
const SEARCH_PAUSE: Duration = Duration::from_secs(1);
/// The thread waits, opens and counts; it needs little stack.
const STACK_BYTES: usize = 128 * 1024;

/// See the module's own words.
pub(crate) struct DirectoryEvents<F> {
    shared: Arc<Shared<F>>,
    /// Closed with this, which ends the thread.
    end: UnixStream,
}

struct Shared<F> {
    names: Inotify,
    growth: Inotify,
    state: Mutex<State<F>>,
}

struct State<F> {
    folders: HashMap<i32, Generations<F>>,
    /// Watches of growth, while the follower rests.
    resting: Vec<(WatchDescriptor, PathBuf)>,
    /// The follower is to be woken by what comes next.
    wakes: bool,
}

impl<F: From<File> + DiskFile + Send + 'static> DirectoryEvents<F> {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no more instances or threads to give.
    pub(crate) fn start(wake: Wake) -> io::Result<DirectoryEvents<F>> {
        let flags = InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK;
        let (end, ear) = UnixStream::pair()?;
        let shared = Arc::new(Shared {
            names: Inotify::init(flags)?,
            growth: Inotify::init(flags)?,
            state: Mutex::new(State { folders: HashMap::new(), resting: Vec::new(), wakes: false }),
        });
        let heard = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("events".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || heard.listen(&ear, &wake))?;
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
        let mask = AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_MOVE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_ONLYDIR;
        let mut state = self.shared.state();
        let before = state.folders.iter().find(|(_, known)| known.folder() == folder).map(|(wd, _)| *wd);
        let watch = match self.shared.names.add_watch(folder, mask) {
            Ok(watch) => watch,
            Err(errno) => {
                if let Some(before) = before {
                    state.folders.remove(&before);
                }
                return Watching::Nothing(Some(no_events(errno)));
            }
        };
        // The name may lead to another folder by now: that of a link that was switched, or one made anew.
        if before != Some(watch.as_raw()) {
            let moved = before.and_then(|wd| state.folders.remove(&wd)).map(|mut generations| {
                generations.lost();
                generations
            });
            let generations = moved.unwrap_or_else(|| Generations::new(folder.to_owned()));
            state.folders.insert(watch.as_raw(), generations);
        }
        if let Some(generations) = state.folders.get_mut(&watch.as_raw()) {
            generations.add(patterns);
        }
        Watching::Everything
    }

    fn holds(&mut self, log: &Path, id: FileId, is_new: bool) {
        if let Some(generations) = self.shared.state().of_log(log) {
            generations.holds(log, id, is_new);
        }
    }

    fn released(&mut self, log: &Path, id: FileId) {
        if let Some(generations) = self.shared.state().of_log(log) {
            generations.released(id);
        }
    }

    fn take(&mut self) -> Vec<Happening<F>> {
        self.shared.state().folders.values_mut().flat_map(Generations::take).collect()
    }

    fn wake_on_next(&mut self) -> bool {
        let mut state = self.shared.state();
        let before = std::mem::replace(&mut state.wakes, true);
        if !state.resting.is_empty() {
            return before;
        }
        let folders: Vec<PathBuf> =
            state.folders.values().map(|generations| generations.folder().to_owned()).collect();
        for folder in folders {
            // A folder that is gone is found by looking, and so is growth for which there is no watch left.
            if let Ok(watch) = self.shared.growth.add_watch(&folder, AddWatchFlags::IN_MODIFY) {
                state.resting.push((watch, folder));
            }
        }
        // Watches that were not there until now have not told of what came before.
        false
    }
}

impl<F> State<F> {
    fn of_log(&mut self, log: &Path) -> Option<&mut Generations<F>> {
        self.folders.values_mut().find(|generations| log.parent() == Some(generations.folder()))
    }
}

impl<F> Shared<F> {
    /// Locks, also after a panic: what is behind the lock is whole after every single event.
    fn state(&self) -> MutexGuard<'_, State<F>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: From<File> + DiskFile> Shared<F> {
    /// The thread's work, until the other end of `ear` is closed.
    fn listen(&self, ear: &UnixStream, wake: &Wake) {
        let mut others_rest = false;
        let (mut searched, mut unsettled) = (None, false);
        loop {
            let mut waits = vec![
                PollFd::new(ear.as_fd(), PollFlags::POLLIN),
                PollFd::new(self.names.as_fd(), PollFlags::POLLIN),
            ];
            let limit = if others_rest {
                PollTimeout::from(OTHERS_REST_MS)
            } else {
                waits.push(PollFd::new(self.growth.as_fd(), PollFlags::POLLIN));
                match unsettled {
                    true => PollTimeout::from(OTHERS_REST_MS),
                    false => PollTimeout::NONE,
                }
            };
            match poll(&mut waits, limit) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(_) => return,
            }
            if waits[0].any().unwrap_or(true) {
                return;
            }
            let names = self.hear_names();
            if names || unsettled {
                unsettled = self.settle(&mut searched);
            }
            let growth = !std::mem::take(&mut others_rest) && self.hear_growth(&mut others_rest);
            if (names || growth) && std::mem::take(&mut self.state().wakes) {
                wake();
            }
        }
    }

    /// Hears everything that happened to names. True when some of it was ours.
    fn hear_names(&self) -> bool {
        let mut ours = false;
        // Until there is nothing more: only then it is certain what was made and not opened.
        while let Ok(events) = self.names.read_events() {
            let mut state = self.state();
            for event in events {
                ours |= hear_name(&mut state, &event);
            }
        }
        ours
    }

    /// After every event has been heard: what was missed is looked for, or given up. True when it is too early to
    /// look for something.
    fn settle(&self, searched: &mut Option<Instant>) -> bool {
        let missing: Vec<PathBuf> = {
            let state = self.state();
            let some = state.folders.values().filter(|generations| generations.misses_some());
            some.map(|generations| generations.folder().to_owned()).collect()
        };
        if !missing.is_empty() && searched.is_some_and(|last| last.elapsed() < SEARCH_PAUSE) {
            return true;
        }
        for folder in missing {
            *searched = Some(Instant::now());
            let unnamed = unnamed_files(&folder);
            let mut state = self.state();
            let Some(generations) = state.folders.values_mut().find(|known| known.folder() == folder) else {
                continue;
            };
            for (name, file) in unnamed {
                let log = generations.log_of(&name).map(|(log, _)| log.to_owned());
                let file = F::from(file);
                if let (Some(log), Ok(seen)) = (log, file.observe()) {
                    generations.found(&log, seen, file);
                }
            }
        }
        self.state().folders.values_mut().for_each(Generations::settle);
        false
    }

    /// Hears of writes while the follower rests. True when one was to a log of ours.
    fn hear_growth(&self, others_rest: &mut bool) -> bool {
        let mut ours = false;
        while let Ok(events) = self.growth.read_events() {
            let mut state = self.state();
            for event in events {
                *others_rest |= event.mask.contains(AddWatchFlags::IN_MODIFY);
                ours |= hear_write(&mut state, &event);
            }
        }
        if ours {
            *others_rest = false;
            let mut state = self.state();
            for (watch, _) in state.resting.drain(..) {
                // It is gone with its folder sometimes.
                let _ = self.growth.rm_watch(watch);
            }
        }
        ours
    }
}

fn hear_name<F: From<File> + DiskFile>(state: &mut State<F>, event: &InotifyEvent) -> bool {
    let has = |flag| event.mask.contains(flag);
    if has(AddWatchFlags::IN_Q_OVERFLOW) {
        state.folders.values_mut().for_each(Generations::lost);
        return true;
    }
    if has(AddWatchFlags::IN_IGNORED) {
        // The folder is gone. The follower sees that, and has the next one of this name watched.
        state.folders.remove(&event.wd.as_raw());
        return true;
    }
    let Some(generations) = state.folders.get_mut(&event.wd.as_raw()) else { return false };
    // A name that is not Unicode matches no pattern.
    let Some(name) = event.name.as_ref().and_then(|name| name.to_str()) else { return false };
    let change = if has(AddWatchFlags::IN_CREATE) {
        NameChange::Made
    } else if has(AddWatchFlags::IN_MOVED_TO) {
        NameChange::MovedIn(event.cookie)
    } else if has(AddWatchFlags::IN_MOVED_FROM) {
        NameChange::MovedOut(event.cookie)
    } else {
        NameChange::Removed
    };
    generations.heard(name, change, open)
}

fn hear_write<F>(state: &mut State<F>, event: &InotifyEvent) -> bool {
    if event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
        return true;
    }
    let Some((_, folder)) = state.resting.iter().find(|(watch, _)| *watch == event.wd) else { return false };
    let Some(generations) = state.folders.values_mut().find(|known| known.folder() == folder) else {
        return false;
    };
    let Some(name) = event.name.as_ref().and_then(|name| name.to_str()) else { return false };
    let Some(log) = generations.log_of(name).map(|(log, _)| log.to_owned()) else { return false };
    generations.grown(&log);
    true
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

fn no_events(errno: Errno) -> String {
    match errno {
        Errno::ENOSPC => {
            "no directory events: the limit of watches is reached (fs.inotify.max_user_watches)".to_owned()
        }
        _ => format!("no directory events: {}", io::Error::from(errno)),
    }
}
