//! The commands: what they print where, and with which exit code they end.

use crate::world::{Mortal, World, error, info, printed_by, wait_for, words};
use serde_json::Value;
use std::process::Stdio;

#[test]
fn exit_codes_say_how_it_ended() {
    let world = World::new();
    world.append("tk-maya.log", &error("execute"));
    for (arguments, code, said) in [
        (vec!["scan", "home/logs"], 0, ""),
        (vec!["scan", "--fail-on-incidents", "home/logs"], 1, ""),
        (vec!["scan", "nowhere.log"], 2, "cannot read `nowhere.log`"),
        (vec!["dance"], 2, "dance"),
        (vec!["--config", "missing.toml", "run"], 2, "missing.toml"),
        (vec!["status"], 1, "no tk-incident runs"),
        (vec!["flush"], 1, "no tk-incident runs"),
        (vec!["--version"], 0, ""),
        (vec!["--help"], 0, ""),
        (vec!["config", "default"], 0, ""),
        (vec!["completions", "bash"], 0, ""),
    ] {
        let output = world.run(&arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", words(&output));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
}

#[test]
fn a_wrong_setting_is_refused_by_every_command_that_reads_settings() {
    let world = World::new();
    std::fs::write(world.path("typo.toml"), "[limits]\ngater_s = 5\n").unwrap();
    for command in [vec!["scan", "home/logs"], vec!["run"], vec!["status"], vec!["follow", "home/logs"]] {
        let mut arguments = vec!["--config", "typo.toml"];
        arguments.extend(&command);
        let output = world.run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {}", words(&output));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("limits.gater_s") && stderr.contains("limits.gather_s"), "{stderr}");
    }
}

#[test]
fn the_default_settings_are_accepted_as_a_file() {
    let world = World::new();
    let default = world.run(&["config", "default"]);
    std::fs::write(world.path("all.toml"), &default.stdout).unwrap();
    let output = world.run(&["--config", "all.toml", "scan", "home/logs"]);
    assert!(output.status.success(), "{}", words(&output));
}

#[test]
fn config_check_finds_every_problem_and_tells_where_each_value_comes_from() {
    let world = World::new();
    std::fs::write(
        world.path("bad.toml"),
        "[limits]\ngater_s = 5\nretry_min_s = 0\n[watch]\nstart_at = 'middle'\n[site]\nproxy = 'u:secret1@proxy:8080'\n",
    )
    .unwrap();
    let bad = world.run(&["config", "check", "--config", "bad.toml"]);
    assert_eq!(bad.status.code(), Some(2), "{}", words(&bad));
    for said in [
        "did you mean `limits.gather_s`?",
        "limits.retry_min_s",
        "watch.start_at",
        "site.proxy = \"***@proxy:8080\"",
        "environment variable TK_INCIDENT_AGENT_STATE_DIR",
        "3 problems in the settings",
    ] {
        assert!(String::from_utf8_lossy(&bad.stdout).contains(said), "{said}: {}", words(&bad));
    }
    let json = world.run(&["--json", "config", "check", "--config", "bad.toml"]);
    let object: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((json.status.code(), &object["valid"]), (Some(2), &false.into()), "{object:#}");
    let problems = object["problems"].as_array().unwrap();
    let keys: Vec<_> = problems.iter().map(|problem| problem["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["limits.gater_s", "limits.retry_min_s", "watch.start_at"]);
    assert!(problems.iter().all(|problem| problem["origin"] == "bad.toml"), "{object:#}");
    assert!(!words(&json).contains("secret1") && !words(&bad).contains("secret1"));
    let settings = object["settings"].as_array().unwrap();
    let origin = |key: &str| &settings.iter().find(|setting| setting["key"] == key).unwrap()["origin"];
    assert_eq!((origin("site.proxy"), origin("site.url")), (&"bad.toml".into(), &"default".into()));

    let missing = world.run(&["config", "check", "--config", "missing.toml"]);
    assert!(
        missing.status.code() == Some(2) && words(&missing).contains("missing.toml"),
        "{}",
        words(&missing)
    );
    let good = world.run(&["config", "check"]);
    assert!(good.status.success() && words(&good).contains("the settings are valid"), "{}", words(&good));
}

#[test]
fn a_second_agent_is_refused_and_told_of_the_first() {
    let mut world = World::running();
    let config = world.config();
    let second = world.run(&["run", "--config", config.to_str().unwrap()]);
    assert_eq!(second.status.code(), Some(4), "{}", words(&second));
    assert!(words(&second).contains("another tk-incident runs"), "{}", words(&second));
    let text = world.run(&["status"]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("seen     0"), "{}", words(&text));
    world.stop_agent();
    assert_eq!(world.run(&["status"]).status.code(), Some(1));
}

#[test]
fn help_shows_what_works() {
    let world = World::new();
    insta::assert_snapshot!(String::from_utf8(world.run(&["--help"]).stdout).unwrap());
}

#[test]
fn follow_prints_records_as_they_happen_and_goes_on_after_a_restart() {
    let world = World::new();
    world.append("tk-maya.log", &error("old"));
    let follow = |extra: &[&str]| {
        let mut child = world
            .program()
            .args(["follow", "home/logs", "--state", "positions"])
            .args(extra)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = printed_by(&mut child);
        (Mortal(child), lines)
    };
    let wait = |lines: &std::sync::Mutex<String>, wanted: &str| {
        let look = || (lines.lock().unwrap().as_str() == wanted).then_some(());
        wait_for("the printed records", look, || format!("wanted\n{wanted}\ngot\n{}", lines.lock().unwrap()));
    };
    let (child, printed) = follow(&[]);
    // Nothing is followed before the first look; the state file tells that it has been.
    wait_for("the first look", || world.path("positions/state.db").exists().then_some(()), String::new);
    wait_for(
        "the position of the old log",
        || {
            world.append("tk-born.log", &info("born"));
            std::thread::sleep(std::time::Duration::from_millis(100));
            let bytes = std::fs::read(world.path("positions/state.db-wal")).ok()?;
            String::from_utf8_lossy(&bytes).contains("tk-born.log").then_some(())
        },
        String::new,
    );
    world.append("tk-maya.log", &error("new"));
    world.roll_over("tk-maya.log");
    world.append("tk-maya.log", &error("newer"));
    wait(&printed, &format!("{}{}", error("new"), error("newer")));
    drop(child);
    world.append("tk-maya.log", &error("while_away"));
    let (_child, printed) = follow(&["--json", "--text", "--user", "alice"]);
    let look = || {
        let printed = printed.lock().unwrap();
        printed.contains("while_away").then(|| printed.lines().last().unwrap().to_owned())
    };
    let line: Value = serde_json::from_str(&wait_for("the record", look, String::new)).unwrap();
    assert_eq!(line["text"], error("while_away"));
    assert_eq!(line["lines"], serde_json::json!([6, 10]));
    assert!(line["title"].as_str().unwrap().starts_with("alice - ValueError"), "{line}");
}

#[test]
fn the_demo_notices_when_something_is_missing() {
    let world = World::new();
    let demo = world.run(&["demo", "--once", "--without", "repeat"]);
    assert_eq!(demo.status.code(), Some(1), "{}", words(&demo));
    let said = String::from_utf8_lossy(&demo.stdout);
    assert!(said.contains("was logged 51 times, but its ticket counts 50"), "{}", words(&demo));
}
