//! A program that logs: Toolkit's handler with its rollover in four steps.

use super::world::{FileKey, World};
use std::io;
use std::path::{Path, PathBuf};

pub(crate) struct Handler {
    world: World,
    path: PathBuf,
    key: FileKey,
    limit: usize,
    /// A rollover failed: it never tries again.
    pub(crate) disabled: bool,
}

impl Handler {
    pub(crate) fn open(world: &World, path: &Path, limit: usize) -> Handler {
        let key = world.open_or_make(path).unwrap();
        world.take_handle(key, false);
        Handler { world: world.clone(), path: path.to_owned(), key, limit, disabled: false }
    }

    /// Writes one record, after a rollover if the file would get too large.
    pub(crate) fn log(&mut self, text: &str) {
        if !self.disabled && self.world.len(self.key) + text.len() >= self.limit {
            self.roll_over();
        }
        self.world.write_at(self.key, self.world.len(self.key), text.as_bytes());
    }

    /// What two processes on Windows do to each other: both ask for the end, then both write there.
    pub(crate) fn end(&self) -> usize {
        self.world.len(self.key)
    }

    pub(crate) fn log_at(&self, end: usize, text: &str) {
        self.world.write_at(self.key, end, text.as_bytes());
    }

    pub(crate) fn roll_over(&mut self) {
        self.begin_rollover();
        self.end_rollover();
    }

    /// The first step: the log has no name of its own for an instant.
    pub(crate) fn begin_rollover(&mut self) {
        self.world.close_handle(self.key, false);
        self.disabled |= self.world.rename(&self.path, &self.trial()).is_err();
    }

    /// The other steps.
    pub(crate) fn end_rollover(&mut self) {
        self.disabled |= self.names().is_err();
        self.key = self.world.open_or_make(&self.path).unwrap();
        self.world.take_handle(self.key, false);
    }

    fn trial(&self) -> PathBuf {
        with_suffix(&self.path, ".0b9d8a5e-7a0e-4f0b-9a62-1f2f8f6f4a11")
    }

    /// Steps two to four. On POSIX a rename takes over the name of whatever is there.
    fn names(&self) -> io::Result<()> {
        let backup = with_suffix(&self.path, ".1");
        self.world.rename(&self.trial(), &self.path)?;
        match self.world.remove(&backup) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.world.rename(&self.path, &backup)
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        self.world.close_handle(self.key, false);
    }
}

pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}
