//! What permission groups allow, over the API.

use crate::{add_member, add_person, fields, find, http, person, start};
use serde_json::{Value, json};

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
