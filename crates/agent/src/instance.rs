//! One agent per user and site: a lock that the agent holds for its life.
//!
//! The lock is the operating system's and goes with the process, however that ends. It says only that someone
//! runs; the control channel is how others talk to that someone.

use crate::paths::StateFolder;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::PathBuf;

/// The right to run; given up when dropped.
#[derive(Debug)]
pub struct Instance {
    _held: File,
}

/// Why there is no right to run.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// Exit code 4.
    #[error(
        "another tk-incident runs for this user and site (state in `{}`): `tk-incident status` shows it, \
         `tk-incident stop` ends it",
        folder.display()
    )]
    Taken {
        /// Its state folder.
        folder: PathBuf,
    },
    /// The lock file cannot be used.
    #[error("cannot use the lock file `{}`: check the permissions of its folder", path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Instance {
    /// Takes the lock, or says that it is taken. Never waits.
    ///
    /// # Errors
    /// See [`InstanceError`].
    pub fn take(folder: &StateFolder) -> Result<Instance, InstanceError> {
        let path = folder.lock();
        let unusable = |source| InstanceError::Unusable { path: path.clone(), source };
        let file =
            OpenOptions::new().create(true).write(true).truncate(false).open(&path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Instance { _held: file }),
            Err(TryLockError::WouldBlock) => Err(InstanceError::Taken { folder: folder.path().to_owned() }),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }
}

impl Instance {
    /// Whether somebody runs at this moment. Only for who would be held up otherwise: an agent that starts just then may think
    /// that another one does.
    #[must_use]
    pub fn is_taken(folder: &StateFolder) -> bool {
        File::open(folder.lock()).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_one_is_refused_until_the_first_ends() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::at(folder.path().to_owned());
        assert!(!Instance::is_taken(&state));
        let first = Instance::take(&state).unwrap();
        assert!(Instance::is_taken(&state));
        assert!(matches!(Instance::take(&state), Err(InstanceError::Taken { .. })));
        drop(first);
        assert!(!Instance::is_taken(&state));
        assert!(Instance::take(&state).is_ok());
    }
}
