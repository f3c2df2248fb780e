//! Who we are for the site, and the two spellings of it: the auth object of a call, the fields of an upload form.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

/// Who we are for the site. `Debug` shows the script's name, never a key or token.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A script user.
    Script {
        /// The script's name on the site.
        name: String,
        /// Its application key.
        key: SecretString,
    },
    /// A signed-in person.
    Session {
        /// The session token, as Toolkit keeps it.
        token: SecretString,
    },
}

impl Credentials {
    /// The auth object of an api3 call. `reject_if_expired` asks for fault 102 instead of whatever else a site does
    /// with an expired session; every server since 5.4.3 knows it.
    pub(crate) fn auth_object(&self) -> Value {
        match self {
            Self::Script { name, key } => json!({"script_name": name, "script_key": key.expose_secret()}),
            Self::Session { token } => {
                json!({"session_token": token.expose_secret(), "reject_if_expired": true})
            }
        }
    }

    /// The same as form fields; booleans are spelled as Python spells them.
    pub(crate) fn form_fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Script { name, key } => {
                vec![("script_name", name.clone()), ("script_key", key.expose_secret().to_owned())]
            }
            Self::Session { token } => vec![
                ("session_token", token.expose_secret().to_owned()),
                ("reject_if_expired", "True".to_owned()),
            ],
        }
    }

    pub(crate) fn secret(&self) -> &SecretString {
        match self {
            Self::Script { key, .. } => key,
            Self::Session { token } => token,
        }
    }
}
