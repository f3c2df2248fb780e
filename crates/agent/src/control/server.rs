//! The agent's end of the channel.
//!
//! One thread waits for connections; each request has a thread of its own for as long as it takes, up to a number of them, and
//! a moment by which it has to be there and its answer taken. Whoever stalls holds up nobody but itself.

#[cfg(unix)]
use super::address::address;
use super::address::name;
use super::answer::{BUSY, accepted, refused, refused_as, signed};
use super::listeners::Listeners;
#[cfg(unix)]
use super::peer::refuse_others;
use super::request::{Listen, Request};
use super::stream::Timed;
use super::{MOST_REQUEST_BYTES, PATIENCE};
use crate::attach::Detach;
use crate::paths::StateFolder;
use crate::shared::lock;
use interprocess::local_socket::ListenerOptions;
use interprocess::local_socket::prelude::*;
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// More requests at once wait to be let in.
const MOST_AT_ONCE: usize = 16;
/// Answering writes the state and reads it; the default of 2 MiB would count as idle memory on some systems.
const STACK_BYTES: usize = 512 * 1024;

/// Answers requests; called on several threads at once.
pub type Handler = Arc<dyn Fn(Request) -> Value + Send + Sync>;

/// The agent's end of the channel. Closing is by the process ending.
pub struct Control {
    listener: LocalSocketListener,
    handler: Handler,
    listeners: Arc<Listeners>,
    room: Arc<Room>,
}

impl Control {
    /// Takes the name. The caller holds the instance lock, so a socket that is there is left over.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn open(folder: &StateFolder, handler: Handler, listeners: Arc<Listeners>) -> io::Result<Control> {
        let listener = bind(folder)?;
        Ok(Control { listener, handler, listeners, room: Arc::default() })
    }

    /// Answers until the process ends.
    pub fn serve(self) {
        loop {
            let place = Room::enter(&self.room);
            let stream = match self.listener.accept() {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::warn!("control channel: {error}");
                    // Out of handles, most likely: not a reason to spin.
                    std::thread::sleep(Duration::from_millis(200));
                    continue;
                }
            };
            let (handler, listeners) = (Arc::clone(&self.handler), Arc::clone(&self.listeners));
            let serving = std::thread::Builder::new().name("request".to_owned()).stack_size(STACK_BYTES);
            // A broken connection is the client's trouble; it sees it itself.
            let served = serving.spawn(move || drop(serve(stream, &handler, &listeners, place)));
            if let Err(error) = served {
                tracing::warn!("control channel: no thread for a request: {error}");
            }
        }
    }
}

#[cfg(unix)]
fn bind(folder: &StateFolder) -> io::Result<LocalSocketListener> {
    use std::os::unix::fs::PermissionsExt;
    let listener = ListenerOptions::new().name(name(folder, true)?).try_overwrite(true).create_sync()?;
    // Its folder is closed to others already; where it is not, because somebody has opened it, this is.
    std::fs::set_permissions(address(folder)?, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// The first of its name, from this machine only: a pipe that somebody else has made before is not joined.
#[cfg(windows)]
fn bind(folder: &StateFolder) -> io::Result<LocalSocketListener> {
    use interprocess::os::windows::local_socket::ListenerOptionsExt;
    let descriptor = super::windows::for_this_user()?;
    ListenerOptions::new().name(name(folder, true)?).security_descriptor(descriptor).create_sync()
}

fn serve(
    stream: LocalSocketStream,
    handler: &Handler,
    listeners: &Listeners,
    place: Place,
) -> io::Result<()> {
    #[cfg(unix)]
    if let Err(stranger) = refuse_others(&stream) {
        tracing::warn!("control channel: a connection was refused: {stranger}");
        return Err(stranger);
    }
    let mut line = Vec::new();
    BufReader::new(Timed::new(&stream, PATIENCE)).take(MOST_REQUEST_BYTES).read_until(b'\n', &mut line)?;
    match Request::read(&line) {
        Ok(Request::Listen(who)) => keep(stream, who, handler, listeners, place),
        Ok(request) => send(&stream, answered(request, handler)),
        Err(refusal) => send(&stream, refusal),
    }
}

/// A fault of ours must not look like the end of the agent.
fn answered(request: Request, handler: &Handler) -> Value {
    let answered = std::panic::catch_unwind(AssertUnwindSafe(|| handler(request)));
    answered.unwrap_or_else(|_| refused("a fault of ours; please report it"))
}

fn send(stream: &LocalSocketStream, answer: Value) -> io::Result<()> {
    Timed::new(stream, PATIENCE).write_all(line(answer).as_bytes())
}

fn line(answer: Value) -> String {
    format!("{}\n", signed(answer))
}

/// Keeps a connection for what the agent may have to say. When it ends, so has its session.
fn keep(
    stream: LocalSocketStream,
    who: Listen,
    handler: &Handler,
    listeners: &Listeners,
    place: Place,
) -> io::Result<()> {
    let stream = Arc::new(stream);
    let Some(id) = listeners.join(who, &stream, &line(accepted())) else {
        return send(&stream, refused_as(BUSY, "too many listen already"));
    };
    drop(place);
    if let Some(Listen { pid: Some(pid), started }) = listeners.outlive(id, &stream) {
        let _ = handler(Request::Detach(Detach { pid, started, sent_ms: None }));
    }
    Ok(())
}

/// The answer to one line, whatever it is: what [`Control`] does, without a connection.
pub fn respond(line: &[u8], handler: impl FnOnce(Request) -> Value) -> Value {
    signed(Request::read(line).map_or_else(|refusal| refusal, handler))
}

/// How many requests are being answered.
#[derive(Default)]
struct Room {
    taken: Mutex<usize>,
    left: Condvar,
}

/// One of [`MOST_AT_ONCE`] places; given back when dropped.
struct Place(Arc<Room>);

impl Room {
    fn enter(room: &Arc<Room>) -> Place {
        let taken = room.left.wait_while(lock(&room.taken), |taken| *taken >= MOST_AT_ONCE);
        *taken.unwrap_or_else(PoisonError::into_inner) += 1;
        Place(Arc::clone(room))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *lock(&self.0.taken) -= 1;
        self.0.left.notify_one();
    }
}
