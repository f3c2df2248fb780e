//! FPT's REST, through the front door: tokens, records, pages, refusals.

// What is not a #[test] function here is test code all the same.
#![allow(clippy::unwrap_used)]

mod http;

use desk::{Desk, DeskOptions};
use http::rest::{ARRAY, HASH, JSON, World, answer, error, grant, person, refused, script};
use serde_json::{Value, json};

fn claims(token: &Value) -> Value {
    let text = token["access_token"].as_str().unwrap();
    let body = text.split('.').nth(1).unwrap();
    let decoded = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, body).unwrap();
    serde_json::from_slice(&decoded).unwrap()
}

#[test]
fn every_grant_gives_a_token_that_says_for_whom() {
    let world = World::start();
    let ready = world.ready();
    let alice = person(ready, "alice", "open sesame");
    let session = http::call(ready, "get_session_token", json!({}))["results"]["session_id"].clone();
    let session = session.as_str().unwrap();
    let (status, token) = grant(
        ready,
        "grant_type=password&username=alice&password=open+sesame&session_uuid=6a9c2d5e-0000-4000-8000-000000000002",
    );
    assert_eq!(status, 200, "{token}");
    assert_eq!((&token["token_type"], &token["expires_in"]), (&json!("Bearer"), &json!(600)));
    let said = claims(&token);
    assert_eq!(said["user"], json!({"type": "HumanUser", "id": alice}));
    assert_eq!(
        (&said["auth_type"], &said["session_uuid"]),
        (&json!("password"), &json!("6a9c2d5e-0000-4000-8000-000000000002"))
    );
    let life = said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap();
    assert_eq!(life, 600);

    let sudo = format!("{}&scope=sudo_as_login:alice", script(ready));
    let (_, sudo) = grant(ready, &sudo);
    assert_eq!(claims(&sudo)["user"], json!({"type": "HumanUser", "id": alice}));
    assert_eq!(claims(&sudo)["sudo_as_login"], "alice");
    let (_, by_session) = grant(ready, &format!("grant_type=session_token&session_token={session}"));
    assert_eq!(claims(&by_session)["user"]["type"], "ApiUser");

    // The query string of an empty body will do, as the JavaScript client sends it.
    let path = format!("/api/v1.1/auth/access_token?{}", script(ready));
    let (status, token) = answer(&http::send(&ready.url, "POST", &path, &[], b"").unwrap());
    assert_eq!((status, claims(&token)["auth_type"].clone()), (200, json!("client_credentials")));
}

#[test]
fn a_refresh_token_is_spent_once() {
    let world = World::start();
    let ready = world.ready();
    let (_, first) = grant(ready, &script(ready));
    for spelling in ["refresh_token", "refresh"] {
        let (_, token) = grant(ready, &script(ready));
        let form =
            format!("grant_type={spelling}&refresh_token={}", token["refresh_token"].as_str().unwrap());
        let (status, second) = grant(ready, &form);
        assert_eq!(status, 200, "{second}");
        assert_eq!(claims(&second)["user"], claims(&first)["user"]);
        refused(grant(ready, &form), 401, 102, "Token invalid");
        let headers = [("Authorization", format!("Bearer {}", second["access_token"].as_str().unwrap()))];
        let headers = headers.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>();
        let path = "/api/v1/entity/projects";
        assert_eq!(http::send(&ready.url, "GET", path, &headers, b"").unwrap().status, 200);
    }
    // It is no access token, and it is not kept in clear.
    let refresh = first["refresh_token"].as_str().unwrap().to_owned();
    let headers = [("Authorization", format!("Bearer {refresh}"))];
    let headers = headers.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>();
    let answered = http::send(&ready.url, "GET", "/api/v1/entity/projects", &headers, b"").unwrap();
    refused(answer(&answered), 401, 102, "Token invalid");
    for file in std::fs::read_dir(world.folder.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = if path.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        assert!(!bytes.windows(refresh.len()).any(|part| part == refresh.as_bytes()), "{}", path.display());
    }
}

#[test]
fn a_grant_is_refused_in_the_sites_words() {
    let world = World::start();
    let ready = world.ready();
    person(ready, "alice", "open sesame");
    let cases = [
        (
            "grant_type=client_credentials&client_id=nobody&client_secret=x",
            102,
            "Can't authenticate script 'nobody'",
        ),
        ("grant_type=password&username=alice&password=wrong", 102, "Can't authenticate user 'alice'."),
        (
            "grant_type=session_token&session_token=0123abcd",
            102,
            "Can't authenticate session token ending with 'abcd'",
        ),
        ("grant_type=client_credentials&client_id=x", 102, "Missing or invalid authentication arguments"),
        ("grant_type=magic", 103, "Unsupported grant_type"),
        ("", 103, "Unsupported grant_type"),
    ];
    for (form, code, text) in cases {
        refused(grant(ready, form), 400, code, text);
    }
    let sudo = format!("{}&scope=sudo_as_login:bob", script(ready));
    refused(grant(ready, &sudo), 400, 102, "Cannot 'sudo' - unknown or retired user: 'bob'");
    let person = "grant_type=password&username=alice&password=open+sesame&scope=sudo_as_login:alice";
    assert!(error(grant(ready, person)).2.starts_with("The user does not have permission to 'sudo':"));
    // A field of that name is not a scope.
    let (status, token) = grant(ready, &format!("{}&sudo_as_login=alice", script(ready)));
    assert_eq!((status, &claims(&token)["user"]["type"]), (200, &json!("ApiUser")));

    let path = "/api/v1/auth/access_token";
    let as_json = http::send(&ready.url, "POST", path, &[JSON], b"{}").unwrap();
    refused(answer(&as_json), 400, 103, "Invalid JSON body");
    let as_text = http::send(&ready.url, "POST", path, &[("Content-Type", "text/plain")], b"").unwrap();
    assert_eq!(error(answer(&as_text)).0, 415);
}

#[test]
fn without_a_good_token_nothing_is_told() {
    let world = World::start();
    let path = "/api/v1/entity/tickets";
    let ask = |headers: &[(&str, &str)]| {
        answer(&http::send(&world.ready().url, "GET", path, headers, b"").unwrap())
    };
    refused(ask(&[]), 401, 102, "Missing Authorization header");
    refused(ask(&[("Authorization", "Bearer x.y.z")]), 401, 102, "Token invalid");
    refused(ask(&[("Authorization", "Basic x")]), 401, 102, "Missing Authorization header");
    // The site itself says what it is to anybody.
    let (status, info) = answer(&http::send(&world.ready().url, "GET", "/api/v1/", &[], b"").unwrap());
    assert_eq!((status, &info["data"]["api_version"]), (200, &json!("v1")));
    assert_eq!(info["data"]["user_authentication_method"], "default");
}

#[test]
fn a_token_ends_with_its_time_and_with_its_person() {
    let folder = tempfile::tempdir().unwrap();
    let options = DeskOptions { data: folder.path().to_owned(), ..DeskOptions::default() };
    let desk = Desk::start(options.clone()).unwrap();
    let alice = person(desk.ready(), "alice", "open sesame");
    let (_, token) = grant(desk.ready(), "grant_type=password&username=alice&password=open+sesame");
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let ask = |desk: &Desk| {
        let headers = [("Authorization", bearer.as_str())];
        answer(&http::send(&desk.ready().url, "GET", "/api/v1/entity/projects", &headers, b"").unwrap())
    };
    assert_eq!(ask(&desk).0, 200);
    desk.stop();

    let desk = Desk::start(options.clone()).unwrap();
    assert_eq!(ask(&desk).0, 200, "a token outlives a restart");
    let disabled = json!({"type": "HumanUser", "id": alice, "fields": [{"field_name": "sg_status_list", "value": "dis"}]});
    http::call(desk.ready(), "update", disabled);
    assert_eq!(error(ask(&desk)).0, 401);
    desk.stop();

    let desk = Desk::start(DeskOptions { clock_ahead_s: 86_400, ..options }).unwrap();
    let today = jiff::Timestamp::now().strftime("%d %b %Y").to_string();
    let dated = http::send(&desk.ready().url, "GET", "/api/v1", &[], b"").unwrap();
    assert!(!dated.header("date").unwrap().contains(&today), "by the desk's own clock: {}", dated.head);
    refused(ask(&desk), 401, 102, "Token Expired");
}

#[test]
fn a_record_is_made_read_changed_deleted_and_revived() {
    let world = World::start();
    let tag = world.send("POST", "/api/v1/entity/tags", &json!({"name": "farm"})).1["data"]["id"].clone();
    let body = json!({"title": "  alice - ValueError ", "project": world.project(),
        "tags": [{"type": "Tag", "id": tag}]});
    let (status, made) = world.send("POST", "/api/v1/entity/ticket", &body);
    assert_eq!(status, 201, "{made}");
    let record = &made["data"];
    assert_eq!(
        (&record["type"], &record["attributes"]["title"]),
        (&json!("Ticket"), &json!("alice - ValueError"))
    );
    assert_eq!(record["attributes"]["sg_status_list"], "wtg");
    assert!(record["attributes"].get("description").is_none(), "neither sent nor filled in: {record}");
    assert!(record["attributes"]["created_at"].as_str().unwrap().ends_with(" UTC"), "{record}");
    assert_eq!(record["relationships"]["addressings_to"]["data"], json!([]));
    let id = record["id"].as_i64().unwrap();
    let own = format!("/api/v1/entity/tickets/{id}");
    assert_eq!(made["links"]["self"], own);

    for spelling in ["Ticket", "ticket", "tickets", "Tickets"] {
        let path = format!("/api/v1.1/entity/{spelling}/{id}?fields=title,project,project.Project.name,nope");
        let (status, read) = world.get(&path);
        assert_eq!(status, 200, "{read}");
        let project = world.ready().project_id;
        assert_eq!(
            read["data"],
            json!({"type": "Ticket", "id": id,
            "attributes": {"title": "alice - ValueError", "project.Project.name": "Incidents"},
            "relationships": {"project": {
                "data": {"type": "Project", "id": project, "name": "Incidents"},
                "links": {"self": format!("/api/v1.1/entity/tickets/{id}/relationships/project"),
                    "related": format!("/api/v1.1/entity/projects/{project}")}}},
            "links": {"self": format!("/api/v1.1/entity/tickets/{id}")}})
        );
    }
    let (_, all) = world.get(&format!("{own}?fields=*"));
    assert!(all["data"]["attributes"]["created_at"].as_str().unwrap().ends_with('Z'), "{all}");
    assert_eq!(all["data"]["attributes"]["description"], Value::Null);

    let (status, changed) = world.send(
        "PUT",
        &own,
        &json!({"sg_status_list": "ip",
        "tags": {"multi_entity_update_mode": "remove", "value": [{"type": "Tag", "id": tag}]}}),
    );
    assert_eq!((status, &changed["status"], &changed["links"]), (200, &json!("successful"), &json!({})));
    assert_eq!(changed["data"]["attributes"]["sg_status_list"], "ip");
    assert_eq!(changed["data"]["attributes"]["title"], "alice - ValueError", "the whole record: {changed}");
    assert_eq!(changed["data"]["relationships"]["tags"]["data"], json!([]));
    assert_eq!(error(world.send("PATCH", &own, &json!({}))).0, 404);

    let (_, link) = world.get(&format!("{own}/relationships/project"));
    assert_eq!(link["data"]["name"], "Incidents");
    assert_eq!(link["links"], json!({"self": format!("{own}/relationships/project")}));
    let text = "Field 'title' is not a relationship field";
    refused(world.get(&format!("{own}/relationships/title")), 400, 103, text);
    assert_eq!(error(world.get(&format!("{own}/relationships/nope"))).0, 404);

    let gone = world.call("DELETE", &own, JSON, "");
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    let there = format!("Entity of type [Ticket] with id={id} does not exist.");
    refused(world.send("DELETE", &own, &json!({})), 404, 104, &there);
    refused(world.send("PUT", &own, &json!({})), 404, 104, &there);
    refused(world.get(&own), 404, 104, &format!("Ticket: {id} not found"));
    assert_eq!(world.get(&format!("{own}?options[return_only]=retired")).0, 200);
    let (status, back) = world.send("POST", &format!("{own}?revive=true"), &json!({}));
    assert_eq!((status, &back["meta"]["did_revive"]), (200, &json!(true)));
    assert_eq!(world.send("POST", &format!("{own}?revive=true"), &json!({})).1["meta"]["did_revive"], false);
    assert_eq!(world.get(&own).0, 200);
    refused(
        world.send("POST", "/api/v1/entity/tickets/400000?revive=true", &json!({})),
        404,
        104,
        "Entity of type [Ticket] with id=400000 does not exist.",
    );
}

#[test]
fn what_is_wrong_is_refused_as_on_api3() {
    let world = World::start();
    let id = world.ticket("a ticket");
    let create = |body: Value| world.send("POST", "/api/v1/entity/tickets", &body);
    let update = |body: Value| world.send("PUT", &format!("/api/v1/entity/tickets/{id}"), &body);
    refused(create(json!({"nope": 1})), 400, 103, "API create() Ticket.nope doesn't exist.");
    assert!(error(create(json!({"title": "x"}))).2.starts_with("API create() missing 'project' attribute:"));
    let status = error(update(json!({"sg_status_list": "zz"})));
    assert_eq!((status.0, status.1), (400, 104));
    assert!(status.2.starts_with("Update failed for [Ticket.sg_status_list]: 'zz' is not a valid status."));
    refused(
        update(json!({"title": 12345})),
        400,
        103,
        "API update() Ticket.title expected [String, NilClass] data type(s) but got Integer: 12345",
    );
    refused(
        update(json!({"updated_at": "2026-01-01T00:00:00Z"})),
        400,
        103,
        "API update() Ticket.updated_at is editable on create only.",
    );
    assert!(error(update(json!({"project": 5}))).2.contains("expected [Hash, NilClass]"));
    assert_eq!(error(update(json!({"tags": null}))).0, 400);
    for (method, path) in [
        ("GET", "/api/v1/entity/nothings"),
        ("GET", "/api/v1/entity/nothings/1"),
        ("POST", "/api/v1/entity/nothings"),
        ("DELETE", "/api/v1/entity/nothings/1"),
    ] {
        refused(world.send(method, path, &json!({})), 404, 103, "Entity type 'nothings' does not exist.");
    }
    for path in [
        "/api/v2/entity/tickets",
        "/api/v1/nowhere",
        "/api",
        "/api/v1/entity",
        "/api/v1/entity/tickets/1/title/x",
        "/api/v1/entity/%ff/1",
    ] {
        let (status, code, _) = error(world.get(path));
        assert_eq!((status, code), (404, 103), "{path}");
    }
    let text = world.call("POST", "/api/v1/entity/tickets", ("Content-Type", "text/plain"), "{}");
    assert_eq!(error(answer(&text)).0, 415);
    let broken = world.call("POST", "/api/v1/entity/tickets", JSON, "{");
    refused(answer(&broken), 400, 103, "Invalid JSON body");
    let nothing = world.call("POST", "/api/v1/entity/tags", JSON, "");
    refused(answer(&nothing), 400, 103, "Invalid JSON body");
}

#[test]
fn a_listing_has_filters_order_pages_and_links() {
    let world = World::start();
    for title in ["a", "b", "c", "d", "e"] {
        world.ticket(title);
    }
    let titles = |listing: &Value| -> String {
        let rows = listing["data"].as_array().unwrap();
        rows.iter().map(|row| row["attributes"]["title"].as_str().unwrap()).collect()
    };
    let mut path = "/api/v1/entity/tickets?fields=title&sort=-title&page[size]=2".to_owned();
    let mut pages = Vec::new();
    loop {
        let (status, page) = world.get(&path);
        assert_eq!(status, 200, "{page}");
        assert_eq!(page["links"].get("prev").is_some(), !pages.is_empty(), "{page}");
        if page["data"].as_array().unwrap().is_empty() {
            assert!(page["links"]["next"].is_string(), "even past the end: {page}");
            break;
        }
        pages.push(titles(&page));
        path = page["links"]["next"].as_str().unwrap().to_owned();
    }
    assert_eq!(pages, ["ed", "cb", "a"]);
    let (_, one) = world.get("/api/v1/entity/tickets?filter[title]=B&fields=title");
    assert_eq!(titles(&one), "b");
    let project = world.ready().project_id;
    for filter in [format!("filter[project]={project}"), format!("filter[project.Project.id]={project}")] {
        let (_, all) = world.get(&format!("/api/v1/entity/tickets?{filter}&fields=title&sort=id"));
        assert_eq!(titles(&all), "abcde", "{filter}");
    }
    let (_, bare) = world.get("/api/v1/entity/tickets?page[size]=1");
    assert_eq!((&bare["data"][0]["attributes"], &bare["data"][0]["relationships"]), (&json!({}), &json!({})));
    for query in [
        "page[size]=5001",
        "page[size]=0",
        "page[number]=0",
        "filter[tags]=1",
        "filter[nope]=1",
        "sort=nope",
        "options[return_only]=true",
        "options[include_archived_projects]=x",
        "options[return_only]=x",
    ] {
        assert_eq!(error(world.get(&format!("/api/v1/entity/tickets?{query}"))).0, 400, "{query}");
    }
    assert_eq!(world.get("/api/v1/entity/tickets?page[size]=5000").0, 200);
}

#[test]
fn a_search_takes_both_forms_and_no_third() {
    let world = World::start();
    let ids: Vec<i64> = ["a", "b", "c"].iter().map(|title| world.ticket(title)).collect();
    let path = "/api/v1/entity/tickets/_search";
    let found = |answer: (u16, Value)| -> Vec<i64> {
        assert_eq!(answer.0, 200, "{}", answer.1);
        answer.1["data"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
    };
    let array = json!({"filters": [["title", "in", ["a", "b"]], ["project", "is", world.project()]],
        "fields": ["title"], "sort": "-id", "page": {"size": 1, "number": 2}});
    assert_eq!(found(world.search(path, ARRAY, &array)), [ids[0]]);
    let hash = json!({"filters": {"logical_operator": "or", "conditions": [["title", "is", "a"],
        {"logical_operator": "and", "conditions": [["title", "is", "c"], ["id", "greater_than", 0]]}]}});
    assert_eq!(found(world.search(path, HASH, &hash)), [ids[0], ids[2]]);
    // What the JavaScript client puts into the query string.
    let query = format!("{path}?fields=title&page[size]=1&page[number]=2&sort=id");
    let (_, page) = world.search(&query, ARRAY, &json!({"filters": []}));
    assert_eq!(page["data"][0]["attributes"]["title"], "b");
    assert_eq!(world.search(path, HASH, &json!({})).1["data"].as_array().unwrap().len(), 3);

    let (status, code, text) = error(world.search(path, JSON, &array));
    assert_eq!((status, code), (415, 103));
    assert!(text.contains("api3_array+json") && text.contains("api3_hash+json"), "{text}");
    for (kind, filters) in
        [(ARRAY, json!([["nope", "is", 1]])), (HASH, json!([])), (ARRAY, json!([["id", "in", 1]]))]
    {
        assert_eq!(error(world.search(path, kind, &json!({"filters": filters}))).0, 400, "{filters}");
    }
    refused(
        world.search(path, ARRAY, &json!({"filters": [["nope", "is", 1]]})),
        400,
        103,
        "API read() Ticket.nope doesn't exist.",
    );
    let summary = json!({"filters": [["title", "is_not", "c"]],
        "summary_fields": [{"field": "id", "type": "count"}],
        "grouping": [{"field": "sg_status_list", "type": "exact", "direction": "asc"}]});
    let (status, counted) = world.search("/api/v1/entity/tickets/_summarize", ARRAY, &summary);
    assert_eq!((status, &counted["data"]["summaries"]), (200, &json!({"id": 2})), "{counted}");
    assert_eq!(counted["data"]["groups"][0]["group_value"], "wtg");
}

#[test]
fn a_batch_is_done_whole_or_not_at_all() {
    let world = World::start();
    let id = world.ticket("old");
    let create = json!({"request_type": "create", "entity": "Ticket", "data": {"title": "new", "project": world.project()}});
    let update =
        json!({"request_type": "update", "entity": "Ticket", "record_id": id, "data": {"title": "changed"}});
    let delete = json!({"request_type": "delete", "entity": "ticket", "record_id": id});
    for path in ["/api/v1/entity/_batch", "/api/v1/entity/_batch/"] {
        let bad = json!({"requests": [create, update, {"request_type": "create", "entity": "Ticket", "data": {"nope": 1}}]});
        refused(world.send("POST", path, &bad), 400, 103, "API create() Ticket.nope doesn't exist.");
    }
    assert_eq!(world.get("/api/v1/entity/tickets").1["data"].as_array().unwrap().len(), 1);
    let (status, done) =
        world.send("POST", "/api/v1/entity/_batch/", &json!({"requests": [create, update, delete]}));
    assert_eq!(status, 200, "{done}");
    assert_eq!(done["data"][0]["data"]["attributes"]["title"], "new");
    assert_eq!(
        (&done["data"][1]["data"]["attributes"]["title"], &done["data"][1]["status"]),
        (&json!("changed"), &json!("successful"))
    );
    let deleted = &done["data"][2];
    assert_eq!(
        (&deleted["request_type"], &deleted["id"], &deleted["did_delete"]),
        (&json!("delete"), &json!(id), &json!(true))
    );
    for bad in [
        json!({}),
        json!({"requests": 1}),
        json!({"requests": [{"request_type": "update", "entity": "Ticket"}]}),
        json!({"requests": [{"request_type": "create", "entity": "Nope"}]}),
    ] {
        assert_eq!(error(world.send("POST", "/api/v1/entity/_batch", &bad)).0, 400, "{bad}");
    }
}

#[test]
fn changes_are_logged_as_the_tokens_own() {
    let mut world = World::start();
    let alice = person(world.ready(), "alice", "open sesame");
    let form = "grant_type=password&username=alice&password=open+sesame&session_uuid=6a9c2d5e-0000-4000-8000-000000000001";
    let (_, token) = grant(world.ready(), form);
    let script =
        std::mem::replace(&mut world.bearer, format!("Bearer {}", token["access_token"].as_str().unwrap()));
    let id = world.ticket("a ticket");
    assert_eq!(
        world.send("PUT", &format!("/api/v1/entity/tickets/{id}"), &json!({"title": "another"})).0,
        200
    );
    // Event log entries are not for everybody.
    world.bearer = script;
    let filters = json!({"filters": [["entity", "is", {"type": "Ticket", "id": id}], ["attribute_name", "is", "title"]],
        "fields": "user,session_uuid,event_type"});
    let (_, found) = world.search("/api/v1/entity/event_log_entries/_search", ARRAY, &filters);
    let last = found["data"].as_array().unwrap().last().unwrap_or_else(|| panic!("{found}"));
    assert_eq!(last["attributes"]["event_type"], "Shotgun_Ticket_Change");
    assert_eq!(last["attributes"]["session_uuid"], "6a9c2d5e-0000-4000-8000-000000000001");
    assert_eq!(last["relationships"]["user"]["data"]["id"], alice);
}
