//! Who gets in, and who does what there. Here: browsers and people to try it with.

// What is not a #[test] function here is test code all the same.
#![allow(clippy::unwrap_used)]

mod groups;
#[path = "../http/mod.rs"]
mod http;
mod members;
mod network;
mod sign_in;

use desk::{Desk, DeskOptions, Ready};
use http::Response;
use serde_json::{Value, json};

pub(crate) fn start(change: impl FnOnce(&mut DeskOptions)) -> (tempfile::TempDir, Desk) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = DeskOptions { data: folder.path().to_owned(), ..DeskOptions::default() };
    change(&mut options);
    let desk = Desk::start(options).unwrap();
    (folder, desk)
}

pub(crate) fn add_person(ready: &Ready, login: &str, password: &str) -> i64 {
    let fields = json!([{"field_name": "login", "value": login}, {"field_name": "name", "value": login},
        {"field_name": "password_proxy", "value": password}]);
    let answer = http::call(ready, "create", json!({"type": "HumanUser", "fields": fields}));
    answer["results"]["id"].as_i64().unwrap_or_else(|| panic!("{answer}"))
}

/// A browser: keeps cookies, sends forms as its pages do.
pub(crate) struct Browser<'a> {
    ready: &'a Ready,
    cookies: Vec<(String, String)>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(ready: &'a Ready) -> Browser<'a> {
        Browser { ready, cookies: Vec::new() }
    }

    pub(crate) fn send(&mut self, method: &str, path: &str, more: &[(&str, &str)], body: &str) -> Response {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut headers = vec![("Cookie", cookies.as_str())];
        if method == "POST" {
            headers.push(("Content-Type", "application/x-www-form-urlencoded"));
        }
        headers.extend(more);
        let response = http::send(&self.ready.url, method, path, &headers, body.as_bytes()).unwrap();
        for line in response.head.lines() {
            let Some((name, cookie)) = line.split_once(':') else { continue };
            if name.eq_ignore_ascii_case("set-cookie") {
                let (name, value) = cookie.trim().split(';').next().unwrap().split_once('=').unwrap();
                self.cookies.retain(|(known, _)| known != name);
                if !value.is_empty() {
                    self.cookies.push((name.to_owned(), value.to_owned()));
                }
            }
        }
        response
    }

    pub(crate) fn get(&mut self, path: &str) -> Response {
        self.send("GET", path, &[], "")
    }

    /// As a page's own form does.
    pub(crate) fn post(&mut self, path: &str, body: &str) -> Response {
        let origin = self.ready.url.clone();
        self.send("POST", path, &[("Origin", &origin), ("Sec-Fetch-Site", "same-origin")], body)
    }

    pub(crate) fn sign_in(&mut self, login: &str, password: &str, to: &str) -> Response {
        let form = self.get("/sign-in");
        let csrf = token_of(&form);
        self.post("/sign-in", &format!("csrf={csrf}&to={to}&login={login}&password={password}"))
    }
}

/// The token in a page's form.
pub(crate) fn token_of(page: &Response) -> String {
    let text = page.text();
    let (_, rest) = text.split_once("name=\"csrf\" value=\"").unwrap_or_else(|| panic!("no form: {text}"));
    rest.split('"').next().unwrap().to_owned()
}

/// The auth object of a person with a password.
pub(crate) fn person(login: &str) -> Value {
    json!({"user_login": login, "user_password": "pa55 word"})
}

pub(crate) fn fields(pairs: &[(&str, Value)]) -> Value {
    pairs.iter().map(|(name, value)| json!({"field_name": name, "value": value})).collect()
}

pub(crate) fn find(ready: &Ready, auth: &Value, kind: &str) -> Vec<Value> {
    let fields = if kind == "PermissionRuleSet" { json!(["code", "sg_desk_rules"]) } else { json!([]) };
    let answer = http::call_as(ready, auth, "read", json!({"type": kind, "return_fields": fields}));
    answer["results"]["entities"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
}

/// Makes a person in one of the desk's first groups.
pub(crate) fn add_member(ready: &Ready, login: &str, group: &str) -> i64 {
    let script = http::auth(ready);
    let groups = find(ready, &script, "PermissionRuleSet");
    let group = groups.iter().find(|found| found["code"] == group).unwrap_or_else(|| panic!("{groups:?}"));
    let id = add_person(ready, login, "pa55 word");
    let to = fields(&[("permission_rule_set", json!({"type": "PermissionRuleSet", "id": group["id"]}))]);
    let answer = http::call(ready, "update", json!({"type": "HumanUser", "id": id, "fields": to}));
    assert!(answer.get("exception").is_none(), "{answer}");
    id
}
