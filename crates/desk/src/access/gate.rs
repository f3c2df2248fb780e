//! What stands before every page: only browsers that were pointed here by our own name, only people who are signed in, and
//! nothing that another site's page has sent.
//!
//! A layer around the routes of the pages, so that no handler can forget it. The link key is taken out of the address before the
//! page sees it: it reaches no link, no form and no log.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::access::auth::Actor;
use crate::access::visitor::{Visitor, signed};
use crate::access::{link, origin, page_session, sign_in};
use crate::api3::failed;
use crate::fault::Trouble;
use crate::site::Site;

/// For pages that bring no policy of their own.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The layer.
pub(crate) async fn gate(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let mut response = pass(&site, request, next).await;
    guard(response.headers_mut());
    response
}

async fn pass(site: &Arc<Site>, mut request: Request, next: Next) -> Response {
    if !site.names.answer_to(request.headers()) {
        let text =
            "this desk does not answer to this name: use 127.0.0.1 or localhost, or start it with --name\n";
        return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads && !origin::is_own_page(request.headers(), site.scheme) {
        return (StatusCode::FORBIDDEN, "this was sent by a page of another site\n").into_response();
    }
    let link_key = take_link_key(&mut request);
    let path = request.uri().path();
    if path.starts_with("/assets/") {
        return next.run(request).await;
    }
    let for_all = path == sign_in::PATH;
    match returning(site, request.headers()).await {
        Ok(Some(visitor)) => {
            request.extensions_mut().insert(visitor);
            return next.run(request).await;
        }
        Ok(None) if for_all => return next.run(request).await,
        Ok(None) => {}
        Err(trouble) => return failed(&trouble),
    }
    if reads && link_key.is_some_and(|key| site.link_key.is(&key)) {
        match by_link(site).await {
            Ok(Some((visitor, cookie))) => {
                request.extensions_mut().insert(visitor);
                let mut response = next.run(request).await;
                response.headers_mut().insert(header::SET_COOKIE, cookie);
                // Nothing but the origin: the address holds the key. Not `no-referrer`, which takes the origin from forms too.
                let policy = HeaderValue::from_static("strict-origin");
                response.headers_mut().insert(header::REFERRER_POLICY, policy);
                return response;
            }
            Ok(None) => {}
            Err(trouble) => return failed(&trouble),
        }
    }
    let to = reads.then(|| request.uri().path_and_query().map_or("/", |to| to.as_str()));
    sign_in::please(site, request.headers(), to)
}

/// What holds for every page unless it says something stricter by itself.
fn guard(headers: &mut HeaderMap) {
    let preset = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in preset {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
}

/// Takes the link key out of the request's address.
fn take_link_key(request: &mut Request) -> Option<String> {
    let (key, rest) = link::take(request.uri().query()?);
    let key = key?;
    let path = request.uri().path();
    let shorter = if rest.is_empty() { path.to_owned() } else { format!("{path}?{rest}") };
    // What was an address stays one without a part of its query.
    *request.uri_mut() = shorter.parse().unwrap_or_else(|_| Uri::from_static("/"));
    Some(key)
}

/// Whose cookie this is.
pub(super) async fn returning(site: &Arc<Site>, headers: &HeaderMap) -> Result<Option<Visitor>, Trouble> {
    let Some(token) = site.cookie.read(headers) else { return Ok(None) };
    let (session, now) = (page_session::kept(token), site.now());
    let asked = session.clone();
    let found = site
        .store
        .read(move |reading| {
            let Some(actor) = page_session::find(reading, &asked, now)? else { return Ok(None) };
            let name = reading.user_name(&actor.link)?;
            Ok(Some((actor, name)))
        })
        .await?;
    let Some((actor, name)) = found else { return Ok(None) };
    site.used(&actor).await?;
    Ok(Some(visitor(site, actor, name, session)))
}

/// The owner, in a session of this browser; none when the owner was disabled.
async fn by_link(site: &Arc<Site>) -> Result<Option<(Visitor, HeaderValue)>, Trouble> {
    let (owner, now) = (site.owner.clone(), site.now());
    let started = site
        .store
        .write(move |transaction| {
            if !transaction.is_active(&owner)? {
                return Ok(None);
            }
            let token = page_session::start(transaction, &owner, now)?;
            let session = page_session::kept(&token);
            let actor = page_session::find(transaction, &session, now)?;
            let name = transaction.user_name(&owner)?;
            Ok(actor.map(|actor| (actor, name, session, token)))
        })
        .await?;
    let Some((actor, name, session, token)) = started else { return Ok(None) };
    let Some(cookie) = site.cookie.keep(&token) else { return Ok(None) };
    Ok(Some((visitor(site, actor, name, session), cookie)))
}

fn visitor(site: &Site, actor: Actor, name: String, session: String) -> Visitor {
    Visitor { actor, name, csrf: site.signer.sign(&signed(&session)), session }
}
