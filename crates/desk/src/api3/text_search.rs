//! `query_display_name_cache` (`text_search` of the official client): rows of several types by what they are called.
//!
//! Every word has to be in the display name, in any order and case. Best match first would need a ranking; the names in order do.

use serde_json::{Map, Value, json};

use crate::fault::{Fault, Trouble};
use crate::rows::query::{Context, Wanted, find};
use crate::schema::{DataType, EntityType};
use crate::store::Reading;

/// Shortest text, in characters.
const MIN_CHARS: usize = 3;
/// Matches when the caller names no number, and most of them at all.
const DEFAULT_MATCHES: i64 = 50;
const MAX_MATCHES: i64 = 500;
/// Words of a search.
const MAX_WORDS: usize = 20;

/// The api3 method: `{"terms", "matches"}`.
pub(crate) fn search(
    reading: &dyn Reading,
    context: Context<'_>,
    arguments: &Value,
) -> Result<Value, Trouble> {
    let refused = |what: &str| Fault::request(format!("API {}() {what}", context.call));
    let text = arguments.get("text").and_then(Value::as_str).map(str::trim);
    let text = text.ok_or_else(|| refused("invalid/missing string 'text'"))?;
    if text.chars().count() < MIN_CHARS {
        return Err(refused(&format!("'text' must be at least {MIN_CHARS} characters long")).into());
    }
    let terms: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    if terms.len() > MAX_WORDS {
        return Err(refused(&format!("'text' has more than {MAX_WORDS} words")).into());
    }
    let Some(Value::Object(types)) = arguments.get("entity_types") else {
        return Err(refused("invalid/missing hash 'entity_types'").into());
    };
    let projects = match arguments.get("project_ids") {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(ids)) => ids.as_slice(),
        Some(_) => return Err(refused("'project_ids' is not a list of ids").into()),
    };
    let limit = match arguments.get("max_results") {
        None | Some(Value::Null) => DEFAULT_MATCHES,
        Some(number) => number.as_i64().unwrap_or_default().clamp(1, MAX_MATCHES),
    };
    let mut matches = Vec::new();
    for (name, filters) in types {
        let entity = context.entity(name)?;
        let Some(filters) = narrowed(entity, filters, &terms, projects) else { continue };
        matches.extend(of_type(reading, context, entity, &filters, limit)?);
    }
    matches.sort_by_key(|found| found["name"].as_str().unwrap_or_default().to_lowercase());
    matches.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(json!({"terms": terms, "matches": matches}))
}

/// The filter for one type; none when no row of it can match.
fn narrowed(entity: &EntityType, filters: &Value, terms: &[String], projects: &[Value]) -> Option<Value> {
    let mut conditions: Vec<Value> = terms
        .iter()
        .map(|term| json!({"path": "cached_display_name", "relation": "contains", "values": [term]}))
        .collect();
    if filters.is_object() {
        conditions.push(filters.clone());
    }
    if !projects.is_empty() {
        if !has_link(entity, "project") {
            return None;
        }
        let values: Vec<Value> = projects.iter().map(|id| json!({"type": "Project", "id": id})).collect();
        conditions.push(json!({"path": "project", "relation": "in", "values": values}));
    }
    Some(json!({"logical_operator": "and", "conditions": conditions}))
}

fn of_type(
    reading: &dyn Reading,
    context: Context<'_>,
    entity: &EntityType,
    filters: &Value,
    limit: i64,
) -> Result<Vec<Value>, Trouble> {
    let mut fields = vec!["cached_display_name".to_owned()];
    fields.extend(["project", "entity"].into_iter().filter(|name| has_link(entity, name)).map(str::to_owned));
    let plain = ["image", "sg_status_list"].into_iter().filter(|name| entity.field(name).is_some());
    fields.extend(plain.map(str::to_owned));
    let rows = find(reading, context, entity, &Wanted::live(filters, &fields, limit))?;
    Ok(rows.into_iter().map(shown).collect())
}

fn has_link(entity: &EntityType, name: &str) -> bool {
    entity.field(name).is_some_and(|field| field.data_type == DataType::Entity)
}

fn shown(row: Value) -> Value {
    let of = |name: &str| row.get(name).cloned().unwrap_or(Value::Null);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let link = of("entity");
    let mut found = Map::new();
    found.insert("id".to_owned(), of("id"));
    found.insert("type".to_owned(), of("type"));
    found.insert("name".to_owned(), of("cached_display_name"));
    found.insert("project_id".to_owned(), row["project"]["id"].clone());
    found.insert("image".to_owned(), of("image"));
    found.insert("links".to_owned(), json!([text(&link["type"]), text(&link["name"])]));
    found.insert("status".to_owned(), of("sg_status_list"));
    Value::Object(found)
}
