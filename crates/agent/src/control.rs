//! The control channel: how other processes of the same user talk to the running agent.
//!
//! A local socket (named pipe on Windows), JSON lines, one request and one answer a connection, versioned by
//! `v`. On Unix the socket is in a folder of mode 0700: whoever can reach it is the user. Requests are capped
//! in size and time; a client that stalls cannot hold the agent up for longer than [`PATIENCE`].

use crate::attach::{Attach, Detach};
use crate::paths::{StateFolder, create_private};
use crate::report::ReportRequest;
use interprocess::local_socket::prelude::*;
use interprocess::local_socket::{ListenerOptions, Name};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::time::Duration;

/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(5);
/// An attach object is a few kilobytes; an answer of `status` may list thousands of files.
const MOST_REQUEST_BYTES: u64 = 1024 * 1024;
const MOST_ANSWER_BYTES: u64 = 16 * 1024 * 1024;
/// `sun_path` holds 104 bytes on macOS, 108 on Linux, the end mark included.
const MOST_PATH_BYTES: usize = 100;

/// How the answer to what is no request begins.
const NOT_A_REQUEST: &str = "not a request";

/// What can be asked of a running agent.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// Numbers.
    Status,
    /// A session begins or changes.
    Attach(Box<Attach>),
    /// A session ends.
    Detach(Detach),
    /// Somebody reports something by hand.
    Report(ReportRequest),
    /// How the problem of this key stands with the site.
    Ticket {
        /// Signature and scope, or that of a report.
        key: String,
    },
    /// Somebody does not want to hear of a problem for a while.
    Mute(MuteRequest),
    /// Somebody wants to hear of it again.
    Unmute {
        /// As in [`MuteRequest::what`].
        what: String,
    },
    /// Everything that waits is due now.
    Flush,
    /// What is too much for this machine's disk goes, or is only told.
    Prune {
        /// Only told.
        #[serde(default)]
        dry_run: bool,
    },
    /// The agent ends.
    Stop,
}

/// What is to be muted, by whom and for how long.
#[derive(Debug, Deserialize)]
pub struct MuteRequest {
    /// A signature, a signature and its scope, or the number of a ticket.
    pub what: String,
    /// Why; others read it.
    pub reason: String,
    /// Who wants it.
    pub author: String,
    /// It ends then, wall time. Missing: after the usual time, unless something else ends it.
    #[serde(default)]
    pub until_ms: Option<i64>,
    /// It ends when it has happened so often in so many hours.
    #[serde(default)]
    pub until_count: Option<(u64, u32)>,
    /// It ends when it gets worse.
    #[serde(default)]
    pub escalating: bool,
    /// It ends by none of these.
    #[serde(default)]
    pub forever: bool,
}

/// Answers requests; called on the control thread.
pub type Handler = Box<dyn FnMut(Request) -> Value + Send>;

/// The agent's end of the channel. Closing is by the process ending.
pub struct Control {
    listener: LocalSocketListener,
}

impl Control {
    /// Takes the name. The caller holds the instance lock, so a socket that is there is left over.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn open(folder: &StateFolder) -> io::Result<Control> {
        let listener = ListenerOptions::new().name(name(folder, true)?).try_overwrite(true).create_sync()?;
        Ok(Control { listener })
    }

    /// Answers until the process ends.
    pub fn serve(self, mut handler: Handler) {
        loop {
            match self.listener.accept() {
                // A broken connection is the client's trouble; it sees it itself.
                Ok(stream) => drop(answer(stream, &mut handler)),
                Err(error) => {
                    tracing::warn!("control channel: {error}");
                    // Out of handles, most likely: not a reason to spin.
                    std::thread::sleep(Duration::from_millis(200));
                }
            }
        }
    }
}

fn answer(stream: LocalSocketStream, handler: &mut Handler) -> io::Result<()> {
    set_patience(&stream);
    let mut line = String::new();
    let mut reader = BufReader::new(&stream).take(MOST_REQUEST_BYTES);
    reader.read_line(&mut line)?;
    let reply = match serde_json::from_str::<Request>(&line) {
        Ok(request) => handler(request),
        // The request may hold a token: only the kind of the error is told.
        Err(error) => {
            json!({ "ok": false, "error": format!("{NOT_A_REQUEST}: {:?} error", error.classify()) })
        }
    };
    let mut text = reply.to_string();
    text.push('\n');
    (&stream).write_all(text.as_bytes())?;
    (&stream).flush()
}

/// Why a running agent could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody there.
    #[error("no tk-incident runs for this user and site: `tk-incident run` starts one")]
    NobodyThere(#[source] io::Error),
    /// Somebody there, but no answer.
    #[error("the running tk-incident does not answer; its agent.log may tell why")]
    NoAnswer(#[source] io::Error),
    /// It does not know this request: it is of another version.
    #[error(
        "the running tk-incident does not understand this, as one of another version: `tk-incident stop`, start it \
         again, and try once more"
    )]
    NotUnderstood,
    /// It answered that it could not do it.
    #[error("the running tk-incident refused: {0}")]
    Refused(String),
}

/// Asks the agent of a state folder. `request` is one JSON object.
///
/// # Errors
/// See [`AskError`].
pub fn ask(folder: &StateFolder, request: &str) -> Result<Value, AskError> {
    let name = name(folder, false).map_err(AskError::NobodyThere)?;
    let stream = LocalSocketStream::connect(name).map_err(AskError::NobodyThere)?;
    set_patience(&stream);
    let exchange = || {
        let mut line = request.trim_end().replace('\n', " ");
        line.push('\n');
        (&stream).write_all(line.as_bytes())?;
        let mut reply = String::new();
        BufReader::new((&stream).take(MOST_ANSWER_BYTES)).read_line(&mut reply)?;
        serde_json::from_str::<Value>(&reply).map_err(io::Error::other)
    };
    let reply = exchange().map_err(AskError::NoAnswer)?;
    match reply.get("error").and_then(Value::as_str) {
        Some(error) if error.starts_with(NOT_A_REQUEST) => Err(AskError::NotUnderstood),
        Some(error) => Err(AskError::Refused(error.to_owned())),
        None => Ok(reply),
    }
}

fn set_patience(stream: &LocalSocketStream) {
    // Not every system has time-outs on pipes; the size limits hold everywhere.
    let _ = stream.set_recv_timeout(Some(PATIENCE));
    let _ = stream.set_send_timeout(Some(PATIENCE));
}

#[cfg(unix)]
fn name(folder: &StateFolder, create: bool) -> io::Result<Name<'static>> {
    use interprocess::local_socket::GenericFilePath;
    socket_path(folder, create)?.to_fs_name::<GenericFilePath>()
}

#[cfg(windows)]
fn name(folder: &StateFolder, _create: bool) -> io::Result<Name<'static>> {
    use interprocess::local_socket::GenericNamespaced;
    format!("tk-incident-{}", short_hash(folder)).to_ns_name::<GenericNamespaced>()
}

/// In the state folder where the system's limit allows that, else in the user's own runtime folder.
#[cfg(unix)]
fn socket_path(folder: &StateFolder, create: bool) -> io::Result<PathBuf> {
    let path = folder.path().join("agent.sock");
    if path.as_os_str().len() <= MOST_PATH_BYTES {
        return Ok(path);
    }
    let runtime = match std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder).join("tk-incident"),
        None => {
            let user = whoami::username().map_err(io::Error::other)?;
            std::env::temp_dir().join(format!("tk-incident-{user}"))
        }
    };
    if create {
        create_private(&runtime)?;
    }
    Ok(runtime.join(format!("{}.sock", short_hash(folder))))
}

fn short_hash(folder: &StateFolder) -> String {
    let path = std::path::absolute(folder.path()).unwrap_or_else(|_| folder.path().to_owned());
    blake3::hash(path.as_os_str().as_encoded_bytes()).to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(folder: &StateFolder) {
        folder.create().unwrap();
        assert!(matches!(ask(folder, r#"{"type":"status"}"#), Err(AskError::NobodyThere(_))));
        let control = Control::open(folder).unwrap();
        std::thread::spawn(move || {
            control.serve(Box::new(|request| match request {
                Request::Detach(detach) => json!({ "ok": true, "pid": detach.pid }),
                _ => json!({ "ok": false, "error": "not now" }),
            }));
        });
        let reply = ask(folder, "{\"type\":\"detach\",\n\"pid\":7,\"v\":1}").unwrap();
        assert_eq!(reply["pid"], 7);
        assert!(matches!(ask(folder, r#"{"type":"stop"}"#), Err(AskError::Refused(why)) if why == "not now"));
        let Err(error @ AskError::NotUnderstood) = ask(folder, r#"{"type":"dance","token":"s3cret"}"#) else {
            panic!("an unknown request is refused")
        };
        assert!(!format!("{error} {error:?}").contains("s3cret"));
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
