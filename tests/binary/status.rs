//! How the agent stands: what `status` shows, and what `flush` makes of what waits.

use crate::world::{World, error, wait_for, words};
use serde_json::Value;

/// The names in an object and what they hold, for a shape that must not change by accident.
fn shape(value: &Value, indent: usize) -> String {
    match value {
        Value::Object(fields) if fields.is_empty() => " {}\n".to_owned(),
        Value::Object(fields) => fields.iter().fold("\n".to_owned(), |text, (name, value)| {
            format!("{text}{}{name}:{}", " ".repeat(indent), shape(value, indent + 2))
        }),
        Value::Array(items) => match items.first() {
            Some(first) => format!(" []{}", shape(first, indent)),
            None => " []\n".to_owned(),
        },
        Value::String(_) => " text\n".to_owned(),
        Value::Number(_) => " number\n".to_owned(),
        Value::Bool(_) => " bool\n".to_owned(),
        Value::Null => " null\n".to_owned(),
    }
}

#[test]
fn the_object_of_status_keeps_its_shape_and_its_sum() {
    let mut world = World::new();
    world.set("[limits]\ngather_s = 600\ngather_max_s = 600");
    world.start_desk();
    world.start_agent();
    world.append("tk-maya.log", &error("one"));
    world.append("tk-maya.log", &error("one"));
    let status = world.status_when("both records", |status| status["seen"] == 2);
    assert_eq!(status["waiting_for"].as_array().unwrap().iter().map(count).sum::<u64>(), count_of(&status));
    insta::assert_snapshot!(shape(&status, 0));
    let page = world.program().args(["status"]).env("COLUMNS", "80").output().unwrap();
    let said = String::from_utf8_lossy(&page.stdout);
    assert!(said.contains("seen     2 = 1 duplicate + 1 spooled"), "{}", words(&page));
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{}", words(&page));
}

fn count(reason: &Value) -> u64 {
    reason["count"].as_u64().unwrap()
}

fn count_of(status: &Value) -> u64 {
    status["waiting_count"].as_u64().unwrap()
}

#[test]
fn flush_ends_the_gathering() {
    let mut world = World::new();
    world.set("[limits]\ngather_s = 600\ngather_max_s = 600\ncount_flush_s = 600");
    world.start_desk();
    world.start_agent();
    world.append("tk-maya.log", &error("one"));
    world.status_when("the record", |status| status["waiting"][0]["why"] == "gathering");
    let flushed = world.run(&["flush", "--wait", "60"]);
    assert_eq!(flushed.status.code(), Some(0), "{}", words(&flushed));
    let status = world.status();
    assert_eq!((&status["tickets"], &status["waiting_count"]), (&1.into(), &0.into()), "{status:#}");
    assert_eq!(status["versions"]["site"], "8.80.0", "{status:#}");
}

#[test]
fn flush_tells_a_count_that_waits_for_a_round_number() {
    let mut world = World::new();
    world.missing_fields = vec!["Ticket.sg_incident_count".into(), "Ticket.sg_incident_last_seen".into()];
    world.start_desk();
    world.start_agent();
    world.append("tk-maya.log", &error("one"));
    world.status_when("the ticket", |status| status["waiting_count"] == 0 && status["tickets"] == 1);
    world.append("tk-maya.log", &error("one"));
    world.status_when("the count", |status| status["waiting"][0]["what"] == "count");
    let flushed = world.run(&["flush", "--wait", "60"]);
    assert_eq!(flushed.status.code(), Some(0), "{}", words(&flushed));
    world.event("the count", |event| event["type"] == "counted" && event["count"] == 2);
}

#[test]
fn a_count_that_the_limit_on_writes_holds_back_says_so() {
    let mut world = World::new();
    world.set("[limits]\ngather_s = 0\ncount_flush_s = 0\nwrites_per_minute = 1");
    world.start_desk();
    world.start_agent();
    world.append("tk-maya.log", &error("one"));
    world.status_when("the ticket", |status| status["tickets"] == 1 && status["waiting_count"] == 0);
    for count in 2..4 {
        world.append("tk-maya.log", &error("one"));
        world.status_when("the repeat", |status| status["seen"] == count);
    }
    let status = world.status_when("what waits", |status| {
        status["waiting"][0]["why"].as_str().is_some_and(|why| why.contains("limits.writes_per_minute"))
    });
    assert!(status["limits"]["writes"]["resume_ms"].is_i64(), "{status:#}");
}

#[test]
fn flush_tells_what_is_left_and_ends_the_back_off() {
    let mut world = World::new();
    world.set("[limits]\ngather_s = 0\ncount_flush_s = 0\nretry_min_s = 600\nretry_max_s = 900");
    world.start_desk();
    world.stop_desk();
    world.start_agent();
    world.append("tk-maya.log", &error("one"));
    world.status_when("the trouble", |status| !status["site"]["trouble"].is_null());
    let flushed = world.run(&["flush", "--wait", "1"]);
    assert_eq!(flushed.status.code(), Some(3), "{}", words(&flushed));
    let said = words(&flushed);
    assert!(said.contains("refused the connection") && said.contains("3 steps"), "{said}");
    let json = world.run(&["--json", "flush", "--wait", "0"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&json["type"], &json["waiting_count"]), (&"flush".into(), &3.into()), "{json:#}");
    world.start_desk();
    // The back-off would last for minutes.
    let flushed = world.run(&["flush", "--wait", "60"]);
    assert_eq!(flushed.status.code(), Some(0), "{}", words(&flushed));
    assert_eq!(world.tickets().len(), 1);
}

#[test]
fn the_metrics_tell_the_same_numbers_over_restarts() {
    let mut world = World::new();
    let metrics = world.path("metrics.prom");
    world.set(&format!("[agent]\nmetrics_file = '{}'", metrics.display()));
    world.set("[[detect.rules]]\nname = 'OPS \"7\"'\nframe = '*/known.py#known'\naction = 'mute'");
    world.start_desk();
    world.start_agent();
    let said = || std::fs::read_to_string(&metrics).unwrap_or_default();
    let wait = |line: &str| {
        let look = || said().lines().any(|said| said == line).then_some(());
        wait_for(line, look, said);
    };
    wait("tk_incident_seen_total 0");
    for name in ["one", "one", "known"] {
        world.append("tk-maya.log", &error(name));
    }
    world.status_when("all done", |status| status["seen"] == 3 && status["waiting_count"] == 0);
    world.stop_agent();
    for line in [
        "tk_incident_running 0",
        "tk_incident_seen_total 3",
        "tk_incident_outcome_total{outcome=\"filed\"} 1",
        "tk_incident_outcome_total{outcome=\"duplicate\"} 1",
        r#"tk_incident_rule_total{rule="OPS \"7\"",outcome="muted"} 1"#,
        "tk_incident_tickets 1",
        "tk_incident_waiting_steps 0",
        "tk_incident_spool_bytes 0",
        "tk_incident_site_reached 1",
    ] {
        assert!(said().lines().any(|said| said == line), "{line} in\n{}", said());
    }
    // The shape that collectors read, and no name of a problem in it.
    let names = said()
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
            name.split('{').next().unwrap().to_owned()
        })
        .collect::<Vec<_>>();
    for name in &names {
        assert!(
            said().contains(&format!("# TYPE {name} ")) && said().contains(&format!("# HELP {name} ")),
            "{name}"
        );
    }
    assert!(
        said().ends_with('\n') && !said().contains("ValueError") && !said().contains("g1:"),
        "{}",
        said()
    );
    world.start_agent();
    wait("tk_incident_running 1");
    wait("tk_incident_seen_total 3");
}
