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
