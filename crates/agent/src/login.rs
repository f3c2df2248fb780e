//! Who we are on the site: the token the Toolkit app hands over, or the key of a script user from a file.
//!
//! Secrets live here and in the client, in memory only. A token is used for the site it was given for and no
//! other: an admin may have settings that file elsewhere.

use crate::attach::AttachSite;
use crate::paths::site_folder;
use crate::settings::CredentialSource;
use flow::Credentials;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The settings say so.
    #[error("site.credentials is \"none\": tickets wait until that is changed")]
    None,
    /// No session yet.
    #[error("nobody has signed in yet: the Toolkit app hands over its session when a host starts")]
    NoSession,
    /// The site refuses every session there is.
    #[error("the session is over: sign in in Toolkit; nothing is asked of the site before that")]
    Over,
    /// A session, but for another site.
    #[error("the Toolkit session is for {theirs}, not for {ours}: set site.credentials to a script key file")]
    OtherSite {
        /// The session's.
        theirs: String,
        /// The settings'.
        ours: String,
    },
    /// The key file cannot be read.
    #[error("cannot read the script key file `{}`: check site.credentials and its permissions", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Others may read the key file.
    #[error("the script key file `{}` can be read by others: chmod 600 it", path.display())]
    Open {
        /// Which.
        path: PathBuf,
    },
    /// Not the shape we know. The parser's words are left out: they would quote the file.
    #[error("the script key file `{}` must hold script_name = \"…\" and script_key = \"…\"", path.display())]
    Shape {
        /// Which.
        path: PathBuf,
    },
}

/// Sessions that the site has refused, of all the apps of one person: more than anybody has at once.
const MOST_REFUSED: usize = 64;

/// The session that the Toolkit app handed over last.
#[derive(Clone, Default)]
pub struct Login {
    /// Of which site.
    pub url: Option<String>,
    /// Who.
    pub login: Option<String>,
    /// Its secret.
    pub token: Option<SecretString>,
    /// The proxy Toolkit goes through, as `host:port` or `user:password@host:port`.
    pub proxy: Option<SecretString>,
    /// The last sessions the site has refused since somebody signed in.
    pub refused: Vec<SecretString>,
    /// Rises with every change, so that the client takes over a new token.
    pub generation: u64,
}

impl Login {
    /// The site has refused a session.
    pub(crate) fn refuse(&mut self, token: SecretString) {
        if self.is_refused(&token) {
            return;
        }
        if self.refused.len() >= MOST_REFUSED {
            self.refused.remove(0);
        }
        self.refused.push(token);
    }

    /// Whether the site has refused this session before.
    pub(crate) fn is_refused(&self, token: &SecretString) -> bool {
        self.refused.iter().any(|refused| refused.expose_secret() == token.expose_secret())
    }

    /// An app was asked for the session it has. False when that is no news: we have it, or the site has refused it. Of several apps
    /// some may not have noticed yet that theirs is over.
    pub(crate) fn renew(&mut self, site: &AttachSite) -> bool {
        let Some(token) = &site.session_token else { return false };
        let is_ours = self.token.as_ref().is_some_and(|ours| ours.expose_secret() == token.expose_secret());
        if is_ours || self.is_refused(token) {
            return false;
        }
        self.token = Some(token.clone());
        self.url.clone_from(&site.url);
        self.login.clone_from(&site.login);
        self.proxy.clone_from(&site.http_proxy);
        self.generation += 1;
        true
    }
}

/// Finds the credentials for a site.
///
/// # Errors
/// When there are none; the message says what is missing.
pub fn credentials(source: &CredentialSource, login: &Login, site: &str) -> Result<Credentials, LoginError> {
    match source {
        CredentialSource::None => Err(LoginError::None),
        CredentialSource::ScriptKeyFile(path) => read_script_key(path),
        CredentialSource::Toolkit => {
            let token = login.token.clone().ok_or(LoginError::NoSession)?;
            let theirs = login.url.clone().unwrap_or_default();
            if is_same_site(&theirs, site) {
                Ok(Credentials::Session { token })
            } else {
                Err(LoginError::OtherSite { theirs, ours: site.to_owned() })
            }
        }
    }
}

/// Same host, same port, same scheme: a token given for https must not travel in clear.
pub(crate) fn is_same_site(theirs: &str, ours: &str) -> bool {
    let scheme = |url: &str| url.split("://").next().unwrap_or_default().to_lowercase();
    scheme(theirs) == scheme(ours) && site_folder(theirs) == site_folder(ours)
}

#[derive(Deserialize)]
struct ScriptKey {
    script_name: String,
    script_key: SecretString,
}

fn read_script_key(path: &Path) -> Result<Credentials, LoginError> {
    let unreadable = |source| LoginError::Unreadable { path: path.to_owned(), source };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_err(unreadable)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(LoginError::Open { path: path.to_owned() });
        }
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let key: ScriptKey = toml::from_str(&text).map_err(|_| LoginError::Shape { path: path.to_owned() })?;
    Ok(Credentials::Script { name: key.script_name, key: key.script_key })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_key_file_must_be_private_and_whole() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.toml");
        let read =
            || credentials(&CredentialSource::ScriptKeyFile(path.clone()), &Login::default(), "http://a");
        assert!(matches!(read(), Err(LoginError::Unreadable { .. })));
        std::fs::write(&path, "script_name = 'agent'\nscript_key = 'very secret key'\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read(), Err(LoginError::Open { .. })));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(read(), Ok(Credentials::Script { name, .. }) if name == "agent"));
        std::fs::write(&path, "script_key = 'very secret key").unwrap();
        let Err(error) = read() else { panic!("half a file is no key") };
        assert!(!format!("{error} {error:?}").contains("secret key"));
    }

    #[test]
    fn a_session_that_we_have_or_the_site_has_refused_is_no_news() {
        let told = |token: Option<&str>| -> AttachSite {
            serde_json::from_value(serde_json::json!({ "login": "alice", "session_token": token })).unwrap()
        };
        let mut login = Login::default();
        assert!(!login.renew(&told(None)));
        assert!(login.renew(&told(Some("first"))));
        assert!(!login.renew(&told(Some("first"))));
        login.refuse("first".into());
        assert!(login.renew(&told(Some("second"))));
        assert_eq!((login.generation, login.login.as_deref()), (2, Some("alice")));
        // An app that has slept meanwhile.
        assert!(!login.renew(&told(Some("first"))));
        assert_eq!(login.generation, 2);
        assert_eq!(login.token.unwrap().expose_secret(), "second");
    }

    #[test]
    fn refused_sessions_are_remembered_once_each_and_only_the_last_ones() {
        let mut login = Login::default();
        for _ in 0..2 {
            login.refuse("again and again".into());
        }
        assert_eq!(login.refused.len(), 1);
        for number in 0..10 * MOST_REFUSED {
            login.refuse(number.to_string().into());
        }
        assert_eq!(login.refused.len(), MOST_REFUSED);
        assert!(!login.is_refused(&"again and again".into()));
        assert!(login.is_refused(&(10 * MOST_REFUSED - 1).to_string().into()));
    }

    #[test]
    fn a_token_goes_to_its_own_site_only() {
        let login = Login {
            url: Some("https://Studio.example/".into()),
            token: Some(SecretString::from("token")),
            ..Login::default()
        };
        assert!(credentials(&CredentialSource::Toolkit, &login, "https://studio.example").is_ok());
        for other in ["https://elsewhere.example", "http://studio.example", "https://studio.example:8443"] {
            let refused = credentials(&CredentialSource::Toolkit, &login, other);
            assert!(matches!(refused, Err(LoginError::OtherSite { .. })), "{other}");
        }
    }
}
