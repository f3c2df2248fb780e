//! The world as the follower sees it: every call is counted, may be interrupted by others, and may fail.

use super::faults::{Call, errno};
use super::world::{FileKey, World};
use log_follow::{Disk, DiskFile, Observed};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

#[derive(Clone)]
pub(crate) struct SimulatedDisk(pub(crate) World);

pub(crate) struct SimulatedFile {
    world: World,
    key: FileKey,
    /// What it was opened as.
    path: PathBuf,
}

impl World {
    fn call(&self, call: Call, path: &Path) -> io::Result<()> {
        let due = {
            let mut state = self.0.borrow_mut();
            state.calls += 1;
            let now = state.calls;
            let later = state.interruptions.split_off(&(now + 1));
            std::mem::replace(&mut state.interruptions, later)
        };
        for what in due.into_values().flatten() {
            what(self);
        }
        self.0.borrow_mut().faults.ask(call, path)
    }

    pub(crate) fn open(&self, path: &Path) -> io::Result<SimulatedFile> {
        self.call(Call::Open, path)?;
        if self.open_handles() >= self.0.borrow().most_handles {
            return Err(errno::error(errno::EMFILE));
        }
        self.0.borrow_mut().opens += 1;
        *self.0.borrow_mut().opens_by_path.entry(path.to_owned()).or_default() += 1;
        let key = self.key(path)?.ok_or(ErrorKind::NotFound)?;
        self.take_handle(key, true);
        Ok(SimulatedFile { world: self.clone(), key, path: path.to_owned() })
    }
}

impl Disk for SimulatedDisk {
    type File = SimulatedFile;

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.0.call(Call::List, folder)?;
        self.0.folder_stamp(folder)?;
        let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        Ok(self.0.paths_in(folder).iter().map(name).collect())
    }

    fn folder_changed(&self, folder: &Path) -> io::Result<SystemTime> {
        self.0.call(Call::Stamp, folder)?;
        self.0.folder_stamp(folder)
    }

    fn open(&self, path: &Path) -> io::Result<SimulatedFile> {
        self.0.open(path)
    }

    fn observe(&self, path: &Path) -> io::Result<Observed> {
        self.0.call(Call::Observe, path)?;
        let key = self.0.key(path)?.ok_or(ErrorKind::NotFound)?;
        Ok(self.0.observed(key))
    }

    fn may_hold_handles(&self, _folder: &Path) -> bool {
        self.0.0.borrow().may_hold
    }

    fn is_remote(&self, _folder: &Path) -> bool {
        self.0.0.borrow().is_remote
    }
}

impl DiskFile for SimulatedFile {
    fn observe(&self) -> io::Result<Observed> {
        self.world.call(Call::ObserveHandle, &self.path)?;
        Ok(self.world.observed(self.key))
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.world.call(Call::Read, &self.path)?;
        Ok(self.world.bytes_at(self.key, usize::try_from(offset).unwrap(), buffer))
    }
}

impl Drop for SimulatedFile {
    fn drop(&mut self) {
        self.world.close_handle(self.key, true);
    }
}
