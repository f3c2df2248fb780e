//! Bytes that nobody will read any more are told once, stand in `status`, and are still there after a restart.

use crate::world::{World, error};
use std::fs;

/// What `status` says of gaps: log, reason, bytes, how often, how often without a number.
fn gaps(status: &serde_json::Value) -> Vec<(String, String, u64, u64, u64)> {
    let number = |gap: &serde_json::Value, name: &str| gap[name].as_u64().unwrap();
    let text = |gap: &serde_json::Value, name: &str| gap[name].as_str().unwrap().to_owned();
    let gap = |gap: &serde_json::Value| {
        let file = text(gap, "file").rsplit(['/', '\\']).next().unwrap().to_owned();
        (file, text(gap, "reason"), number(gap, "bytes"), number(gap, "times"), number(gap, "unknown_times"))
    };
    status["gaps"].as_array().unwrap().iter().map(gap).collect()
}

#[test]
fn every_byte_that_is_given_up_is_told_stands_in_the_status_and_outlives_a_restart() {
    let mut world = World::running();
    let row = |file: &str, reason: &str, bytes: usize, unknown: u64| {
        (file.to_owned(), reason.to_owned(), bytes as u64, 1, unknown)
    };

    // A record longer than the limits: its middle.
    let long = format!(
        "2026-01-14 19:49:11,961 [7 ERROR sgtk.env.project.tk-maya] too long\n{}",
        "all work and no play\n".repeat(50_000)
    );
    world.append("tk-b.log", &long);
    let status = world.status_when("the long record", |status| status["seen"] == 1);
    let cut = long.len() - 256 * 1024;
    let expected_cut = row("tk-b.log", "record_cut", cut, 0);
    assert!(gaps(&status).contains(&expected_cut), "{status:#}");
    world.event("the gap", |event| event["reason"] == "record_cut" && event["bytes"] == cut);

    // Deleted while the program was dead: nobody knows how much.
    world.kill_agent();
    world.append("tk-b.log", &error("deleted"));
    fs::remove_file(world.log("tk-b.log")).unwrap();
    world.append("tk-b.log", &error("new_file"));
    world.start_agent();
    let status = world.status_when("the new file", |status| status["seen"] == 2);
    world.event("the gap", |event| event["reason"] == "gone_while_away" && event["bytes"].is_null());
    let gone = row("tk-b.log", "gone_while_away", 0, 1);
    assert!(gaps(&status).contains(&gone), "{status:#}");
    assert!(gaps(&status).contains(&expected_cut), "the one before the restart is still there: {status:#}");

    // A state that is lost with its positions.
    let state = std::path::PathBuf::from(status["state"].as_str().unwrap());
    world.kill_agent();
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(state.join(format!("state.db{suffix}")));
    }
    fs::write(state.join("state.db"), "no database".repeat(500)).unwrap();
    world.start_agent();
    world.event("the gap", |event| event["reason"] == "state_lost" && event["bytes"].is_null());
    assert_eq!(gaps(&world.status()), [row("state.db", "state_lost", 0, 1)]);
}
