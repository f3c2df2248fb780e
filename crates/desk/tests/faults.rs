//! Trouble on demand, as a client of the desk meets it: each kind, by call, times, rate and seed.

// What is not a #[test] function here is test code all the same.
#![allow(clippy::unwrap_used)]

mod http;

use desk::{Desk, DeskOptions, Ready, UploadForm};
use serde_json::{Value, json};

fn start(rules: &[&str]) -> (tempfile::TempDir, Desk) {
    let folder = tempfile::tempdir().unwrap();
    let options = DeskOptions {
        data: folder.path().to_owned(),
        uploads: UploadForm::Storage,
        faults: rules.iter().map(|rule| rule.parse().unwrap()).collect(),
        ..DeskOptions::default()
    };
    (folder, Desk::start(options).unwrap())
}

/// A call's whole answer, with its head.
fn answer(ready: &Ready, method: &str, arguments: Value) -> std::io::Result<http::Response> {
    let body = json!({"method_name": method, "params": [http::auth(ready), arguments]}).to_string();
    http::send(&ready.url, "POST", "/api3/json", &[], body.as_bytes())
}

fn create(ready: &Ready, title: &str) -> std::io::Result<http::Response> {
    answer(ready, "create", http::ticket(ready, title))
}

fn titles(ready: &Ready) -> Vec<String> {
    let found = http::call(ready, "read", json!({"type": "Ticket", "return_fields": ["title"]}));
    let rows = found["results"]["entities"].as_array().unwrap();
    rows.iter().map(|row| row["title"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_answer_may_be_lost_before_or_after_the_work() {
    let (_folder, desk) =
        start(&["create:Ticket=reset,times=1", "create:Ticket=lost,times=1", "create:Ticket=half,times=1"]);
    let ready = desk.ready();
    for title in ["not made", "made, no answer", "made, half an answer"] {
        assert!(create(ready, title).is_err(), "{title}");
    }
    assert_eq!(create(ready, "made").unwrap().status, 200);
    assert_eq!(titles(ready), ["made, no answer", "made, half an answer", "made"]);
    assert_eq!(desk.faults_met(), [1, 1, 1]);
}

#[test]
fn statuses_come_with_their_page_and_their_waiting_time() {
    let (_folder, desk) = start(&[
        "create=502,times=1",
        "create=429,retry=7,body=none,times=1",
        "create=503,retry-date=30,body=text,times=1",
        "create=504,when=after,times=1",
    ]);
    let ready = desk.ready();
    let gateway = create(ready, "a").unwrap();
    assert_eq!((gateway.status, gateway.header("content-type")), (502, Some("text/html; charset=utf-8")));
    assert!(gateway.text().contains("<h1>"), "{}", gateway.text());
    let busy = create(ready, "b").unwrap();
    assert_eq!((busy.status, busy.header("retry-after"), busy.body.len()), (429, Some("7"), 0));
    let later = create(ready, "c").unwrap();
    let date = later.header("retry-after").unwrap();
    assert_eq!((later.status, date.len(), &date[date.len() - 4..]), (503, 29, " GMT"), "{date}");
    assert_ne!(later.header("date").unwrap(), date);
    assert_eq!(create(ready, "d").unwrap().status, 504);
    assert_eq!(titles(ready), ["d"], "only the last one was made");
}

#[test]
fn calls_are_chosen_by_method_type_rate_and_seed() {
    let (_folder, desk) = start(&["create:Reply=503", "read=500,rate=0.5,seed=3"]);
    let ready = desk.ready();
    assert_eq!(create(ready, "another type").unwrap().status, 200);
    let met = || -> Vec<u16> {
        let (_folder, desk) = start(&["read=500,rate=0.5,seed=3"]);
        (0..20).map(|_| answer(desk.ready(), "read", json!({"type": "Ticket"})).unwrap().status).collect()
    };
    let first = met();
    assert_eq!(first, met(), "the same seed, the same calls");
    assert!(first.contains(&200) && first.contains(&500), "{first:?}");
    assert_eq!(answer(ready, "create", json!({"type": "Reply"})).unwrap().status, 503);
}

#[test]
fn the_site_refuses_in_its_own_words() {
    let (_folder, desk) = start(&[
        "read=expired,times=1",
        "read:Ticket=refused",
        "create=refused,times=1",
        "create:Ticket=missing-entity,times=1",
        "api3=sso,times=1",
        "info=redirect,to=https://elsewhere.example/,times=1",
        "info=page,times=1",
    ]);
    let ready = desk.ready();
    let read = || http::call(ready, "read", json!({"type": "Ticket"}));
    assert_eq!(read()["error_code"], 102);
    assert_eq!(read()["results"]["entities"], json!([]), "rows one may not see are not there");
    let refused = http::call(ready, "create", http::ticket(ready, "x"));
    assert_eq!(refused["error_code"], 104);
    assert!(refused["message"].as_str().unwrap().contains("cannot be created by this user"), "{refused}");
    let missing = http::call(ready, "create", http::ticket(ready, "x"));
    assert_eq!(missing["message"], "Entity type 'Ticket' does not exist.");
    let sso = create(ready, "x").unwrap();
    assert_eq!(sso.status, 302);
    assert!(sso.header("location").unwrap().starts_with("/saml/saml_login_request"));
    let info = || answer(ready, "info", json!({})).unwrap();
    assert_eq!(info().header("location"), Some("https://elsewhere.example/"));
    let page = info();
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(info().status, 200);
}

#[test]
fn a_field_can_be_missing() {
    let (_folder, desk) = start(&["any:Ticket=missing-field,field=sg_incident_key"]);
    let ready = desk.ready();
    let fields = http::call(ready, "schema_field_read", json!({"type": "Ticket"}));
    assert!(fields["results"].get("sg_incident_key").is_none() && fields["results"].get("title").is_some());
    let read = |field: &str| http::call(ready, "read", json!({"type": "Ticket", "return_fields": [field]}));
    assert_eq!(read("sg_incident_key")["message"], "API read() Ticket.sg_incident_key doesn't exist.");
    assert!(read("title").get("results").is_some());
}

#[test]
fn uploads_can_be_accepted_and_never_arrive() {
    let (_folder, desk) = start(&["upload=swallow,times=1", "upload=refused,times=1", "upload=lost,times=1"]);
    let ready = desk.ready();
    let ticket = http::create_ticket(ready, "files");
    let files = || {
        let arguments = json!({"type": "Ticket", "return_fields": ["attachments"]});
        let found = http::call(ready, "read", arguments);
        found["results"]["entities"][0]["attachments"].as_array().unwrap().len()
    };
    let upload = || http::upload(ready, ticket, "tk-maya.log", b"the log");
    assert!(upload().unwrap().starts_with("1:"));
    assert_eq!(files(), 0);
    assert!(upload().unwrap().starts_with("0\nPermission denied"));
    assert!(upload().is_err());
    assert_eq!(files(), 1, "the answer was lost, the file was not");
    assert!(upload().unwrap().starts_with("1:"));
}

#[test]
fn a_delay_is_no_failure_and_a_stall_ends_with_the_desk() {
    let (_folder, desk) =
        start(&["create=delay,ms=30,times=1", "create=delay,ms=30,when=after,times=1", "create=stall"]);
    let ready = desk.ready().clone();
    assert_eq!(create(&ready, "late").unwrap().status, 200);
    assert_eq!(create(&ready, "late").unwrap().status, 200);
    let stalled = std::thread::spawn(move || create(&ready, "never"));
    while desk.faults_met()[2] == 0 {
        std::thread::yield_now();
    }
    desk.stop();
    assert!(stalled.join().unwrap().is_err());
}

#[test]
fn the_desks_clock_can_be_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let options = DeskOptions {
        data: folder.path().to_owned(),
        clock_ahead_s: -86_400 * 365,
        ..DeskOptions::default()
    };
    let desk = Desk::start(options).unwrap();
    http::create_ticket(desk.ready(), "last year");
    let arguments = json!({"type": "Ticket", "return_fields": ["created_at"]});
    let created = http::call(desk.ready(), "read", arguments)["results"]["entities"][0]["created_at"].clone();
    let now = jiff::Timestamp::now();
    let created: jiff::Timestamp = created.as_str().unwrap().parse().unwrap();
    let days = now.duration_since(created).as_secs() / 86_400;
    assert!((364..=366).contains(&days), "{days}");
}

/// Asks the door to the rules; gives status and answer.
fn door(ready: &Ready, method: &str, path: &str, key: &str, body: &str) -> (u16, Value) {
    let bearer = format!("Bearer {key}");
    let answer =
        http::send(&ready.url, method, path, &[("Authorization", &bearer)], body.as_bytes()).unwrap();
    (answer.status, serde_json::from_slice(&answer.body).unwrap())
}

#[test]
fn rules_come_and_go_while_the_desk_runs() {
    let (_folder, desk) = start(&[]);
    let ready = desk.ready();
    let key = ready.script_key.as_str();
    assert_eq!(door(ready, "GET", "/desk/faults", key, ""), (200, json!({"rules": []})));
    assert_eq!(create(ready, "before").unwrap().status, 200);
    let rules = json!({"rules": ["create:Ticket=503,times=1", "any=delay,ms=1,after=1"]}).to_string();
    let (status, added) = door(ready, "POST", "/desk/faults", key, &rules);
    assert_eq!((status, &added["rules"][1]["rule"]), (201, &json!("any=delay,ms=1,after=1")));
    assert_eq!(create(ready, "not made").unwrap().status, 503);
    for title in ["made", "made late"] {
        assert_eq!(create(ready, title).unwrap().status, 200);
    }
    let (_, shown) = door(ready, "GET", "/desk/faults", key, "");
    let state = json!({"number": 0, "rule": "create:Ticket=503,times=1", "seen": 3, "met": 1, "over": true});
    assert_eq!(shown["rules"][0], state);
    assert_eq!((&shown["rules"][1]["seen"], &shown["rules"][1]["met"]), (&json!(2), &json!(1)));
    assert_eq!(door(ready, "DELETE", "/desk/faults/0", key, "").1["rules"][0]["number"], 1);
    assert_eq!(door(ready, "DELETE", "/desk/faults/0", key, "").0, 404);
    assert_eq!(door(ready, "DELETE", "/desk/faults", key, ""), (200, json!({"rules": []})));
    assert_eq!(titles(ready), ["before", "made", "made late"]);
    desk.add_faults(vec!["read=500".parse().unwrap()]);
    assert_eq!(answer(ready, "read", json!({"type": "Ticket"})).unwrap().status, 500);
    assert_eq!((desk.faults().len(), desk.faults_met()), (1, vec![1]));
}

#[test]
fn only_the_desks_script_changes_rules_and_only_to_what_makes_sense() {
    let (_folder, desk) = start(&["any=503,body=none"]);
    let ready = desk.ready();
    for (method, path) in [
        ("GET", "/desk/faults"),
        ("POST", "/desk/faults"),
        ("DELETE", "/desk/faults"),
        ("DELETE", "/desk/faults/0"),
    ] {
        let (status, refusal) = door(ready, method, path, "open sesame", "{\"rules\": []}");
        assert_eq!(status, 401, "{method} {path}");
        assert!(refusal["error"].as_str().unwrap().contains("Can't authenticate script"), "{refusal}");
        let bare = http::send(&ready.url, method, path, &[], b"").unwrap();
        assert_eq!(bare.status, 401, "{method} {path}");
    }
    for (body, words) in [
        ("", "write {\"rules\""),
        ("{\"rules\": [\"create=loost\"]}", "no trouble `loost`"),
        ("{\"rules\": [\"read=lost\", \"creat=lost\"]}", "no call `creat`"),
        ("{\"rule\": \"read=lost\"}", "unknown field"),
    ] {
        let (status, refusal) = door(ready, "POST", "/desk/faults", &ready.script_key, body);
        assert_eq!(status, 400, "{body}");
        assert!(refusal["error"].as_str().unwrap().contains(words), "{body}: {refusal}");
    }
    let many = json!({"rules": vec!["read=lost"; 100]}).to_string();
    let (status, refusal) = door(ready, "POST", "/desk/faults", &ready.script_key, &many);
    assert_eq!((status, refusal["error"].as_str().unwrap().contains("at most 100 rules")), (400, true));
    assert_eq!(desk.faults().len(), 1, "all of a request's rules or none");
}

#[test]
fn pages_fail_only_when_named() {
    let (_folder, desk) = start(&["any=503", "page=502,times=1"]);
    let get = || http::send(&desk.ready().url, "GET", "/tickets", &[], b"").unwrap().status;
    assert_eq!(get(), 502);
    assert_ne!(get(), 502);
    assert_eq!(desk.faults_met(), [0, 1]);
}

/// A REST call with no token: what the rules answer does not depend on it.
fn rest(ready: &Ready, method: &str, path: &str) -> http::Response {
    http::send(&ready.url, method, &format!("/api/v1{path}"), &[], b"{}").unwrap()
}

#[test]
fn refusals_over_rest_are_error_documents() {
    let (_folder, desk) = start(&[
        "token=expired,times=1",
        "rest:create:Ticket=expired,times=1",
        "rest:create:Ticket=refused,times=1",
        "create:Ticket=missing-entity,times=1",
        "search:Ticket=refused",
        "one:Ticket=refused",
        "update=429,retry=7,body=fault",
        "api3=reset",
    ]);
    let ready = desk.ready();
    let error = |method: &str, path: &str| {
        let answer = rest(ready, method, path);
        let document: Value = serde_json::from_slice(&answer.body).unwrap();
        let error = document["errors"][0].clone();
        assert_eq!(error["status"], answer.status, "{error}");
        (answer.status, error["code"].clone(), error["detail"].as_str().unwrap().to_owned())
    };
    let (status, code, _) = error("POST", "/auth/access_token");
    assert_eq!((status, code), (400, json!(102)));
    let create = || error("POST", "/entity/tickets");
    assert_eq!(create(), (401, json!(102), "Token Expired".to_owned()));
    let (status, code, detail) = create();
    assert_eq!((status, code), (400, json!(104)));
    assert!(detail.contains("Entity of type Ticket cannot be created by this user."), "{detail}");
    assert_eq!(create(), (404, json!(103), "Entity type 'Ticket' does not exist.".to_owned()));
    let found: Value = serde_json::from_slice(&rest(ready, "POST", "/entity/Ticket/_search").body).unwrap();
    assert_eq!(found["data"], json!([]), "rows one may not see are not there");
    assert_eq!(error("GET", "/entity/tickets/12"), (404, json!(104), "Ticket: 12 not found".to_owned()));
    assert_eq!(error("PUT", "/entity/tickets/12"), (429, json!(null), "Too Many Requests".to_owned()));
    assert_eq!(rest(ready, "PUT", "/entity/tickets/12").header("retry-after"), Some("7"));
    assert_eq!(desk.faults_met()[7], 0, "api3 is another door");
}

/// A REST call with a token of the desk's script.
fn rest_as_script(
    ready: &Ready,
    token: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> std::io::Result<http::Response> {
    let bearer = format!("Bearer {token}");
    let kind =
        if path.contains("_search") { "application/vnd+shotgun.api3_array+json" } else { "application/json" };
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", kind)];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    http::send(&ready.url, method, &format!("/api/v1{path}"), &headers, body.as_bytes())
}

fn token(ready: &Ready) -> String {
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        ready.script_name, ready.script_key
    );
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer =
        http::send(&ready.url, "POST", "/api/v1/auth/access_token", &headers, form.as_bytes()).unwrap();
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn work_over_rest_is_done_or_not_done_as_the_rule_says() {
    let (_folder, desk) = start(&[
        "rest:create:Ticket=reset,times=1",
        "rest:create:Ticket=lost,times=1",
        "rest:create:Ticket=half,times=1",
        "rest:create:Ticket=503,when=after,times=1",
        "rest:create:Ticket=delay,ms=20,times=1",
    ]);
    let ready = desk.ready();
    let token = token(ready);
    let project = json!({"type": "Project", "id": ready.project_id});
    let create = |title: &str| {
        let ticket = json!({"title": title, "project": project});
        rest_as_script(ready, &token, "POST", "/entity/tickets", &ticket)
    };
    for title in ["not made", "made, no answer", "made, half an answer"] {
        assert!(create(title).is_err(), "{title}");
    }
    assert_eq!(create("made, 503").unwrap().status, 503);
    assert_eq!(create("made, late").unwrap().status, 201);
    assert_eq!(create("made").unwrap().status, 201);
    assert_eq!(titles(ready), ["made, no answer", "made, half an answer", "made, 503", "made, late", "made"]);
    assert_eq!(desk.faults_met(), [1, 1, 1, 1, 1]);
}

#[test]
fn an_upload_over_rest_can_be_accepted_and_never_arrive() {
    let (_folder, desk) = start(&["rest:link:Ticket=swallow,times=1", "put=swallow,times=1"]);
    let ready = desk.ready();
    let token = token(ready);
    let ticket = http::create_ticket(ready, "files");
    let files = || {
        let arguments = json!({"type": "Ticket", "return_fields": ["attachments"]});
        let found = http::call(ready, "read", arguments);
        found["results"]["entities"][0]["attachments"].as_array().unwrap().len()
    };
    let upload = || {
        let path = format!("/entity/tickets/{ticket}/_upload?filename=tk-maya.log");
        let begun = rest_as_script(ready, &token, "GET", &path, &Value::Null).unwrap();
        let begun: Value = serde_json::from_slice(&begun.body).unwrap();
        let address = begun["links"]["upload"].as_str().unwrap().strip_prefix(&ready.url).unwrap().to_owned();
        assert_eq!(http::send(&ready.url, "PUT", &address, &[], b"the log").unwrap().status, 200);
        let done = json!({"upload_info": begun["data"], "upload_data": {}});
        let done = rest_as_script(ready, &token, "POST", &format!("/entity/tickets/{ticket}/_upload"), &done);
        let done = done.unwrap();
        assert_eq!((done.status, done.text().as_str()), (201, " "));
    };
    // PUT is swallowed too: its rule meets the first upload's bytes.
    upload();
    assert_eq!((files(), desk.faults_met()), (0, vec![1, 1]));
    upload();
    assert_eq!(files(), 1);
}

#[test]
fn a_field_can_be_missing_over_rest() {
    let (_folder, desk) = start(&["rest:Ticket=missing-field,field=sg_incident_key"]);
    let ready = desk.ready();
    let token = token(ready);
    let ticket = http::create_ticket(ready, "without a field");
    let ask = |method: &str, path: &str, body: Value| -> (u16, Value) {
        let answer = rest_as_script(ready, &token, method, path, &body).unwrap();
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    };
    let (_, fields) = ask("GET", "/schema/Ticket/fields", Value::Null);
    assert!(fields["data"].get("sg_incident_key").is_none() && fields["data"].get("title").is_some());
    let path = format!("/entity/tickets/{ticket}");
    let (status, row) = ask("GET", &format!("{path}?fields=title,sg_incident_key"), Value::Null);
    assert_eq!((status, row["data"]["attributes"].as_object().unwrap().len()), (200, 1), "{row}");
    let (status, refused) = ask("PUT", &path, json!({"sg_incident_key": "k"}));
    assert_eq!((status, &refused["errors"][0]["code"]), (400, &json!(103)), "{refused}");
    let (status, refused) = ask(
        "POST",
        "/entity/tickets/_search",
        json!({"filters": [["sg_incident_key", "is", "k"]], "fields": ["title"]}),
    );
    assert_eq!((status, &refused["errors"][0]["code"]), (400, &json!(103)), "{refused}");
    let (status, found) = ask(
        "POST",
        "/entity/tickets/_search",
        json!({"filters": [["title", "contains", "field"]], "fields": ["title", "sg_incident_key"]}),
    );
    assert_eq!((status, found["data"][0]["attributes"].as_object().unwrap().len()), (200, 1), "{found}");
}
