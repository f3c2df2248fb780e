//! What happens to a call that meets a rule of trouble, in front of the routes. Without rules a request passes at once.
//!
//! Which call a request is is told in `route`, whether it meets a rule is decided in `plan`, what the site itself says is in `refusal`.
//! The rest are the answers of what stands in front of real sites: a page from a proxy, a connection that ends.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Sleep;

use crate::api3::LIMIT_BYTES;
use crate::fault::Fault;
use crate::injection::calls::{Call, Door};
use crate::injection::plan::FaultPlan;
use crate::injection::route::{self, Route};
use crate::injection::rule::{Mishap, Page, Retry, When};
use crate::injection::{missing_field, refusal};
use crate::site::{Site, next_piece, whole_body};

/// An attachment's id that no desk gives out.
const NO_ATTACHMENT: u64 = 2_000_000_000;
/// The rest of an answer is missed after this: long enough for the first half to leave.
const HALF: Duration = Duration::from_millis(100);
const PROXY_PAGE: &str = "<!DOCTYPE html><html><head><title>Gateway</title><style>p{color:#333}</style></head>\
    <body><h1>The site cannot be reached through this gateway</h1><p>Please try again later.</p></body></html>\n";
const SIGN_IN_PAGE: &str = "<!DOCTYPE html><html><head><title>Guest network</title></head>\
    <body><h1>Welcome to the guest network</h1><p>Please accept the terms to go on.</p></body></html>\n";

/// What the layer needs of the desk.
#[derive(Clone)]
pub(crate) struct Layer {
    pub(crate) plan: Arc<FaultPlan>,
    pub(crate) site: Arc<Site>,
}

/// The layer: finds out what is asked, and lets the plan decide.
pub(crate) async fn trouble(State(layer): State<Layer>, request: Request, next: Next) -> Response {
    if layer.plan.is_empty() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let (call, body) = match route::route(&layer.site.known().schema, &parts.method, parts.uri.path()) {
        Route::Never => return next.run(Request::from_parts(parts, body)).await,
        Route::Call(call) => (call, body),
        Route::Api3 => match whole_body(body, LIMIT_BYTES).await {
            Ok(bytes) => (route::api3(&bytes), Body::from(bytes)),
            Err(_) => return (StatusCode::BAD_REQUEST, "the request body is incomplete\n").into_response(),
        },
    };
    let met = layer.plan.meets(&call);
    let request = Request::from_parts(parts, body);
    match met {
        None => next.run(request).await,
        Some(mishap) => happens(mishap, &call, &layer.site, request, next).await,
    }
}

async fn happens(mishap: Mishap, call: &Call, site: &Site, request: Request, next: Next) -> Response {
    match mishap {
        Mishap::Delay { ms, when: When::Before } => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            next.run(request).await
        }
        Mishap::Delay { ms, when: When::After } => {
            let answer = next.run(request).await;
            tokio::time::sleep(Duration::from_millis(ms)).await;
            answer
        }
        Mishap::Stall { when } => {
            if when == When::After {
                drop(next.run(request).await);
            }
            // The server lets go of this when the client does, or when the desk stops.
            std::future::pending().await
        }
        Mishap::Reset => hang_up(),
        Mishap::Lost => {
            drop(next.run(request).await);
            hang_up()
        }
        Mishap::Half => half(next.run(request).await).await,
        Mishap::Status { code, page, retry, when } => {
            match when {
                When::Before => drain(request).await,
                When::After => drop(next.run(request).await),
            }
            status(call, code, page, retry, site.now())
        }
        Mishap::Page => {
            drain(request).await;
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], SIGN_IN_PAGE).into_response()
        }
        Mishap::Expired => {
            drain(request).await;
            refusal::expired(call)
        }
        Mishap::Refused => {
            let path = request.uri().path().to_owned();
            drain(request).await;
            refusal::not_permitted(call, &path)
        }
        Mishap::MissingEntity => {
            drain(request).await;
            refusal::refusal(call, StatusCode::NOT_FOUND, &Fault::unknown_type(call.entity()))
        }
        Mishap::MissingField(missing) => missing_field::answer(&missing, call, request, next).await,
        Mishap::Swallow => {
            drain(request).await;
            match (call.door, call.name.as_str()) {
                (_, "put") => {
                    (StatusCode::OK, [(header::ETAG, "\"d41d8cd98f00b204e9800998ecf8427e\"")]).into_response()
                }
                (Door::Rest, _) => (StatusCode::CREATED, " ").into_response(),
                _ => format!("1:{NO_ATTACHMENT}\n").into_response(),
            }
        }
        Mishap::Sso => sent_on(request, "/saml/saml_login_request?RelayState=").await,
        Mishap::Redirect(to) => sent_on(request, &to).await,
    }
}

/// Ends the connection without an answer. A panic is the one way out of a handler that leaves no answer behind; the connection's
/// task ends with it and nothing else. This form of it prints nothing.
fn hang_up() -> ! {
    std::panic::resume_unwind(Box::new("a fault rule ends this connection"))
}

/// Reads what the client sends, as most servers do before they refuse: it listens only once it has sent everything.
async fn drain(request: Request) {
    let mut body = request.into_body();
    while let Ok(Some(_)) = next_piece(&mut body).await {}
}

async fn sent_on(request: Request, to: &str) -> Response {
    drain(request).await;
    let location = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
}

fn status(call: &Call, code: u16, page: Page, retry: Option<Retry>, now: Timestamp) -> Response {
    let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = match page {
        Page::Html => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], PROXY_PAGE).into_response(),
        Page::Text => "not now\n".into_response(),
        Page::Fault => refusal::status(call, code),
        Page::None => ().into_response(),
    };
    *answer.status_mut() = code;
    let printed = |time: Timestamp| DateTimePrinter::new().timestamp_to_rfc9110_string(&time).ok();
    // A date means something by the clock of the one who gives it.
    if let Some(date) = printed(now).and_then(|date| HeaderValue::from_str(&date).ok()) {
        answer.headers_mut().insert(header::DATE, date);
    }
    let wait = match retry {
        None => None,
        Some(Retry::Seconds(seconds)) => Some(seconds.to_string()),
        Some(Retry::Date(seconds)) => {
            let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
            let then = now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
            printed(then)
        }
    };
    if let Some(value) = wait.and_then(|wait| HeaderValue::from_str(&wait).ok()) {
        answer.headers_mut().insert(header::RETRY_AFTER, value);
    }
    answer
}

/// The first half of an answer's body, announced as the whole.
async fn half(answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    let Ok(whole) = whole_body(body, usize::MAX).await else { hang_up() };
    if whole.is_empty() {
        hang_up();
    }
    let announced = whole.len() as u64;
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(announced));
    let first = Bytes::copy_from_slice(&whole[..whole.len() / 2]);
    Response::from_parts(
        parts,
        Body::new(HalfBody { first: Some(first), announced, rest: Box::pin(tokio::time::sleep(HALF)) }),
    )
}

/// A body that breaks off.
struct HalfBody {
    first: Option<Bytes>,
    announced: u64,
    rest: Pin<Box<Sleep>>,
}

impl http_body::Body for HalfBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        // What was given out leaves while this waits; an error at once would take it along.
        self.rest.as_mut().poll(context).map(|()| Some(Err(std::io::ErrorKind::ConnectionReset.into())))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
