//! A desk is killed in the middle of writing, again and again: whatever it acknowledged is there afterwards, and no half file.
//!
//! A program of its own (`harness = false`), because it starts itself as the desk to be killed.

// What is not a #[test] function here is test code all the same.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod http;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use desk::{Desk, DeskOptions, Ready};
use serde_json::{Value, json};

const CHILD: &str = "DESK_KILL_TEST_DATA";
const ROUNDS: u64 = 12;

fn main() {
    if let Some(data) = std::env::var_os(CHILD) {
        serve(Path::new(&data));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = Acknowledged::default();
    for round in 0..ROUNDS {
        let (mut child, ready) = start(folder.path());
        check(&ready, &acknowledged);
        // Killed at another moment each round, from "hardly started" to "well under way".
        let deadline = Instant::now() + Duration::from_millis(20 + round * 25);
        let killer = std::thread::spawn(move || {
            std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
            child.kill().unwrap();
            child.wait().unwrap();
        });
        write_until_it_dies(&ready, round, &mut acknowledged);
        killer.join().unwrap();
    }
    let (mut child, ready) = start(folder.path());
    check(&ready, &acknowledged);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(acknowledged.tickets.len() > 5, "the rounds were too short to prove anything: {acknowledged:?}");
    println!(
        "kill: {} tickets and {} files acknowledged, all there",
        acknowledged.tickets.len(),
        acknowledged.files.len()
    );
}

/// What the desk said it had.
#[derive(Default, Debug)]
struct Acknowledged {
    /// Id to title.
    tickets: BTreeMap<i64, String>,
    /// Attachment id to content.
    files: BTreeMap<i64, String>,
}

fn serve(data: &Path) -> ! {
    let desk = Desk::start(DeskOptions { data: data.to_owned(), ..DeskOptions::default() }).unwrap();
    let ready = desk.ready();
    println!("{}", json!([ready.url, ready.script_name, ready.script_key, ready.project_id]));
    std::io::stdout().flush().unwrap();
    loop {
        std::thread::park();
    }
}

fn start(data: &Path) -> (Child, Ready) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(CHILD, data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Vec<Value> = serde_json::from_str(&line).unwrap();
    let text = |at: usize| ready[at].as_str().unwrap().to_owned();
    let (url, project_id) = (text(0), ready[3].as_i64().unwrap());
    (child, Ready { page: url.clone(), url, script_name: text(1), script_key: text(2), project_id })
}

fn write_until_it_dies(ready: &Ready, round: u64, acknowledged: &mut Acknowledged) {
    for number in 0.. {
        let title = format!("round {round} ticket {number}");
        let Ok(answer) = http::try_call(ready, "create", http::ticket(ready, &title)) else { return };
        let id = answer["results"]["id"].as_i64().unwrap_or_else(|| panic!("{answer}"));
        acknowledged.tickets.insert(id, title.clone());
        let content = format!("{title}\n").repeat(2000);
        let Ok(answer) = http::upload(ready, id, "tk-maya.log", content.as_bytes()) else { return };
        let id = answer.trim().strip_prefix("1:").unwrap_or_else(|| panic!("{answer}")).parse().unwrap();
        acknowledged.files.insert(id, content);
    }
}

fn check(ready: &Ready, acknowledged: &Acknowledged) {
    for (id, title) in &acknowledged.tickets {
        let filters = json!({"logical_operator": "and", "conditions": [{"path": "id", "relation": "is", "values": [id]}]});
        let answer = http::call(
            ready,
            "read",
            json!({"type": "Ticket", "return_fields": ["title"], "filters": filters}),
        );
        assert_eq!(answer["results"]["entities"][0]["title"], title.as_str(), "{answer}");
    }
    let filters = json!({"logical_operator": "and", "conditions": []});
    let answer =
        http::call(ready, "read", json!({"type": "Attachment", "return_fields": ["id"], "filters": filters}));
    let rows = answer["results"]["entities"].as_array().unwrap();
    let mut present = 0;
    for row in rows {
        let id = row["id"].as_i64().unwrap();
        let file = http::send(&ready.url, "GET", &format!("/file_serve/attachment/{id}"), &[], b"").unwrap();
        assert_eq!(file.status, 200, "attachment {id} has no bytes");
        if let Some(content) = acknowledged.files.get(&id) {
            assert!(file.text() == *content, "attachment {id} has other bytes");
            present += 1;
        }
    }
    assert_eq!(present, acknowledged.files.len(), "an acknowledged file is gone");
}
