//! One user, two sites, one machine: two agents read the same logs, and each incident is filed on the site whose session wrote it.

use crate::world::World;
use agent::control;
use agent::paths::StateFolder;
use serde_json::{Value, json};
use std::fs;

const LOG: &str = "tk-maya.log";
/// Tickets wait so long for what belongs to them, a session that claims them among it.
const GATHER: &str = "[limits]\ngather_s = 4\ncount_flush_s = 0\nretry_min_s = 1\nretry_max_s = 1\n\
                      tickets_per_hour = 0\ntickets_per_day = 0\nwrites_per_minute = 0";
const AT_ONCE: &str = "[limits]\ngather_s = 0\ncount_flush_s = 0\nretry_min_s = 1\nretry_max_s = 1\n\
                       tickets_per_hour = 0\ntickets_per_day = 0\nwrites_per_minute = 0";
/// The records of these tests are older than their agents, and none of them is left out for that.
const FROM_START: &str = "[watch]\nstart_at = 'start'";

/// Two desks and their agents, on one log folder.
fn two_sites(limits: &str) -> (World, World) {
    let mut one = World::new();
    let mut two = World::beside(&mut one);
    one.append(LOG, "");
    for world in [&mut one, &mut two] {
        world.set(limits);
        world.set(FROM_START);
        world.start_desk();
        world.start_agent();
    }
    (one, two)
}

fn state(world: &World) -> StateFolder {
    let status = world.status_when("an agent", |_| true);
    StateFolder::at(status["state"].as_str().unwrap().into())
}

/// A session of a process, as its app tells of it; `sent_ms` is when it began.
fn attach(world: &World, pid: u32, sent_ms: u64) {
    let session = json!({ "pid": pid, "started": format!("run {sent_ms}"), "login": "alice",
        "engine": { "name": "tk-maya", "instance": "tk-maya" }, "host": { "name": "Maya", "version": "1" } });
    let request = json!({ "v": 1, "type": "attach", "sent_ms": sent_ms, "session": session,
        "site": { "login": "alice" },
        "log_folder": world.log("").parent().unwrap() });
    control::ask(&state(world), &request.to_string()).unwrap();
    world.status_when("the session", |status| {
        status["sessions"].as_array().unwrap().iter().any(|session| session["pid"] == pid)
    });
}

/// An error of a process, of a problem of its own per `name`.
fn error(pid: u32, name: &str) -> String {
    format!(
        "2026-01-14 19:49:11,961 [{pid} ERROR sgtk.env.project.tk-maya.tk-multi-publish2] Publish of {name} failed\n\
         Traceback (most recent call last):\n  File \"/studio/tools/{name}.py\", line 12, in {name}\n    check(item)\n\
         ValueError: bad range\n"
    )
}

fn title(name: &str) -> String {
    format!("ValueError: bad range in {name}.{name}")
}

/// Waits until all that was read is decided and delivered: so many records, so many of them another site's.
fn outcomes(world: &World, seen: u64, other_site: u64) -> Value {
    world.status_when("all decided", |status| {
        status["seen"] == seen
            && status["outcomes"]["other_site"].as_u64().unwrap_or(0) == other_site
            && status["waiting_count"] == 0
    })
}

/// What a site's tickets are about, and their counts.
fn tickets(world: &World) -> Vec<(String, i64)> {
    let mut tickets: Vec<_> = (world.tickets().iter())
        .map(|ticket| {
            let title = ticket.text("title").unwrap();
            let what = title.split_once(" - ").unwrap().1.rsplit_once(" [").unwrap().0;
            (what.to_owned(), ticket.number("sg_incident_count").unwrap())
        })
        .collect();
    tickets.sort();
    tickets
}

#[test]
fn each_site_gets_once_what_its_own_sessions_wrote_through_restarts_and_kills() {
    let (mut one, mut two) = two_sites(GATHER);
    attach(&one, 11, 1);
    attach(&two, 22, 2);
    let both = |name: &str| error(11, name) + &error(22, name);
    one.append(LOG, &(both("first") + &error(11, "only_one") + &error(22, "only_two") + &both("first")));
    outcomes(&one, 6, 3);
    outcomes(&two, 6, 3);

    one.stop_agent();
    one.append(LOG, &both("while_stopped"));
    outcomes(&two, 8, 4);
    one.start_agent();
    two.kill_agent();
    one.append(LOG, &both("while_killed"));
    outcomes(&one, 10, 5);
    // A version that wrote no such file was here last.
    let folder = state(&one).path().parent().unwrap().to_owned();
    let name = format!("127.0.0.1_{}", two.url().rsplit_once(':').unwrap().1);
    fs::remove_file(folder.join(name).join("sessions.json")).unwrap();
    two.start_agent();
    outcomes(&two, 10, 5);
    one.append(LOG, &both("at_last"));
    for (world, own) in [(&one, "only_one"), (&two, "only_two")] {
        let status = outcomes(world, 12, 6);
        assert_eq!(status["outcomes"], json!({ "filed": 5, "duplicate": 1, "other_site": 6 }), "{status:#}");
        let expected = [("at_last", 1), ("first", 2), (own, 1), ("while_killed", 1), ("while_stopped", 1)];
        assert_eq!(tickets(world), expected.map(|(name, count)| (title(name), count)));
        assert_eq!(status["gaps"], json!([]));
    }
    // Neither do the logs that go with the tickets show what the other site's session wrote.
    for (world, own, other) in [(&one, "[11 ERROR", "[22 ERROR"), (&two, "[22 ERROR", "[11 ERROR")] {
        for ticket in world.tickets() {
            let texts = world.texts_of(&ticket);
            assert!(
                texts.iter().any(|text| text.contains(own)) && texts.iter().all(|text| !text.contains(other))
            );
            assert!(
                texts.iter().any(|text| text.contains("of a process of another site were left out here"))
            );
            assert!(
                texts.iter().any(|text| text.contains("records of processes of another site")),
                "{texts:#?}"
            );
        }
    }
    assert!(one.run(&["status"]).stdout.windows(10).any(|words| words == b"other_site"));
}

#[test]
fn what_a_host_hands_over_and_what_desktop_passes_on_is_its_site_s_alone() {
    let (one, two) = two_sites(AT_ONCE);
    attach(&one, 11, 1);
    attach(&two, 22, 2);
    let record = json!({ "time": "2026-01-14 19:49:11,961", "level": "ERROR",
        "logger": "sgtk.env.project.tk-maya.tk-multi-publish2", "message": "no software", "exception": null });
    let request = json!({ "v": 1, "type": "records", "pid": 22, "started": "run 2", "log_file": two.log(LOG),
        "first": 1, "dropped": 0, "records": [record] });
    assert_eq!(control::ask(&state(&two), &request.to_string()).unwrap()["ok"], true);
    one.append(
        LOG,
        "2026-01-14 19:49:11,961 [22 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] no software\n\
         2026-01-14 19:49:12,961 [11 ERROR sgtk.ext.tkimp0.tk_desktop.site_communication] [PROXY] no project\n",
    );
    let status = outcomes(&two, 3, 1);
    assert_eq!(status["outcomes"], json!({ "filed": 1, "merged": 1, "other_site": 1 }), "{status:#}");
    let status = outcomes(&one, 2, 1);
    assert_eq!(status["outcomes"], json!({ "filed": 1, "other_site": 1 }), "{status:#}");
    let text = |world: &World| world.tickets().remove(0).text("description").unwrap().to_owned();
    assert!(text(&one).contains("no project") && !text(&one).contains("no software"), "{}", text(&one));
    assert!(text(&two).contains("no software") && !text(&two).contains("no project"), "{}", text(&two));
}

#[test]
fn an_error_before_the_first_word_of_its_session_is_filed_where_that_word_comes() {
    let (one, two) = two_sites(GATHER);
    attach(&one, 1, 1);
    // Were nobody to claim it, it would be filed here.
    attach(&two, 2, 2);
    one.append(LOG, &error(33, "while_starting"));
    for world in [&one, &two] {
        world.status_when("the record", |status| status["outcomes"]["spooled"] == 1);
    }
    // It began a little after the error.
    attach(&one, 33, 1_768_420_151_961 + 60_000);
    outcomes(&two, 1, 1);
    outcomes(&one, 1, 0);
    assert_eq!((tickets(&one), tickets(&two)), (vec![(title("while_starting"), 1)], vec![]));
    // Neither its text nor its archive is kept where it is not filed.
    let folder = state(&two);
    assert_eq!(fs::read_dir(folder.evidence()).unwrap().count(), 0);
}

#[test]
fn what_was_written_before_an_agent_s_first_start_is_filed_by_one_that_read_it() {
    let (mut one, two) = two_sites(GATHER);
    let mut three = World::beside(&mut one);
    three.set(GATHER);
    three.start_desk();
    attach(&one, 1, 1);
    attach(&two, 2, 2);
    one.append(LOG, &error(33, "while_starting"));
    for world in [&one, &two] {
        world.status_when("the record", |status| status["outcomes"]["spooled"] == 1);
    }
    // The first session of a third site wrote it. Its agent begins with the end of the log.
    three.start_agent();
    attach(&three, 33, 3);
    outcomes(&one, 1, 1);
    outcomes(&two, 1, 0);
    outcomes(&three, 0, 0);
    assert_eq!((tickets(&one), tickets(&two)), (vec![], vec![(title("while_starting"), 1)]));
}

#[test]
fn what_no_session_wrote_is_filed_by_one_agent_of_those_that_run() {
    for limits in [GATHER, AT_ONCE] {
        let (mut one, mut two) = two_sites(limits);
        attach(&one, 1, 1);
        attach(&two, 2, 2);
        one.append(LOG, &(error(44, "unknown") + &error(44, "unknown")));
        outcomes(&one, 2, 2);
        outcomes(&two, 2, 0);
        assert_eq!((tickets(&one), tickets(&two)), (vec![], vec![(title("unknown"), 2)]));
        // A problem that one site has a ticket of already is counted there for its own sessions only.
        one.append(LOG, &error(1, "known"));
        outcomes(&one, 3, 2);
        outcomes(&two, 3, 1);
        one.append(LOG, &(error(44, "known") + &error(44, "known")));
        let status = outcomes(&one, 5, 4);
        assert_eq!(status["outcomes"], json!({ "filed": 1, "other_site": 4 }), "{status:#}");
        outcomes(&two, 5, 1);
        assert_eq!(tickets(&one), [(title("known"), 1)]);
        assert_eq!(tickets(&two), [(title("known"), 2), (title("unknown"), 2)]);
        // One that does not run might never read it.
        two.stop_agent();
        one.append(LOG, &error(44, "alone"));
        outcomes(&one, 6, 4);
        assert_eq!(tickets(&one), [(title("alone"), 1), (title("known"), 1)]);
        one.stop_agent();
    }
}

#[test]
fn a_neighbour_s_file_that_is_damaged_huge_or_no_file_harms_nobody() {
    let (one, two) = two_sites(AT_ONCE);
    attach(&one, 11, 1);
    attach(&two, 22, 2);
    let path = state(&two).path().join("sessions.json");
    let whole = fs::read_to_string(&path).unwrap();
    let mut seen = 0;
    let faults: [&dyn Fn(); 4] = [
        &|| fs::write(&path, &whole[..whole.len() / 2]).unwrap(),
        &|| fs::write(&path, " ".repeat(10_000_000)).unwrap(),
        &|| fs::write(&path, [0xFF; 64]).unwrap(),
        &|| {
            fs::remove_file(&path).unwrap();
            fs::create_dir(&path).unwrap();
        },
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        fault();
        // Rather twice than never.
        one.append(LOG, &(error(22, &format!("hidden_{number}")) + &error(11, "own")));
        seen += 2;
        outcomes(&one, seen, 0);
        outcomes(&two, seen, number as u64 + 1);
    }
    fs::remove_dir(&path).unwrap();
    // The next word of a session tells of all again.
    attach(&two, 23, 3);
    one.append(LOG, &error(22, "seen_again"));
    outcomes(&one, seen + 1, 1);
    let texts =
        one.tickets().iter().map(|ticket| ticket.text("title").unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(texts.len(), 5, "{texts:?}");
    assert!(!texts.iter().any(|text| text.contains("seen_again")));
}
