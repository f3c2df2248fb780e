//! A desk as callers of REST meet it, with a token.

use desk::{Desk, DeskOptions, Ready};
use serde_json::{Value, json};

use super as http;

pub(crate) const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
pub(crate) const JSON: (&str, &str) = ("Content-Type", "application/json");
pub(crate) const ARRAY: (&str, &str) = ("Content-Type", "application/vnd+shotgun.api3_array+json");
pub(crate) const HASH: (&str, &str) = ("Content-Type", "application/vnd+shotgun.api3_hash+json");

/// A desk, and a script's token for it.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) desk: Desk,
    pub(crate) bearer: String,
}

impl World {
    pub(crate) fn start() -> World {
        World::with(DeskOptions::default())
    }

    pub(crate) fn with(options: DeskOptions) -> World {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::start(DeskOptions { data: folder.path().to_owned(), ..options }).unwrap();
        let token = grant(desk.ready(), &script(desk.ready())).1;
        let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
        World { folder, desk, bearer }
    }

    pub(crate) fn ready(&self) -> &Ready {
        self.desk.ready()
    }

    pub(crate) fn call(&self, method: &str, path: &str, kind: (&str, &str), body: &str) -> http::Response {
        let headers = [("Authorization", self.bearer.as_str()), kind];
        http::send(&self.ready().url, method, path, &headers, body.as_bytes()).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        answer(&self.call("GET", path, ("Accept", "application/json"), ""))
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        answer(&self.call(method, path, JSON, &body.to_string()))
    }

    pub(crate) fn search(&self, path: &str, kind: (&str, &str), body: &Value) -> (u16, Value) {
        answer(&self.call("POST", path, kind, &body.to_string()))
    }

    pub(crate) fn project(&self) -> Value {
        json!({"type": "Project", "id": self.ready().project_id})
    }

    pub(crate) fn ticket(&self, title: &str) -> i64 {
        let body = json!({"title": title, "project": self.project()});
        let (status, made) = self.send("POST", "/api/v1/entity/tickets", &body);
        assert_eq!(status, 201, "{made}");
        made["data"]["id"].as_i64().unwrap()
    }
}

pub(crate) fn answer(response: &http::Response) -> (u16, Value) {
    (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
}

pub(crate) fn script(ready: &Ready) -> String {
    format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        ready.script_name, ready.script_key
    )
}

pub(crate) fn grant(ready: &Ready, form: &str) -> (u16, Value) {
    let path = "/api/v1/auth/access_token";
    answer(&http::send(&ready.url, "POST", path, &[FORM], form.as_bytes()).unwrap())
}

/// The one error of a document: status, code and text.
pub(crate) fn error(answer: (u16, Value)) -> (u16, u64, String) {
    let (status, document) = answer;
    let errors = document["errors"].as_array().unwrap_or_else(|| panic!("{status} {document}"));
    assert_eq!(errors.len(), 1, "{document}");
    assert_eq!(errors[0]["status"], status, "{document}");
    (status, errors[0]["code"].as_u64().unwrap_or(0), errors[0]["detail"].as_str().unwrap().to_owned())
}

pub(crate) fn refused(answer: (u16, Value), status: u16, code: u64, detail: &str) {
    assert_eq!(error(answer), (status, code, detail.to_owned()));
}

/// Creates a person with a password.
pub(crate) fn person(ready: &Ready, login: &str, password: &str) -> i64 {
    let fields = json!([
        {"field_name": "login", "value": login},
        {"field_name": "password_proxy", "value": password}]);
    let made = http::call(ready, "create", json!({"type": "HumanUser", "fields": fields}));
    made["results"]["id"].as_i64().unwrap_or_else(|| panic!("{made}"))
}

/// From now on calls are made by a person: those leave entries in the event log.
pub(crate) fn become_person(world: &mut World) {
    person(world.ready(), "walter", "open sesame");
    let (_, token) = grant(world.ready(), "grant_type=password&username=walter&password=open+sesame");
    world.bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
}
