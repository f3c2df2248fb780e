//! Records that a host hands over itself: one with what the log shows of them, whichever comes first, and kept before it is said.

use crate::world::{World, wait_for};
use agent::control;
use agent::paths::StateFolder;
use serde_json::{Value, json};
use std::path::PathBuf;

const MAYA: &str = "sgtk.env.shot.tk-maya.tk-multi-publish2";
const DESKTOP: &str = "sgtk.env.project.tk-desktop.tk-multi-launchapp";
const CALLS: &str = "Traceback (most recent call last):\n  File \"/studio/tools/publish.py\", line 12, in publish\n    \
                     work()\nValueError: bad range";

/// The hosts of a world, as the Toolkit app speaks for them.
struct Hosts {
    folder: StateFolder,
    log: PathBuf,
}

impl Hosts {
    fn of(world: &World, log: &str) -> Hosts {
        let status = world.status_when("an agent", |_| true);
        Hosts { folder: StateFolder::at(status["state"].as_str().unwrap().into()), log: world.log(log) }
    }

    fn ask(&self, request: &Value) -> Value {
        control::ask(&self.folder, &request.to_string()).unwrap()
    }

    fn attach(&self, pid: u32, engine: &str) {
        let session = json!({
            "pid": pid, "started": "now", "login": "alice", "log_file": self.log,
            "engine": { "name": engine, "instance": engine }, "host": { "name": "Host", "version": "1" },
            "context": { "project": { "type": "Project", "id": 90, "name": "demo" } },
        });
        self.ask(&json!({ "v": 1, "type": "attach", "session": session }));
    }

    /// Hands records over from this number on; whether they are safe.
    fn hand_over(&self, pid: u32, first: u64, records: &[Value]) {
        let request = json!({ "v": 1, "type": "records", "pid": pid, "started": "now", "log_file": self.log,
                              "first": first, "dropped": 0, "records": records });
        assert_eq!(self.ask(&request)["ok"], true);
    }
}

fn record(second: &str, logger: &str, message: &str, exception: Option<&str>) -> Value {
    json!({ "time": format!("2026-01-14 19:49:{second}"), "level": "ERROR", "logger": logger, "message": message,
            "exception": exception })
}

/// As Toolkit's handler writes it.
fn line(pid: u32, record: &Value) -> String {
    let text = |name: &str| record[name].as_str().map(|text| format!("{text}\n")).unwrap_or_default();
    format!(
        "{} [{pid} ERROR {}] {}{}",
        record["time"].as_str().unwrap(),
        record["logger"].as_str().unwrap(),
        text("message"),
        text("exception")
    )
}

#[test]
fn a_record_in_the_log_and_of_its_host_counts_once_in_both_orders_also_across_a_kill() {
    let mut world = World::new();
    world.start_desk();
    world.set("[limits]\ngather_s = 0\ncount_flush_s = 0");
    world.append("tk-maya.log", "");
    world.start_agent();
    let hosts = Hosts::of(&world, "tk-maya.log");
    hosts.attach(7, "tk-maya");
    let at = |second: &str| record(second, MAYA, "Could not publish", Some(CALLS));
    let seen = |world: &World, expected: Value| {
        let sum: u64 = expected.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
        let status =
            world.status_when("all sights", |status| status["seen"] == sum && status["waiting_count"] == 0);
        assert_eq!(status["outcomes"], expected, "{status:#}");
    };
    // The host first, and what it said is safe when it is answered.
    hosts.hand_over(7, 1, &[at("11,000")]);
    world.kill_agent();
    world.append("tk-maya.log", &line(7, &at("11,000")));
    world.start_agent();
    seen(&world, json!({ "filed": 1, "merged": 1 }));
    // No answer came, as far as the host knows.
    hosts.hand_over(7, 1, &[at("11,000")]);
    // The log first.
    world.append("tk-maya.log", &line(7, &at("12,000")));
    seen(&world, json!({ "filed": 1, "duplicate": 1, "merged": 1 }));
    world.kill_agent();
    world.start_agent();
    hosts.hand_over(7, 2, &[at("12,000"), at("13,000"), at("13,000")]);
    world.append("tk-maya.log", &line(7, &at("13,000")).repeat(2));
    // One that no log has, for which a log is asked all the same.
    let mut uncaught = record("14,000", "sgtk.env.shot.tk-maya", "Uncaught exception", Some(CALLS));
    uncaught["uncaught"] = json!(true);
    uncaught["exception"] =
        json!(CALLS.replace("ValueError: bad range", "KeyError: session_token=s3cret-value-1"));
    hosts.hand_over(7, 5, &[uncaught]);
    seen(&world, json!({ "filed": 2, "duplicate": 3, "merged": 4 }));

    let tickets = world.tickets();
    let count_of = |words: &str| {
        let ticket = tickets.iter().find(|ticket| ticket.text("title").unwrap().contains(words)).unwrap();
        (ticket.number("sg_incident_count").unwrap(), ticket.links("attachments").len())
    };
    // The log of the first one was empty then.
    assert_eq!((count_of("ValueError"), count_of("KeyError")), ((4, 1), (1, 2)));
    let texts = tickets.iter().map(|ticket| ticket.text("description").unwrap().to_owned());
    for text in texts.chain(world.state_texts()) {
        assert!(!text.contains("s3cret-value-1"));
    }
    let captured = &world.status_when("sums", |_| true)["captured"];
    assert_eq!(*captured, json!({ "sessions": 1, "records": 5, "dropped": 0 }));
}

#[test]
fn what_is_handed_over_again_counts_once_after_hundreds_of_other_sessions() {
    let mut world = World::new();
    world.set("[limits]\ngather_s = 3600\ncount_flush_s = 0");
    world.append("tk-maya.log", "");
    world.start_agent();
    let hosts = Hosts::of(&world, "tk-maya.log");
    let one = [record("11,000", MAYA, "Could not publish", Some(CALLS))];
    // More than the agent remembers beside its state.
    let pids = || 1_000..1_300;
    pids().for_each(|pid| hosts.hand_over(pid, 1, &one));
    let of_all = |count: u64| {
        let captured = json!({ "sessions": 300, "records": count, "dropped": 0 });
        let status = world.status_when("all records", |status| status["seen"] == count);
        assert_eq!(status["captured"], captured, "{status:#}");
    };
    of_all(300);
    // No answer came, as far as the hosts know; and some go on.
    hosts.hand_over(1_000, 1, &one);
    of_all(300);
    hosts.hand_over(1_001, 1, &[one[0].clone(), record("12,000", MAYA, "Could not publish", Some(CALLS))]);
    of_all(301);
}

#[test]
fn lines_that_their_host_has_dropped_wait_no_more_when_it_hands_over_much_younger_ones() {
    let mut world = World::new();
    world.set("[limits]\ngather_s = 3600\ncount_flush_s = 0");
    world.append("tk-maya.log", "");
    world.start_agent();
    let hosts = Hosts::of(&world, "tk-maya.log");
    hosts.attach(7, "tk-maya");
    let at = |time: &str| {
        let mut record = record("", MAYA, "Could not publish", Some(CALLS));
        record["time"] = json!(format!("2026-01-14 {time}"));
        record
    };
    // It is known as one that hands over.
    hosts.hand_over(7, 1, &[at("18:00:00,000")]);
    for time in ["18:00:00,000", "19:00:00,000", "19:00:00,001", "19:40:00,000", "19:41:00,000"] {
        world.append("tk-maya.log", &line(7, &at(time)));
    }
    world.status_when("all lines", |status| status["seen"] == 6);
    hosts.hand_over(7, 2, &[at("19:41:00,000")]);
    world.kill_agent();
    let (store, _) = agent::store::Store::open(&hosts.folder.database()).unwrap();
    let waiting = store.sightings().unwrap();
    let minutes: Vec<_> = waiting.iter().map(|row| row.at_ms.unwrap() / 60_000 % 60).collect();
    assert_eq!(minutes, [40], "{waiting:#?}");
}

#[test]
fn what_desktop_passes_on_counts_once_and_is_told_as_its_own_process_told_it() {
    let mut world = World::new();
    world.start_desk();
    world.set("[limits]\ngather_s = 3600\ncount_flush_s = 0");
    world.append("tk-desktop.log", "");
    world.start_agent();
    let hosts = Hosts::of(&world, "tk-desktop.log");
    hosts.attach(3, "tk-desktop");
    hosts.attach(7, "tk-desktop");
    let own = |second: &str, message: &str| record(second, DESKTOP, message, None);
    let passed_on = |second: &str, message: &str| {
        line(
            3,
            &record(
                second,
                "sgtk.ext.tkimp0.tk_desktop.site_communication",
                &format!("[PROXY] {message}"),
                None,
            ),
        )
    };
    let merged = |world: &World, count: u64| {
        world.status_when("a second sight", |status| status["outcomes"]["merged"] == count);
    };
    // Desktop first, the host later, and the other way round; twice the same is twice.
    world.append("tk-desktop.log", &passed_on("11,040", "no software"));
    world.status_when("Desktop's word", |status| status["seen"] == 1);
    hosts.hand_over(7, 1, &[own("11,000", "no software")]);
    merged(&world, 1);
    hosts.hand_over(7, 2, &[own("12,000", "no software"), own("12,001", "no software")]);
    world.append(
        "tk-desktop.log",
        &(passed_on("12,050", "no software") + &passed_on("12,060", "no software")),
    );
    merged(&world, 3);
    // Its own handler wrote this one.
    world.append("tk-desktop.log", &line(7, &own("13,000", "no software")));
    hosts.hand_over(7, 4, &[own("13,000", "no software")]);
    merged(&world, 4);
    let status = world.status_when("all sights", |status| status["seen"] == 8);
    assert_eq!(status["outcomes"], json!({ "spooled": 1, "duplicate": 3, "merged": 4 }), "{status:#}");
    assert!(world.run(&["flush"]).status.success());
    let ticket = wait_for("the ticket", || world.tickets().pop(), || format!("{:#?}", world.tickets()));
    assert_eq!(ticket.number("sg_incident_count"), Some(4));
    let text = ticket.text("description").unwrap();
    assert!(text.contains(DESKTOP) && text.contains("tk-multi-launchapp"), "{text}");
    assert!(!text.contains("[PROXY]"), "{text}");
}
