//! Who calls: a script with its key, a person with a password, a session token; and what a session's life is.
//!
//! Owns credentials and sessions. What an actor may do is not decided yet: every known actor may do everything.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde_json::Value;

use crate::access::secret::{Verified, random_text, token_hash};
use crate::fault::{Fault, Trouble, clip};
use crate::rows::value::Link;
use crate::store::table::RETIRED;

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
    pub(crate) fn verify(
        &self,
        connection: &Connection,
        verified: &Verified,
        now: Timestamp,
    ) -> Result<Actor, Trouble> {
        let actor = match &self.kind {
            Kind::Script { name, key } => {
                let found = kept_secret(connection, "ApiUser", "firstname", "salted_password", name)?;
                match found {
                    Some((id, kept)) if verified.check(&kept, key) => Actor::new("ApiUser", id),
                    _ => {
                        return Err(Fault::credentials(format!(
                            "Can't authenticate script '{}'",
                            clip(name)
                        ))
                        .into());
                    }
                }
            }
            Kind::Person { login, password } => {
                let found = kept_secret(connection, "HumanUser", "login", "password_proxy", login)?;
                match found {
                    Some((id, kept)) if is_active(connection, id)? && verified.check(&kept, password) => {
                        Actor::new("HumanUser", id)
                    }
                    _ => {
                        return Err(Fault::credentials(format!(
                            "Can't authenticate user '{}'.",
                            clip(login)
                        ))
                        .into());
                    }
                }
            }
            Kind::Session { token } => session(connection, token, now)?,
        };
        let session_uuid = self.session_uuid.clone();
        let actor = Actor { session_uuid: session_uuid.clone(), ..actor };
        match &self.sudo_as_login {
            None => Ok(actor),
            Some(login) if actor.link.0 == "ApiUser" => {
                let id: Option<i64> = connection
                    .query_row(
                        &format!(
                            "SELECT id FROM HumanUser WHERE login = ?1 COLLATE NOCASE AND {RETIRED} = 0"
                        ),
                        [login],
                        |row| row.get(0),
                    )
                    .optional()?;
                match id {
                    Some(id) => Ok(Actor { session_uuid, ..Actor::new("HumanUser", id) }),
                    None => Err(Fault::credentials(format!(
                        "Cannot 'sudo' - unknown or retired user: '{}'",
                        clip(login)
                    ))
                    .into()),
                }
            }
            Some(_) => {
                Err(Fault::write("The user does not have permission to 'sudo': only scripts do").into())
            }
        }
    }
}

/// The actor a REST token was made for, unless that person or script may not come in any more.
pub(crate) fn bearer(connection: &Connection, link: Link) -> Result<Actor, Trouble> {
    let welcome = match link.0.as_str() {
        "HumanUser" => is_active(connection, link.1)?,
        _ => {
            let sql = format!("SELECT 1 FROM ApiUser WHERE id = ?1 AND {RETIRED} = 0");
            connection.prepare_cached(&sql)?.exists([link.1])?
        }
    };
    if welcome { Ok(Actor { link, touch: None }) } else { Err(Fault::credentials("Token invalid").into()) }
}

impl Actor {
    fn new(kind: &str, id: i64) -> Actor {
        Actor { link: (kind.to_owned(), id), touch: None, session_uuid: None }
    }
}

/// Writes down that a session was used.
pub(crate) fn touch(transaction: &Transaction<'_>, session: &str, now: Timestamp) -> Result<(), Trouble> {
    transaction.execute(
        "UPDATE desk_session SET last_used_s = ?2 WHERE token_hash = ?1",
        params![session, now.as_second()],
    )?;
    Ok(())
}

/// Starts a session and gives its token; forgets sessions that are over.
pub(crate) fn start_session(
    transaction: &Transaction<'_>,
    actor: &Actor,
    now: Timestamp,
) -> Result<String, Trouble> {
    let token = random_text();
    transaction.execute("DELETE FROM desk_session WHERE last_used_s < ?1", [now.as_second() - SESSION_S])?;
    transaction.execute(
        "INSERT INTO desk_session (token_hash, user_type, user_id, last_used_s) VALUES (?1, ?2, ?3, ?4)",
        params![token_hash(&token), actor.link.0, actor.link.1, now.as_second()],
    )?;
    Ok(token)
}

fn session(connection: &Connection, token: &str, now: Timestamp) -> Result<Actor, Trouble> {
    let hash = token_hash(token);
    let found: Option<(String, i64, i64)> = connection
        .query_row(
            "SELECT user_type, user_id, last_used_s FROM desk_session WHERE token_hash = ?1",
            [&hash],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let refused = || {
        let skipped = token.chars().count().saturating_sub(4);
        let ending: String = token.chars().skip(skipped).collect();
        Fault::credentials(format!("Can't authenticate session token ending with '{ending}'"))
    };
    let (kind, id, last_used_s) = found.ok_or_else(refused)?;
    let idle_s = now.as_second() - last_used_s;
    if idle_s > SESSION_S || (kind == "HumanUser" && !is_active(connection, id)?) {
        return Err(refused().into());
    }
    Ok(Actor { link: (kind, id), touch: (idle_s > TOUCH_S).then_some(hash), session_uuid: None })
}

fn kept_secret(
    connection: &Connection,
    table: &str,
    name_column: &str,
    secret_column: &str,
    name: &str,
) -> Result<Option<(i64, String)>, Trouble> {
    let sql = format!(
        "SELECT id, {secret_column} FROM {table} WHERE {name_column} = ?1 COLLATE NOCASE AND {secret_column} IS NOT NULL \
         AND {RETIRED} = 0"
    );
    Ok(connection.prepare_cached(&sql)?.query_row([name], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

fn is_active(connection: &Connection, id: i64) -> Result<bool, Trouble> {
    let sql =
        format!("SELECT 1 FROM HumanUser WHERE id = ?1 AND {RETIRED} = 0 AND sg_status_list IS NOT 'dis'");
    Ok(connection.prepare_cached(&sql)?.exists([id])?)
}
