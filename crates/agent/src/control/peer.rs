//! Who is at the other end of a connection: this user, or nobody we talk to.

use interprocess::local_socket::Stream as LocalSocketStream;
#[cfg(unix)]
use interprocess::local_socket::prelude::*;
use std::io;

/// Refuses whoever runs as another user, root included: root has other ways, and a request of root is most likely a mistake
/// about whose agent it is. Asked by both sides before a byte is read or written.
///
/// On Windows the access list of the pipe does this for the agent's side, and the owner of the pipe tells the other.
pub(super) fn refuse_others(stream: &LocalSocketStream) -> io::Result<()> {
    #[cfg(unix)]
    {
        let theirs = stream.peer_creds()?.euid();
        if theirs == Some(nix::unistd::geteuid().as_raw()) {
            return Ok(());
        }
        let theirs = theirs.map_or("an unknown user".to_owned(), |uid| format!("user {uid}"));
        Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("the other end runs as {theirs}")))
    }
    #[cfg(windows)]
    super::windows::refuse_others(stream)
}
