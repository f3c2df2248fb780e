//! `activity_stream`: what has happened to a row and around it, newest first, read from the event log.
//!
//! Around a row are the notes and files that link to it, what is about it (its tasks, versions, replies), and for a project
//! everything in it. Owns the shape of an update.

use serde_json::{Map, Value, json};

use crate::fault::{Fault, Trouble};
use crate::rows::permit;
use crate::rows::query::{Context, field_names, row};
use crate::rows::value::Link;
use crate::schema::{EntityType, LinkSide};
use crate::store::Reading;
use crate::store::event::{Logged, Nearby, Window};

/// Updates when the caller names no number, and most of them at all.
const DEFAULT_UPDATES: i64 = 100;
const MAX_UPDATES: i64 = 500;
/// Multi-entity fields whose rows belong to what they link to.
const ABOUT: [&str; 2] = ["note_links", "attachment_links"];

/// The api3 method.
pub(crate) fn read(reading: &dyn Reading, context: Context<'_>, arguments: &Value) -> Result<Value, Trouble> {
    let entity = context.entity_of(arguments)?;
    let id = arguments.get("id").and_then(Value::as_i64);
    let id =
        id.ok_or_else(|| Fault::request(format!("API {}() invalid/missing integer 'id'", context.call)))?;
    if reading.is_retired(entity, id)?.is_none() {
        return Err(Fault::unknown_row(&entity.name, id).into());
    }
    permit::visible(reading, context, entity, id)?;
    let number = |name: &str| arguments.get(name).and_then(Value::as_i64);
    let window = Window {
        min_id: number("min_id").unwrap_or(0),
        max_id: number("max_id").unwrap_or(i64::MAX),
        limit: number("limit").unwrap_or(DEFAULT_UPDATES).clamp(1, MAX_UPDATES),
    };
    let this = (entity.name.clone(), id);
    let logged = if entity.name == "Project" {
        reading.events_in_project(id, &window)?
    } else {
        reading.events_around(&this, &nearby(context, entity), &window)?
    };
    let mut updates = Vec::with_capacity(logged.len());
    for entry in &logged {
        updates.push(update(reading, context, entry, arguments.get("entity_fields"))?);
    }
    Ok(json!({
        "entity_type": entity.name,
        "entity_id": id,
        "latest_update_id": logged.first().map(|entry| entry.id),
        "earliest_update_id": logged.last().map(|entry| entry.id),
        "updates": updates,
    }))
}

/// The link fields of other types through which their rows are about rows of this type.
fn nearby<'s>(context: Context<'s>, entity: &EntityType) -> Vec<Nearby<'s>> {
    let mut found = Vec::new();
    for other in context.schema.entities().filter(|other| other.name != crate::rows::event::ENTRY) {
        for field in other.fields.values().filter(|field| field.to.contains(&entity.name)) {
            let several = field.side == LinkSide::Own && ABOUT.contains(&field.name.as_str());
            if several || field.name == "entity" {
                found.push(Nearby { type_name: &other.name, field: &field.name, several });
            }
        }
    }
    found
}

fn update(
    reading: &dyn Reading,
    context: Context<'_>,
    entry: &Logged,
    entity_fields: Option<&Value>,
) -> Result<Value, Trouble> {
    let kind = match entry.event_type.rsplit('_').next() {
        Some("New") if entry.entity.0 == "Reply" => "create_reply",
        Some("New") => "create",
        Some("Retirement") => "delete",
        Some("Revival") => "revive",
        _ => "update",
    };
    let wanted = entity_fields.and_then(|fields| fields.get(&entry.entity.0));
    let mut shown = Map::new();
    shown.insert("id".to_owned(), Value::from(entry.id));
    shown.insert("update_type".to_owned(), Value::from(kind));
    shown.insert(
        "created_at".to_owned(),
        Value::from(entry.created_at.replace('T', " ").replace('Z', " UTC")),
    );
    shown.insert("created_by".to_owned(), person(reading, context, &entry.user)?);
    shown.insert("meta".to_owned(), serde_json::from_str(&entry.meta).unwrap_or(Value::Null));
    shown.insert("read".to_owned(), Value::from(false));
    shown.insert("primary_entity".to_owned(), primary(reading, context, &entry.entity, wanted)?);
    Ok(Value::Object(shown))
}

fn primary(
    reading: &dyn Reading,
    context: Context<'_>,
    link: &Link,
    wanted: Option<&Value>,
) -> Result<Value, Trouble> {
    let Some(entity) = context.schema.entity(&link.0) else { return Ok(Value::Null) };
    let extra = field_names(context, wanted)?;
    let mut fields = vec!["cached_display_name".to_owned()];
    if entity.field("sg_status_list").is_some() {
        fields.push("sg_status_list".to_owned());
    }
    fields.extend(extra.iter().cloned());
    let Some(found) = row(reading, context, entity, link.1, &fields)? else { return Ok(Value::Null) };
    let mut shown = Map::new();
    for name in &extra {
        shown.insert(name.clone(), found[name].clone());
    }
    shown.insert("type".to_owned(), found["type"].clone());
    shown.insert("id".to_owned(), found["id"].clone());
    shown.insert("name".to_owned(), found["cached_display_name"].clone());
    shown.insert("status".to_owned(), found["sg_status_list"].clone());
    Ok(Value::Object(shown))
}

/// A user as streams and threads show one: with status, picture and whether the row is still there.
pub(crate) fn person(reading: &dyn Reading, context: Context<'_>, link: &Link) -> Result<Value, Trouble> {
    let Some(entity) = context.schema.entity(&link.0) else { return Ok(Value::Null) };
    let mut fields = vec!["cached_display_name".to_owned()];
    let others = ["sg_status_list", "image"].into_iter().filter(|name| entity.field(name).is_some());
    fields.extend(others.map(str::to_owned));
    let Some(found) = row(reading, context, entity, link.1, &fields)? else { return Ok(Value::Null) };
    let here = reading.is_retired(entity, link.1)? == Some(false);
    Ok(json!({
        "type": link.0,
        "id": link.1,
        "name": found["cached_display_name"],
        "status": found.get("sg_status_list").cloned().unwrap_or(Value::Null),
        "image": found.get("image").cloned().unwrap_or(Value::Null),
        "valid": if here { "valid" } else { "retired" },
    }))
}
