//! Where an agent listens: at the place that follows from its state folder, or at any other when that cannot be had.
//!
//! Somebody else may hold the pipe's name or the folder in the temporary folder, and a state folder may be on a file system without
//! sockets. Where the agent is in the end, it writes into its state folder (`recorded.rs`).

use crate::paths::StateFolder;
#[cfg(unix)]
use crate::paths::{create_private, refuse_others};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};

/// `sun_path` holds 104 bytes on macOS, 108 on Linux, the end mark included.
#[cfg(unix)]
const MOST_PATH_BYTES: usize = 100;

/// What every pipe of ours is called, up to its hash.
#[cfg(windows)]
const PIPES: &str = r"\\.\pipe\tk-incident-";

/// What other programs open to talk to the agent of a state folder, whether one runs or not: the path of a socket, or on
/// Windows that of a named pipe. An agent that cannot have it is somewhere else, see [`super::ask_where`].
///
/// # Errors
/// When this user has no name.
pub fn first_choice(folder: &StateFolder) -> io::Result<PathBuf> {
    Address::first_choice(folder).map(|address| address.path)
}

/// One place to listen at.
pub(super) struct Address {
    /// The path of a socket or a named pipe.
    pub(super) path: PathBuf,
    /// The folder of the socket, if that is not the state folder: made for this user, in a folder that others may write to.
    #[cfg(unix)]
    runtime: Option<PathBuf>,
}

#[cfg(unix)]
impl Address {
    /// In the state folder where the system's limit allows that, else in the user's own runtime folder.
    pub(super) fn first_choice(folder: &StateFolder) -> io::Result<Address> {
        let path = absolute(folder).join("agent.sock");
        if path.as_os_str().len() <= MOST_PATH_BYTES {
            return Ok(Address { path, runtime: None });
        }
        let runtime = match std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty()) {
            Some(folder) => PathBuf::from(folder).join("tk-incident"),
            None => {
                let user = whoami::username().map_err(io::Error::other)?;
                std::env::temp_dir().join(format!("tk-incident-{user}"))
            }
        };
        let hash = short_hash(absolute(folder).as_os_str().as_encoded_bytes());
        Ok(Address { path: runtime.join(format!("{hash}.sock")), runtime: Some(runtime) })
    }

    /// One that nobody can have taken.
    pub(super) fn elsewhere() -> Address {
        let runtime = std::env::temp_dir().join(format!("tk-incident-{}", random()));
        Address { path: runtime.join("agent.sock"), runtime: Some(runtime) }
    }

    /// Makes the folder for the socket where it needs one of its own.
    pub(super) fn make_folder(&self) -> io::Result<()> {
        let Some(runtime) = &self.runtime else { return Ok(()) };
        // The temporary folder is everybody's: what is there already may be a trap.
        if runtime.symlink_metadata().is_ok() {
            refuse_others(runtime)?;
        }
        create_private(runtime)?;
        refuse_others(runtime)
    }
}

#[cfg(windows)]
impl Address {
    /// All users share one name space, and paths are the same in any case.
    pub(super) fn first_choice(folder: &StateFolder) -> io::Result<Address> {
        let path = absolute(folder).to_string_lossy().to_lowercase();
        // One folder has many spellings.
        let path = path.strip_prefix(r"\\?\").unwrap_or(&path);
        let of_user = format!("{}\n{path}", super::windows::user_sid()?);
        Ok(Address { path: PathBuf::from(format!("{PIPES}{}", short_hash(of_user.as_bytes()))) })
    }

    /// One that nobody can have taken.
    pub(super) fn elsewhere() -> Address {
        Address { path: PathBuf::from(format!("{PIPES}{}", random())) }
    }
}

/// Whether an address that was read somewhere may be opened: it is on this machine, and on Windows a pipe that is called like
/// ours. Reaching another machine would show it who this user is.
pub(super) fn is_local(address: &Path) -> bool {
    #[cfg(unix)]
    return address.is_absolute();
    #[cfg(windows)]
    // A name, and no way on from there: `..` leads out of the pipes.
    return address
        .to_str()
        .and_then(|address| address.strip_prefix(PIPES))
        .is_some_and(|name| !name.contains(['\\', '/']));
}

fn short_hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..16].to_owned()
}

/// 64 bits that others cannot know before: maps are kept apart by such.
fn random() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

fn absolute(folder: &StateFolder) -> PathBuf {
    std::path::absolute(folder.path()).unwrap_or_else(|_| folder.path().to_owned())
}
