//! The OpenAPI document is true: it is the one in `docs/`, every operation of it answers, and answers are what it says.

// What is not a #[test] function here is test code all the same.
#![allow(clippy::unwrap_used)]

mod http;

use std::collections::BTreeSet;
use std::path::Path;

use http::rest::{ARRAY, FORM, HASH, JSON, World, answer, script};
use serde_json::{Value, json};

/// A document, and the operations of it that have answered.
struct Checked {
    world: World,
    document: Value,
    answered: BTreeSet<String>,
}

impl Checked {
    fn start() -> Checked {
        let world = World::start();
        let (status, document) = world.get("/api/v1/spec.json");
        assert_eq!(status, 200);
        Checked { world, document, answered: BTreeSet::new() }
    }

    /// Makes a call that must succeed, and compares its answer with the document.
    fn ok(&mut self, id: &str, method: &str, path: &str, kind: (&str, &str), body: &str) -> Value {
        let (template, operation) = self.operation(id, method);
        let bare = path.split('?').next().unwrap().trim_start_matches("/api/v1");
        let bare = if bare.is_empty() { "/" } else { bare };
        let (open, real): (Vec<_>, Vec<_>) = (template.split('/').collect(), bare.split('/').collect());
        let alike = open.iter().zip(&real).all(|(open, real)| open.starts_with('{') || open == real);
        assert!(alike && open.len() == real.len(), "{id}: {path} is not at {template}");
        let response = self.world.call(method, path, kind, body);
        let status = response.status.to_string();
        let said = operation["responses"].get(&status);
        let said =
            said.unwrap_or_else(|| panic!("{id}: {status} is not in the document: {}", response.text()));
        let (_, document) = answer(&response);
        match said.get("content").and_then(|kinds| kinds.get("application/json")) {
            Some(content) => self.check(id, &content["schema"], &document),
            None => assert!(said.get("content").is_some() || response.text().trim().is_empty(), "{id}"),
        }
        self.answered.insert(id.to_owned());
        document
    }

    fn check(&self, id: &str, schema: &Value, document: &Value) {
        let mut schema = schema.clone();
        schema["components"] = self.document["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<String> = validator.iter_errors(document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{id}: {errors:?}\n{document}");
    }

    fn operation(&self, id: &str, method: &str) -> (String, Value) {
        for (path, methods) in self.document["paths"].as_object().unwrap() {
            for (found, operation) in methods.as_object().unwrap() {
                if operation["operationId"] == id {
                    assert!(found.eq_ignore_ascii_case(method), "{id} is a {found}");
                    return (path.clone(), operation.clone());
                }
            }
        }
        panic!("{id} is not in the document");
    }

    fn all(&self) -> BTreeSet<String> {
        let paths = self.document["paths"].as_object().unwrap().values();
        paths
            .flat_map(|methods| methods.as_object().unwrap().values())
            .map(|operation| operation["operationId"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[test]
fn the_document_in_docs_is_the_one_that_is_served() {
    let world = World::start();
    let (_, mut served) = world.get("/api/v1/spec.json");
    // Types differ from site to site and from version to version; the kept document is about none of them.
    let types = served["components"]["schemas"]["TypeInPath"].as_object_mut().unwrap();
    assert!(types.remove("enum").unwrap().as_array().unwrap().contains(&json!("event_log_entries")));
    let served = serde_json::to_string_pretty(&served).unwrap() + "\n";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    if std::env::var_os("RENEW_OPENAPI").is_some() {
        std::fs::write(&file, &served).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == served,
        "docs/openapi.json is old: run this test with RENEW_OPENAPI=1 and commit the file"
    );
    let text = |name: &str| world.call("GET", &format!("/api/v1/spec.{name}"), JSON, "").text();
    assert_eq!(text("yaml"), text("json"), "JSON is YAML");
}

#[test]
fn every_operation_answers_as_the_document_says() {
    let mut checked = Checked::start();
    let get = |checked: &mut Checked, id: &str, path: &str| checked.ok(id, "GET", path, JSON, "");
    get(&mut checked, "info", "/api/v1");
    get(&mut checked, "document", "/api/v1/spec.json");
    get(&mut checked, "documentAsYaml", "/api/v1/spec.yaml");
    let grant = script(checked.world.ready());
    checked.ok("accessToken", "POST", "/api/v1/auth/access_token", FORM, &grant);

    let tickets = "/api/v1/entity/tickets";
    let fields = json!({"title": "a ticket", "project": checked.world.project()});
    let made = checked.ok("createRecord", "POST", tickets, JSON, &fields.to_string());
    let id = made["data"]["id"].as_i64().unwrap();
    let ticket = format!("{tickets}/{id}");
    get(&mut checked, "readRecords", &format!("{tickets}?fields=*"));
    get(&mut checked, "readRecord", &ticket);
    get(&mut checked, "readRelationship", &format!("{ticket}/relationships/tags"));
    checked.ok("updateRecord", "PUT", &ticket, JSON, r#"{"description": "changed"}"#);
    let found =
        json!({"filters": {"logical_operator": "and", "conditions": [["id", "is", id]]}, "fields": "*"});
    checked.ok("searchRecords", "POST", &format!("{tickets}/_search"), HASH, &found.to_string());
    let summary = json!({"filters": [], "summary_fields": [{"field": "id", "type": "count"}],
        "grouping": [{"field": "project", "type": "exact"}, {"field": "sg_status_list", "type": "exact"}]});
    checked.ok("summarizeRecords", "POST", &format!("{tickets}/_summarize"), ARRAY, &summary.to_string());
    let batch = json!({"requests": [
        {"request_type": "create", "entity": "Ticket", "data": fields},
        {"request_type": "update", "entity": "Ticket", "record_id": id, "data": {"title": "b"}},
        {"request_type": "delete", "entity": "Ticket", "record_id": id}]});
    checked.ok("batch", "POST", "/api/v1/entity/_batch", JSON, &batch.to_string());
    checked.ok("reviveRecord", "POST", &format!("{ticket}?revive=true"), JSON, "");
    checked.ok("deleteRecord", "DELETE", &ticket, JSON, "");

    uploads(&mut checked);
    schema_fields(&mut checked);
    let note = json!({"subject": "a note", "content": "text", "project": checked.world.project()});
    let (_, note) = checked.world.send("POST", "/api/v1/entity/notes", &note);
    let thread =
        format!("/api/v1/entity/notes/{}/thread_contents?entity_fields[Reply]=content", note["data"]["id"]);
    get(&mut checked, "readThread", &thread);
    let project = checked.world.ready().project_id;
    get(&mut checked, "readStream", &format!("/api/v1/entity/projects/{project}/activity_stream?limit=5"));
    follow(&mut checked);
    get(&mut checked, "readPreferences", "/api/v1/preferences");
    assert_eq!(checked.answered, checked.all());
}

fn uploads(checked: &mut Checked) {
    let attachment = |id: i64| format!("/api/v1/entity/tickets/{id}");
    let ticket = attachment(checked.world.ticket("with files"));
    for (suffix, place) in [("", ticket.clone()), ("OfField", format!("{ticket}/attachments"))] {
        let begin = format!("beginUpload{suffix}");
        let begun = checked.ok(&begin, "GET", &format!("{place}/_upload?filename=a.log"), JSON, "");
        let done = json!({"upload_info": begun["data"], "upload_data": {}}).to_string();
        checked.ok(&format!("completeUpload{suffix}"), "POST", &format!("{place}/_upload"), JSON, &done);
        let parts = format!("{place}/_upload?filename=a.log&multipart_upload=true");
        let begun = checked.ok(&begin, "GET", &parts, JSON, "");
        let next = begun["links"]["get_next_part"].as_str().unwrap();
        checked.ok(&format!("nextPart{suffix}"), "GET", next, JSON, "");
        let abort = format!("{place}/_upload/multipart_abort");
        checked.ok(&format!("abortUpload{suffix}"), "POST", &abort, JSON, &begun["data"].to_string());
    }
    let id = checked.world.ticket("with a file");
    assert!(http::upload(checked.world.ready(), id, "a.log", b"text").unwrap().starts_with("1:"));
    let file = "/api/v1/entity/attachments/1/this_file";
    checked.ok("readFile", "GET", file, JSON, "");
    checked.ok("readFile", "GET", &format!("{file}?alt=original"), JSON, "");
}

fn follow(checked: &mut Checked) {
    let id = checked.world.ticket("followed");
    let records = json!({"entities": [{"record_id": id, "entity": "Ticket"}]}).to_string();
    checked.ok("follow", "POST", "/api/v1/entity/human_users/1/follow", JSON, &records);
    checked.ok("readFollowers", "GET", &format!("/api/v1/entity/tickets/{id}/followers"), JSON, "");
    checked.ok("readFollowing", "GET", "/api/v1/entity/human_users/1/following?entity=tickets", JSON, "");
    let person = json!({"user_id": 1}).to_string();
    checked.ok("unfollow", "PUT", &format!("/api/v1/entity/tickets/{id}/unfollow"), JSON, &person);
    let text = json!({"text": "followed", "entity_types": {"Ticket": []}}).to_string();
    checked.ok("textSearch", "POST", "/api/v1/entity/_text_search", ARRAY, &text);
}

fn schema_fields(checked: &mut Checked) {
    let types = "/api/v1/schema";
    checked.ok("readTypes", "GET", types, JSON, "");
    checked.ok("readType", "GET", &format!("{types}/Ticket"), JSON, "");
    let fields = format!("{types}/Ticket/fields");
    checked.ok("readFields", "GET", &format!("{fields}?project_id=1"), JSON, "");
    let new = json!({"data_type": "text", "properties": [{"property_name": "name", "value": "Farm Job"}]});
    let made = checked.ok("createField", "POST", &fields, JSON, &new.to_string());
    let field = made["links"]["self"].as_str().unwrap().to_owned();
    assert_eq!(field, "/api/v1/schema/Ticket/fields/sg_farm_job");
    checked.ok("readField", "GET", &field, JSON, "");
    let changed = json!({"properties": [{"property_name": "description", "value": "Which job"}]});
    checked.ok("updateField", "PUT", &field, JSON, &changed.to_string());
    checked.ok("deleteField", "DELETE", &field, JSON, "");
    checked.ok("reviveField", "POST", &format!("{field}?revive=true"), JSON, "");
}

#[test]
fn a_refusal_is_the_error_document_it_says() {
    let checked = Checked::start();
    let errors = json!({"$ref": "#/components/schemas/Errors"});
    for (method, path, status) in [
        ("GET", "/api/v1/entity/tickets/99", 404),
        ("GET", "/api/v9", 404),
        ("POST", "/api/v1/entity/tickets/_search", 415),
        ("PUT", "/api/v1/entity/tickets/99", 404),
        ("POST", "/api/v1/auth/access_token", 400),
    ] {
        let (answered, document) = answer(&checked.world.call(method, path, JSON, "{}"));
        assert_eq!(answered, status, "{path}");
        checked.check(path, &errors, &document);
    }
}
