//! The control channel: what an app meets that talks to the agent itself.

use crate::world::{World, error, wait_for, words};
use flow::Site;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(unix)]
type Stream = std::os::unix::net::UnixStream;
#[cfg(windows)]
type Stream = std::fs::File;

#[cfg(unix)]
fn reached(channel: &Path) -> std::io::Result<Stream> {
    let stream = Stream::connect(channel)?;
    stream.set_read_timeout(Some(crate::world::PATIENCE))?;
    Ok(stream)
}

#[cfg(windows)]
fn reached(channel: &Path) -> std::io::Result<Stream> {
    std::fs::File::options().read(true).write(true).open(channel)
}

/// One request over the channel, as a program of a studio would send it.
fn asked(channel: &Path, request: &str) -> std::io::Result<Value> {
    let mut stream = reached(channel)?;
    stream.write_all(request.as_bytes())?;
    stream.write_all(b"\n")?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    serde_json::from_str(&line).map_err(std::io::Error::other)
}

/// Attaches; returns what was printed.
fn attached(world: &World, object: &Value) -> Value {
    let config = world.config();
    let output = world.run_with_stdin(&["attach", "--config", config.to_str().unwrap()], &object.to_string());
    assert!(output.status.success(), "{}", words(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn channel(printed: &Value) -> PathBuf {
    PathBuf::from(printed["channel"].as_str().unwrap())
}

/// A connection that listens, for the session of a process.
struct Listener(BufReader<Stream>);

impl Listener {
    fn of(channel: &Path, pid: u32) -> Listener {
        let mut stream = reached(channel).unwrap();
        writeln!(stream, "{}", json!({ "v": 1, "type": "listen", "pid": pid, "started": "today" })).unwrap();
        let mut listener = Listener(BufReader::new(stream));
        assert_eq!(listener.hears()["ok"], true);
        listener
    }

    fn hears(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Nothing but the end is left to hear.
    fn ends(mut self) {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
    }
}

fn session(world: &World, pid: u32) -> Value {
    json!({
        "v": 1, "type": "attach", "site": { "url": world.url() }, "log_folder": world.path("home/logs"),
        "session": { "pid": pid, "started": "today" },
    })
}

fn pids(status: &Value) -> Vec<u64> {
    let sessions = status["sessions"].as_array().unwrap().iter();
    let mut pids: Vec<u64> = sessions.map(|session| session["pid"].as_u64().unwrap()).collect();
    pids.sort_unstable();
    pids
}

#[test]
fn attach_says_where_the_agent_is_before_it_is_up_and_it_is_there() {
    let mut world = World::new();
    world.start_desk();
    let object = session(&world, 77);
    let first = attached(&world, &object);
    assert_eq!(
        (&first["ok"], &first["v"], &first["version"]),
        (&json!(true), &json!(1), &json!(env!("CARGO_PKG_VERSION")))
    );
    let channel = channel(&first);
    let answer = wait_for("the agent", || asked(&channel, r#"{"v":1,"type":"status"}"#).ok(), String::new);
    assert_eq!(answer["site"]["url"], world.url());
    assert_eq!(attached(&world, &object), first, "the second one says the same of the agent that runs");

    let foreign = asked(&channel, r#"{"v":1,"type":"dance"}"#).unwrap();
    assert_eq!((&foreign["ok"], &foreign["code"]), (&json!(false), &json!("not_understood")));
    let later = asked(&channel, r#"{"v":2,"type":"stop"}"#).unwrap();
    assert_eq!(later["code"], "not_understood");
    assert_eq!(asked(&channel, "}{").unwrap()["code"], "malformed");
}

#[test]
fn who_listens_hears_the_agent_end_and_the_agent_hears_who_listened_end() {
    let world = World::running();
    let first = attached(&world, &session(&world, 71));
    attached(&world, &session(&world, 72));
    world.status_when("both sessions", |status| pids(status) == [71, 72]);
    let channel = channel(&first);
    let mut stays = Listener::of(&channel, 71);
    let goes = Listener::of(&channel, 72);
    let again = Listener::of(&channel, 72);
    drop(goes);
    // The same session listens on another connection.
    attached(&world, &session(&world, 73));
    world.status_when("three sessions", |status| pids(status) == [71, 72, 73]);
    drop(again);
    world.status_when("the session of the process that is gone ends", |status| pids(status) == [71, 73]);

    let mut world = world;
    world.stop_agent();
    assert_eq!(stays.hears(), json!({ "v": 1, "type": "bye", "reason": "stopped" }));
    stays.ends();
}

#[test]
fn a_session_that_is_over_is_renewed_by_who_listens_and_nobody_is_asked_twice() {
    let mut world = World::new();
    world.start_desk();
    let site = format!("[site]\nurl = '{}'\nproject_id = 1\ncredentials = 'toolkit'", world.url());
    world.set(&site);
    world.start_agent();
    let mut object = session(&world, 71);
    object["site"]["login"] = json!("alice");
    object["site"]["session_token"] = json!("a-session-that-is-over");
    let channel = channel(&attached(&world, &object));
    let mut listener = Listener::of(&channel, 71);
    world.append("tk-maya.log", &error("waits"));
    assert_eq!(listener.hears(), json!({ "v": 1, "type": "renew" }));

    let renew = |token: &str| {
        let site = json!({ "url": world.url(), "login": "alice", "session_token": token });
        asked(&channel, &json!({ "v": 1, "type": "renew", "site": site }).to_string()).unwrap()
    };
    // An app that has not noticed yet: nothing changes.
    assert_eq!(renew("a-session-that-is-over")["ok"], true);
    world.status_when("nobody signed in", |status| {
        status["site"]["trouble"].as_str().is_some_and(|trouble| trouble.contains("the session is over"))
    });
    assert!(world.tickets().is_empty());
    assert_eq!(renew(world.site().session_token().unwrap().expose_secret())["ok"], true);
    world.expect_tickets(&[("alice - ValueError", 1)]);
    world.stop_agent();
    // In all that time, one question.
    assert_eq!(listener.hears()["type"], "bye");
}

#[test]
fn what_was_answered_ok_is_done_however_late_it_came() {
    let mut world = World::running();
    let channel = channel(&attached(&world, &session(&world, 1)));
    let count = Arc::new(AtomicUsize::new(0));
    let asking: Vec<_> = (1..=4)
        .map(|app| {
            let (channel, object, count) = (channel.clone(), session(&world, 0), Arc::clone(&count));
            std::thread::spawn(move || {
                let mut promised = Vec::new();
                for pid in app * 1000..app * 1000 + 100 {
                    let mut object = object.clone();
                    object["session"]["pid"] = json!(pid);
                    match asked(&channel, &object.to_string()) {
                        Ok(answer) if answer["ok"] == true => {
                            promised.push(pid);
                            count.fetch_add(1, Ordering::Relaxed);
                        }
                        Ok(answer) => {
                            assert_eq!(answer["code"], "stopping", "{answer}");
                            break;
                        }
                        // A pipe of Windows that is busy with the others.
                        Err(error) if error.raw_os_error() == Some(231) => {}
                        Err(_) => break,
                    }
                }
                promised
            })
        })
        .collect();
    // In the middle of it, and soon: each session that waits when the agent ends takes it a moment.
    wait_for("some sessions", || (count.load(Ordering::Relaxed) > 20).then_some(()), String::new);
    wait_for("the stop", || asked(&channel, r#"{"v":1,"type":"stop"}"#).ok(), String::new);
    let promised: Vec<u64> = asking.into_iter().flat_map(|app| app.join().unwrap()).collect();
    let is_gone = || (world.run(&["status"]).status.code() == Some(1)).then_some(());
    wait_for("the agent's end", is_gone, || words(&world.run(&["status"])));
    world.kill_agent();
    world.start_agent();
    let kept = pids(&world.status());
    let lost: Vec<u64> = promised.into_iter().filter(|pid| !kept.contains(pid)).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn agents_of_two_sites_run_side_by_side_and_who_is_meant_is_said() {
    let mut world = World::new();
    world.start_desk();
    let mut elsewhere = World::new();
    elsewhere.start_desk();
    let mut urls = [world.url(), elsewhere.url()];
    urls.sort();
    for (pid, url) in [(1, &urls[0]), (2, &urls[1])] {
        let object = json!({ "v": 1, "type": "attach", "site": { "url": url }, "session": { "pid": pid } });
        let output = world.run_with_stdin(&["attach"], &object.to_string());
        assert!(output.status.success(), "{}", words(&output));
    }
    let status = || -> Option<Value> {
        let output = world.run(&["--json", "status"]);
        serde_json::from_slice(&output.stdout).ok()
    };
    let both =
        || status().filter(|status| status["others"].as_array().is_some_and(|others| others.len() == 1));
    let status = wait_for("both agents", both, || words(&world.run(&["--json", "status"])));
    assert_eq!((&status["site"]["url"], &status["others"][0]["site"]), (&json!(urls[0]), &json!(urls[1])));

    for command in [&["flush"][..], &["report", "-m", "broken"], &["mute", "1", "--reason", "known"]] {
        let refused = world.run(command);
        assert_eq!(refused.status.code(), Some(2), "{}", words(&refused));
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(urls.iter().all(|url| said.contains(url.as_str())), "{said}");
    }
    for url in &urls {
        let of_site = |arguments: &[&str]| {
            world.program().env("TK_INCIDENT_SITE_URL", url).args(arguments).output().unwrap()
        };
        let status: Value = serde_json::from_slice(&of_site(&["--json", "status"]).stdout).unwrap();
        assert_eq!((&status["site"]["url"], &status["others"]), (&json!(url), &json!([])));
        let flushed = of_site(&["flush"]);
        assert!(flushed.status.success(), "{}", words(&flushed));
    }
    let stopped = world.run(&["stop"]);
    assert!(stopped.status.success(), "{}", words(&stopped));
    assert_eq!(world.run(&["status"]).status.code(), Some(1), "stop means all of them");
}

/// Where the other user's process finds the socket.
#[cfg(target_os = "linux")]
const SOCKET: &str = "TEST_SOCKET_OF_ANOTHER_USER";

/// Not a test by itself: what [`nobody_but_the_user_is_heard_or_told_anything`] runs as another user.
#[cfg(target_os = "linux")]
#[test]
fn speaks_as_another_user() {
    let Some(socket) = std::env::var_os(SOCKET) else { return };
    let mut stream = reached(Path::new(&socket)).expect("the socket was opened to everybody");
    // It may hang up before the request is written.
    let _ = stream.write_all(b"{\"v\":1,\"type\":\"status\"}\n");
    let mut heard = String::new();
    let _ = stream.read_to_string(&mut heard);
    assert_eq!(heard, "");
}

#[cfg(target_os = "linux")]
fn as_nobody(command: &mut std::process::Command) -> std::process::Output {
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65_534;
    command.uid(NOBODY).gid(NOBODY);
    // A program that another test starts at this moment holds a copy of the open file until it runs: "text file busy".
    wait_for("a process of another user", || command.output().ok(), String::new)
}

#[cfg(target_os = "linux")]
#[test]
fn nobody_but_the_user_is_heard_or_told_anything() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let world = World::running();
    if std::fs::metadata(world.folder.path()).unwrap().uid() != 0 {
        eprintln!("NOT TESTED: only root can play two users");
        return;
    }
    let socket = channel(&attached(&world, &session(&world, 1)));
    // As if somebody had opened everything on the way.
    let open = |path: &Path| std::fs::set_permissions(path, PermissionsExt::from_mode(0o777)).unwrap();
    socket.ancestors().take_while(|path| path.starts_with(world.folder.path())).for_each(open);
    let program = world.path("tk-incident");
    std::fs::copy(world.program().get_program(), &program).unwrap();
    let test = world.path("test");
    std::fs::copy(std::env::current_exe().unwrap(), &test).unwrap();

    let mut speaks = std::process::Command::new(&test);
    speaks.args(["--exact", "channel::speaks_as_another_user", "--nocapture"]);
    let speaks = as_nobody(speaks.env(SOCKET, &socket));
    assert!(speaks.status.success(), "{}", words(&speaks));
    assert!(String::from_utf8_lossy(&speaks.stdout).contains("1 passed"), "{}", words(&speaks));
    assert_eq!(asked(&socket, r#"{"v":1,"type":"status"}"#).unwrap()["type"], "status", "the user is heard");

    // The other way round: the program of another user finds an agent that is not its user's.
    let mut asks = std::process::Command::new(&program);
    asks.args(["status", "--config"]).arg(world.config());
    let asks = as_nobody(asks.env("TK_INCIDENT_AGENT_STATE_DIR", world.path("state")));
    assert!(String::from_utf8_lossy(&asks.stderr).contains("not this user's"), "{}", words(&asks));
}

#[cfg(unix)]
#[test]
fn an_agent_that_hangs_holds_up_nobody_for_ever() {
    use socket2::{Domain, SockAddr, Socket, Type};
    let mut world = World::new();
    world.start_desk();
    let folder = world.path("state").join(world.url().replace("http://", "").replace(':', "_"));
    std::fs::create_dir_all(&folder).unwrap();
    let address = SockAddr::unix(folder.join("agent.sock")).unwrap();
    let socket = || Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    let hangs = socket();
    hangs.bind(&address).unwrap();
    hangs.listen(1).unwrap();
    // Until no more are queued.
    let mut waiting = Vec::new();
    loop {
        let one_more = socket();
        one_more.set_nonblocking(true).unwrap();
        if one_more.connect(&address).is_err() {
            break;
        }
        waiting.push(one_more);
    }
    let config = world.config();
    let status = world.run(&["status", "--config", config.to_str().unwrap()]);
    assert_eq!(status.status.code(), Some(70), "{}", words(&status));
    assert!(String::from_utf8_lossy(&status.stderr).contains("does not answer"), "{}", words(&status));
}

/// A state folder deeper than the name of a socket may be, so that its socket goes to the runtime folder.
#[cfg(unix)]
fn deep(world: &World) -> PathBuf {
    world.path(&"deep".repeat(30))
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_a_trap_is_not_used_for_the_socket_and_the_agent_is_found_elsewhere() {
    let mut world = World::new();
    world.start_desk();
    std::fs::create_dir_all(world.path("runtime")).unwrap();
    std::fs::create_dir(world.path("somewhere")).unwrap();
    std::os::unix::fs::symlink(world.path("somewhere"), world.path("runtime/tk-incident")).unwrap();
    let (config, state) = (world.config(), deep(&world));
    let of_agent = |arguments: &[&str]| {
        let mut command = world.program();
        command.args(arguments).arg("--config").arg(&config);
        command.env("TK_INCIDENT_AGENT_STATE_DIR", &state).env("XDG_RUNTIME_DIR", world.path("runtime"));
        command.env("TMPDIR", world.folder.path());
        command
    };
    let run = of_agent(&["--json", "run"]);
    let (status, stop) = (of_agent(&["--json", "status"]), of_agent(&["stop"]));
    world.start_agent_with(run);
    let warning = world.event("a warning", |event| event["type"] == "warning");
    assert_eq!(warning["what"], "control channel");
    assert!(warning["message"].as_str().unwrap().contains("another user's"), "{warning}");
    assert_eq!(std::fs::read_dir(world.path("somewhere")).unwrap().count(), 0);
    let output = { status }.output().unwrap();
    assert!(output.status.success(), "{}", words(&output));
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(status["warnings"][0]["what"], "control channel", "{status}");
    let stopped = { stop }.output().unwrap();
    assert!(stopped.status.success(), "{}", words(&stopped));
}

#[cfg(unix)]
#[test]
fn programs_with_another_runtime_folder_find_the_agent_by_what_it_has_written() {
    let mut world = World::new();
    world.start_desk();
    let (config, state) = (world.config(), deep(&world));
    let of_agent = |runtime: &str, arguments: &[&str]| {
        std::fs::create_dir_all(world.path(runtime)).unwrap();
        let mut command = world.program();
        command.args(arguments).arg("--config").arg(&config);
        command.env("TK_INCIDENT_AGENT_STATE_DIR", &state).env("XDG_RUNTIME_DIR", world.path(runtime));
        command
    };
    let attached = |runtime: &str, pid| -> Value {
        let mut attach = of_agent(runtime, &["attach"]);
        attach.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut attach = attach.spawn().unwrap();
        attach.stdin.take().unwrap().write_all(session(&world, pid).to_string().as_bytes()).unwrap();
        let output = attach.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", words(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let status = |runtime: &str| -> Option<Value> {
        let output = of_agent(runtime, &["--json", "status"]).output().unwrap();
        serde_json::from_slice(&output.stdout).ok()
    };
    let first = attached("one", 71);
    assert!(channel(&first).starts_with(world.path("one")), "{first}");
    let with_first = || status("two").filter(|status| pids(status) == [71]);
    let up = wait_for("the agent, from elsewhere", with_first, || format!("{:?}", status("one")));
    let written: Value =
        serde_json::from_slice(&std::fs::read(first["channel_file"].as_str().unwrap()).unwrap()).unwrap();
    assert_eq!(written, json!({ "v": 1, "address": first["channel"] }));

    assert_eq!(attached("two", 72), first, "where the agent is, not where one would look");
    let both = || status("two").filter(|status| pids(status) == [71, 72]);
    wait_for("both sessions at one agent", both, || format!("{:?}", status("one")));

    // One that was killed leaves its word behind; the next is somewhere else.
    let pid = up["pid"].as_i64().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    wait_for("its end", || status("one").is_none().then_some(()), || format!("{:?}", status("one")));
    let second = attached("two", 73);
    assert!(channel(&second).starts_with(world.path("two")), "{second}");
    wait_for("the next agent", || status("one"), || words(&of_agent("one", &["status"]).output().unwrap()));
    let stopped = of_agent("one", &["stop"]).output().unwrap();
    assert!(stopped.status.success(), "{}", words(&stopped));
}
