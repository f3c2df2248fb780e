//! The pages: their routes, their headers, their style sheet. Server-rendered, without any script.
//!
//! Nothing a user wrote is ever trusted here: templates escape it, and the content security policy allows no script at all.

mod file;
mod list;
mod show;
mod ticket;
mod ticket_text;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;

use crate::api3::failed;
use crate::fault::Trouble;
use crate::site::Site;

const STYLE: &str = include_str!("../assets/desk.css");
const ICON: &str = include_str!("../assets/icon.svg");
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The routes of the pages.
pub(crate) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/tickets") }))
        .route("/tickets", get(list::tickets))
        .route("/tickets/{id}", get(ticket::ticket))
        .route("/attachments/{id}/view", get(file::view))
        .route("/assets/desk.css", get(|| async { asset("text/css; charset=utf-8", STYLE) }))
        .route("/assets/icon.svg", get(|| async { asset("image/svg+xml", ICON) }))
        .layer(from_fn(guard))
}

/// What every page has in common: what a browser may do with it. Whom it answers is decided by `access::gate`.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
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
pub(crate) fn missing(what: &str) -> Response {
    page(StatusCode::NOT_FOUND, &Missing { what })
}

#[derive(Template)]
#[template(path = "missing.html")]
struct Missing<'a> {
    what: &'a str,
}
