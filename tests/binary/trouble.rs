//! Bad input and bad luck: one clear message, `status` shows it, the agent goes on, nothing accepted is lost.

#[cfg(target_os = "linux")]
use crate::world::wait_for;
use crate::world::{World, closed_log, error, info, words};
use std::fs;
#[cfg(target_os = "linux")]
use std::process::Command;

#[test]
fn a_log_folder_that_is_not_there_yet_is_waited_for() {
    let mut world = World::new();
    fs::remove_dir_all(world.path("home")).unwrap();
    world.start_desk();
    world.start_agent();
    let warning = world.event("a warning", |event| event["type"] == "warning");
    assert!(warning["message"].as_str().unwrap().contains("no log folder there yet"), "{warning}");
    fs::create_dir_all(world.path("home/logs")).unwrap();
    world.append("tk-maya.log", &error("first_words"));
    world.status_when("the record", |status| {
        status["tickets"] == 1 && status["warnings"] == serde_json::json!([])
    });
}

#[test]
fn a_log_that_cannot_be_opened_is_told_once_and_followed_when_it_can_be() {
    let world = World::running();
    let let_go = closed_log(&world.log("tk-loop.log"));
    world.append("tk-maya.log", &error("neighbour"));
    let status = world.status_when("the warning", |status| {
        status["tickets"] == 1 && status["warnings"].to_string().contains("tk-loop.log")
    });
    assert!(status["warnings"].to_string().contains("cannot open the log"), "{status:#}");
    let_go();
    world.append("tk-loop.log", &error("readable_now"));
    world.status_when("both", |status| status["tickets"] == 2 && status["warnings"] == serde_json::json!([]));
    let told = world.events().iter().filter(|event| event["type"] == "warning").count();
    assert_eq!(told, 1, "{:#?}", world.events());
}

#[test]
fn bytes_that_are_no_text_cost_no_record() {
    let world = World::running();
    let mut bytes = b"\xef\xbb\xbf\xff\xfe\x00\x00 rubbish \x80\n".to_vec();
    bytes.extend(info("fine").into_bytes());
    bytes.extend(b"2026-01-14 19:49:11,961 [7 ERROR sgtk.env.project.tk-maya] \xbf\xa9\xb1\xe2 failed\r\n");
    bytes.extend(error("after_it").into_bytes());
    world.append_bytes("tk-maya.log", &bytes);
    let status = world.status_when("both records", |status| status["tickets"] == 2);
    assert_eq!(status["seen"], 2, "{status:#}");
}

#[test]
fn a_wrong_key_is_said_and_the_right_one_ends_the_waiting() {
    let mut world = World::new();
    world.start_desk();
    let key_file = world.path("desk/script_key.toml");
    let right = fs::read_to_string(&key_file).unwrap();
    let wrong: String = right
        .lines()
        .map(|line| {
            if line.starts_with("script_key") {
                "script_key = \"wrong\"\n".to_owned()
            } else {
                format!("{line}\n")
            }
        })
        .collect();
    fs::write(&key_file, wrong).unwrap();
    world.start_agent();
    world.append("tk-maya.log", &error("held"));
    let status = world.status_when("the refusal", |status| !status["site"]["trouble"].is_null());
    let trouble = status["site"]["trouble"].as_str().unwrap();
    assert!(trouble.to_lowercase().contains("authenticate"), "{trouble}");
    assert!(!status.to_string().contains("\"wrong\""), "{status:#}");
    fs::write(&key_file, right).unwrap();
    world.status_when("the ticket", |status| status["tickets"] == 1 && status["site"]["trouble"].is_null());
}

#[test]
fn a_site_without_tickets_holds_everything_and_says_what_to_do() {
    let mut world = World::new();
    world.without = vec!["Ticket".to_owned()];
    world.start_desk();
    world.start_agent();
    for _ in 0..3 {
        world.append("tk-maya.log", &error("held"));
    }
    let status = world
        .status_when("the trouble", |status| status["seen"] == 3 && !status["site"]["trouble"].is_null());
    assert!(status["site"]["trouble"].as_str().unwrap().contains("Ticket"), "{status:#}");
    assert_eq!(status["outcomes"], serde_json::json!({ "spooled": 1, "duplicate": 2 }));
    world.stop_desk();
    world.without.clear();
    world.start_desk();
    world.status_when("the ticket", |status| status["tickets"] == 1 && status["waiting_count"] == 0);
    assert_eq!(world.tickets()[0].number("sg_incident_count"), Some(3));
}

#[test]
fn a_site_that_refuses_connections_is_told_with_its_address() {
    let mut world = World::new();
    // Taken and given back: nobody listens there now.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    world.set(&format!(
        "[site]\nurl = 'http://{free}'\nproject_id = 1\ncredentials = {{ script_key_file = 'key.toml' }}"
    ));
    let key = world.path("key.toml");
    fs::write(&key, "script_name = 'agent'\nscript_key = 'some key'\n").unwrap();
    #[cfg(unix)]
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    world.start_agent();
    world.append("tk-maya.log", &error("waits"));
    let status = world.status_when("the trouble", |status| !status["site"]["trouble"].is_null());
    assert!(status["site"]["trouble"].as_str().unwrap().contains(&free.to_string()), "{status:#}");
    assert_eq!(status["waiting"][0]["what"], "ticket");
}

/// An agent whose files can be limited in size later, which stands in for a full disk.
#[cfg(target_os = "linux")]
fn start_limitable_agent(world: &mut World) {
    let config = world.config();
    let mut command = Command::new("sh");
    // The system would end a process that writes past its limit; ignored signals stay so in what is started.
    command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(world.program().get_program());
    command.args(["--json", "run", "--config"]).arg(config);
    for (name, value) in world.program().get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    world.start_agent_with(command);
}

#[cfg(target_os = "linux")]
fn limit_files(world: &World, soft: &str) {
    let pid = world.agent_pid().to_string();
    let set = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={soft}:unlimited")]).status();
    assert!(set.expect("prlimit of util-linux").success());
}

#[cfg(target_os = "linux")]
#[test]
fn a_state_that_cannot_be_written_is_said_and_nothing_is_lost_by_it() {
    let mut world = World::new();
    world.start_desk();
    start_limitable_agent(&mut world);
    world.append("tk-maya.log", &error("before"));
    world.status_when("the first ticket", |status| status["tickets"] == 1);
    limit_files(&world, "4096");
    for name in ["full_a", "full_b", "full_b"] {
        world.append("tk-maya.log", &error(name));
    }
    let warning = world.event("a warning", |event| event["type"] == "warning" && event["what"] == "state");
    assert!(warning["message"].as_str().unwrap().contains("nothing is lost"), "{warning}");
    world.append("tk-maya.log", &error("full_c"));
    limit_files(&world, "unlimited");
    let status = world.status_when("everything", |status| status["seen"] == 5 && status["tickets"] == 4);
    assert_eq!(status["outcomes"], serde_json::json!({ "filed": 4, "duplicate": 1 }));
    assert_eq!(status["warnings"], serde_json::json!([]));
    let told = world.events().iter().filter(|event| event["type"] == "warning").count();
    assert_eq!(told, 1, "{:#?}", world.events());
}

#[cfg(target_os = "linux")]
#[test]
fn a_ticket_that_waited_goes_out_while_the_state_cannot_be_written_and_is_not_filed_twice() {
    let mut world = World::new();
    world.start_desk();
    world.stop_desk();
    start_limitable_agent(&mut world);
    world.append("tk-maya.log", &error("waits"));
    world.status_when("the trouble", |status| status["seen"] == 1 && !status["site"]["trouble"].is_null());
    limit_files(&world, "4096");
    world.start_desk();
    wait_for("the ticket", || (world.tickets().len() == 1).then_some(()), || format!("{:#}", world.status()));
    world.event("a warning", |event| event["type"] == "warning" && event["what"] == "state");
    world.kill_agent();
    world.start_agent();
    let status = world.status_when("all to be done", |status| status["waiting_count"] == 0);
    assert_eq!(status["outcomes"], serde_json::json!({ "filed": 1 }));
    let tickets = world.tickets();
    assert_eq!(tickets.len(), 1, "{tickets:#?}");
    assert_eq!(tickets[0].links("attachments").len(), 2);
}

#[cfg(target_os = "linux")]
#[test]
fn a_restart_while_the_state_cannot_be_written_repeats_and_loses_nothing() {
    let mut world = World::new();
    world.start_desk();
    start_limitable_agent(&mut world);
    world.append("tk-maya.log", &error("before"));
    world.status_when("the first ticket", |status| status["tickets"] == 1);
    limit_files(&world, "4096");
    for name in ["full_a", "full_b", "full_b"] {
        world.append("tk-maya.log", &error(name));
    }
    world.event("a warning", |event| event["type"] == "warning" && event["what"] == "state");
    world.kill_agent();
    world.append("tk-maya.log", &error("full_a"));
    world.start_agent();
    let status =
        world.status_when("everything", |status| status["seen"] == 5 && status["waiting_count"] == 0);
    assert_eq!(status["outcomes"], serde_json::json!({ "filed": 3, "duplicate": 2 }), "{status:#}");
    let counts: Vec<_> = world.tickets().iter().map(|row| row.number("sg_incident_count")).collect();
    assert_eq!(counts, [Some(1), Some(2), Some(2)]);
}

/// Windows removes no folder in which a file is open.
#[cfg(unix)]
#[test]
fn a_state_folder_that_is_removed_under_a_running_agent_is_made_again_with_all_that_was_in_it() {
    let mut world = World::running();
    world.append("tk-maya.log", &error("before"));
    let status =
        world.status_when("the ticket", |status| status["tickets"] == 1 && status["waiting_count"] == 0);
    fs::remove_dir_all(std::path::Path::new(status["state"].as_str().unwrap())).unwrap();
    world.append("tk-maya.log", &error("after"));
    world.append("tk-maya.log", &error("before"));
    let warning = world.event("a warning", |event| event["type"] == "warning" && event["what"] == "state");
    assert!(warning["message"].as_str().unwrap().contains("was deleted"), "{warning}");
    world.event("the ticket", |event| {
        event["type"] == "ticket" && event["title"].as_str().unwrap().contains("after")
    });
    let status = world.status_when("the count", |status| status["seen"] == 3 && status["waiting_count"] == 0);
    assert_eq!(status["outcomes"], serde_json::json!({ "filed": 2, "duplicate": 1 }));
    let told = world.events().iter().filter(|event| event["type"] == "warning").count();
    assert_eq!(told, 1, "{:#?}", world.events());
    // The lock is there again too.
    let config = world.config();
    let second = world.run(&["run", "--config", config.to_str().unwrap()]);
    assert_eq!(second.status.code(), Some(4), "{}", words(&second));
    world.kill_agent();
    world.start_agent();
    world.append("tk-maya.log", &error("after"));
    world.status_when("the next one", |status| status["seen"] == 4 && status["tickets"] == 2);
}

#[test]
fn a_state_of_a_newer_version_is_left_alone() {
    let mut world = World::running();
    let state = std::path::PathBuf::from(world.status()["state"].as_str().unwrap());
    world.kill_agent();
    let database = rusqlite_version(&state.join("state.db"), 99);
    let config = world.config();
    let output = world.run(&["run", "--config", config.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{}", words(&output));
    assert!(words(&output).contains("newer"), "{}", words(&output));
    assert_eq!(fs::read(state.join("state.db")).unwrap(), database, "it must not have been touched");
}

/// Sets the schema version in the file's header, where SQLite keeps it, and returns the file as it is then.
fn rusqlite_version(path: &std::path::Path, version: u32) -> Vec<u8> {
    // What the killed agent left in the write-ahead log would win over the header: fold it in by opening once.
    let mut bytes = fs::read(path).unwrap();
    bytes[60..64].copy_from_slice(&version.to_be_bytes());
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", path.display()));
    }
    fs::write(path, &bytes).unwrap();
    bytes
}

#[test]
fn no_project_is_said_for_the_ticket_that_waits_for_one() {
    let mut world = World::new();
    world.start_desk();
    world.set(&format!(
        "[site]\nurl = '{}'\ncredentials = {{ script_key_file = '{}' }}",
        world.url(),
        world.path("desk/script_key.toml").display()
    ));
    world.start_agent();
    world.append("tk-maya.log", &error("homeless"));
    let status =
        world.status_when("the reason", |status| status["waiting"].to_string().contains("no project"));
    let waiting = status["waiting"].as_array().unwrap();
    let ticket = waiting.iter().find(|step| step["what"] == "ticket").unwrap();
    assert!(ticket["why"].as_str().unwrap().contains("site.project_id"), "{status:#}");
    let log = waiting.iter().find(|step| step["what"] == "log").unwrap();
    assert_eq!(log["why"], "its ticket comes first");
}
