//! Which relations there are on which data type: what is not documented is refused, and the refusal says what is.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::model::relations;
use crate::site::{Site, all, condition};
use crate::world::{FIELDS, Stage};

/// Relations of other types, of no type, and of other servers.
const OTHERS: [&str; 6] = ["", "IS", "equals", "not_starts_with", "not_in_calendar_day", "name_ends_with"];

fn refusal(site: &Site, kind: &str, path: &str, relation: &str) -> String {
    let filters = all(&[condition(path, relation, json!([null]))]);
    site.refusal("read", &json!({"type": kind, "filters": filters}))
}

#[test]
fn a_relation_that_a_type_does_not_have_is_refused() {
    let site = Stage::set().site;
    let every: BTreeSet<&str> =
        FIELDS.iter().flat_map(|(_, kind)| relations(kind)).copied().chain(OTHERS).collect();
    for (path, kind) in FIELDS {
        for relation in every.iter().filter(|relation| !relations(kind).contains(relation)) {
            let text = refusal(&site, "Shot", path, relation);
            let start = format!(
                "API read() Shot.{path}'s '{kind}' data type doesn't support '{relation}' 'relation'."
            );
            assert!(text.starts_with(&start), "{text}");
            let (_, known) = text.split_once("Valid relations: ").unwrap();
            let known: BTreeSet<String> = serde_json::from_str(known).unwrap();
            assert_eq!(known, relations(kind).iter().map(ToString::to_string).collect(), "{kind}");
        }
    }
}

#[test]
fn what_cannot_be_filtered_by_is_refused() {
    let site = Site::start();
    for (kind, path, data_type) in [
        ("Attachment", "this_file", "url"),
        ("HumanUser", "password_proxy", "password"),
        ("EventLogEntry", "meta", "serializable"),
        ("Shot", "open_notes_count", "summary"),
        ("Shot", "step_0", "pivot_column"),
    ] {
        let text = refusal(&site, kind, path, "is");
        assert_eq!(
            text,
            format!("API read() {kind}.{path}'s '{data_type}' data type cannot be used in a filter.")
        );
    }
}

#[test]
fn a_uuid_is_found_however_it_is_spelled() {
    let site = Site::start();
    let entry = |uuid: Value| {
        let fields = json!({"event_type": "Test", "session_uuid": uuid});
        site.create("EventLogEntry", fields)["id"].as_i64().unwrap()
    };
    let (one, none) = (entry(json!("3f2504e0-4f89-11d3-9a0c-0305e82c3301")), entry(Value::Null));
    let found = |relation: &str, value: Value| {
        let test = condition("event_type", "is", json!("Test"));
        let filters = all(&[test, condition("session_uuid", relation, value)]);
        site.ids(&json!({"type": "EventLogEntry", "filters": filters}))
    };
    for spelling in ["3f2504e0-4f89-11d3-9a0c-0305e82c3301", "3F2504E04F8911D39A0C0305E82C3301"] {
        assert_eq!(found("is", json!(spelling)), [one]);
        assert_eq!(found("is_not", json!(spelling)), [none]);
        assert_eq!(found("in", json!([spelling, "00000000-0000-0000-0000-000000000000"])), [one]);
    }
    assert_eq!(found("is", json!("")), [none]);
    assert!(refusal(&site, "EventLogEntry", "session_uuid", "contains").contains("doesn't support"));
}
