//! Every data type: its fields are created, written, filtered by, deleted and kept over a restart.

use serde_json::{Value, json};

use crate::{describe, found, get, http, new_field, refused, set, start, value_of};

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
fn a_filter_may_compare_with_what_no_row_can_hold() {
    let folder = tempfile::tempdir().unwrap();
    let desk = start(folder.path(), &[]);
    let ready = desk.ready();
    let ticket = http::create_ticket(ready, "a ticket");
    for (kind, value) in [("entity_type", "something else"), ("color", "potato"), ("footage", "far")] {
        let made = get(ready, "schema_field_create", new_field(kind, kind, &json!({})));
        let field = made.as_str().unwrap();
        assert_eq!(found(ready, field, "is", &json!(value)), [0_i64; 0], "{kind}");
        assert_eq!(found(ready, field, "is_not", &json!(value)), [ticket], "{kind}");
        refused(ready, "update", set(ticket, field, &json!(value)));
    }
}
