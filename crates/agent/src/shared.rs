//! What the agent's threads share: the state, the session that is signed in, and how things stand.
//!
//! Every lock is held for moments only and never across a call to the site or a read of a log.

use crate::clock::Clock;
use crate::control::Listeners;
use crate::delivery::{Circuit, chain};
use crate::event::Event;
use crate::login::Login;
use crate::store::Store;
use log_follow::SourceStatus;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the state is called in warnings.
pub const STATE: &str = "state";

/// How the way to the site stands.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    /// Failures since the last success.
    pub failures: u32,
    /// Whether it is asked at all.
    pub circuit: Circuit,
    /// No call before this moment, in wall time.
    pub not_before_ms: i64,
    /// What is wrong, while something is.
    pub trouble: Option<String>,
    /// The last success, in wall time.
    pub last_ms: Option<i64>,
    /// The version of the site's server, once it has told it.
    pub server: Option<String>,
}

/// Where events go; called from several threads, one event at a time.
pub type EventSink = Box<dyn FnMut(&Event) + Send>;

/// Shared by all threads of an agent.
pub struct Shared {
    /// The state.
    pub store: Mutex<Store>,
    /// Who is signed in.
    pub login: Mutex<Login>,
    /// Secrets that the delivery has read, for the pipeline to take: no log text may hold them.
    pub secrets: Mutex<Vec<SecretString>>,
    /// The way to the site.
    pub contact: Mutex<Contact>,
    /// What is followed, as of the last look.
    pub sources: Mutex<Vec<SourceStatus>>,
    /// What does not work at the moment, by what it is about.
    pub warnings: Mutex<BTreeMap<String, String>>,
    /// Who wants to hear what we want of it.
    pub listeners: Arc<Listeners>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    events: Mutex<EventSink>,
    /// Some thread has done something since the last look at it.
    busy: AtomicBool,
    /// Nothing that is asked from now on is done.
    ending: AtomicBool,
}

impl Shared {
    /// Around a state that was opened.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>, events: EventSink) -> Shared {
        Shared {
            store: Mutex::new(store),
            login: Mutex::default(),
            secrets: Mutex::default(),
            contact: Mutex::default(),
            sources: Mutex::default(),
            warnings: Mutex::default(),
            listeners: Arc::default(),
            clock,
            events: Mutex::new(events),
            busy: AtomicBool::new(true),
            ending: AtomicBool::new(false),
        }
    }

    /// Tells everyone who listens.
    pub fn tell(&self, event: &Event) {
        lock(&self.events)(event);
    }

    /// The agent is not at rest.
    pub fn busy(&self) {
        self.busy.store(true, Ordering::Relaxed);
    }

    /// The agent ends; what was asked before is still done.
    pub fn end(&self) {
        self.ending.store(true, Ordering::SeqCst);
    }

    /// Whether it is too late to ask for anything.
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }

    /// Whether it was [`Shared::busy`] since this was last asked.
    pub fn was_busy(&self) -> bool {
        self.busy.swap(false, Ordering::Relaxed)
    }

    /// Says that something does not work, once until [`Shared::over`].
    pub fn warn(&self, what: &str, message: String) {
        let before = lock(&self.warnings).insert(what.to_owned(), message.clone());
        if before.as_ref() != Some(&message) {
            tracing::warn!(what, "{message}");
        }
        if before.is_none() {
            self.tell(&Event::Warning { what: what.to_owned(), message });
        }
    }

    /// Says something that is worth knowing and needs nobody: it is in our own log and in `status`, and no warning.
    pub fn note(&self, what: &str, message: &str) {
        lock(&self.warnings).insert(what.to_owned(), message.to_owned());
        tracing::info!(what, "{message}");
    }

    /// Says that the state cannot be written: full disk, permissions. What is not kept is tried again.
    pub fn state_trouble(&self, error: &dyn std::error::Error) {
        self.warn(STATE, format!("{}; nothing is lost, it is tried again", chain(error)));
    }

    /// What was warned of is over.
    pub fn over(&self, what: &str) {
        let before = lock(&self.warnings).remove(what);
        if before.is_some() {
            tracing::info!(what, "over");
            self.tell(&Event::Recovered { what: what.to_owned() });
        }
    }
}

/// Locks, also after a thread panicked while it held the lock: what is behind these locks is replaced as a
/// whole or guarded by transactions, so it is never half done.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
