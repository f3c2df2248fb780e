//! Those who keep their connection open, so that the agent can say something when it has something to say.
//!
//! Nothing is sent while there is nothing to say, and nobody is waited for: one who does not read is let go. The end of a
//! connection tells that the process at its other end is gone.

use super::VERSION;
use super::answer::{BUSY, accepted, line, refused_as};
use super::request::Listen;
use crate::shared::lock;
use interprocess::local_socket::Stream as LocalSocketStream;
#[cfg(unix)]
use interprocess::local_socket::prelude::*;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
#[cfg(unix)]
use std::time::Duration;

/// More hosts than anybody runs at once.
const MOST_LISTENERS: usize = 64;
/// Apps are asked for their token at most this often.
const RENEW_EVERY_MS: u64 = 60_000;
/// A line fits into an empty buffer at once; one that does not finds a buffer that nobody empties.
#[cfg(unix)]
const TELL_PATIENCE: Duration = Duration::from_millis(20);

/// The reason of a `bye` when a newer program has asked for our place.
pub const TAKEN_OVER: &str = "taken_over";
/// The reason of a `bye` for all other ends.
pub const STOPPED: &str = "stopped";

/// Everybody who listens.
#[derive(Default)]
pub struct Listeners(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    listeners: Vec<Listener>,
    last_id: u64,
    /// When apps may be asked for their token again, in steady time.
    next_renew_ms: u64,
}

struct Listener {
    id: u64,
    who: Listen,
    stream: Arc<LocalSocketStream>,
}

impl Listeners {
    /// Asks every app for the token it has now, but not again and again. True when somebody was asked.
    pub fn ask_renew(&self, steady_ms: u64) -> bool {
        let mut inner = lock(&self.0);
        if inner.listeners.is_empty() || steady_ms < inner.next_renew_ms {
            return false;
        }
        inner.next_renew_ms = steady_ms + RENEW_EVERY_MS;
        inner.tell(&json!({ "v": VERSION, "type": "renew" }));
        true
    }

    /// Says that this agent ends on purpose.
    pub fn bye(&self, reason: &str) {
        let mut inner = lock(&self.0);
        inner.tell(&json!({ "v": VERSION, "type": "bye", "reason": reason }));
    }

    /// How many listen.
    #[must_use]
    pub fn count(&self) -> usize {
        lock(&self.0).listeners.len()
    }

    /// Takes one more and answers it, before anything else can be told. One too many is told so.
    pub(super) fn join(
        &self,
        who: Listen,
        stream: LocalSocketStream,
    ) -> Option<(u64, Arc<LocalSocketStream>)> {
        let stream = Arc::new(stream);
        let mut inner = lock(&self.0);
        if inner.listeners.len() >= MOST_LISTENERS {
            tell(&stream, &line(refused_as(BUSY, "too many listen already")));
            return None;
        }
        inner.last_id += 1;
        let id = inner.last_id;
        // One that is gone already is noticed by whoever waits for its end.
        tell(&stream, &line(accepted()));
        inner.listeners.push(Listener { id, who, stream: Arc::clone(&stream) });
        Some((id, stream))
    }

    /// Waits on the caller's thread until the other end is gone. Returns whose session has ended with it, unless the same
    /// session listens on another connection by now.
    pub(super) fn outlive(&self, id: u64, stream: &LocalSocketStream) -> Option<Listen> {
        #[cfg(unix)]
        let _ = stream.set_recv_timeout(None);
        let mut byte = [0];
        // A listener has nothing to say: whatever comes is as good as its end.
        let mut stream = stream;
        let _ = stream.read(&mut byte);
        let mut inner = lock(&self.0);
        let place = inner.listeners.iter().position(|listener| listener.id == id)?;
        let gone = inner.listeners.swap_remove(place).who;
        (!inner.listeners.iter().any(|listener| listener.who == gone)).then_some(gone)
    }
}

impl Inner {
    fn tell(&mut self, message: &Value) {
        let line = format!("{message}\n");
        self.listeners.retain(|listener| {
            let told = tell(&listener.stream, &line);
            if !told {
                tracing::info!(pid = listener.who.pid, "a listener does not read, and is let go");
                hang_up(&listener.stream);
            }
            told
        });
    }
}

#[cfg(unix)]
fn tell(stream: &Arc<LocalSocketStream>, line: &str) -> bool {
    let mut writer = &**stream;
    stream.set_send_timeout(Some(TELL_PATIENCE)).is_ok() && writer.write_all(line.as_bytes()).is_ok()
}

/// A pipe has no time-outs: a line waits, on a thread of its own, for a reader that may never come.
#[cfg(windows)]
fn tell(stream: &Arc<LocalSocketStream>, line: &str) -> bool {
    let (stream, line) = (Arc::clone(stream), line.to_owned());
    let (told, heard) = std::sync::mpsc::sync_channel(1);
    let writing = std::thread::Builder::new().name("tell".to_owned()).spawn(move || {
        let _ = told.send((&*stream).write_all(line.as_bytes()).is_ok());
    });
    writing.is_ok() && heard.recv_timeout(std::time::Duration::from_millis(200)).unwrap_or(false)
}

/// Ends the waiting of the thread that outlives it. On Windows that thread waits for the process at the other end.
fn hang_up(stream: &LocalSocketStream) {
    #[cfg(unix)]
    {
        let LocalSocketStream::UdSocket(stream) = stream;
        let _ = stream.inner().shutdown(std::net::Shutdown::Both);
    }
    #[cfg(windows)]
    let _ = stream;
}
