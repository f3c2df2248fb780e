//! Trouble on demand: refusals in the words of the route they are on.
//!
//! A fault of api3 is HTTP 200, an upload route says `0` and the reason, the storage service answers XML, REST an error document.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::fault::Fault;
use crate::injection::calls::{Call, Door};
use crate::rest::answer::Refusal;

/// A refusal with a fault of the site. `status` is for the routes that tell by it; the others have their own way.
pub(crate) fn refusal(call: &Call, status: StatusCode, fault: &Fault) -> Response {
    match call.door {
        Door::Api3 => Json(fault.to_json()).into_response(),
        Door::Rest => Refusal::new(status, fault.clone()).into_response(),
        Door::Files if ["put", "download"].contains(&call.name.as_str()) => {
            storage(StatusCode::FORBIDDEN, "AccessDenied", "Request has expired")
        }
        Door::Files => format!("0\n{}\n", fault.message).into_response(),
        Door::Page => (StatusCode::FORBIDDEN, format!("{}\n", fault.message)).into_response(),
    }
}

/// What a bare status looks like when the site itself gives it.
pub(crate) fn status(call: &Call, code: StatusCode) -> Response {
    let reason = code.canonical_reason().unwrap_or("Error");
    let mut answer = match call.door {
        Door::Rest => Refusal::failure(code, reason).into_response(),
        Door::Api3 => Json(json!({"exception": true, "message": reason})).into_response(),
        Door::Files if ["put", "download"].contains(&call.name.as_str()) => {
            storage(code, &reason.replace(' ', ""), reason)
        }
        Door::Files => format!("0\n{reason}\n").into_response(),
        Door::Page => format!("{reason}\n").into_response(),
    };
    *answer.status_mut() = code;
    answer
}

/// The session or key is not accepted.
pub(crate) fn expired(call: &Call) -> Response {
    match (call.door, call.name.as_str()) {
        (Door::Rest, "token") | (Door::Api3 | Door::Files | Door::Page, _) => refusal(
            call,
            StatusCode::BAD_REQUEST,
            &Fault::credentials("Can't authenticate session token ending with 'f00d'"),
        ),
        (Door::Rest, _) => refusal(call, StatusCode::UNAUTHORIZED, &Fault::credentials("Token Expired")),
    }
}

/// What a permission group that forbids something makes of it: rows are not there for those who may not see them.
pub(crate) fn not_permitted(call: &Call, path: &str) -> Response {
    let entity = call.entity();
    let fault = match (call.door, call.name.as_str()) {
        (Door::Api3, "read") => {
            let paging = json!({"current_page": 1, "entities_per_page": 500, "has_next_page": false,
                "entity_count": 0, "page_count": 0});
            return Json(json!({"results": {"entities": [], "paging_info": paging}})).into_response();
        }
        (Door::Rest, "list" | "search") => return Json(json!({"data": [], "links": {}})).into_response(),
        (Door::Rest, "one") => {
            let id = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            let fault = Fault::write(format!("{entity}: {id} not found"));
            return refusal(call, StatusCode::NOT_FOUND, &fault);
        }
        (Door::Api3 | Door::Rest, "create") => Fault::write(format!(
            "API create() CRUD ERROR #1: Entity of type {entity} cannot be created by this user."
        )),
        (Door::Api3 | Door::Rest, "update") => {
            Fault::write(format!("API update() The field is not editable for this user: [{entity}]."))
        }
        (Door::Files, _) | (_, "link-info" | "link-part" | "link") => {
            Fault::write("Permission denied: this user cannot attach files to this entity.")
        }
        (_, other) => Fault::write(format!("API {other}() {entity} is not permitted for this user.")),
    };
    refusal(call, StatusCode::BAD_REQUEST, &fault)
}

fn storage(status: StatusCode, code: &str, message: &str) -> Response {
    let xml =
        format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
    let kind = HeaderValue::from_static("application/xml");
    (status, [(header::CONTENT_TYPE, kind)], xml).into_response()
}
