//! Calls that fail, by kind and path.

use std::io;
use std::path::{Path, PathBuf};

/// Errors as Linux numbers them.
pub(crate) mod errno {
    pub(crate) const ENOENT: i32 = 2;
    pub(crate) const EIO: i32 = 5;
    pub(crate) const EACCES: i32 = 13;
    pub(crate) const EMFILE: i32 = 24;
    pub(crate) const ESTALE: i32 = 116;

    /// The error, also on systems that number them otherwise.
    pub(crate) fn error(number: i32) -> std::io::Error {
        use std::io::{Error, ErrorKind};
        match number {
            _ if cfg!(target_os = "linux") => Error::from_raw_os_error(number),
            ENOENT => ErrorKind::NotFound.into(),
            EACCES => ErrorKind::PermissionDenied.into(),
            ESTALE => ErrorKind::StaleNetworkFileHandle.into(),
            _ => Error::other(format!("error {number}")),
        }
    }
}

/// A call of the follower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    List,
    Stamp,
    Open,
    Observe,
    /// Of an open file, by the name it was opened under.
    ObserveHandle,
    Read,
}

#[derive(Default)]
pub(crate) struct Faults(Vec<(Call, PathBuf, i32, usize)>);

impl Faults {
    pub(crate) fn add(&mut self, call: Call, path: &Path, errno: i32, times: usize) {
        self.0.push((call, path.to_owned(), errno, times));
    }

    pub(crate) fn ask(&mut self, call: Call, path: &Path) -> io::Result<()> {
        let found = self.0.iter_mut().find(|(kind, of, _, times)| *kind == call && of == path && *times > 0);
        let Some((_, _, number, times)) = found else { return Ok(()) };
        *times -= 1;
        Err(errno::error(*number))
    }
}
