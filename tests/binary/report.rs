//! Reports by hand: each one a ticket of its own, whatever rules and limits say, and never lost.

use crate::world::{World, error, info, unzip, wait_for, words};
use serde_json::{Value, json};

fn reported(world: &World, arguments: &[&str]) -> Value {
    let output = world.run(&[&["--json", "report"], arguments].concat());
    assert!(output.status.success(), "{}", words(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_report_is_a_ticket_with_the_comment_and_the_newest_log() {
    let world = World::running();
    world.append("tk-nuke.log", &info("an older log"));
    world.append("tk-maya.log", &info("opened the shot with session_token=Zx81kfjw0qmv7Ld3"));
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(600);
    std::fs::File::open(world.log("tk-nuke.log")).unwrap().set_modified(old).unwrap();
    world.status_when("both logs", |status| status["sources"].as_array().unwrap().len() == 2);
    let report =
        reported(&world, &["-m", "Maya hangs when I publish\npassword=hunter2hunter2", "--wait", "60"]);
    let [ticket] = &world.tickets()[..] else { panic!("one report is one ticket") };
    assert_eq!(report["ticket_id"], ticket.id);
    assert_eq!(report["url"], format!("{}/detail/Ticket/{}", world.url(), ticket.id));
    let title = ticket.text("title").unwrap();
    assert!(title.contains(" - Report: Maya hangs when I publish password="), "{title}");
    let tickets = || {
        let ticket = world.tickets().remove(0);
        (ticket.links("attachments").len() == 2).then_some(ticket)
    };
    let ticket = wait_for("both attachments", tickets, || format!("{:#?}", world.tickets()));
    let texts = world.texts_of(&ticket);
    assert!(texts.iter().any(|text| text.contains("opened the shot with")), "{texts:#?}");
    assert!(texts.iter().all(|text| !text.contains("an older log")), "{texts:#?}");
    let description = ticket.text("description").unwrap();
    assert!(
        description.starts_with("reported by hand\n\nComment: Maya hangs when I publish"),
        "{description}"
    );
    assert!(description.contains(&format!("tk-incident: v1 {}", report["key"].as_str().unwrap())));
    for text in texts.iter().chain(&world.state_texts()) {
        assert!(!text.contains("hunter2hunter2") && !text.contains("Zx81kfjw0qmv7Ld3"), "{text}");
    }
    let status = world.status_when("all done", |status| status["waiting_count"] == 0);
    assert_eq!(
        (&status["evidence"]["made"], &status["evidence"]["waiting"]),
        (&json!(1), &json!(0)),
        "{status:#}"
    );
    assert_eq!((&status["seen"], &status["outcomes"]), (&json!(1), &json!({ "filed": 1 })));
    let event = world.event("the report", |event| event["type"] == "report");
    assert_eq!((&event["key"], &event["title"]), (&report["key"], &report["title"]));
}

#[test]
fn reports_are_never_taken_for_another_nor_held_back() {
    let mut world = World::new();
    // One ticket per title, everything ignored, and minutes of gathering: none of it concerns a report.
    world.set("[limits]\ngather_s = 600\ngather_max_s = 600\ncount_flush_s = 600");
    world.set("[ticket]\ntitle_style = 'seed'");
    world.set("[[detect.rules]]\nname = 'all'\nmessage = '*'\naction = 'mute'");
    world.start_desk();
    world.start_agent();
    world.append("tk-maya.log", &error("muted"));
    world.status_when("the muted record", |status| status["seen"] == 1);
    let (one, other) = (reported(&world, &["-m", "it hangs"]), reported(&world, &["-m", "it hangs"]));
    assert!(one["key"] != other["key"] && one["title"] != other["title"], "{one:#} {other:#}");
    let status = world.status_when("both tickets", |status| status["tickets"] == 2);
    assert_eq!(status["outcomes"], json!({ "filed": 2, "muted": 1 }));
    assert_eq!(world.tickets().len(), 2);
}

#[test]
fn a_report_takes_the_logs_it_is_given_and_the_facts_of_its_session() {
    let mut world = World::running();
    let elsewhere = world.path("my notes.txt");
    std::fs::write(&elsewhere, "what I did\n").unwrap();
    let config = world.config();
    for (pid, shot) in [(2764, "bunny_010"), (2765, "bunny_020")] {
        let session = json!({
            "v": 1, "type": "attach", "site": { "url": world.url(), "login": "alice" },
            "session": { "pid": pid, "login": "alice", "started": "now",
                "engine": { "name": "tk-maya", "instance": "tk-maya", "version": "v0.13.2" },
                "log_file": world.log("tk-maya.log"),
                "context": { "project": { "type": "Project", "id": 1, "name": "bunny" },
                    "entity": { "type": "Shot", "id": pid, "name": shot } } },
        });
        let attached =
            world.run_with_stdin(&["attach", "--config", config.to_str().unwrap()], &session.to_string());
        assert!(attached.status.success(), "{}", words(&attached));
        world.event("the session", |event| event["type"] == "session" && event["pid"] == pid);
    }
    world.append("tk-maya.log", &info("the session's own log"));
    let given = ["--pid", "2765", "-m", "-", "my notes.txt", "home/logs/tk-maya.log"];
    let output =
        world.run_with_stdin(&[&["--json", "report", "--wait", "60"], &given[..]].concat(), "it hangs\n");
    assert!(output.status.success(), "{}", words(&output));
    let ticket = || world.tickets().into_iter().find(|ticket| ticket.links("attachments").len() == 2);
    let ticket = wait_for("the ticket", ticket, || format!("{:#?}", world.tickets()));
    let description = ticket.text("description").unwrap();
    assert!(description.contains("bunny_020") && !description.contains("bunny_010"), "{description}");
    assert!(ticket.text("title").unwrap().starts_with("alice - Report: it hangs ["), "{ticket:?}");
    let attachments = ticket.links("attachments");
    let archive = attachments.iter().find(|link| link.name.as_deref().unwrap().ends_with(".zip")).unwrap();
    let files = unzip(&world.download(archive.id));
    let text = |name: &str| files.iter().find(|(file, _)| file == name).map(|(_, text)| text.as_str());
    assert_eq!(text("logs/my notes.txt"), Some("what I did\n"));
    assert!(text("logs/tk-maya.log").unwrap().contains("the session's own log"));
    world.stop_agent();
}

#[test]
fn a_report_outlives_the_agent_while_the_site_is_away() {
    let mut world = World::new();
    world.start_desk();
    world.stop_desk();
    world.start_agent();
    let late = world.run(&["report", "-m", "it hangs", "--wait", "1"]);
    // Nothing may have been tried in that second; the ticket is not there in any case.
    assert!(matches!(late.status.code(), Some(1 | 3)), "{}", words(&late));
    assert!(words(&late).contains("it is kept and filed later"), "{}", words(&late));
    assert_eq!(world.status()["outcomes"], json!({ "spooled": 1 }));
    world.kill_agent();
    world.start_agent();
    world.start_desk();
    let status = world.status_when("the ticket", |status| status["tickets"] == 1);
    assert_eq!(status["outcomes"], json!({ "filed": 1 }));
}

#[test]
fn what_cannot_be_reported_is_said() {
    let mut world = World::new();
    let nobody = world.run(&["report", "-m", "it hangs"]);
    assert_eq!(nobody.status.code(), Some(1), "{}", words(&nobody));
    assert!(words(&nobody).contains("`tk-incident run` starts one"), "{}", words(&nobody));
    world.start_desk();
    world.start_agent();
    for (arguments, said) in [
        (&["-m", "it hangs", "nowhere.log"][..], "cannot read `nowhere.log`"),
        (&["-m", "it hangs", "home"], "no file"),
        (&["-m", " "], "needs a comment"),
        // Standard input is empty.
        (&[], "needs a comment"),
        (&["-m", "it hangs", "--pid", "7"], "no session of process 7"),
    ] {
        let output = world.run(&[&["report"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", words(&output));
        assert!(words(&output).contains(said), "{arguments:?}: {}", words(&output));
    }
    assert_eq!(world.status()["seen"], 0);
}
