//! `summarize`: every type of summary and of grouping.

use serde_json::{Value, json};

use crate::site::{Site, all};

/// Names of groups with their numbers of rows.
type Counted<'c> = &'c [(&'c str, i64)];

/// Shots of one project with a few fields of their own.
fn site() -> Site {
    let site = Site::start();
    let field = |kind: &str, label: &str| {
        let properties = json!([{"property_name": "name", "value": label}]);
        site.call(
            "schema_field_create",
            &json!({"type": "Shot", "data_type": kind, "properties": properties}),
        );
    };
    field("checkbox", "Locked");
    field("percent", "Done");
    field("date", "Day");
    field("date_time", "Moment");
    field("duration", "Bid");
    let project = site.create("Project", json!({"name": "P"}));
    let sequences: Vec<Value> = ["b seq", "A seq"]
        .map(|code| site.create("Sequence", json!({"code": code, "project": project})))
        .into();
    let tag = site.create("Tag", json!({"name": "t"}));
    let shots = [
        json!({"code": "alpha", "sg_cut_in": -5, "sg_done": 10, "sg_day": "2030-03-13", "sg_bid": 100,
            "sg_moment": "2030-03-13T23:59:59Z", "sg_status_list": "fin", "sg_locked": true, "tags": [tag]}),
        json!({"code": "Anna", "sg_cut_in": 14, "sg_done": 25, "sg_day": "2030-03-11", "sg_bid": 480,
            "sg_moment": "2030-03-14T00:00:00Z", "sg_status_list": "fin", "sg_sequence": sequences[0]}),
        json!({"code": "beta", "sg_cut_in": 19, "sg_day": "2030-02-28", "sg_bid": 2399,
            "sg_moment": "2029-12-31T10:00:00Z", "sg_status_list": "ip", "sg_sequence": sequences[1]}),
        json!({"code": "émile", "sg_status_list": "wtg", "sg_sequence": sequences[0]}),
    ];
    for mut shot in shots {
        shot["project"] = project.clone();
        site.create("Shot", shot);
    }
    site
}

fn total(site: &Site, field: &str, kind: &str) -> Value {
    let arguments =
        json!({"type": "Shot", "filters": all(&[]), "summaries": [{"field": field, "type": kind}]});
    let answer = site.call("summarize", &arguments);
    assert_eq!(answer["groups"], json!([]));
    answer["summaries"][field].clone()
}

/// Name, value and number of rows of each group.
fn groups(site: &Site, field: &str, kind: &str, direction: &str) -> Vec<(String, Value, i64)> {
    let arguments = json!({"type": "Shot", "summaries": [{"field": "id", "type": "count"}],
        "grouping": [{"field": field, "type": kind, "direction": direction}]});
    let answer = site.call("summarize", &arguments);
    assert_eq!(answer["summaries"]["id"], 4);
    let groups = answer["groups"].as_array().unwrap().iter();
    groups
        .map(|group| {
            assert!(group.get("groups").is_none(), "the last level has none: {group}");
            let name = group["group_name"].as_str().unwrap().to_owned();
            (name, group["group_value"].clone(), group["summaries"]["id"].as_i64().unwrap())
        })
        .collect()
}

fn names(site: &Site, field: &str, kind: &str) -> Vec<(String, i64)> {
    groups(site, field, kind, "asc").into_iter().map(|(name, _, count)| (name, count)).collect()
}

fn counted(groups: Counted<'_>) -> Vec<(String, i64)> {
    groups.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

#[test]
fn every_summary_type() {
    let site = site();
    let expected = [
        ("sg_cut_in", "record_count", json!(4)),
        ("sg_cut_in", "count", json!(3)),
        ("sg_cut_in", "sum", json!(28)),
        ("sg_cut_in", "average", json!(28.0 / 3.0)),
        ("sg_cut_in", "minimum", json!(-5)),
        ("sg_cut_in", "maximum", json!(19)),
        ("sg_cut_out", "sum", json!(0)),
        ("sg_cut_out", "average", json!(0.0)),
        ("sg_cut_out", "maximum", json!(0)),
        ("sg_cut_out", "count", json!(0)),
        ("sg_day", "earliest", json!("2030-02-28")),
        ("sg_day", "latest", json!("2030-03-13")),
        ("sg_moment", "earliest", json!("2029-12-31T10:00:00Z")),
        ("sg_moment", "latest", json!("2030-03-14T00:00:00Z")),
        ("sg_done", "percentage", json!(18)),
        ("sg_locked", "checked", json!(1)),
        ("sg_locked", "unchecked", json!(3)),
        ("sg_locked", "percentage", json!(25)),
        ("sg_status_list", "status_percentage", json!(50)),
        ("sg_status_list", "status_percentage_as_float", json!(50.0)),
        ("sg_status_list", "status_list", json!("ip")),
        ("tags", "count", json!(1)),
        ("tags", "record_count", json!(4)),
        ("sg_sequence", "count", json!(3)),
        ("sg_sequence.Sequence.code", "count", json!(3)),
        ("description", "count", json!(0)),
    ];
    for (field, kind, value) in expected {
        assert_eq!(total(&site, field, kind), value, "{kind} of {field}");
    }
    let none = json!({"type": "Task", "summaries": [{"field": "sg_status_list", "type": "status_list"},
        {"field": "due_date", "type": "latest"}, {"field": "id", "type": "count"}]});
    let nothing = json!({"sg_status_list": null, "due_date": null, "id": 0});
    assert_eq!(site.call("summarize", &none)["summaries"], nothing);
    let share = json!({"type": "Shot", "summaries": [{"field": "sg_status_list", "type": "status_percentage", "value": "wtg"}]});
    assert_eq!(site.call("summarize", &share)["summaries"]["sg_status_list"], 25);
    // One figure for each field: the last one that was asked for.
    let twice = json!([{"field": "sg_cut_in", "type": "sum"}, {"field": "sg_cut_in", "type": "count"}]);
    let twice = json!({"type": "Shot", "summaries": twice});
    assert_eq!(site.call("summarize", &twice)["summaries"], json!({"sg_cut_in": 3}));
}

#[test]
fn every_grouping_type() {
    let site = site();
    let expected: [(&str, &str, Counted<'_>); 19] = [
        ("code", "exact", &[("alpha", 1), ("Anna", 1), ("beta", 1), ("émile", 1)]),
        ("code", "firstletter", &[("A", 2), ("B", 1), ("É", 1)]),
        ("sg_status_list", "exact", &[("fin", 2), ("ip", 1), ("wtg", 1)]),
        ("sg_locked", "exact", &[("[ ]", 3), ("[X]", 1)]),
        ("sg_cut_in", "exact", &[("-5", 1), ("14", 1), ("19", 1), ("", 1)]),
        ("sg_cut_in", "tens", &[("-10 - -1", 1), ("10 - 19", 2), ("", 1)]),
        ("sg_cut_in", "hundreds", &[("-100 - -1", 1), ("0 - 99", 2), ("", 1)]),
        ("sg_bid", "thousands", &[("0 - 999", 2), ("2000 - 2999", 1), ("", 1)]),
        ("sg_bid", "tensofthousands", &[("0 - 9999", 3), ("", 1)]),
        ("sg_bid", "hundredsofthousands", &[("0 - 99999", 3), ("", 1)]),
        ("sg_bid", "millions", &[("0 - 999999", 3), ("", 1)]),
        ("sg_bid", "oneday", &[("0 - 479", 1), ("480 - 959", 1), ("1920 - 2399", 1), ("", 1)]),
        ("sg_bid", "fivedays", &[("0 - 2399", 3), ("", 1)]),
        ("sg_day", "day", &[("2030-02-28", 1), ("2030-03-11", 1), ("2030-03-13", 1), ("", 1)]),
        ("sg_moment", "week", &[("Week of 2029-12-31", 1), ("Week of 2030-03-11", 2), ("", 1)]),
        ("sg_day", "month", &[("February 2030", 1), ("March 2030", 2), ("", 1)]),
        ("sg_moment", "quarter", &[("Q4 2029", 1), ("Q1 2030", 2), ("", 1)]),
        ("sg_moment", "year", &[("2029", 1), ("2030", 2), ("", 1)]),
        ("sg_sequence", "entitytype", &[("Sequence", 3), ("", 1)]),
    ];
    for (field, kind, groups) in expected {
        assert_eq!(names(&site, field, kind), counted(groups), "{field} by {kind}");
    }
    let clusters = counted(&[("Last month", 1), ("This week", 1), ("Today", 1), ("", 1)]);
    assert_eq!(names(&site, "sg_day", "clustered_date"), clusters);
    let clusters = counted(&[("Earlier", 1), ("Today", 1), ("Tomorrow", 1), ("", 1)]);
    assert_eq!(names(&site, "sg_moment", "clustered_date"), clusters);
}

#[test]
fn groups_have_values_an_order_and_groups_of_their_own() {
    let site = site();
    let quarters = groups(&site, "sg_day", "quarter", "asc");
    assert_eq!(quarters[0].1, "2030-01-01");
    let tens = groups(&site, "sg_cut_in", "tens", "desc");
    let values: Vec<&Value> = tens.iter().map(|(_, value, _)| value).collect();
    assert_eq!(values, [&Value::Null, &json!(10), &json!(-10)]);
    let by_sequence = groups(&site, "sg_sequence", "exact", "asc");
    let order: Vec<&str> = by_sequence.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(order, ["A seq", "b seq", ""]);
    let value = &by_sequence[0].1;
    assert_eq!(
        (&value["type"], &value["name"], &value["valid"]),
        (&json!("Sequence"), &json!("A seq"), &json!("valid"))
    );
    assert_eq!(groups(&site, "sg_locked", "exact", "asc")[1].1, true);

    let nested = json!({"type": "Shot", "summaries": [{"field": "sg_cut_in", "type": "sum"}],
        "grouping": [{"field": "sg_sequence"}, {"field": "sg_status_list", "direction": "desc"}]});
    let nested = site.call("summarize", &nested);
    assert_eq!(nested["summaries"], json!({"sg_cut_in": 28}));
    let inner = &nested["groups"][1];
    assert_eq!((&inner["group_name"], &inner["summaries"]["sg_cut_in"]), (&json!("b seq"), &json!(14)));
    let statuses: Vec<_> =
        inner["groups"].as_array().unwrap().iter().map(|group| &group["group_value"]).collect();
    assert_eq!(statuses, ["wtg", "fin"]);
}

#[test]
fn what_cannot_be_summed_up_is_refused() {
    let site = Site::start();
    let refusal = |summary: Value, grouping: Value| {
        site.refusal("summarize", &json!({"type": "Shot", "summaries": [summary], "grouping": grouping}))
    };
    let count = || json!({"field": "id", "type": "count"});
    let unknown = refusal(json!({"field": "id", "type": "median"}), json!([]));
    assert!(unknown.contains("type must be one of: record_count, count, sum"), "{unknown}");
    let wrong = refusal(json!({"field": "code", "type": "sum"}), json!([]));
    assert!(wrong.contains("a text field has no summary of the type 'sum'"), "{wrong}");
    let unknown = refusal(count(), json!([{"field": "code", "type": "soundex"}]));
    assert!(unknown.contains("type must be one of: exact, tens"), "{unknown}");
    let image = refusal(count(), json!([{"field": "image"}]));
    assert_eq!(image, "API summarize() Grouping is not allowed for field Shot.image.");
    let wrong = refusal(count(), json!([{"field": "code", "type": "month"}]));
    assert!(wrong.contains("is a text field and cannot be grouped by 'month'"), "{wrong}");
    refusal(count(), json!([{"field": "code", "direction": "up"}]));
    refusal(count(), json!([{"type": "exact"}]));
    refusal(json!({"field": "nope", "type": "count"}), json!([]));
}
