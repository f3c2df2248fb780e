//! What belongs to a record beside its fields, over REST: threads, followers, what happened, names that are searched for.

// What is not a #[test] function here is test code all the same.
#![allow(clippy::unwrap_used)]

mod http;

use http::rest::{ARRAY, HASH, JSON, World, error, refused};
use serde_json::{Value, json};

#[test]
fn a_note_has_a_thread_and_nothing_else_has() {
    let world = World::start();
    let note = json!({"subject": "a note", "content": "first", "project": world.project()});
    let note = world.send("POST", "/api/v1/entity/notes", &note).1["data"]["id"].as_i64().unwrap();
    let reply = json!({"content": "second", "entity": {"type": "Note", "id": note}});
    assert_eq!(world.send("POST", "/api/v1/entity/replies", &reply).0, 201);
    let path = format!("/api/v1/entity/notes/{note}/thread_contents");
    let (status, thread) =
        world.get(&format!("{path}?entity_fields[Reply]=content,entity&entity_fields[Note]="));
    assert_eq!(status, 200, "{thread}");
    let kinds: Vec<&str> =
        thread["data"].as_array().unwrap().iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Note", "Reply"]);
    assert_eq!(thread["data"][1]["entity"]["id"], note);
    assert_eq!(error(world.get("/api/v1/entity/notes/99/thread_contents")).0, 404);
    let ticket = world.ticket("a ticket");
    assert_eq!(error(world.get(&format!("/api/v1/entity/tickets/{ticket}/thread_contents"))).0, 404);
}

#[test]
fn people_follow_records_until_they_do_not() {
    let world = World::start();
    let (first, second) = (world.ticket("first"), world.ticket("second"));
    let follow = |records: Value| world.send("POST", "/api/v1/entity/human_users/1/follow", &records);
    let record = |id: i64| json!({"record_id": id, "entity": "Ticket"});
    assert_eq!(follow(json!({"entities": [record(first), record(second)]})).0, 204);
    assert_eq!(follow(json!({"entities": [record(first)]})).0, 204, "again");
    let followers = |id: i64| world.get(&format!("/api/v1/entity/tickets/{id}/followers")).1["data"].clone();
    assert_eq!(
        followers(first),
        json!([{"type": "HumanUser", "id": 1, "attributes": {"name": "Support"},
            "links": {"self": "/api/v1/entity/HumanUser/1"}}])
    );
    let following = |query: &str| -> Vec<i64> {
        let (status, rows) = world.get(&format!("/api/v1/entity/human_users/1/following{query}"));
        assert_eq!(status, 200, "{rows}");
        rows["data"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(following("?entity=tickets"), [first, second]);
    assert_eq!(following(&format!("?project_id={}", world.ready().project_id)), [first, second]);
    assert!(following("?entity=Note").is_empty());
    let unfollow = format!("/api/v1/entity/tickets/{first}/unfollow");
    for _ in 0..2 {
        assert_eq!(world.send("PUT", &unfollow, &json!({"user_id": 1})).0, 204);
    }
    assert_eq!(followers(first), json!([]));
    assert_eq!(following(""), [second]);

    refused(follow(json!({})), 400, 103, "entities is missing");
    refused(
        follow(json!({"entities": [{"record_id": 1, "entity": "Bogus"}]})),
        400,
        103,
        "entity is not valid",
    );
    assert_eq!(error(follow(json!({"entities": [record(first), record(99)]}))).0, 404);
    assert_eq!(followers(first), json!([]), "all of them or none");
    assert_eq!(error(world.send("PUT", &unfollow, &json!({"user_id": 99}))).0, 404);
    assert_eq!(error(world.send("PUT", &unfollow, &json!({}))).0, 400);
    assert_eq!(error(world.get("/api/v1/entity/tickets/99/followers")).0, 404);
    assert_eq!(error(world.get("/api/v1/entity/api_users/1/following")).0, 404);
}

#[test]
fn what_happened_to_a_record_is_told_newest_first() {
    let mut world = World::start();
    http::rest::become_person(&mut world);
    let id = world.ticket("a ticket");
    world.send("PUT", &format!("/api/v1/entity/tickets/{id}"), &json!({"sg_status_list": "ip"}));
    let path = format!("/api/v1/entity/tickets/{id}/activity_stream");
    let (status, stream) = world.get(&format!("{path}?limit=1&entity_fields[Ticket]=title"));
    assert_eq!(status, 200, "{stream}");
    let updates = stream["data"]["updates"].as_array().unwrap();
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0]["primary_entity"]["title"], "a ticket");
    assert!(updates[0]["created_at"].as_str().unwrap().ends_with('Z'), "{stream}");
    let before = format!("{path}?max_id={}", stream["data"]["earliest_update_id"]);
    let earlier = &world.get(&before).1["data"]["updates"];
    assert!(!earlier.as_array().unwrap().is_empty(), "{earlier}");
    for query in ["limit=0", "limit=501", "limit=x", "min_id=x"] {
        assert_eq!(error(world.get(&format!("{path}?{query}"))).0, 400, "{query}");
    }
    assert_eq!(error(world.get("/api/v1/entity/tickets/99/activity_stream")).0, 404);
}

#[test]
fn records_of_several_types_are_found_by_their_names() {
    let world = World::start();
    let id = world.ticket("Maya closes on save");
    world.send("POST", "/api/v1/entity/tags", &json!({"name": "maya"}));
    let path = "/api/v1/entity/_text_search";
    let types =
        json!({"text": "maya", "entity_types": {"Ticket": [["project", "is", world.project()]], "Tag": []}});
    let (status, found) = world.search(path, ARRAY, &types);
    assert_eq!(status, 200, "{found}");
    let kinds: Vec<&str> =
        found["data"].as_array().unwrap().iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Tag", "Ticket"]);
    assert_eq!(
        found["data"][1],
        json!({"type": "Ticket", "id": id, "links": {"self": format!("/api/v1/entity/tickets/{id}")},
            "attributes": {"name": "Maya closes on save", "links": ["", ""], "status": "wtg"}})
    );
    let none = json!({"text": "save maya", "entity_types": {"tickets":
        {"logical_operator": "and", "conditions": [["sg_status_list", "is", "res"]]}}});
    assert_eq!(world.search(path, HASH, &none).1["data"], json!([]));
    assert_eq!(error(world.search(path, JSON, &types)).0, 415);
    for (body, text) in [
        (json!({"text": "", "entity_types": {}}), "text must be filled"),
        (json!({"text": "maya"}), "entity_types is missing"),
        (
            json!({"text": "maya", "entity_types": {}, "page": []}),
            "page is a hash whose size is a number from 1",
        ),
    ] {
        refused(world.search(path, ARRAY, &body), 400, 103, text);
    }
}
