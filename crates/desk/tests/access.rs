//! Who gets in: the pages' sign-in, its cookie, its forms; and what others try instead.

// What is not a #[test] function here is test code all the same.
#![allow(clippy::unwrap_used)]

mod http;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use desk::{Desk, DeskError, DeskOptions, Ready, TlsFiles};
use http::Response;
use serde_json::{Value, json};

fn start(change: impl FnOnce(&mut DeskOptions)) -> (tempfile::TempDir, Desk) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = DeskOptions { data: folder.path().to_owned(), ..DeskOptions::default() };
    change(&mut options);
    let desk = Desk::start(options).unwrap();
    (folder, desk)
}

fn add_person(ready: &Ready, login: &str, password: &str) -> i64 {
    let fields = json!([{"field_name": "login", "value": login}, {"field_name": "name", "value": login},
        {"field_name": "password_proxy", "value": password}]);
    let answer = http::call(ready, "create", json!({"type": "HumanUser", "fields": fields}));
    answer["results"]["id"].as_i64().unwrap_or_else(|| panic!("{answer}"))
}

/// A browser: keeps cookies, sends forms as its pages do.
struct Browser<'a> {
    ready: &'a Ready,
    cookies: Vec<(String, String)>,
}

impl<'a> Browser<'a> {
    fn new(ready: &'a Ready) -> Browser<'a> {
        Browser { ready, cookies: Vec::new() }
    }

    fn send(&mut self, method: &str, path: &str, more: &[(&str, &str)], body: &str) -> Response {
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

    fn get(&mut self, path: &str) -> Response {
        self.send("GET", path, &[], "")
    }

    /// As a page's own form does.
    fn post(&mut self, path: &str, body: &str) -> Response {
        let origin = self.ready.url.clone();
        self.send("POST", path, &[("Origin", &origin), ("Sec-Fetch-Site", "same-origin")], body)
    }

    fn sign_in(&mut self, login: &str, password: &str, to: &str) -> Response {
        let form = self.get("/sign-in");
        let csrf = token_of(&form);
        self.post("/sign-in", &format!("csrf={csrf}&to={to}&login={login}&password={password}"))
    }
}

/// The token in a page's form.
fn token_of(page: &Response) -> String {
    let text = page.text();
    let (_, rest) = text.split_once("name=\"csrf\" value=\"").unwrap_or_else(|| panic!("no form: {text}"));
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn the_desk_s_link_opens_the_pages_and_others_see_the_form() {
    let (_folder, desk) = start(|_| ());
    let ready = desk.ready();
    http::create_ticket(ready, "a secret title");
    let link = ready.page.strip_prefix(&ready.url).unwrap();
    let key = link.rsplit_once('=').unwrap().1;

    let mut stranger = Browser::new(ready);
    for path in ["/tickets", "/tickets/1", "/tickets?token=guess", "/", "/attachments/1/view", "/nowhere"] {
        let form = stranger.get(path);
        assert_eq!(form.status, if path == "/nowhere" { 404 } else { 401 }, "{path}");
        assert!(!form.text().contains("a secret title"), "{path}");
    }
    assert_eq!(stranger.get("/assets/desk.css").status, 200, "the form has its style");

    let mut owner = Browser::new(ready);
    let page = owner.get(link);
    assert_eq!((page.status, page.text().contains("a secret title")), (200, true));
    assert!(!page.text().contains(key), "the key is in the page");
    assert_eq!(page.header("referrer-policy"), Some("strict-origin"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let cookie = page.header("set-cookie").unwrap();
    for word in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    let again = owner.get("/tickets/1");
    assert_eq!((again.status, again.header("set-cookie")), (200, None));

    // A HEAD as browsers' previews send it is fine; a POST with the key alone is not.
    assert_eq!(stranger.post(&format!("/sign-out?token={key}"), "").status, 401);
}

#[test]
fn a_disabled_owner_ends_the_link() {
    let (_folder, desk) = start(|_| ());
    let ready = desk.ready();
    let mut owner = Browser::new(ready);
    assert_eq!(owner.get(ready.page.strip_prefix(&ready.url).unwrap()).status, 200);
    let fields = json!([{"field_name": "sg_status_list", "value": "dis"}]);
    http::call(ready, "update", json!({"type": "HumanUser", "id": 1, "fields": fields}));
    assert_eq!(owner.get("/tickets").status, 401);
    assert_eq!(http::page(ready, "/tickets").unwrap().status, 401);
}

#[test]
fn a_person_signs_in_and_out() {
    let (folder, desk) = start(|_| ());
    let ready = desk.ready();
    add_person(ready, "alice", "pa55 word");
    let mut alice = Browser::new(ready);
    let asked = alice.get("/tickets?q=x");
    assert!(asked.text().contains("name=\"to\" value=\"/tickets?q=x\""), "{}", asked.text());
    let welcome = alice.sign_in("ALICE", "pa55+word", "/tickets%3Fq%3Dx");
    assert_eq!((welcome.status, welcome.header("location")), (303, Some("/tickets?q=x")));
    assert_eq!(alice.get("/tickets").status, 200);

    let (_, token) = alice.cookies.iter().find(|(name, _)| name != "desk_form").unwrap().clone();
    for entry in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).filter(|e| e.path().is_file())
    {
        let kept = std::fs::read(entry.path()).unwrap();
        assert!(
            !kept.windows(token.len()).any(|window| window == token.as_bytes()),
            "{entry:?} holds a cookie"
        );
    }
    let auth = json!({"session_token": token, "reject_if_expired": true});
    let body = json!({"method_name": "read", "params": [auth, {"type": "Ticket"}]}).to_string();
    let answer = http::send(&ready.url, "POST", "/api3/json", &[], body.as_bytes()).unwrap();
    assert!(answer.text().contains("\"error_code\":102"), "a cookie is no session token: {}", answer.text());

    let kept = alice.cookies.clone();
    assert_eq!(alice.post("/sign-out", "").status, 403, "without the token of its form");
    assert_eq!(alice.get("/tickets").status, 200);
    let form = alice.get("/sign-in");
    assert!(form.text().contains("Signed in as alice"), "{}", form.text());
    let foreign = token_of(&Browser::new(ready).get("/sign-in"));
    assert_eq!(alice.post("/sign-out", &format!("csrf={foreign}")).status, 403, "the token of another form");
    let left = alice.post("/sign-out", &format!("csrf={}", token_of(&form)));
    assert_eq!((left.status, left.header("location")), (303, Some("/sign-in")));
    assert_eq!(alice.get("/tickets").status, 401);
    alice.cookies = kept;
    assert_eq!(alice.get("/tickets").status, 401, "the cookie of a session that has ended");
}

#[test]
fn a_password_is_guessed_in_vain() {
    let (_folder, desk) = start(|_| ());
    let ready = desk.ready();
    add_person(ready, "alice", "right");
    add_person(ready, "bob", "right");
    let mut guesser = Browser::new(ready);
    let known = guesser.sign_in("alice", "wrong", "/tickets");
    let unknown = guesser.sign_in("nobody", "wrong", "/tickets");
    assert_eq!((known.status, unknown.status), (403, 403));
    let said = |page: &Response| {
        page.text().split("role=\"alert\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    assert_eq!(said(&known), said(&unknown));
    for _ in 0..9 {
        guesser.sign_in("alice", "wrong", "/tickets");
    }
    assert_eq!(guesser.sign_in("alice", "right", "/tickets").status, 429);
    assert_eq!(guesser.sign_in("bob", "right", "/tickets").status, 303);
    assert_eq!(guesser.get("/tickets").status, 200);
}

#[test]
fn nobody_is_sent_elsewhere_after_the_sign_in() {
    let (_folder, desk) = start(|_| ());
    let ready = desk.ready();
    add_person(ready, "alice", "right");
    for to in
        ["https://evil.example", "//evil.example", "/%5Cevil.example", "/%0D%0AX: y", "javascript:alert(1)"]
    {
        let mut alice = Browser::new(ready);
        let welcome = alice.sign_in("alice", "right", to);
        assert_eq!((welcome.status, welcome.header("location")), (303, Some("/tickets")), "{to}");
    }
}

#[test]
fn other_sites_and_names_are_turned_away() {
    let (_folder, desk) = start(|options| options.names = vec!["desk.studio.example".to_owned()]);
    let ready = desk.ready();
    let mut owner = Browser::new(ready);
    owner.get(ready.page.strip_prefix(&ready.url).unwrap());
    for more in [
        vec![("Origin", "https://evil.example")],
        vec![("Origin", "null")],
        vec![("Sec-Fetch-Site", "cross-site")],
        vec![("Sec-Fetch-Site", "same-site")],
    ] {
        for path in ["/sign-in", "/sign-out", "/tickets"] {
            assert_eq!(owner.send("POST", path, &more, "").status, 403, "{path} {more:?}");
        }
    }
    for host in ["evil.example", "127.0.0.1.evil.example", "desk.studio.example.evil.example"] {
        for path in ["/tickets", "/sign-in", "/assets/desk.css", "/file_serve/attachment/1"] {
            assert_eq!(owner.send("GET", path, &[("Host", host)], "").status, 421, "{host} {path}");
        }
    }
    assert_eq!(owner.send("GET", "/tickets", &[("Host", "Desk.Studio.example:80")], "").status, 200);
}

#[test]
fn every_page_says_what_browsers_may_do_with_it() {
    let (_folder, desk) = start(|_| ());
    let ready = desk.ready();
    let mut owner = Browser::new(ready);
    let opened = owner.get(ready.page.strip_prefix(&ready.url).unwrap());
    let mut stranger = Browser::new(ready);
    for page in [opened, owner.get("/tickets"), stranger.get("/tickets"), stranger.get("/sign-in")] {
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe") && !policy.contains("data:"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        let text = page.text();
        assert!(
            !text.contains(" style=") && !text.contains("<style") && !text.contains(" onclick"),
            "{text}"
        );
    }
}

/// The auth object of a person with a password.
fn person(login: &str) -> Value {
    json!({"user_login": login, "user_password": "pa55 word"})
}

fn fields(pairs: &[(&str, Value)]) -> Value {
    pairs.iter().map(|(name, value)| json!({"field_name": name, "value": value})).collect()
}

fn find(ready: &Ready, auth: &Value, kind: &str) -> Vec<Value> {
    let fields = if kind == "PermissionRuleSet" { json!(["code", "sg_desk_rules"]) } else { json!([]) };
    let answer = http::call_as(ready, auth, "read", json!({"type": kind, "return_fields": fields}));
    answer["results"]["entities"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
}

/// Makes a person in one of the desk's first groups.
fn add_member(ready: &Ready, login: &str, group: &str) -> i64 {
    let script = http::auth(ready);
    let groups = find(ready, &script, "PermissionRuleSet");
    let group = groups.iter().find(|found| found["code"] == group).unwrap_or_else(|| panic!("{groups:?}"));
    let id = add_person(ready, login, "pa55 word");
    let to = fields(&[("permission_rule_set", json!({"type": "PermissionRuleSet", "id": group["id"]}))]);
    let answer = http::call(ready, "update", json!({"type": "HumanUser", "id": id, "fields": to}));
    assert!(answer.get("exception").is_none(), "{answer}");
    id
}

#[test]
fn groups_decide_what_is_written() {
    let (_folder, desk) = start(|_| ());
    let ready = desk.ready();
    for group in ["admin", "manager", "artist", "client"] {
        add_member(ready, group, group);
    }
    let ticket = http::create_ticket(ready, "of the script");
    let project = json!({"type": "Project", "id": ready.project_id});
    let new = |kind: &str, more: &[(&str, Value)]| json!({"type": kind, "fields": fields(more)});
    let old =
        |kind: &str, id: i64, more: &[(&str, Value)]| json!({"type": kind, "id": id, "fields": fields(more)});
    let rules = json!({"admin": true, "read": ["*"]});
    let not_created = |kind: &str| format!("Entity of type {kind} cannot be created by this user.");
    let not_editable = |field: &str| format!("The field is not editable for this user: [{field}]");
    for (method, arguments, refusal, allowed) in [
        (
            "create",
            new("Ticket", &[("title", json!("x")), ("project", project.clone())]),
            not_created("Ticket"),
            [true, true, true, false],
        ),
        (
            "create",
            new("Project", &[("name", json!("new"))]),
            not_created("Project"),
            [true, true, false, false],
        ),
        (
            "create",
            new("HumanUser", &[("login", json!("new"))]),
            not_created("HumanUser"),
            [true, false, false, false],
        ),
        (
            "create",
            new("ApiUser", &[("firstname", json!("new"))]),
            not_created("ApiUser"),
            [true, false, false, false],
        ),
        (
            "update",
            old("Ticket", ticket, &[("title", json!("y"))]),
            not_editable("Ticket.title"),
            [true, true, true, false],
        ),
        (
            "update",
            old("HumanUser", 1, &[("password_proxy", json!("mine now"))]),
            not_editable("HumanUser.password_proxy"),
            [true, false, false, false],
        ),
        (
            "update",
            old("PermissionRuleSet", 6, &[("sg_desk_rules", rules)]),
            not_editable("PermissionRuleSet.sg_desk_rules"),
            [true, false, false, false],
        ),
        (
            "delete",
            json!({"type": "Project", "id": ready.project_id}),
            "Entity of type Project cannot be deleted by this user.".to_owned(),
            [true, true, false, false],
        ),
        (
            "revive",
            json!({"type": "Project", "id": ready.project_id}),
            "Entity of type Project cannot be deleted by this user.".to_owned(),
            [true, true, false, false],
        ),
        (
            "schema_field_create",
            json!({"type": "Ticket", "data_type": "text", "properties": [{"property_name": "name", "value": "New"}]}),
            "This user is not permitted to do that.".to_owned(),
            [true, false, false, false],
        ),
    ] {
        // From the least to the most, so that what an admin changes comes last.
        for (group, allowed) in ["admin", "manager", "artist", "client"].iter().zip(allowed).rev() {
            let batched = json!([{"request_type": method, "type": arguments["type"], "id": arguments["id"], "fields": arguments["fields"]}]);
            let mut calls = vec![(method, arguments.clone())];
            if !allowed && matches!(method, "create" | "update" | "delete") {
                calls.push(("batch", batched));
            }
            for (method, arguments) in calls {
                let answer = http::call_as(ready, &person(group), method, arguments.clone());
                if allowed && *group != "admin" && method == "create" && arguments["type"] == "Project" {
                    let id = answer["results"]["id"].as_i64().unwrap_or_else(|| panic!("{group} {answer}"));
                    http::call(ready, "update", old("Project", id, &[("name", json!("renamed"))]));
                }
                assert_eq!(
                    answer.get("exception").is_none(),
                    allowed,
                    "{group} {method} {arguments}: {answer}"
                );
                if !allowed {
                    assert!(
                        answer["message"].as_str().unwrap().starts_with(&refusal),
                        "{group} {method}: {answer}"
                    );
                    assert_eq!(answer["error_code"], 104);
                }
            }
        }
    }
    for (group, allowed) in [("manager", true), ("artist", true), ("client", false)] {
        let answer = http::upload_as(ready, &person(group), ticket, "x.log", b"text").unwrap();
        assert_eq!(answer.starts_with("1:"), allowed, "{group} {answer}");
    }
}

#[test]
fn people_change_their_own_row_and_gain_nothing() {
    let (_folder, desk) = start(|_| ());
    let ready = desk.ready();
    let alice = add_member(ready, "alice", "artist");
    let update = |auth: &Value, pairs: &[(&str, Value)]| {
        http::call_as(
            ready,
            auth,
            "update",
            json!({"type": "HumanUser", "id": alice, "fields": fields(pairs)}),
        )
    };
    let token =
        http::call_as(ready, &person("alice"), "get_session_token", json!({}))["results"]["session_id"]
            .clone();
    let session = json!({"session_token": token, "reject_if_expired": true});
    for (field, value) in [
        ("permission_rule_set", json!({"type": "PermissionRuleSet", "id": 1})),
        ("projects", json!([{"type": "Project", "id": ready.project_id}])),
        ("login", json!("support")),
    ] {
        let answer = update(&session, &[(field, value)]);
        assert_eq!(answer["error_code"], 104, "{field} {answer}");
    }
    assert!(update(&session, &[("password_proxy", json!("another"))]).get("exception").is_none());
    assert_eq!(
        update(&session, &[("email", json!("a@b.c"))])["error_code"],
        102,
        "the sessions of the old password"
    );
    let new = json!({"user_login": "alice", "user_password": "another"});
    assert!(update(&new, &[("email", json!("a@b.c"))]).get("exception").is_none());
    let sudo = json!({"user_login": "alice", "user_password": "another", "sudo_as_login": "support"});
    let answer = update(&sudo, &[]);
    assert!(
        answer["message"].as_str().unwrap().starts_with("The user does not have permission to 'sudo': "),
        "{answer}"
    );
}

#[test]
fn an_admin_sets_rules_and_does_not_lock_the_door_from_inside() {
    let (_folder, desk) = start(|_| ());
    let ready = desk.ready();
    let alice = add_member(ready, "alice", "artist");
    add_member(ready, "chief", "admin");
    let groups = find(ready, &person("chief"), "PermissionRuleSet");
    let id = |code: &str| groups.iter().find(|group| group["code"] == code).unwrap()["id"].clone();
    let set = |auth: &Value, code: &str, rules: Value| {
        let to = fields(&[("sg_desk_rules", rules)]);
        http::call_as(
            ready,
            auth,
            "update",
            json!({"type": "PermissionRuleSet", "id": id(code), "fields": to}),
        )
    };
    let strict = json!({"read": ["*"], "create": ["*", "-Ticket"], "update": ["*"], "locked_fields": ["Ticket.title"], "upload": ["-*"]});
    let answer = set(&person("chief"), "artist", strict.clone());
    assert_eq!(answer["results"]["sg_desk_rules"], strict, "{answer}");
    let ticket = http::create_ticket(ready, "x");
    let answer = http::call_as(ready, &person("alice"), "create", http::ticket(ready, "y"));
    assert_eq!(answer["message"], "Entity of type Ticket cannot be created by this user.");
    let change = |field: &str| {
        let to = fields(&[(field, json!("z"))]);
        http::call_as(
            ready,
            &person("alice"),
            "update",
            json!({"type": "Ticket", "id": ticket, "fields": to}),
        )
    };
    assert_eq!(change("title")["error_code"], 104);
    assert!(change("description").get("exception").is_none());
    assert!(
        http::upload_as(ready, &person("alice"), ticket, "x.log", b"x")
            .unwrap()
            .starts_with("0\nEntity of type Attachment cannot be created")
    );

    for wrong in [json!({"create": "all"}), json!({"crate": ["*"]}), json!({"projects": "mine"})] {
        assert_eq!(set(&person("chief"), "artist", wrong.clone())["error_code"], 103, "{wrong}");
    }
    let answer = set(&person("chief"), "admin", json!({"read": ["*"]}));
    assert!(
        answer["message"].as_str().unwrap().starts_with("This would take the rights of an admin"),
        "{answer}"
    );
    for (code, own) in [("admin", true), ("artist", false)] {
        let answer = http::call_as(
            ready,
            &person("chief"),
            "delete",
            json!({"type": "PermissionRuleSet", "id": id(code)}),
        );
        assert_eq!(answer.get("exception").is_some(), own, "{answer}");
    }
    let answer = http::call_as(ready, &person("alice"), "read", json!({"type": "Ticket"}));
    assert_eq!(answer["results"]["entities"], json!([]), "a retired group allows nothing");
    let _ = alice;
}

#[test]
fn rows_of_other_projects_are_not_there() {
    let (_folder, desk) = start(|_| ());
    let ready = desk.ready();
    let alice = add_member(ready, "alice", "client");
    let script = http::auth(ready);
    let create = |kind: &str, pairs: &[(&str, Value)]| {
        let answer = http::call(ready, "create", json!({"type": kind, "fields": fields(pairs)}));
        answer["results"]["id"].as_i64().unwrap_or_else(|| panic!("{answer}"))
    };
    let own = create("Project", &[("name", json!("own"))]);
    let mine =
        create("Ticket", &[("title", json!("mine")), ("project", json!({"type": "Project", "id": own}))]);
    let theirs = http::create_ticket(ready, "theirs");
    for ticket in [mine, theirs] {
        create("Reply", &[("content", json!("hm")), ("entity", json!({"type": "Ticket", "id": ticket}))]);
        http::upload(ready, ticket, "x.log", b"x").unwrap();
    }
    let count = |auth: &Value, kind: &str| find(ready, auth, kind).len();
    for kind in ["Project", "Ticket", "Reply", "Attachment"] {
        assert_eq!((count(&person("alice"), kind), count(&script, kind)), (0, 2), "{kind}");
    }
    let rules = json!({"read": ["*"], "create": ["*"], "update": ["*"], "delete": ["*"], "upload": ["*"], "projects": "own"});
    let group = find(ready, &script, "PermissionRuleSet")
        .iter()
        .find(|group| group["code"] == "client")
        .unwrap()["id"]
        .clone();
    http::call(
        ready,
        "update",
        json!({"type": "PermissionRuleSet", "id": group, "fields": fields(&[("sg_desk_rules", rules)])}),
    );
    http::call(
        ready,
        "update",
        json!({"type": "HumanUser", "id": alice, "fields": fields(&[("projects", json!([{"type": "Project", "id": own}]))])}),
    );
    for kind in ["Project", "Ticket", "Reply", "Attachment"] {
        assert_eq!(count(&person("alice"), kind), 1, "{kind}");
    }
    let summary = json!({"type": "Ticket", "summaries": [{"field": "id", "type": "count"}]});
    let answer = http::call_as(ready, &person("alice"), "summarize", summary);
    assert_eq!(answer["results"]["summaries"]["id"], 1, "{answer}");
    let filter = json!({"logical_operator": "or", "conditions": [{"path": "id", "relation": "greater_than", "values": [0]}]});
    let answer = http::call_as(ready, &person("alice"), "read", json!({"type": "Ticket", "filters": filter}));
    assert_eq!(answer["results"]["entities"].as_array().unwrap().len(), 1, "{answer}");

    let gone = |id: i64| format!("Entity of type [Ticket] with id={id} does not exist.");
    let write = |method: &str, arguments: Value| http::call_as(ready, &person("alice"), method, arguments);
    let title = fields(&[("title", json!("changed"))]);
    for method in ["update", "delete", "revive"] {
        let answer = write(method, json!({"type": "Ticket", "id": theirs, "fields": title}));
        assert_eq!(answer["message"], gone(theirs), "{method}");
    }
    assert!(
        write("update", json!({"type": "Ticket", "id": mine, "fields": title})).get("exception").is_none()
    );
    let reply = fields(&[("content", json!("x")), ("entity", json!({"type": "Ticket", "id": theirs}))]);
    assert_eq!(write("create", json!({"type": "Reply", "fields": reply}))["message"], gone(theirs));
    assert_eq!(
        write("create", http::ticket(ready, "elsewhere"))["error_code"],
        104,
        "a ticket in a project that is not there"
    );
    let users = fields(&[("users", json!([{"type": "HumanUser", "id": alice}]))]);
    let answer = write("update", json!({"type": "Project", "id": ready.project_id, "fields": users}));
    assert_eq!(answer["error_code"], 104, "{answer}");
    assert!(http::upload_as(ready, &person("alice"), theirs, "x.log", b"x").unwrap().contains(&gone(theirs)));
}

#[test]
fn people_who_may_not_come_in_do_not() {
    let (_folder, desk) = start(|_| ());
    let ready = desk.ready();
    let alice = add_person(ready, "alice", "pa55 word");
    let update = |pairs: &[(&str, Value)]| {
        http::call(ready, "update", json!({"type": "HumanUser", "id": alice, "fields": fields(pairs)}))
    };
    let asks =
        |auth: &Value| http::call_as(ready, auth, "read", json!({"type": "Ticket"}))["error_code"].as_i64();
    let mut auth = person("alice");
    auth["auth_token"] = json!("123456");
    assert_eq!(asks(&auth), None, "a second factor nobody asked for is ignored");
    let sudo =
        json!({"script_name": ready.script_name, "script_key": ready.script_key, "sudo_as_login": "ALICE"});
    assert_eq!(asks(&sudo), None);
    update(&[("locked_until", json!("2999-01-01T00:00:00Z"))]);
    assert_eq!(asks(&person("alice")), Some(102), "locked");
    update(&[("locked_until", json!("2020-01-01T00:00:00Z"))]);
    assert_eq!(asks(&person("alice")), None);
    update(&[("sg_status_list", json!("dis"))]);
    assert_eq!((asks(&person("alice")), asks(&sudo)), (Some(102), Some(102)), "disabled");
    update(&[("sg_status_list", json!("act"))]);
    assert_eq!(asks(&person("alice")), None);
    http::call(ready, "delete", json!({"type": "HumanUser", "id": alice}));
    assert_eq!((asks(&person("alice")), asks(&sudo)), (Some(102), Some(102)), "retired");
}

/// A desk that speaks TLS, its files, and what trusts it.
fn start_tls(change: impl FnOnce(&mut DeskOptions)) -> (tempfile::TempDir, Desk, Arc<rustls::ClientConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let files = tempfile::tempdir().unwrap();
    let tls = TlsFiles { certificate: files.path().join("desk.pem"), key: files.path().join("desk.key") };
    std::fs::write(&tls.certificate, made.cert.pem()).unwrap();
    std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
    let mut options =
        DeskOptions { data: files.path().join("data"), tls: Some(tls), ..DeskOptions::default() };
    change(&mut options);
    let desk = Desk::start(options).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (files, desk, Arc::new(client))
}

fn port(ready: &Ready) -> u16 {
    ready.url.rsplit(':').next().unwrap().parse().unwrap()
}

fn get_by_tls(ready: &Ready, client: &Arc<rustls::ClientConfig>, path: &str) -> std::io::Result<String> {
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let session = rustls::ClientConnection::new(Arc::clone(client), name).unwrap();
    let socket = TcpStream::connect(("127.0.0.1", port(ready)))?;
    socket.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut stream = rustls::StreamOwned::new(session, socket);
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n", port(ready))?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(String::from_utf8_lossy(&answer).into_owned()),
    }
}

#[test]
fn with_a_certificate_everything_goes_by_tls() {
    let (_files, desk, client) = start_tls(|_| ());
    let ready = desk.ready();
    assert!(ready.url.starts_with("https://127.0.0.1:"), "{}", ready.url);
    assert!(ready.page.starts_with(&ready.url));
    let answer = get_by_tls(ready, &client, ready.page.strip_prefix(&ready.url).unwrap()).unwrap();
    let head = answer.split("\r\n\r\n").next().unwrap().to_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{answer}");
    assert!(head.contains("strict-transport-security: max-age="), "{head}");
    let cookie = head.lines().find(|line| line.starts_with("set-cookie:")).unwrap();
    assert!(cookie.contains("__host-desk_") && cookie.contains("; secure"), "{cookie}");

    let in_clear = http::send(&format!("http://127.0.0.1:{}", port(ready)), "GET", "/tickets", &[], b"");
    assert!(in_clear.is_err(), "spoken to in clear, the desk answers");
    let stranger =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
    assert!(get_by_tls(ready, &Arc::new(stranger), "/tickets").is_err(), "nobody vouches for it");
}

#[test]
fn who_says_nothing_holds_up_nobody() {
    let (_files, desk, client) = start_tls(|_| ());
    let silent: Vec<TcpStream> =
        (0..300).map(|_| TcpStream::connect(("127.0.0.1", port(desk.ready()))).unwrap()).collect();
    let answer = get_by_tls(desk.ready(), &client, "/sign-in").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(silent);
}

#[test]
fn the_network_is_for_tls_or_for_an_explicit_word() {
    let any = "0.0.0.0:0".parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let options = |insecure_network| DeskOptions {
        listen: any,
        insecure_network,
        data: folder.path().to_owned(),
        ..DeskOptions::default()
    };
    let Err(error) = Desk::start(options(false)) else { panic!("open to the network") };
    assert!(matches!(error, DeskError::NotLoopback { .. }), "{error}");

    let desk = Desk::start(options(true)).unwrap();
    let ready = desk.ready();
    assert!(ready.url.starts_with("http://127.0.0.1:"), "{}", ready.url);
    let get = |host: &str| http::send(&ready.url, "GET", "/tickets", &[("Host", host)], b"").unwrap().status;
    assert_eq!((get("10.1.2.3:80"), get("evil.example")), (401, 421));
    desk.stop();

    let (_files, desk, _) = start_tls(|options| {
        options.listen = any;
        options.names = vec!["desk.studio.example".to_owned()];
    });
    assert!(desk.ready().url.starts_with("https://desk.studio.example:"), "{}", desk.ready().url);
}

#[test]
fn a_certificate_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let made = |name: &str| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let (one, other) = (made("one.example"), made("other.example"));
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("one.pem"), one.cert.pem()).unwrap();
    std::fs::write(path("one.key"), one.signing_key.serialize_pem()).unwrap();
    std::fs::write(path("other.key"), other.signing_key.serialize_pem()).unwrap();
    std::fs::write(path("text"), "no certificate").unwrap();
    for (certificate, key) in [
        ("one.pem", "other.key"),
        ("text", "one.key"),
        ("one.pem", "text"),
        ("none", "one.key"),
        ("one.pem", "none"),
    ] {
        let tls = Some(TlsFiles { certificate: path(certificate), key: path(key) });
        let Err(error) = Desk::start(DeskOptions { data: path("data"), tls, ..DeskOptions::default() })
        else {
            panic!("{certificate} with {key}")
        };
        assert!(matches!(error, DeskError::Certificate { .. }), "{error}");
    }
}

#[test]
fn heads_have_limits() {
    let (_folder, desk) = start(|_| ());
    let ready = desk.ready();
    let long = "x".repeat(100_000);
    let response = http::send(&ready.url, "GET", "/sign-in", &[("X-Long", long.as_str())], b"").unwrap();
    assert_eq!(response.status, 431);
    let names: Vec<String> = (0..200).map(|number| format!("X-{number}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
    assert_eq!(http::send(&ready.url, "GET", "/sign-in", &many, b"").unwrap().status, 431);
    let deep =
        format!("{{\"method_name\": \"read\", \"params\": {}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let answer = http::send(&ready.url, "POST", "/api3/json", &[], deep.as_bytes()).unwrap();
    assert!(answer.text().contains("not valid JSON"), "{}", answer.text());
}

#[test]
fn on_the_network_files_are_for_who_may_see_them() {
    let (_folder, desk) = start(|options| {
        options.listen = "0.0.0.0:0".parse().unwrap();
        options.insecure_network = true;
    });
    let ready = desk.ready();
    let ticket = http::create_ticket(ready, "with a file");
    let id = http::upload(ready, ticket, "x.log", b"the log").unwrap().trim().replace("1:", "");
    let path = format!("/file_serve/attachment/{id}");
    let mut stranger = Browser::new(ready);
    let shot = http::upload(ready, ticket, "shot.png", b"\x89PNG\r\n\x1a\n and more")
        .unwrap()
        .trim()
        .replace("1:", "");
    assert_eq!(stranger.get(&format!("/file_serve/thumbnail/{shot}")).status, 403, "pictures are files too");
    let refused = stranger.get(&path);
    assert_eq!((refused.status, refused.text().contains("the log")), (403, false));
    let mut owner = Browser::new(ready);
    owner.get(ready.page.strip_prefix(&ready.url).unwrap());
    assert_eq!(owner.get(&path).text(), "the log");
    // The guest of other projects has a session, and no such file.
    add_member(ready, "guest", "client");
    let mut guest = Browser::new(ready);
    assert_eq!(guest.sign_in("guest", "pa55+word", "/tickets").status, 303);
    assert_eq!(guest.get(&path).status, 403);
    // As the official client does it on a site with a port: it asks for a token and does not send it.
    let token = http::call(ready, "get_session_token", json!({}))["results"]["session_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(stranger.get(&path).text(), "the log");
    assert_eq!(guest.get(&path).status, 403, "a cookie says more than where one calls from");
    let with_token =
        http::send(&ready.url, "GET", &path, &[("Cookie", &format!("_session_id={token}"))], b"").unwrap();
    assert_eq!(with_token.text(), "the log");
    assert_eq!(with_token.header("content-security-policy"), Some("sandbox; default-src 'none'"));
    assert!(with_token.header("content-disposition").unwrap().starts_with("attachment; "));
}

#[test]
fn whoever_has_the_folder_adds_people_and_scripts_while_the_desk_runs() {
    let (folder, desk) = start(|_| ());
    let ready = desk.ready();
    let new = |login: &str, group: Option<&str>, password: &str| desk::NewPerson {
        login: login.to_owned(),
        name: Some("Alice Kim".to_owned()),
        group: group.map(str::to_owned),
        password: password.to_owned(),
    };
    let add = |person: &desk::NewPerson| desk::add_person(folder.path(), person);
    assert!(add(&new("alice", Some("client"), "pa55 word")).unwrap());
    let allowed = |auth: &Value| {
        http::call_as(ready, auth, "create", http::ticket(ready, "x")).get("exception").is_none()
    };
    assert!(!allowed(&person("alice")));
    assert!(!add(&new("ALICE", Some("manager"), "pa55 word")).unwrap(), "the same person");
    assert!(allowed(&person("alice")));
    assert!(!add(&new("alice", None, "another word")).unwrap());
    assert!(!allowed(&person("alice")), "the old password");
    assert!(matches!(add(&new("bob", None, "short")), Err(desk::MemberError::ShortPassword)));
    let error = add(&new("bob", Some("nobody"), "long enough")).unwrap_err();
    assert!(error.to_string().contains("'nobody'") && error.to_string().contains("artist"), "{error}");

    let key = desk::add_script(folder.path(), "farm", Some("api_agent")).unwrap();
    let farm = |key: &str| json!({"script_name": "farm", "script_key": key});
    assert!(allowed(&farm(&key)));
    let schema = json!({"type": "Ticket", "data_type": "text", "properties": [{"property_name": "name", "value": "X"}]});
    assert_eq!(http::call_as(ready, &farm(&key), "schema_field_create", schema)["error_code"], 104);
    let sudo = json!({"script_name": "farm", "script_key": key, "sudo_as_login": "support"});
    assert!(!allowed(&sudo), "a lesser script acts as itself");
    let newer = desk::add_script(folder.path(), "farm", None).unwrap();
    assert!(!allowed(&farm(&key)) && allowed(&farm(&newer)));
    assert!(matches!(
        desk::add_script(folder.path(), "tk-incident", None),
        Err(desk::MemberError::OwnScript)
    ));
    let nowhere = tempfile::tempdir().unwrap();
    assert!(matches!(desk::add_script(nowhere.path(), "x", None), Err(desk::MemberError::NoDesk { .. })));
}
