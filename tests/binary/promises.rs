//! The promises: nothing lost, nothing twice, nothing leaked, through rotation, truncation and sudden ends.

use crate::world::{World, error, info, is_alive, unzip, wait_for, words};
use std::fs::OpenOptions;

/// The login of this machine, which titles begin with when no session says otherwise.
fn login() -> String {
    let world = World::new();
    world.append("tk-maya.log", "2026-01-14 19:49:11,961 [1 ERROR sgtk.x] boom\n");
    let scan = world.run(&["--json", "scan", "home/logs"]);
    let line: serde_json::Value =
        serde_json::from_str(String::from_utf8_lossy(&scan.stdout).lines().next().unwrap()).unwrap();
    line["title"].as_str().unwrap().split(" - ").next().unwrap().to_owned()
}

#[test]
fn an_error_in_a_log_becomes_a_ticket_with_log_and_archive() {
    let world = World::running();
    world.append(
        "tk-desktop.log",
        "2026-01-14 19:49:11,961 [7 ERROR sgtk.env.site.tk-desktop] file open failed\n",
    );
    world.append("tk-maya.log", &info("before"));
    world.append("tk-maya.log", &error("execute"));
    let login = login();
    let tickets = world.expect_tickets(&[
        (&format!("{login} - File open failed ["), 1),
        (&format!("{login} - ValueError: bad range in execute.execute ["), 1),
    ]);
    let ticket = tickets.iter().find(|ticket| ticket.text("title").unwrap().contains("ValueError")).unwrap();
    let description = ticket.text("description").unwrap();
    for words in [
        "Publish failed",
        "Traceback (most recent call last):",
        "ValueError: bad range",
        "tk-multi-publish2",
        "tk-maya",
        "tk-incident: v1 g1:",
    ] {
        assert!(description.contains(words), "{words} is missing in\n{description}");
    }
    let attachments = ticket.links("attachments");
    let log = attachments.iter().find(|link| link.name.as_deref().unwrap().ends_with(".log")).unwrap();
    assert_eq!(
        String::from_utf8(world.download(log.id)).unwrap(),
        format!("{}{}", info("before"), error("execute"))
    );
    let archive = attachments.iter().find(|link| link.name.as_deref().unwrap().ends_with(".zip")).unwrap();
    let entries = unzip(&world.download(archive.id));
    let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "incident.json",
            "environment.json",
            "traceback.txt",
            "logs/tk-maya.log",
            "logs/around/tk-desktop.log"
        ]
    );
    let incident: serde_json::Value = serde_json::from_str(&entries[0].1).unwrap();
    assert_eq!(incident["error_name"], "ValueError");
    assert_eq!(incident["lines"], serde_json::json!([2, 6]));
}

#[test]
fn the_same_error_many_times_is_one_ticket_with_the_count() {
    let world = World::running();
    for round in 0..120 {
        world.append("tk-maya.log", &error("again"));
        world.append("tk-maya.log", &info(&format!("round {round}")));
    }
    world.expect_tickets(&[(&format!("{} - ValueError", login()), 120)]);
    let status = world.status();
    assert_eq!((&status["seen"], &status["tickets"]), (&120.into(), &1.into()));
    assert_eq!(status["outcomes"], serde_json::json!({ "filed": 1, "duplicate": 119 }));
}

#[test]
fn rotation_and_truncation_are_followed() {
    let world = World::running();
    world.append("tk-maya.log", &error("first"));
    world.append("tk-maya.log", &error("before_rollover"));
    world.roll_over("tk-maya.log");
    world.append("tk-maya.log", &error("after_rollover"));
    world.status_when("three records", |status| status["seen"] == 3);
    OpenOptions::new().write(true).open(world.log("tk-maya.log")).unwrap().set_len(0).unwrap();
    world.append("tk-maya.log", &error("after_truncation"));
    let title = format!("{} - ValueError: bad range in ", login());
    let titles: Vec<String> = ["first.first", "before_rollover.", "after_rollover.", "after_truncation."]
        .iter()
        .map(|function| format!("{title}{function}"))
        .collect();
    let expected: Vec<(&str, i64)> = titles.iter().map(|title| (title.as_str(), 1)).collect();
    world.expect_tickets(&expected);
    assert_eq!(world.status()["gaps"], serde_json::json!([]));
}

#[test]
fn a_record_that_a_rollover_splits_is_reported_once_and_its_rest_belongs_to_nobody() {
    let world = World::running();
    let split = error("split");
    let (first, rest) = split.split_at(split.find("ValueError").unwrap());
    world.append("tk-maya.log", first);
    world.roll_over("tk-maya.log");
    world.append("tk-maya.log", rest);
    world.append("tk-maya.log", &error("whole"));
    let title = |words: &str| format!("{} - {words}", login());
    world.expect_tickets(&[
        (&title("Publish failed in split."), 1),
        (&title("ValueError: bad range in whole."), 1),
    ]);
}

#[test]
fn a_last_line_without_its_end_is_whole_when_its_log_has_a_successor() {
    let world = World::running();
    world.append("tk-maya.log", error("last").trim_end());
    world.roll_over("tk-maya.log");
    world.append("tk-maya.log", &info("after the rollover"));
    world.expect_tickets(&[(&format!("{} - ValueError: bad range in last.", login()), 1)]);
    assert_eq!(world.status()["seen"], 1);
}

#[test]
fn without_any_configuration_it_files_into_a_desk_of_its_own_and_a_kill_loses_and_repeats_nothing() {
    let mut world = World::new();
    world.append("tk-maya.log", &error("long_ago"));
    let start = |world: &mut World| {
        let mut command = world.program();
        command
            .args(["--json", "run"])
            .env("TK_INCIDENT_LIMITS_GATHER_S", "0")
            .env("TK_INCIDENT_LIMITS_COUNT_FLUSH_S", "0")
            .env("TK_INCIDENT_LIMITS_TICKETS_PER_HOUR", "0")
            .env("TK_INCIDENT_LIMITS_TICKETS_PER_DAY", "0");
        world.start_agent_with(command);
    };
    start(&mut world);
    for round in 0..8 {
        world.append("tk-maya.log", &error("every_time"));
        world.append("tk-maya.log", &error(&format!("round_{}", ["a", "b", "c", "d"][round % 4])));
        if round % 2 == 0 {
            // Sometimes in the middle of everything, sometimes after the tickets stand.
            world.status_when("all seen", |status| status["seen"].as_u64() >= Some(2 * (round as u64 + 1)));
        }
        world.kill_agent();
        world.append("tk-maya.log", &info("written while nobody looked"));
        start(&mut world);
    }
    let status =
        world.status_when("all delivered", |status| status["seen"] == 16 && status["waiting_count"] == 0);
    assert_eq!(status["tickets"], 5, "{status:#}");
    let page = status["site"]["page"].as_str().unwrap().to_owned();
    assert!(page.starts_with("http://127.0.0.1:"), "{page}");
    assert_eq!(status["outcomes"], serde_json::json!({ "filed": 5, "duplicate": 11 }));
}

#[test]
fn killed_at_random_moments_under_load_every_record_is_counted_once() {
    let mut world = World::running();
    let mut written = 0;
    for round in 0_u64..12 {
        for _ in 0..25 {
            world.append("tk-maya.log", &error("storm"));
            world.append("tk-nuke.log", &error("other"));
            written += 2;
        }
        if round % 5 == 4 {
            world.roll_over("tk-maya.log");
        }
        // Not the same moment each time, and not the clock's: the next seen count decides.
        let wanted = written * (round % 4) / 4;
        world.status_when("some progress", |status| status["seen"].as_u64() >= Some(wanted));
        world.kill_agent();
        world.start_agent();
    }
    let expected = (written / 2) as i64;
    let title = format!("{} - ValueError: bad range in ", login());
    world.expect_tickets(&[(&format!("{title}storm."), expected), (&format!("{title}other."), expected)]);
    let status = world.status();
    assert_eq!(status["seen"], written);
}

#[test]
fn an_unfinished_record_is_read_again_after_a_stop_and_counted_once() {
    let mut world = World::running();
    let record = error("unfinished");
    // Neither its last line nor its traceback is whole.
    let (begun, rest) = record.split_at(record.len() - 12);
    world.append("tk-maya.log", &error("before"));
    world.append("tk-maya.log", begun);
    world.status_when("the record before", |status| status["seen"] == 1);
    world.stop_agent();
    world.start_agent();
    world.append("tk-maya.log", rest);
    let status = world.status_when("both", |status| status["tickets"] == 2 && status["waiting_count"] == 0);
    assert_eq!(status["outcomes"], serde_json::json!({ "filed": 2 }), "{status:#}");
    let title = format!("{} - ValueError: bad range in ", login());
    world.expect_tickets(&[(&format!("{title}before."), 1), (&format!("{title}unfinished."), 1)]);
}

/// A folder of a name that is no text, as old systems and network shares have them, one in Hangul, and one that is deeper
/// than old programs of Windows can reach.
#[test]
fn logs_in_a_folder_whose_name_is_no_text_are_followed_through_a_restart() {
    #[cfg(target_os = "linux")]
    let no_text =
        <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(&b"home/\xc8\xab\xb1\xe6\xb5\xbf"[..]);
    // Other systems have text only; half a pair of UTF-16 is no name under Wine.
    #[cfg(not(target_os = "linux"))]
    let no_text = std::ffi::OsStr::new("home/text");
    let deep = format!("home/{}", "한글 폴더/".repeat(40));
    for name in [no_text, "home/홍길동 의 집".as_ref(), deep.as_ref()] {
        let mut world = World::new();
        world.start_desk();
        let home = world.folder.path().join(name);
        std::fs::create_dir_all(home.join("logs")).unwrap();
        let config = world.config();
        let start = |world: &mut World| {
            let mut command = world.program();
            command.args(["--json", "run", "--config"]).arg(&config).env("SHOTGUN_HOME", &home);
            world.start_agent_with(command);
        };
        let append = |log: &str, name: &str| {
            let mut file =
                OpenOptions::new().create(true).append(true).open(home.join("logs").join(log)).unwrap();
            std::io::Write::write_all(&mut file, error(name).as_bytes()).unwrap();
        };
        start(&mut world);
        append("tk-maya.log", "first");
        world.status_when("the first record", |status| status["seen"] == 1);
        world.kill_agent();
        append("tk-maya.log", "while_away");
        append("tk-마야.log", "new_log");
        start(&mut world);
        let status = world.status_when("all", |status| status["seen"] == 3 && status["waiting_count"] == 0);
        assert_eq!((&status["tickets"], &status["gaps"]), (&3.into(), &serde_json::json!([])), "{status:#}");
    }
}

#[test]
fn the_desk_away_is_bridged_and_survives_a_restart_of_the_agent() {
    let mut world = World::running();
    world.stop_desk();
    world.append("tk-maya.log", &error("while_away"));
    let warning = world.event("a warning", |event| event["type"] == "warning" && event["what"] == "site");
    assert!(warning["message"].as_str().unwrap().contains("127.0.0.1"), "{warning}");
    world.kill_agent();
    world.start_agent();
    let status = world.status_when("the trouble", |status| !status["site"]["trouble"].is_null());
    assert_eq!(status["outcomes"], serde_json::json!({ "spooled": 1 }));
    assert!(status["waiting"][0]["why"].as_str().unwrap().contains("connect"), "{status:#}");
    world.start_desk();
    world.expect_tickets(&[(&format!("{} - ValueError", login()), 1)]);
    world.event("the recovery", |event| event["type"] == "recovered" && event["what"] == "site");
}

#[test]
fn secrets_reach_neither_ticket_nor_attachments_nor_our_own_files() {
    let world = World::running();
    let secret = "hunter2hunter2hunter2";
    world.append("tk-maya.log", &info(&format!("Session token: {secret}")));
    world.append(
        "tk-maya.log",
        &error("leaky").replace(
            "bad range",
            &format!("login failed, session_token={secret} https://user:{secret}@proxy.example/"),
        ),
    );
    let ticket = world.expect_tickets(&[(&format!("{} - ValueError", login()), 1)]).remove(0);
    let mut texts = world.texts_of(&ticket);
    texts.push(world.status().to_string());
    texts.extend(world.events().iter().map(ToString::to_string));
    texts.extend(world.state_texts());
    for text in texts {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn our_own_troubles_never_become_incidents() {
    let world = World::running();
    let logged = |logger: &str, said: &str| format!("2026-01-14 19:49:11,961 [1 ERROR {logger}] {said}\n");
    world.append("tk-maya.log", &logged("sgtk.env.project.tk-maya.tk-incidentreporter", "our own trouble"));
    world.append("tk-maya.log", &logged("sgtk.core.hook", "[incidentreporter] said by somebody else"));
    // An exception of ours that Toolkit logs, with the library's own frames innermost.
    let raised = |innermost: &str| {
        format!(
            "Uncaught\nTraceback (most recent call last):\n\
             \x20 File \"/srv/toolkit/tk-incidentreporter/python/tk_incident/child.py\", line 40, in tell\n\
             \x20   work()\n\
             \x20 File \"{innermost}\", line 1024, in launch\n\
             \x20   work()\n\
             OSError: no memory"
        )
    };
    world.append("tk-maya.log", &logged("sgtk.core.engine", &raised("/usr/lib/python3.11/subprocess.py")));
    // A tool of the studio is broken, whoever called it.
    world.append("tk-maya.log", &logged("sgtk.core.engine", &raised("/studio/tools/rename.py")));
    world.append("tk-maya.log", &error("theirs"));
    world
        .expect_tickets(&[(&format!("{} - OSError", login()), 1), (&format!("{} - ValueError", login()), 1)]);
    let status = world.status();
    assert_eq!(status["outcomes"], serde_json::json!({ "filed": 2, "rule_drop": 3 }));
    let rules: Vec<_> = status["rules"].as_array().unwrap().iter().map(|rule| &rule["count"]).collect();
    assert_eq!(rules, [2, 1], "records of ours, and errors in our code: {status:#}");
}

#[test]
fn a_session_gives_its_login_its_versions_and_its_project() {
    let mut world = World::running();
    let session = serde_json::json!({
        "v": 1, "type": "attach",
        "site": { "url": world.url(), "login": "alice", "session_token": "not-used-here-123456" },
        "log_folder": world.path("home/logs"),
        "session": { "pid": 2764, "started": "2026-01-14T10:00:00Z", "login": "alice",
            "engine": { "name": "tk-maya", "instance": "tk-maya", "version": "v0.13.2" },
            "host": { "name": "Maya", "version": "2026.1" },
            "apps": { "tk-multi-publish2": "v2.10.8" },
            "context": { "project": { "type": "Project", "id": 1, "name": "bunny" } } },
    });
    let config = world.config();
    let config = config.to_str().unwrap();
    let attached = world.run_with_stdin(&["attach", "--config", config], &session.to_string());
    assert!(attached.status.success(), "{}", words(&attached));
    world.event("the session", |event| event["type"] == "session" && event["pid"] == 2764);
    world.append("tk-maya.log", &error("publish"));
    let ticket = world.expect_tickets(&[("alice - ValueError", 1)]).remove(0);
    let description = ticket.text("description").unwrap();
    assert!(description.contains("Since: 2026-01-14 19:49:11"), "{description}");
    for words in ["Maya 2026.1", "tk-maya v0.13.2", "tk-multi-publish2 v2.10.8", "bunny (Project 1)"] {
        assert!(description.contains(words), "{words} is missing in\n{description}");
    }
    let detached = world.run_with_stdin(&["detach"], r#"{"v":1,"type":"detach","pid":2764}"#);
    assert!(detached.status.success(), "{}", words(&detached));
    world.status_when("no session", |status| status["sessions"] == serde_json::json!([]));
    world.stop_agent();
}

#[test]
fn the_session_that_starts_the_agent_is_heard_before_anything_is_read() {
    let mut world = World::new();
    world.start_desk();
    world.set("[watch]\nstart_at = 'start'");
    let token = "Zq8mWv3kT1pXr6";
    world.append(
        "tk-maya.log",
        &format!("2026-01-14 19:49:11,961 [2764 ERROR sgtk.env.project.tk-maya] could not connect with {token} today\n"),
    );
    let config = world.config();
    let session = serde_json::json!({
        "v": 1, "type": "attach",
        "site": { "url": world.url(), "login": "alice", "session_token": token },
        "session": { "pid": 2764, "login": "alice",
            "configuration": { "name": "Primary", "uri": "sgtk:descriptor:git?path=https://bob:gh0stpassword@git.example/c.git" } },
    });
    let attached =
        world.run_with_stdin(&["attach", "--config", config.to_str().unwrap()], &session.to_string());
    assert!(attached.status.success(), "{}", words(&attached));
    let ticket = world.expect_tickets(&[("alice - Could not connect with", 1)]).remove(0);
    let mut texts = world.texts_of(&ticket);
    texts.push(words(&world.run(&["--json", "status"])));
    assert!(world.run(&["stop"]).status.success());
    texts.extend(world.state_texts());
    for text in texts {
        for secret in [token, &token.to_lowercase(), "gh0stpassword"] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
    // Every fact of the description is a fact on the page.
    let page = world.page(&format!("/tickets/{}", ticket.id));
    for fact in ["Configuration", "Primary, sgtk:descriptor:git", "Process", "2764"] {
        assert!(page.contains(fact), "{fact} is missing in\n{page}");
    }
}

#[test]
fn a_new_login_ends_the_waiting_for_one() {
    let mut world = World::new();
    world.start_desk();
    // So long that only the login can end the waiting within the patience of this test.
    world.set(&format!(
        "[site]\nurl = '{}'\nproject_id = 1\n[limits]\ngather_s = 0\nretry_min_s = 900",
        world.url()
    ));
    world.start_agent();
    world.append("tk-maya.log", &error("patient"));
    let status = world.status_when("the trouble", |status| !status["site"]["trouble"].is_null());
    assert!(status["site"]["trouble"].as_str().unwrap().contains("nobody has signed in"), "{status:#}");
    let token = flow::Site::session_token(&world.site()).unwrap();
    let config = world.config();
    let attach = |token: &str| {
        let session = serde_json::json!({
            "v": 1, "type": "attach", "site": { "url": world.url(), "login": "alice", "session_token": token } });
        let attached =
            world.run_with_stdin(&["attach", "--config", config.to_str().unwrap()], &session.to_string());
        assert!(attached.status.success(), "{}", words(&attached));
    };
    attach("a-token-that-has-expired");
    world.status_when("the refusal", |status| {
        status["site"]["trouble"].as_str().is_some_and(|trouble| !trouble.contains("nobody has signed in"))
    });
    attach(secrecy::ExposeSecret::expose_secret(&token));
    world.status_when("the ticket", |status| status["tickets"] == 1 && status["site"]["trouble"].is_null());
}

#[test]
fn attach_starts_one_agent_however_many_engines_start_at_once() {
    let mut world = World::new();
    world.start_desk();
    world.append("tk-maya.log", "");
    let config = world.config();
    let config = config.to_str().unwrap().to_owned();
    let pids: Vec<u32> = (0..6)
        .map(|index| {
            let session = format!(r#"{{"v":1,"type":"attach","session":{{"pid":{}}}}}"#, 9_000 + index);
            let attached = world.run_with_stdin(&["attach", "--config", &config], &session);
            assert!(attached.status.success(), "{}", words(&attached));
            9_000 + index
        })
        .collect();
    let status = wait_for(
        "all sessions in one agent",
        || {
            let output = world.run(&["--json", "status"]);
            let status: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
            // Sessions are known before anything is followed, and a first agent begins at the end of what is there.
            let follows = !status["sources"].as_array()?.is_empty();
            (follows && status["sessions"].as_array()?.len() == pids.len()).then_some(status)
        },
        || words(&world.run(&["--json", "status"])),
    );
    world.append("tk-maya.log", &error("started_by_attach"));
    world.expect_tickets(&[(&format!("{} - ValueError", login()), 1)]);
    let stopped = world.run(&["stop"]);
    assert!(stopped.status.success(), "{}", words(&stopped));
    let pid = u32::try_from(status["pid"].as_u64().unwrap()).unwrap();
    wait_for(
        "the agent's end",
        || (!is_alive(pid)).then_some(()),
        || format!("process {pid} is still there"),
    );
}
