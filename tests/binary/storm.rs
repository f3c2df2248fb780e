//! Many error records at once: all of them counted, memory bounded, other logs served. `cargo xtask bench storm` is the
//! long form, with times.

use crate::world::World;
use std::fs::OpenOptions;
use std::io::Write;
use std::thread::scope;

const RECORDS_EACH: u64 = 4_000;
const PROBLEMS: u64 = 20;
const MOST_OVER_IDLE_KB: u64 = 32 * 1024;

fn record(log: &str, id: u64) -> String {
    let letter = char::from(b'a' + u8::try_from(id % PROBLEMS).unwrap());
    format!(
        "2026-01-14 19:49:11,961 [2764 ERROR sgtk.env.project.{log}.tk-multi-publish2] Item {id} failed\n\
         Traceback (most recent call last):\n  File \"/studio/tools/publish.py\", line {}, in step_{letter}\n    \
         check(item)\nValueError: bad range\n",
        id % 90 + 1
    )
}

/// What the system says of a process's memory, in KiB.
#[cfg(target_os = "linux")]
fn memory_kb(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[cfg(not(target_os = "linux"))]
fn memory_kb(_pid: u32, _name: &str) -> u64 {
    0
}

#[test]
fn a_storm_from_three_rotating_writers_is_counted_whole_in_bounded_memory() {
    let mut world = World::new();
    world.start_desk();
    world.set("[limits]\ngather_s = 0\ncount_flush_s = 5\ntickets_per_hour = 0\ntickets_per_day = 0\nwrites_per_minute = 0");
    let logs = ["tk-maya", "tk-nuke", "tk-houdini"];
    for log in logs {
        world.append(&format!("{log}.log"), "");
    }
    world.start_agent();
    let idle_kb = memory_kb(world.agent_pid(), "VmRSS:");
    scope(|writers| {
        for log in logs {
            let world = &world;
            writers.spawn(move || {
                let name = format!("{log}.log");
                let open = || OpenOptions::new().append(true).open(world.log(&name)).unwrap();
                let mut file = open();
                for id in 0..RECORDS_EACH {
                    // One rollover each: a second one may delete what nobody could have read yet.
                    if id == RECORDS_EACH * 2 / 3 {
                        world.roll_over(&name);
                        file = open();
                    }
                    file.write_all(record(log, id).as_bytes()).unwrap();
                }
            });
        }
        world.append("tk-desktop.log", &crate::world::error("in_between"));
    });
    let written = 3 * RECORDS_EACH + 1;
    let status = world.status_when("all records", |status| status["seen"].as_u64() >= Some(written));
    assert_eq!(status["seen"], written, "{status:#}");
    assert_eq!(status["gaps"], serde_json::json!([]));
    world.event("the other log's record", |event| {
        event["type"] == "incident" && event["title"].as_str().unwrap().contains("in_between")
    });
    let status = world.status_when("the tickets", |status| status["waiting_count"] == 0);
    // The engine is no part of the problem: the same function fails the same way in all three.
    assert_eq!(status["tickets"], PROBLEMS + 1, "{status:#}");
    let counts: i64 = world.tickets().iter().map(|row| row.number("sg_incident_count").unwrap()).sum();
    assert_eq!(counts, i64::try_from(written).unwrap());
    let over_kb = memory_kb(world.agent_pid(), "VmHWM:").saturating_sub(idle_kb);
    assert!(over_kb < MOST_OVER_IDLE_KB, "{over_kb} KiB over idle");
}
