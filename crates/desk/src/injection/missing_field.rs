//! Trouble on demand: a site that has no such fields. They are not in its schema, and who names one is refused.
//!
//! Reads over REST leave out what they do not know instead of refusing it, as on real sites.

use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::api3::LIMIT_BYTES;
use crate::fault::Fault;
use crate::injection::calls::{Call, Door};
use crate::injection::refusal::refusal;
use crate::site::whole_body;

/// The answer of a site without the fields `missing`.
pub(crate) async fn answer(missing: &[String], call: &Call, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let bytes = whole_body(body, LIMIT_BYTES).await.unwrap_or_default();
    let schema = call.name.starts_with("schema_");
    if !schema && let Some(field) = missing.iter().find(|field| names(call, &bytes, field)) {
        let fault = Fault::unknown_field(&call.name, call.entity(), field);
        return refusal(call, StatusCode::BAD_REQUEST, &fault);
    }
    // The answer is read, so it must not come packed.
    parts.headers.remove(header::ACCEPT_ENCODING);
    let answer = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    if !schema && call.door != Door::Rest {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    let bytes = whole_body(body, usize::MAX).await.unwrap_or_default();
    let Ok(mut answer) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    without(&mut answer, missing, 0);
    parts.headers.remove(header::CONTENT_LENGTH);
    (parts.status, parts.headers, Json(answer)).into_response()
}

/// Whether a body names the field where that is an error.
fn names(call: &Call, body: &[u8], field: &str) -> bool {
    let Ok(mut body) = serde_json::from_slice::<Value>(body) else { return false };
    if call.door == Door::Rest
        && let Some(body) = body.as_object_mut()
    {
        // What a search asks for.
        body.remove("fields");
    }
    body.to_string().contains(&format!("\"{field}\""))
}

/// Takes the fields out of what lists fields: the schema, and the halves of a REST record.
fn without(answer: &mut Value, missing: &[String], depth: usize) {
    if depth > 8 {
        return;
    }
    match answer {
        Value::Array(items) => items.iter_mut().for_each(|item| without(item, missing, depth + 1)),
        Value::Object(items) => {
            items.retain(|name, _| !missing.contains(name));
            items.values_mut().for_each(|item| without(item, missing, depth + 1));
        }
        _ => {}
    }
}
