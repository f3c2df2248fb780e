//! What must be there after a kill: everything acknowledged, and of the rest each thing whole or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use desk::Ready;
use serde_json::{Value, json};

use crate::http;
use crate::writers::{Acknowledged, BATCH, batch_title, content};

/// The highest ids that were looked at.
#[derive(Default)]
pub(crate) struct Seen {
    ticket: i64,
    attachment: i64,
    entry: i64,
}

/// Checks the rows and files that came after `seen`.
pub(crate) fn since(ready: &Ready, seen: &Seen, acknowledged: &Acknowledged) -> Seen {
    let tickets = rows(ready, "Ticket", seen.ticket, &["title", "sg_incident_count", "attachments"], None);
    for (id, title) in newer(&acknowledged.tickets, seen.ticket) {
        assert_eq!(tickets[id]["title"], title.as_str(), "ticket {id}");
    }
    for (id, count) in newer(&acknowledged.counts, seen.ticket) {
        let there = tickets[id]["sg_incident_count"].as_i64().unwrap();
        assert!(there == *count || there == count + 1, "ticket {id} counts {there} after {count}");
    }

    let mut batches = BTreeMap::<&str, usize>::new();
    for title in tickets.values().filter_map(|ticket| ticket["title"].as_str()) {
        if title.starts_with("batch ") {
            *batches.entry(title).or_default() += 1;
        }
    }
    for (title, count) in &batches {
        assert_eq!(*count, BATCH, "half of a batch: {title}");
    }
    for (counter, number) in &acknowledged.batches {
        if *counter > seen.ticket {
            assert!(batches.contains_key(&*batch_title(*counter, *number)), "batch {number} of {counter}");
            let counted = tickets[counter]["sg_incident_count"].as_i64().unwrap();
            assert!(batches.contains_key(&*batch_title(*counter, counted)), "batch {counted} of {counter}");
            assert!(!batches.contains_key(&*batch_title(*counter, counted + 1)), "an uncounted batch");
        }
    }

    let attachments = rows(ready, "Attachment", seen.attachment, &["filename", "attachment_links"], None);
    for (id, name) in newer(&acknowledged.files, seen.attachment) {
        assert_eq!(attachments[id]["filename"], name.as_str(), "attachment {id}");
    }
    for (id, row) in &attachments {
        // Acknowledged or not: a file that is listed is whole, and hangs on a ticket that knows of it.
        let name = row["filename"].as_str().unwrap_or_else(|| panic!("attachment {id} has no file: {row}"));
        let file = http::send(&ready.url, "GET", &format!("/file_serve/attachment/{id}"), &[], b"").unwrap();
        assert_eq!(file.status, 200, "attachment {id} has no bytes");
        assert!(file.text() == content(name), "attachment {id} has other bytes");
        let links = row["attachment_links"].as_array().unwrap();
        assert_eq!(links.len(), 1, "{row}");
        let ticket = &tickets[&links[0]["id"].as_i64().unwrap()];
        let known = ticket["attachments"].as_array().unwrap().iter().any(|file| file["id"] == *id);
        assert!(known, "the ticket of attachment {id} does not know it: {ticket}");
    }

    let new = json!({"path": "event_type", "relation": "is", "values": ["Shotgun_Ticket_New"]});
    let entries = rows(ready, "EventLogEntry", seen.entry, &["entity"], Some(new));
    let told: BTreeSet<i64> = entries.values().map(|entry| entry["entity"]["id"].as_i64().unwrap()).collect();
    assert_eq!(told.len(), entries.len(), "a ticket that began twice");
    assert_eq!(told, tickets.keys().copied().collect(), "tickets, and the entries of their beginning");

    let last = |rows: &BTreeMap<i64, Value>, before| rows.keys().next_back().copied().unwrap_or(before);
    Seen {
        ticket: last(&tickets, seen.ticket),
        attachment: last(&attachments, seen.attachment),
        entry: last(&entries, seen.entry),
    }
}

fn newer<T>(all: &BTreeMap<i64, T>, than: i64) -> impl Iterator<Item = (&i64, &T)> {
    all.range(than + 1..)
}

/// All rows above an id: a quick machine writes more than the server gives at once.
fn rows(ready: &Ready, kind: &str, above: i64, fields: &[&str], also: Option<Value>) -> BTreeMap<i64, Value> {
    let mut conditions = vec![json!({"path": "id", "relation": "greater_than", "values": [above]})];
    conditions.extend(also);
    let mut rows = BTreeMap::new();
    for page in 1.. {
        let answer = http::call(
            ready,
            "read",
            json!({
                "type": kind,
                "return_fields": fields,
                "filters": {"logical_operator": "and", "conditions": conditions},
                "sorts": [{"field_name": "id", "direction": "asc"}],
                "paging": {"current_page": page, "entities_per_page": 500},
            }),
        );
        let entities = answer["results"]["entities"].as_array().unwrap_or_else(|| panic!("{answer}"));
        if entities.is_empty() {
            break;
        }
        rows.extend(entities.iter().map(|row| (row["id"].as_i64().unwrap(), row.clone())));
    }
    rows
}

/// Checks what no client sees, in the folder of a desk that does not run.
pub(crate) fn data_folder(data: &Path) {
    let database = rusqlite::Connection::open(data.join("desk.db")).unwrap();
    let first =
        |sql: &str| database.query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0)).unwrap();
    assert_eq!(first("PRAGMA integrity_check"), "ok".to_owned().into());
    for orphans in [
        "SELECT COUNT(*) FROM desk_file WHERE attachment_id NOT IN (SELECT id FROM Attachment)",
        "SELECT COUNT(*) FROM Attachment WHERE id NOT IN (SELECT attachment_id FROM desk_file)",
        "SELECT COUNT(*) FROM desk_link WHERE owner_type = 'Attachment' AND owner_id NOT IN (SELECT id FROM Attachment)",
        "SELECT COUNT(*) FROM desk_link WHERE target_type = 'Ticket' AND target_id NOT IN (SELECT id FROM Ticket)",
        "SELECT COUNT(*) FROM EventLogEntry WHERE entity__type = 'Ticket' AND entity__id NOT IN (SELECT id FROM Ticket)",
        "SELECT COUNT(*) FROM desk_upload_part WHERE upload_id NOT IN (SELECT id FROM desk_upload)",
    ] {
        assert_eq!(first(orphans), 0_i64.into(), "{orphans}");
    }
    for folder in fs::read_dir(data.join("files")).unwrap() {
        let folder = folder.unwrap().path();
        if folder.ends_with("incoming") {
            continue;
        }
        for file in fs::read_dir(folder).unwrap() {
            let file = file.unwrap().path();
            let hash = blake3::hash(&fs::read(&file).unwrap()).to_hex().to_string();
            assert!(file.ends_with(&hash), "{} is not what its name says", file.display());
        }
    }
}
