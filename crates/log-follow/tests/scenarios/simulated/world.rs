//! What exists: folders, names, files behind names, and who has them open.

use super::faults::{Call, Faults};
use log_follow::{FileId, NameChange, Observed};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

/// Whose rules for open files hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rules {
    Posix,
    Windows,
}

/// Which file, for ever; its number is used again, as on ext4.
pub(crate) type FileKey = u64;

pub(crate) struct StoredFile {
    pub(crate) number: u64,
    pub(crate) bytes: Vec<u8>,
    links: u64,
    born_ms: u64,
    modified_ms: u64,
    /// Handles of readers that share everything.
    sharing: usize,
    /// Handles of writers, which on Windows do not share deleting.
    holding: usize,
    /// Windows: it goes when the last handle is closed; until then its name is taken and leads nowhere.
    delete_pending: bool,
}

/// A change of a name that a watcher may be told of.
#[derive(Clone, Debug)]
pub(crate) struct RawEvent {
    pub(crate) folder: PathBuf,
    pub(crate) name: String,
    pub(crate) change: NameChange,
}

pub(crate) struct State {
    pub(crate) rules: Rules,
    /// Time as files are stamped with; the follower's own clock is another one.
    pub(crate) clock_ms: u64,
    /// Stamps are rounded down to this.
    pub(crate) stamp_ms: u64,
    /// No stamp of a file ever changes.
    pub(crate) frozen_stamps: bool,
    /// Whether files tell when they were born.
    pub(crate) has_births: bool,
    folders: BTreeMap<PathBuf, u64>,
    names: BTreeMap<PathBuf, FileKey>,
    files: BTreeMap<FileKey, StoredFile>,
    free_numbers: Vec<u64>,
    last_key: FileKey,
    moves: u32,
    pub(crate) events: VecDeque<RawEvent>,
    pub(crate) faults: Faults,
    pub(crate) most_handles: usize,
    shared_handles: usize,
    /// What happens right before a later call of the follower, by the number of the call.
    pub(crate) interruptions: BTreeMap<u64, Vec<Interruption>>,
    pub(crate) calls: u64,
    pub(crate) opens: u64,
    pub(crate) opens_by_path: BTreeMap<PathBuf, u64>,
    /// Remote folders are looked at, never watched.
    pub(crate) is_remote: bool,
    pub(crate) may_hold: bool,
    /// Called after every event.
    pub(crate) listener: Option<Listener>,
}

type Listener = Box<dyn FnMut(&World)>;

/// Something others do in the middle of a look.
pub(crate) type Interruption = Box<dyn FnOnce(&World)>;

/// See the module's own words.
#[derive(Clone)]
pub(crate) struct World(pub(crate) Rc<RefCell<State>>);

impl World {
    pub(crate) fn new(rules: Rules) -> World {
        let world = World(Rc::new(RefCell::new(State {
            rules,
            clock_ms: 1_700_000_000_000,
            stamp_ms: 1,
            frozen_stamps: false,
            has_births: rules == Rules::Posix,
            folders: BTreeMap::new(),
            names: BTreeMap::new(),
            files: BTreeMap::new(),
            free_numbers: Vec::new(),
            last_key: 0,
            moves: 0,
            events: VecDeque::new(),
            faults: Faults::default(),
            most_handles: usize::MAX,
            shared_handles: 0,
            interruptions: BTreeMap::new(),
            calls: 0,
            opens: 0,
            opens_by_path: BTreeMap::new(),
            is_remote: false,
            may_hold: rules == Rules::Posix,
            listener: None,
        })));
        world.make_folder(Path::new("/logs"));
        world
    }

    pub(crate) fn posix() -> World {
        World::new(Rules::Posix)
    }

    pub(crate) fn windows() -> World {
        World::new(Rules::Windows)
    }

    pub(crate) fn make_folder(&self, folder: &Path) {
        self.0.borrow_mut().folders.insert(folder.to_owned(), 0);
        self.touch(folder);
    }

    /// Removes a folder with everything in it.
    pub(crate) fn remove_folder(&self, folder: &Path) {
        for path in self.paths_in(folder) {
            let _ = self.remove(&path);
        }
        self.0.borrow_mut().folders.remove(folder);
    }

    /// Renames a folder; what is in it goes along.
    pub(crate) fn rename_folder(&self, from: &Path, to: &Path) {
        let mut state = self.0.borrow_mut();
        let changed = state.folders.remove(from).unwrap();
        state.folders.insert(to.to_owned(), changed);
        let moved: Vec<PathBuf> =
            state.names.keys().filter(|path| path.parent() == Some(from)).cloned().collect();
        for path in moved {
            let key = state.names.remove(&path).unwrap();
            state.names.insert(to.join(path.file_name().unwrap()), key);
        }
    }

    pub(crate) fn paths_in(&self, folder: &Path) -> Vec<PathBuf> {
        let state = self.0.borrow();
        let from = state.names.range(folder.to_owned()..).map(|(path, _)| path);
        let inside = from.take_while(|path| path.starts_with(folder));
        inside.filter(|path| path.parent() == Some(folder)).cloned().collect()
    }

    /// Lets time pass, for the stamps of files.
    pub(crate) fn pass(&self, ms: u64) {
        self.0.borrow_mut().clock_ms += ms;
    }

    fn touch(&self, folder: &Path) {
        let mut state = self.0.borrow_mut();
        let stamp = state.clock_ms / state.stamp_ms * state.stamp_ms;
        if let Some(changed) = state.folders.get_mut(folder) {
            *changed = stamp;
        }
    }

    fn tell(&self, path: &Path, change: NameChange) {
        let folder = path.parent().unwrap().to_owned();
        self.touch(&folder);
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        self.0.borrow_mut().events.push_back(RawEvent { folder, name, change });
        // Out of its place while it works: what it does may be interrupted, and that tells more.
        let listener = self.0.borrow_mut().listener.take();
        if let Some(mut listener) = listener {
            listener(self);
            self.0.borrow_mut().listener = Some(listener);
        }
    }

    /// The file under a name, made if there is none.
    pub(crate) fn open_or_make(&self, path: &Path) -> io::Result<FileKey> {
        if let Some(key) = self.key(path)? {
            return Ok(key);
        }
        if !self.0.borrow().folders.contains_key(path.parent().unwrap()) {
            return Err(ErrorKind::NotFound.into());
        }
        let key = {
            let mut state = self.0.borrow_mut();
            state.last_key += 1;
            let key = state.last_key;
            // The number of a file on NTFS holds a count of how often its place was used.
            let reused = if state.rules == Rules::Posix { state.free_numbers.pop() } else { None };
            let number = reused.unwrap_or(1_000 + key);
            let now = state.clock_ms;
            let stamp = now / state.stamp_ms * state.stamp_ms;
            let file = StoredFile {
                number,
                bytes: Vec::new(),
                links: 1,
                born_ms: now,
                modified_ms: stamp,
                sharing: 0,
                holding: 0,
                delete_pending: false,
            };
            state.files.insert(key, file);
            state.names.insert(path.to_owned(), key);
            key
        };
        self.tell(path, NameChange::Made);
        Ok(key)
    }

    /// The file under a name; an error while it is being deleted.
    pub(crate) fn key(&self, path: &Path) -> io::Result<Option<FileKey>> {
        let state = self.0.borrow();
        let Some(key) = state.names.get(path) else { return Ok(None) };
        if state.files[key].delete_pending {
            return Err(ErrorKind::PermissionDenied.into());
        }
        Ok(Some(*key))
    }

    pub(crate) fn write_at(&self, key: FileKey, offset: usize, text: &[u8]) {
        let mut state = self.0.borrow_mut();
        let stamp = state.clock_ms / state.stamp_ms * state.stamp_ms;
        let frozen = state.frozen_stamps;
        let file = state.files.get_mut(&key).unwrap();
        let end = offset + text.len();
        if file.bytes.len() < end {
            file.bytes.resize(end, 0);
        }
        file.bytes[offset..end].copy_from_slice(text);
        if !frozen {
            file.modified_ms = stamp;
        }
    }

    /// Opens, appends and closes, as a short-lived program does.
    pub(crate) fn append(&self, path: &Path, text: &str) {
        let key = self.open_or_make(path).unwrap();
        let end = self.len(key);
        self.write_at(key, end, text.as_bytes());
    }

    pub(crate) fn len(&self, key: FileKey) -> usize {
        self.0.borrow().files[&key].bytes.len()
    }

    pub(crate) fn truncate(&self, path: &Path, len: usize) {
        let key = self.key(path).unwrap().unwrap();
        self.0.borrow_mut().files.get_mut(&key).unwrap().bytes.truncate(len);
        self.write_at(key, 0, b"");
    }

    /// Empties a file and writes it again, in place.
    pub(crate) fn rewrite(&self, path: &Path, text: &str) {
        let key = self.open_or_make(path).unwrap();
        self.0.borrow_mut().files.get_mut(&key).unwrap().bytes.clear();
        self.write_at(key, 0, text.as_bytes());
    }

    /// What stands behind a name.
    pub(crate) fn content(&self, path: &Path) -> Vec<u8> {
        self.key(path).unwrap().map(|key| self.0.borrow().files[&key].bytes.clone()).unwrap_or_default()
    }

    /// Copies what stands behind a name, into the file that has the other name if there is one.
    pub(crate) fn copy(&self, from: &Path, to: &Path) {
        let text = String::from_utf8(self.content(from)).unwrap();
        self.rewrite(to, &text);
    }

    pub(crate) fn link(&self, from: &Path, to: &Path) {
        let key = self.key(from).unwrap().unwrap();
        {
            let mut state = self.0.borrow_mut();
            state.names.insert(to.to_owned(), key);
            state.files.get_mut(&key).unwrap().links += 1;
        }
        self.tell(to, NameChange::Made);
    }

    pub(crate) fn remove(&self, path: &Path) -> io::Result<()> {
        let Some(key) = self.key(path)? else { return Err(ErrorKind::NotFound.into()) };
        {
            let mut state = self.0.borrow_mut();
            let windows = state.rules == Rules::Windows;
            let file = state.files.get_mut(&key).unwrap();
            if windows && file.holding > 0 {
                return Err(ErrorKind::PermissionDenied.into());
            }
            if windows && file.sharing > 0 {
                file.delete_pending = true;
                return Ok(());
            }
            state.names.remove(path);
        }
        self.unlink(key);
        self.tell(path, NameChange::Removed);
        Ok(())
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let Some(key) = self.key(from)? else { return Err(ErrorKind::NotFound.into()) };
        let replaced = self.0.borrow().names.get(to).copied();
        let number = {
            let mut state = self.0.borrow_mut();
            if state.rules == Rules::Windows {
                if state.files[&key].holding > 0 {
                    return Err(ErrorKind::PermissionDenied.into());
                }
                if replaced.is_some() {
                    return Err(ErrorKind::AlreadyExists.into());
                }
            }
            state.names.remove(from);
            state.names.insert(to.to_owned(), key);
            state.moves += 1;
            state.moves
        };
        if let Some(replaced) = replaced {
            self.unlink(replaced);
        }
        self.tell(from, NameChange::MovedOut(number));
        self.tell(to, NameChange::MovedIn(number));
        Ok(())
    }

    fn unlink(&self, key: FileKey) {
        self.0.borrow_mut().files.get_mut(&key).unwrap().links -= 1;
        self.free_if_gone(key);
    }

    fn free_if_gone(&self, key: FileKey) {
        let mut state = self.0.borrow_mut();
        let file = &state.files[&key];
        let (number, pending, links) = (file.number, file.delete_pending, file.links);
        if file.sharing > 0 || file.holding > 0 || (links > 0 && !pending) {
            return;
        }
        if pending {
            state.names.retain(|_, other| *other != key);
        }
        state.files.remove(&key);
        state.free_numbers.push(number);
    }

    pub(crate) fn take_handle(&self, key: FileKey, shares_deletion: bool) {
        let mut state = self.0.borrow_mut();
        let file = state.files.get_mut(&key).unwrap();
        if shares_deletion {
            file.sharing += 1;
            state.shared_handles += 1;
        } else {
            file.holding += 1;
        }
    }

    pub(crate) fn close_handle(&self, key: FileKey, shares_deletion: bool) {
        {
            let mut state = self.0.borrow_mut();
            let file = state.files.get_mut(&key).unwrap();
            if shares_deletion {
                file.sharing -= 1;
                state.shared_handles -= 1;
            } else {
                file.holding -= 1;
            }
        }
        self.free_if_gone(key);
    }

    /// Files the follower has open, or its watcher.
    pub(crate) fn open_handles(&self) -> usize {
        self.0.borrow().shared_handles
    }

    /// The text of a file, if there is still one: under a name, or through an open handle.
    pub(crate) fn text_of(&self, key: FileKey) -> Option<String> {
        let state = self.0.borrow();
        Some(String::from_utf8(state.files.get(&key)?.bytes.clone()).unwrap())
    }

    pub(crate) fn has_name(&self, key: FileKey) -> bool {
        self.0.borrow().names.values().any(|other| *other == key)
    }

    pub(crate) fn observed(&self, key: FileKey) -> Observed {
        let state = self.0.borrow();
        let file = &state.files[&key];
        let time = |ms| SystemTime::UNIX_EPOCH + Duration::from_millis(ms);
        Observed {
            id: FileId { device: 1, file: file.number },
            len_bytes: file.bytes.len() as u64,
            links: file.links,
            born: state.has_births.then(|| time(file.born_ms)),
            modified: (state.rules == Rules::Posix).then(|| time(file.modified_ms)),
        }
    }

    pub(crate) fn folder_stamp(&self, folder: &Path) -> io::Result<SystemTime> {
        let state = self.0.borrow();
        let changed = state.folders.get(folder).ok_or(ErrorKind::NotFound)?;
        Ok(SystemTime::UNIX_EPOCH + Duration::from_millis(*changed))
    }

    pub(crate) fn bytes_at(&self, key: FileKey, offset: usize, buffer: &mut [u8]) -> usize {
        let state = self.0.borrow();
        let bytes = &state.files[&key].bytes;
        let from = offset.min(bytes.len());
        let count = buffer.len().min(bytes.len() - from);
        buffer[..count].copy_from_slice(&bytes[from..from + count]);
        count
    }

    /// How often the follower opened what had this name.
    pub(crate) fn opens_of(&self, path: &Path) -> u64 {
        self.0.borrow().opens_by_path.get(path).copied().unwrap_or(0)
    }

    /// Makes the next calls of a kind fail for a path.
    pub(crate) fn fail(&self, call: Call, path: &Path, errno: i32, times: usize) {
        self.0.borrow_mut().faults.add(call, path, errno, times);
    }

    pub(crate) fn heal(&self) {
        self.0.borrow_mut().faults = Faults::default();
    }

    /// Does something right before the follower's call that comes after so many others.
    pub(crate) fn interrupt(&self, after_calls: u64, what: impl FnOnce(&World) + 'static) {
        let mut state = self.0.borrow_mut();
        let at = state.calls + after_calls;
        state.interruptions.entry(at).or_default().push(Box::new(what));
    }
}
