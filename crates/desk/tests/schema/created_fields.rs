//! Fields that clients create, change, hide and delete, and what is refused.

use desk::{Desk, DeskOptions};
use serde_json::{Value, json};

use crate::{change, describe, found, get, http, new_field, refused, set, start, value_of};

#[test]
fn a_refusal_says_what_a_site_says() {
    let folder = tempfile::tempdir().unwrap();
    let desk = start(folder.path(), &[]);
    let ready = desk.ready();
    let ticket = http::create_ticket(ready, "a ticket");
    let update = |field: &str, value: Value| refused(ready, "update", set(ticket, field, &value));
    assert_eq!(
        update("title", json!(12345)),
        (
            103,
            "API update() Ticket.title expected [String, NilClass] data type(s) but got Integer: 12345"
                .to_owned()
        )
    );
    assert_eq!(
        update("sg_status_list", json!("zz")),
        (
            104,
            "Update failed for [Ticket.sg_status_list]: 'zz' is not a valid status. Valid statuses: wtg, opn, ip, rev, res"
                .to_owned()
        )
    );
    assert_eq!(
        update("updated_at", json!("2026-01-01T00:00:00Z")).1,
        "API update() Ticket.updated_at is editable on create only."
    );
    assert_eq!(update("nope", json!(1)).1, "API update() Ticket.nope doesn't exist.");
    for field in ["id", "time_logs_sum", "cached_display_name"] {
        assert_eq!(update(field, Value::Null).1, format!("API update() Ticket.{field} is not editable."));
    }
}

#[test]
fn a_created_field_is_named_after_its_label_and_usable_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let missing = ["Ticket.sg_incident_key", "Ticket.sg_incident_count"];
    let desk = start(folder.path(), &missing);
    let ready = desk.ready().clone();
    let create = |data_type: &str, label: &str| {
        get(&ready, "schema_field_create", new_field(data_type, label, &json!({})))
    };
    let unknown = json!({"type": "Ticket", "field_name": "sg_incident_key"});
    assert_eq!(refused(&ready, "schema_field_read", unknown).0, 103);
    assert_eq!(create("text", "Incident Key"), "sg_incident_key");
    assert_eq!(create("number", " Farm: job #"), "sg_farm__job__");
    assert_eq!(create("text", "Incident Key"), "sg_incident_key_1");
    let fields = json!([
        {"field_name": "project", "value": {"type": "Project", "id": ready.project_id}},
        {"field_name": "title", "value": "a ticket"},
        {"field_name": "sg_incident_key", "value": "g1:00 alice"},
        {"field_name": "sg_farm__job__", "value": 12}]);
    let made = get(&ready, "create", json!({"type": "Ticket", "fields": fields}));
    assert_eq!(made["sg_farm__job__"], 12, "{made}");
    let link = new_field("entity", "Farm", &json!({"valid_types": ["Project"]}));
    assert_eq!(get(&ready, "schema_field_create", link), "sg_farm");
    // Columns of the link are sg_farm__type and sg_farm__id.
    assert_eq!(create("text", "Farm: Type"), "sg_farm__type_1");
    assert_eq!(create("number", "Farm: Id"), "sg_farm__id_1");
    desk.stop();

    let desk = start(folder.path(), &missing);
    let ready = desk.ready();
    let fields = get(ready, "schema_field_read", json!({"type": "Ticket"}));
    assert_eq!(fields["sg_incident_key_1"]["data_type"]["value"], "text");
    assert!(fields.get("sg_incident_count").is_none(), "one that nobody has created");
    let ticket = made["id"].as_i64().unwrap();
    assert_eq!(found(ready, "sg_incident_key", "is", &json!("g1:00 alice")), [ticket]);
}

#[test]
fn properties_are_changed_and_a_created_field_is_hidden_in_one_project() {
    let folder = tempfile::tempdir().unwrap();
    let desk = start(folder.path(), &[]);
    let ready = desk.ready().clone();
    let update = |arguments: Value| get(&ready, "schema_field_update", arguments);
    let properties =
        json!({"valid_values": ["low", "high"], "description": "How hard", "summary_default": "count"});
    get(&ready, "schema_field_create", new_field("list", "Complexity", &properties));
    let ticket = http::create_ticket(&ready, "a ticket");
    get(&ready, "update", set(ticket, "sg_complexity", &json!("high")));

    let changes = json!({"name": "Effort", "valid_values": ["low", "middle"], "default_value": "middle"});
    assert_eq!(update(change("sg_complexity", changes)), true);
    assert_eq!(update(change("title", json!({"name": "Subject", "description": "One line"}))), true);
    assert_eq!(
        update(change(
            "sg_status_list",
            json!({"valid_values": ["wtg", "hld", "res"], "default_value": "hld"})
        )),
        true
    );
    assert_eq!(value_of(&ready, ticket, "sg_complexity"), "high", "what a row has stays");
    assert!(
        refused(&ready, "update", set(ticket, "sg_complexity", &json!("high"))).1.contains("low, middle")
    );
    let newer = http::create_ticket(&ready, "newer");
    assert_eq!(value_of(&ready, newer, "sg_complexity"), "middle");
    assert_eq!(value_of(&ready, newer, "sg_status_list"), "hld");

    let other = get(
        &ready,
        "create",
        json!({"type": "Project", "fields": [{"field_name": "name", "value": "Other"}]}),
    );
    let here = json!({"type": "Project", "id": ready.project_id});
    let mut hide = change("sg_complexity", json!({"visible": false}));
    assert_eq!(refused(&ready, "schema_field_update", hide.clone()).0, 103, "in which project?");
    hide["project"] = here.clone();
    assert_eq!(update(hide), true);
    desk.stop();

    let desk = start(folder.path(), &[]);
    let ready = desk.ready().clone();
    let visible = |project: Value| {
        let wanted = json!({"type": "Ticket", "field_name": "sg_complexity", "project": project});
        get(&ready, "schema_field_read", wanted)["sg_complexity"]["visible"].take()
    };
    assert_eq!(visible(here.clone()), json!({"value": false, "editable": true}));
    assert_eq!(
        visible(json!({"type": "Project", "id": other["id"]})),
        json!({"value": true, "editable": true})
    );
    assert_eq!(visible(Value::Null), json!({"value": true, "editable": true}));
    let all = get(&ready, "schema_read", json!({"project": here}));
    assert_eq!(all["Ticket"]["sg_complexity"]["visible"]["value"], false);
    let described = describe(&ready, "Ticket", "sg_complexity");
    assert_eq!(described["name"]["value"], "Effort");
    assert_eq!(described["description"]["value"], "How hard");
    assert_eq!(described["properties"]["valid_values"]["value"], json!(["low", "middle"]));
    assert_eq!(described["properties"]["default_value"]["value"], "middle");
    assert_eq!(described["properties"]["summary_default"]["value"], "count");
    assert_eq!(describe(&ready, "Ticket", "title")["name"]["value"], "Subject");
    assert_eq!(describe(&ready, "Ticket", "title")["visible"], json!({"value": true, "editable": false}));
    let statuses = describe(&ready, "Ticket", "sg_status_list");
    assert_eq!(
        statuses["properties"]["display_values"]["value"],
        json!({"wtg": "Waiting to Start", "hld": "On Hold", "res": "Resolved"})
    );
}

#[test]
fn what_cannot_be_done_to_a_field_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let desk = start(folder.path(), &[]);
    let ready = desk.ready();
    let create = |data_type: &str, label: &str, properties: Value| {
        refused(ready, "schema_field_create", new_field(data_type, label, &properties))
    };
    for (data_type, label, properties) in [
        ("entity", "Link", json!({})),
        ("entity", "Link", json!({"valid_types": ["Nothing"]})),
        ("multi_entity", "Links", json!({"valid_types": []})),
        ("magic", "Spell", json!({})),
        ("calculated", "Sum", json!({})),
        ("summary", "Sum", json!({})),
        ("text", " ", json!({})),
        ("text", &"x".repeat(101), json!({})),
        ("text", "Values", json!({"valid_values": ["a"]})),
        ("text", "Unknown", json!({"colour": "red"})),
        ("number", "Default", json!({"default_value": "many"})),
        ("list", "Default", json!({"valid_values": ["a"], "default_value": "b"})),
        ("list", "Values", json!({"valid_values": "a"})),
        ("status_list", "Values", json!({"valid_values": ["zz"]})),
        ("text", "Summary", json!({"summary_default": "median"})),
        ("text", "Hidden", json!({"visible": false})),
    ] {
        let (code, text) = create(data_type, label, properties.clone());
        assert!(code == 103 || code == 104, "{data_type} {label} {properties}: {text}");
    }
    assert_eq!(refused(ready, "schema_field_create", json!({"type": "Nothing", "data_type": "text"})).0, 103);
    assert_eq!(refused(ready, "schema_field_create", json!({"type": "Ticket", "data_type": "text"})).0, 103);
    let here = json!({"type": "Project", "id": ready.project_id});
    for (properties, project) in [
        (json!({"name": ""}), Value::Null),
        (json!({"visible": false}), here),
        (json!({"valid_types": ["Shot"]}), Value::Null),
        (json!({"name": 5}), Value::Null),
    ] {
        let mut arguments = change("title", properties);
        arguments["project"] = project;
        refused(ready, "schema_field_update", arguments);
    }
    refused(ready, "schema_field_update", change("nope", json!({"name": "x"})));
    let (code, text) =
        refused(ready, "schema_field_delete", json!({"type": "Ticket", "field_name": "title"}));
    assert_eq!(
        (code, text.as_str()),
        (104, "API schema_field_delete() Ticket.title came with the site and cannot be deleted.")
    );
    assert_eq!(describe(ready, "Ticket", "title")["name"]["value"], "Title", "a refusal changes nothing");
}

#[test]
fn a_field_keeps_its_properties_when_what_they_name_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let desk = start(folder.path(), &[]);
    let ready = desk.ready().clone();
    let fields = json!([{"field_name": "code", "value": "blk"}, {"field_name": "name", "value": "Blocked"}]);
    let status = get(&ready, "create", json!({"type": "Status", "fields": fields}));
    let seen = json!({"valid_types": ["Shot", "Asset"], "description": "where"});
    get(&ready, "schema_field_create", new_field("multi_entity", "Seen In", &seen));
    let states = json!({"valid_values": ["opn", "blk"], "default_value": "blk"});
    get(&ready, "schema_field_create", new_field("status_list", "State", &states));
    get(&ready, "delete", json!({"type": "Status", "id": status["id"]}));
    desk.stop();

    let options = DeskOptions { data: folder.path().to_owned(), ..DeskOptions::default() };
    let desk = Desk::start(DeskOptions { disabled_entities: vec!["Shot".to_owned()], ..options }).unwrap();
    let ready = desk.ready();
    let described = describe(ready, "Ticket", "sg_seen_in");
    assert_eq!(described["description"]["value"], "where", "{described}");
    let described = describe(ready, "Ticket", "sg_state");
    assert_eq!(described["properties"]["valid_values"]["value"], json!(["opn", "blk"]));
    let ticket = http::create_ticket(ready, "a ticket");
    assert_eq!(value_of(ready, ticket, "sg_state"), "blk");
    assert_eq!(value_of(ready, ticket, "sg_seen_in"), json!([]));
}
