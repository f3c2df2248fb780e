//! `explain`: one record from its header to its title, and clear words where there is nothing to explain.

use crate::world::{World, error, info, json_lines, packed, words};
use serde_json::Value;

/// A record with a chain of two exceptions, a home folder and a secret.
const CHAIN: &str = r#"2026-01-14 19:49:11,961 [2764 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] Publish of bunny_010_anim_v012.ma failed
Traceback (most recent call last):
  File "/home/alice/bundle_cache/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/publish.py", line 88, in execute
    frames.check_range(item)
  File "/home/alice/bundle_cache/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/frames.py", line 12, in check_range
    return [self.read(name) for name in names]
  File "/home/alice/bundle_cache/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/frames.py", line 12, in <listcomp>
    return [self.read(name) for name in names]
  File "/usr/lib/python3.9/pathlib.py", line 1242, in open
    return io.open(self, mode, buffering, encoding, errors, newline,
PermissionError: [Errno 13] Permission denied: '/home/alice/maya/bunny_010.ma'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/opt/tank/install/core/python/tank/platform/engine.py", line 971, in callback_wrapper
    return callback(*args, **kwargs)
  File "/home/alice/bundle_cache/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/dialog.py", line 301, in do_publish
    raise TankError("Could not publish with session_token=deadbeefcafe0123") from error
tank.errors.TankError: Could not publish with session_token=deadbeefcafe0123
"#;

const MESSAGE: &str = "2026-01-14 19:50:40,007 [2764 CRITICAL sgtk.env.project.tk-maya.tk-multi-loader2] \
    Could not load /mnt/shows/bunny/bunny_010_v003.ma at 2026-01-14 10:00:00\n";

fn explained(world: &World, arguments: &[&str]) -> String {
    let explain = world.run(&[&["explain", "--user", "alice"], arguments].concat());
    assert!(explain.status.success(), "{}", words(&explain));
    assert!(explain.stderr.is_empty(), "{}", words(&explain));
    let text = String::from_utf8(explain.stdout).unwrap();
    assert!(!text.contains("deadbeef") && !text.contains("/home/alice"), "{text}");
    text
}

fn world() -> World {
    let world = World::new();
    world.append("tk-maya.log", &format!("{}{CHAIN}{MESSAGE}", info("fine")));
    world
}

#[test]
fn a_chain_of_exceptions_is_explained_by_any_of_its_lines() {
    let world = world();
    let text = explained(&world, &["home/logs/tk-maya.log:8"]);
    for line in ["2", "12", "21"] {
        assert_eq!(explained(&world, &[&format!("home/logs/tk-maya.log:{line}")]), text);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_message_is_explained_before_and_after() {
    insta::assert_snapshot!(explained(&world(), &["home/logs/tk-maya.log:22"]));
}

#[test]
fn a_record_that_is_no_incident_says_why() {
    insta::assert_snapshot!(explained(&world(), &["home/logs/tk-maya.log:1"]));
}

#[test]
fn json_has_everything() {
    let object: Value =
        serde_json::from_str(&explained(&world(), &["--json", "home/logs/tk-maya.log:2"])).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&object).unwrap());
}

#[test]
fn the_title_and_signature_are_those_of_scan() {
    let world = world();
    let scan = world.run(&["--json", "scan", "--user", "alice", "home/logs/tk-maya.log"]);
    let lines = crate::world::json_lines(&scan);
    for (line, place) in [(&lines[0], "home/logs/tk-maya.log:2"), (&lines[1], "home/logs/tk-maya.log:22")] {
        let object: Value = serde_json::from_str(&explained(&world, &["--json", place])).unwrap();
        assert_eq!(object["titles"]["precise"], line["title"]);
        for field in ["signature", "lines", "bytes", "time", "level", "logger", "engine", "app", "error_name"]
        {
            assert_eq!(object[field], line[field], "{field}");
        }
    }
}

#[test]
fn a_lines_width_is_kept_to_and_nothing_is_coloured_in_a_pipe() {
    let world = world();
    let narrow = world
        .program()
        .args(["explain", "--user", "alice", "home/logs/tk-maya.log:22"])
        .env("COLUMNS", "60")
        .output()
        .unwrap();
    let text = String::from_utf8(narrow.stdout).unwrap();
    // Of the record itself nothing is broken into lines: it is shown as it stands.
    assert!(
        text.lines().filter(|line| !line.contains("| ")).all(|line| line.chars().count() <= 60),
        "{text}"
    );
    assert!(!text.contains('\x1B'));
    let colored = world.run(&["--color", "always", "explain", "home/logs/tk-maya.log:22"]);
    assert!(String::from_utf8_lossy(&colored.stdout).contains("\x1B["));
}

#[test]
fn without_a_line_the_only_incident_is_explained() {
    let world = world();
    let log = format!("{}{}", info("fine"), error("execute"));
    world.append("tk-nuke.log", &log);
    std::fs::write(world.log("tk-nuke.log.1.gz"), packed(log.as_bytes())).unwrap();
    let text = explained(&world, &["home/logs/tk-nuke.log"]);
    assert!(text.starts_with("home/logs/tk-nuke.log:2-6\n"), "{text}");
    let below = |text: &str| text.split_once('\n').unwrap().1.to_owned();
    assert_eq!(below(&explained(&world, &["home/logs/tk-nuke.log.1.gz"])), below(&text));
    let stdin = world.run_with_stdin(&["explain", "--user", "alice", "-"], &log);
    assert!(below(&String::from_utf8(stdin.stdout).unwrap()).contains("bad range"));
    let several = world.run(&["explain", "--user", "alice", "home/logs/tk-maya.log"]);
    assert_eq!(several.status.code(), Some(2));
    let said = String::from_utf8(several.stderr).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "error: `home/logs/tk-maya.log` holds 2 incidents; name one:");
    assert!(
        lines[1].starts_with("  home/logs/tk-maya.log:2  alice - PermissionError: Errno 13 in "),
        "{said}"
    );
    assert!(lines[2].starts_with("  home/logs/tk-maya.log:22  alice - Could not load path at "), "{said}");
    assert_eq!(lines.len(), 3);
}

#[test]
fn what_cannot_be_explained_is_told_with_what_to_do() {
    let world = world();
    world.append("tk-quiet.log", &info("fine"));
    world.append("tk-orphan.log", &format!("no record yet\n{}", info("fine")));
    for (place, said) in [
        ("nowhere.log:3", "cannot read `nowhere.log`; expected FILE:LINE, as in tk-maya.log:120"),
        ("home/logs/tk-maya.log:0", "lines count from 1"),
        ("home/logs/tk-maya.log:x", "cannot read `home/logs/tk-maya.log:x`; expected FILE:LINE"),
        ("home/logs/tk-maya.log:23", "`home/logs/tk-maya.log` has no line 23: it has 22 lines"),
        ("home/logs/tk-orphan.log:1", "line 1 of `home/logs/tk-orphan.log` belongs to no record"),
        ("home/logs/tk-quiet.log", "no incident in `home/logs/tk-quiet.log`"),
        ("home/logs", "cannot read `home/logs`"),
    ] {
        let explain = world.run(&["explain", place]);
        assert_eq!(explain.status.code(), Some(2), "{place}: {}", words(&explain));
        let stderr = String::from_utf8_lossy(&explain.stderr);
        assert!(stderr.contains(said), "{place}: {stderr}");
        assert!(explain.stdout.is_empty());
    }
}

#[test]
fn a_pasted_traceback_is_explained() {
    let world = World::new();
    let text = "Hi, it broke today:\n\nTraceback (most recent call last):\n  \
        File \"/studio/tools/publish.py\", line 3, in run\n    check(item)\nValueError: bad range 7\n";
    std::fs::write(world.path("mail.txt"), text).unwrap();
    insta::assert_snapshot!(explained(&world, &["mail.txt"]));
}

#[test]
fn rules_that_decide_are_named() {
    let world = world();
    let warning = "2026-01-14 19:51:00,000 [2764 WARNING sgtk.env.project.tk-maya.tk-multi-loader2] Reload failed\n\
        Traceback (most recent call last):\n  File \"/studio/tools/reload.py\", line 3, in reload\n    go()\n\
        TypeError: go() takes no arguments\n";
    world.append("tk-maya.log", warning);
    let settings = "[[detect.rules]]\nname = 'loads of loads'\nmessage = 'Could not load*'\naction = 'ignore'\n\
        [[detect.rules]]\nname = 'other'\nlogger = '*loader2'\naction = 'mute'\nlevel = 'CRITICAL'\n\
        [[detect.rules]]\nname = 'reloads'\nlevel = 'WARNING'\ntype = '*'\naction = 'promote'\n\
        signature = ['reload', '{type}']\ntitle = 'Reload fails: {type}'\n";
    std::fs::write(world.path("rules.toml"), settings).unwrap();
    let by_rules =
        |line: u64| explained(&world, &["--config", "rules.toml", &format!("home/logs/tk-maya.log:{line}")]);
    insta::assert_snapshot!("ignored", by_rules(22));
    insta::assert_snapshot!("promoted", by_rules(25));
    let object: Value = serde_json::from_str(&explained(
        &world,
        &["--json", "--config", "rules.toml", "home/logs/tk-maya.log:22"],
    ))
    .unwrap();
    insta::assert_snapshot!("gate", serde_json::to_string_pretty(&object["gate"]).unwrap());
    let scan = world.run(&["--json", "--config", "rules.toml", "scan", "home/logs"]);
    let summary = crate::world::json_lines(&scan).pop().unwrap();
    assert_eq!((&summary["incidents"], &summary["ignored"]["loads of loads"]), (&2.into(), &1.into()));
}

#[test]
fn a_line_of_standard_input_is_explained_and_a_mistyped_option_told() {
    let world = World::new();
    let text = format!("{}{}", info("fine"), error("execute"));
    let explained = world.run_with_stdin(&["--json", "explain", "-:2"], &text);
    assert!(explained.status.success(), "{}", words(&explained));
    assert_eq!(json_lines(&explained)[0]["lines"][0], 2);
    let mistyped = world.run(&["explain", "tk-maya.log:2", "--jsn"]);
    assert_eq!(mistyped.status.code(), Some(2), "{}", words(&mistyped));
    assert!(String::from_utf8_lossy(&mistyped.stderr).contains("--jsn"), "{}", words(&mistyped));
    assert_eq!(world.run(&["explain", "--jsn"]).status.code(), Some(2));
}
