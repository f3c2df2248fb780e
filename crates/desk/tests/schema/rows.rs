//! Entity types of a default site, and values that come from other rows: sums, statuses, local files, links that are rows.

use desk::Ready;
use serde_json::{Value, json};

use crate::{change, describe, found, get, http, refused, set, start, value_of};

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
    assert_eq!(groups["groups"][0]["group_name"], "blk", "{groups}");
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

/// Creates a row of the desk's project; gives its hash.
fn make(ready: &Ready, type_name: &str, fields: &Value) -> Value {
    let project = json!({"type": "Project", "id": ready.project_id});
    let mut list = vec![json!({"field_name": "project", "value": project})];
    for (name, value) in fields.as_object().unwrap() {
        list.push(json!({"field_name": name, "value": value}));
    }
    let made = get(ready, "create", json!({"type": type_name, "fields": list}));
    json!({"type": type_name, "id": made["id"]})
}

fn links(ready: &Ready, row: &Value, field: &str) -> Vec<i64> {
    let conditions = json!([{"path": "id", "relation": "is", "values": [row["id"]]}]);
    let filters = json!({"logical_operator": "and", "conditions": conditions});
    let wanted = json!({"type": row["type"], "return_fields": [field], "filters": filters});
    let rows = get(ready, "read", wanted);
    let links = rows["entities"][0][field].as_array().unwrap();
    links.iter().map(|link| link["id"].as_i64().unwrap()).collect()
}

#[test]
fn links_that_are_rows_are_written_from_either_side_and_as_rows() {
    let folder = tempfile::tempdir().unwrap();
    let desk = start(folder.path(), &[]);
    let ready = desk.ready();
    let ids = |rows: &[&Value]| rows.iter().map(|row| row["id"].as_i64().unwrap()).collect::<Vec<i64>>();
    let set = |row: &Value, field: &str, value: Value, mode: &str| {
        let fields = json!([{"field_name": field, "value": value, "multi_entity_update_mode": mode}]);
        get(ready, "update", json!({"type": row["type"], "id": row["id"], "fields": fields}))
    };
    let versions: Vec<Value> =
        ["v1", "v2", "v3"].iter().map(|code| make(ready, "Version", &json!({"code": code}))).collect();
    let [one, two, three] = &versions[..] else { unreachable!() };
    let playlist = make(ready, "Playlist", &json!({"code": "dailies", "versions": [one, two]}));
    assert_eq!(links(ready, &playlist, "versions"), ids(&[one, two]));
    set(&playlist, "versions", json!([three, two]), "add");
    assert_eq!(links(ready, &playlist, "versions"), ids(&[one, two, three]), "each once");
    set(&playlist, "versions", json!([one]), "remove");
    assert_eq!(links(ready, &playlist, "versions"), ids(&[two, three]));
    set(one, "playlists", json!([playlist]), "set");
    assert_eq!(links(ready, &playlist, "versions"), ids(&[two, three, one]));
    set(&playlist, "versions", json!([one]), "set");
    assert_eq!(links(ready, three, "playlists"), [0_i64; 0]);
    let conditions = json!([{"path": "playlist.Playlist.code", "relation": "is", "values": ["dailies"]}]);
    let wanted = json!({"type": "PlaylistVersionConnection", "return_fields": ["version", "sg_sort_order"],
        "filters": {"logical_operator": "and", "conditions": conditions}});
    let rows = get(ready, "read", wanted);
    assert_eq!(rows["entities"].as_array().unwrap().len(), 1, "{rows}");
    assert_eq!(rows["entities"][0]["version"]["name"], "v1");

    // As Toolkit registers a publish and what it was made from.
    let scene = make(ready, "PublishedFile", &json!({"code": "a.ma"}));
    let cache = make(ready, "PublishedFile", &json!({"code": "a.abc"}));
    let fields = json!([{"field_name": "published_file", "value": cache},
        {"field_name": "dependent_published_file", "value": scene}]);
    let dependency = get(ready, "create", json!({"type": "PublishedFileDependency", "fields": fields}));
    assert_eq!(links(ready, &cache, "upstream_published_files"), ids(&[&scene]));
    assert_eq!(links(ready, &scene, "downstream_published_files"), ids(&[&cache]));
    get(ready, "delete", json!({"type": "PublishedFileDependency", "id": dependency["id"]}));
    assert_eq!(links(ready, &cache, "upstream_published_files"), [0_i64; 0]);

    let layout = make(ready, "Task", &json!({"content": "Layout"}));
    let animation = make(ready, "Task", &json!({"content": "Animation", "upstream_tasks": [layout]}));
    let conditions = json!([{"path": "dependent_task_id", "relation": "is", "values": [layout["id"]]},
        {"path": "task_id", "relation": "is", "values": [animation["id"]]}]);
    let wanted = json!({"type": "TaskDependency", "return_fields": ["dependency_type", "task_id"],
        "filters": {"logical_operator": "and", "conditions": conditions}});
    let rows = get(ready, "read", wanted);
    assert_eq!(rows["entities"][0]["dependency_type"], "finish-to-start-next-day", "{rows}");
    assert_eq!(rows["entities"][0]["task_id"], animation["id"]);
    let conditions = json!([{"path": "upstream_tasks.Task.content", "relation": "is", "values": ["layout"]}]);
    let wanted = json!({"type": "Task", "filters": {"logical_operator": "and", "conditions": conditions}});
    assert_eq!(get(ready, "read", wanted)["entities"], json!([animation]));
}
