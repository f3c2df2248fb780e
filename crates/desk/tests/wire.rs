//! The wire, below what well-behaved clients send: broken envelopes, sizes, signatures, hosts, sessions.

// What is not a #[test] function here is test code all the same.
#![allow(clippy::unwrap_used)]

mod http;

use desk::{Desk, DeskOptions, Ready, UploadForm};
use serde_json::{Value, json};

fn start() -> (tempfile::TempDir, Desk) {
    let folder = tempfile::tempdir().unwrap();
    let options = DeskOptions {
        data: folder.path().to_owned(),
        uploads: UploadForm::Storage,
        ..DeskOptions::default()
    };
    let desk = Desk::start(options).unwrap();
    (folder, desk)
}

fn post(ready: &Ready, body: &[u8]) -> (u16, Value) {
    let response =
        http::send(&ready.url, "POST", "/api3/json", &[("Content-Type", "application/json")], body).unwrap();
    (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
}

fn form(ready: &Ready, path: &str, fields: &[(&str, &str)]) -> String {
    let mut all =
        vec![("script_name", ready.script_name.as_str()), ("script_key", ready.script_key.as_str())];
    all.extend(fields);
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect()
    };
    let body: Vec<String> =
        all.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    http::send(&ready.url, "POST", path, &headers, body.join("&").as_bytes()).unwrap().text()
}

#[test]
fn info_needs_no_credentials_and_names_the_upload_form() {
    let (_folder, desk) = start();
    let (status, info) = post(desk.ready(), br#"{"method_name":"info","params":[]}"#);
    assert_eq!(status, 200);
    assert_eq!(info["s3_direct_uploads_enabled"], true);
    assert_eq!(info["s3_enabled_upload_types"], json!({"*": ["*"]}));
    assert_eq!(info["version"].as_array().map(Vec::len), Some(3));
}

#[test]
fn whatever_is_sent_is_answered_with_a_fault() {
    let (_folder, desk) = start();
    let ready = desk.ready();
    let auth = http::auth(ready);
    let bodies = [
        json!(null),
        json!([]),
        json!({"method_name": 5}),
        json!({"method_name": "read"}),
        json!({"method_name": "read", "params": {}}),
        json!({"method_name": "read", "params": [auth]}),
        json!({"method_name": "read", "params": [auth, {"type": "Ticket", "filters": {"logical_operator": "xor", "conditions": []}}]}),
        json!({"method_name": "read", "params": [auth, {"type": "Ticket", "filters": {"logical_operator": "and", "conditions": [5]}}]}),
        json!({"method_name": "read", "params": [auth, {"type": "Ticket", "filters": []}]}),
        json!({"method_name": "read", "params": [auth, {"type": "Ticket", "return_fields": "title"}]}),
        json!({"method_name": "read", "params": [auth, {"type": "Ticket", "return_fields": ["title\" FROM Ticket; --"]}]}),
        json!({"method_name": "read", "params": [auth, {"type": "Ticket", "paging": {"entities_per_page": -1}}]}),
        json!({"method_name": "read", "params": [auth, {"type": "Ticket", "sorts": [{"field_name": "tags"}]}]}),
        json!({"method_name": "create", "params": [auth, {"type": "Ticket", "fields": "title"}]}),
        json!({"method_name": "update", "params": [auth, {"type": "Ticket", "id": "1"}]}),
        json!({"method_name": "batch", "params": [auth, {"request_type": "create"}]}),
        json!({"method_name": "batch", "params": [auth, [{"request_type": "drop"}]]}),
        json!({"method_name": "summarize", "params": [auth, {"type": "Ticket"}]}),
        json!({"method_name": "no_such", "params": [auth, {}]}),
    ];
    for body in bodies {
        let (status, answer) = post(ready, body.to_string().as_bytes());
        assert_eq!((status, &answer["exception"]), (200, &json!(true)), "{body} -> {answer}");
    }
    for body in [&b"{"[..], b"\xff\xfe", b""] {
        let (status, answer) = post(ready, body);
        assert_eq!((status, &answer["error_code"]), (200, &json!(103)), "{answer}");
    }
    assert_eq!(
        http::call(ready, "read", json!({"type": "Ticket"}))["results"]["entities"],
        json!([]),
        "still well"
    );
}

#[test]
fn deep_and_wide_filters_are_answered() {
    let (_folder, desk) = start();
    let ready = desk.ready();
    http::create_ticket(ready, "found");
    let nested = |depth: usize| {
        let mut group = json!({"logical_operator": "and", "conditions": [{"path": "title", "relation": "is", "values": ["FOUND"]}]});
        for _ in 0..depth {
            group = json!({"logical_operator": "or", "conditions": [group]});
        }
        http::call(ready, "read", json!({"type": "Ticket", "filters": group}))
    };
    assert_eq!(nested(50)["results"]["entities"].as_array().map(Vec::len), Some(1));
    assert_eq!(nested(51)["message"], "API read() filters are nested more than 50 deep");
    assert_eq!(nested(300)["error_code"], 103);
    let many: Vec<Value> = (0..40_000).collect::<Vec<i64>>().into_iter().map(Value::from).collect();
    let filters =
        json!({"logical_operator": "and", "conditions": [{"path": "id", "relation": "in", "values": many}]});
    assert_eq!(http::call(ready, "read", json!({"type": "Ticket", "filters": filters}))["error_code"], 103);
}

#[test]
fn a_body_has_a_limit() {
    let (_folder, desk) = start();
    let body = vec![b' '; 9 * 1024 * 1024];
    let response = http::send(&desk.ready().url, "POST", "/api3/json", &[], &body).unwrap();
    assert_eq!(response.status, 413);
}

#[test]
fn nobody_unknown_gets_in() {
    let (_folder, desk) = start();
    let ready = desk.ready();
    for auth in [
        json!({}),
        json!({"script_name": ready.script_name, "script_key": "guess"}),
        json!({"script_name": "other", "script_key": ready.script_key}),
        json!({"user_login": "support", "user_password": ""}),
        json!({"session_token": ""}),
        Value::Null,
    ] {
        for method in ["read", "create", "schema_read", "get_session_token", "preferences_read", "no_such"] {
            let body = json!({"method_name": method, "params": [auth, {"type": "Ticket"}]}).to_string();
            let (status, answer) = post(ready, body.as_bytes());
            assert_eq!((status, &answer["error_code"]), (200, &json!(102)), "{method} {auth} -> {answer}");
        }
    }
}

#[test]
fn an_idle_session_ends() {
    let (folder, desk) = start();
    let ready = desk.ready();
    let token = http::call(ready, "get_session_token", json!({}))["results"]["session_id"].clone();
    let read = || {
        let body = json!({"method_name": "read", "params": [{"session_token": token, "reject_if_expired": true}, {"type": "Ticket"}]});
        post(ready, body.to_string().as_bytes()).1
    };
    assert!(read().get("results").is_some());
    let database = rusqlite::Connection::open(folder.path().join("desk.db")).unwrap();
    let idle = |seconds: i64| {
        database.execute("UPDATE desk_session SET last_used_s = last_used_s - ?1", [seconds]).unwrap();
    };
    idle(80_000);
    assert!(read().get("results").is_some(), "and its use is written down");
    idle(80_000);
    assert!(read().get("results").is_some());
    idle(90_000);
    assert_eq!(read()["error_code"], 102);
}

#[test]
fn storage_addresses_are_signed_and_bodies_are_whole() {
    let (_folder, desk) = start();
    let ready = desk.ready();
    let ticket = http::create_ticket(ready, "stored");
    let info = form(
        ready,
        "/upload/api_get_upload_link_info",
        &[
            ("upload_type", "Attachment"),
            ("filename", "C:\\logs\\tk-maya.log"),
            ("multipart_upload", "False"),
        ],
    );
    let lines: Vec<&str> = info.lines().collect();
    assert_eq!((lines[0], lines[3], lines.get(4)), ("1", "Attachment", Some(&"")), "{info}");
    let path = lines[1].strip_prefix(&ready.url).unwrap();
    let put = |path: &str| http::send(&ready.url, "PUT", path, &[], b"the log").unwrap();

    let id = ticket.to_string();
    let link = || {
        form(
            ready,
            "/upload/api_link_file",
            &[
                ("entity_type", "Ticket"),
                ("entity_id", &id),
                ("upload_link_info", &info),
                ("display_name", "tk-maya.log"),
            ],
        )
    };
    assert_eq!(link(), "0\nthe file's bytes have not arrived\n");
    assert_eq!(put(&path.replace("/1?", "/2?")).status, 403, "another part");
    assert_eq!(put(&path.replace("expires=", "expires=9")).status, 403, "a longer life");
    assert_eq!(http::raw(&ready.url, "PUT", path, &[], b"").unwrap().status, 411);
    let short = http::raw(&ready.url, "PUT", path, &[("Content-Length", "100000000000")], b"").unwrap();
    assert_eq!(short.status, 413);
    let cut = http::cut(&ready.url, "PUT", path, 1000, b"the lo").unwrap();
    assert_eq!((cut.status, cut.text().contains("RequestTimeout")), (400, true), "{}", cut.text());
    assert_eq!(link(), "0\nthe file's bytes have not arrived\n");
    let stored = put(path);
    assert_eq!(stored.status, 200);
    assert!(stored.header("etag").is_some_and(|tag| tag.starts_with('"') && tag.ends_with('"')));

    let attachment = link();
    let attachment = attachment.trim().strip_prefix("1:").unwrap_or_else(|| panic!("{attachment}"));
    let forged = info.replacen("signature=", "signature=0", 1);
    let answer = form(
        ready,
        "/upload/api_link_file",
        &[
            ("entity_type", "Ticket"),
            ("entity_id", &id),
            ("upload_link_info", &forged),
            ("display_name", "x"),
        ],
    );
    assert!(answer.starts_with("0\n"), "{answer}");

    let file =
        http::send(&ready.url, "GET", &format!("/file_serve/attachment/{attachment}"), &[], b"").unwrap();
    assert_eq!(file.text(), "the log");
    assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
    let disposition = file.header("content-disposition").unwrap();
    assert_eq!(disposition, "attachment; filename=\"tk-maya.log\"; filename*=UTF-8''tk-maya.log");
}

#[test]
fn uploads_with_wrong_credentials_leave_nothing() {
    let (folder, desk) = start();
    let ready = desk.ready();
    let ticket = http::create_ticket(ready, "guarded");
    let stranger = Ready { script_key: "guess".to_owned(), ..ready.clone() };
    let answer = http::upload(&stranger, ticket, "x.log", &vec![b'x'; 3_000_000]).unwrap();
    assert_eq!(answer, "0\nCan't authenticate script 'tk-incident'\n");
    let incoming = std::fs::read_dir(folder.path().join("files").join("incoming")).unwrap().count();
    let kept = std::fs::read_dir(folder.path().join("files")).unwrap().count();
    assert_eq!((incoming, kept), (0, 1), "only the empty folder of arrivals");
}

#[test]
fn pages_answer_to_this_machine_s_names_only() {
    let (_folder, desk) = start();
    let ready = desk.ready();
    let ticket = http::create_ticket(ready, "<script>alert(1)</script>");
    http::upload(ready, ticket, "<img src=x>.log", b"\x1b]0;owned\x07 <script>alert(2)</script>\n").unwrap();
    for path in ["/tickets", "/tickets/1", "/attachments/1/view", "/file_serve/attachment/1"] {
        let page = http::page(ready, path).unwrap();
        assert_eq!(page.status, 200, "{path}");
        assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"), "{path}");
        let stranger = http::send(&ready.url, "GET", path, &[("Host", "evil.example")], b"").unwrap();
        assert_eq!(stranger.status, 421, "{path}");
        if !path.starts_with("/file") {
            let text = page.text();
            assert!(
                !text.contains("<script>") && !text.contains("<img src=x") && !text.contains('\x1b'),
                "{text}"
            );
        }
    }
    let home = http::page(ready, "/").unwrap();
    assert_eq!((home.status, home.header("location")), (307, Some("/tickets")));
    for path in ["/tickets/99", "/tickets/x", "/attachments/99/view", "/attachments/x/view"] {
        assert_eq!(http::page(ready, path).unwrap().status, 404, "{path}");
    }
}

#[test]
fn what_a_toolkit_bootstrap_asks_is_answered() {
    let (_folder, desk) = start();
    let ready = desk.ready();
    let ask = |kind: &str, fields: Value| {
        let answer = http::call(
            ready,
            "read",
            json!({"type": kind, "return_fields": fields,
            "filters": {"logical_operator": "and", "conditions": []}, "return_paging_info": true}),
        );
        assert!(answer["results"]["paging_info"]["entity_count"].is_number(), "{answer}");
        answer["results"]["entities"].as_array().unwrap().len()
    };
    assert_eq!(ask("Project", json!(["tank_name", "name", "archived"])), 1);
    assert_eq!(ask("Task", json!(["content", "entity", "step", "project"])), 0);
    assert_eq!(ask("HumanUser", json!(["login", "name", "email", "image", "firstname", "lastname"])), 1);
    assert_eq!(ask("LocalStorage", json!(["code", "windows_path", "linux_path", "mac_path"])), 0);
    assert_eq!(
        http::call(ready, "schema_entity_read", json!({}))["results"]["Shot"]["name"]["value"],
        "Shot"
    );
    let metrics = http::send(&ready.url, "POST", "/api3/track_metrics/", &[], b"{}").unwrap();
    assert_eq!(metrics.status, 200);
}

#[test]
fn a_filter_may_come_from_what_links_here() {
    let (_folder, desk) = start();
    let ready = desk.ready();
    let create = |kind: &str, fields: Value| -> Value {
        let fields: Vec<Value> = fields
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| json!({"field_name": name, "value": value}))
            .collect();
        let made = http::call(ready, "create", json!({"type": kind, "fields": fields}));
        json!({"type": kind, "id": made["results"]["id"].as_i64().unwrap_or_else(|| panic!("{made}"))})
    };
    let project = json!({"type": "Project", "id": ready.project_id});
    let (anim, model) =
        (create("Step", json!({"code": "Animation"})), create("Step", json!({"code": "Model"})));
    let shot = create("Shot", json!({"project": project, "code": "bunny_010"}));
    let user = create("HumanUser", json!({"login": "artist", "name": "Artist"}));
    create(
        "Task",
        json!({"project": project, "content": "lip sync", "entity": shot, "step": anim, "task_assignees": [user]}),
    );
    create("Task", json!({"project": project, "content": "unlinked", "step": model}));
    let found = |kind: &str, path: &str, relation: &str, value: &Value| {
        let filters = json!({"logical_operator": "and", "conditions": [
            {"path": path, "relation": relation, "values": [value]}]});
        http::call(ready, "read", json!({"type": kind, "return_fields": ["id"], "filters": filters}))
    };
    let ids = |answer: Value| -> Vec<i64> {
        let rows = answer["results"]["entities"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        rows.iter().filter_map(|row| row["id"].as_i64()).collect()
    };
    assert_eq!(ids(found("Step", "$FROM$Task.step.entity", "is", &shot)), [anim["id"].as_i64().unwrap()]);
    assert_eq!(
        ids(found("Step", "$FROM$Task.step.entity.Shot.code", "contains", &json!("BUNNY"))),
        [anim["id"].as_i64().unwrap()]
    );
    assert_eq!(
        ids(found("HumanUser", "$FROM$Task.task_assignees.content", "is", &json!("lip sync"))),
        [user["id"].as_i64().unwrap()],
        "over a list of links too"
    );
    assert_eq!(ids(found("Shot", "$FROM$Task.step.content", "is", &json!("lip sync"))), [0_i64; 0]);
    for path in ["$FROM$", "$FROM$Task", "$FROM$Task.step", "$FROM$Tusk.step.entity", "$FROM$Task.content.x"]
    {
        let fault = found("Step", path, "is", &Value::Null);
        assert!(
            fault["message"].as_str().is_some_and(|text| text.contains("doesn't exist")),
            "{path}: {fault}"
        );
    }
}
