//! Starting: what lies in the data folder, who may open it, where the desk listens.

mod http;

use std::net::SocketAddr;

use desk::{Desk, DeskError, DeskOptions};
use serde_json::json;

fn options(folder: &std::path::Path) -> DeskOptions {
    DeskOptions { data: folder.to_owned(), ..DeskOptions::default() }
}

#[test]
fn a_restart_keeps_key_project_and_rows() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("deep").join("desk");
    let desk = Desk::start(options(&data)).unwrap();
    let first = desk.ready().clone();
    let ticket = http::create_ticket(&first, "stays");
    desk.stop();

    let desk = Desk::start(options(&data)).unwrap();
    let second = desk.ready();
    assert_eq!((&first.script_key, first.project_id), (&second.script_key, second.project_id));
    let answer = http::call(second, "read", json!({"type": "Ticket", "return_fields": ["title"]}));
    assert_eq!(answer["results"]["entities"], json!([{"type": "Ticket", "id": ticket, "title": "stays"}]));
    desk.stop();
}

#[test]
fn the_key_is_in_its_file_and_not_in_debug_output() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("desk");
    let desk = Desk::start(options(&data)).unwrap();
    let ready = desk.ready();
    assert!(!format!("{ready:?}").contains(&ready.script_key));
    let file = data.join("script_key.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text, format!("script_name = \"tk-incident\"\nscript_key = \"{}\"\n", ready.script_key));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&data), mode(&file)), (0o700, 0o600));
    }
    let kept = std::fs::read(data.join("desk.db")).unwrap();
    let key = ready.script_key.as_bytes();
    assert!(!kept.windows(key.len()).any(|window| window == key), "the key lies in clear in the database");
    let line = serde_json::to_value(ready).unwrap();
    assert_eq!(line["type"], "ready");
    let link = line["page"].as_str().unwrap();
    assert_eq!(link, desk::page_link(&format!("{}/tickets", ready.url), &ready.script_key));
    assert!(!link.contains(&ready.script_key), "the link shows the script key");
    assert!(!format!("{ready:?}").contains("token="), "the link in debug output");
}

#[test]
fn a_removed_key_file_means_a_new_key() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::start(options(folder.path())).unwrap();
    let old = desk.ready().clone();
    desk.stop();
    std::fs::remove_file(folder.path().join("script_key.toml")).unwrap();
    let desk = Desk::start(options(folder.path())).unwrap();
    assert_ne!(old.script_key, desk.ready().script_key);
    http::create_ticket(desk.ready(), "with the new key");
    let stale = desk::Ready { url: desk.ready().url.clone(), ..old };
    assert_eq!(http::call(&stale, "read", json!({"type": "Ticket"}))["error_code"], 102);
}

#[test]
fn one_folder_has_one_desk() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::start(options(folder.path())).unwrap();
    let Err(error) = Desk::start(options(folder.path())) else { panic!("two desks on one folder") };
    assert!(matches!(error, DeskError::InUse { .. }), "{error}");
    desk.stop();
    Desk::start(options(folder.path())).unwrap();
}

#[test]
fn only_loopback_is_listened_on() {
    let folder = tempfile::tempdir().unwrap();
    let listen: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let Err(error) = Desk::start(DeskOptions { listen, ..options(folder.path()) }) else {
        panic!("open to the network")
    };
    assert!(error.to_string().contains("0.0.0.0:0") && error.to_string().contains("127.0.0.1"), "{error}");

    let desk = Desk::start(options(folder.path())).unwrap();
    let taken = desk.ready().url.trim_start_matches("http://").parse().unwrap();
    let other = tempfile::tempdir().unwrap();
    let Err(error) = Desk::start(DeskOptions { listen: taken, ..options(other.path()) }) else {
        panic!("address shared")
    };
    assert!(matches!(error, DeskError::Bind { .. }), "{error}");
}

#[test]
fn a_database_of_a_newer_desk_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    Desk::start(options(folder.path())).unwrap().stop();
    let database = rusqlite::Connection::open(folder.path().join("desk.db")).unwrap();
    database.execute_batch("PRAGMA user_version = 999").unwrap();
    drop(database);
    let Err(error) = Desk::start(options(folder.path())) else { panic!("a newer database was opened") };
    assert!(error.to_string().contains("999"), "{error}");
}

#[test]
fn a_disabled_type_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let desk =
        Desk::start(DeskOptions { disabled_entities: vec!["Ticket".to_owned()], ..options(folder.path()) })
            .unwrap();
    let ready = desk.ready();
    for (method, arguments) in [
        ("read", json!({"type": "Ticket"})),
        ("create", http::ticket(ready, "refused")),
        ("schema_field_read", json!({"type": "Ticket"})),
        ("summarize", json!({"type": "Ticket", "summaries": [{"field": "id", "type": "count"}]})),
    ] {
        let answer = http::call(ready, method, arguments);
        assert_eq!(answer["message"], "Entity type 'Ticket' does not exist.", "{method}");
        assert_eq!(answer["exception"], true);
    }
    assert!(http::call(ready, "schema_entity_read", json!({}))["results"].get("Ticket").is_none());
    let page = http::page(ready, "/tickets").unwrap();
    assert!(page.text().contains("switched off"), "{}", page.text());
}
