//! What narrows a read besides its filters: retired rows, archived projects, presets.

use serde_json::{Value, json};

use crate::site::{Site, all, condition};

#[test]
fn rows_of_archived_projects_are_left_out_when_asked() {
    let site = Site::start();
    let (live, old) = (json!({"name": "Live"}), json!({"name": "Old", "archived": true}));
    let (live, old) = (site.create("Project", live), site.create("Project", old));
    let ticket =
        |title: &str, project: &Value| site.create("Ticket", json!({"title": title, "project": project}));
    let (here, there) = (ticket("here", &live), ticket("there", &old));
    let read = |kind: &str, include: bool| {
        let ours = condition("id", "is_not", json!(site.ready().project_id));
        let filters = if kind == "Project" { all(&[ours]) } else { all(&[]) };
        site.ids(&json!({"type": kind, "filters": filters, "include_archived_projects": include}))
    };
    let id = |link: &Value| link["id"].as_i64().unwrap();
    assert_eq!(read("Ticket", true), [id(&here), id(&there)]);
    assert_eq!(read("Ticket", false), [id(&here)]);
    assert!(read("Project", true).contains(&id(&old)));
    let unarchived = read("Project", false);
    assert!(unarchived.contains(&id(&live)) && !unarchived.contains(&id(&old)));
    let count = |include: bool| {
        let counted = json!({"type": "Ticket", "summaries": [{"field": "id", "type": "count"}],
            "include_archived_projects": include});
        site.call("summarize", &counted)["summaries"]["id"].clone()
    };
    assert_eq!((count(true), count(false)), (json!(2), json!(1)));
    // A type without a project is never left out.
    assert_eq!(read("HumanUser", false), read("HumanUser", true));
}

#[test]
fn links_to_retired_rows_are_not_seen_in_lists_and_keep_their_names_alone() {
    let site = Site::start();
    let project = site.create("Project", json!({"name": "P"}));
    let tags: Vec<Value> = ["kept", "gone"].map(|name| site.create("Tag", json!({"name": name}))).into();
    let shot = |code: &str, tags: &[Value]| {
        site.create("Shot", json!({"code": code, "project": project, "tags": tags}))["id"].as_i64().unwrap()
    };
    let (both, one) = (shot("both", &tags), shot("one", &tags[1..]));
    let task = site
        .create("Task", json!({"content": "t", "project": project, "entity": {"type": "Shot", "id": one}}));
    site.retire("Tag", tags[1]["id"].as_i64().unwrap());
    let found = |path: &str, relation: &str, values: Value| {
        site.ids(&json!({"type": "Shot", "filters": all(&[condition(path, relation, values)])}))
    };
    assert_eq!(found("tags", "is", tags[1].clone()), [0i64; 0]);
    assert_eq!(found("tags", "is_not", tags[1].clone()), [both, one]);
    assert_eq!(found("tags", "is", Value::Null), [one]);
    assert_eq!(found("tags", "name_is", json!("gone")), [0i64; 0]);
    assert_eq!(found("tags", "type_is", json!("Tag")), [both]);
    assert_eq!(found("tags.Tag.name", "is", json!("gone")), [0i64; 0]);
    let read = site.call("read", &json!({"type": "Shot", "return_fields": ["tags"], "filters": all(&[])}));
    assert_eq!(read["entities"][1]["tags"], json!([]));
    // A single link stays what it was.
    site.retire("Shot", one);
    let read = site.call("read", &json!({"type": "Task", "return_fields": ["entity"], "filters": all(&[])}));
    assert_eq!(read["entities"][0]["entity"], json!({"type": "Shot", "id": one, "name": "one"}));
    let filters = all(&[condition("entity", "name_is", json!("ONE"))]);
    assert_eq!(site.ids(&json!({"type": "Task", "filters": filters})), [task["id"].as_i64().unwrap()]);
}

#[test]
fn the_latest_of_each_entity() {
    let site = Site::start();
    let project = site.create("Project", json!({"name": "P"}));
    let shots: Vec<Value> =
        ["s1", "s2"].map(|code| site.create("Shot", json!({"code": code, "project": project}))).into();
    let steps: Vec<Value> = [30, 10]
        .map(|order| site.create("Step", json!({"code": order.to_string(), "list_order": order})))
        .into();
    let tasks: Vec<Value> = steps
        .iter()
        .map(|step| site.create("Task", json!({"content": "t", "project": project, "step": step})))
        .collect();
    let version = |code: &str, shot: Value, task: Value, day: u32| {
        let fields = json!({"code": code, "project": project, "entity": shot, "sg_task": task,
            "created_at": format!("2030-01-{day:02}T00:00:00Z")});
        site.create("Version", fields)["id"].as_i64().unwrap()
    };
    let late_step = version("a", shots[0].clone(), tasks[0].clone(), 1);
    let newest = version("b", shots[0].clone(), tasks[1].clone(), 9);
    // Of the same time as the next one, and so not the latest.
    let other = version("c", shots[1].clone(), Value::Null, 5);
    let same_time = version("d", shots[1].clone(), Value::Null, 5);
    let retired = version("e", shots[1].clone(), tasks[0].clone(), 20);
    version("unlinked", Value::Null, tasks[0].clone(), 30);
    site.retire("Version", retired);
    let latest = |by: &str, filters: Value, only: &str| {
        site.ids(&json!({"type": "Version", "filters": filters, "return_only": only,
            "additional_filter_presets": [{"preset_name": "LATEST", "latest_by": by}]}))
    };
    let created = "ENTITIES_CREATED_AT";
    assert_eq!(latest(created, all(&[]), "active"), [newest, same_time]);
    assert_eq!(latest(created, all(&[]), "retired"), [retired]);
    // The latest of those that pass the filters.
    assert_eq!(latest(created, all(&[condition("code", "is", json!("c"))]), "active"), [other]);
    let by_step = "BY_PIPELINE_STEP_NUMBER_AND_ENTITIES_CREATED_AT";
    assert_eq!(latest(by_step, all(&[]), "active"), [late_step, same_time]);

    let published = |number: i64| {
        let fields = json!({"code": "f", "project": project, "entity": shots[0], "version_number": number});
        site.create("PublishedFile", fields)["id"].as_i64().unwrap()
    };
    let (second, _first) = (published(2), published(1));
    let presets = json!([{"preset_name": "LATEST", "latest_by": "VERSION_NUMBER"}]);
    let read = json!({"type": "PublishedFile", "filters": all(&[]), "additional_filter_presets": presets});
    assert_eq!(site.ids(&read), [second]);
}

#[test]
fn unknown_presets_are_refused() {
    let site = Site::start();
    let refusal = |kind: &str, preset: Value| {
        site.refusal("read", &json!({"type": kind, "additional_filter_presets": [preset]}))
    };
    let cut = refusal("Version", json!({"preset_name": "CUT_SHOT_VERSIONS", "cut_id": 1}));
    assert!(cut.contains("'CUT_SHOT_VERSIONS' is not supported on Version"), "{cut}");
    let ticket = refusal("Ticket", json!({"preset_name": "LATEST", "latest_by": "ENTITIES_CREATED_AT"}));
    assert!(ticket.contains("'LATEST' is not supported on Ticket"), "{ticket}");
    let by = refusal("Version", json!({"preset_name": "LATEST", "latest_by": "REVISION_NUMBER"}));
    assert!(by.contains("needs a 'latest_by' of: ENTITIES_CREATED_AT"), "{by}");
    refusal("Version", json!("LATEST"));
    let text = site.refusal("read", &json!({"type": "Version", "additional_filter_presets": "LATEST"}));
    assert!(text.contains("not a list"), "{text}");
}
