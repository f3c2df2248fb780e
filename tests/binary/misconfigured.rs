//! `doctor` on a machine where nearly everything is wrong at once: each fault has its own line, with what to do.
//!
//! Faults that hide all others (settings that are no settings, a site that cannot be reached) are planted one at a time in
//! `doctor.rs`.

use crate::world::{World, error, json_lines, words};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Runs `doctor` as a user whose home folder is in this world.
fn lines(world: &World, config: &Path) -> Vec<Value> {
    let mut program = world.program();
    for name in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"] {
        program.env_remove(name);
    }
    program.env("HOME", world.path("user")).args(["--json", "doctor", "--config"]).arg(config);
    let output = program.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    json_lines(&output)
}

/// There is a line of this name and verdict that says so, and it says what to do.
fn is_named(lines: &[Value], (name, verdict, said, advice): (&str, &str, &str, &str)) {
    let has =
        |line: &&Value, field: &str, text: &str| line[field].as_str().is_some_and(|it| it.contains(text));
    let line = lines
        .iter()
        .filter(|line| line["name"] == name && line["verdict"] == verdict)
        .find(|line| has(line, "found", said));
    let line = line.unwrap_or_else(|| panic!("{name} does not say `{said}`: {lines:#?}"));
    assert!(has(&line, "advice", advice), "no `{advice}` in {line}");
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// An agent of an older version: it has the channel, and tells how it is.
fn start_older_agent(world: &World) {
    let state = world.path("state").join(world.url().trim_start_matches("http://").replace(':', "_"));
    fs::create_dir_all(&state).unwrap();
    let listener = UnixListener::bind(state.join("agent.sock")).unwrap();
    let status = json!({
        "type": "status", "v": 1, "version": "0.0.9", "pid": 77, "seen": 1, "waiting_count": 3, "now_ms": 0,
        "sources": [],
        "sessions": [{ "pid": 2764, "engine": "tk-nuke", "log_file": world.path("elsewhere/tk-nuke.log") }],
        "site": { "trouble": "the site refuses to create Ticket", "page": null, "url": world.url(), "last_contact_ms": null },
        "warnings": [{ "what": "state", "message": "no space left on device" }],
    });
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = String::new();
            let _ = BufReader::new(&stream).read_line(&mut request);
            let _ = writeln!(stream, "{status}");
        }
    });
}

/// A copy of the program as the Toolkit app makes them, by what it says and what its name says of that.
fn copy(world: &World, digest: &str, content: &str, mode: u32) {
    let folder = world.path("user/.local/share/tk-incident-programs").join(format!("0.0.9-{digest}"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("tk-incident"), content).unwrap();
    set_mode(&folder.join("tk-incident"), mode);
}

#[test]
fn every_one_of_the_planted_faults_has_its_own_line() {
    let mut world = World::new();
    world.clock_ahead_s = 3600;
    world.without = vec!["Ticket".to_owned()];
    world.start_desk();
    let url = world.url();
    world.set(&format!(
        "[site]\nurl = '{url}'\nproject_id = 77\ncredentials = {{ script_key_file = '{}' }}\n\
         [watch]\nfolders = ['nowhere', 'a-file', 'loop', 'other-names']\n\
         [ticket]\ntemplate = 'broken.j2'\n\
         [evidence]\nraw_log = 'yes, attach logs without redaction'",
        world.path("desk/script_key.toml").display()
    ));
    fs::write(world.path("broken.j2"), "{{ nonsense(").unwrap();
    fs::write(world.path("a-file"), "").unwrap();
    for folder in ["loop", "other-names", "elsewhere", "user/.shotgun/logs"] {
        fs::create_dir_all(world.path(folder)).unwrap();
    }
    // A link to itself cannot be opened by anybody, the superuser of a test machine included.
    symlink(world.path("loop/tk-loop.log"), world.path("loop/tk-loop.log")).unwrap();
    fs::write(world.path("other-names/maya.log"), "").unwrap();
    fs::write(world.path("elsewhere/tk-nuke.log"), "").unwrap();
    fs::write(world.path("user/.shotgun/logs/tk-maya.log"), "").unwrap();
    start_older_agent(&world);
    let state = world.path("state").join(url.trim_start_matches("http://").replace(':', "_"));
    set_mode(&state, 0o755);
    // The SHA-256 of `abc` begins with these digits.
    copy(&world, "ba7816bf8f01cfea", "abd", 0o755);
    fs::create_dir_all(world.path("user/.local/share/tk-incident-programs/empty")).unwrap();
    copy(&world, "ba7816bf8f01cfea-ba7816bf8f01cfea", "abc", 0o644);

    let removed = world.path("user/removed/tk-incident");
    fs::create_dir_all(removed.parent().unwrap()).unwrap();
    fs::copy(world.program().get_program(), &removed).unwrap();
    let mut on = Command::new(&removed);
    for name in ["XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"] {
        on.env_remove(name);
    }
    let made = on.args(["autostart", "on"]).env("HOME", world.path("user")).output().unwrap();
    assert!(made.status.success(), "{}", words(&made));
    fs::remove_file(&removed).unwrap();

    let lines = lines(&world, &world.config());
    let faults = [
        ("evidence", "warn", "every secret", "raw_log"),
        ("program", "fail", "is damaged", "remove its folder"),
        ("program", "fail", "no right to be run", "chmod 755"),
        ("state folder", "fail", "can be entered by others", "chmod 700"),
        ("ticket.template", "fail", "broken.j2", "mend it"),
        ("log folder", "warn", "`nowhere` is not there", "watch.folders"),
        ("log folder", "fail", "`a-file` cannot be read", "watch.folders"),
        ("log folder", "fail", "tk-loop.log` cannot be opened", "right to read"),
        ("log folder", "warn", "such as `maya.log`", "watch.patterns"),
        ("log folder", "warn", ".shotgun/logs/tk-maya.log` was written this week", "SHOTGUN_HOME"),
        ("log folder", "warn", "tk-nuke.log` of tk-nuke (process 2764) is not followed", "SHOTGUN_HOME"),
        ("agent", "warn", "0.0.9 runs as process 77", "`tk-incident stop`"),
        ("agent", "fail", "the site refuses to create Ticket", "3 steps waiting"),
        ("agent", "warn", "no space left on device", "tk-incident status"),
        ("autostart", "fail", "removed/tk-incident`, which is not there", "autostart on"),
        ("clock", "warn", "behind the site", "synchronise"),
        ("project", "fail", "project 77 is not there", "site.project_id"),
        ("ticket entity", "fail", "Ticket", "site.entity_type"),
    ];
    for fault in faults {
        is_named(&lines, fault);
    }
    let ill = lines.iter().filter(|line| line["type"] == "check" && line["verdict"] != "pass").count();
    assert_eq!(ill, faults.len(), "a fault has one line, and what is well has none: {lines:#?}");
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_an_agent_fails_there() {
    let mut world = World::new();
    world.start_desk();
    let config = world.config();
    fs::create_dir(world.path("locked")).unwrap();
    set_mode(&world.path("locked"), 0o555);
    // The superuser of a test machine may write everywhere, so there it is somebody else who looks.
    let is_root = fs::metadata(world.path("locked")).unwrap().uid() == 0;
    let mut program = world.program();
    if is_root {
        set_mode(world.folder.path(), 0o755);
        fs::copy(program.get_program(), world.path("tk-incident")).unwrap();
        let mut theirs = Command::new(world.path("tk-incident"));
        theirs.uid(65_534).gid(65_534).env_clear().current_dir("/");
        program = theirs;
    }
    program.env("HOME", "/nowhere").env("TK_INCIDENT_AGENT_STATE_DIR", world.path("locked/state"));
    let output = program.args(["--json", "doctor", "--config"]).arg(&config).output().unwrap();
    is_named(&json_lines(&output), ("state folder", "fail", "cannot be made in", "agent.state_dir"));
}

#[test]
fn a_site_where_tickets_may_not_be_made_is_told_by_the_agent_that_tried() {
    let mut world = World::new();
    world.faults = vec!["create:Ticket=refused".to_owned()];
    world.start_desk();
    world.start_agent();
    world.append("tk-maya.log", &error("one"));
    let is_tried = |step: &Value| step["attempts"].as_u64() >= Some(3);
    world.status_when("the third try", |status| status["waiting"].as_array().unwrap().iter().any(is_tried));
    is_named(&lines(&world, &world.config()), ("agent", "fail", "refused create Ticket", "the right"));
}
