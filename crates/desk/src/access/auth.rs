//! Who calls: a script with its key, a person with a password, a session token; and what a session's life is.
//!
//! Owns credentials, sessions and the actor that stands for them in every read and write. What an actor may do is in `permission`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::access::permission::{self, Deed, Rules};
use crate::access::secret::{self, random_text, token_hash};
use crate::fault::{Fault, Trouble, clip};
use crate::rows::value::Link;
use crate::server::connection;
use crate::site::Site;
use crate::store::group::Membership;
use crate::store::{Reading, Writing};

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
    rules: Arc<Rules>,
    /// The projects whose rows are there for them; none: all of them.
    projects: Option<Arc<BTreeSet<i64>>>,
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
                let found = site
                    .store
                    .read(move |reading| {
                        let Some((id, kept)) = reading.script_key_of(&asked)? else {
                            return Ok(None);
                        };
                        Ok(Some((Actor::of(reading, ("ApiUser".to_owned(), id))?, kept)))
                    })
                    .await?;
                let refused = || Fault::credentials(format!("Can't authenticate script '{}'", clip(&name)));
                check(site, found, key).await.ok_or_else(refused)?
            }
            Kind::Person { login, password } => {
                // Who has guessed too often hears the same as whoever guessed wrong.
                match sign_in(site, &login, password).await? {
                    SignIn::Welcome(actor) => actor,
                    SignIn::Wrong | SignIn::TooOften => {
                        let text = format!("Can't authenticate user '{}'.", clip(&login));
                        return Err(Fault::credentials(text).into());
                    }
                }
            }
            Kind::Session { token } => site.store.read(move |reading| of_token(reading, &token, now)).await?,
        };
        let actor = match self.sudo_as_login {
            None => actor,
            Some(login) => {
                actor.may_sudo()?;
                let touch = actor.touch.clone();
                let person = site.store.read(move |reading| sudo(reading, &login)).await?;
                Actor { touch, ..person }
            }
        };
        Ok(Actor { session_uuid: self.session_uuid, ..actor })
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
pub(crate) async fn sign_in(site: &Site, login: &str, password: String) -> Result<SignIn, Trouble> {
    let now = site.now();
    let from = connection::peer().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    if !site.attempts.may_try(login, from, now) {
        return Ok(SignIn::TooOften);
    }
    let asked = login.to_owned();
    let found = site
        .store
        .read(move |reading| {
            let Some((id, kept)) = reading.password_of(&asked, now)? else { return Ok(None) };
            Ok(Some((Actor::of(reading, ("HumanUser".to_owned(), id))?, kept)))
        })
        .await?;
    match check(site, found, password).await {
        Some(actor) => {
            site.attempts.was_right(login, from);
            Ok(SignIn::Welcome(actor))
        }
        None => {
            site.attempts.was_wrong(login, from, now);
            Ok(SignIn::Wrong)
        }
    }
}

/// Whose secret it is. A name nobody has takes as long as a wrong secret. The work of milliseconds is not done on the runtime's
/// thread, nor on the one that reads for everybody.
async fn check(site: &Site, found: Option<(Actor, String)>, given: String) -> Option<Actor> {
    let verified = Arc::clone(&site.known().verified);
    let (actor, kept) = match found {
        Some((actor, kept)) => (Some(actor), kept),
        None => (None, secret::nobody()),
    };
    if verified.knows(&kept, &given) {
        return actor;
    }
    // Closed never: it lives as long as the site.
    let _turn = site.hashing.acquire().await;
    let right = tokio::task::spawn_blocking(move || verified.check(&kept, &given)).await;
    actor.filter(|_| right.unwrap_or(false))
}

fn sudo(reading: &dyn Reading, login: &str) -> Result<Actor, Trouble> {
    match reading.person_by_login(login)? {
        Some((id, true)) => Actor::of(reading, ("HumanUser".to_owned(), id)),
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
    /// A user or script, with what its group allows at this moment.
    pub(crate) fn of(reading: &dyn Reading, link: Link) -> Result<Actor, Trouble> {
        let rules = rules_of(reading, &link)?;
        let projects = if rules.own_projects() {
            Some(Arc::new(reading.projects_of(&link)?.into_iter().collect()))
        } else {
            None
        };
        Ok(Actor { link, touch: None, session_uuid: None, rules: Arc::new(rules), projects })
    }

    /// Whoever may write the data folder, and so may do everything: no group is asked.
    pub(crate) fn unlimited(link: Link) -> Actor {
        let rules = Arc::new(Rules::everything("all"));
        Actor { link, touch: None, session_uuid: None, rules, projects: None }
    }

    /// Whether it may do this.
    pub(crate) fn may(&self, deed: Deed<'_>) -> bool {
        self.rules.allow(deed)
    }

    /// Refuses what it may not do, in FPT's words.
    pub(crate) fn check(&self, deed: Deed<'_>) -> Result<(), Fault> {
        self.rules.check(deed)
    }

    /// The projects whose rows are there for it; none: all of them.
    pub(crate) fn projects(&self) -> Option<&BTreeSet<i64>> {
        self.projects.as_deref()
    }

    /// Acting as somebody else is for scripts that may do everything anyway.
    fn may_sudo(&self) -> Result<(), Fault> {
        let refused = |why| Err(Fault::write(format!("The user does not have permission to 'sudo': {why}")));
        match self.link.0.as_str() {
            "ApiUser" if self.may(Deed::Administer) => Ok(()),
            "ApiUser" => refused("only scripts of an admin group do"),
            _ => refused("only scripts do"),
        }
    }
}

/// Who is in no group has the first one's rules for people, or for scripts. A group that is gone allows nothing: what was forbidden
/// by it must not come back when it is retired.
fn rules_of(reading: &dyn Reading, user: &Link) -> Result<Rules, Trouble> {
    let (name, written) = match reading.group_of(user)? {
        Membership::In(found) => found,
        Membership::Gone => return Ok(Rules::nothing("retired")),
        Membership::None => {
            let code = if user.0 == "HumanUser" { permission::PEOPLE } else { permission::SCRIPTS };
            match reading.group_by_code(code)? {
                Some(found) => found,
                None => return Ok(Rules::nothing(code)),
            }
        }
    };
    let written = match written {
        None => Value::Null,
        Some(text) => match serde_json::from_str(&text) {
            Ok(written) => written,
            Err(_) => return Ok(Rules::nothing(&name)),
        },
    };
    Ok(Rules::parse(&name, &written).unwrap_or_else(|_| Rules::nothing(&name)))
}

/// The actor a REST token was made for, unless that person or script may not come in any more.
pub(crate) fn bearer(
    reading: &dyn Reading,
    link: Link,
    session_uuid: Option<String>,
) -> Result<Actor, Trouble> {
    match still_welcome(reading, link)? {
        Some(actor) => Ok(Actor { session_uuid, ..actor }),
        None => Err(Fault::credentials("Token invalid").into()),
    }
}

/// A user or script that came in before; none when they may not come in any more.
pub(crate) fn still_welcome(reading: &dyn Reading, link: Link) -> Result<Option<Actor>, Trouble> {
    if reading.is_active(&link)? { Ok(Some(Actor::of(reading, link)?)) } else { Ok(None) }
}

/// Starts a session and gives its token; forgets sessions that are over.
pub(crate) fn start_session(
    transaction: &dyn Writing,
    actor: &Actor,
    now: Timestamp,
) -> Result<String, Trouble> {
    let token = random_text();
    forget_idle(transaction, now)?;
    transaction.keep_session(&token_hash(&token), &actor.link, now)?;
    Ok(token)
}

/// Forgets sessions that are over.
pub(crate) fn forget_idle(transaction: &dyn Writing, now: Timestamp) -> Result<(), Trouble> {
    transaction.forget_sessions(now.as_second() - SESSION_S)
}

fn of_token(reading: &dyn Reading, token: &str, now: Timestamp) -> Result<Actor, Trouble> {
    match session_of(reading, &token_hash(token), now)? {
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
    reading: &dyn Reading,
    hash: &str,
    now: Timestamp,
) -> Result<Option<Actor>, Trouble> {
    let Some((link, last_used_s)) = reading.session(hash)? else { return Ok(None) };
    let idle_s = now.as_second() - last_used_s;
    if idle_s > SESSION_S {
        return Ok(None);
    }
    let touch = (idle_s > TOUCH_S).then(|| hash.to_owned());
    Ok(still_welcome(reading, link)?.map(|actor| Actor { touch, ..actor }))
}
