//! What the Toolkit app tells: sessions, who is signed in, secrets that must never appear.

use super::{Parts, Pipeline};
use crate::attach::{Attach, AttachSite, Detach, Session};
use crate::attached::Attached;
use crate::delivery::Wake;
use crate::draft::First;
use crate::event::Event;
use crate::facts::{Moment, clean_session};
use crate::recognise::{Recogniser, Surroundings};
use crate::settings::{Settings, StartAt};
use crate::shared::lock;
use crate::sites::Sites;
use jiff::Timestamp;
use log_follow::{Disk, Patterns};
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashSet;

/// Two words on one session may cross on their way for this long.
const CROSSING_MS: u64 = 60_000;
/// Tokens and proxies that are looked for in texts: those of the last weeks. What older ones opened is over.
const MOST_SECRETS: usize = 64;
/// So many problems may wait for the first word of their session; those of hosts without the app wait in vain.
const MOST_UNCLAIMED: usize = 8;

/// What is known of the surroundings, as it grows with every session.
#[derive(Default)]
pub(super) struct Known {
    secrets: Vec<SecretString>,
    pub(super) words: HashSet<String>,
}

impl<D: Disk> Pipeline<D> {
    pub(super) fn attach(&mut self, attach: Attach) {
        {
            let mut login = lock(&self.shared.login);
            if attach.site.session_token.is_some() {
                login.url.clone_from(&attach.site.url);
                login.token.clone_from(&attach.site.session_token);
            }
            if attach.site.login.is_some() {
                login.login.clone_from(&attach.site.login);
            }
            if attach.site.session_token.is_some() || attach.site.http_proxy.is_some() {
                login.proxy.clone_from(&attach.site.http_proxy);
            }
            login.refused.clear();
            login.generation += 1;
        }
        // An agent that was started for the login tells what is remembered already.
        if attach.session.is_some() {
            self.remember(&attach);
        }
        self.learn_site(attach.site);
        self.own_names.extend(attach.app.instance);
        if let Some(folder) = attach.log_folder {
            self.sites.follow(&folder);
            self.reader.watch(folder, Patterns::new(self.settings.watch.patterns.clone()));
        }
        if let Some(session) = &attach.session {
            self.learn(session);
        }
        self.recogniser = self.surroundings.recogniser(&self.settings);
        if let Some(mut session) = attach.session
            && self.is_news(session.pid, session.started.as_deref(), attach.sent_ms)
        {
            // A configuration's descriptor may hold a password; what is stored and sent is redacted here.
            clean_session(&mut session, &|name, text| self.recogniser.redact_value(name, text));
            let kept = lock(&self.shared.store).keep_session(&session, self.shared.clock.wall_ms());
            if let Err(error) = kept {
                self.shared.state_trouble(&error);
            }
            let engine = session.text(&["engine", "instance"]).map(str::to_owned);
            self.shared.tell(&Event::Session { pid: session.pid, engine });
            self.claim(session.pid);
            self.sites.tell(session.pid, session.started.as_deref(), begun_ms(&session, attach.sent_ms));
            self.sessions.tell(session, attach.sent_ms.and_then(|sent_ms| i64::try_from(sent_ms).ok()));
        }
        // Before the first look at what the session writes, here and at the agents of other sites.
        self.sites.write(self.shared.clock.wall_ms());
        let _ = self.wake.send(Wake::Look);
    }

    /// For an agent that is started at the next login.
    fn remember(&self, attach: &Attach) {
        let own = [&attach.site.session_token, &attach.site.http_proxy];
        let own: Vec<&str> = own.into_iter().flatten().map(ExposeSecret::expose_secret).collect();
        let redact = |name: &str, text: &str| {
            let holds = |secret: &&str| !secret.is_empty() && text.contains(*secret);
            if own.iter().any(holds) { String::new() } else { self.recogniser.redact_value(name, text) }
        };
        let attached = Attached::of(attach, self.shared.clock.wall_ms(), &redact);
        if let Err(error) = attached.keep(&self.folder) {
            // Only the next login misses it.
            tracing::info!("what was attached is not remembered: {error}");
        }
    }

    /// Problems whose first record came before the first word of its session (a bundle fails while the engine starts, before our
    /// app's turn) are described again, if nobody has heard of them yet.
    fn claim(&mut self, pid: u32) {
        let (claimed, others): (Vec<First>, Vec<First>) =
            std::mem::take(&mut self.unclaimed).into_iter().partition(|first| first.line.pid == Some(pid));
        self.unclaimed = others.into();
        self.claimed.extend(claimed);
    }

    /// Remembers what has just been kept without the facts of its session.
    pub(super) fn remember_unclaimed(&mut self, firsts: Vec<First>) {
        for first in firsts.into_iter().filter(|first| first.times > 0) {
            let Some(pid) = first.line.pid.filter(|_| first.new.is_some()) else { continue };
            if !self.sessions.holds(pid, Moment::line_ms(&first.line, &self.zone)) {
                if self.unclaimed.len() >= MOST_UNCLAIMED {
                    self.unclaimed.pop_front();
                }
                self.unclaimed.push_back(First { new: None, archive: None, ..first });
            }
        }
    }

    /// An app was asked for the token it has.
    pub(super) fn renew(&mut self, site: AttachSite) {
        if !lock(&self.shared.login).renew(&site) {
            return;
        }
        self.learn_site(site);
        self.recogniser = self.surroundings.recogniser(&self.settings);
        let _ = self.wake.send(Wake::Look);
    }

    fn learn_site(&mut self, site: AttachSite) {
        for secret in [site.session_token, site.http_proxy].into_iter().flatten() {
            self.surroundings.learn_secret(secret);
        }
        self.surroundings.words.extend(site.login);
    }

    pub(super) fn detach(&mut self, detach: &Detach) {
        if !self.is_news(detach.pid, detach.started.as_deref(), detach.sent_ms) {
            return;
        }
        // The facts stay for records that are still to be read.
        let now_ms = self.shared.clock.wall_ms();
        let ended_ms = detach.sent_ms.and_then(|sent_ms| i64::try_from(sent_ms).ok()).unwrap_or(now_ms);
        self.sessions.end(detach.pid, detach.started.as_deref(), ended_ms);
        self.sites.end(detach.pid, detach.started.as_deref(), ended_ms);
        let kept = lock(&self.shared.store).end_session(detach.pid, detach.started.as_deref(), now_ms);
        if let Err(error) = kept {
            self.shared.state_trouble(&error);
        }
    }

    /// Whether a word on a session was sent after the last one that was heard.
    fn is_news(&mut self, pid: u32, started: Option<&str>, sent_ms: Option<u64>) -> bool {
        let Some(sent_ms) = sent_ms else { return true };
        let last = self.last_words.entry((pid, started.map(str::to_owned))).or_default();
        // Words cross on their way for seconds; one that seems much older comes from a clock that was set back.
        let is_news = sent_ms >= *last || *last - sent_ms > CROSSING_MS;
        if is_news {
            *last = sent_ms;
        }
        is_news
    }

    /// Takes over the secrets that the other threads came to know.
    pub(super) fn learn_secrets(&mut self) {
        let secrets = std::mem::take(&mut *lock(&self.shared.secrets));
        let news =
            secrets.into_iter().filter(|secret| self.surroundings.learn_secret(secret.clone())).count();
        if news > 0 {
            self.recogniser = self.surroundings.recogniser(&self.settings);
        }
    }

    pub(super) fn learn(&mut self, session: &Session) {
        self.surroundings.words.extend(session.login.clone());
        for name in ["project", "entity", "task"] {
            self.surroundings.words.extend(session.context(name).and_then(|link| link.name));
        }
    }
}

/// What is known of this agent's sessions from the runs before, for itself and for the agents of other sites.
/// `known`: those that have not ended.
pub(super) fn own_sites<D: Disk>(parts: &Parts<D>, known: &[Session]) -> Sites {
    let open: Vec<_> = (known.iter())
        .map(|session| (session.pid, session.started.clone(), begun_ms(session, None)))
        .collect();
    let now_ms = parts.shared.clock.wall_ms();
    // Without folders of a run before, this one leaves out what is there.
    let goes_on = lock(&parts.shared.store).folders().is_ok_and(|folders| !folders.is_empty());
    let reads_all = goes_on || parts.settings.watch.start_at == StartAt::Start;
    Sites::at_start(parts.folder.clone(), &parts.log_folders, &open, reads_all, now_ms)
}

/// When a session began, wall time: by its app's words, else when that was sent, else before everything that is read.
fn begun_ms(session: &Session, sent_ms: Option<u64>) -> i64 {
    let started = session.started.as_deref().and_then(|started| started.parse::<Timestamp>().ok());
    let sent_ms = sent_ms.and_then(|sent_ms| i64::try_from(sent_ms).ok());
    let known = started.map(Timestamp::as_millisecond).into_iter().chain(sent_ms);
    known.min().unwrap_or(0)
}

impl Known {
    pub(super) fn recogniser(&self, settings: &Settings) -> Recogniser {
        let mut known_secrets = self.secrets.clone();
        if settings.site.proxy.contains('@') {
            known_secrets.push(SecretString::from(settings.site.proxy.clone()));
        }
        let passwords: Vec<SecretString> =
            known_secrets.iter().filter_map(|known| proxy_password(known.expose_secret())).collect();
        known_secrets.extend(passwords);
        let mut words: Vec<String> = self.words.iter().cloned().collect();
        words.sort_unstable();
        let code_page = settings.watch.code_page.resolve();
        let surroundings = Surroundings { known_secrets, words, code_page };
        Recogniser::new(settings, surroundings)
    }

    /// Whether it is news.
    fn learn_secret(&mut self, secret: SecretString) -> bool {
        // A proxy without a password is an address, and addresses are what supporters look for.
        let is_secret = |text: &str| !text.contains(':') || text.contains('@') || text.len() >= 32;
        let known = self.secrets.iter().any(|known| known.expose_secret() == secret.expose_secret());
        let is_news = !known && is_secret(secret.expose_secret());
        if is_news {
            if self.secrets.len() >= MOST_SECRETS {
                self.secrets.remove(0);
            }
            self.secrets.push(secret);
        }
        is_news
    }
}

/// The password of `user:password@host:port`, which logs show by itself as well. It may hold an `@`, the host cannot.
fn proxy_password(proxy: &str) -> Option<SecretString> {
    let (credentials, _) = proxy.rsplit_once('@')?;
    let credentials = credentials.rsplit_once("://").map_or(credentials, |(_, rest)| rest);
    credentials.split_once(':').map(|(_, password)| password.into())
}
