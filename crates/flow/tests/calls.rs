//! What goes over the wire for each call, and what is made of the answers.

mod fake;

use fake::{KEY, TOKEN, client, failure, info, json, script};
use flow::{Direction, Fields, Filter, Find, FlowErrorKind, Site};
use secrecy::ExposeSecret;
use serde_json::json;

#[test]
fn info_is_asked_once_without_credentials() {
    let running = fake::run(vec![info(true)]);
    let site = client(&running.url);
    for _ in 0..2 {
        let info = site.info().expect("info");
        assert_eq!((info.version(), info.page_size(), info.sign_in_method()), ((8, 89, 0), 2, "oxygen"));
    }
    let asked = running.asked();
    assert_eq!(asked[0].line(), "POST /api3/json HTTP/1.1");
    assert_eq!(asked[0].text(), r#"{"method_name":"info","params":[]}"#);
    let agent = format!("tk-incident/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(asked[0].header("user-agent"), Some(agent.as_str()));
    assert_eq!(asked[0].header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(asked[0].header("accept-encoding"), Some("identity"));
    assert_eq!(asked[0].header("transfer-encoding"), None);
}

#[test]
fn find_asks_for_what_is_wanted() {
    let answer =
        r#"{"results":{"entities":[{"type":"Ticket","id":7,"title":"a &lt; b","nested":{"x":["&lt;"]}}]}}"#;
    let running = fake::run(vec![json(answer)]);
    let query = Find::new("Ticket")
        .only(Filter::links_to("project", "Project", 65))
        .only(Filter::contains("description", "[k7m2q9xd]"))
        .fields(["id", "title"])
        .sorted_by("id", Direction::Ascending)
        .limit(2)
        .retired(true);
    let rows = client(&running.url).find(&query).expect("rows");
    assert_eq!((rows.len(), rows[0].id, rows[0].text("title")), (1, 7, Some("a < b")));
    assert_eq!(rows[0].fields["nested"], json!({"x": ["<"]}));
    let asked = running.asked();
    assert_eq!(
        asked[0].json(),
        json!({"method_name": "read", "params": [{"session_token": TOKEN, "reject_if_expired": true}, {
            "type": "Ticket",
            "return_fields": ["id", "title"],
            "filters": {"logical_operator": "and", "conditions": [
                {"path": "project", "relation": "is", "values": [{"type": "Project", "id": 65}]},
                {"path": "description", "relation": "contains", "values": ["[k7m2q9xd]"]}]},
            "return_only": "retired",
            "paging": {"entities_per_page": 2, "current_page": 1},
            "return_paging_info_without_counts": false,
            "sorts": [{"field_name": "id", "direction": "asc"}]}]})
    );
}

#[test]
fn find_reads_page_by_page() {
    let page = |ids: &[u64], more: bool| {
        let rows: Vec<_> = ids.iter().map(|id| json!({"type": "Ticket", "id": id})).collect();
        json(&json!({"results": {"entities": rows, "paging_info": {"has_next_page": more}}}).to_string())
    };
    let running = fake::run(vec![
        info(false),
        page(&[1, 2], true),
        page(&[3, 4], true),
        page(&[1, 2], true),
        page(&[3], false),
    ]);
    let site = client(&running.url);
    site.info().expect("info");
    let ids = |limit| -> Vec<u64> {
        site.find(&Find::new("Ticket").limit(limit)).expect("rows").iter().map(|row| row.id).collect()
    };
    assert_eq!(ids(3), [1, 2, 3]);
    assert_eq!(ids(9), [1, 2, 3]);
    let asked = running.asked();
    let paging = &asked[2].json()["params"][1];
    assert_eq!(paging["paging"], json!({"entities_per_page": 2, "current_page": 2}));
    assert_eq!(paging["return_paging_info_without_counts"], json!(true));
}

#[test]
fn writes_name_their_fields() {
    let running = fake::run(vec![
        json(
            r#"{"results":[{"type":"Ticket","id":4021,"title":"한 <&","project":{"type":"Project","id":65,"name":"Demo"}}]}"#,
        ),
        json(r#"{"results":{"type":"Ticket","id":4021,"sg_status_list":"opn"}}"#),
        json(r#"{"results":{"type":"Reply","id":5}}"#),
    ]);
    let mut site = client(&running.url);
    site.set_credentials(script());
    let fields = Fields::from_iter([("title".to_owned(), json!("한 <&"))]);
    let row = site.create("Ticket", &fields, &["id", "project"]).expect("a row");
    assert_eq!((row.id, row.text("title"), row.link_id("project")), (4021, Some("한 <&"), Some(65)));
    let fields = Fields::from_iter([("sg_status_list".to_owned(), json!("opn"))]);
    assert_eq!(site.update("Ticket", 4021, &fields).expect("a row").text("sg_status_list"), Some("opn"));
    assert_eq!(site.reply(4021, "again").expect("a row").id, 5);

    let asked = running.asked();
    let auth = json!({"script_name": "tk incident", "script_key": KEY});
    assert_eq!(
        asked[0].json(),
        json!({"method_name": "create", "params": [auth, {"type": "Ticket",
            "fields": [{"field_name": "title", "value": "한 <&"}], "return_fields": ["id", "project"]}]})
    );
    assert!(asked[0].text().contains("한"), "non-ASCII characters stay as they are");
    assert_eq!(
        asked[1].json()["params"][1],
        json!({"type": "Ticket", "id": 4021, "fields": [{"field_name": "sg_status_list", "value": "opn"}]})
    );
    assert_eq!(
        asked[2].json()["params"][1],
        json!({"type": "Reply", "return_fields": ["id"], "fields": [
            {"field_name": "content", "value": "again"},
            {"field_name": "entity", "value": {"type": "Ticket", "id": 4021}}]})
    );
}

#[test]
fn fields_of_a_type_that_is_switched_off() {
    let running = fake::run(vec![
        json(r#"{"results":{"title":{"data_type":{"value":"text"},"editable":{"value":true}}}}"#),
        json(r#"{"exception":true,"error_code":103,"message":"API schema_field_read() no such type"}"#),
        json(r#"{"results":{}}"#),
        json(r#"{"exception":true,"error_code":102,"message":"session expired"}"#),
    ]);
    let site = client(&running.url);
    let fields = site.fields("Ticket").expect("fields");
    assert!(fields.has("title") && fields.editable("title") && !fields.has("sg_incident_key"));
    for _ in 0..2 {
        let error = failure(site.fields("Ticket"));
        assert_eq!(*error.kind(), FlowErrorKind::EntityMissing);
        assert!(error.to_string().contains("does not offer the entity type Ticket"), "{error}");
    }
    assert_eq!(*failure(site.fields("Ticket")).kind(), FlowErrorKind::SignedOut);
    assert_eq!(running.asked()[0].json()["params"][1], json!({"type": "Ticket"}));
}

#[test]
fn login_and_session() {
    let running = fake::run(vec![
        json(r#"{"results":{"entities":[]}}"#),
        json(r#"{"results":{"session_id":"new-SECRET-token"}}"#),
        json(r#"{"results":{}}"#),
    ]);
    let site = client(&running.url);
    site.check_login().expect("signed in");
    let token = site.session_token().expect("a token");
    assert_eq!(token.expose_secret(), "new-SECRET-token");
    assert_eq!(*failure(site.session_token()).kind(), FlowErrorKind::BadAnswer);
    let asked = running.asked();
    assert_eq!(asked[1].json()["method_name"], "get_session_token");
    assert_eq!(asked[1].json()["params"].as_array().map(Vec::len), Some(1), "no arguments at all");
}

#[test]
fn a_site_may_be_shared_as_a_trait() {
    fn wants(site: Box<dyn Site>) -> Box<dyn Site> {
        site
    }
    let site = wants(Box::new(client("http://127.0.0.1:1")));
    std::thread::spawn(move || drop(site)).join().expect("sent to another thread");
}

#[test]
fn a_field_is_asked_for_by_its_label_and_named_by_the_site() {
    let running = fake::run(vec![json(r#"{"results":"sg_incident_key_1"}"#), json(r#"{"results":true}"#)]);
    let site = client(&running.url);
    assert_eq!(site.create_field("Ticket", "text", "Incident Key").expect("a name"), "sg_incident_key_1");
    let error = site.create_field("Ticket", "text", "Incident Key").expect_err("no name");
    assert_eq!((error.kind(), error.may_have_happened()), (&FlowErrorKind::BadAnswer, true));
    let asked = running.asked();
    assert_eq!(
        asked[0].json()["params"][1],
        json!({"type": "Ticket", "data_type": "text",
            "properties": [{"property_name": "name", "value": "Incident Key"}]})
    );
    assert_eq!(asked[0].json()["method_name"], "schema_field_create");
}
