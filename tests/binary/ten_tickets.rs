//! Ten incidents as a supporter reads them. The snapshots are what a reviewer looks at: what failed, where, for whom, since
//! when, how often, with which versions, and what to open first must be there in the first lines.
//!
//! Each log is appended as its host would, after the session was told of. What differs from machine to machine is replaced.

use crate::world::{World, wait_for, words};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn cases() -> Vec<(String, Value, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/binary/ten_tickets");
    let mut logs: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    logs.sort();
    let case = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let told = std::fs::read_to_string(path.with_extension("json")).unwrap();
        (name, serde_json::from_str(&told).unwrap(), std::fs::read_to_string(path).unwrap())
    };
    logs.into_iter().map(case).collect()
}

/// What differs from machine to machine and from run to run.
fn settled(description: &str, url: &str) -> String {
    let between = |from: &str, to: &str| {
        let at = description.find(from)? + from.len();
        Some(&description[at..at + description[at..].find(to)?])
    };
    let host = between("\nHost: ", " (").unwrap();
    let machine = between("\nHost: ", "\n").unwrap();
    let mut text =
        description.replace(machine, "HOST (Linux, x86_64)").replace(&format!("on {host}"), "on HOST");
    if let Some(hash) = between("incident-", ".zip") {
        text = text.replace(hash, "01234567");
    }
    if let Some((_, agent)) = description.rsplit_once("\ntk-incident-agent: ") {
        text = text.replace(agent.lines().next().unwrap(), "AGENT");
    }
    text.replace(url, "https://studio.example")
}

#[test]
fn ten_incidents_are_read_in_ten_seconds() {
    let mut world = World::new();
    world.start_desk();
    let config = world.config();
    let mut command = world.program();
    command.args(["--json", "run", "--config"]).arg(&config).env("TZ", "Asia/Seoul");
    world.start_agent_with(command);
    let mut seen = Vec::new();
    for (name, told, log) in cases() {
        let file = told["log"].as_str().unwrap();
        if !told["session"].is_null() {
            let message = json!({ "v": 1, "type": "attach", "site": { "url": world.url(), "login": "alice" },
                "log_folder": world.path("home/logs"), "session": told["session"] });
            let attached =
                world.run_with_stdin(&["attach", "--config", config.to_str().unwrap()], &message.to_string());
            assert!(attached.status.success(), "{}", words(&attached));
            let pid = &told["session"]["pid"];
            world.event("the session", |event| event["type"] == "session" && event["pid"] == *pid);
        }
        world.append(file, &log);
        let new = || world.tickets().into_iter().find(|ticket| !seen.contains(&ticket.id));
        let ticket = wait_for(&name, new, || format!("{:#?}", world.tickets()));
        seen.push(ticket.id);
        let text = settled(ticket.text("description").unwrap(), &world.url());
        insta::assert_snapshot!(name, format!("{}\n\n{text}", ticket.text("title").unwrap()));
    }
    assert_eq!(seen.len(), 10);
}
