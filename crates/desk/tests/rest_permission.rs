//! Permission groups over REST: what a group forbids is 400 with FPT's words, what it hides is not there.

// What is not a #[test] function here is test code all the same.
#![allow(clippy::unwrap_used)]

mod http;

use http::rest::{World, become_person, error};
use serde_json::{Value, json};

/// A desk whose caller is a person of a group with these rules on top of an artist's; and a ticket there.
fn restricted(rules: &[(&str, Value)]) -> (World, i64) {
    let mut world = World::start();
    let ticket = world.ticket("made by the script");
    let (_, group) =
        world.get("/api/v1/entity/permission_rule_sets?filter[code]=artist&fields=sg_desk_rules");
    let mut all = group["data"][0]["attributes"]["sg_desk_rules"].clone();
    for (name, rule) in rules {
        all[*name] = rule.clone();
    }
    let own = json!({"code": "guest", "entity_type": "HumanUser", "sg_desk_rules": all});
    let (status, made) = world.send("POST", "/api/v1/entity/PermissionRuleSet", &own);
    assert_eq!(status, 201, "{made}");
    become_person(&mut world);
    let walter = person_id(&world, "walter");
    let group = json!([{"field_name": "permission_rule_set", "value": {"type": "PermissionRuleSet", "id": made["data"]["id"]}}]);
    let update = json!({"type": "HumanUser", "id": walter, "fields": group});
    assert!(http::call(world.ready(), "update", update).get("results").is_some());
    (world, ticket)
}

fn person_id(world: &World, login: &str) -> i64 {
    let (_, found) = world.get(&format!("/api/v1/entity/human_users?filter[login]={login}"));
    found["data"][0]["id"].as_i64().unwrap()
}

#[test]
fn what_a_group_forbids_is_refused_with_400() {
    let forbidden = json!(["*", "-Ticket"]);
    let (world, ticket) =
        restricted(&[("create", forbidden.clone()), ("update", forbidden.clone()), ("upload", forbidden)]);
    let refusal = |answer: (u16, Value)| {
        let (status, code, text) = error(answer);
        assert_eq!((status, code), (400, 104), "{text}");
        text
    };
    let body = json!({"title": "mine", "project": world.project()});
    let text = refusal(world.send("POST", "/api/v1/entity/tickets", &body));
    assert!(text.contains("Entity of type Ticket cannot be created by this user"), "{text}");
    let own = format!("/api/v1/entity/tickets/{ticket}");
    refusal(world.send("PUT", &own, &json!({"title": "mine"})));
    let batch = json!({"requests": [{"request_type": "create", "entity": "Ticket", "data": body}]});
    refusal(world.send("POST", "/api/v1/entity/_batch", &batch));

    let (status, begun) = world.get(&format!("{own}/_upload?filename=a.log"));
    if status == 200 {
        let path =
            begun["links"]["upload"].as_str().unwrap().strip_prefix(&world.ready().url).unwrap().to_owned();
        http::send(&world.ready().url, "PUT", &path, &[], b"bytes").unwrap();
        let done = json!({"upload_info": begun["data"], "upload_data": {}});
        refusal(world.send("POST", &format!("{own}/_upload"), &done));
    } else {
        refusal((status, begun));
    }
    let field = json!({"data_type": "text", "properties": [{"property_name": "name", "value": "Mine"}]});
    refusal(world.send("POST", "/api/v1/schema/Ticket/fields", &field));
    assert_eq!(world.get(&own).0, 200, "reading is another matter");
}

#[test]
fn what_a_group_hides_is_not_there() {
    // Walter is in no project.
    let (world, ticket) = restricted(&[("projects", json!("own"))]);
    let own = format!("/api/v1/entity/tickets/{ticket}");
    assert_eq!(error(world.get(&own)), (404, 104, format!("Ticket: {ticket} not found")));
    let (_, listed) = world.get("/api/v1/entity/tickets");
    assert_eq!(listed["data"], json!([]));
    for path in ["_upload?filename=a.log", "followers", "relationships/project", "activity_stream"] {
        let (status, told) = world.get(&format!("{own}/{path}"));
        assert_eq!(status, 404, "{path}: {told}");
    }
    for (method, body) in [("DELETE", json!({})), ("PUT", json!({"title": "mine"}))] {
        let (status, told) = world.send(method, &own, &body);
        assert!([400, 404].contains(&status), "{method}: {told}");
    }
    let read = json!({"type": "Ticket", "return_fields": ["title"]});
    let rows = http::call(world.ready(), "read", read)["results"]["entities"].clone();
    assert_eq!(rows[0]["title"], "made by the script");
}
