//! What goes with a ticket, and what does not: the other logs of the same minutes, backups, new versions, limits, and what
//! the workstation has no room for.

use crate::world::{World, unzip, wait_for, words};
use flow::{Find, Site};
use serde_json::{Value, json};

/// A record with a traceback in a bundle of this version, at this time of the fourteenth of January.
fn failure(time: &str, version: &str) -> String {
    format!(
        "2026-01-14 {time},961 [2764 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] Publish failed\n\
         Traceback (most recent call last):\n\
         \x20 File \"/studio/bundle_cache/app_store/tk-multi-publish2/{version}/python/tk_multi_publish2/base.py\", line 12, in execute\n\
         \x20   check(item)\n\
         ValueError: bad range\n"
    )
}

fn record(time: &str, text: &str) -> String {
    format!("2026-01-14 {time},001 [7 INFO sgtk.env.project.tk-nuke] {text}\n")
}

/// The archives of the only ticket, oldest first: the texts in each by their names.
fn archives(world: &World, count: usize) -> Vec<Vec<(String, String)>> {
    let names = |world: &World| {
        let tickets = world.tickets();
        let zips = tickets.iter().flat_map(|ticket| ticket.links("attachments"));
        let zips = zips.filter(|link| link.name.as_deref().unwrap().ends_with(".zip"));
        let mut ids: Vec<u64> = zips.map(|link| link.id).collect();
        ids.sort_unstable();
        ids
    };
    let ids = wait_for(
        "the archives",
        || Some(names(world)).filter(|ids| ids.len() == count),
        || format!("{:#?}", world.tickets()),
    );
    ids.into_iter().map(|id| unzip(&world.download(id))).collect()
}

fn text<'a>(archive: &'a [(String, String)], name: &str) -> &'a str {
    let found = archive.iter().find(|(found, _)| found == name);
    &found.unwrap_or_else(|| panic!("no {name} in {:?}", archive.iter().map(|(name, _)| name))).1
}

fn incident(archive: &[(String, String)]) -> Value {
    serde_json::from_str(text(archive, "incident.json")).unwrap()
}

#[test]
fn the_archive_holds_the_other_logs_of_the_same_ten_minutes_and_what_has_just_become_a_backup() {
    let world = World::running();
    world.append("tk-nuke.log", &record("19:30:00", "too old"));
    world.append("tk-nuke.log", &record("19:41:00", "in its backup"));
    world.roll_over("tk-nuke.log");
    world.append("tk-nuke.log", &record("19:48:00", "beside it"));
    world.append("tk-nuke.log", &record("19:58:00", "too late"));
    world.append("tk-desktop.log", &record("12:00:00", "long before"));
    world.append("tk-maya.log", &record("19:20:00", "too old for a backup"));
    world.append("tk-maya.log", &record("19:45:00", "what led to it"));
    world.roll_over("tk-maya.log");
    world.append("tk-maya.log", &record("19:49:00", "just before"));
    world.append("tk-maya.log", &failure("19:49:11", "v2.10.8"));
    let archive = archives(&world, 1).remove(0);
    let maya = text(&archive, "logs/tk-maya.log");
    assert_eq!(
        maya,
        record("19:45:00", "what led to it")
            + &record("19:49:00", "just before")
            + &failure("19:49:11", "v2.10.8")
    );
    assert_eq!(
        text(&archive, "logs/around/tk-nuke.log"),
        record("19:41:00", "in its backup") + &record("19:48:00", "beside it")
    );
    assert!(archive.iter().all(|(name, _)| !name.contains("desktop")));
    let incident = incident(&archive);
    assert_eq!(incident["evidence"]["reason"], "first");
    let logs: Vec<&str> = incident["evidence"]["logs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|log| log["name"].as_str().unwrap())
        .collect();
    assert_eq!(logs, ["logs/tk-maya.log", "logs/around/tk-nuke.log"]);
    let files: Vec<&str> = incident["evidence"]["logs"][0]["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["file"].as_str().unwrap())
        .collect();
    assert_eq!(files, ["tk-maya.log.1", "tk-maya.log"]);
    let environment: Value = serde_json::from_str(text(&archive, "environment.json")).unwrap();
    assert!(environment["room"]["state_disk_free_bytes"].as_u64().unwrap() > 0);
    assert!(environment["machine"]["processors"].as_u64().unwrap() > 0);
}

/// What a process has read so far, from files and elsewhere.
#[cfg(target_os = "linux")]
fn read_bytes(pid: u32) -> u64 {
    let counters = std::fs::read_to_string(format!("/proc/{pid}/io")).unwrap();
    counters.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap()
}

/// Each log goes into the archives of the others. Cut anew for each of them, every log is read eighty times.
#[test]
#[cfg(target_os = "linux")]
fn logs_that_fail_at_once_are_read_a_few_times_each() {
    const LOGS: u8 = 20;
    let mut world = World::running();
    let name = |log: u8| format!("tk-{}.log", char::from(b'a' + log));
    let before: String =
        (0..600).map(|number| record("19:48:00", &format!("item {number} is well"))).collect();
    for log in 0..LOGS {
        world.append(&name(log), &before);
    }
    world.status_when("all logs", |status| status["sources"].as_array().unwrap().len() == usize::from(LOGS));
    // What was written meanwhile is read in one look.
    world.stop_agent();
    for log in 0..LOGS {
        let step = format!("in step_{}", char::from(b'a' + log));
        world.append(&name(log), &failure("19:49:11", "v1.0.0").replace("in execute", &step));
    }
    world.start_agent();
    world.status_when("all archives", |status| status["evidence"]["made"] == LOGS);
    let read = read_bytes(world.agent_pid());
    let logs = u64::from(LOGS) * before.len() as u64;
    assert!(read < 30 * logs, "{read} bytes were read for {logs} bytes of logs");
}

#[test]
fn a_ticket_gets_another_archive_for_each_new_version_and_three_a_day() {
    let mut world = World::running();
    for (version, archives_then) in
        [("v1.0.0", 1), ("v1.0.0", 1), ("v1.1.0", 2), ("v1.0.0", 2), ("v1.2.0", 3), ("v1.3.0", 3)]
    {
        world.append("tk-maya.log", &failure("19:49:11", version));
        let status = world.status();
        let seen = status["seen"].as_u64().unwrap();
        world.status_when("it", |status| {
            status["seen"].as_u64() == Some(seen.max(1)) || status["seen"].as_u64() > Some(seen)
        });
        archives(&world, archives_then);
    }
    world.status_when("all", |status| status["seen"] == 6 && status["waiting_count"] == 0);
    let all = archives(&world, 3);
    let versions: Vec<Value> = all
        .iter()
        .map(|archive| incident(archive))
        .map(|incident| json!([incident["evidence"]["reason"], incident["bundle_version"]]))
        .collect();
    assert_eq!(
        versions,
        [json!(["first", "v1.0.0"]), json!(["new_version", "v1.1.0"]), json!(["new_version", "v1.2.0"])]
    );
    assert_eq!(world.status()["evidence"]["made"], 3);
    world.stop_agent();
}

#[test]
fn a_large_log_is_cut_at_a_whole_record_and_says_so() {
    let mut world = World::new();
    world.start_desk();
    world.set("[evidence]\nlog_bytes = 20000\nmost_bytes = 7000");
    world.start_agent();
    // Numbers that packing makes little shorter.
    let number = |seed: u64| format!("{:x}", seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let line = |line: u64| (0..6).map(|place| number(line * 6 + place + 1)).collect::<String>();
    let noise: String = (0..2_000).map(|number| record("19:48:00", &line(number))).collect();
    world.append("tk-maya.log", &noise);
    world.append("tk-maya.log", &failure("19:49:11", "v1.0.0"));
    let archive = archives(&world, 1).remove(0);
    let log = text(&archive, "logs/tk-maya.log");
    assert!(log.starts_with("2026-01-14 ") && log.ends_with("bad range\n"), "{log}");
    // The setting allows 20 000 bytes, the archive less than that many of this noise.
    assert!((1_000..16_000).contains(&log.len()), "{}", log.len());
    let part = &incident(&archive)["evidence"]["logs"][0]["parts"][0];
    assert!(part["bytes"][0].as_u64() > Some(0) && part["bytes"][1] == part["file_bytes"], "{part}");
}

#[test]
fn raw_logs_need_the_words_and_then_everything_says_so() {
    let mut world = World::new();
    world.start_desk();
    world.set("[evidence]\nraw_log = 'true'");
    let config = world.config();
    let output = world.run(&["run", "--config", config.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{}", words(&output));
    assert!(words(&output).contains("yes, attach logs without redaction"), "{}", words(&output));

    let mut world = World::new();
    world.start_desk();
    world.set("[evidence]\nraw_log = 'yes, attach logs without redaction'");
    world.start_agent();
    world.append("tk-maya.log", &record("19:48:00", "session_token=abcd1234efgh5678"));
    world.append("tk-maya.log", &failure("19:49:11", "v1.0.0"));
    let archive = archives(&world, 1).remove(0);
    assert!(text(&archive, "logs/tk-maya.log").contains("abcd1234efgh5678"));
    assert!(text(&archive, "NOT-REDACTED.txt").contains("evidence.raw_log"));
    assert_eq!(incident(&archive)["evidence"]["raw"], true);
    let ticket = world.tickets().remove(0);
    assert!(ticket.text("description").unwrap().contains("NOT cleaned of secrets"));
}

#[test]
fn without_room_there_is_no_archive_and_the_ticket_says_why() {
    let mut world = World::new();
    world.start_desk();
    world.set(&format!("[evidence]\nleast_free_bytes = {}", u64::MAX / 2));
    world.start_agent();
    world.append("tk-maya.log", &failure("19:49:11", "v1.0.0"));
    let status = world.status_when("it", |status| status["tickets"] == 1 && status["waiting_count"] == 0);
    assert_eq!((&status["evidence"]["made"], &status["evidence"]["missing"]), (&json!(0), &json!(1)));
    let ticket = world.tickets().remove(0);
    assert!(ticket.links("attachments").is_empty());
    assert!(ticket.text("description").unwrap().contains("the disk of the workstation was nearly full"));
}

#[test]
fn what_has_to_go_is_shown_before_it_goes_and_the_tickets_tell() {
    let mut world = World::new();
    world.start_desk();
    world.start_agent();
    world.append("tk-maya.log", &failure("19:49:11", "v1.0.0"));
    archives(&world, 1);
    world.status_when("it", |status| status["waiting_count"] == 0);
    world.stop_desk();
    // A second archive for the ticket that stands, and a problem that has none yet.
    world.append("tk-maya.log", &failure("19:49:12", "v1.1.0"));
    world.append("tk-maya.log", &failure("19:49:13", "v1.0.0").replace("ValueError", "KeyError"));
    world.status_when("both", |status| status["evidence"]["waiting"] == 2);
    let config = world.config();
    let prune = |world: &World, more: &[&str]| {
        let config = config.to_str().unwrap();
        let output = world.run(&[&["--json", "--config", config, "prune"][..], more].concat());
        assert!(output.status.success(), "{}", words(&output));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    assert_eq!(prune(&world, &["--dry-run"])["drop"], json!([]), "there is room");
    world.stop_agent();
    // The same by whoever looks: the agent, or the command alone.
    world.set("[evidence]\nspool_bytes = 1");
    world.config();
    let planned = prune(&world, &["--dry-run"]);
    assert_eq!(planned["drop"].as_array().unwrap().len(), 2, "{planned}");
    assert_eq!(prune(&world, &["--dry-run"])["drop"], planned["drop"], "and nothing has gone");
    let done = prune(&world, &[]);
    assert_eq!((&done["drop"], &done["dry_run"]), (&planned["drop"], &json!(false)));
    world.start_desk();
    world.start_agent();
    let status = world.status_when("all", |status| status["tickets"] == 2 && status["waiting_count"] == 0);
    assert_eq!(status["evidence"]["dropped"], 2);
    let tickets = world.tickets();
    let second = tickets.iter().find(|ticket| ticket.text("title").unwrap().contains("KeyError")).unwrap();
    let why = "its log was dropped from the workstation because";
    assert!(second.text("description").unwrap().contains(why), "{second:?}");
    let replies = world.site().find(&Find::new("Reply").fields(["content"]).limit(10)).unwrap();
    assert_eq!(replies.iter().filter(|reply| reply.text("content").unwrap().contains(why)).count(), 1);
}

/// Every `incident.json` that comes of the ways in which one is made is what its schema says.
#[test]
fn incident_json_is_what_its_schema_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema/incident.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let mut world = World::running();
    let session = json!({
        "v": 1, "type": "attach",
        "site": { "url": world.url(), "login": "alice" },
        "session": { "pid": 2764, "started": "2026-01-14T10:00:00Z", "login": "alice",
            "engine": { "name": "tk-maya", "instance": "tk-maya", "version": "v0.13.2" },
            "variables": { "OCIO": "/studio/config.ocio", "SECRET_KEY": "never", "TANK_CONTEXT": "a token" },
            "context": { "project": { "type": "Project", "id": 1, "name": "bunny" }, "task": null } },
    });
    let config = world.config();
    let config = config.to_str().unwrap().to_owned();
    let attached = world.run_with_stdin(&["attach", "--config", &config], &session.to_string());
    assert!(attached.status.success(), "{}", words(&attached));
    world.event("the session", |event| event["type"] == "session");
    world.append("tk-nuke.log", &record("19:48:00", "beside it"));
    world.append("tk-maya.log", &failure("19:49:11", "v1.0.0"));
    world.append("tk-houdini.log", "[ERROR sgtk.env.project.tk-houdini] no time, no process\n");
    world.status_when("both", |status| status["tickets"] == 2 && status["waiting_count"] == 0);
    let report = world.run(&["--config", &config, "report", "-m", "it hangs"]);
    assert!(report.status.success(), "{}", words(&report));
    world.status_when("the report", |status| status["tickets"] == 3 && status["waiting_count"] == 0);
    let all = archives(&world, 3);
    for archive in &all {
        let incident = incident(archive);
        let faults: Vec<String> = schema.iter_errors(&incident).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{faults:#?}\n{incident:#}");
    }
    let variables = &incident(
        all.iter().find(|archive| text(archive, "incident.json").contains("bad range")).unwrap(),
    )["session"]["variables"];
    assert_eq!(variables, &json!({ "OCIO": "/studio/config.ocio", "TANK_CONTEXT": "set" }));
    // One that is otherwise is found out.
    let mut other = incident(&all[0]);
    other["evidence"]["raw"] = json!("no");
    other["title"] = Value::Null;
    assert_eq!(schema.iter_errors(&other).count(), 2);
    world.stop_agent();
}
