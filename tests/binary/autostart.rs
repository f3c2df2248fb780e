//! `autostart`: made, shown, judged and removed; and what it starts at the next login.

use crate::world::{World, error, wait_for, words};
use serde_json::{Value, json};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// On Windows all worlds share the registry of the user who tests, and any test's agent mends an entry whose program is gone:
/// `cargo xtask test windows` runs these without others.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A user of this machine who has never had an entry.
struct User(World, #[expect(dead_code, reason = "held")] MutexGuard<'static, ()>);

impl User {
    fn new() -> User {
        User(World::new(), ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn program(&self) -> Command {
        let mut command = self.0.program();
        command.env("HOME", self.0.path("home")).env_remove("XDG_CONFIG_HOME").env_remove("XDG_RUNTIME_DIR");
        command
    }

    fn autostart(&self, arguments: &[&str]) -> Output {
        self.program().args(["--json", "autostart"]).args(arguments).output().unwrap()
    }

    fn status(&self) -> (Option<i32>, Value) {
        let output = self.autostart(&["status"]);
        (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
    }

    /// How the agent stands, once there is one.
    fn standing(&self) -> Option<Value> {
        let output = self.0.run(&["--json", "status"]);
        output.status.success().then(|| serde_json::from_slice(&output.stdout).unwrap())
    }

    /// The line of `doctor` about it.
    fn doctor(&self) -> Value {
        let output = self.program().args(["--json", "doctor"]).output().unwrap();
        let lines = String::from_utf8(output.stdout).unwrap();
        let checks = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        checks.into_iter().find(|check| check["name"] == "autostart").unwrap()
    }
}

impl Drop for User {
    /// On Windows there is one registry for all of a user's folders.
    fn drop(&mut self) {
        self.autostart(&["off"]);
        // What was attached runs on by itself.
        self.0.run(&["stop"]);
    }
}

#[test]
fn the_entry_comes_and_goes_and_starts_what_the_last_host_told() {
    let mut user = User::new();
    assert_eq!(
        user.status(),
        (
            Some(1),
            json!({ "type": "autostart", "v": 1, "on": false, "kind": null,
        "place": null, "program": null, "program_exists": null, "starter": null, "starter_exists": null,
        "switched_off": null, "this_program": null })
        )
    );
    assert_eq!(user.doctor()["verdict"], "pass");

    let made = user.autostart(&["on"]);
    assert!(made.status.success(), "{}", words(&made));
    let (code, status) = user.status();
    assert_eq!(code, Some(0));
    assert_eq!(
        (&status["on"], &status["program_exists"], &status["this_program"]),
        (&json!(true), &json!(true), &json!(true))
    );
    assert_eq!(user.doctor()["verdict"], "pass");

    assert_eq!(status["starter"].is_string(), cfg!(windows), "{status}");

    // What the system would start: the starter or the program of the entry, with our arguments.
    user.0.start_desk();
    let object = json!({ "v": 1, "type": "attach", "log_folder": user.0.path("home/logs"),
                         "site": { "url": user.0.url() }, "session": { "pid": 7 } });
    assert!(user.0.run_with_stdin(&["attach"], &object.to_string()).status.success());
    let agent =
        || user.standing().filter(|status| status["sessions"].as_array().is_some_and(|all| all.len() == 1));
    wait_for("the agent", agent, String::new);
    assert!(user.0.run(&["stop"]).status.success());
    user.0.append("tk-maya.log", &error("one"));
    let mut entry = user.program();
    let program = status["starter"].as_str().or(status["program"].as_str()).unwrap();
    let mut command = Command::new(program);
    command.args(["--quiet", "run", "--at-login"]);
    for (name, value) in entry.args(["unused"]).get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let mut started = command.current_dir(user.0.path("")).spawn().unwrap();
    let record = || user.standing().filter(|status| status["seen"] == 1);
    wait_for("the record of the night", record, String::new);
    assert!(user.0.run(&["stop"]).status.success());
    assert!(started.wait().unwrap().success());

    let removed = user.autostart(&["off"]);
    assert!(removed.status.success(), "{}", words(&removed));
    assert_eq!(user.status().1["on"], false);
}

#[test]
fn an_entry_whose_program_is_gone_is_named_and_a_newer_agent_mends_it() {
    let mut user = User::new();
    let copy = user.0.path("home").join(format!("tk-incident-old{}", std::env::consts::EXE_SUFFIX));
    std::fs::copy(user.program().get_program(), &copy).unwrap();
    let made = Command::new(&copy)
        .args(["autostart", "on"])
        .env("HOME", user.0.path("home"))
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_RUNTIME_DIR")
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", words(&made));
    assert_eq!(user.status().1["this_program"], false);
    std::fs::remove_file(&copy).unwrap();
    let (code, status) = user.status();
    assert_eq!((code, &status["program_exists"]), (Some(1), &json!(false)));
    let check = user.doctor();
    assert_eq!(check["verdict"], "fail");
    assert!(check["found"].as_str().unwrap().contains("tk-incident-old"), "{check}");

    user.0.start_desk();
    let object = json!({ "v": 1, "type": "attach", "site": { "url": user.0.url() }, "session": { "pid": 7 },
                         "log_folder": user.0.path("home/logs") });
    let mut attach = user.program();
    attach.arg("attach").stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null());
    let mut attach = attach.spawn().unwrap();
    std::io::Write::write_all(&mut attach.stdin.take().unwrap(), object.to_string().as_bytes()).unwrap();
    assert!(attach.wait().unwrap().success());
    wait_for("the entry", || (user.status().1["this_program"] == true).then_some(()), String::new);
}

/// Windows opens a window for a program of the console that it starts, so it starts another one.
#[cfg(windows)]
mod windowless {
    use super::*;
    use std::fs;
    use std::os::windows::process::CommandExt;
    use std::path::{Path, PathBuf};

    /// A record that is no incident.
    const FOLLOWED: &str = "2026-01-14 19:49:11,961 [2764 INFO sgtk.env] up\n";
    const NAMES: [&str; 2] = ["tk-incident.exe", "tk-incidentw.exe"];

    /// The folder that has both programs, spelled as the program itself does.
    fn built(user: &User) -> PathBuf {
        assert!(user.autostart(&["on"]).status.success());
        let status = user.status().1;
        let folder = Path::new(status["program"].as_str().unwrap()).parent().unwrap().to_owned();
        assert!(folder.join(NAMES[1]).exists(), "`cargo xtask test-windows` builds tk-incidentw.exe");
        folder
    }

    /// The field `Subsystem` of a program's header: 2 has no console, 3 gets one.
    fn subsystem(program: &Path) -> u16 {
        let bytes = fs::read(program).unwrap();
        let header = u32::from_le_bytes(bytes[0x3c..0x40].try_into().unwrap()) as usize;
        assert_eq!(&bytes[header..header + 4], b"PE\0\0");
        u16::from_le_bytes(bytes[header + 0x5c..header + 0x5e].try_into().unwrap())
    }

    fn run_key() -> String {
        let key = windows_registry::CURRENT_USER
            .options()
            .read()
            .open(r"Software\Microsoft\Windows\CurrentVersion\Run")
            .unwrap();
        key.get_string("tk-incident").unwrap()
    }

    /// Attaches as the app does, by the program of this folder; the agent follows then.
    fn attach(user: &User, folder: &Path) {
        user.0.append("tk-desktop.log", FOLLOWED);
        let object = json!({ "v": 1, "type": "attach", "log_folder": user.0.path("home/logs"),
                             "site": { "url": user.0.url() }, "session": { "pid": 7 } });
        let mut attach = of(user, &folder.join(NAMES[0]));
        attach.arg("attach").stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null());
        let mut attach = attach.spawn().unwrap();
        std::io::Write::write_all(&mut attach.stdin.take().unwrap(), object.to_string().as_bytes()).unwrap();
        assert!(attach.wait().unwrap().success());
        let follows = || user.standing().filter(|status| status["sources"][0]["position"] == FOLLOWED.len());
        wait_for("the agent", follows, || format!("{:#?}", user.standing()));
    }

    /// The exit code, and whatever was printed.
    fn ended(output: &Output) -> (Option<i32>, Vec<u8>) {
        (output.status.code(), [&output.stdout[..], &output.stderr].concat())
    }

    /// A program in the world of this user.
    fn of(user: &User, program: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, value) in user.program().get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.current_dir(user.0.path("")).stdin(std::process::Stdio::null());
        command
    }

    #[test]
    fn the_run_key_starts_an_agent_without_a_console_and_keeps_nobody_waiting() {
        let mut user = User::new();
        let folder = built(&user);
        assert_eq!(NAMES.map(|name| subsystem(&folder.join(name))), [3, 2]);
        let line = run_key();
        let starter = folder.join(NAMES[1]);
        let arguments = line.strip_prefix(&format!("\"{}\"", starter.display()));
        let arguments = arguments.unwrap_or_else(|| panic!("{line}"));

        user.0.start_desk();
        attach(&user, &folder);
        assert!(user.0.run(&["stop"]).status.success());
        user.0.append("tk-maya.log", &error("one"));
        // The agent outlives the test's patience: were our pipes its own, this would wait for its end.
        let started = of(&user, &starter).raw_arg(arguments).output().unwrap();
        assert_eq!(ended(&started), (Some(0), Vec::new()));
        let record = || user.standing().filter(|status| status["seen"] == 1);
        wait_for("the record of the night", record, String::new);
    }

    #[test]
    fn only_the_program_beside_it_is_started() {
        let mut user = User::new();
        let built = built(&user);
        user.0.start_desk();
        attach(&user, &built);
        assert!(user.0.run(&["stop"]).status.success());
        user.0.append("tk-maya.log", &error("one"));

        // Wine starts nothing at a path of more than 260 characters; what Windows is told of one is tested in the crate.
        let folder = user.0.path("home").join("김 하나의 도구");
        fs::create_dir_all(&folder).unwrap();
        let starter = folder.join(NAMES[1]);
        fs::hard_link(built.join(NAMES[1]), &starter).unwrap();
        // Without a program beside it nothing happens, and nobody is asked anything.
        let alone = of(&user, &starter).args(["--quiet", "run", "--at-login"]).output().unwrap();
        assert_eq!(ended(&alone), (Some(1), Vec::new()));
        // Nor with a file that is no program.
        fs::write(folder.join(NAMES[0]), "no program").unwrap();
        let broken = of(&user, &starter).args(["--quiet", "run", "--at-login"]).output().unwrap();
        assert_eq!(ended(&broken), (Some(1), Vec::new()));
        fs::remove_file(folder.join(NAMES[0])).unwrap();

        fs::hard_link(built.join(NAMES[0]), folder.join(NAMES[0])).unwrap();
        let started = of(&user, &starter).args(["--quiet", "run", "--at-login"]).output().unwrap();
        assert_eq!(ended(&started), (Some(0), Vec::new()));
        let record = || user.standing().filter(|status| status["seen"] == 1);
        wait_for("the record of the night", record, String::new);
    }

    #[test]
    fn an_entry_whose_starter_is_gone_is_named_and_one_that_came_is_taken() {
        let mut user = User::new();
        let (built, folder) = (built(&user), user.0.path("home").join("my tools"));
        fs::create_dir_all(&folder).unwrap();
        for name in NAMES {
            fs::hard_link(built.join(name), folder.join(name)).unwrap();
        }
        let status = |user: &User| {
            let output =
                of(user, &folder.join(NAMES[0])).args(["--json", "autostart", "status"]).output().unwrap();
            (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap())
        };
        let on = |user: &User| {
            assert!(
                of(user, &folder.join(NAMES[0])).args(["autostart", "on"]).output().unwrap().status.success()
            );
        };
        on(&user);
        let (code, with) = status(&user);
        assert_eq!(
            (code, &with["this_program"], &with["starter_exists"]),
            (Some(0), &json!(true), &json!(true))
        );

        fs::remove_file(folder.join(NAMES[1])).unwrap();
        let (code, gone) = status(&user);
        assert_eq!(
            (code, &gone["program_exists"], &gone["starter_exists"]),
            (Some(1), &json!(true), &json!(false))
        );
        let check = user.doctor();
        assert_eq!(check["verdict"], "fail");
        assert!(check["found"].as_str().unwrap().contains("tk-incidentw.exe"), "{check}");
        on(&user);
        let (code, without) = status(&user);
        assert_eq!(
            (code, &without["starter"], &without["this_program"]),
            (Some(0), &Value::Null, &json!(true))
        );

        fs::hard_link(built.join(NAMES[1]), folder.join(NAMES[1])).unwrap();
        user.0.start_desk();
        attach(&user, &folder);
        let taken = || (status(&user).1 == with).then_some(());
        wait_for("the entry", taken, || format!("{:#?}", status(&user)));
    }
}
