//! Who may fetch an attachment's bytes.
//!
//! The official client brings no cookie to a site with a port in its address, but it asks for a session token right before. So a fetch
//! from an address that got a token moments ago is that caller's. On loopback files are fetched as ever: who can reach the desk there
//! is on this machine.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, header};
use jiff::Timestamp;

use crate::access::auth::{self, Actor};
use crate::access::secret::token_hash;
use crate::access::{cookie, gate};
use crate::fault::Trouble;
use crate::rows::permit;
use crate::rows::value::Link;
use crate::server::connection;
use crate::site::Site;

/// The cookie that carries a session token of api3.
const SESSION_COOKIE: &str = "_session_id";
/// How long after it got a token a caller may fetch without one.
const MOMENTS_S: i64 = 120;
/// Callers remembered.
const MOST_CALLERS: usize = 1000;

/// Who got a session token lately, by where they called from.
#[derive(Default)]
pub(crate) struct Callers {
    lately: Mutex<HashMap<IpAddr, (Link, i64)>>,
}

impl Callers {
    /// The caller that is being answered gets a session token.
    pub(crate) fn got_token(&self, actor: &Actor, now: Timestamp) {
        let Some(peer) = connection::peer() else { return };
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        if lately.len() >= MOST_CALLERS {
            lately.retain(|_, (_, at_s)| now.as_second() - *at_s < MOMENTS_S);
        }
        if lately.len() < MOST_CALLERS {
            lately.insert(peer, (actor.link.clone(), now.as_second()));
        }
    }

    fn caller(&self, now: Timestamp) -> Option<Link> {
        let lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        let (link, at_s) = lately.get(&connection::peer()?)?;
        (now.as_second() - at_s < MOMENTS_S).then(|| link.clone())
    }
}

/// Whether whoever sent these headers may have the bytes of an attachment.
pub(crate) async fn may_fetch(
    site: &Arc<Site>,
    headers: &HeaderMap,
    attachment: i64,
) -> Result<bool, Trouble> {
    if !site.on_network {
        return Ok(true);
    }
    let Some(actor) = fetcher(site, headers).await? else { return Ok(false) };
    let (known, now) = (site.known(), site.now());
    site.store
        .read(move |reading| {
            let context = known.reading("read", now, "", &actor);
            let entity = context.entity("Attachment")?;
            match permit::visible(reading, context, entity, attachment) {
                Ok(()) => Ok(true),
                Err(Trouble::Fault(_)) => Ok(false),
                Err(trouble) => Err(trouble),
            }
        })
        .await
}

async fn fetcher(site: &Arc<Site>, headers: &HeaderMap) -> Result<Option<Actor>, Trouble> {
    if let Some(visitor) = gate::returning(site, headers).await? {
        return Ok(Some(visitor.actor));
    }
    let now = site.now();
    let session = cookie::read(headers, SESSION_COOKIE).map(token_hash);
    let caller = site.callers.caller(now);
    site.store
        .read(move |reading| {
            if let Some(session) = session
                && let Some(actor) = auth::session_of(reading, &session, now)?
            {
                return Ok(Some(actor));
            }
            match caller {
                Some(link) => auth::still_welcome(reading, link),
                None => Ok(None),
            }
        })
        .await
}

/// What a refused fetch is answered, in the form from which the official client takes its message.
pub(crate) fn refusal() -> axum::response::Response {
    use axum::response::IntoResponse;
    let text =
        "<Error><Code>AccessDenied</Code><Message>this file is for who is signed in</Message></Error>\n";
    (axum::http::StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "application/xml")], text).into_response()
}
