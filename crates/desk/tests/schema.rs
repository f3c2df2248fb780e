//! Fields that clients create: named as FPT names them, usable at once, there after a restart.

// What is not a #[test] function here is test code all the same.
#![allow(clippy::unwrap_used)]

mod http;

use desk::{Desk, DeskOptions, Ready};
use serde_json::{Value, json};

fn start(folder: &std::path::Path, missing: &[&str]) -> Desk {
    let missing_fields = missing.iter().map(|field| (*field).to_owned()).collect();
    Desk::start(DeskOptions { data: folder.to_owned(), missing_fields, ..DeskOptions::default() }).unwrap()
}

fn create_field(ready: &Ready, data_type: &str, label: &str) -> Value {
    let properties = json!([{"property_name": "name", "value": label}]);
    let arguments = json!({"type": "Ticket", "data_type": data_type, "properties": properties});
    http::call(ready, "schema_field_create", arguments)
}

fn data_type(ready: &Ready, name: &str) -> Value {
    let fields = http::call(ready, "schema_field_read", json!({"type": "Ticket"}));
    fields["results"][name]["data_type"]["value"].clone()
}

#[test]
fn a_created_field_holds_values_at_once_and_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let missing = ["Ticket.sg_incident_key", "Ticket.sg_incident_count"];
    let desk = start(folder.path(), &missing);
    let ready = desk.ready().clone();
    assert_eq!(data_type(&ready, "sg_incident_key"), Value::Null);
    assert_eq!(create_field(&ready, "text", "Incident Key")["results"], "sg_incident_key");
    assert_eq!(create_field(&ready, "number", " Farm: job #")["results"], "sg_farm__job__");
    assert_eq!(create_field(&ready, "text", "Incident Key")["results"], "sg_incident_key_1");
    let fields = json!([
        {"field_name": "project", "value": {"type": "Project", "id": ready.project_id}},
        {"field_name": "title", "value": "a ticket"},
        {"field_name": "sg_incident_key", "value": "g1:00 alice"},
        {"field_name": "sg_farm__job__", "value": 12}]);
    let made = http::call(&ready, "create", json!({"type": "Ticket", "fields": fields}));
    assert_eq!(made["results"]["sg_farm__job__"], 12, "{made}");
    desk.stop();

    let desk = start(folder.path(), &missing);
    let ready = desk.ready();
    assert_eq!(data_type(ready, "sg_incident_key_1"), "text");
    assert_eq!(data_type(ready, "sg_incident_count"), Value::Null, "one that nobody has created");
    let wanted = json!({"type": "Ticket", "return_fields": ["sg_incident_key", "sg_farm__job__"],
        "filters": {"logical_operator": "and", "conditions":
            [{"path": "sg_incident_key", "relation": "is", "values": ["g1:00 alice"]}]}});
    let found = http::call(ready, "read", wanted);
    assert_eq!(found["results"]["entities"][0]["sg_farm__job__"], 12, "{found}");
}

#[test]
fn what_cannot_be_created_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let desk = start(folder.path(), &[]);
    for (data_type, label) in
        [("entity", "Link"), ("magic", "Spell"), ("text", " "), ("text", &"x".repeat(101))]
    {
        let answer = create_field(desk.ready(), data_type, label);
        assert_eq!(answer["exception"], true, "{data_type} {label}: {answer}");
    }
    let answer =
        http::call(desk.ready(), "schema_field_create", json!({"type": "Nothing", "data_type": "text"}));
    assert_eq!(answer["exception"], true, "{answer}");
}
