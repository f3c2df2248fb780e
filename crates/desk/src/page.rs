//! The pages: their routes, their headers, their style sheet and their one script.
//!
//! Server-rendered; everything works without the script, which only adds keys, selecting many, copying and live updates. Nothing a
//! user wrote is ever trusted here: templates escape it, and the content security policy allows no script but ours.

mod act;
mod address;
mod archive;
pub(crate) mod board;
mod file;
mod frame_origin;
mod history;
mod list;
pub(crate) mod live;
mod log_text;
pub(crate) mod look;
mod picture;
mod show;
mod ticket;
mod trace;
pub(crate) mod words;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use crate::api3::failed;
use crate::fault::Trouble;
use crate::page::look::Look;
use crate::page::words::Words;
use crate::site::Site;

const STYLE: &str = include_str!("../assets/desk.css");
const SCRIPT: &str = include_str!("../assets/desk.js");
const ICON: &str = include_str!("../assets/icon.svg");
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The routes of the pages.
pub(crate) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/tickets") }))
        .route("/tickets", get(list::tickets))
        .route("/events", get(live::events))
        .route("/tickets/status", post(act::bulk_status))
        .route("/tickets/{id}", get(ticket::ticket))
        .route("/tickets/{id}/traceback", get(ticket::traceback))
        .route("/tickets/{id}/status", post(act::status))
        .route("/tickets/{id}/assign", post(act::assign))
        .route("/tickets/{id}/reply", post(act::reply))
        .route("/attachments/{id}/view", get(file::view))
        .route("/assets/desk.css", get(|| async { asset("text/css; charset=utf-8", STYLE) }))
        .route("/assets/desk.js", get(|| async { asset("text/javascript; charset=utf-8", SCRIPT) }))
        .route("/assets/icon.svg", get(|| async { asset("image/svg+xml", ICON) }))
        .layer(from_fn(guard))
}

/// What every page has in common: what a browser may do with it. Whom it answers is decided by `access::gate`.
async fn guard(request: Request, next: Next) -> Response {
    let kept = look::kept(request.uri().query().unwrap_or_default());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    for cookie in kept {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=300")], text).into_response()
}

/// A template as a page.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => failed(&Trouble::Io(std::io::Error::other(error))),
    }
}

/// A page that says what is not there.
pub(crate) fn missing(look: Look, what: fn(&Words) -> &'static str) -> Response {
    let w = look.w;
    page(StatusCode::NOT_FOUND, &Sorry::new(look, w.not_found, what(w).to_owned()))
}

/// A page that says why something was not done.
pub(crate) fn refused(look: Look, status: StatusCode, why: &str) -> Response {
    let title = look.w.refused;
    page(status, &Sorry::new(look, title, show::visible(why)))
}

#[derive(Template)]
#[template(path = "sorry.html")]
struct Sorry {
    look: Look,
    who: &'static str,
    csrf: &'static str,
    title: &'static str,
    what: String,
}

impl Sorry {
    fn new(look: Look, title: &'static str, what: String) -> Sorry {
        Sorry { look, who: "", csrf: "", title, what }
    }
}
