//! Who looks at a page, for its handler; and a form they sent, with its token checked.
//!
//! `gate` has let them in before any handler runs. A handler that takes a body takes it as [`Posted`], so that none can forget the
//! token.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::access::auth::Actor;
use crate::rows::value::Link;
use crate::site::{Site, whole_body};

/// The field of every form that carries [`Visitor::csrf`].
pub(crate) const CSRF_FIELD: &str = "csrf";
/// The header that carries it when a script sends something else than a form.
const CSRF_HEADER: &str = "x-csrf-token";
/// Largest form.
const MAX_FORM_BYTES: usize = 1024 * 1024;

/// A person at a page.
#[derive(Clone)]
#[allow(dead_code, reason = "for the pages that write")]
pub(crate) struct Visitor {
    /// As whom the page reads and writes.
    pub(crate) actor: Actor,
    /// What they are called.
    pub(crate) name: String,
    /// What every form of a page carries in its field `csrf`; of this session alone.
    pub(crate) csrf: String,
    /// What is kept of their session's token.
    pub(super) session: String,
}

#[allow(dead_code, reason = "for the pages that write")]
impl Visitor {
    /// Their row.
    pub(crate) fn link(&self) -> &Link {
        &self.actor.link
    }
}

impl FromRequestParts<Arc<Site>> for Visitor {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _site: &Arc<Site>) -> Result<Visitor, StatusCode> {
        // Only a route outside the gate has none: a fault of ours, answered without letting anybody in.
        parts.extensions.get::<Visitor>().cloned().ok_or(StatusCode::UNAUTHORIZED)
    }
}

/// A form that a page of ours has sent for a visitor.
#[allow(dead_code, reason = "for the pages that write")]
pub(crate) struct Posted {
    pub(crate) visitor: Visitor,
    /// Names and values in their order; a name may come more than once.
    pub(crate) fields: Fields,
}

/// The fields of a form.
pub(crate) struct Fields(Vec<(String, String)>);

#[allow(dead_code, reason = "for the pages that write")]
impl Fields {
    /// The first value of a name.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// All values of a name, in order.
    pub(crate) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

impl FromRequest<Arc<Site>> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Posted, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor =
            Visitor::from_request_parts(&mut parts, site).await.map_err(IntoResponse::into_response)?;
        let fields = form(&parts.headers, body).await?;
        let sent = match parts.headers.get(CSRF_HEADER) {
            Some(token) => token.to_str().ok(),
            None => fields.one(CSRF_FIELD),
        };
        if !sent.is_some_and(|sent| site.signer.check(&signed(&visitor.session), sent)) {
            let text = "this form is not one of yours, or is older than your sign-in: go back, reload and try again\n";
            return Err((StatusCode::FORBIDDEN, text).into_response());
        }
        Ok(Posted { visitor, fields })
    }
}

/// What the token of a session's forms signs.
pub(super) fn signed(session: &str) -> String {
    format!("form of {session}")
}

/// A urlencoded form.
pub(super) async fn form(headers: &HeaderMap, body: Body) -> Result<Fields, Response> {
    let refuse = |text: &'static str| (StatusCode::BAD_REQUEST, text).into_response();
    let body = whole_body(body, MAX_FORM_BYTES)
        .await
        .map_err(|_| refuse("the form is incomplete or too large\n"))?;
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = Method::POST;
    if let Some(kind) = headers.get(header::CONTENT_TYPE) {
        request.headers_mut().insert(header::CONTENT_TYPE, kind.clone());
    }
    let axum::Form(fields) =
        axum::Form::from_request(request, &()).await.map_err(|_| refuse("not a urlencoded form\n"))?;
    Ok(Fields(fields))
}
