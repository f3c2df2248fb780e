//! Writing records: create, update, delete, revive, and several at once.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::access::secret::random_16;
use crate::fault::{Fault, Trouble, clip};
use crate::rest::answer::{Refusal, document, nothing};
use crate::rest::call::Call;
use crate::rest::fields::all;
use crate::rest::record::record;
use crate::rest::type_name;
use crate::rows::write::Writer;
use crate::schema::{DataType, EntityType, created_field};

/// The type whose rows name statuses.
const STATUS: &str = "Status";

/// `POST /entity/<type>`
pub(crate) async fn create(call: Call, body: Body) -> Result<Response, Refusal> {
    let sent = call.json(body).await?;
    let entity = call.entity()?;
    let arguments = create_arguments(entity, &sent);
    let row = call.write("create", move |writer| writer.create(&arguments)).await?;
    statuses(&call, entity.name == STATUS).await?;
    let record = created(call.prefix, entity, row, &sent);
    let links = record["links"].clone();
    Ok(document(StatusCode::CREATED, &json!({"data": record, "links": links})))
}

/// `PUT /entity/<type>/<id>`
pub(crate) async fn update(call: Call, body: Body) -> Result<Response, Refusal> {
    let sent = call.json(body).await?;
    let entity = call.entity()?;
    let id = call.id(entity)?;
    let arguments = update_arguments(entity, id, &sent);
    let name = entity.name.clone();
    let row = call
        .write("update", move |writer| {
            must_be_there(writer, &name, id)?;
            writer.update(&arguments)
        })
        .await?;
    statuses(&call, entity.name == STATUS).await?;
    Ok(document(StatusCode::OK, &updated(call.prefix, entity, &row)))
}

/// `DELETE /entity/<type>/<id>`
pub(crate) async fn delete(call: Call, _body: Body) -> Result<Response, Refusal> {
    let entity = call.entity()?;
    let id = call.id(entity)?;
    let name = entity.name.clone();
    call.write("delete", move |writer| {
        must_be_there(writer, &name, id)?;
        writer.set_retired(&json!({"type": name, "id": id}), true)
    })
    .await?;
    statuses(&call, entity.name == STATUS).await?;
    Ok(nothing())
}

/// `POST /entity/<type>/<id>?revive=true`
pub(crate) async fn revive(call: Call, _body: Body) -> Result<Response, Refusal> {
    if call.asked("revive") != Some("true") {
        return Err(Refusal::request("a POST to a record revives it: it needs revive=true"));
    }
    let entity = call.entity()?;
    let id = call.id(entity)?;
    let arguments = json!({"type": entity.name, "id": id});
    let unknown = Fault::unknown_row(&entity.name, id);
    let revived = call
        .write("revive", move |writer| match writer.set_retired(&arguments, false) {
            Err(Trouble::Fault(fault)) if fault == unknown => Err(Trouble::Missing(fault)),
            other => other,
        })
        .await?;
    statuses(&call, entity.name == STATUS).await?;
    let answer = json!({
        "data": {"type": entity.name, "id": id},
        "links": {"self": call.link(&entity.name, Some(id))},
        "meta": {"did_revive": revived},
    });
    Ok(document(StatusCode::OK, &answer))
}

/// `POST /entity/_batch`: all of it or nothing.
pub(crate) async fn batch(call: Call, body: Body) -> Result<Response, Refusal> {
    let sent = call.json(body).await?;
    let Some(Value::Array(requests)) = sent.get("requests") else {
        return Err(Refusal::request("API batch() invalid/missing list 'requests'"));
    };
    let mut entries = Vec::with_capacity(requests.len());
    for request in requests {
        entries.push(Entry::of(&call, request)?);
    }
    let arguments: Value = entries.iter().map(|entry| entry.arguments.clone()).collect();
    let results = call.write("batch", move |writer| writer.batch(&arguments)).await?;
    statuses(&call, entries.iter().any(|entry| entry.entity.name == STATUS)).await?;
    let results = results.as_array().cloned().unwrap_or_default();
    let rows = entries.iter().zip(results).map(|(entry, result)| entry.answer(call.prefix, result));
    Ok(document(StatusCode::OK, &json!({"data": rows.collect::<Vec<_>>()})))
}

/// One request of a batch.
struct Entry<'c> {
    entity: &'c EntityType,
    sent: Map<String, Value>,
    arguments: Value,
}

impl<'c> Entry<'c> {
    fn of(call: &'c Call, request: &Value) -> Result<Entry<'c>, Refusal> {
        let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
        let entity = type_name::find(&call.known.schema, text("entity"))
            .ok_or_else(|| Fault::unknown_type(text("entity")))?;
        let sent = match request.get("data") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(sent)) => sent.clone(),
            Some(_) => return Err(Refusal::request("API batch() 'data' is not a hash of fields")),
        };
        let id = || {
            request.get("record_id").and_then(Value::as_i64).ok_or_else(|| {
                Refusal::request(format!(
                    "API batch() invalid/missing integer 'record_id': {}",
                    clip(&request.to_string())
                ))
            })
        };
        let kind = text("request_type");
        let mut arguments = match kind {
            "create" => create_arguments(entity, &sent),
            "update" => update_arguments(entity, id()?, &sent),
            "delete" => json!({"type": entity.name, "id": id()?}),
            other => {
                return Err(Refusal::request(format!(
                    "API batch() request_type is 'create', 'update' or 'delete', not '{}'",
                    clip(other)
                )));
            }
        };
        arguments["request_type"] = Value::from(kind);
        Ok(Entry { entity, sent, arguments })
    }

    fn answer(&self, prefix: &str, result: Value) -> Value {
        match self.arguments["request_type"].as_str() {
            Some("create") => json!({"data": created(prefix, self.entity, result, &self.sent)}),
            Some("update") => updated(prefix, self.entity, &result),
            _ => json!({
                "request_type": "delete",
                "type": self.entity.name,
                "id": self.arguments["id"],
                "uuid": uuid::Uuid::from_bytes(random_16()).to_string(),
                "did_delete": result,
            }),
        }
    }
}

/// The schema shows the names of statuses, which are rows.
async fn statuses(call: &Call, touched: bool) -> Result<(), Refusal> {
    if touched {
        call.site.change_schema(created_field::take_statuses).await?;
    }
    Ok(())
}

/// A row whose absence is the address's fault: status 404.
fn must_be_there(writer: &Writer<'_>, type_name: &str, id: i64) -> Result<(), Trouble> {
    let entity = writer.context.entity(type_name)?;
    writer.must_be_active(entity, id).map_err(|trouble| match trouble {
        Trouble::Fault(fault) => Trouble::Missing(fault),
        other => other,
    })
}

fn create_arguments(entity: &EntityType, sent: &Map<String, Value>) -> Value {
    json!({"type": entity.name, "fields": fields(entity, sent), "return_fields": all(entity)})
}

fn update_arguments(entity: &EntityType, id: i64, sent: &Map<String, Value>) -> Value {
    json!({"type": entity.name, "id": id, "fields": fields(entity, sent), "return_fields": all(entity)})
}

/// Flat JSON as the rows engine takes it. A multi-entity field may come in a wrapper that says whether to set, add or remove.
fn fields(entity: &EntityType, sent: &Map<String, Value>) -> Value {
    sent.iter()
        .map(|(name, value)| {
            let many = entity.field(name).is_some_and(|field| field.data_type == DataType::MultiEntity);
            match (many, value.get("multi_entity_update_mode")) {
                (true, Some(mode)) => json!({
                    "field_name": name,
                    "multi_entity_update_mode": mode,
                    "value": value.get("value").unwrap_or(&Value::Null),
                }),
                _ => json!({"field_name": name, "value": value}),
            }
        })
        .collect()
}

/// The record of a new row: what was sent, what the server filled in, all links. Its times are spelt another way than anywhere
/// else, as on real sites.
fn created(prefix: &str, entity: &EntityType, row: Value, sent: &Map<String, Value>) -> Value {
    let mut record = record(prefix, entity, &row);
    if let Some(attributes) = record.get_mut("attributes").and_then(Value::as_object_mut) {
        attributes.retain(|name, value| sent.contains_key(name) || !value.is_null());
        for name in ["created_at", "updated_at"] {
            if let Some(Value::String(time)) = attributes.get_mut(name) {
                *time = time.replace('T', " ").replace('Z', " UTC");
            }
        }
    }
    record
}

fn updated(prefix: &str, entity: &EntityType, row: &Value) -> Value {
    json!({"data": record(prefix, entity, row), "links": {}, "status": "successful"})
}
