//! What belongs to a record beside its fields: a note's thread, what happened to it, the picture or file behind a field; and the
//! site's preferences.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::api3::{activity, note_thread, preferences};
use crate::fault::{Fault, Trouble};
use crate::rest::answer::{Refusal, data};
use crate::rest::call::Call;
use crate::rest::read::{missing_field, row};
use crate::schema::DataType;

/// Updates of a stream when a call names no number, and most of them at all.
const UPDATES: i64 = 25;
const MAX_UPDATES: i64 = 500;

/// `GET /entity/notes/<id>/thread_contents`
pub(crate) async fn thread(call: Call, _body: Body) -> Result<Response, Refusal> {
    let entity = call.entity()?;
    if entity.name != "Note" {
        return Err(Refusal::nowhere("The requested resource does not exist."));
    }
    let id = call.id(entity)?;
    let arguments = json!({"note_id": id, "entity_fields": entity_fields(&call)});
    let unknown = Fault::unknown_row("Note", id);
    let thread = call
        .read("note_thread_contents", move |reading, context| {
            at_address(note_thread::contents(reading, context, &arguments), &unknown)
        })
        .await?;
    Ok(data(thread, &format!("{}/thread_contents", call.link("Note", Some(id)))))
}

/// `GET /entity/<type>/<id>/activity_stream`
pub(crate) async fn stream(call: Call, _body: Body) -> Result<Response, Refusal> {
    let entity = call.entity()?;
    let id = call.id(entity)?;
    let number = |name: &str| match call.asked(name).map(str::parse::<i64>) {
        None => Ok(None),
        Some(Ok(number)) => Ok(Some(number)),
        Some(Err(_)) => Err(Refusal::request(format!("{name} must be an integer"))),
    };
    let limit = number("limit")?.unwrap_or(UPDATES);
    if !(1..=MAX_UPDATES).contains(&limit) {
        return Err(Refusal::request(format!("limit is a number from 1 to {MAX_UPDATES}")));
    }
    let mut arguments = json!({"type": entity.name, "id": id, "limit": limit});
    arguments["entity_fields"] = entity_fields(&call);
    for name in ["min_id", "max_id"] {
        if let Some(bound) = number(name)? {
            arguments[name] = Value::from(bound);
        }
    }
    let unknown = Fault::unknown_row(&entity.name, id);
    let mut stream = call
        .read("activity_stream", move |reading, context| {
            at_address(activity::read(reading, context, &arguments), &unknown)
        })
        .await?;
    // REST spells times as everywhere else.
    for update in stream.get_mut("updates").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(Value::String(time)) = update.get_mut("created_at") {
            *time = time.replace(" UTC", "Z").replace(' ', "T");
        }
    }
    Ok(data(stream, &format!("{}/activity_stream", call.link(&entity.name, Some(id)))))
}

/// `GET /entity/<type>/<id>/<field>`: a picture or file field; with `alt`, the way to the bytes.
pub(crate) async fn file(call: Call, _body: Body) -> Result<Response, Refusal> {
    let entity = call.entity()?;
    let id = call.id(entity)?;
    let name = call.part("field_name");
    let field = entity.field(name).ok_or_else(|| missing_field(&entity.name, name))?;
    if !matches!(field.data_type, DataType::Image | DataType::Url) {
        let text = format!("Field {}.{name} is not an image or attachment.", entity.name);
        return Err(Refusal::request(text));
    }
    let mut row = row(&call, &entity.name, id, vec![name.to_owned()]).await?;
    let value = row.get_mut(name).map(Value::take).unwrap_or_default();
    match call.asked("alt") {
        None => return Ok(data(value, &format!("{}/{name}", call.link(&entity.name, Some(id))))),
        Some("original" | "thumbnail") => {}
        Some(_) => return Err(Refusal::request("alt must be one of: original, thumbnail")),
    }
    let address = value.as_str().or_else(|| value.get("url").and_then(Value::as_str));
    match address.and_then(|address| HeaderValue::from_str(address).ok()) {
        Some(address) => Ok((StatusCode::FOUND, [(header::LOCATION, address)]).into_response()),
        None => {
            let fault = Fault::write(format!("Field {name} is empty."));
            Err(Refusal::new(StatusCode::NOT_FOUND, fault))
        }
    }
}

/// `GET /preferences`
pub(crate) async fn site_preferences(call: Call, _body: Body) -> Result<Response, Refusal> {
    let names = call.asked("prefs").unwrap_or_default().split(',').map(str::trim);
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    let preferences = preferences::read(&json!({"prefs": names}));
    Ok(data(preferences, &format!("{}/preferences", call.prefix)))
}

/// `entity_fields[<type>]=a,b` of the query string.
fn entity_fields(call: &Call) -> Value {
    let mut by_type = Map::new();
    for (name, fields) in &call.query {
        if let Some(kind) = name.strip_prefix("entity_fields[").and_then(|rest| rest.strip_suffix(']')) {
            let names = fields.split(',').map(str::trim).filter(|name| !name.is_empty());
            by_type.insert(kind.to_owned(), names.collect());
        }
    }
    Value::Object(by_type)
}

/// A fault that says that the address's own row is missing, as the 404 it is here.
fn at_address(result: Result<Value, Trouble>, unknown: &Fault) -> Result<Value, Trouble> {
    match result {
        Err(Trouble::Fault(fault)) if fault == *unknown => Err(Trouble::Missing(fault)),
        other => other,
    }
}
