//! `POST /entity/_text_search`: records of several types by what they are called.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::api3::text_search;
use crate::fault::clip;
use crate::rest::answer::{Refusal, document};
use crate::rest::call::{Call, bytes, object};
use crate::rest::filter::{self, Form};
use crate::rest::type_name;

/// Records of an answer, when a call names no number.
const SIZE: i64 = 25;

/// The operation.
pub(crate) async fn search(call: Call, body: Body) -> Result<Response, Refusal> {
    let form = Form::of(call.media_type().as_deref())?;
    let body = object(&bytes(body).await?)?;
    let text = body.get("text").and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let Some(text) = text else { return Err(Refusal::request("text must be filled")) };
    let Some(Value::Object(asked)) = body.get("entity_types") else {
        return Err(Refusal::request("entity_types is missing"));
    };
    let mut types = Map::new();
    for (name, filters) in asked {
        let entity = type_name::find(&call.known.schema, name);
        let entity =
            entity.ok_or_else(|| Refusal::request(format!("entity_types: '{}' is no type", clip(name))))?;
        types.insert(entity.name.clone(), filter::of_body(form, Some(filters))?);
    }
    let size = match body.get("page").map(|page| (page.is_object(), page.get("size"))) {
        None | Some((true, None)) => Some(SIZE),
        Some((true, Some(size))) => size.as_i64().filter(|size| *size > 0),
        Some((false, _)) => None,
    };
    let size = size.ok_or_else(|| Refusal::request("page is a hash whose size is a number from 1"))?;
    let arguments = json!({"text": text, "entity_types": types, "max_results": size});
    let found = call
        .read("query_display_name_cache", move |reading, context| {
            text_search::search(reading, context, &arguments)
        })
        .await?;
    let rows = found["matches"].as_array().into_iter().flatten().map(|row| {
        let own = call.link(row["type"].as_str().unwrap_or_default(), row["id"].as_i64());
        json!({
            "type": row["type"],
            "id": row["id"],
            "attributes": {"name": row["name"], "links": row["links"], "status": row["status"]},
            "links": {"self": own},
        })
    });
    Ok(document(StatusCode::OK, &json!({"data": rows.collect::<Vec<_>>()})))
}
