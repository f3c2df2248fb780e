//! Event log entries: what each change leaves behind, and what leaves nothing. And writes through the other side of a link, whose
//! changes are logged where they happen.

// What is not a #[test] function here is test code all the same.
#![allow(clippy::unwrap_used)]

mod http;

use desk::{Desk, DeskOptions, Ready};
use serde_json::{Value, json};

fn start() -> (tempfile::TempDir, Desk) {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::start(DeskOptions { data: folder.path().to_owned(), ..DeskOptions::default() }).unwrap();
    (folder, desk)
}

fn results(ready: &Ready, method: &str, arguments: Value) -> Value {
    let answer = http::call(ready, method, arguments);
    answer.get("results").unwrap_or_else(|| panic!("{answer}")).clone()
}

fn set(name: &str, value: Value) -> Value {
    json!({"field_name": name, "value": value})
}

fn create(ready: &Ready, kind: &str, fields: &[Value]) -> i64 {
    results(ready, "create", json!({"type": kind, "fields": fields}))["id"].as_i64().unwrap()
}

/// The entries of a row, oldest first.
fn events(ready: &Ready, kind: &str, id: i64) -> Vec<Value> {
    let fields = ["event_type", "attribute_name", "meta", "project", "user", "session_uuid", "description"];
    let arguments = json!({"type": "EventLogEntry", "return_fields": fields, "sorts": [{"field_name": "id"}],
        "filters": {"logical_operator": "and", "conditions": [
            {"path": "entity", "relation": "is", "values": [{"type": kind, "id": id}]}]}});
    results(ready, "read", arguments)["entities"].as_array().unwrap().clone()
}

/// Type and attribute of each.
fn brief(events: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    events.iter().map(|event| (text(&event["event_type"]), text(&event["attribute_name"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
}

#[test]
fn every_change_of_a_row_leaves_its_entries() {
    let (_folder, desk) = start();
    let ready = desk.ready();
    let ticket = http::create_ticket(ready, "logged");
    let tag = create(ready, "Tag", &[set("name", json!("red"))]);
    let change =
        |fields: Value| results(ready, "update", json!({"type": "Ticket", "id": ticket, "fields": fields}));
    change(json!([set("sg_status_list", json!("opn")), set("title", json!("logged"))]));
    change(json!([set("tags", json!([{"type": "Tag", "id": tag}]))]));
    results(ready, "delete", json!({"type": "Ticket", "id": ticket}));
    results(ready, "delete", json!({"type": "Ticket", "id": ticket}));
    results(ready, "revive", json!({"type": "Ticket", "id": ticket}));

    let events = events(ready, "Ticket", ticket);
    let expected = pairs(&[
        ("Shotgun_Ticket_New", ""),
        ("Shotgun_Ticket_Change", "title"),
        ("Shotgun_Ticket_Change", "project"),
        ("Shotgun_Ticket_Change", "sg_status_list"),
        ("Shotgun_Ticket_Change", "tags"),
        ("Shotgun_Ticket_Retirement", ""),
        ("Shotgun_Ticket_Revival", ""),
    ]);
    assert_eq!(brief(&events), expected, "what stayed as it was (the title of the update) leaves none");
    assert_eq!(
        events[1]["meta"],
        json!({"type": "attribute_change", "attribute_name": "title", "field_data_type": "text", "in_create": true,
            "entity_type": "Ticket", "entity_id": ticket, "old_value": null, "new_value": "logged"})
    );
    assert_eq!(
        (&events[3]["meta"]["old_value"], &events[3]["meta"]["new_value"]),
        (&json!("wtg"), &json!("opn"))
    );
    assert_eq!(
        events[3]["description"],
        "tk-incident changed \"Status\" from \"wtg\" to \"opn\" on Ticket logged"
    );
    assert_eq!(events[4]["meta"]["added"], json!([{"type": "Tag", "id": tag, "name": "red"}]));
    assert_eq!(events[4]["meta"]["removed"], json!([]));
    for event in &events {
        assert_eq!(event["project"]["id"], ready.project_id, "{event}");
        assert_eq!(event["user"]["name"], "tk-incident", "{event}");
    }
}

#[test]
fn what_is_rolled_back_or_not_wanted_leaves_none() {
    let (_folder, desk) = start();
    let ready = desk.ready();
    let ticket = http::create_ticket(ready, "kept");
    let before = events(ready, "Ticket", ticket).len();
    let answer = http::call(
        ready,
        "batch",
        json!([
            {"request_type": "update", "type": "Ticket", "id": ticket, "fields": [set("title", json!("lost"))]},
            {"request_type": "update", "type": "Ticket", "id": ticket, "fields": [set("nope", json!(1))]},
        ]),
    );
    assert_eq!(answer["error_code"], 103);
    assert_eq!(events(ready, "Ticket", ticket).len(), before);

    let me = json!({"type": "ApiUser", "id": 1, "fields": [set("generate_event_log_entries", json!(false))]});
    results(ready, "update", me);
    results(
        ready,
        "update",
        json!({"type": "Ticket", "id": ticket, "fields": [set("title", json!("unseen"))]}),
    );
    let quiet = http::create_ticket(ready, "quiet");
    assert_eq!(events(ready, "Ticket", ticket).len(), before);
    assert_eq!(events(ready, "Ticket", quiet).len(), 0);
}

#[test]
fn entries_are_the_desk_s_own_and_carry_the_session() {
    let (_folder, desk) = start();
    let ready = desk.ready();
    let ticket = http::create_ticket(ready, "watched");
    let first = events(ready, "Ticket", ticket)[0]["id"].clone();
    for (method, arguments) in [
        (
            "update",
            json!({"type": "EventLogEntry", "id": first, "fields": [set("description", json!("else"))]}),
        ),
        ("delete", json!({"type": "EventLogEntry", "id": first})),
        (
            "create",
            json!({"type": "EventLogEntry", "fields": [set("event_type", json!("Shotgun_Ticket_New"))]}),
        ),
    ] {
        let answer = http::call(ready, method, arguments);
        assert_eq!(answer["error_code"], 104, "{answer}");
        assert!(answer["message"].as_str().unwrap().contains("by this user"), "{answer}");
    }
    // Toolkit adds entries of kinds of its own.
    create(ready, "EventLogEntry", &[set("event_type", json!("Toolkit_Folders_Create"))]);

    let uuid = "5ad4b7ba-5c54-4c02-aa49-9a0e3b1d1f6e";
    let mut auth = http::auth(ready);
    auth["session_uuid"] = json!(uuid);
    let body = json!({"method_name": "update", "params": [auth,
        {"type": "Ticket", "id": ticket, "fields": [set("title", json!("seen"))]}]});
    let kind = [("Content-Type", "application/json")];
    http::send(&ready.url, "POST", "/api3/json", &kind, body.to_string().as_bytes()).unwrap();
    let events = events(ready, "Ticket", ticket);
    assert_eq!(events.last().unwrap()["session_uuid"], uuid);
    assert_eq!(events[0]["session_uuid"], Value::Null);
}

#[test]
fn links_are_written_from_their_other_side_and_logged_where_they_are() {
    let (_folder, desk) = start();
    let ready = desk.ready();
    let project = set("project", json!({"type": "Project", "id": ready.project_id}));
    let shots: Vec<i64> = ["010", "020"]
        .iter()
        .map(|code| create(ready, "Shot", &[project.clone(), set("code", json!(code))]))
        .collect();
    let link = |id: i64| json!({"type": "Shot", "id": id});
    let sequence = create(
        ready,
        "Sequence",
        &[project.clone(), set("code", json!("sq")), set("shots", json!([link(shots[0]), link(shots[1])]))],
    );
    let shown = || {
        let filters = json!({"logical_operator": "and", "conditions": []});
        let arguments =
            json!({"type": "Shot", "return_fields": ["sg_sequence.Sequence.code"], "filters": filters});
        let rows = results(ready, "read", arguments)["entities"].clone();
        rows.as_array()
            .unwrap()
            .iter()
            .map(|row| row["sg_sequence.Sequence.code"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(), [json!("sq"), json!("sq")]);
    let update =
        json!({"type": "Sequence", "id": sequence, "fields": [set("shots", json!([link(shots[1])]))]});
    assert_eq!(results(ready, "update", update)["shots"].as_array().unwrap().len(), 1);
    assert_eq!(shown(), [Value::Null, json!("sq")]);
    let last = events(ready, "Shot", shots[0]).pop().unwrap();
    assert_eq!(last["attribute_name"], "sg_sequence");
    assert_eq!(
        (&last["meta"]["old_value"]["name"], &last["meta"]["new_value"]),
        (&json!("sq"), &Value::Null)
    );
}

#[test]
fn emptying_the_replies_of_a_note_retires_them() {
    let (_folder, desk) = start();
    let ready = desk.ready();
    let project = set("project", json!({"type": "Project", "id": ready.project_id}));
    let note = create(ready, "Note", &[project, set("subject", json!("about"))]);
    let entity = set("entity", json!({"type": "Note", "id": note}));
    let replies: Vec<i64> = ["first", "second"]
        .iter()
        .map(|content| create(ready, "Reply", &[entity.clone(), set("content", json!(content))]))
        .collect();
    let orphan = create(ready, "Reply", &[set("content", json!("belongs to nothing"))]);
    let write = |replies: Value| {
        http::call(ready, "update", json!({"type": "Note", "id": note, "fields": [set("replies", replies)]}))
    };
    let refused = write(json!([{"type": "Reply", "id": orphan}]));
    assert_eq!(refused["message"], "API update() Reply.entity is editable on create only.");
    assert_eq!(
        write(json!([{"type": "Reply", "id": replies[1]}]))["results"]["replies"].as_array().unwrap().len(),
        1
    );
    assert_eq!(write(json!([]))["results"]["replies"], json!([]));
    for reply in replies {
        assert_eq!(events(ready, "Reply", reply).pop().unwrap()["event_type"], "Shotgun_Reply_Retirement");
    }
    let kept = http::call(ready, "delete", json!({"type": "Reply", "id": orphan}));
    assert_eq!(kept["error_code"], 104, "a reply without an entity cannot be deleted: {kept}");
}
