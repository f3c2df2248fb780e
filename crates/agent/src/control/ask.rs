//! The end of whoever asks a running agent.

use super::answer::{MALFORMED, NOT_UNDERSTOOD, STOPPING};
use super::peer::refuse_others;
use super::recorded::places;
use super::stream::Timed;
use super::{ANSWER_PATIENCE, MOST_ANSWER_BYTES};
use crate::instance::Instance;
use crate::paths::StateFolder;
use interprocess::ConnectWaitMode;
use interprocess::local_socket::Stream as LocalSocketStream;
use serde_json::Value;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// Why a running agent could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody there.
    #[error("no tk-incident runs for this user and site: `tk-incident run` starts one")]
    NobodyThere(#[source] io::Error),
    /// Somebody there, who is about to go, or went without an answer.
    #[error("the running tk-incident is just ending: try again in a moment")]
    Stopping,
    /// Nobody of this user there, but somebody else in its place: nothing was sent.
    #[error("what listens in the place of tk-incident is not this user's: nothing was told to it")]
    Stranger(#[source] io::Error),
    /// Somebody there, but no answer.
    #[error("the running tk-incident does not answer; its agent.log may tell why")]
    NoAnswer(#[source] io::Error),
    /// It does not know this request: it is of another version.
    #[error(
        "the running tk-incident does not understand this, as one of another version: `tk-incident stop`, start it \
         again, and try once more"
    )]
    NotUnderstood {
        /// Which, if it has told.
        version: Option<String>,
    },
    /// It answered that it could not do it.
    #[error("the running tk-incident refused: {0}")]
    Refused(String),
}

impl AskError {
    /// Whether no agent of this user can be meant: one that is started now takes nobody's place.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        matches!(self, AskError::NobodyThere(_) | AskError::Stranger(_))
    }
}

/// Asks the agent of a state folder. `request` is one JSON object.
///
/// # Errors
/// See [`AskError`].
pub fn ask(folder: &StateFolder, request: &str) -> Result<Value, AskError> {
    ask_where(folder, request).map(|(answer, _)| answer)
}

/// [`ask`], and the path of the socket or named pipe where the answer came from.
///
/// # Errors
/// See [`AskError`].
pub fn ask_where(folder: &StateFolder, request: &str) -> Result<(Value, PathBuf), AskError> {
    let mut nobody = AskError::NobodyThere(ErrorKind::NotFound.into());
    for place in places(folder).map_err(AskError::NobodyThere)? {
        match ask_at(folder, &place, request) {
            Err(error @ AskError::Stranger(_)) => nobody = error,
            Err(AskError::NobodyThere(error)) if matches!(nobody, AskError::NobodyThere(_)) => {
                nobody = AskError::NobodyThere(error);
            }
            Err(AskError::NobodyThere(_)) => {}
            answer => return answer.map(|answer| (answer, place)),
        }
    }
    Err(nobody)
}

fn ask_at(folder: &StateFolder, address: &Path, request: &str) -> Result<Value, AskError> {
    let stream = connect(folder, address).map_err(|error| match error.kind() {
        // Who does not let us near enough to see who it is, is no agent of ours when none runs.
        ErrorKind::WouldBlock | ErrorKind::TimedOut if cfg!(windows) && !Instance::is_taken(folder) => {
            AskError::Stranger(error)
        }
        ErrorKind::WouldBlock | ErrorKind::TimedOut => AskError::NoAnswer(error),
        _ => AskError::NobodyThere(error),
    })?;
    refuse_others(&stream).map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied => AskError::Stranger(error),
        // Nobody is at the other end: the queue was full.
        _ => AskError::NoAnswer(error),
    })?;
    let exchange = || {
        let mut line = request.trim_end().replace('\n', " ");
        line.push('\n');
        let mut timed = Timed::new(&stream, ANSWER_PATIENCE);
        timed.write_all(line.as_bytes())?;
        let mut reply = String::new();
        BufReader::new(timed.take(MOST_ANSWER_BYTES)).read_line(&mut reply)?;
        if reply.is_empty() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        serde_json::from_str::<Value>(&reply).map_err(io::Error::other)
    };
    let reply = exchange().map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => AskError::Stopping,
        _ => AskError::NoAnswer(error),
    })?;
    let Some(error) = reply.get("error").and_then(Value::as_str) else { return Ok(reply) };
    Err(match reply.get("code").and_then(Value::as_str) {
        Some(NOT_UNDERSTOOD | MALFORMED) => AskError::NotUnderstood {
            version: reply.get("version").and_then(Value::as_str).map(str::to_owned),
        },
        Some(STOPPING) => AskError::Stopping,
        _ => AskError::Refused(error.to_owned()),
    })
}

/// One that hangs lets no more in than the system queues for it; who comes then would wait for ever.
const CONNECT: ConnectWaitMode = ConnectWaitMode::Timeout(ANSWER_PATIENCE);

#[cfg(unix)]
fn connect(_folder: &StateFolder, address: &Path) -> io::Result<LocalSocketStream> {
    use interprocess::local_socket::{ConnectOptions, GenericFilePath, prelude::*};
    let name = address.to_fs_name::<GenericFilePath>()?;
    ConnectOptions::new().name(name).wait_mode(CONNECT).connect_sync()
}

/// Not by the local socket's own options: for pipes they pass over how long to wait. A pipe that is busy is only waited for when
/// an agent runs: it may be a stranger's that never has time.
#[cfg(windows)]
fn connect(folder: &StateFolder, address: &Path) -> io::Result<LocalSocketStream> {
    use interprocess::os::windows::named_pipe::{DuplexPipeStream, pipe_mode::Bytes};
    let within = |wait| DuplexPipeStream::<Bytes>::connect_by_path_with_wait_mode(address.as_os_str(), wait);
    let pipe = match within(ConnectWaitMode::Timeout(std::time::Duration::ZERO)) {
        Err(error)
            if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
                && Instance::is_taken(folder) =>
        {
            within(CONNECT)?
        }
        pipe => pipe?,
    };
    Ok(LocalSocketStream::NamedPipe(pipe.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{Control, Handler, Request};
    use serde_json::json;
    use std::sync::Arc;

    fn round_trip(folder: &StateFolder) {
        folder.create().unwrap();
        assert!(matches!(ask(folder, r#"{"type":"status"}"#), Err(AskError::NobodyThere(_))));
        let handler: Handler = Arc::new(|request| match request {
            Request::Detach(detach) => json!({ "ok": true, "pid": detach.pid }),
            _ => json!({ "ok": false, "error": "not now" }),
        });
        let control = Control::open(folder, handler, Arc::default()).unwrap();
        std::thread::spawn(move || control.serve());
        let reply = ask(folder, "{\"type\":\"detach\",\n\"pid\":7,\"v\":1}").unwrap();
        assert_eq!(
            (&reply["pid"], &reply["v"], &reply["version"]),
            (&7.into(), &1.into(), &env!("CARGO_PKG_VERSION").into())
        );
        assert!(matches!(ask(folder, r#"{"type":"stop"}"#), Err(AskError::Refused(why)) if why == "not now"));
        for foreign in [
            r#"{"type":"dance","token":"s3cret"}"#,
            r#"{"type":"stop","v":2,"token":"s3cret"}"#,
            r#"{"type":"mute","token":"s3cret"}"#,
        ] {
            let Err(error @ AskError::NotUnderstood { .. }) = ask(folder, foreign) else {
                panic!("{foreign} is refused")
            };
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
    }

    #[test]
    fn requests_are_answered_one_line_each() {
        let folder = tempfile::tempdir().unwrap();
        round_trip(&StateFolder::at(folder.path().join("site")));
    }

    #[test]
    fn a_state_folder_deeper_than_a_socket_name_may_be_works_too() {
        let folder = tempfile::tempdir().unwrap();
        round_trip(&StateFolder::at(folder.path().join("deep".repeat(30)).join("site")));
    }
}
