//! The thread that brings the spool to the site, one step at a time.
//!
//! Owns when a step is tried, and what a failure means: the site is away (everything waits), nobody is signed
//! in (everything waits), or this one step was refused (it waits alone). A step's success is recorded in the
//! same transaction that removes it from the queue; until then it is repeated, which `filing.rs` makes safe.

mod breaker;
mod connection;
mod reach;
mod steps;

pub use breaker::Circuit;
pub use connection::Connect;
pub use reach::chain;

use crate::backoff::{Jitter, wait_ms};
use crate::facts::Machine;
use crate::filing::Filing;
use crate::settings::{CredentialSource, Settings};
use crate::shared::{Contact, Shared, lock};
use crate::store::{CREATE_SETTLES_MS, Delivery, Step, StoreError, Write};
use crate::ticket_fields::TEMPLATE;
use crate::ticket_template::{TemplateFault, TicketTemplate};
use breaker::Breaker;
use connection::Connection;
use jiff::tz::TimeZone;
use reach::{DeliveryError, Reach};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;
use steps::Steps;

/// What the site is called in warnings and in `status`.
pub const SITE: &str = "site";
/// What a fault of ours in this thread is called in warnings.
const FAULT: &str = "delivery";
/// A step that is refused is not tried more often than this in the end: an admin has to do something first.
const REFUSED_MOST_MS: u64 = 3_600_000;
/// Without a session, a new one is looked for this often.
const LOGIN_LOOK_MS: u64 = 30_000;
/// When other agents write to the same ticket.
const BUSY_RANGE_MS: (u64, u64) = (500, 2_000);
/// A template file is read again after this, in case an admin has changed it.
const TEMPLATE_AGE_MS: u64 = 3_600_000;
/// The longest sleep while something waits: the wall clock may be set back.
const LONGEST_WAIT_MS: i64 = 60_000;

/// Why the thread wakes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// There may be something to deliver, or a new login.
    Look,
    /// Somebody asked not to wait any longer: the site gets one try at once.
    Flush,
    /// The agent ends.
    Stop,
}

/// Where the thread delivers to.
pub struct Destination {
    /// `https://studio.example`
    pub url: String,
    /// When no session knows one; 0 for none.
    pub project_id: u64,
    /// Credentials that need no session: those of our own desk.
    pub own: Option<flow::Credentials>,
}

/// See the module's own words.
pub struct DeliveryWorker {
    shared: Arc<Shared>,
    settings: Settings,
    destination: Destination,
    spool: PathBuf,
    connection: Connection,
    breaker: Breaker,
    /// The newest login that was noticed.
    noticed_login: u64,
    template: Result<TicketTemplate, TemplateFault>,
    /// When it was read, in steady time.
    template_ms: u64,
    jitter: Jitter,
    zone: TimeZone,
    /// What people call this machine.
    host: String,
    /// This agent's name on tickets, once it was asked for.
    agent: Option<String>,
}

impl DeliveryWorker {
    /// Nothing is connected before something is due.
    #[must_use]
    pub fn new(
        shared: Arc<Shared>,
        settings: Settings,
        destination: Destination,
        spool: PathBuf,
    ) -> DeliveryWorker {
        let seed = shared.clock.wall_ms().unsigned_abs() ^ (u64::from(std::process::id()) << 32);
        DeliveryWorker {
            shared,
            settings,
            destination,
            spool,
            connection: Connection::new(),
            breaker: Breaker::default(),
            noticed_login: 0,
            template: Ok(TicketTemplate::default()),
            template_ms: 0,
            jitter: Jitter::new(seed),
            zone: TimeZone::system(),
            host: Machine::this().host,
            agent: None,
        }
    }

    /// Makes its clients in another way than by [`flow::connect`].
    #[must_use]
    pub fn through(mut self, connect: Connect) -> DeliveryWorker {
        self.connection.through(connect);
        self
    }

    /// Looks for Toolkit's sessions in this folder.
    #[must_use]
    pub fn sessions_in(mut self, cache_root: PathBuf) -> DeliveryWorker {
        self.connection.cache_root = Some(cache_root);
        self
    }

    /// Works until told to stop.
    pub fn run(mut self, wake: &Receiver<Wake>) {
        // Known before the first ticket is due, so that no log shows it.
        let _ = self.connection.who(&self.shared, &self.settings, &self.destination);
        self.read_template();
        loop {
            // A fault of ours in one step must not end the delivery of all others.
            let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.step()));
            let wait = worked.unwrap_or_else(|_| {
                self.shared.warn(FAULT, "a fault of ours; it is tried again in a minute".to_owned());
                self.connection.forget();
                Some(Duration::from_secs(60))
            });
            let woken = match wait {
                Some(wait) => wake.recv_timeout(wait),
                None => wake.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match woken {
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Wake::Flush) => self.end_waiting(),
                Ok(Wake::Look) | Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Does everything that is due by the shared clock. Returns how long to sleep; `None` until woken.
    pub fn step(&mut self) -> Option<Duration> {
        loop {
            let now_ms = self.shared.clock.wall_ms();
            let (delivery, due_ms) = match self.next(now_ms) {
                Ok(next) => next,
                Err(error) => {
                    self.shared.state_trouble(&error);
                    return Some(Duration::from_secs(5));
                }
            };
            self.notice_new_login();
            let held_for = Duration::from_millis(self.breaker.held_ms(self.shared.clock.steady_ms()));
            let Some(delivery) = delivery else {
                return due_ms.map(|due_ms| sleep_until(due_ms, now_ms).max(held_for));
            };
            if !held_for.is_zero() {
                return Some(held_for);
            }
            lock(&self.shared.contact).circuit = self.breaker.circuit(self.shared.clock.steady_ms());
            match self.deliver(&delivery, now_ms) {
                Ok(()) => self.contact_made(now_ms),
                Err(error) => self.failed(&delivery, &error, now_ms),
            }
        }
    }

    /// A new session ends the waiting for one.
    fn notice_new_login(&mut self) {
        let generation = lock(&self.shared.login).generation;
        if std::mem::replace(&mut self.noticed_login, generation) != generation {
            self.connection.login_changed();
            self.breaker.reset();
            let mut contact = lock(&self.shared.contact);
            *contact =
                Contact { trouble: contact.trouble.take(), last_ms: contact.last_ms, ..Contact::default() };
        }
    }

    /// The next step is tried at once. The failures stay counted: if it fails too, the waiting goes on where it was.
    fn end_waiting(&mut self) {
        self.breaker.hold(self.shared.clock.steady_ms(), 0);
        lock(&self.shared.contact).not_before_ms = 0;
    }

    /// The step that is due, and when the next one will be.
    fn next(&self, now_ms: i64) -> Result<(Option<Delivery>, Option<i64>), StoreError> {
        let store = lock(&self.shared.store);
        let resume_ms = |write| store.writes_resume_ms(write, now_ms, self.settings.limits.writes_per_minute);
        let (words_ms, tickets_ms) = (resume_ms(Write::Word)?, resume_ms(Write::Ticket)?);
        let next = match (words_ms, tickets_ms) {
            (_, Some(_)) => store.next_without(Write::Ticket, now_ms)?,
            (Some(_), None) => store.next_without(Write::Word, now_ms)?,
            (None, None) => store.next_delivery(now_ms)?,
        };
        Ok((next, store.next_due_ms(words_ms, tickets_ms)?))
    }

    fn deliver(&mut self, delivery: &Delivery, now_ms: i64) -> Result<(), DeliveryError> {
        self.shared.busy();
        if self.shared.clock.steady_ms().saturating_sub(self.template_ms) > TEMPLATE_AGE_MS {
            self.read_template();
        }
        let agent = match &self.agent {
            Some(name) => name,
            None => self.agent.insert(lock(&self.shared.store).agent_name()?),
        };
        let (site, fields) = self.connection.open(&self.shared, &self.settings, &self.destination)?;
        let shared = &self.shared;
        let per_minute = self.settings.limits.writes_per_minute;
        let report = |what: &str, problem: Option<String>| match problem {
            Some(problem) => shared.warn(what, problem),
            None => shared.over(what),
        };
        let take_write = |write| {
            let taken = lock(&shared.store).take_write(write, shared.clock.wall_ms(), per_minute);
            taken.unwrap_or_else(|error| {
                // A full disk must not keep a ticket or a count back.
                shared.state_trouble(&error);
                None
            })
        };
        let filing = Filing {
            site,
            fields,
            entity_type: &self.settings.site.entity_type,
            ticket: &self.settings.ticket,
            template: self.template.as_ref(),
            // A desk of our own knows tickets, and no shots.
            site_url: self.destination.own.is_none().then_some(self.destination.url.as_str()),
            report: &report,
            project_id: if self.settings.site.project_id == 0 {
                self.destination.project_id
            } else {
                self.settings.site.project_id
            },
            spool: &self.spool,
            zone: &self.zone,
            agent,
            host: &self.host,
            now_ms,
            take_write: &take_write,
        };
        Steps { filing, shared, settings: &self.settings, spool: &self.spool }.take(delivery, now_ms)
    }

    /// A template that does not work is told of at once, and costs no ticket: they get the built-in text.
    fn read_template(&mut self) {
        self.template_ms = self.shared.clock.steady_ms();
        self.template = TicketTemplate::load(&self.settings.ticket.template);
        match &self.template {
            Ok(_) => self.shared.over(TEMPLATE),
            Err(fault) => {
                let message = format!("{}; tickets get the built-in text until then", chain(fault));
                self.shared.warn(TEMPLATE, message);
            }
        }
    }

    fn contact_made(&mut self, now_ms: i64) {
        self.breaker.reset();
        {
            let mut contact = lock(&self.shared.contact);
            let server = contact.server.take();
            *contact = Contact { last_ms: Some(now_ms), server, ..Contact::default() };
        }
        self.shared.over(SITE);
        self.shared.over(FAULT);
    }

    fn failed(&mut self, delivery: &Delivery, error: &DeliveryError, now_ms: i64) {
        let message = chain(error);
        match error.reach() {
            Reach::Everything { asked_ms, may_be_this_step } => {
                let resume_ms = self.site_failed(&message, asked_ms, now_ms);
                if may_be_this_step {
                    // A large body that always breaks off, a text the site stumbles over: another step goes first
                    // next time, so that one cannot hold up all.
                    // And what was asked for may still be under way.
                    let settles = if delivery.step == Step::Ticket { CREATE_SETTLES_MS } else { 0 };
                    let due_ms = (resume_ms + 1).max(self.shared.clock.wall_ms() + settles);
                    self.put_off(delivery, due_ms, Some(&message), now_ms);
                }
                self.shared.warn(SITE, message);
                let is_over = error.is_signed_out();
                if is_over && self.connection.refuse(&self.shared, &self.settings, &self.destination) {
                    // Another session is at hand, and is tried once.
                    self.end_waiting();
                    return;
                }
                if self.settings.site.credentials == CredentialSource::Toolkit
                    && (is_over || matches!(error, DeliveryError::Login(_)))
                {
                    self.shared.listeners.ask_renew(self.shared.clock.steady_ms());
                }
                if matches!(error, DeliveryError::Login(_)) {
                    // The site is not asked; whether somebody has signed in is soon seen.
                    let steady_ms = self.shared.clock.steady_ms();
                    let wait = self.breaker.held_ms(steady_ms).min(LOGIN_LOOK_MS);
                    self.breaker.hold(steady_ms, wait);
                    lock(&self.shared.contact).not_before_ms = now_ms.saturating_add_unsigned(wait);
                }
            }
            Reach::State => {
                self.rest(now_ms);
                self.shared.state_trouble(error);
            }
            Reach::ThisStep { asked_ms } => {
                tracing::warn!(title = delivery.title, "{message}");
                let range = (self.retry_range_ms().0, REFUSED_MOST_MS);
                let due_ms = now_ms.saturating_add(self.wait_ms(delivery.attempts + 1, range, asked_ms));
                // What is refused is answered.
                self.contact_made(now_ms);
                self.put_off(delivery, due_ms, Some(&message), now_ms);
            }
            Reach::Nobody { due_ms } => {
                let due_ms = due_ms.unwrap_or_else(|| now_ms + self.wait_ms(1, BUSY_RANGE_MS, None));
                self.contact_made(now_ms);
                self.put_off(delivery, due_ms, None, now_ms);
            }
        }
    }

    /// The site, or the way to it, is at fault: nobody calls it for a while. Returns until when, in wall time.
    fn site_failed(&mut self, message: &str, asked_ms: Option<u64>, now_ms: i64) -> i64 {
        let range = self.retry_range_ms();
        let steady_ms = self.shared.clock.steady_ms();
        let jitter = &mut self.jitter;
        let wait = self.breaker.failed(steady_ms, range, asked_ms, &mut |end| jitter.below(end));
        self.connection.doubt();
        let resume_ms = now_ms.saturating_add(i64::try_from(wait).unwrap_or(i64::MAX / 2));
        let mut contact = lock(&self.shared.contact);
        contact.failures = self.breaker.failures();
        contact.circuit = self.breaker.circuit(steady_ms);
        contact.not_before_ms = resume_ms;
        contact.trouble = Some(message.to_owned());
        resume_ms
    }

    fn put_off(&mut self, delivery: &Delivery, due_ms: i64, message: Option<&str>, now_ms: i64) {
        let kept = lock(&self.shared.store).put_off(delivery, due_ms, message);
        if let Err(error) = kept {
            self.shared.state_trouble(&error);
            // The step is due as before: nothing must be tried at once and again and again.
            self.rest(now_ms);
        }
    }

    /// Calls nobody for a while, for a reason of our own.
    fn rest(&mut self, now_ms: i64) {
        let wait = self.wait_ms(1, self.retry_range_ms(), None);
        self.breaker.hold(self.shared.clock.steady_ms(), wait.unsigned_abs());
        lock(&self.shared.contact).not_before_ms = now_ms.saturating_add(wait);
    }

    fn retry_range_ms(&self) -> (u64, u64) {
        let limits = &self.settings.limits;
        (limits.retry_min_s * 1_000, limits.retry_max_s * 1_000)
    }

    fn wait_ms(&mut self, failures: u32, range_ms: (u64, u64), asked_ms: Option<u64>) -> i64 {
        let wait = wait_ms(failures, range_ms, asked_ms, &mut |end| self.jitter.below(end));
        i64::try_from(wait).unwrap_or(i64::MAX / 2)
    }
}

fn sleep_until(due_ms: i64, now_ms: i64) -> Duration {
    let wait = due_ms.saturating_sub(now_ms).clamp(1, LONGEST_WAIT_MS);
    Duration::from_millis(wait.unsigned_abs())
}
