//! The thread that brings the spool to the site, one step at a time.
//!
//! Owns when a step is tried, and what a failure means: the site is away (everything waits), nobody is signed
//! in (everything waits), or this one step was refused (it waits alone). A step's success is recorded in the
//! same transaction that removes it from the queue; until then it is repeated, which `filing.rs` makes safe.

use crate::backoff::{Jitter, wait_ms};
use crate::event::Event;
use crate::evidence::archive_path;
use crate::filing::{Filing, FilingError};
use crate::login::{LoginError, credentials};
use crate::settings::Settings;
use crate::shared::{Shared, lock};
use crate::store::{CREATE_SETTLES_MS, Delivery, Step, StoreError};
use flow::{Credentials, EntityFields, FlowError, FlowErrorKind, Site};
use jiff::tz::TimeZone;
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// What the site is called in warnings and in `status`.
pub const SITE: &str = "site";
/// What a fault of ours in this thread is called in warnings.
const FAULT: &str = "delivery";
/// The longest sleep while something waits: the wall clock may be set back.
const LONGEST_WAIT_MS: i64 = 60_000;
/// Fields of a ticket are asked for again after this, in case an admin has added some.
const FIELDS_AGE_MS: u64 = 3_600_000;

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
    site: Option<Box<dyn Site>>,
    /// The login the client has; `None` to give it anew.
    login_generation: Option<u64>,
    /// The newest login that was noticed.
    noticed_login: u64,
    /// No call to the site before this moment, in steady time: a corrected clock must not prolong the waiting.
    resume_ms: u64,
    /// The proxy the client goes through.
    proxy: Option<SecretString>,
    fields: Option<(EntityFields, u64)>,
    jitter: Jitter,
    zone: TimeZone,
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
            site: None,
            login_generation: None,
            noticed_login: 0,
            resume_ms: 0,
            proxy: None,
            fields: None,
            jitter: Jitter::new(seed),
            zone: TimeZone::system(),
        }
    }

    /// Works until told to stop.
    pub fn run(mut self, wake: &Receiver<Wake>) {
        // Known before the first ticket is due, so that no log shows it.
        let _ = self.credentials();
        loop {
            // A fault of ours in one step must not end the delivery of all others.
            let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.work()));
            let wait = worked.unwrap_or_else(|_| {
                self.shared.warn(FAULT, "a fault of ours; it is tried again in a minute".to_owned());
                self.site = None;
                self.fields = None;
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

    /// Does everything that is due. Returns how long to sleep; `None` until woken.
    fn work(&mut self) -> Option<Duration> {
        loop {
            let now_ms = self.shared.clock.wall_ms();
            let next = {
                let store = lock(&self.shared.store);
                store.next_delivery(now_ms).and_then(|next| Ok((next, store.next_due_ms()?)))
            };
            let (delivery, due_ms) = match next {
                Ok(next) => next,
                Err(error) => {
                    self.shared.state_trouble(&error);
                    return Some(Duration::from_secs(5));
                }
            };
            self.notice_new_login();
            let held_for =
                Duration::from_millis(self.resume_ms.saturating_sub(self.shared.clock.steady_ms()));
            let Some(delivery) = delivery else {
                return due_ms.map(|due_ms| sleep_until(due_ms, now_ms).max(held_for));
            };
            if !held_for.is_zero() {
                return Some(held_for);
            }
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
            self.login_generation = None;
            self.resume_ms = 0;
            let mut contact = lock(&self.shared.contact);
            contact.not_before_ms = 0;
            contact.failures = 0;
        }
    }

    /// The next step is tried at once. The failures stay counted: if it fails too, the waiting goes on where it was.
    fn end_waiting(&mut self) {
        self.resume_ms = 0;
        lock(&self.shared.contact).not_before_ms = 0;
    }

    fn deliver(&mut self, delivery: &Delivery, now_ms: i64) -> Result<(), DeliveryError> {
        self.connect()?;
        let site = self.site.as_deref().expect("connected above");
        let fields = &self.fields.as_ref().expect("connected above").0;
        let filing = Filing {
            site,
            fields,
            entity_type: &self.settings.site.entity_type,
            ticket: &self.settings.ticket,
            project_id: if self.settings.site.project_id == 0 {
                self.destination.project_id
            } else {
                self.settings.site.project_id
            },
            spool: &self.spool,
            zone: &self.zone,
        };
        let shared = &self.shared;
        match (delivery.step, delivery.ticket_id, &delivery.evidence) {
            (Step::Ticket, ..) => {
                let ticket = match filing.found(delivery)? {
                    Some(ticket) => ticket,
                    None => {
                        let begun = lock(&shared.store).create_begins(delivery, shared.clock.wall_ms());
                        if let Err(error) = begun {
                            // A full disk must not keep a ticket back; only a crash in this moment would be one too many.
                            shared.state_trouble(&error);
                        }
                        filing.create(delivery)?
                    }
                };
                lock(&shared.store).ticket_stands(delivery, ticket.id, ticket.created, now_ms)?;
                shared.tell(&Event::Ticket {
                    ticket_id: ticket.id,
                    title: delivery.title.clone(),
                    signature: delivery.signature.clone(),
                    created: ticket.created,
                });
            }
            (Step::Log, Some(ticket_id), Some(hash)) => {
                let attached = filing.log(ticket_id, hash)?;
                self.step_done(delivery, ticket_id, attached)?;
            }
            (Step::Archive, Some(ticket_id), Some(hash)) => {
                let attached = filing.archive(ticket_id, hash)?;
                self.step_done(delivery, ticket_id, attached)?;
            }
            (Step::Count, Some(ticket_id), _) => match filing.count(ticket_id, delivery, now_ms)? {
                Some(due_ms) => lock(&shared.store).put_off(delivery, due_ms, None)?,
                None => {
                    let flush_ms = i64::try_from(self.settings.limits.count_flush_s).unwrap_or(60) * 1_000;
                    lock(&shared.store).count_told(delivery, now_ms, now_ms + flush_ms)?;
                    shared.tell(&Event::Counted { ticket_id, count: delivery.count });
                }
            },
            (Step::Lines, Some(ticket_id), _) => {
                let (lines, last) = lock(&shared.store).late_lines(delivery.incident_id)?;
                if !lines.is_empty() {
                    filing.late_lines(ticket_id, &lines)?;
                }
                lock(&shared.store).lines_told(delivery, last)?;
            }
            // A step whose evidence was lost has nothing to do.
            (Step::Log | Step::Archive | Step::Count | Step::Lines, ..) => {
                lock(&shared.store).step_done(delivery)?
            }
        }
        Ok(())
    }

    fn step_done(
        &self,
        delivery: &Delivery,
        ticket_id: u64,
        attached: Option<(u64, String)>,
    ) -> Result<(), StoreError> {
        {
            let mut store = lock(&self.shared.store);
            store.step_done(delivery)?;
            if let Some(hash) = &delivery.evidence
                && !store.needs_evidence(hash)?
            {
                // What cannot be removed now is swept at the next start.
                let _ = std::fs::remove_file(archive_path(&self.spool, hash));
            }
        }
        if let Some((attachment_id, name)) = attached {
            self.shared.tell(&Event::Attached { ticket_id, attachment_id, name });
        }
        Ok(())
    }

    /// Makes sure there is a client, signed in, that knows the fields of a ticket.
    fn connect(&mut self) -> Result<(), DeliveryError> {
        let proxy = self.wanted_proxy();
        let text =
            |proxy: &Option<SecretString>| proxy.as_ref().map(|proxy| proxy.expose_secret().to_owned());
        if self.site.is_none() || text(&proxy) != text(&self.proxy) {
            let ca_file = self.settings.site.ca_file.clone();
            let mut options = flow::SiteOptions::new(self.destination.url.clone());
            options.proxy.clone_from(&proxy);
            self.proxy = proxy;
            options.ca_file = (!ca_file.as_os_str().is_empty()).then_some(ca_file);
            self.site = Some(Box::new(flow::connect(options)?));
            self.login_generation = None;
        }
        if self.login_generation.is_none() {
            let (found, generation) = self.credentials()?;
            let site = self.site.as_mut().expect("made above");
            site.set_credentials(Some(found));
            self.login_generation = Some(generation);
        }
        let site = self.site.as_mut().expect("made above");
        let now_ms = self.shared.clock.steady_ms();
        let fresh = |age: &u64| now_ms.saturating_sub(*age) < FIELDS_AGE_MS;
        if !self.fields.as_ref().is_some_and(|(_, age)| fresh(age)) {
            self.fields = Some((site.fields(&self.settings.site.entity_type)?, now_ms));
            // Only to be shown: a site that tells its fields and not its version is as good as any.
            lock(&self.shared.contact).server = site.info().ok().map(|info| info.version_text());
        }
        Ok(())
    }

    /// Who we are by now, and the generation of the login that tells it. The pipeline learns the secret.
    fn credentials(&self) -> Result<(Credentials, u64), LoginError> {
        // Copied out: a key file on a hanging share must not stop the other threads.
        let login = lock(&self.shared.login).clone();
        let found = match &self.destination.own {
            Some(own) => own.clone(),
            None => credentials(&self.settings.site.credentials, &login, &self.destination.url)?,
        };
        let (Credentials::Script { key: secret, .. } | Credentials::Session { token: secret }) = &found;
        lock(&self.shared.secrets).push(secret.clone());
        Ok((found, login.generation))
    }

    /// The settings' proxy, else the one Toolkit goes through itself.
    fn wanted_proxy(&self) -> Option<SecretString> {
        let configured = &self.settings.site.proxy;
        if configured.is_empty() {
            let told = lock(&self.shared.login).proxy.clone();
            told.filter(|proxy| !proxy.expose_secret().is_empty())
        } else {
            Some(SecretString::from(configured.clone()))
        }
    }

    fn contact_made(&mut self, now_ms: i64) {
        self.resume_ms = 0;
        {
            let mut contact = lock(&self.shared.contact);
            contact.failures = 0;
            contact.not_before_ms = 0;
            contact.trouble = None;
            contact.last_ms = Some(now_ms);
        }
        self.shared.over(SITE);
        self.shared.over(FAULT);
    }

    fn failed(&mut self, delivery: &Delivery, error: &DeliveryError, now_ms: i64) {
        let message = chain(error);
        match error.reach() {
            Reach::Everything { asked_ms, may_be_this_step } => {
                let failures = lock(&self.shared.contact).failures + 1;
                let resume_ms = self.hold(failures, asked_ms, now_ms);
                {
                    let mut contact = lock(&self.shared.contact);
                    contact.failures = failures;
                    contact.trouble = Some(message.clone());
                }
                if may_be_this_step {
                    // A large body that always breaks off, a text the site stumbles over: another step goes first
                    // next time, so that one cannot hold up all.
                    // And what was asked for may still be under way.
                    let settles = if delivery.step == Step::Ticket { CREATE_SETTLES_MS } else { 0 };
                    let due_ms = (resume_ms + 1).max(self.shared.clock.wall_ms() + settles);
                    self.put_off(delivery, due_ms, &message, now_ms);
                }
                // What was known of the site may be what is wrong: fields, key file, token.
                self.fields = None;
                self.login_generation = None;
                self.shared.warn(SITE, message);
            }
            Reach::State => {
                self.hold(1, None, now_ms);
                self.shared.state_trouble(error);
            }
            Reach::ThisStep { asked_ms } => {
                tracing::warn!(title = delivery.title, "{message}");
                let due_ms = now_ms.saturating_add(self.wait_ms(delivery.attempts + 1, asked_ms));
                self.put_off(delivery, due_ms, &message, now_ms);
            }
        }
    }

    fn put_off(&mut self, delivery: &Delivery, due_ms: i64, message: &str, now_ms: i64) {
        let kept = lock(&self.shared.store).put_off(delivery, due_ms, Some(message));
        if let Err(error) = kept {
            self.shared.state_trouble(&error);
            // The step is due as before: nothing must be tried at once and again and again.
            self.hold(1, None, now_ms);
        }
    }

    /// Calls nobody for a while; returns until when, in wall time.
    fn hold(&mut self, failures: u32, asked_ms: Option<u64>, now_ms: i64) -> i64 {
        let wait = self.wait_ms(failures, asked_ms);
        self.resume_ms = self.shared.clock.steady_ms().saturating_add(wait.unsigned_abs());
        let not_before_ms = now_ms.saturating_add(wait);
        lock(&self.shared.contact).not_before_ms = not_before_ms;
        not_before_ms
    }

    fn wait_ms(&mut self, failures: u32, asked_ms: Option<u64>) -> i64 {
        let limits = &self.settings.limits;
        let range = (limits.retry_min_s * 1_000, limits.retry_max_s * 1_000);
        let wait = wait_ms(failures, range, asked_ms, &mut |end| self.jitter.below(end));
        i64::try_from(wait).unwrap_or(i64::MAX / 2)
    }
}

/// Whom a failure concerns.
enum Reach {
    /// The site or the login: no other step would fare better.
    /// Unless it is this step that the site cannot digest.
    Everything { asked_ms: Option<u64>, may_be_this_step: bool },
    /// Our own state: what was achieved could not be noted, and is found again when it can.
    State,
    /// This step alone.
    ThisStep { asked_ms: Option<u64> },
}

#[derive(Debug, thiserror::Error)]
enum DeliveryError {
    #[error(transparent)]
    Filing(#[from] FilingError),
    #[error(transparent)]
    Login(#[from] crate::login::LoginError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<FlowError> for DeliveryError {
    fn from(error: FlowError) -> Self {
        DeliveryError::Filing(FilingError::Flow(error))
    }
}

impl DeliveryError {
    fn reach(&self) -> Reach {
        match self {
            DeliveryError::Filing(FilingError::Flow(error)) => {
                let asked_ms = error.retry_after_ms();
                match error.kind() {
                    FlowErrorKind::Fault
                    | FlowErrorKind::Forbidden
                    | FlowErrorKind::UploadRefused
                    | FlowErrorKind::BadAnswer
                    | FlowErrorKind::File => Reach::ThisStep { asked_ms },
                    kind => Reach::Everything {
                        asked_ms,
                        may_be_this_step: matches!(
                            kind,
                            FlowErrorKind::Timeout
                                | FlowErrorKind::Interrupted
                                | FlowErrorKind::ServerTrouble
                        ),
                    },
                }
            }
            DeliveryError::Filing(FilingError::NoProject | FilingError::Spool(_)) => {
                Reach::ThisStep { asked_ms: None }
            }
            DeliveryError::Login(_) => Reach::Everything { asked_ms: None, may_be_this_step: false },
            DeliveryError::Store(_) => Reach::State,
        }
    }
}

/// An error with its causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        // Some causes repeat what their effect already said.
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = cause.source();
    }
    text
}

fn sleep_until(due_ms: i64, now_ms: i64) -> Duration {
    let wait = due_ms.saturating_sub(now_ms).clamp(1, LONGEST_WAIT_MS);
    Duration::from_millis(wait.unsigned_abs())
}
