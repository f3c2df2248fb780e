//! The client of the site: made when something is due, signed in, and told the fields of a ticket.
//!
//! Owns when what is known of the site is asked for again. Knows nothing of steps.

use super::Destination;
use super::reach::DeliveryError;
use crate::login::{LoginError, credentials};
use crate::session_cache::{cache_root, cached_token};
use crate::settings::{CredentialSource, Settings};
use crate::shared::{Shared, lock};
use crate::site_options::site_options;
use crate::ticket_fields::check_fields;
use flow::{Credentials, EntityFields, FlowError, Site, SiteOptions};
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;

/// Makes a client; [`flow::connect`] but in tests.
pub type Connect = Box<dyn Fn(SiteOptions) -> Result<Box<dyn Site>, FlowError> + Send>;

/// Fields of a ticket are asked for again after this, in case an admin has added some.
const FIELDS_AGE_MS: u64 = 3_600_000;

/// See the module's own words.
pub(super) struct Connection {
    connect: Connect,
    site: Option<Box<dyn Site>>,
    /// The login the client has; `None` to give it anew.
    login_generation: Option<u64>,
    /// The proxy the client goes through.
    proxy: Option<SecretString>,
    fields: Option<(EntityFields, u64)>,
    /// Where Toolkit keeps its sessions.
    pub(super) cache_root: Option<PathBuf>,
    /// The session the client has.
    token: Option<SecretString>,
    /// When the site has refused a session last, in steady time.
    refused_ms: u64,
}

impl Connection {
    pub(super) fn new() -> Connection {
        let connect: Connect = Box::new(|options| Ok(Box::new(flow::connect(options)?)));
        Connection {
            connect,
            site: None,
            login_generation: None,
            proxy: None,
            fields: None,
            cache_root: cache_root(&|name| std::env::var_os(name)),
            token: None,
            refused_ms: 0,
        }
    }

    pub(super) fn through(&mut self, connect: Connect) {
        self.connect = connect;
    }

    /// Nothing is kept of the client.
    pub(super) fn forget(&mut self) {
        self.site = None;
        self.doubt();
    }

    /// What is known of the site may be what is wrong: fields, key file, token.
    pub(super) fn doubt(&mut self) {
        self.fields = None;
        self.login_generation = None;
    }

    /// Somebody else has signed in.
    pub(super) fn login_changed(&mut self) {
        self.login_generation = None;
    }

    /// The site has refused the session: it is not shown again for a while. True if there is another one to try.
    pub(super) fn refuse(&mut self, shared: &Shared, settings: &Settings, destination: &Destination) -> bool {
        let Some(token) = self.token.take() else { return false };
        lock(&shared.login).refuse(token);
        self.refused_ms = shared.clock.steady_ms();
        self.who(shared, settings, destination).is_ok()
    }

    /// Who we are by now, and the generation of the login that tells it. The pipeline learns the secret.
    pub(super) fn who(
        &mut self,
        shared: &Shared,
        settings: &Settings,
        destination: &Destination,
    ) -> Result<(Credentials, u64), LoginError> {
        // A site that was out of its mind is not offended by the same session an hour later.
        if shared.clock.steady_ms().saturating_sub(self.refused_ms) > settings.limits.retry_max_s * 1_000 {
            lock(&shared.login).refused.clear();
        }
        // Copied out: a key file on a hanging share must not stop the other threads.
        let login = lock(&shared.login).clone();
        let source = &settings.site.credentials;
        let told = match &destination.own {
            Some(own) => Ok(own.clone()),
            None => credentials(source, &login, &destination.url),
        };
        let is_refused = |token: &SecretString| login.is_refused(token);
        let is_over = matches!(&told, Ok(Credentials::Session { token }) if is_refused(token));
        let found = if *source == CredentialSource::Toolkit
            && destination.own.is_none()
            && (is_over || told.is_err())
        {
            let root = self.cache_root.as_deref();
            let cached = root.and_then(|root| cached_token(root, &destination.url, login.login.as_deref()));
            match cached.filter(|token| !is_refused(token)) {
                Some(token) => Credentials::Session { token },
                None => {
                    return Err(told.err().filter(|_| login.refused.is_empty()).unwrap_or(LoginError::Over));
                }
            }
        } else {
            told?
        };
        let (Credentials::Script { key: secret, .. } | Credentials::Session { token: secret }) = &found;
        lock(&shared.secrets).push(secret.clone());
        Ok((found, login.generation))
    }

    /// A client, signed in, and the fields of a ticket.
    pub(super) fn open(
        &mut self,
        shared: &Shared,
        settings: &Settings,
        destination: &Destination,
    ) -> Result<(&dyn Site, &EntityFields), DeliveryError> {
        // Copied out: a lock is never held across a call.
        let login = lock(&shared.login).clone();
        let environment = |name: &str| std::env::var_os(name);
        let options = site_options(&destination.url, &settings.site, &login, &environment);
        let text =
            |proxy: &Option<SecretString>| proxy.as_ref().map(|proxy| proxy.expose_secret().to_owned());
        if self.site.is_none() || text(&options.proxy) != text(&self.proxy) {
            self.proxy.clone_from(&options.proxy);
            if let Some(proxy) = options.proxy.clone().filter(|proxy| proxy.expose_secret().contains('@')) {
                lock(&shared.secrets).push(proxy);
            }
            self.site = Some((self.connect)(options)?);
            self.login_generation = None;
        }
        if self.login_generation.is_none() {
            let (found, generation) = self.who(shared, settings, destination)?;
            self.token = match &found {
                Credentials::Session { token } => Some(token.clone()),
                Credentials::Script { .. } => None,
            };
            self.site.as_mut().expect("made above").set_credentials(Some(found));
            self.login_generation = Some(generation);
        }
        let site = self.site.as_mut().expect("made above");
        let now_ms = shared.clock.steady_ms();
        let fresh = |age: &u64| now_ms.saturating_sub(*age) < FIELDS_AGE_MS;
        if !self.fields.as_ref().is_some_and(|(_, age)| fresh(age)) {
            let fields = site.fields(&settings.site.entity_type)?;
            for fault in check_fields(&fields, &settings.ticket) {
                shared.warn(&fault.setting, fault.problem);
            }
            self.fields = Some((fields, now_ms));
            // Only to be shown: a site that tells its fields and not its version is as good as any.
            lock(&shared.contact).server = site.info().ok().map(|info| info.version_text());
        }
        let fields = &self.fields.as_ref().expect("read above").0;
        Ok((&**site, fields))
    }
}
