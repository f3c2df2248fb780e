//! What happens to a call that meets a rule of trouble: in front of the routes, and only on a desk that has rules.
//!
//! Whether a call meets one is decided in `fault_plan`. The answers are those of real sites and of what stands in front of them:
//! faults of api3, `0` and a reason on upload routes, XML from the storage service, a page from a proxy.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::Sleep;

use crate::api3::LIMIT_BYTES;
use crate::fault::Fault;
use crate::injection::plan::FaultPlan;
use crate::injection::rule::{Call, Mishap, Page, Retry, When};
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
    let (parts, body) = request.into_parts();
    let (call, body) = match route(parts.uri.path()) {
        None => return next.run(Request::from_parts(parts, body)).await,
        Some(Some(call)) => (call, body),
        Some(None) => match whole_body(body, LIMIT_BYTES).await {
            Ok(bytes) => (api3_call(&bytes), Body::from(bytes)),
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

/// The call a path stands for; `Some(None)` for api3, whose body tells.
fn route(path: &str) -> Option<Option<Call>> {
    Some(match path {
        "/api3/json" => None,
        "/upload/upload_file" => Some(Call::Upload),
        "/upload/api_get_upload_link_info" => Some(Call::LinkInfo),
        "/upload/api_get_upload_link_for_part" => Some(Call::LinkPart),
        "/upload/api_complete_multipart_upload" => Some(Call::Complete),
        "/upload/api_link_file" => Some(Call::Link),
        _ if path.starts_with("/storage/") => Some(Call::Put),
        _ if path.starts_with("/file_serve/") => Some(Call::Download),
        _ => return None,
    })
}

fn api3_call(body: &[u8]) -> Call {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Call::Api3 {
        method: text(&request["method_name"]).unwrap_or_default(),
        entity: text(&request["params"][1]["type"]),
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
            status(code, page, retry, site.now())
        }
        Mishap::Page => {
            drain(request).await;
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], SIGN_IN_PAGE).into_response()
        }
        Mishap::Expired => {
            drain(request).await;
            refusal(call, Fault::credentials("Can't authenticate session token ending with 'f00d'"))
        }
        Mishap::Refused => {
            drain(request).await;
            not_permitted(call)
        }
        Mishap::MissingEntity => {
            drain(request).await;
            refusal(call, Fault::unknown_type(entity(call)))
        }
        Mishap::MissingField(missing) => without_fields(&missing, call, request, next).await,
        Mishap::Swallow => {
            drain(request).await;
            match call {
                Call::Put => {
                    (StatusCode::OK, [(header::ETAG, "\"d41d8cd98f00b204e9800998ecf8427e\"")]).into_response()
                }
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

fn status(code: u16, page: Page, retry: Option<Retry>, now: Timestamp) -> Response {
    let mut answer = match page {
        Page::Html => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], PROXY_PAGE).into_response(),
        Page::Text => "not now\n".into_response(),
        Page::None => ().into_response(),
    };
    *answer.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
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

fn entity(call: &Call) -> &str {
    match call {
        Call::Api3 { entity: Some(entity), .. } => entity,
        _ => "Attachment",
    }
}

/// A refusal in the words of the route it is on.
fn refusal(call: &Call, fault: Fault) -> Response {
    match call {
        Call::Api3 { .. } => Json(fault.to_json()).into_response(),
        Call::Put | Call::Download => {
            let xml = "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
            (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "application/xml")], xml).into_response()
        }
        _ => format!("0\n{}\n", fault.message).into_response(),
    }
}

/// What a permission group that forbids something makes of it: rows are not there for those who may not see them.
fn not_permitted(call: &Call) -> Response {
    let entity = entity(call);
    let fault = match call {
        Call::Api3 { method, .. } => match method.as_str() {
            "read" => {
                let paging = json!({"current_page": 1, "entities_per_page": 500, "has_next_page": false,
                    "entity_count": 0, "page_count": 0});
                return Json(json!({"results": {"entities": [], "paging_info": paging}})).into_response();
            }
            "create" => Fault::write(format!(
                "API create() CRUD ERROR #1: Entity of type {entity} cannot be created by this user."
            )),
            "update" => {
                Fault::write(format!("API update() The field is not editable for this user: [{entity}]."))
            }
            other => Fault::write(format!("API {other}() {entity} is not permitted for this user.")),
        },
        _ => Fault::write("Permission denied: this user cannot attach files to this entity."),
    };
    refusal(call, fault)
}

/// A site that has no such fields: they are not in the schema, and who names one is refused.
async fn without_fields(missing: &[String], call: &Call, request: Request, next: Next) -> Response {
    let Call::Api3 { method, .. } = call else { return next.run(request).await };
    let (parts, body) = request.into_parts();
    let bytes = whole_body(body, LIMIT_BYTES).await.unwrap_or_default();
    if !method.starts_with("schema_") {
        let text = String::from_utf8_lossy(&bytes);
        if let Some(field) = missing.iter().find(|field| text.contains(&format!("\"{field}\""))) {
            return refusal(call, Fault::unknown_field(method, entity(call), field));
        }
        return next.run(Request::from_parts(parts, Body::from(bytes))).await;
    }
    let (_, body) = next.run(Request::from_parts(parts, Body::from(bytes))).await.into_parts();
    let answer = whole_body(body, usize::MAX).await.unwrap_or_default();
    let mut answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    if let Some(fields) = answer["results"].as_object_mut() {
        for field in missing {
            fields.remove(field);
            for of_type in fields.values_mut().filter_map(Value::as_object_mut) {
                of_type.remove(field);
            }
        }
    }
    Json(answer).into_response()
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
