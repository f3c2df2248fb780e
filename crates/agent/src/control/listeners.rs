//! Those who keep their connection open, so that the agent can say something when it has something to say.
//!
//! Nothing is sent while there is nothing to say, and nobody is waited for: one who does not read is let go. The end of a
//! connection tells that the process at its other end is gone.

use super::VERSION;
use super::answer::{accepted, line};
use super::request::Listen;
use super::stream::{Timed, hang_up, wait_for_more};
use crate::shared::lock;
use interprocess::local_socket::Stream as LocalSocketStream;
use serde_json::{Value, json};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// More hosts than anybody runs at once.
const MOST_LISTENERS: usize = 64;
/// Apps are asked for their token at most this often.
const RENEW_EVERY_MS: u64 = 60_000;
/// A line fits into an empty buffer at once; one that does not finds a buffer that nobody empties.
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

    /// Takes one more and answers it, before anything else can be told. `None` when there are too many.
    pub(super) fn join(&self, who: Listen, stream: &Arc<LocalSocketStream>) -> Option<u64> {
        let mut inner = lock(&self.0);
        if inner.listeners.len() >= MOST_LISTENERS {
            return None;
        }
        inner.last_id += 1;
        let id = inner.last_id;
        // One that is gone already is noticed by whoever waits for its end.
        tell(stream, &line(accepted()));
        inner.listeners.push(Listener { id, who, stream: Arc::clone(stream) });
        Some(id)
    }

    /// Waits on the caller's thread until the other end is gone. Returns whose session has ended with it, unless the same
    /// session listens on another connection by now.
    pub(super) fn outlive(&self, id: u64, stream: &LocalSocketStream) -> Option<Listen> {
        // A listener has nothing to say: whatever comes is as good as its end.
        wait_for_more(stream);
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

fn tell(stream: &LocalSocketStream, line: &str) -> bool {
    Timed::new(stream, TELL_PATIENCE).write_all(line.as_bytes()).is_ok()
}
