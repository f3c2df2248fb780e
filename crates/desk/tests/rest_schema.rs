//! The schema over REST: types, fields, and fields that come, change, go and come back.

// What is not a #[test] function here is test code all the same.
#![allow(clippy::unwrap_used)]

mod http;

use desk::DeskOptions;
use http::rest::{World, error, refused};
use serde_json::json;

#[test]
fn the_schema_is_that_of_api3() {
    let world = World::start();
    let (_, types) = world.get("/api/v1/schema");
    let api3 = |method: &str, arguments| http::call(world.ready(), method, arguments)["results"].clone();
    assert_eq!(types["data"], api3("schema_entity_read", json!({})));
    assert_eq!(world.get("/api/v1/schema/tickets").1["data"], types["data"]["Ticket"]);
    let fields = api3("schema_field_read", json!({"type": "Ticket"}));
    let (_, read) = world.get("/api/v1.1/schema/Ticket/fields");
    assert_eq!(read["data"], fields);
    assert_eq!(read["links"]["self"], "/api/v1.1/schema/Ticket/fields");
    assert_eq!(world.get("/api/v1/schema/Ticket/fields/title").1["data"], fields["title"]);
    refused(world.get("/api/v1/schema/Nope"), 404, 103, "Entity type 'Nope' does not exist.");
    refused(world.get("/api/v1/schema/Ticket/fields/nope"), 404, 103, "Field 'Ticket.nope' does not exist.");
    for path in ["", "/Ticket", "/Ticket/fields", "/Ticket/fields/title"] {
        assert_eq!(error(world.get(&format!("/api/v1/schema{path}?project_id=x"))).0, 400, "{path}");
    }
}

#[test]
fn a_disabled_type_is_not_there() {
    let options = DeskOptions { disabled_entities: vec!["Ticket".to_owned()], ..DeskOptions::default() };
    let world = World::with(options);
    assert!(world.get("/api/v1/schema").1["data"].get("Ticket").is_none());
    for path in ["/api/v1/schema/Ticket", "/api/v1/entity/tickets", "/api/v1/entity/Ticket/1"] {
        let (status, code, text) = error(world.get(path));
        assert_eq!((status, code), (404, 103), "{path}");
        assert!(text.ends_with("does not exist."), "{text}");
    }
}

#[test]
fn a_field_comes_changes_goes_and_comes_back() {
    let world = World::start();
    let property = |name: &str, value: &str| json!([{"property_name": name, "value": value}]);
    let new = json!({"data_type": "text", "properties": property("name", "Farm Job")});
    let (status, made) = world.send("POST", "/api/v1/schema/Ticket/fields", &new);
    assert_eq!((status, &made["data"]["name"]["value"]), (201, &json!("Farm Job")), "{made}");
    let field = made["links"]["self"].as_str().unwrap().to_owned();
    assert_eq!(field, "/api/v1/schema/Ticket/fields/sg_farm_job");
    let ticket = world.ticket("a ticket");
    let record = format!("/api/v1/entity/tickets/{ticket}");
    assert_eq!(world.send("PUT", &record, &json!({"sg_farm_job": "12"})).0, 200);

    let changed = json!({"data_type": "text", "properties": property("description", "Which job")});
    let (status, changed) = world.send("PUT", &field, &changed);
    assert_eq!((status, &changed["data"]["description"]["value"]), (200, &json!("Which job")));
    assert_eq!(world.send("DELETE", &field, &json!({})).0, 204);
    assert_eq!(error(world.send("DELETE", &field, &json!({}))).0, 404);
    assert_eq!(error(world.send("PUT", &record, &json!({"sg_farm_job": "13"}))).0, 400);
    assert_eq!(world.send("POST", &field, &json!({"revive": true})).0, 204);
    assert_eq!(world.get(&record).1["data"]["attributes"]["sg_farm_job"], "12", "with the values it had");
    assert_eq!(world.send("DELETE", &field, &json!({})).0, 204);
    assert_eq!(
        world.send("POST", &format!("{field}?revive=true"), &json!({})).0,
        204,
        "as the JavaScript client does"
    );
    for (method, path, body) in [
        ("POST", field.as_str(), json!({})),
        ("POST", "/api/v1/schema/Ticket/fields", json!({"properties": []})),
        (
            "POST",
            "/api/v1/schema/Ticket/fields",
            json!({"data_type": "magic", "properties": property("name", "x")}),
        ),
        ("DELETE", "/api/v1/schema/Ticket/fields/title", json!({})),
    ] {
        assert_eq!(error(world.send(method, path, &body)).0, 400, "{method} {path}");
    }
}

#[test]
fn a_status_that_is_renamed_has_its_new_name_in_the_schema() {
    let world = World::start();
    let (_, found) = world.get("/api/v1/entity/statuses?filter[code]=wtg");
    let id = found["data"][0]["id"].as_i64().unwrap();
    assert_eq!(world.send("PUT", &format!("/api/v1/entity/statuses/{id}"), &json!({"name": "Later"})).0, 200);
    let (_, field) = world.get("/api/v1/schema/Ticket/fields/sg_status_list");
    assert_eq!(field["data"]["properties"]["display_values"]["value"]["wtg"], "Later");
}
