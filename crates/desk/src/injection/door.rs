//! `/desk/faults`: the rules of trouble of a running desk, seen and changed by whoever has the desk's script key.
//!
//! Not a part of FPT. The key comes in a header that no page of another site can send.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use serde::Deserialize;
use serde_json::json;

use crate::access::auth::Credentials;
use crate::fault::Fault;
use crate::injection::plan::FaultPlan;
use crate::injection::rule::FaultRule;
use crate::site::{Site, whole_body};

const LIMIT_BYTES: usize = 64 * 1024;
/// Rules that wait at once.
const LIMIT_RULES: usize = 100;

/// What the door needs of the desk.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) plan: Arc<FaultPlan>,
    pub(crate) site: Arc<Site>,
    /// The script user whose key opens it.
    pub(crate) script_name: Arc<str>,
}

/// What comes with a POST.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRules {
    rules: Vec<String>,
}

/// The routes.
pub(crate) fn routes(plan: &Arc<FaultPlan>, site: &Arc<Site>, script_name: &str) -> Router {
    let door = Door { plan: Arc::clone(plan), site: Arc::clone(site), script_name: script_name.into() };
    Router::new()
        .route("/desk/faults", get(show).post(add).delete(clear))
        .route("/desk/faults/{number}", delete(remove))
        .with_state(door)
}

async fn show(State(door): State<Door>, headers: HeaderMap) -> Response {
    match door.refuses(&headers).await {
        Some(refusal) => refusal,
        None => door.rules(StatusCode::OK),
    }
}

async fn add(State(door): State<Door>, headers: HeaderMap, body: Body) -> Response {
    if let Some(refusal) = door.refuses(&headers).await {
        return refusal;
    }
    let Ok(body) = whole_body(body, LIMIT_BYTES).await else {
        return refused(StatusCode::BAD_REQUEST, "the body is incomplete or larger than 64 KiB");
    };
    let new: NewRules = match serde_json::from_slice(&body) {
        Ok(new) => new,
        Err(error) => {
            let advice = "write {\"rules\": [\"create:Ticket=lost,times=1\"]}";
            return refused(StatusCode::BAD_REQUEST, &format!("the body cannot be read ({error}): {advice}"));
        }
    };
    let rules: Result<Vec<FaultRule>, _> = new.rules.iter().map(|rule| rule.parse()).collect();
    match rules {
        Err(error) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
        Ok(rules) if door.plan.states().len() + rules.len() > LIMIT_RULES => {
            let text = format!("a desk has at most {LIMIT_RULES} rules: take some away first");
            refused(StatusCode::BAD_REQUEST, &text)
        }
        Ok(rules) => {
            door.plan.add(rules);
            door.rules(StatusCode::CREATED)
        }
    }
}

async fn clear(State(door): State<Door>, headers: HeaderMap) -> Response {
    if let Some(refusal) = door.refuses(&headers).await {
        return refusal;
    }
    door.plan.remove(None);
    door.rules(StatusCode::OK)
}

async fn remove(State(door): State<Door>, Path(number): Path<String>, headers: HeaderMap) -> Response {
    if let Some(refusal) = door.refuses(&headers).await {
        return refusal;
    }
    match number.parse() {
        Ok(number) if door.plan.remove(Some(number)) => door.rules(StatusCode::OK),
        _ => refused(StatusCode::NOT_FOUND, "there is no rule of this number"),
    }
}

impl Door {
    /// Everybody but the desk's own script is refused.
    async fn refuses(&self, headers: &HeaderMap) -> Option<Response> {
        if !self.site.bound.ip().is_loopback() && self.site.scheme != "https" {
            let text =
                "rules are shown and changed on this machine, or over TLS: the key would travel in clear";
            return Some(refused(StatusCode::FORBIDDEN, text));
        }
        let Some(key) = bearer(headers) else {
            let text = "the key of the desk's script is needed: Authorization: Bearer KEY";
            return Some(refused(StatusCode::UNAUTHORIZED, text));
        };
        let script = json!({"script_name": *self.script_name, "script_key": key});
        let credentials = match Credentials::from_json(Some(&script)) {
            Ok(credentials) => credentials,
            Err(Fault { message, .. }) => return Some(refused(StatusCode::UNAUTHORIZED, &message)),
        };
        match self.site.authenticate(credentials).await {
            Ok(_) => None,
            Err(trouble) => Some(refused(StatusCode::UNAUTHORIZED, &trouble.to_string())),
        }
    }

    fn rules(&self, status: StatusCode) -> Response {
        (status, Json(json!({"rules": self.plan.states()}))).into_response()
    }
}

fn refused(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({"error": text}))).into_response()
}

/// The key after `Authorization: Bearer`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}
