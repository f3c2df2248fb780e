//! Records that are part of another one: counted with that one, on its ticket, and no further time that it happened.

use crate::world::World;
use serde_json::json;

fn record(second: &str, pid: u32, logger: &str, message: &str, calls: &[&str]) -> String {
    let mut text = format!("2026-01-14 19:49:{second} [{pid} ERROR {logger}] {message}\n");
    if !calls.is_empty() {
        text.push_str("Traceback (most recent call last):\n");
        for call in calls {
            text.push_str(&format!("  File \"/studio/tools/publish.py\", line 12, in {call}\n    work()\n"));
        }
        text.push_str("ValueError: bad range\n");
    }
    text
}

#[test]
fn a_failing_hook_and_a_failing_command_are_one_ticket_each_also_across_a_kill() {
    let mut world = World::new();
    world.start_desk();
    // The pieces of the command are there before its ticket is.
    world.set("[limits]\ngather_s = 4\ncount_flush_s = 0");
    world.append("tk-maya.log", "");
    world.start_agent();
    let hook =
        |second: &str| record(second, 7, "sgtk.core.pipelineconfig", "Hook failed", &["range", "hook"]);
    let again = |second: &str| {
        record(second, 7, "sgtk.env.project.tk-maya", "Could not publish", &["publish", "range", "hook"])
    };
    world.append("tk-maya.log", &hook("11,000"));
    world.event("the hook", |event| event["type"] == "incident" && event["outcome"] == "spooled");
    // What is known of it must not die with the program.
    world.kill_agent();
    world.append("tk-maya.log", &again("11,200"));
    let api = "sgtk.ext.api_v2";
    world.append("tk-maya.log", &record("30,000", 7, api, "Command failed: ['python']", &[]));
    world.start_agent();
    world.status_when("the command", |status| status["seen"] == 3);
    world.append("tk-maya.log", &record("30,001", 7, api, "Failed command stderr:", &["launch"]));
    world.append("tk-maya.log", &record("30,002", 7, api, "Failed command retcode: 1", &[]));
    // Another time is another time, and so is another process.
    world.append("tk-maya.log", &(hook("31,000") + &again("31,100")));
    world.append("tk-maya.log", &record("31,200", 8, "sgtk.core.pipelineconfig", "x", &["range", "hook"]));
    let status = world.status_when("all tickets", |status| {
        status["seen"] == 8 && status["tickets"] == 2 && status["waiting_count"] == 0
    });
    let expected = json!({ "child": 2, "duplicate": 2, "echo": 2, "filed": 2 });
    assert_eq!(status["outcomes"], expected, "{status:#}");
    let counted = |call: &str| {
        let tickets = world.tickets();
        let ticket = tickets.iter().find(|ticket| ticket.text("title").unwrap().contains(call)).unwrap();
        ticket.number("sg_incident_count").unwrap()
    };
    assert_eq!((counted("hook ["), counted("launch [")), (3, 1));
}
