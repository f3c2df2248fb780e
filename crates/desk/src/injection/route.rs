//! Trouble on demand: which call a request is. Pure.
//!
//! Owns the words of `docs/faults.md` for routes. A path that no handler knows is a call all the same: it fails like its neighbours.

use axum::http::Method;
use serde_json::Value;

use crate::injection::calls::{Call, Door};
use crate::rest::type_name;
use crate::schema::Schema;

/// What a request's head tells of the call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Call(Call),
    /// api3: its body tells.
    Api3,
    /// Never met: the door to the rules themselves.
    Never,
}

/// The call a method and a path stand for.
pub(crate) fn route(schema: &Schema, method: &Method, path: &str) -> Route {
    let files = |name| Route::Call(Call::new(Door::Files, name));
    match path {
        "/api3/json" => Route::Api3,
        "/desk/faults" => Route::Never,
        "/upload/upload_file" => files("upload"),
        "/upload/publish_thumbnail" | "/upload/share_thumbnail" => files("thumbnail"),
        "/upload/api_get_upload_link_info" => files("link-info"),
        "/upload/api_get_upload_link_for_part" => files("link-part"),
        "/upload/api_complete_multipart_upload" => files("complete"),
        "/upload/api_link_file" => files("link"),
        _ if path.starts_with("/desk/faults/") => Route::Never,
        _ if path.starts_with("/storage/") => files(if *method == Method::PUT { "put" } else { "download" }),
        _ if path.starts_with("/file_serve/") || path.starts_with("/images/") => files("download"),
        _ => match rest_path(path) {
            Some(path) => Route::Call(rest(schema, method, path)),
            None => Route::Call(Call::new(Door::Page, "page")),
        },
    }
}

/// The part of a REST path behind its version.
fn rest_path(path: &str) -> Option<&str> {
    let behind = path.strip_prefix("/api/v1.1").or_else(|| path.strip_prefix("/api/v1"))?;
    (behind.is_empty() || behind.starts_with('/')).then_some(behind)
}

fn rest(schema: &Schema, method: &Method, path: &str) -> Call {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let by = |get: &'static str, post: &'static str, put: &'static str, delete: &'static str| match *method {
        Method::GET => get,
        Method::POST => post,
        Method::PUT => put,
        Method::DELETE => delete,
        _ => "other",
    };
    let fields = by("schema_field_read", "schema_field_create", "schema_field_update", "schema_field_delete");
    let (name, entity) = match parts[..] {
        [] => ("info", None),
        ["auth", ..] => ("token", None),
        ["spec.json" | "spec.yaml"] => ("spec", None),
        ["preferences"] => ("preferences_read", None),
        ["entity", "_batch"] => ("batch", None),
        ["entity", "_text_search"] => ("query_display_name_cache", None),
        ["entity", kind] => (by("list", "create", "other", "other"), Some(kind)),
        ["entity", kind, "_search"] => ("search", Some(kind)),
        ["entity", kind, "_summarize"] => ("summarize", Some(kind)),
        ["entity", kind, _] => (by("one", "revive", "update", "delete"), Some(kind)),
        ["entity", kind, _, .., "_upload"] => (by("link-info", "link", "other", "other"), Some(kind)),
        ["entity", kind, _, .., "_upload", "multipart"] => ("link-part", Some(kind)),
        ["entity", kind, _, .., "_upload", _] => ("abort", Some(kind)),
        ["entity", kind, _, "thread_contents"] => ("note_thread_contents", Some(kind)),
        ["entity", kind, _, "activity_stream"] => ("activity_stream", Some(kind)),
        ["entity", kind, _, "followers"] => ("followers", Some(kind)),
        ["entity", kind, _, "follow"] => ("follow", Some(kind)),
        ["entity", kind, _, "unfollow"] => ("unfollow", Some(kind)),
        ["entity", kind, _, "following"] => ("following", Some(kind)),
        ["entity", kind, _, "relationships", ..] => ("relationship", Some(kind)),
        ["entity", kind, _, _] => (by("download", "other", "other", "other"), Some(kind)),
        ["schema"] => ("schema_entity_read", None),
        ["schema", kind] => ("schema_entity_read", Some(kind)),
        ["schema", kind, "fields"] => (fields, Some(kind)),
        ["schema", kind, "fields", _] if *method == Method::POST => ("schema_field_revive", Some(kind)),
        ["schema", kind, "fields", _] => (fields, Some(kind)),
        _ => ("other", None),
    };
    let named = |kind| type_name::find(schema, kind).map_or(kind, |entity| entity.name.as_str()).to_owned();
    let entity = entity.map(named);
    Call { door: Door::Rest, name: name.to_owned(), entity }
}

/// The call an api3 body stands for.
pub(crate) fn api3(body: &[u8]) -> Call {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let arguments = &request["params"][1];
    // The note's thread tells its type by its name only, and a follower's entity is a hash.
    let entity = text(&arguments["type"]).or_else(|| text(&arguments["entity"]["type"]));
    Call { door: Door::Api3, name: text(&request["method_name"]).unwrap_or_default(), entity }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &str, path: &str) -> String {
        let schema = Schema::load(&[]).unwrap();
        match route(&schema, &method.parse().unwrap(), path) {
            Route::Call(call) => format!("{:?} {} {}", call.door, call.name, call.entity.unwrap_or_default()),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn requests_are_the_calls_the_documents_name() {
        for (method, path, call) in [
            ("POST", "/api3/json", "Api3"),
            ("GET", "/desk/faults", "Never"),
            ("DELETE", "/desk/faults/3", "Never"),
            ("POST", "/upload/upload_file", "Files upload "),
            ("PUT", "/storage/1/2", "Files put "),
            ("GET", "/file_serve/attachment/7", "Files download "),
            ("GET", "/file_serve/thumbnail/7", "Files download "),
            ("GET", "/images/status/transient/thumbnail_pending.png", "Files download "),
            ("POST", "/upload/share_thumbnail", "Files thumbnail "),
            ("GET", "/tickets/12", "Page page "),
            ("GET", "/api/v12", "Page page "),
            ("GET", "/api/v1", "Rest info "),
            ("GET", "/api/v1.1/", "Rest info "),
            ("POST", "/api/v1/auth/access_token", "Rest token "),
            ("GET", "/api/v1/entity/tickets", "Rest list Ticket"),
            ("POST", "/api/v1/entity/Ticket", "Rest create Ticket"),
            ("POST", "/api/v1/entity/_batch/", "Rest batch "),
            ("POST", "/api/v1.1/entity/event_log_entries/_search", "Rest search EventLogEntry"),
            ("POST", "/api/v1.1/entity/human_user/_summarize", "Rest summarize HumanUser"),
            ("GET", "/api/v1/entity/tickets/12", "Rest one Ticket"),
            ("POST", "/api/v1/entity/replies/12", "Rest revive Reply"),
            ("PUT", "/api/v1/entity/tickets/12", "Rest update Ticket"),
            ("DELETE", "/api/v1/entity/tickets/12", "Rest delete Ticket"),
            ("PATCH", "/api/v1/entity/tickets/12", "Rest other Ticket"),
            ("GET", "/api/v1/entity/tickets/12/_upload", "Rest link-info Ticket"),
            ("GET", "/api/v1/entity/tickets/12/attachments/_upload", "Rest link-info Ticket"),
            ("POST", "/api/v1/entity/tickets/12/attachments/_upload", "Rest link Ticket"),
            ("GET", "/api/v1/entity/tickets/12/attachments/_upload/multipart", "Rest link-part Ticket"),
            ("POST", "/api/v1/entity/tickets/12/_upload/multipart_abort", "Rest abort Ticket"),
            ("GET", "/api/v1/entity/notes/12/thread_contents", "Rest note_thread_contents Note"),
            ("GET", "/api/v1/entity/tickets/12/image", "Rest download Ticket"),
            ("GET", "/api/v1/entity/nothings/12", "Rest one nothings"),
            ("GET", "/api/v1/schema/Ticket/fields", "Rest schema_field_read Ticket"),
            ("POST", "/api/v1/schema/Ticket/fields", "Rest schema_field_create Ticket"),
            ("DELETE", "/api/v1/schema/Ticket/fields/sg_x", "Rest schema_field_delete Ticket"),
            ("GET", "/api/v1/nothing/at/all", "Rest other "),
        ] {
            assert_eq!(found(method, path), call, "{method} {path}");
        }
    }

    #[test]
    fn an_api3_body_tells_its_method_and_type() {
        let call = api3(br#"{"method_name":"create","params":[{},{"type":"Ticket"}]}"#);
        assert_eq!((call.name.as_str(), call.entity.as_deref()), ("create", Some("Ticket")));
        let call = api3(br#"{"method_name":"follow","params":[{},{"entity":{"type":"Shot","id":1}}]}"#);
        assert_eq!(call.entity.as_deref(), Some("Shot"));
        assert_eq!(api3(b"\xff").name, "");
    }
}
