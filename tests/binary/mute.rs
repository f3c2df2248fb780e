//! Mutes by hand: counted without a ticket, told when they end, with their reason wherever they are.

use crate::world::{World, error, words};
use serde_json::{Value, json};

fn signature(world: &World) -> String {
    let incident = world.event("the incident", |event| event["type"] == "incident");
    incident["signature"].as_str().unwrap().to_owned()
}

#[test]
fn a_mute_by_ticket_counts_on_and_ends_by_hand() {
    let world = World::running();
    world.append("tk-maya.log", &error("one"));
    let ticket = world.expect_tickets(&[("", 1)]).remove(0).id.to_string();
    world.status_when("all done", |status| status["waiting_count"] == 0);
    let muted = world.run(&["--json", "mute", &ticket, "--for", "2d", "--reason", "fixed in v2.11"]);
    assert!(muted.status.success(), "{}", words(&muted));
    let muted: Value = serde_json::from_slice(&muted.stdout).unwrap();
    assert!(muted["what"].as_str().unwrap().starts_with(&signature(&world)), "{muted:#}");
    let now_ms = world.status()["now_ms"].as_i64().unwrap();
    assert!((muted["until_ms"].as_i64().unwrap() - now_ms - 2 * 86_400_000).abs() < 3_600_000, "{muted:#}");

    world.append("tk-maya.log", &error("one"));
    let status = world.status_when("the muted one", |status| status["outcomes"]["muted"] == 1);
    assert_eq!(status["mutes"][0]["count"], 1, "{status:#}");
    let list = world.run(&["mute", "--list"]);
    for said in ["fixed in v2.11", "1 time so far", "ValueError: bad range", "ends on "] {
        assert!(words(&list).contains(said), "{said}: {}", words(&list));
    }
    let ended = world.run(&["unmute", &ticket]);
    assert!(ended.status.success(), "{}", words(&ended));
    // The ticket hears of what was counted meanwhile.
    world.expect_tickets(&[("", 2)]);
    let again = world.run(&["unmute", &ticket]);
    assert_eq!(again.status.code(), Some(1), "{}", words(&again));
    assert!(words(&world.run(&["mute", "--list"])).contains("by hand"));
}

#[test]
fn a_mute_by_signature_keeps_a_waiting_problem_from_its_ticket_over_a_restart() {
    let mut world = World::new();
    world.set("[limits]\ngather_s = 600\ngather_max_s = 600\ncount_flush_s = 0");
    world.start_desk();
    world.start_agent();
    world.append("tk-maya.log", &error("one"));
    world.status_when("the record", |status| status["outcomes"] == json!({ "spooled": 1 }));
    let signature = signature(&world);
    let muted = world.run(&["mute", &signature, "--reason", "known", "--forever"]);
    assert!(muted.status.success(), "{}", words(&muted));
    assert_eq!(world.status()["outcomes"], json!({ "muted": 1 }));
    world.stop_agent();
    world.start_agent();
    world.append("tk-maya.log", &error("one"));
    world.append("tk-maya.log", &error("other"));
    world.status_when("three records", |status| status["seen"] == 3);
    assert!(world.run(&["flush", "--wait", "60"]).status.success());
    let [ticket] = &world.tickets()[..] else { panic!("only the other problem has a ticket") };
    assert!(ticket.text("title").unwrap().contains("other"), "{ticket:?}");
    assert_eq!(world.status()["outcomes"], json!({ "filed": 1, "muted": 2 }));
}

#[test]
fn what_cannot_be_muted_is_said() {
    let mut world = World::new();
    assert_eq!(world.run(&["mute", "--list"]).status.code(), Some(1), "nobody to ask");
    world.start_desk();
    world.start_agent();
    for (arguments, code, said) in [
        (&["mute", "12"][..], 2, "--reason"),
        (&["mute", "12", "--reason", " "], 2, "needs a reason"),
        (&["mute", "12", "--reason", "known"], 2, "no problem of this workstation has ticket 12"),
        (&["mute", "g1:00", "--reason", "known", "--for", "soon"], 2, "such as 30d"),
        (&["unmute", "g1:00"], 1, "no mute of it is in force"),
        (&["mute", "--list"], 0, "nothing is muted"),
    ] {
        let output = world.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", words(&output));
        assert!(words(&output).contains(said), "{arguments:?}: {}", words(&output));
    }
}
