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
        "place": null, "program": null, "program_exists": null, "switched_off": null, "this_program": null })
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

    // What the system would start: the program of the entry, with our arguments.
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
    let mut command = Command::new(status["program"].as_str().unwrap());
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
