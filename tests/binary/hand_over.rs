//! Hand-over: a newer program takes the place of an older one while hosts write, and nobody notices.

use crate::world::{World, error, is_alive, wait_for, words};
use serde_json::{Value, json};
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The program under test, saying that it is of another version.
struct Program(PathBuf);

impl Program {
    fn of_version(world: &World, version: &str) -> Program {
        let mark = concat!("tk-incident-version:", env!("CARGO_PKG_VERSION"));
        let other = format!("tk-incident-version:{version}");
        assert_eq!(mark.len(), other.len(), "another version is written over ours");
        let mut bytes = fs::read(world.program().get_program()).unwrap();
        let places: Vec<usize> = memchr::memmem::find_iter(&bytes, mark.as_bytes()).collect();
        assert!(!places.is_empty());
        for place in places {
            bytes[place..place + other.len()].copy_from_slice(other.as_bytes());
        }
        let path = world.path(&format!("tk-incident-{version}{}", std::env::consts::EXE_SUFFIX));
        fs::write(&path, bytes).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        Program(path)
    }

    /// As in this world, but with this program.
    fn command(&self, world: &World) -> Command {
        let usual = world.program();
        let mut command = Command::new(&self.0);
        for (name, value) in usual.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.current_dir(world.folder.path()).stdin(Stdio::null());
        command
    }

    fn attach(&self, world: &World, pid: u32) -> Output {
        let session = json!({
            "v": 1, "type": "attach", "log_folder": world.path("home/logs"), "session": { "pid": pid, "started": "today" },
        });
        let mut command = self.command(world);
        command.args(["attach", "--config"]).arg(world.config());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A program that another test starts at this moment holds a copy of the open file until it runs: "text file busy".
        let mut child = wait_for("the program", || command.spawn().ok(), String::new);
        child.stdin.take().unwrap().write_all(session.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", words(&output));
        output
    }
}

/// The status, once it is as wanted: between two agents nobody answers.
fn status_when(world: &World, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let asked = || world.run(&["--json", "status"]);
    let status = || serde_json::from_slice(&asked().stdout).ok();
    wait_for(what, || status().filter(&fits), || words(&asked()))
}

/// What runs, once it is of this version.
fn running(world: &World, version: &str) -> Value {
    status_when(world, version, |status| status["version"] == version)
}

fn of_versions(world: &World, versions: &[&str]) -> Vec<Program> {
    versions.iter().map(|version| Program::of_version(world, version)).collect()
}

/// A connection to the agent, as the Toolkit app has one.
#[cfg(unix)]
fn connect(channel: &str) -> impl Read + Write + use<> {
    std::os::unix::net::UnixStream::connect(channel).unwrap()
}

#[cfg(windows)]
fn connect(channel: &str) -> impl Read + Write + use<> {
    // Each instance of a pipe serves one; the next one is there in a moment.
    let open = || OpenOptions::new().read(true).write(true).open(channel).ok();
    wait_for("the channel", open, String::new)
}

#[test]
fn the_newest_program_runs_whoever_comes_first() {
    let mut world = World::new();
    world.start_desk();
    let programs = of_versions(&world, &["0.1.1", "0.2.0"]);
    let [older, newer] = &programs[..] else { unreachable!() };
    let told: Value = serde_json::from_slice(&older.attach(&world, 1).stdout).unwrap();
    assert_eq!(told["version"], "0.1.1");
    let first = running(&world, "0.1.1");
    let mut listener = connect(told["channel"].as_str().unwrap());
    writeln!(listener, "{}", json!({ "v": 1, "type": "listen", "pid": 1, "started": "today" })).unwrap();

    // Two newer ones at once: one takes over, and the other gives it its session.
    std::thread::scope(|scope| {
        scope.spawn(|| newer.attach(&world, 2));
        scope.spawn(|| newer.attach(&world, 3));
    });
    let second = status_when(&world, "all sessions with the newer one", |status| {
        status["version"] == "0.2.0" && status["sessions"].as_array().unwrap().len() == 3
    });
    let pid = |status: &Value| u32::try_from(status["pid"].as_u64().unwrap()).unwrap();
    let mut heard = String::new();
    listener.read_to_string(&mut heard).unwrap();
    let last: Value = serde_json::from_str(heard.lines().last().unwrap()).unwrap();
    assert_eq!(last, json!({ "v": 1, "type": "bye", "reason": "taken_over" }));
    wait_for("the older one's end", || (!is_alive(pid(&first))).then_some(()), String::new);

    // The older one comes again: it talks to the newer agent and lets it be.
    let told: Value = serde_json::from_slice(&older.attach(&world, 4).stdout).unwrap();
    assert_eq!(told["version"], "0.2.0");
    let third =
        status_when(&world, "four sessions", |status| status["sessions"].as_array().unwrap().len() == 4);
    assert_eq!(pid(&third), pid(&second));

    // A person's own `run` takes nobody's place, however new.
    let newest = Program::of_version(&world, "0.3.0");
    let config = world.config();
    let refused = newest.command(&world).arg("run").arg("--config").arg(&config).output().unwrap();
    assert_eq!(refused.status.code(), Some(4), "{}", words(&refused));
    assert_eq!(pid(&world.status()), pid(&second));
}

#[test]
fn twenty_hand_overs_in_a_row_lose_nothing_and_count_nothing_twice() {
    const PROBLEMS: [&str; 4] = ["first", "second", "third", "fourth"];
    let mut world = World::new();
    world.start_desk();
    // The log is there before the first agent: what is written from then on counts.
    world.append("tk-maya.log", "");
    let first = Program::of_version(&world, "0.2.0");
    first.attach(&world, 1);
    status_when(&world, "following", |status| !status["sources"].as_array().unwrap().is_empty());

    let over = Arc::new(AtomicBool::new(false));
    let (log, stop) = (world.log("tk-maya.log"), Arc::clone(&over));
    let writing = std::thread::spawn(move || write_until(&log, &PROBLEMS, &stop));
    let mut last = first;
    for number in 0..20 {
        let version = format!("{}.{}.0", 1 + number / 10, number % 10);
        let next = Program::of_version(&world, &version);
        next.attach(&world, 1);
        running(&world, &version);
        // As large as the program. Windows removes it once its process is gone.
        wait_for("the older program's file", || fs::remove_file(&last.0).ok(), String::new);
        last = next;
    }
    over.store(true, Ordering::SeqCst);
    let written = writing.join().unwrap();
    assert!(written.iter().all(|count| *count > 20), "errors all the time: {written:?}");
    let status = status_when(&world, "everything is seen", |status| {
        status["seen"].as_u64() >= Some(written.iter().sum()) && status["waiting_count"] == 0
    });
    assert_eq!(status["seen"].as_u64(), Some(written.iter().sum()), "{status:#}");
    assert_eq!(status["gaps"], json!([]));
    let tickets = world.tickets();
    for (name, count) in PROBLEMS.iter().zip(&written) {
        let theirs: Vec<i64> = tickets
            .iter()
            .filter(|ticket| ticket.text("title").unwrap().contains(&format!("in {name}.{name}")))
            .map(|ticket| ticket.number("sg_incident_count").unwrap())
            .collect();
        assert_eq!(theirs, [i64::try_from(*count).unwrap()], "{name} {tickets:#?}");
    }
    assert_eq!(tickets.len(), PROBLEMS.len());
}

/// Writes errors, one problem after the other, until told to stop; how many of each.
fn write_until(log: &Path, problems: &[&str], stop: &AtomicBool) -> Vec<u64> {
    let mut written = vec![0; problems.len()];
    let mut file = OpenOptions::new().append(true).open(log).unwrap();
    while !stop.load(Ordering::SeqCst) {
        for (name, count) in problems.iter().zip(&mut written) {
            file.write_all(error(name).as_bytes()).unwrap();
            *count += 1;
        }
        // A host that fails a few hundred times a second.
        std::thread::sleep(Duration::from_millis(10));
    }
    written
}
