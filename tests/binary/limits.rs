//! How many tickets a workstation opens, as the settings come: the others wait, and none of them is lost.

use crate::world::{World, error};
use serde_json::{Value, json};

#[test]
fn three_tickets_at_once_and_the_others_wait_also_after_a_restart() {
    let mut world = World::new();
    world.start_desk();
    world.set("[limits]\ngather_s = 0\ncount_flush_s = 0\nwrites_per_minute = 0");
    world.start_agent();
    for name in ["first", "second", "third", "fourth", "fifth", "fifth"] {
        world.append("tk-maya.log", &error(name));
    }
    let settled = |status: &Value| status["tickets"] == 3 && status["seen"] == 6;
    let expected = json!({ "duplicate": 1, "filed": 3, "storm_host": 2 });
    for _ in 0..2 {
        let only_the_others = |status: &Value| {
            let waiting = status["waiting"].as_array().unwrap();
            let is_other = |step: &Value| {
                ["fourth", "fifth"].iter().any(|name| step["title"].as_str().unwrap().contains(name))
            };
            !waiting.is_empty() && waiting.iter().all(is_other)
        };
        world.status_when("three tickets", |status| {
            settled(status) && status["outcomes"] == expected && only_the_others(status)
        });
        world.stop_agent();
        world.start_agent();
    }
    world.append("tk-maya.log", &error("fourth"));
    world.status_when("one more", |status| status["outcomes"]["duplicate"] == 2 && status["tickets"] == 3);
    // An admin lifts the limit.
    world.stop_agent();
    let mut command = world.program();
    command
        .args(["--json", "run", "--config"])
        .arg(world.config())
        .env("TK_INCIDENT_LIMITS_TICKETS_PER_HOUR", "0")
        .env("TK_INCIDENT_LIMITS_TICKETS_PER_DAY", "0");
    world.start_agent_with(command);
    let status =
        world.status_when("all tickets", |status| status["tickets"] == 5 && status["waiting_count"] == 0);
    assert_eq!(status["outcomes"], json!({ "duplicate": 2, "filed": 5 }), "{status:#}");
}
