//! One request to a desk that listens nowhere: a small site of its own, kept from input to input and made anew now and then.

use std::cell::RefCell;

use ::desk::inside::{Answer, Inside};
use ::desk::{DeskOptions, Ready};
use serde_json::{Value, json};

/// The key of the desk's script, so that inputs can hold it.
const KEY: &str = "fuzz-key-7f3a";
/// A desk answers so many inputs, then another begins with the first rows again.
const INPUTS_PER_DESK: u32 = 2_000;

thread_local! {
    static DESK: RefCell<Option<Fixture>> = const { RefCell::new(None) };
}

/// Any bytes as the body of `/api3/json`, or behind a first line such as `POST /api/v1/entity/tickets application/json` as the body of
/// that request: one answer, never a failure of the desk. An answer of api3 is a result or a fault with a code and a short text, one of REST
/// is a document or an error document with the status it came with. A read asked twice is answered the same. A write that is refused leaves
/// nothing behind. The key that came in does not come out.
pub fn desk(input: &[u8]) {
    DESK.with_borrow_mut(|kept| {
        if kept.as_ref().is_none_or(|fixture| fixture.inputs >= INPUTS_PER_DESK) {
            // First the old one goes: it ends its threads.
            *kept = None;
            *kept = Some(Fixture::new());
        }
        if let Some(fixture) = kept {
            fixture.inputs += 1;
            fixture.check(input);
        }
    });
}

struct Fixture {
    desk: Inside,
    bearer: String,
    inputs: u32,
    /// Live rows of the types that writes here are mostly about.
    rows: Vec<i64>,
    /// Behind the desk, so that it goes last.
    _folder: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Fixture {
        let folder = tempfile::tempdir().expect("a folder for the desk");
        let key = format!("script_name = \"tk-incident\"\nscript_key = \"{KEY}\"\n");
        let file = folder.path().join("script_key.toml");
        std::fs::write(&file, key).expect("its key");
        #[cfg(unix)]
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .expect("its mode");
        let options = DeskOptions { data: folder.path().to_owned(), ..DeskOptions::default() };
        let desk = Inside::open(options).expect("a desk");
        let mut fixture =
            Fixture { desk, bearer: String::new(), inputs: 0, rows: Vec::new(), _folder: folder };
        fixture.first_rows();
        let form = format!("grant_type=client_credentials&client_id=tk-incident&client_secret={KEY}");
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let token = fixture.desk.ask("POST", "/api/v1/auth/access_token", &headers, form.as_bytes());
        let token = token.expect("an answer");
        let token: Value = serde_json::from_slice(&token.body).expect("a token");
        fixture.bearer = format!("Bearer {}", token["access_token"].as_str().expect("a token"));
        fixture.rows = fixture.counted();
        fixture
    }

    /// A project's worth of rows to ask for and to link.
    fn first_rows(&self) {
        let Ready { project_id, .. } = self.desk.ready();
        let project = json!({"type": "Project", "id": project_id});
        let create = |kind: &str, fields: Value| {
            let fields: Vec<Value> = fields
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| json!({"field_name": name, "value": value}))
                .collect();
            let made = self.api3("create", json!({"type": kind, "fields": fields}));
            assert!(made["results"]["id"].is_i64(), "{kind}: {made}");
        };
        create("HumanUser", json!({"login": "artist", "name": "Artist"}));
        create("Sequence", json!({"project": project, "code": "bunny"}));
        let sequence = json!({"type": "Sequence", "id": 1});
        create("Shot", json!({"project": project, "code": "bunny_010", "sg_sequence": sequence}));
        create(
            "Task",
            json!({"project": project, "content": "lip sync", "entity": {"type": "Shot", "id": 1}}),
        );
        for title in ["Maya closes on save", "게시할 수 없습니다"] {
            create("Ticket", json!({"project": project, "title": title, "sg_priority": "2"}));
        }
        create("Reply", json!({"entity": {"type": "Ticket", "id": 1}, "content": "looking"}));
        create("Note", json!({"project": project, "subject": "about", "content": "hello"}));
        create("Tag", json!({"name": "red"}));
    }

    fn api3(&self, method: &str, arguments: Value) -> Value {
        let script = json!({"script_name": "tk-incident", "script_key": KEY});
        let body = json!({"method_name": method, "params": [script, arguments]}).to_string();
        let answer = self.desk.ask("POST", "/api3/json", &[], body.as_bytes());
        serde_json::from_slice(&answer.expect("an answer").body).expect("an answer of api3")
    }

    fn counted(&self) -> Vec<i64> {
        let count = |kind: &&str| {
            let all = json!({"logical_operator": "and", "conditions": []});
            let asked =
                json!({"type": kind, "filters": all, "summaries": [{"field": "id", "type": "count"}]});
            self.api3("summarize", asked)["results"]["summaries"]["id"].as_i64().unwrap_or(-1)
        };
        ["Ticket", "Reply", "Note", "Tag"].iter().map(count).collect()
    }

    fn check(&mut self, input: &[u8]) {
        let request = Request::read(input);
        let Some(answer) = self.ask(&request) else { return };
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(answer.status < 500, "{} {text}", answer.status);
        // The links of a page repeat its address.
        if !holds(input, KEY.as_bytes(), 2) && !request.path.contains(KEY) {
            assert!(!text.contains(KEY), "the key came back: {text}");
        }
        let refused = if request.path == "/api3/json" {
            refused_by_api3(&answer, &text)
        } else {
            refused_by_rest(&request, &answer, &text)
        };
        if request.reads() {
            // An error document has a number of its own each time, and what is asked relative to now may be another thing a moment later.
            if !refused && !holds(input, b"in_", 1) {
                let again = self.ask(&request).map(|answer| answer.body).unwrap_or_default();
                assert_eq!(text, String::from_utf8_lossy(&again), "a read asked twice");
            }
            return;
        }
        let rows = self.counted();
        if refused {
            assert_eq!(self.rows, rows, "what is refused leaves nothing behind: {text}");
        }
        self.rows = rows;
    }

    fn ask(&self, request: &Request<'_>) -> Option<Answer> {
        let mut headers = vec![("content-type", request.kind)];
        if request.path.starts_with("/api/") {
            headers.push(("authorization", &self.bearer));
        }
        self.desk.ask(request.method, request.path, &headers, request.body)
    }
}

struct Request<'i> {
    method: &'i str,
    path: &'i str,
    kind: &'i str,
    body: &'i [u8],
}

impl<'i> Request<'i> {
    /// An input without a request line is the body of an api3 call.
    fn read(input: &'i [u8]) -> Request<'i> {
        let plain = Request { method: "POST", path: "/api3/json", kind: "application/json", body: input };
        let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
        let Ok(line) = std::str::from_utf8(&input[..end]) else { return plain };
        let mut words = line.split(' ');
        let (Some(method), Some(path)) = (words.next(), words.next()) else { return plain };
        let kind = words.next().unwrap_or("application/json");
        let known = ["GET", "POST", "PUT", "DELETE"].contains(&method);
        let target = path.starts_with("/api/v1") && path.bytes().all(|byte| byte.is_ascii_graphic());
        if !known || !target || kind.bytes().any(|byte| !byte.is_ascii_graphic()) {
            return plain;
        }
        Request { method, path, kind, body: input.get(end + 1..).unwrap_or_default() }
    }

    /// Whether it asks and changes nothing.
    fn reads(&self) -> bool {
        if self.path != "/api3/json" {
            return self.method == "GET" && !self.path.contains("_upload") && !self.path.contains("auth");
        }
        let asked: Value = serde_json::from_slice(self.body).unwrap_or_default();
        let method = asked["method_name"].as_str().unwrap_or_default();
        method == "summarize" || method.ends_with("read")
    }
}

/// Whether it is a fault, having looked at its shape.
fn refused_by_api3(answer: &Answer, text: &str) -> bool {
    assert_eq!(answer.status, 200, "{text}");
    let answer: Value = serde_json::from_str(text).expect("an answer of api3 is JSON");
    if answer.get("exception").is_none() {
        // `info` alone comes without its wrapper.
        assert!(answer.get("results").is_some() || answer.get("version").is_some(), "{answer}");
        return false;
    }
    assert_eq!(answer["exception"], true);
    assert!(answer.get("results").is_none(), "{answer}");
    let message = answer["message"].as_str().unwrap_or_default();
    assert!(!message.is_empty() && message.len() < 8_192, "{answer}");
    assert!((102..=110).contains(&answer["error_code"].as_i64().unwrap_or_default()), "{answer}");
    true
}

/// Whether it is an error document, having looked at its shape.
fn refused_by_rest(request: &Request<'_>, answer: &Answer, text: &str) -> bool {
    let document =
        || -> Value { serde_json::from_str(text).unwrap_or_else(|_| panic!("no document: {text}")) };
    if answer.status < 400 {
        if !text.trim().is_empty() && answer.status < 300 {
            document();
        }
        return false;
    }
    // What is no route of the desk has no document.
    if request.path.starts_with("/api/v1/") || request.path.starts_with("/api/v1.1/") {
        let error = &document()["errors"][0];
        assert_eq!(error["status"], answer.status, "{error}");
        let said = error["title"].as_str().or(error["detail"].as_str()).unwrap_or_default();
        assert!(!said.is_empty(), "{error}");
    }
    true
}

/// Whether `bytes` hold `part` at least so many times.
fn holds(bytes: &[u8], part: &[u8], times: usize) -> bool {
    bytes.windows(part.len()).filter(|window| *window == part).count() >= times
}
