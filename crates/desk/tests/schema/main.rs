//! The schema through the front door.

// What is not a #[test] function here is test code all the same.
#![allow(clippy::unwrap_used)]

mod created_fields;
mod data_types;
#[path = "../http/mod.rs"]
mod http;
mod rows;

use desk::{Desk, DeskOptions, Ready};
use serde_json::{Value, json};

pub(crate) fn start(folder: &std::path::Path, missing: &[&str]) -> Desk {
    let missing_fields = missing.iter().map(|field| (*field).to_owned()).collect();
    Desk::start(DeskOptions { data: folder.to_owned(), missing_fields, ..DeskOptions::default() }).unwrap()
}

/// Calls a method that must be answered with results.
pub(crate) fn get(ready: &Ready, method: &str, arguments: Value) -> Value {
    let mut answer = http::call(ready, method, arguments.clone());
    assert!(answer.get("exception").is_none(), "{method} {arguments}: {answer}");
    answer["results"].take()
}

/// Calls a method that must be refused; gives code and text.
pub(crate) fn refused(ready: &Ready, method: &str, arguments: Value) -> (i64, String) {
    let answer = http::call(ready, method, arguments.clone());
    assert_eq!(answer["exception"], true, "{method} {arguments}: {answer}");
    (answer["error_code"].as_i64().unwrap(), answer["message"].as_str().unwrap().to_owned())
}

/// The arguments that create a field of Ticket with these properties besides its name.
pub(crate) fn new_field(data_type: &str, label: &str, properties: &Value) -> Value {
    let mut list = vec![json!({"property_name": "name", "value": label})];
    list.extend(list_of(properties));
    json!({"type": "Ticket", "data_type": data_type, "properties": list})
}

pub(crate) fn list_of(properties: &Value) -> impl Iterator<Item = Value> {
    let pairs = properties.as_object().cloned().unwrap_or_default();
    pairs.into_iter().map(|(name, value)| json!({"property_name": name, "value": value}))
}

pub(crate) fn change(field: &str, properties: Value) -> Value {
    let list: Vec<Value> = list_of(&properties).collect();
    json!({"type": "Ticket", "field_name": field, "properties": list})
}

pub(crate) fn set(ticket: i64, field: &str, value: &Value) -> Value {
    json!({"type": "Ticket", "id": ticket, "fields": [{"field_name": field, "value": value}]})
}

pub(crate) fn describe(ready: &Ready, type_name: &str, field: &str) -> Value {
    get(ready, "schema_field_read", json!({"type": type_name, "field_name": field}))[field].take()
}

/// Ids of the tickets that pass one condition.
pub(crate) fn found(ready: &Ready, path: &str, relation: &str, value: &Value) -> Vec<i64> {
    let conditions = json!([{"path": path, "relation": relation, "values": [value]}]);
    let filters = json!({"logical_operator": "and", "conditions": conditions});
    let rows = get(ready, "read", json!({"type": "Ticket", "return_fields": ["id"], "filters": filters}));
    rows["entities"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

pub(crate) fn value_of(ready: &Ready, ticket: i64, field: &str) -> Value {
    let conditions = json!([{"path": "id", "relation": "is", "values": [ticket]}]);
    let filters = json!({"logical_operator": "and", "conditions": conditions});
    let mut rows =
        get(ready, "read", json!({"type": "Ticket", "return_fields": [field], "filters": filters}));
    rows["entities"][0][field].take()
}
