//! `POST /api3/json`: the JSON-RPC of FPT. Envelope in, method chosen, envelope out.
//!
//! Faults are HTTP 200, as on real sites. What a method does is in `rows`, which REST shares, or in a file here when only api3 has it.

pub(crate) mod activity;
pub(crate) mod following;
mod last_accessed;
pub(crate) mod note_thread;
pub(crate) mod preferences;
pub(crate) mod schema_fields;
pub(crate) mod text_search;
mod unsupported;
mod work_schedule;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, http::header};
use serde_json::{Value, json};

use crate::UploadForm;
use crate::access::auth::{self, Actor, Credentials};
use crate::access::permission::Deed;
use crate::fault::{Fault, Trouble};
use crate::rows::query::{self, Context, PAGE_SIZE};
use crate::rows::summarize;
use crate::rows::write::Writer;
use crate::schema::created_field;
use crate::site::{BodyError, Site, whole_body};

/// Largest request body.
pub(crate) const LIMIT_BYTES: usize = 8 * 1024 * 1024;

/// The FPT version the desk is compatible with.
pub(crate) const VERSION: [u32; 4] = [8, 80, 0, 0];

/// The route's handler.
pub(crate) async fn call(State(site): State<Arc<Site>>, headers: HeaderMap, body: Body) -> Response {
    let body = match whole_body(body, LIMIT_BYTES).await {
        Ok(body) => body,
        Err(BodyError::TooLarge) => {
            let text = format!("an api3 request is at most {LIMIT_BYTES} bytes\n");
            return (StatusCode::PAYLOAD_TOO_LARGE, text).into_response();
        }
        Err(BodyError::Cut) => {
            return (StatusCode::BAD_REQUEST, "the request body is incomplete\n").into_response();
        }
    };
    let address = site.address(&headers);
    let mut response = match answer(&site, address, &body).await {
        Ok(value) => Json(value).into_response(),
        Err(Trouble::Fault(fault)) => Json(fault.to_json()).into_response(),
        Err(trouble) => failed(&trouble),
    };
    site.stamp(response.headers_mut());
    response
}

/// Toolkit reports its usage here and ignores the answer.
pub(crate) async fn track_metrics(body: Body) -> Response {
    match whole_body(body, LIMIT_BYTES).await {
        Ok(_) => ([(header::CONTENT_TYPE, "application/json")], "{}").into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// A failure of the desk itself: the client may try again.
pub(crate) fn failed(trouble: &Trouble) -> Response {
    let mut text = trouble.to_string();
    let mut source = std::error::Error::source(trouble);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    (StatusCode::INTERNAL_SERVER_ERROR, text + "\n").into_response()
}

async fn answer(site: &Arc<Site>, address: String, body: &[u8]) -> Result<Value, Trouble> {
    let mut request: Value = serde_json::from_slice(body)
        .map_err(|error| Fault::request(format!("API the request is not valid JSON: {error}")))?;
    let Some(method) = request.get("method_name").and_then(Value::as_str).map(str::to_owned) else {
        return Err(Fault::request("API invalid/missing string 'method_name'").into());
    };
    if method == "info" {
        return Ok(info(site.uploads));
    }
    let mut params = match request.get_mut("params").map(Value::take) {
        Some(Value::Array(params)) => params,
        _ => return Err(Fault::request("API invalid/missing list 'params'").into()),
    };
    let credentials = Credentials::from_json(params.first())?;
    let actor = site.authenticate(credentials).await?;
    let arguments = params.get_mut(1).map_or_else(|| json!({}), Value::take);
    let results = match method.as_str() {
        "create"
        | "update"
        | "delete"
        | "revive"
        | "batch"
        | "follow"
        | "unfollow"
        | "work_schedule_update"
        | "update_project_last_accessed_by_current_user" => {
            write(site, method, address, actor, arguments).await?
        }
        "get_session_token" => {
            let now = site.now();
            site.callers.got_token(&actor, now);
            let token =
                site.store.write(move |transaction| auth::start_session(transaction, &actor, now)).await?;
            json!({"session_id": token})
        }
        "schema_field_create" | "schema_field_update" | "schema_field_delete" => {
            actor.check(Deed::Administer)?;
            schema_fields::change(site, method, arguments).await?
        }
        _ => read(site, method, address, actor, arguments).await?,
    };
    Ok(json!({"results": results}))
}

async fn write(
    site: &Arc<Site>,
    method: String,
    address: String,
    actor: Actor,
    arguments: Value,
) -> Result<Value, Trouble> {
    let (known, now) = (site.known(), site.now());
    let touches_statuses = schema_fields::touches_statuses(&arguments);
    let results = site
        .store
        .write(move |transaction| {
            let writer =
                Writer { transaction, context: known.writing(&method, now, &address), actor: &actor };
            let seen = Context { sight: Some(&actor), ..writer.context };
            match method.as_str() {
                "create" => writer.create(&arguments),
                "update" => writer.update(&arguments),
                "delete" => writer.set_retired(&arguments, true),
                "revive" => writer.set_retired(&arguments, false),
                "follow" => following::set(transaction, seen, &arguments, true),
                "unfollow" => following::set(transaction, seen, &arguments, false),
                "work_schedule_update" => {
                    actor.check(Deed::Update { type_name: "Project", field: "work_schedule", own: false })?;
                    work_schedule::update(transaction, seen, &arguments)
                }
                "update_project_last_accessed_by_current_user" => {
                    last_accessed::update(transaction, seen, &actor, &arguments)
                }
                _ => writer.batch(&arguments),
            }
        })
        .await?;
    if touches_statuses {
        site.change_schema(created_field::take_statuses).await?;
    }
    Ok(results)
}

async fn read(
    site: &Arc<Site>,
    method: String,
    address: String,
    actor: Actor,
    arguments: Value,
) -> Result<Value, Trouble> {
    let (known, now) = (site.known(), site.now());
    site.store
        .read(move |reading| {
            let context = known.reading(&method, now, &address, &actor);
            match method.as_str() {
                "read" => {
                    let mut answer = query::read(reading, context, &arguments)?;
                    last_accessed::fill(reading, &actor, &mut answer)?;
                    Ok(answer)
                }
                "summarize" => summarize::summarize(reading, context, &arguments),
                "note_thread_contents" => note_thread::contents(reading, context, &arguments),
                "activity_stream" => activity::read(reading, context, &arguments),
                "followers" => following::followers(reading, context, &arguments),
                "following" => following::following(reading, context, &arguments),
                "query_display_name_cache" => text_search::search(reading, context, &arguments),
                "work_schedule_read" => work_schedule::read(reading, context, &arguments),
                "preferences_read" => Ok(preferences::read(&arguments)),
                "schema_entity_read" | "schema_read" | "schema_field_read" => {
                    schema_fields::read(context, &arguments)
                }
                other => Err(unsupported::fault(other, &arguments).into()),
            }
        })
        .await
}

fn info(uploads: UploadForm) -> Value {
    let storage = uploads == UploadForm::Storage;
    let mut info = json!({
        "full_version": VERSION,
        "version": VERSION[..3],
        "user_authentication_method": "default",
        "unified_login_flow_enabled": false,
        "authentication_app_session_launcher_enabled": false,
        "s3_uploads_enabled": storage,
        "s3_direct_uploads_enabled": storage,
        "api_max_entities_per_page": PAGE_SIZE,
    });
    if storage {
        // A list: the official client fails on the bare string.
        info["s3_enabled_upload_types"] = json!({"*": ["*"]});
    }
    info
}
