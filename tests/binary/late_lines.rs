//! Lines that come late belong to their record: never an incident of their own, never counted again.

use crate::world::{Mortal, World, error, info, printed_by, wait_for};
use flow::{Find, Row, Site};
use std::process::Stdio;

const HEADER: &str =
    "2026-01-14 19:49:11,961 [2764 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] Publish failed\n";

/// What follows the header in `error`.
fn traceback(name: &str) -> String {
    error(name).strip_prefix(HEADER).unwrap().to_owned()
}

/// Longer than a log has to be quiet: another log's record has been written after this and reported.
fn let_time_pass(world: &World, name: &str) {
    world.append("tk-clock.log", &error(name));
    world.event("another log's record", |event| {
        event["type"] == "incident" && event["title"].as_str().unwrap().contains(name)
    });
}

fn replies(world: &World) -> Vec<Row> {
    world.site().find(&Find::new("Reply").fields(["content", "entity"]).limit(50)).unwrap()
}

fn waits_before_filing() -> World {
    let mut world = World::new();
    world.start_desk();
    world.set("[limits]\ngather_s = 8\ncount_flush_s = 0\ntickets_per_hour = 0\ntickets_per_day = 0\nwrites_per_minute = 0");
    world.start_agent();
    world
}

#[test]
fn a_header_in_two_parts_and_its_traceback_later_is_one_record_and_half_a_header_is_never_reported() {
    let world = waits_before_filing();
    let (half, rest) = HEADER.split_at(40);
    world.append("tk-maya.log", half);
    let_time_pass(&world, "first_wait");
    assert_eq!(world.status()["seen"], 1, "half a header is no record");
    world.append("tk-maya.log", rest);
    world.event("the header", |event| event["type"] == "incident" && event["file"] == "tk-maya.log");
    world.append("tk-maya.log", &traceback("split"));
    let continued = world.event("the record again", |event| event["type"] == "continued");
    assert_eq!((&continued["lines"], &continued["error_name"]), (&[1, 5].into(), &"ValueError".into()));
    let status =
        world.status_when("both tickets", |status| status["tickets"] == 2 && status["waiting_count"] == 0);
    assert_eq!(status["outcomes"], serde_json::json!({ "filed": 2 }), "{status:#}");
    let tickets = world.tickets();
    let ticket = tickets.iter().find(|ticket| ticket.text("title").unwrap().contains("in split.")).unwrap();
    assert!(ticket.text("description").unwrap().contains("ValueError: bad range"));
    assert_eq!(ticket.links("attachments").len(), 2);
    let texts = world.texts_of(ticket).join("\n");
    assert!(texts.contains("check(item)"), "the archive was made again: {texts}");
    assert!(replies(&world).is_empty());
}

#[test]
fn a_traceback_that_comes_line_by_line_is_one_record() {
    let world = waits_before_filing();
    for (index, line) in error("slowly").split_inclusive('\n').enumerate() {
        world.append("tk-maya.log", line);
        if index > 0 {
            let_time_pass(&world, ["", "wait_a", "wait_b", "wait_c", "wait_d"][index]);
        }
    }
    let status =
        world.status_when("all tickets", |status| status["tickets"] == 5 && status["waiting_count"] == 0);
    assert_eq!(status["seen"], 5, "{status:#}");
    let title = |row: &Row| row.text("title").unwrap().to_owned();
    let titles: Vec<String> = world.tickets().iter().map(title).collect();
    assert_eq!(titles.iter().filter(|title| title.contains("in slowly.")).count(), 1, "{titles:?}");
    assert!(!titles.iter().any(|title| title.contains("Publish failed")), "{titles:?}");
}

#[test]
fn lines_that_come_when_the_ticket_stands_are_added_to_it_once() {
    let world = World::running();
    world.append("tk-maya.log", HEADER);
    let status =
        world.status_when("the ticket", |status| status["tickets"] == 1 && status["waiting_count"] == 0);
    assert_eq!(status["seen"], 1);
    world.append("tk-maya.log", &traceback("afterwards"));
    world.event("the record again", |event| event["type"] == "continued");
    world.status_when("the reply", |_| !replies(&world).is_empty());
    world.append("tk-maya.log", &info("the next record"));
    world.append("tk-maya.log", &error("another"));
    let status =
        world.status_when("the next record", |status| status["tickets"] == 2 && status["waiting_count"] == 0);
    assert_eq!(status["seen"], 2, "{status:#}");
    let replies = replies(&world);
    assert_eq!(replies.len(), 1, "{replies:?}");
    assert!(replies[0].text("content").unwrap().contains(traceback("afterwards").trim_end()), "{replies:?}");
    assert!(!replies[0].text("content").unwrap().contains("Publish failed"));
}

#[test]
fn an_occurrence_moves_to_the_problem_that_its_late_lines_show_and_is_counted_once() {
    let world = waits_before_filing();
    world.append("tk-maya.log", &error("known"));
    world.event("the whole record", |event| event["type"] == "incident");
    // One of another message's occurrences, then the only one of a message.
    for (log, message) in
        [("tk-a.log", "Publish failed"), ("tk-b.log", "Publish failed"), ("tk-c.log", "Loader failed")]
    {
        let seen = world.status()["seen"].as_u64().unwrap();
        world.append(log, &HEADER.replace("Publish failed", message));
        world.status_when("the header", |status| status["seen"] == seen + 1);
    }
    for log in ["tk-b.log", "tk-c.log"] {
        world.append(log, &traceback("known"));
    }
    world.status_when("both records again", |_| {
        world.events().iter().filter(|event| event["type"] == "continued").count() == 2
    });
    let status = world.status_when("the tickets", |status| status["waiting_count"] == 0);
    assert_eq!(status["seen"], 4, "{status:#}");
    assert_eq!(status["outcomes"], serde_json::json!({ "filed": 2, "duplicate": 2 }));
    let mut counts: Vec<(bool, Option<i64>)> = world
        .tickets()
        .iter()
        .map(|row| (row.text("title").unwrap().contains("in known."), row.number("sg_incident_count")))
        .collect();
    counts.sort_unstable();
    assert_eq!(counts, [(false, Some(1)), (true, Some(3))]);
}

#[test]
fn follow_prints_late_lines_as_they_are_and_the_record_again_as_json() {
    let world = World::new();
    let follow = |extra: &[&str]| {
        let mut command = world.program();
        command.args(["follow", "--from", "start", "home/logs"]).args(extra).stdout(Stdio::piped());
        let mut child = Mortal(command.spawn().unwrap());
        let printed = printed_by(&mut child.0);
        (child, printed)
    };
    world.append("tk-maya.log", HEADER);
    let (_people, text) = follow(&[]);
    let (_scripts, json) = follow(&["--json", "--text"]);
    let wait = |what: &str, fits: &dyn Fn(&str, &str) -> bool| {
        let now = || (text.lock().unwrap().clone(), json.lock().unwrap().clone());
        wait_for(what, || Some(now()).filter(|(text, json)| fits(text, json)), || format!("{:?}", now()))
    };
    wait("the header", &|text, json| text == HEADER && json.contains(r#""type":"incident""#));
    world.append("tk-maya.log", &traceback("late"));
    let (_, json) = wait("the rest", &|text, json| text == error("late") && json.lines().count() == 2);
    let lines: Vec<serde_json::Value> =
        json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["type"], &lines[1]["type"]), (&"incident".into(), &"continued".into()));
    assert_eq!(
        (&lines[0]["bytes"][0], &lines[1]["bytes"]),
        (&0.into(), &serde_json::json!([0, error("late").len()]))
    );
    assert_eq!((&lines[1]["text"], &lines[1]["lines"]), (&error("late").into(), &serde_json::json!([1, 5])));
    assert_ne!(lines[0]["signature"], lines[1]["signature"]);
}
