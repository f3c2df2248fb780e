//! Where the agent and whoever asks it meet: a name that follows from the state folder.

use crate::paths::StateFolder;
#[cfg(unix)]
use crate::paths::{create_private, refuse_others};
use interprocess::local_socket::Name;
use interprocess::local_socket::prelude::*;
use std::io;
use std::path::PathBuf;

/// `sun_path` holds 104 bytes on macOS, 108 on Linux, the end mark included.
#[cfg(unix)]
const MOST_PATH_BYTES: usize = 100;

/// What other programs open to talk to the agent of a state folder, whether one runs or not: the path of a socket, or on
/// Windows that of a named pipe.
///
/// # Errors
/// When this user has no name.
pub fn address(folder: &StateFolder) -> io::Result<PathBuf> {
    #[cfg(unix)]
    return Ok(socket(folder)?.path);
    #[cfg(windows)]
    return Ok(PathBuf::from(format!(r"\\.\pipe\{}", pipe(folder)?)));
}

#[cfg(unix)]
pub(super) fn name(folder: &StateFolder, create: bool) -> io::Result<Name<'static>> {
    use interprocess::local_socket::GenericFilePath;
    let socket = socket(folder)?;
    if let Some(runtime) = socket.runtime.filter(|_| create) {
        // The temporary folder is everybody's: what is there already may be a trap.
        if runtime.symlink_metadata().is_ok() {
            refuse_others(&runtime)?;
        }
        create_private(&runtime)?;
        refuse_others(&runtime)?;
    }
    socket.path.to_fs_name::<GenericFilePath>()
}

#[cfg(windows)]
pub(super) fn name(folder: &StateFolder, _create: bool) -> io::Result<Name<'static>> {
    use interprocess::local_socket::GenericNamespaced;
    pipe(folder)?.to_ns_name::<GenericNamespaced>()
}

#[cfg(unix)]
struct Socket {
    path: PathBuf,
    /// The folder it is in, if that is not the state folder.
    runtime: Option<PathBuf>,
}

/// In the state folder where the system's limit allows that, else in the user's own runtime folder.
#[cfg(unix)]
fn socket(folder: &StateFolder) -> io::Result<Socket> {
    let path = absolute(folder).join("agent.sock");
    if path.as_os_str().len() <= MOST_PATH_BYTES {
        return Ok(Socket { path, runtime: None });
    }
    let runtime = match std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder).join("tk-incident"),
        None => {
            let user = whoami::username().map_err(io::Error::other)?;
            std::env::temp_dir().join(format!("tk-incident-{user}"))
        }
    };
    Ok(Socket {
        path: runtime.join(format!("{}.sock", short_hash(absolute(folder).as_os_str().as_encoded_bytes()))),
        runtime: Some(runtime),
    })
}

/// All users share one name space, and paths are the same in any case.
#[cfg(windows)]
fn pipe(folder: &StateFolder) -> io::Result<String> {
    let path = absolute(folder).to_string_lossy().to_lowercase();
    // One folder has many spellings.
    let path = path.strip_prefix(r"\\?\").unwrap_or(&path);
    let of_user = format!("{}\n{path}", super::windows::user_sid()?);
    Ok(format!("tk-incident-{}", short_hash(of_user.as_bytes())))
}

fn short_hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..16].to_owned()
}

fn absolute(folder: &StateFolder) -> PathBuf {
    std::path::absolute(folder.path()).unwrap_or_else(|_| folder.path().to_owned())
}
