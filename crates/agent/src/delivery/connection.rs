//! The client of the site: made when something is due, signed in, and told the fields of a ticket.
//!
//! Owns when what is known of the site is asked for again. Knows nothing of steps.

use super::Destination;
use super::reach::DeliveryError;
use crate::login::{LoginError, credentials};
use crate::settings::Settings;
use crate::shared::{Shared, lock};
use crate::site_options::site_options;
use crate::ticket_fields::check_fields;
use flow::{Credentials, EntityFields, FlowError, Site, SiteOptions};
use secrecy::{ExposeSecret, SecretString};

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
}

impl Connection {
    pub(super) fn new() -> Connection {
        let connect: Connect = Box::new(|options| Ok(Box::new(flow::connect(options)?)));
        Connection { connect, site: None, login_generation: None, proxy: None, fields: None }
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
        let site = self.site.as_mut().expect("made above");
        if self.login_generation.is_none() {
            let (found, generation) = who(shared, settings, destination)?;
            site.set_credentials(Some(found));
            self.login_generation = Some(generation);
        }
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

/// Who we are by now, and the generation of the login that tells it. The pipeline learns the secret.
pub(super) fn who(
    shared: &Shared,
    settings: &Settings,
    destination: &Destination,
) -> Result<(Credentials, u64), LoginError> {
    // Copied out: a key file on a hanging share must not stop the other threads.
    let login = lock(&shared.login).clone();
    let found = match &destination.own {
        Some(own) => own.clone(),
        None => credentials(&settings.site.credentials, &login, &destination.url)?,
    };
    let (Credentials::Script { key: secret, .. } | Credentials::Session { token: secret }) = &found;
    lock(&shared.secrets).push(secret.clone());
    Ok((found, login.generation))
}
