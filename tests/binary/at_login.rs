//! The next login: agents that nobody attached know what the last host told.

use crate::world::{World, error, wait_for, words};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A record that is no incident.
const FOLLOWED: &str = "2026-01-14 19:49:11,961 [2764 INFO sgtk.env] up\n";

/// Attaches a session as the Toolkit app does, waits until the agent that this starts has looked into the folder, and ends it.
fn a_day_with(world: &World, url: &str) {
    std::fs::write(world.log("tk-desktop.log"), FOLLOWED).unwrap();
    let object = json!({
        "v": 1, "type": "attach", "log_folder": world.path("home/logs"),
        "site": { "url": url, "login": "alice", "session_token": "t0ken-of-alice", "http_proxy": null },
        "settings": { "watch.patterns": ["tk-*.log", "studio-*.log"], "site.proxy": "bob:pr0xy@127.0.0.1:9" },
        "session": { "pid": 7, "started": "today" },
    });
    let output = world.run_with_stdin(&["attach"], &object.to_string());
    assert!(output.status.success(), "{}", words(&output));
    let follows =
        || status_of(world, url).filter(|status| status["sources"][0]["position"] == FOLLOWED.len());
    wait_for("the agent", follows, || format!("{:#?}", status_of(world, url)));
    let stopped = world.program().arg("stop").env("TK_INCIDENT_SITE_URL", url).output().unwrap();
    assert!(stopped.status.success(), "{}", words(&stopped));
}

fn status_of(world: &World, url: &str) -> Option<Value> {
    let output =
        world.program().args(["--json", "status"]).env("TK_INCIDENT_SITE_URL", url).output().unwrap();
    output.status.success().then(|| serde_json::from_slice(&output.stdout).unwrap())
}

/// Lets the last attach of a site be so many days ago; when that was.
fn set_back(file: &Path, days: i64) -> i64 {
    let mut object: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let then_ms = object["attached_ms"].as_i64().unwrap() - days * 24 * 3_600_000;
    object["attached_ms"] = then_ms.into();
    std::fs::write(file, object.to_string()).unwrap();
    then_ms
}

/// The files in which sites are remembered.
fn remembered(world: &World) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(world.path("state")).unwrap().flatten();
    folders.map(|folder| folder.path().join("attached.json")).filter(|path| path.exists()).collect()
}

#[test]
fn each_site_of_late_gets_an_agent_that_follows_as_the_last_one_did() {
    let mut world = World::new();
    world.start_desk();
    let port = world.url().rsplit(':').next().unwrap().to_owned();
    let (one, other) = (world.url(), format!("http://localhost:{port}"));
    a_day_with(&world, &other);
    a_day_with(&world, &one);
    let files = remembered(&world);
    assert_eq!(files.len(), 2);
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains("alice") && text.contains("studio-*.log"), "{text}");
        assert!(!text.contains("t0ken-of") && !text.contains("pr0xy"), "{text}");
    }

    // A site was left three weeks ago.
    let left_ms = set_back(&files[0], 21);

    // Between the two days nobody follows.
    world.append("studio-tools.log", &error("one"));
    let mut command = world.program();
    command.args(["--json", "run", "--at-login"]);
    if cfg!(windows) {
        // There it starts all of them without a window, and ends.
        assert!(command.status().unwrap().success());
    } else {
        world.start_agent_with(command);
    }
    for url in [&one, &other] {
        let seen = || status_of(&world, url).filter(|status| status["seen"] == 1);
        let status = wait_for("the record", seen, || format!("{:#?}", status_of(&world, url)));
        assert_eq!(status["site"]["url"], url.as_str());
    }
    let object: Value = serde_json::from_slice(&std::fs::read(&files[0]).unwrap()).unwrap();
    assert_eq!(object["attached_ms"], left_ms, "a login is no use of a site");
    // One site only: what is started for others may be late, and take the place of an agent that was stopped meanwhile.
    let is_other = |file: &&PathBuf| std::fs::read_to_string(file).unwrap().contains("localhost");
    set_back(files.iter().find(is_other).unwrap(), 31);
    // A second login, or an entry that is called twice, changes nothing.
    let again = world.run(&["--quiet", "run", "--at-login"]);
    assert!(again.status.success(), "{}", words(&again));
    // The one that is this test's own child ends with it.
    let ours = if cfg!(windows) { &[&one, &other][..] } else { &[&other] };
    for url in ours {
        let stopped = world.program().arg("stop").env("TK_INCIDENT_SITE_URL", url).output().unwrap();
        assert!(stopped.status.success(), "{}", words(&stopped));
    }
}

#[test]
fn without_a_site_of_the_last_month_nothing_is_started() {
    let mut world = World::new();
    let nothing = world.run(&["run", "--at-login"]);
    assert!(nothing.status.success() && nothing.stdout.is_empty(), "{}", words(&nothing));
    assert!(nothing.stderr.is_empty(), "{}", words(&nothing));

    world.start_desk();
    a_day_with(&world, &world.url());
    let [file] = &remembered(&world)[..] else { panic!("one site") };
    set_back(file, 31);
    let nothing = world.run(&["run", "--at-login"]);
    assert!(nothing.status.success() && nothing.stdout.is_empty(), "{}", words(&nothing));
    assert!(status_of(&world, &world.url()).is_none());
}
