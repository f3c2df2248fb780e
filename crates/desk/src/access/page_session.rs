//! The session of a browser: a cookie that only this desk reads, kept hashed in the store, over after a day without use.
//!
//! It is not a session token of api3: one does not stand for the other. Browsers keep one jar of cookies for all ports of a host,
//! so the cookie's name tells desks apart.

use axum::http::{HeaderMap, HeaderValue};
use jiff::Timestamp;

use crate::access::auth::{self, Actor};
use crate::access::cookie;
use crate::access::secret::{Signer, random_text};
use crate::fault::Trouble;
use crate::rows::value::Link;
use crate::store::{Reading, Writing};

/// How the cookie is called and what browsers are told of it.
pub(crate) struct Cookie {
    name: String,
    attributes: &'static str,
}

impl Cookie {
    /// With `secure` a browser sends it over TLS only, and takes it from this host only.
    pub(crate) fn new(signer: &Signer, secure: bool) -> Cookie {
        let desk = signer.sign("page session cookie");
        let prefix = if secure { "__Host-" } else { "" };
        let attributes = if secure {
            "; Path=/; HttpOnly; SameSite=Strict; Secure"
        } else {
            "; Path=/; HttpOnly; SameSite=Strict"
        };
        Cookie { name: format!("{prefix}desk_{}", &desk[..8]), attributes }
    }

    /// The token a request brought.
    pub(crate) fn read<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        cookie::read(headers, &self.name)
    }

    /// The header's value that makes a browser keep `token`. It forgets it when it is closed.
    pub(crate) fn keep(&self, token: &str) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("{}={token}{}", self.name, self.attributes)).ok()
    }

    /// The header's value that makes a browser forget the session.
    pub(crate) fn forget(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("{}=; Max-Age=0{}", self.name, self.attributes)).ok()
    }
}

/// What is kept of a cookie's token. Not the hash of api3's tokens: a cookie is no credential there.
pub(crate) fn kept(token: &str) -> String {
    let key = blake3::derive_key("tk-incident desk page session v1", token.as_bytes());
    blake3::Hash::from_bytes(key).to_hex().to_string()
}

/// Starts a session; gives the cookie's token.
pub(crate) fn start(transaction: &dyn Writing, user: &Link, now: Timestamp) -> Result<String, Trouble> {
    let token = random_text();
    auth::forget_idle(transaction, now)?;
    transaction.keep_session(&kept(&token), user, now)?;
    Ok(token)
}

/// Who has this session; none when it is over or never was.
pub(crate) fn find(reading: &dyn Reading, hash: &str, now: Timestamp) -> Result<Option<Actor>, Trouble> {
    auth::session_of(reading, hash, now)
}
