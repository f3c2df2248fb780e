//! What belongs to a record beside its fields: a note's thread, a picture or file behind a field; and the site's preferences.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::api3::{note_thread, preferences};
use crate::fault::{Fault, Trouble, clip};
use crate::rest::answer::{Refusal, data};
use crate::rest::call::Call;
use crate::rest::read::{missing_field, row};
use crate::schema::DataType;

/// `GET /entity/notes/<id>/thread_contents`
pub(crate) async fn thread(call: Call, _body: Body) -> Result<Response, Refusal> {
    let entity = call.entity()?;
    if entity.name != "Note" {
        return Err(Refusal::nowhere("The requested resource does not exist."));
    }
    let id = call.id(entity)?;
    let mut by_type = Map::new();
    for (name, fields) in &call.query {
        if let Some(kind) = name.strip_prefix("entity_fields[").and_then(|rest| rest.strip_suffix(']')) {
            by_type.insert(kind.to_owned(), fields.split(',').map(str::trim).collect());
        }
    }
    let arguments = json!({"note_id": id, "entity_fields": by_type});
    let unknown = Fault::unknown_row("Note", id);
    let thread = call
        .read("note_thread_contents", move |connection, context| {
            match note_thread::contents(connection, context, &arguments) {
                Err(Trouble::Fault(fault)) if fault == unknown => Err(Trouble::Missing(fault)),
                other => other,
            }
        })
        .await?;
    Ok(data(thread, &format!("{}/thread_contents", call.link("Note", Some(id)))))
}

/// `GET /entity/<type>/<id>/<field>?alt=original|thumbnail`: where the bytes are.
pub(crate) async fn file(call: Call, _body: Body) -> Result<Response, Refusal> {
    let entity = call.entity()?;
    let id = call.id(entity)?;
    let name = call.part("field_name");
    let holds_file =
        entity.field(name).is_some_and(|field| matches!(field.data_type, DataType::Image | DataType::Url));
    if !holds_file {
        return Err(missing_field(&entity.name, name));
    }
    if let Some(other) = call.asked("alt").filter(|alt| !["original", "thumbnail"].contains(alt)) {
        return Err(Refusal::request(format!("alt is 'original' or 'thumbnail', not '{}'", clip(other))));
    }
    let row = row(&call, &entity.name, id, vec![name.to_owned()]).await?;
    let value = &row[name];
    let address = value.as_str().or_else(|| value.get("url").and_then(Value::as_str));
    match address.and_then(|address| HeaderValue::from_str(address).ok()) {
        Some(address) => Ok((StatusCode::FOUND, [(header::LOCATION, address)]).into_response()),
        None => Err(Refusal::nowhere(format!("{}.{name} of {id} holds no file", entity.name))),
    }
}

/// `GET /preferences`
pub(crate) async fn site_preferences(call: Call, _body: Body) -> Result<Response, Refusal> {
    let names = call.asked("prefs").unwrap_or_default().split(',').map(str::trim);
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    let preferences = preferences::read(&json!({"prefs": names}));
    Ok(data(preferences, &format!("{}/preferences", call.prefix)))
}
