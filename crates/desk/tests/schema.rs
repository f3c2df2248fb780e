//! The schema through the front door: every data type's fields are created, written, filtered by, changed, deleted and kept over
//! a restart; what the schema says of itself; statuses; files of a local storage.

// What is not a #[test] function here is test code all the same.
#![allow(clippy::unwrap_used)]

mod http;

use desk::{Desk, DeskOptions, Ready};
use serde_json::{Value, json};

fn start(folder: &std::path::Path, missing: &[&str]) -> Desk {
    let missing_fields = missing.iter().map(|field| (*field).to_owned()).collect();
    Desk::start(DeskOptions { data: folder.to_owned(), missing_fields, ..DeskOptions::default() }).unwrap()
}

/// Calls a method that must be answered with results.
fn get(ready: &Ready, method: &str, arguments: Value) -> Value {
    let mut answer = http::call(ready, method, arguments.clone());
    assert!(answer.get("exception").is_none(), "{method} {arguments}: {answer}");
    answer["results"].take()
}

/// Calls a method that must be refused; gives code and text.
fn refused(ready: &Ready, method: &str, arguments: Value) -> (i64, String) {
    let answer = http::call(ready, method, arguments.clone());
    assert_eq!(answer["exception"], true, "{method} {arguments}: {answer}");
    (answer["error_code"].as_i64().unwrap(), answer["message"].as_str().unwrap().to_owned())
}

/// The arguments that create a field of Ticket with these properties besides its name.
fn new_field(data_type: &str, label: &str, properties: &Value) -> Value {
    let mut list = vec![json!({"property_name": "name", "value": label})];
    list.extend(list_of(properties));
    json!({"type": "Ticket", "data_type": data_type, "properties": list})
}

fn list_of(properties: &Value) -> impl Iterator<Item = Value> {
    let pairs = properties.as_object().cloned().unwrap_or_default();
    pairs.into_iter().map(|(name, value)| json!({"property_name": name, "value": value}))
}

fn change(field: &str, properties: Value) -> Value {
    let list: Vec<Value> = list_of(&properties).collect();
    json!({"type": "Ticket", "field_name": field, "properties": list})
}

fn set(ticket: i64, field: &str, value: &Value) -> Value {
    json!({"type": "Ticket", "id": ticket, "fields": [{"field_name": field, "value": value}]})
}

fn describe(ready: &Ready, type_name: &str, field: &str) -> Value {
    get(ready, "schema_field_read", json!({"type": type_name, "field_name": field}))[field].take()
}

/// Ids of the tickets that pass one condition.
fn found(ready: &Ready, path: &str, relation: &str, value: &Value) -> Vec<i64> {
    let conditions = json!([{"path": path, "relation": relation, "values": [value]}]);
    let filters = json!({"logical_operator": "and", "conditions": conditions});
    let rows = get(ready, "read", json!({"type": "Ticket", "return_fields": ["id"], "filters": filters}));
    rows["entities"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

fn value_of(ready: &Ready, ticket: i64, field: &str) -> Value {
    let conditions = json!([{"path": "id", "relation": "is", "values": [ticket]}]);
    let filters = json!({"logical_operator": "and", "conditions": conditions});
    let mut rows =
        get(ready, "read", json!({"type": "Ticket", "return_fields": [field], "filters": filters}));
    rows["entities"][0][field].take()
}

/// A data type's fields: how one is made, what it takes and how that reads, what it refuses.
struct Case {
    data_type: &'static str,
    properties: Value,
    /// Written, read back, and what a filter finds the row by.
    right: Vec<(Value, Value, Option<Value>)>,
    wrong: Vec<Value>,
    /// What every refusal says.
    says: &'static str,
    /// What a row has that was made before the field.
    empty: Value,
}

fn case(
    data_type: &'static str,
    right: Vec<(Value, Value, Option<Value>)>,
    wrong: Vec<Value>,
    says: &'static str,
) -> Case {
    Case { data_type, properties: json!({}), right, wrong, says, empty: Value::Null }
}

/// A value that reads as it was written, and is found by it.
fn same(value: Value) -> (Value, Value, Option<Value>) {
    (value.clone(), value.clone(), Some(value))
}

/// A value that reads as another, and is found by what it reads as.
fn reads(written: Value, read: Value) -> (Value, Value, Option<Value>) {
    (written, read.clone(), Some(read))
}

fn whole_number(data_type: &'static str) -> Case {
    let right = vec![same(json!(0)), same(json!(i32::MAX)), same(json!(i32::MIN)), same(json!(42))];
    let wrong = vec![json!(i64::from(i32::MAX) + 1), json!(1.5), json!("42"), json!(true), json!([1])];
    case(data_type, right, wrong, "")
}

fn cases(project: i64) -> Vec<Case> {
    let hash = json!({"type": "Project", "id": project, "name": "Incidents"});
    let bare = json!({"type": "Project", "id": project});
    let unfiltered = |value: Value| (value.clone(), value, None);
    let mut cases = vec![
        whole_number("number"),
        whole_number("duration"),
        whole_number("percent"),
        whole_number("timecode"),
        case(
            "float",
            vec![same(json!(-0.5)), same(json!(999_999_999.999_999))],
            vec![json!(1e9), json!("1.0"), json!({})],
            "",
        ),
        case(
            "currency",
            vec![same(json!(12.5)), same(json!(-9_999_999_999_999.99))],
            vec![json!(1e13), json!("12.50")],
            "",
        ),
        case(
            "text",
            vec![
                same(json!("Änderung <b>")),
                reads(json!("  trimmed\n"), json!("trimmed")),
                reads(json!("   "), Value::Null),
            ],
            vec![json!(12345), json!(false), json!(["a"]), json!({})],
            "expected [String, NilClass] data type(s) but got",
        ),
        case(
            "date",
            vec![same(json!("2026-02-28")), same(json!("1968-10-13"))],
            vec![json!("2026-02-30"), json!("28.02.2026"), json!("2026-02-28T00:00:00Z"), json!(1)],
            "",
        ),
        case(
            "date_time",
            vec![
                same(json!("2026-02-01T10:00:00Z")),
                reads(json!("2026-02-01T10:00:00.750+02:00"), json!("2026-02-01T08:00:00Z")),
            ],
            vec![json!("1969-12-31T23:59:59Z"), json!("2026-02-01T25:00:00Z"), json!("soon"), json!(1.0)],
            "",
        ),
        case(
            "color",
            vec![
                same(json!("255,0,12")),
                reads(json!("1, 2, 3"), json!("1,2,3")),
                same(json!("pipeline_step")),
                reads(json!("Red"), json!("red")),
            ],
            vec![json!("256,0,0"), json!("1,2"), json!("#ff0000"), json!("potato"), json!(0)],
            "",
        ),
        case(
            "footage",
            vec![reads(json!("12-3"), json!("12-03")), same(json!("-1-15"))],
            vec![json!("12-16"), json!("12"), json!("a-1"), json!(1)],
            "",
        ),
        case("entity_type", vec![same(json!("Shot"))], vec![json!("a b"), json!("x;--"), json!(1)], ""),
        case(
            "serializable",
            vec![unfiltered(json!({"a": [1, null, "é"]})), unfiltered(json!([1])), unfiltered(json!("text"))],
            vec![],
            "",
        ),
        case(
            "url",
            vec![(
                json!({"url": "https://example.com/a", "name": "a page"}),
                json!({"url": "https://example.com/a", "name": "a page", "content_type": null, "link_type": "web"}),
                None,
            )],
            vec![
                json!("https://example.com"),
                json!({}),
                json!({"name": "x"}),
                json!({"url": "javascript:alert(1)"}),
                json!({"local_path": "/nowhere/a"}),
                json!([]),
            ],
            "",
        ),
        Case {
            properties: json!({"default_value": true}),
            empty: json!(false),
            ..case("checkbox", vec![same(json!(true)), same(json!(false))], vec![json!("true"), json!(1)], "")
        },
        Case {
            properties: json!({"valid_values": ["low", "high"], "default_value": "low"}),
            ..case(
                "list",
                vec![same(json!("high")), reads(json!(""), Value::Null)],
                vec![json!("middle"), json!("LOW"), json!(1)],
                "",
            )
        },
        Case {
            properties: json!({"valid_values": ["opn", "clsd"]}),
            ..case(
                "status_list",
                vec![same(json!("clsd")), same(json!("opn"))],
                vec![json!("wtg"), json!(1)],
                "",
            )
        },
        Case {
            properties: json!({"valid_types": ["Project", "Shot"]}),
            ..case(
                "entity",
                vec![reads(bare.clone(), hash.clone())],
                vec![
                    json!({"type": "Ticket", "id": 1}),
                    json!({"type": "Shot", "id": 7}),
                    json!({"type": "Project"}),
                    json!(project),
                    json!([bare.clone()]),
                ],
                "",
            )
        },
        Case {
            properties: json!({"valid_types": ["Project"]}),
            empty: json!([]),
            ..case(
                "multi_entity",
                vec![
                    (json!([bare.clone(), bare.clone()]), json!([hash]), Some(bare.clone())),
                    (json!([]), json!([]), Some(Value::Null)),
                    (json!([bare.clone()]), json!([hash]), Some(bare.clone())),
                ],
                vec![Value::Null, bare, json!([{"type": "HumanUser", "id": 1}]), json!(["Project"])],
                "",
            )
        },
        Case {
            empty: json!([]),
            ..case(
                "tag_list",
                vec![(json!(["Farm", " farm ", "", "night"]), json!(["Farm", "night"]), Some(json!("farm")))],
                vec![json!("Farm"), json!([1])],
                "",
            )
        },
    ];
    for case in &mut cases {
        if case.empty.is_null() {
            case.right.insert(0, same(Value::Null));
            // Files and JSON are not compared.
            if matches!(case.data_type, "serializable" | "url") {
                case.right[0].2 = None;
            }
        }
    }
    cases
}

#[test]
fn every_data_type_is_created_written_filtered_by_deleted_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let desk = start(folder.path(), &[]);
    let ready = desk.ready().clone();
    let (older, ticket) = (http::create_ticket(&ready, "older"), http::create_ticket(&ready, "the one"));
    for case in cases(ready.project_id) {
        let kind = case.data_type;
        let name =
            get(&ready, "schema_field_create", new_field(kind, &format!("My {kind}"), &case.properties));
        assert_eq!(name, format!("sg_my_{kind}"));
        let field = name.as_str().unwrap();
        let described = describe(&ready, "Ticket", field);
        assert_eq!(described["data_type"], json!({"value": kind, "editable": false}));
        assert_eq!(described["editable"]["value"], true);
        for (property, value) in case.properties.as_object().unwrap() {
            assert_eq!(
                described["properties"][property],
                json!({"value": value, "editable": true}),
                "{kind}"
            );
        }
        assert_eq!(value_of(&ready, older, field), case.empty, "{kind}");
        for (written, read, operand) in &case.right {
            let changed = get(&ready, "update", set(ticket, field, written));
            assert_eq!(changed[field], *read, "{kind} {written}");
            assert_eq!(value_of(&ready, ticket, field), *read, "{kind} {written}");
            if let Some(operand) = operand {
                assert!(found(&ready, field, "is", operand).contains(&ticket), "{kind} is {operand}");
                assert!(
                    !found(&ready, field, "is_not", operand).contains(&ticket),
                    "{kind} is_not {operand}"
                );
            }
        }
        let last = &case.right.last().unwrap().1;
        for wrong in &case.wrong {
            let (code, text) = refused(&ready, "update", set(ticket, field, wrong));
            assert!(code == 103 || code == 104, "{kind} {wrong}: {code} {text}");
            assert!(text.contains(case.says), "{kind} {wrong}: {text}");
            assert_eq!(value_of(&ready, ticket, field), *last, "{kind} {wrong}: a refusal changes nothing");
        }
    }
    desk.stop();

    let desk = start(folder.path(), &[]);
    let ready = desk.ready().clone();
    for case in cases(ready.project_id) {
        let (kind, field) = (case.data_type, format!("sg_my_{}", case.data_type));
        assert_eq!(value_of(&ready, ticket, &field), case.right.last().unwrap().1, "{kind} after a restart");
        let described = describe(&ready, "Ticket", &field);
        for (property, value) in case.properties.as_object().unwrap() {
            assert_eq!(described["properties"][property]["value"], *value, "{kind} after a restart");
        }
        let delete = json!({"type": "Ticket", "field_name": field});
        assert_eq!(get(&ready, "schema_field_delete", delete.clone()), true);
        assert_eq!(refused(&ready, "schema_field_delete", delete).0, 103, "{kind} is deleted already");
        let (_, text) = refused(&ready, "update", set(ticket, &field, &Value::Null));
        assert_eq!(text, format!("API update() Ticket.{field} doesn't exist."));
        let again =
            get(&ready, "schema_field_create", new_field(kind, &format!("My {kind}"), &case.properties));
        assert_eq!(again, format!("{field}_1"), "the values of a deleted field stay its own");
    }
    desk.stop();

    let desk = start(folder.path(), &[]);
    let fields = get(desk.ready(), "schema_field_read", json!({"type": "Ticket"}));
    assert!(fields.get("sg_my_text").is_none() && fields.get("sg_my_text_1").is_some(), "{fields}");
}

#[test]
fn a_refusal_says_what_a_site_says() {
    let folder = tempfile::tempdir().unwrap();
    let desk = start(folder.path(), &[]);
    let ready = desk.ready();
    let ticket = http::create_ticket(ready, "a ticket");
    let update = |field: &str, value: Value| refused(ready, "update", set(ticket, field, &value));
    assert_eq!(
        update("title", json!(12345)),
        (
            103,
            "API update() Ticket.title expected [String, NilClass] data type(s) but got Integer: 12345"
                .to_owned()
        )
    );
    assert_eq!(
        update("sg_status_list", json!("zz")),
        (
            104,
            "Update failed for [Ticket.sg_status_list]: 'zz' is not a valid status. Valid statuses: wtg, opn, ip, rev, res"
                .to_owned()
        )
    );
    assert_eq!(
        update("updated_at", json!("2026-01-01T00:00:00Z")).1,
        "API update() Ticket.updated_at is editable on create only."
    );
    assert_eq!(update("nope", json!(1)).1, "API update() Ticket.nope doesn't exist.");
    for field in ["id", "time_logs_sum", "cached_display_name"] {
        assert_eq!(update(field, Value::Null).1, format!("API update() Ticket.{field} is not editable."));
    }
}

#[test]
fn a_created_field_is_named_after_its_label_and_usable_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let missing = ["Ticket.sg_incident_key", "Ticket.sg_incident_count"];
    let desk = start(folder.path(), &missing);
    let ready = desk.ready().clone();
    let create = |data_type: &str, label: &str| {
        get(&ready, "schema_field_create", new_field(data_type, label, &json!({})))
    };
    let unknown = json!({"type": "Ticket", "field_name": "sg_incident_key"});
    assert_eq!(refused(&ready, "schema_field_read", unknown).0, 103);
    assert_eq!(create("text", "Incident Key"), "sg_incident_key");
    assert_eq!(create("number", " Farm: job #"), "sg_farm__job__");
    assert_eq!(create("text", "Incident Key"), "sg_incident_key_1");
    let fields = json!([
        {"field_name": "project", "value": {"type": "Project", "id": ready.project_id}},
        {"field_name": "title", "value": "a ticket"},
        {"field_name": "sg_incident_key", "value": "g1:00 alice"},
        {"field_name": "sg_farm__job__", "value": 12}]);
    let made = get(&ready, "create", json!({"type": "Ticket", "fields": fields}));
    assert_eq!(made["sg_farm__job__"], 12, "{made}");
    let link = new_field("entity", "Farm", &json!({"valid_types": ["Project"]}));
    assert_eq!(get(&ready, "schema_field_create", link), "sg_farm");
    // Columns of the link are sg_farm__type and sg_farm__id.
    assert_eq!(create("text", "Farm: Type"), "sg_farm__type_1");
    assert_eq!(create("number", "Farm: Id"), "sg_farm__id_1");
    desk.stop();

    let desk = start(folder.path(), &missing);
    let ready = desk.ready();
    let fields = get(ready, "schema_field_read", json!({"type": "Ticket"}));
    assert_eq!(fields["sg_incident_key_1"]["data_type"]["value"], "text");
    assert!(fields.get("sg_incident_count").is_none(), "one that nobody has created");
    let ticket = made["id"].as_i64().unwrap();
    assert_eq!(found(ready, "sg_incident_key", "is", &json!("g1:00 alice")), [ticket]);
}

#[test]
fn properties_are_changed_and_a_created_field_is_hidden_in_one_project() {
    let folder = tempfile::tempdir().unwrap();
    let desk = start(folder.path(), &[]);
    let ready = desk.ready().clone();
    let update = |arguments: Value| get(&ready, "schema_field_update", arguments);
    let properties =
        json!({"valid_values": ["low", "high"], "description": "How hard", "summary_default": "count"});
    get(&ready, "schema_field_create", new_field("list", "Complexity", &properties));
    let ticket = http::create_ticket(&ready, "a ticket");
    get(&ready, "update", set(ticket, "sg_complexity", &json!("high")));

    let changes = json!({"name": "Effort", "valid_values": ["low", "middle"], "default_value": "middle"});
    assert_eq!(update(change("sg_complexity", changes)), true);
    assert_eq!(update(change("title", json!({"name": "Subject", "description": "One line"}))), true);
    assert_eq!(
        update(change(
            "sg_status_list",
            json!({"valid_values": ["wtg", "hld", "res"], "default_value": "hld"})
        )),
        true
    );
    assert_eq!(value_of(&ready, ticket, "sg_complexity"), "high", "what a row has stays");
    assert!(
        refused(&ready, "update", set(ticket, "sg_complexity", &json!("high"))).1.contains("low, middle")
    );
    let newer = http::create_ticket(&ready, "newer");
    assert_eq!(value_of(&ready, newer, "sg_complexity"), "middle");
    assert_eq!(value_of(&ready, newer, "sg_status_list"), "hld");

    let other = get(
        &ready,
        "create",
        json!({"type": "Project", "fields": [{"field_name": "name", "value": "Other"}]}),
    );
    let here = json!({"type": "Project", "id": ready.project_id});
    let mut hide = change("sg_complexity", json!({"visible": false}));
    assert_eq!(refused(&ready, "schema_field_update", hide.clone()).0, 103, "in which project?");
    hide["project"] = here.clone();
    assert_eq!(update(hide), true);
    desk.stop();

    let desk = start(folder.path(), &[]);
    let ready = desk.ready().clone();
    let visible = |project: Value| {
        let wanted = json!({"type": "Ticket", "field_name": "sg_complexity", "project": project});
        get(&ready, "schema_field_read", wanted)["sg_complexity"]["visible"].take()
    };
    assert_eq!(visible(here.clone()), json!({"value": false, "editable": true}));
    assert_eq!(
        visible(json!({"type": "Project", "id": other["id"]})),
        json!({"value": true, "editable": true})
    );
    assert_eq!(visible(Value::Null), json!({"value": true, "editable": true}));
    let all = get(&ready, "schema_read", json!({"project": here}));
    assert_eq!(all["Ticket"]["sg_complexity"]["visible"]["value"], false);
    let described = describe(&ready, "Ticket", "sg_complexity");
    assert_eq!(described["name"]["value"], "Effort");
    assert_eq!(described["description"]["value"], "How hard");
    assert_eq!(described["properties"]["valid_values"]["value"], json!(["low", "middle"]));
    assert_eq!(described["properties"]["default_value"]["value"], "middle");
    assert_eq!(described["properties"]["summary_default"]["value"], "count");
    assert_eq!(describe(&ready, "Ticket", "title")["name"]["value"], "Subject");
    assert_eq!(describe(&ready, "Ticket", "title")["visible"], json!({"value": true, "editable": false}));
    let statuses = describe(&ready, "Ticket", "sg_status_list");
    assert_eq!(
        statuses["properties"]["display_values"]["value"],
        json!({"wtg": "Waiting to Start", "hld": "On Hold", "res": "Resolved"})
    );
}

#[test]
fn what_cannot_be_done_to_a_field_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let desk = start(folder.path(), &[]);
    let ready = desk.ready();
    let create = |data_type: &str, label: &str, properties: Value| {
        refused(ready, "schema_field_create", new_field(data_type, label, &properties))
    };
    for (data_type, label, properties) in [
        ("entity", "Link", json!({})),
        ("entity", "Link", json!({"valid_types": ["Nothing"]})),
        ("multi_entity", "Links", json!({"valid_types": []})),
        ("magic", "Spell", json!({})),
        ("calculated", "Sum", json!({})),
        ("summary", "Sum", json!({})),
        ("text", " ", json!({})),
        ("text", &"x".repeat(101), json!({})),
        ("text", "Values", json!({"valid_values": ["a"]})),
        ("text", "Unknown", json!({"colour": "red"})),
        ("number", "Default", json!({"default_value": "many"})),
        ("list", "Default", json!({"valid_values": ["a"], "default_value": "b"})),
        ("list", "Values", json!({"valid_values": "a"})),
        ("status_list", "Values", json!({"valid_values": ["zz"]})),
        ("text", "Summary", json!({"summary_default": "median"})),
        ("text", "Hidden", json!({"visible": false})),
    ] {
        let (code, text) = create(data_type, label, properties.clone());
        assert!(code == 103 || code == 104, "{data_type} {label} {properties}: {text}");
    }
    assert_eq!(refused(ready, "schema_field_create", json!({"type": "Nothing", "data_type": "text"})).0, 103);
    assert_eq!(refused(ready, "schema_field_create", json!({"type": "Ticket", "data_type": "text"})).0, 103);
    let here = json!({"type": "Project", "id": ready.project_id});
    for (properties, project) in [
        (json!({"name": ""}), Value::Null),
        (json!({"visible": false}), here),
        (json!({"valid_types": ["Shot"]}), Value::Null),
        (json!({"name": 5}), Value::Null),
    ] {
        let mut arguments = change("title", properties);
        arguments["project"] = project;
        refused(ready, "schema_field_update", arguments);
    }
    refused(ready, "schema_field_update", change("nope", json!({"name": "x"})));
    let (code, text) =
        refused(ready, "schema_field_delete", json!({"type": "Ticket", "field_name": "title"}));
    assert_eq!(
        (code, text.as_str()),
        (104, "API schema_field_delete() Ticket.title came with the site and cannot be deleted.")
    );
    assert_eq!(describe(ready, "Ticket", "title")["name"]["value"], "Title", "a refusal changes nothing");
}

#[test]
fn a_site_describes_the_types_that_tickets_and_toolkit_need() {
    let folder = tempfile::tempdir().unwrap();
    let desk = start(folder.path(), &[]);
    let ready = desk.ready();
    let names = get(ready, "schema_entity_read", json!({}));
    let all = get(ready, "schema_read", json!({}));
    for (type_name, label, field, data_type) in [
        ("PublishedFile", "Published File", "path", "url"),
        ("Software", "Software", "user_restrictions", "multi_entity"),
        ("Version", "Version", "sg_uploaded_movie", "url"),
        ("Playlist", "Playlist", "versions", "multi_entity"),
        ("TimeLog", "Time Log", "duration", "duration"),
        ("Department", "Department", "color", "color"),
        ("Status", "Status", "bg_color", "color"),
        ("HumanUser", "Person", "department", "entity"),
        ("Ticket", "Ticket", "time_logs_sum", "duration"),
        ("Shot", "Shot", "open_notes_count", "summary"),
        ("Shot", "Shot", "step_0", "pivot_column"),
        ("LocalStorage", "Local Storage", "uuid", "uuid"),
        ("EventLogEntry", "Event Log Entry", "meta", "serializable"),
        ("FilesystemLocation", "Filesystem Location", "linked_entity_id", "number"),
    ] {
        assert_eq!(names[type_name]["name"], json!({"value": label, "editable": false}));
        assert_eq!(all[type_name][field]["data_type"]["value"], data_type, "{type_name}.{field}");
        assert_eq!(all[type_name][field]["entity_type"], json!({"value": type_name, "editable": false}));
    }
    assert_eq!(all["Ticket"]["created_at"]["editable"], json!({"value": false, "editable": false}));
    assert_eq!(
        all["Ticket"]["tickets"]["properties"]["valid_types"],
        json!({"value": ["Ticket"], "editable": true})
    );
}

#[test]
fn what_is_worked_out_from_other_rows_is_read_filtered_by_and_summed() {
    let folder = tempfile::tempdir().unwrap();
    let desk = start(folder.path(), &[]);
    let ready = desk.ready();
    let (ticket, other) = (http::create_ticket(ready, "a ticket"), http::create_ticket(ready, "another"));
    let project = json!({"type": "Project", "id": ready.project_id});
    let log = |minutes: i64| {
        let fields = json!([{"field_name": "project", "value": project}, {"field_name": "duration", "value": minutes},
            {"field_name": "entity", "value": {"type": "Ticket", "id": ticket}}]);
        get(ready, "create", json!({"type": "TimeLog", "fields": fields}))["id"].as_i64().unwrap()
    };
    let (long, _short) = (log(90), log(30));
    assert_eq!(value_of(ready, ticket, "time_logs_sum"), 120);
    assert_eq!(value_of(ready, other, "time_logs_sum"), 0);
    assert_eq!(found(ready, "time_logs_sum", "greater_than", &json!(100)), [ticket]);
    get(ready, "delete", json!({"type": "TimeLog", "id": long}));
    let filters = json!({"logical_operator": "and", "conditions": []});
    let summaries = json!([{"field": "time_logs_sum", "type": "sum"}]);
    let sum = get(ready, "summarize", json!({"type": "Ticket", "filters": filters, "summaries": summaries}));
    assert_eq!(sum["summaries"]["time_logs_sum"], 30);

    let shot = json!([{"field_name": "project", "value": project}, {"field_name": "code", "value": "s010"}]);
    let shot = get(ready, "create", json!({"type": "Shot", "fields": shot}));
    for status in ["opn", "clsd"] {
        let link = json!([{"type": "Shot", "id": shot["id"]}]);
        let note = json!([{"field_name": "project", "value": project}, {"field_name": "subject", "value": "n"},
            {"field_name": "sg_status_list", "value": status}, {"field_name": "note_links", "value": link}]);
        get(ready, "create", json!({"type": "Note", "fields": note}));
    }
    let read =
        json!({"type": "Shot", "return_fields": ["open_notes_count", "notes", "step_0"], "filters": filters});
    let rows = get(ready, "read", read);
    assert_eq!(rows["entities"][0]["open_notes_count"], 1, "{rows}");
    assert_eq!(rows["entities"][0]["notes"].as_array().unwrap().len(), 2);
    assert_eq!(rows["entities"][0]["step_0"], Value::Null);
}

#[test]
fn statuses_are_rows_and_a_new_one_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let desk = start(folder.path(), &[]);
    let ready = desk.ready().clone();
    let all = json!({"logical_operator": "and", "conditions": []});
    let rows =
        get(&ready, "read", json!({"type": "Status", "return_fields": ["code", "name"], "filters": all}));
    let rows = rows["entities"].as_array().unwrap();
    let open = rows.iter().find(|row| row["code"] == "opn").unwrap();
    assert_eq!(open["name"], "Open");
    let fields = json!([{"field_name": "name", "value": "In the queue"}]);
    get(&ready, "update", json!({"type": "Status", "id": open["id"], "fields": fields}));
    let blocked = json!([{"field_name": "code", "value": "blk"}, {"field_name": "name", "value": "Blocked"}]);
    let batch = json!([{"request_type": "create", "type": "Status", "fields": blocked}]);
    get(&ready, "batch", batch);
    get(
        &ready,
        "schema_field_update",
        change("sg_status_list", json!({"valid_values": ["opn", "blk"], "default_value": "opn"})),
    );
    let ticket = http::create_ticket(&ready, "a ticket");
    get(&ready, "update", set(ticket, "sg_status_list", &json!("blk")));
    desk.stop();

    let desk = start(folder.path(), &[]);
    let described = describe(desk.ready(), "Ticket", "sg_status_list");
    assert_eq!(
        described["properties"]["display_values"]["value"],
        json!({"opn": "In the queue", "blk": "Blocked"})
    );
    let summaries = json!({"type": "Ticket", "summaries": [{"field": "id", "type": "count"}],
        "grouping": [{"field": "sg_status_list", "type": "exact", "direction": "asc"}],
        "filters": {"logical_operator": "and", "conditions": []}});
    let groups = get(desk.ready(), "summarize", summaries);
    assert_eq!(groups["groups"][0]["group_name"], "Blocked", "{groups}");
}

#[test]
fn a_published_file_lies_in_a_local_storage_and_moves_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let desk = start(folder.path(), &[]);
    let ready = desk.ready();
    let project = json!({"type": "Project", "id": ready.project_id});
    let fields = json!([{"field_name": "code", "value": "primary"}, {"field_name": "linux_path", "value": "/mnt/work"},
        {"field_name": "windows_path", "value": "W:\\work"}]);
    let storage = get(ready, "create", json!({"type": "LocalStorage", "fields": fields}));
    let publish = |path: Value| {
        let fields = json!([{"field_name": "project", "value": project}, {"field_name": "code", "value": "a.ma"},
            {"field_name": "path", "value": path}]);
        json!({"type": "PublishedFile", "fields": fields})
    };
    let made = get(ready, "create", publish(json!({"local_path": "/mnt/work/shot/a.ma", "name": "a.ma"})));
    assert_eq!(made["path"]["link_type"], "local", "{made}");
    assert_eq!(made["path"]["relative_path"], "shot/a.ma");
    let moved = json!([{"field_name": "linux_path", "value": "/mnt/new"}]);
    get(ready, "update", json!({"type": "LocalStorage", "id": storage["id"], "fields": moved}));
    let filters = json!({"logical_operator": "and", "conditions": []});
    let rows =
        get(ready, "read", json!({"type": "PublishedFile", "return_fields": ["path"], "filters": filters}));
    let path = &rows["entities"][0]["path"];
    assert_eq!(path["local_path_linux"], "/mnt/new/shot/a.ma", "{path}");
    assert_eq!(path["local_path_windows"], "W:\\work\\shot\\a.ma");
    assert_eq!(path["local_storage"]["name"], "primary");
    assert!(
        refused(ready, "create", publish(json!({"local_path": "/tmp/a.ma"})))
            .1
            .contains("is in no local storage")
    );
}

#[test]
fn a_field_keeps_its_properties_when_what_they_name_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let desk = start(folder.path(), &[]);
    let ready = desk.ready().clone();
    let fields = json!([{"field_name": "code", "value": "blk"}, {"field_name": "name", "value": "Blocked"}]);
    let status = get(&ready, "create", json!({"type": "Status", "fields": fields}));
    let seen = json!({"valid_types": ["Shot", "Asset"], "description": "where"});
    get(&ready, "schema_field_create", new_field("multi_entity", "Seen In", &seen));
    let states = json!({"valid_values": ["opn", "blk"], "default_value": "blk"});
    get(&ready, "schema_field_create", new_field("status_list", "State", &states));
    get(&ready, "delete", json!({"type": "Status", "id": status["id"]}));
    desk.stop();

    let options = DeskOptions { data: folder.path().to_owned(), ..DeskOptions::default() };
    let desk = Desk::start(DeskOptions { disabled_entities: vec!["Shot".to_owned()], ..options }).unwrap();
    let ready = desk.ready();
    let described = describe(ready, "Ticket", "sg_seen_in");
    assert_eq!(described["description"]["value"], "where", "{described}");
    let described = describe(ready, "Ticket", "sg_state");
    assert_eq!(described["properties"]["valid_values"]["value"], json!(["opn", "blk"]));
    let ticket = http::create_ticket(ready, "a ticket");
    assert_eq!(value_of(ready, ticket, "sg_state"), "blk");
    assert_eq!(value_of(ready, ticket, "sg_seen_in"), json!([]));
}
