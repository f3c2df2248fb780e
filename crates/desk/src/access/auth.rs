//! Who calls: a script with its key, a person with a password, a session token; and what a session's life is.
//!
//! Owns credentials and sessions. What an actor may do is not decided yet: every known actor may do everything.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction};
use serde_json::Value;

use crate::access::secret::{self, random_text, token_hash};
use crate::fault::{Fault, Trouble, clip};
use crate::rows::value::Link;
use crate::site::Site;
use crate::store::{person, session};

/// A session dies after this long without use (24 h is what sites usually set).
const SESSION_S: i64 = 86_400;
/// The last use is written down at most this often.
const TOUCH_S: i64 = 300;

/// The user or script a call is made as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Actor {
    pub(crate) link: Link,
    /// The session's kept hash, when its last use should be written down.
    pub(crate) touch: Option<String>,
    /// The browser tab or tool run the call belongs to, as event log entries name it.
    pub(crate) session_uuid: Option<String>,
}

/// What a call brought to be let in. Never shown: it holds secrets.
pub(crate) struct Credentials {
    kind: Kind,
    sudo_as_login: Option<String>,
    session_uuid: Option<String>,
}

enum Kind {
    Script { name: String, key: String },
    Person { login: String, password: String },
    Session { token: String },
}

impl Credentials {
    /// From the auth object of api3.
    pub(crate) fn from_json(auth: Option<&Value>) -> Result<Credentials, Fault> {
        Credentials::from_lookup(|name| auth.and_then(|auth| auth.get(name)).and_then(Value::as_str))
    }

    /// From the fields of an upload form.
    pub(crate) fn from_form(form: &BTreeMap<String, String>) -> Result<Credentials, Fault> {
        Credentials::from_lookup(|name| form.get(name).map(String::as_str))
    }

    fn from_lookup<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<Credentials, Fault> {
        let own = |name| get(name).map(str::to_owned);
        let kind = if let (Some(login), Some(password)) = (own("user_login"), own("user_password")) {
            Kind::Person { login, password }
        } else if let (Some(name), Some(key)) = (own("script_name"), own("script_key")) {
            Kind::Script { name, key }
        } else if let Some(token) = own("session_token") {
            Kind::Session { token }
        } else {
            return Err(Fault::credentials("Missing or invalid authentication arguments"));
        };
        let uuid = own("session_uuid").and_then(|text| uuid::Uuid::parse_str(&text).ok());
        let session_uuid = uuid.map(|uuid| uuid.to_string());
        Ok(Credentials { kind, sudo_as_login: own("sudo_as_login"), session_uuid })
    }

    /// Who these credentials are.
    pub(crate) async fn verify(self, site: &Site) -> Result<Actor, Trouble> {
        let now = site.now();
        let actor = match self.kind {
            Kind::Script { name, key } => {
                let asked = name.clone();
                let found = site.store.read(move |connection| person::script_key(connection, &asked)).await?;
                match check(site, found, key).await {
                    Some(id) => Actor::new("ApiUser", id),
                    None => {
                        let text = format!("Can't authenticate script '{}'", clip(&name));
                        return Err(Fault::credentials(text).into());
                    }
                }
            }
            Kind::Person { login, password } => {
                // Who has guessed too often hears the same as whoever guessed wrong.
                match sign_in(site, &login, password, IpAddr::V4(Ipv4Addr::UNSPECIFIED)).await? {
                    SignIn::Welcome(actor) => actor,
                    SignIn::Wrong | SignIn::TooOften => {
                        let text = format!("Can't authenticate user '{}'.", clip(&login));
                        return Err(Fault::credentials(text).into());
                    }
                }
            }
            Kind::Session { token } => {
                site.store.read(move |connection| of_token(connection, &token, now)).await?
            }
        };
        let session_uuid = self.session_uuid;
        let actor = Actor { session_uuid: session_uuid.clone(), ..actor };
        match self.sudo_as_login {
            None => Ok(actor),
            Some(login) if actor.link.0 == "ApiUser" => {
                let person = site.store.read(move |connection| sudo(connection, &login)).await?;
                Ok(Actor { session_uuid, ..person })
            }
            Some(_) => {
                Err(Fault::write("The user does not have permission to 'sudo': only scripts do").into())
            }
        }
    }
}

/// The actor a REST token was made for, unless that person or script may not come in any more.
pub(crate) fn bearer(
    connection: &Connection,
    link: Link,
    session_uuid: Option<String>,
) -> Result<Actor, Trouble> {
    match person::is_active(connection, &link)? {
        true => Ok(Actor { link, touch: None, session_uuid }),
        false => Err(Fault::credentials("Token invalid").into()),
    }
}

/// How a sign-in with a password went.
pub(crate) enum SignIn {
    Welcome(Actor),
    /// No such person, disabled, no password, or another one: nobody is told which.
    Wrong,
    TooOften,
}

/// Tries a person's password.
pub(crate) async fn sign_in(
    site: &Site,
    login: &str,
    password: String,
    from: IpAddr,
) -> Result<SignIn, Trouble> {
    let now = site.now();
    if !site.attempts.may_try(login, from, now) {
        return Ok(SignIn::TooOften);
    }
    let asked = login.to_owned();
    let found = site.store.read(move |connection| person::password(connection, &asked)).await?;
    match check(site, found, password).await {
        Some(id) => {
            site.attempts.was_right(login, from);
            Ok(SignIn::Welcome(Actor::new("HumanUser", id)))
        }
        None => {
            site.attempts.was_wrong(login, from, now);
            Ok(SignIn::Wrong)
        }
    }
}

/// Whose secret it is. A name nobody has takes as long as a wrong secret. The work of milliseconds is not done on the runtime's
/// thread, nor on the one that reads for everybody.
async fn check(site: &Site, found: Option<(i64, String)>, given: String) -> Option<i64> {
    let verified = std::sync::Arc::clone(&site.known().verified);
    let (id, kept) = match found {
        Some((id, kept)) => (Some(id), kept),
        None => (None, secret::nobody()),
    };
    if verified.knows(&kept, &given) {
        return id;
    }
    // Closed never: it lives as long as the site.
    let _turn = site.hashing.acquire().await;
    let right = tokio::task::spawn_blocking(move || verified.check(&kept, &given)).await;
    id.filter(|_| right.unwrap_or(false))
}

fn sudo(connection: &Connection, login: &str) -> Result<Actor, Trouble> {
    match person::by_login(connection, login)? {
        Some((id, true)) => Ok(Actor::new("HumanUser", id)),
        Some((_, false)) => {
            let text = format!("Cannot 'sudo' - inactive user account: '{}'", clip(login));
            Err(Fault::credentials(text).into())
        }
        None => {
            let text = format!("Cannot 'sudo' - unknown or retired user: '{}'", clip(login));
            Err(Fault::credentials(text).into())
        }
    }
}

impl Actor {
    fn new(kind: &str, id: i64) -> Actor {
        Actor { link: (kind.to_owned(), id), touch: None, session_uuid: None }
    }
}

/// Starts a session and gives its token; forgets sessions that are over.
pub(crate) fn start_session(
    transaction: &Transaction<'_>,
    actor: &Actor,
    now: Timestamp,
) -> Result<String, Trouble> {
    let token = random_text();
    forget_idle(transaction, now)?;
    session::keep(transaction, &token_hash(&token), &actor.link, now)?;
    Ok(token)
}

/// Forgets sessions that are over.
pub(crate) fn forget_idle(transaction: &Transaction<'_>, now: Timestamp) -> Result<(), Trouble> {
    session::forget(transaction, now.as_second() - SESSION_S)
}

fn of_token(connection: &Connection, token: &str, now: Timestamp) -> Result<Actor, Trouble> {
    match session_of(connection, &token_hash(token), now)? {
        Some(actor) => Ok(actor),
        None => {
            let skipped = token.chars().count().saturating_sub(4);
            let ending: String = token.chars().skip(skipped).collect();
            Err(Fault::credentials(format!("Can't authenticate session token ending with '{ending}'")).into())
        }
    }
}

/// Whose session this is, if it is not over and its user may still come in.
pub(crate) fn session_of(
    connection: &Connection,
    hash: &str,
    now: Timestamp,
) -> Result<Option<Actor>, Trouble> {
    let Some((link, last_used_s)) = session::find(connection, hash)? else { return Ok(None) };
    let idle_s = now.as_second() - last_used_s;
    if idle_s > SESSION_S || !person::is_active(connection, &link)? {
        return Ok(None);
    }
    Ok(Some(Actor { link, touch: (idle_s > TOUCH_S).then(|| hash.to_owned()), session_uuid: None }))
}
