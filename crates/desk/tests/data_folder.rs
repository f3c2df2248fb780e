//! The data folder over time: one of an older desk, and copies taken while a desk works.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod http;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use desk::{BackupError, Desk, DeskOptions, Ready, backup};
use serde_json::{Value, json};

fn start(folder: &Path) -> Desk {
    Desk::start(DeskOptions { data: folder.to_owned(), ..DeskOptions::default() }).unwrap()
}

fn rows(ready: &Ready, kind: &str, fields: &[&str]) -> Vec<Value> {
    let arguments = json!({"type": kind, "return_fields": fields, "sorts": [{"field_name": "id"}],
        "paging": {"entities_per_page": 5000, "current_page": 1}});
    http::call(ready, "read", arguments)["results"]["entities"].as_array().unwrap().clone()
}

fn download(ready: &Ready, id: i64) -> Vec<u8> {
    let path = format!("/file_serve/attachment/{id}");
    let response = http::send(&ready.url, "GET", &path, &[], b"").unwrap();
    assert_eq!(response.status, 200, "{}", response.text());
    response.body
}

#[test]
fn a_database_of_layout_1_is_brought_up_with_all_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let database = rusqlite::Connection::open(folder.path().join("desk.db")).unwrap();
    database.execute_batch(include_str!("old_desk/1.sql")).unwrap();
    drop(database);
    let log = b"2026-01-14 19:49:11,961 [2764 ERROR sgtk] bad range\n";
    let hash = blake3::hash(log).to_hex().to_string();
    let place = folder.path().join("files").join(&hash[..2]);
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join(&hash), log).unwrap();

    let fields = [
        "title",
        "sg_status_list",
        "sg_studio_floor",
        "addressings_to",
        "attachments",
        "replies",
        "sg_incident_count",
    ];
    let mut seen = Vec::new();
    // The second start finds nothing to be done.
    for _ in 0..2 {
        let desk = start(folder.path());
        let tickets = rows(desk.ready(), "Ticket", &fields);
        assert_eq!(tickets.len(), 1, "the other one was deleted");
        let ticket = &tickets[0];
        assert_eq!(ticket["title"], "alice - ValueError: bad range in publish [k7m2q9xd]");
        assert_eq!((&ticket["sg_studio_floor"], &ticket["sg_incident_count"]), (&json!("third"), &json!(3)));
        assert_eq!(ticket["addressings_to"][0]["name"], "Pipeline");
        assert_eq!(ticket["replies"].as_array().unwrap().len(), 1);
        assert_eq!(download(desk.ready(), ticket["attachments"][0]["id"].as_i64().unwrap()), log);
        let retired = json!({"type": "Ticket", "return_fields": ["title"], "return_only": "retired"});
        let retired = http::call(desk.ready(), "read", retired);
        assert_eq!(retired["results"]["entities"][0]["title"], "old one");
        seen.push(http::create_ticket(desk.ready(), "numbers go on"));
        http::call(desk.ready(), "delete", json!({"type": "Ticket", "id": seen.last()}));
    }
    assert_eq!(seen, [3, 4]);
}

#[test]
fn a_backup_has_everything_that_was_acknowledged_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("desk"), folder.path().join("deep").join("copy"));
    let desk = start(&data);
    let ready = desk.ready();
    let first = http::create_ticket(ready, "before");
    for number in 0..20 {
        let name = format!("{number}.log");
        assert!(http::upload(ready, first, &name, name.as_bytes()).unwrap().starts_with('1'));
    }
    let over = AtomicBool::new(false);
    let (mut told, mut acknowledged) = (Vec::new(), 0);
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut written = 0;
            while !over.load(Ordering::SeqCst) {
                let ticket = http::create_ticket(ready, "meanwhile");
                assert!(http::upload(ready, ticket, "tk-maya.log", &[7; 5000]).unwrap().starts_with('1'));
                written += 1;
            }
            written
        });
        let done = backup(&data, &copy, &mut |done, of| told.push((done, of))).unwrap();
        assert!(done.files >= 20 && done.bytes > 20_000, "{done:?}");
        over.store(true, Ordering::SeqCst);
        acknowledged = writing.join().unwrap();
    });
    assert_eq!(told.last().map(|(done, of)| done == of), Some(true));
    assert!(told.len() > 20);

    let restored = start(&copy);
    assert_eq!(restored.ready().script_key, ready.script_key, "its clients need no other key");
    let tickets = rows(restored.ready(), "Ticket", &["title", "attachments"]);
    assert_eq!(tickets[0]["attachments"].as_array().unwrap().len(), 20);
    assert!(tickets.len() <= 1 + acknowledged);
    for file in rows(restored.ready(), "Attachment", &["display_name"]) {
        let content = download(restored.ready(), file["id"].as_i64().unwrap());
        let name = file["display_name"].as_str().unwrap();
        assert!(content == name.as_bytes() || content == [7; 5000], "{name}");
    }
    // The first one works on as before.
    http::create_ticket(ready, "after");
}

#[test]
fn nothing_is_overwritten_and_a_copy_that_lacks_a_file_is_no_desk() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("desk"), folder.path().join("copy"));
    let error = backup(&data, &copy, &mut |_, _| {}).unwrap_err();
    assert!(matches!(error, BackupError::NoDesk { .. }) && !copy.exists(), "{error}");

    let desk = start(&data);
    let ticket = http::create_ticket(desk.ready(), "with a file");
    http::upload(desk.ready(), ticket, "tk-maya.log", b"lost").unwrap();
    fs::create_dir(&copy).unwrap();
    fs::write(copy.join("mine.txt"), "mine").unwrap();
    let error = backup(&data, &copy, &mut |_, _| {}).unwrap_err();
    assert!(matches!(error, BackupError::Taken { .. }), "{error}");
    assert_eq!(fs::read_dir(&copy).unwrap().count(), 1);

    fs::remove_dir_all(data.join("files")).unwrap();
    let second = folder.path().join("second");
    let error = backup(&data, &second, &mut |_, _| {}).unwrap_err();
    assert!(matches!(error, BackupError::Incomplete { missing: 1, .. }), "{error}");
    assert!(!second.join("desk.db").exists());
}
