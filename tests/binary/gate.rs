//! The gate through the front door: what becomes a ticket, what is only counted, and what settings are refused.

use crate::world::{Mortal, PATIENCE, World, error, info, words};
use serde_json::{Value, json};
use std::io::Read;
use std::process::Stdio;
use std::sync::mpsc;

const NOISE: &str = "2026-01-14 19:49:12,000 [7 ERROR sgtk.ext.tkimp0123456789abcdef0123456789abcdef] \
                     tk-desktop: There was an error importing the 'flowam' module.\nIt is safe to ignore.\n";

/// A problem of its own, at a level of choice.
fn at_level(level: &str, name: &str) -> String {
    error(name).replace("ERROR", level)
}

/// The counts of `status` by rule, as (rule, outcome, count).
fn rules(status: &Value) -> Vec<(String, String, u64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rules = status["rules"].as_array().unwrap().iter();
    rules.map(|rule| (text(&rule["rule"]), text(&rule["outcome"]), rule["count"].as_u64().unwrap())).collect()
}

#[test]
fn an_info_record_that_mentions_error_is_no_incident_and_shipped_noise_is_counted() {
    let mut world = World::running();
    world.append("tk-maya.log", &info("upload ended with ERROR 5, CRITICAL: Traceback"));
    world.append("tk-maya.log", NOISE);
    world.append("tk-maya.log", NOISE);
    world.append("tk-maya.log", &error("execute"));
    world.expect_tickets(&[("", 1)]);
    let status = world.status_when("three records", |status| status["seen"] == 3);
    assert_eq!(status["outcomes"], json!({ "filed": 1, "rule_drop": 2 }));
    let [(rule, outcome, 2)] = &rules(&status)[..] else { panic!("{status:#}") };
    assert!(rule.starts_with("optional module") && outcome == "rule_drop", "{status:#}");

    // The counts are in the state, not in the process.
    world.stop_agent();
    world.start_agent();
    world.append("tk-maya.log", NOISE);
    let status = world.status_when("four records", |status| status["seen"] == 4);
    assert_eq!(rules(&status)[0].2, 3);
    let text = world.run(&["status"]);
    let said = String::from_utf8_lossy(&text.stdout);
    assert!(said.contains("3 rule_drop by “optional module"), "{}", words(&text));
}

#[test]
fn rules_promote_mute_sign_and_title() {
    let mut world = World::new();
    world.set("[ticket]\nscope = 'site'\n");
    world.set(
        "[[detect.rules]]\nname = 'OPS-1'\nframe = '*/known.py#known'\naction = 'mute'\n\
         [[detect.rules]]\nname = 'reload'\nlevel = 'WARNING'\ntype = '*'\naction = 'promote'\n\
         title = 'Reload fails: {type}'\n\
         [[detect.rules]]\nname = 'one problem'\nframe = '*/farm_?.py#*'\nsignature = ['farm', '{type}']\n\
         title = 'Farm is away: {type}'\n",
    );
    world.start_desk();
    world.start_agent();
    world.append("tk-maya.log", &error("known"));
    world.append("tk-maya.log", &at_level("WARNING", "reload"));
    world.append("tk-maya.log", "2026-01-14 19:49:12,000 [7 WARNING sgtk.x] only a warning\n");
    world.append("tk-maya.log", &at_level("INFO", "quiet"));
    world.append("tk-maya.log", &error("farm_a"));
    world.append("tk-maya.log", &error("farm_b"));
    world.append("tk-maya.log", &error("known"));
    let tickets =
        world.expect_tickets(&[("Reload fails: ValueError [", 1), ("Farm is away: ValueError [", 2)]);
    assert_eq!(tickets.len(), 2);
    let status = world.status_when("five records", |status| status["seen"] == 5);
    assert_eq!(status["outcomes"], json!({ "duplicate": 1, "filed": 2, "muted": 2 }));
    assert_eq!(rules(&status), [("OPS-1".to_owned(), "muted".to_owned(), 2)]);
}

#[test]
fn scan_and_follow_judge_as_the_agent_does() {
    let world = World::new();
    for text in [&info("no ERROR"), NOISE, &error("known"), &at_level("WARNING", "reload"), &error("execute")]
    {
        world.append("tk-maya.log", text);
    }
    std::fs::write(
        world.path("rules.toml"),
        "[[detect.rules]]\nname = 'OPS-1'\nframe = '*/known.py#known'\naction = 'mute'\n\
         [[detect.rules]]\nname = 'reload'\nlevel = 'WARNING'\ntype = '*'\naction = 'promote'\n",
    )
    .unwrap();
    let scan = world.run(&["--json", "--config", "rules.toml", "scan", "home/logs"]);
    let lines: Vec<Value> = String::from_utf8_lossy(&scan.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [first, second, summary] = &lines[..] else { panic!("{}", words(&scan)) };
    assert_eq!((&first["level"], &second["level"]), (&json!("WARNING"), &json!("ERROR")));
    assert_eq!((&summary["incidents"], &summary["muted"]), (&json!(2), &json!({ "OPS-1": 1 })));
    let ignored = summary["ignored"].as_object().unwrap();
    assert_eq!(ignored.values().collect::<Vec<_>>(), [&json!(1)], "{summary}");

    let people = world.run(&["--config", "rules.toml", "scan", "home/logs"]);
    assert!(words(&people).contains("1 ignored; 1 muted"), "{}", words(&people));

    let mut follow = world.program();
    follow.args(["--config", "rules.toml", "follow", "--from", "start", "home/logs"]);
    let mut follow = Mortal(follow.stdout(Stdio::piped()).spawn().unwrap());
    let wanted = format!("{}{}", at_level("WARNING", "reload"), error("execute"));
    let mut stdout = follow.0.stdout.take().unwrap();
    let (heard, printed) = mpsc::channel();
    let length = wanted.len();
    std::thread::spawn(move || {
        let mut printed = vec![0; length];
        let _ = stdout.read_exact(&mut printed);
        let _ = heard.send(printed);
    });
    let printed = printed.recv_timeout(PATIENCE).expect("follow prints both incidents");
    assert_eq!(String::from_utf8_lossy(&printed), wanted);
}

#[test]
fn a_keyword_makes_a_ticket_of_a_record_of_any_level() {
    let mut world = World::new();
    world.set("[ticket]\nscope = 'site'\n[detect]\nkeywords = ['licence denied']\n");
    world.start_desk();
    world.start_agent();
    world.append("tk-maya.log", &info("Licence denied"));
    world.append("tk-maya.log", &info("maya: licence denied by server"));
    world.append("tk-maya.log", &error("execute"));
    world.expect_tickets(&[("Maya: licence denied by server [", 1), ("ValueError: ", 1)]);
    assert_eq!(world.status()["seen"], 2);
}

#[test]
fn broken_rules_end_every_command_with_file_key_and_reason() {
    let world = World::new();
    for (toml, said) in [
        ("rules = [{ name = 'a', app = 'x' }]", vec!["detect.rules[0]", "does nothing"]),
        (
            "rules = [{ name = 'a', app = 'x', title = 't' }, { name = 'b', mesage = 'x', title = 't' }]",
            vec!["detect.rules[1].mesage", "did you mean `detect.rules[1].message`?"],
        ),
        ("ignore = [{ message = '', reason = 'r' }]", vec!["detect.ignore[0].message", "is empty"]),
        ("keywords = ['']", vec!["detect.keywords[0]", "is empty"]),
    ] {
        std::fs::write(world.path("broken.toml"), format!("[detect]\n{toml}\n")).unwrap();
        for command in [&["scan", "home/logs"][..], &["run"], &["follow", "home/logs"], &["status"]] {
            let mut arguments = vec!["--config", "broken.toml"];
            arguments.extend(command);
            let output = world.run(&arguments);
            assert_eq!(output.status.code(), Some(2), "{command:?}: {}", words(&output));
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(stderr.contains("broken.toml"), "{stderr}");
            said.iter().for_each(|said| assert!(stderr.contains(said), "{said}: {stderr}"));
        }
    }
}
