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
use std::time::Duration;

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
        let (victim, ready) = start(folder.path());
        check(&ready, &acknowledged);
        // Killed at another moment each round, from "hardly started" to "well under way".
        let killer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20 + round * 25));
            drop(victim);
        });
        let wrong = write_until_it_dies(&ready, round, &mut acknowledged).err();
        // First of all the victim: a failing test leaves nothing running.
        killer.join().unwrap();
        assert_eq!(wrong, None);
    }
    let (_victim, ready) = start(folder.path());
    check(&ready, &acknowledged);
    assert!(acknowledged.tickets.len() > 5, "the rounds were too short to prove anything: {acknowledged:?}");
    println!(
        "kill: {} tickets and {} files acknowledged, all there",
        acknowledged.tickets.len(),
        acknowledged.files.len()
    );
}

/// A desk that is killed, whatever becomes of the test.
struct Victim(Child);

impl Drop for Victim {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
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

fn start(data: &Path) -> (Victim, Ready) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(CHILD, data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    let victim = Victim(child);
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).unwrap();
    let ready: Vec<Value> = serde_json::from_str(&line).unwrap();
    let text = |at: usize| ready[at].as_str().unwrap().to_owned();
    let (url, project_id) = (text(0), ready[3].as_i64().unwrap());
    (victim, Ready { page: url.clone(), url, script_name: text(1), script_key: text(2), project_id })
}

/// Writes until no answer comes; an error when an answer is not the one that was to come.
fn write_until_it_dies(ready: &Ready, round: u64, acknowledged: &mut Acknowledged) -> Result<(), String> {
    for number in 0.. {
        let title = format!("round {round} ticket {number}");
        let Ok(answer) = http::try_call(ready, "create", http::ticket(ready, &title)) else { break };
        let id = answer["results"]["id"].as_i64().ok_or_else(|| answer.to_string())?;
        acknowledged.tickets.insert(id, title.clone());
        let content = format!("{title}\n").repeat(2000);
        let Ok(answer) = http::upload(ready, id, "tk-maya.log", content.as_bytes()) else { break };
        let id = answer.trim().strip_prefix("1:").and_then(|id| id.parse().ok()).ok_or(answer)?;
        acknowledged.files.insert(id, content);
    }
    Ok(())
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
    let mut present = 0;
    for row in attachments(ready) {
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

/// All of them: a quick machine writes more than the server gives at once.
fn attachments(ready: &Ready) -> Vec<Value> {
    let mut rows = Vec::new();
    for page in 1.. {
        let asked = json!({
            "type": "Attachment",
            "return_fields": ["id"],
            "filters": {"logical_operator": "and", "conditions": []},
            "paging": {"current_page": page, "entities_per_page": 500},
        });
        let answer = http::call(ready, "read", asked);
        let entities = answer["results"]["entities"].as_array().unwrap();
        if entities.is_empty() {
            break;
        }
        rows.extend_from_slice(entities);
    }
    rows
}
