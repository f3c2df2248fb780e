//! A temporary world for one test: log folder, state, a desk in this process, and the program under test.
//!
//! Waits are for conditions, with a deadline, and tell what was there instead when it passes.

use desk::{Desk, DeskOptions, UploadForm};
use flow::{Api3, Credentials, Direction, Find, Row, Site, SiteOptions};
use serde_json::Value;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Long enough for a machine that is busy with other tests; under Wine, another process answers every call to a file.
pub(crate) const PATIENCE: Duration = Duration::from_secs(if cfg!(windows) { 180 } else { 60 });

pub(crate) struct World {
    pub(crate) folder: TempDir,
    /// The folder of the world whose logs, and place of states, this one shares: another site of the same user.
    machine: Option<PathBuf>,
    /// Several agents may be meant, so commands name the site.
    names_site: bool,
    desk: Option<Desk>,
    address: Option<SocketAddr>,
    agent: Option<Agent>,
    settings: String,
    /// Entity types the desk does without.
    pub(crate) without: Vec<String>,
    /// Fields that nobody has created on the desk yet.
    pub(crate) missing_fields: Vec<String>,
    /// Rules by which the desk fails.
    pub(crate) faults: Vec<String>,
    pub(crate) uploads: UploadForm,
    /// How far the desk's clock is ahead, in seconds.
    pub(crate) clock_ahead_s: i64,
}

struct Agent {
    child: Child,
    lines: Arc<Mutex<Vec<Value>>>,
}

impl World {
    /// An empty log folder and nothing running.
    pub(crate) fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("home/logs")).unwrap();
        World {
            folder,
            machine: None,
            names_site: false,
            desk: None,
            address: None,
            agent: None,
            settings: String::new(),
            without: Vec::new(),
            missing_fields: Vec::new(),
            faults: Vec::new(),
            uploads: UploadForm::Classic,
            clock_ahead_s: 0,
        }
    }

    /// Another site of the same user on the same machine.
    pub(crate) fn beside(other: &mut World) -> World {
        other.names_site = true;
        let mut world = World::new();
        (world.machine, world.names_site) = (Some(other.folder.path().to_owned()), true);
        world
    }

    /// A desk and an agent that files on it at once.
    pub(crate) fn running() -> World {
        let mut world = World::new();
        world.start_desk();
        world.start_agent();
        world
    }

    /// More settings, as lines of TOML with their table, before the agent starts.
    pub(crate) fn set(&mut self, toml: &str) {
        self.settings.push_str(toml);
        self.settings.push('\n');
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.on_machine("home/logs").join(name)
    }

    fn on_machine(&self, name: &str) -> PathBuf {
        self.machine.as_deref().unwrap_or(self.folder.path()).join(name)
    }

    /// Starts the desk; the second time at the same address with the same data.
    pub(crate) fn start_desk(&mut self) {
        let listen = self.address.unwrap_or_else(|| "127.0.0.1:0".parse().unwrap());
        let options = DeskOptions {
            listen,
            data: self.path("desk"),
            disabled_entities: self.without.clone(),
            missing_fields: self.missing_fields.clone(),
            faults: self.faults.iter().map(|rule| rule.parse().unwrap()).collect(),
            uploads: self.uploads,
            clock_ahead_s: self.clock_ahead_s,
            ..DeskOptions::default()
        };
        // A program that another test starts at this moment holds a copy of the old desk's lock until it runs.
        let desk = wait_for("the desk's folder", || Desk::start(options.clone()).ok(), String::new);
        self.address = Some(desk.ready().url.strip_prefix("http://").unwrap().parse().unwrap());
        self.desk = Some(desk);
    }

    pub(crate) fn desk(&self) -> &Desk {
        self.desk.as_ref().unwrap()
    }

    pub(crate) fn stop_desk(&mut self) {
        self.desk.take().unwrap().stop();
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address.unwrap())
    }

    /// Writes the settings file: the desk, if there was one, filed on at once, and what the test has set.
    pub(crate) fn config(&self) -> PathBuf {
        let path = self.path("tk-incident.toml");
        let mut text = String::new();
        if self.address.is_some() && !self.settings.contains("[site]") {
            text = format!(
                "[site]\nurl = '{}'\nproject_id = 1\ncredentials = {{ script_key_file = '{}' }}\n",
                self.url(),
                self.path("desk/script_key.toml").display()
            );
        }
        if !self.settings.contains("[limits]") {
            text.push_str("[limits]\ngather_s = 0\ncount_flush_s = 0\nretry_min_s = 1\nretry_max_s = 1\n");
            text.push_str("tickets_per_hour = 0\ntickets_per_day = 0\nwrites_per_minute = 0\n");
        }
        text.push_str(&self.settings);
        // Who reads it at this moment must not find it empty.
        if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            fs::write(&path, text).unwrap();
        }
        path
    }

    /// The program, in this world.
    pub(crate) fn program(&self) -> Command {
        let built = || env!("CARGO_BIN_EXE_tk-incident").into();
        let mut command = Command::new(std::env::var_os("TK_INCIDENT_BIN").unwrap_or_else(built));
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let of_the_way = text.to_lowercase().ends_with("_proxy") || text == "SHOTGUN_API_CACERTS";
            if text.starts_with("TK_INCIDENT_") || of_the_way {
                command.env_remove(&name);
            }
        }
        command
            .env("SHOTGUN_HOME", self.on_machine("home"))
            .env("TK_INCIDENT_AGENT_STATE_DIR", self.on_machine("state"))
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        if self.names_site && self.address.is_some() {
            command.env("TK_INCIDENT_SITE_URL", self.url());
        }
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.program().args(arguments).output().unwrap()
    }

    /// Runs the program to its end with something on its stdin.
    pub(crate) fn run_with_stdin(&self, arguments: &[&str], stdin: &(impl AsRef<[u8]> + ?Sized)) -> Output {
        let mut child = self
            .program()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_ref()).unwrap();
        child.wait_with_output().unwrap()
    }

    pub(crate) fn start_agent(&mut self) {
        self.spawn_agent();
        self.wait_until_ready();
    }

    /// Starts an agent without waiting for it.
    pub(crate) fn spawn_agent(&mut self) {
        let config = self.config();
        let mut command = self.program();
        command.args(["--json", "run", "--config"]).arg(config);
        self.spawn_agent_with(command);
    }

    /// Starts an agent by a command of the test's own; waits until it follows.
    pub(crate) fn start_agent_with(&mut self, command: Command) {
        self.spawn_agent_with(command);
        self.wait_until_ready();
    }

    fn wait_until_ready(&self) {
        self.event("ready", |event| event["type"] == "ready");
    }

    fn spawn_agent_with(&mut self, mut command: Command) {
        let stderr = OpenOptions::new().create(true).append(true).open(self.path("agent.stderr")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let lines: Arc<Mutex<Vec<Value>>> = Arc::default();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let heard = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                // A kill may cut the last line.
                let Ok(value) = serde_json::from_str(&line) else { continue };
                heard.lock().unwrap().push(value);
            }
        });
        self.agent = Some(Agent { child, lines });
    }

    /// What the agents of this world have said on stderr.
    pub(crate) fn agent_stderr(&self) -> Vec<u8> {
        fs::read(self.path("agent.stderr")).unwrap()
    }

    pub(crate) fn agent_pid(&self) -> u32 {
        self.agent.as_ref().unwrap().child.id()
    }

    /// SIGKILL, or its like.
    pub(crate) fn kill_agent(&mut self) {
        let mut agent = self.agent.take().unwrap();
        agent.child.kill().unwrap();
        agent.child.wait().unwrap();
    }

    /// Through the front door.
    pub(crate) fn stop_agent(&mut self) {
        let output = self.run(&["stop"]);
        assert!(output.status.success(), "{output:?}");
        self.agent.take().unwrap().child.wait().unwrap();
    }

    /// All events so far.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.agent.as_ref().unwrap().lines.lock().unwrap().clone()
    }

    /// Waits for an event.
    pub(crate) fn event(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        wait_for(what, || self.events().into_iter().find(&fits), || format!("{:#?}", self.events()))
    }

    /// `status --json`
    pub(crate) fn status(&self) -> Value {
        let output = self.run(&["--json", "status"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let status: Value = serde_json::from_slice(&output.stdout).unwrap();
        let sum: u64 =
            status["outcomes"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(status["seen"], sum, "seen must be the sum of the outcomes: {status}");
        status
    }

    /// Waits until the status is as wanted.
    pub(crate) fn status_when(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        wait_for(what, || Some(self.status()).filter(&fits), || format!("{:#}", self.status()))
    }

    /// Appends text to a log, as one write.
    pub(crate) fn append(&self, name: &str, text: &str) {
        self.append_bytes(name, text.as_bytes());
    }

    pub(crate) fn append_bytes(&self, name: &str, bytes: &[u8]) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.log(name)).unwrap();
        file.write_all(bytes).unwrap();
    }

    /// Toolkit's rollover.
    pub(crate) fn roll_over(&self, name: &str) {
        let trial = self.log(&format!("{name}.0b9d8a5e-7a0e-4f0b-9a62-1f2f8f6f4a11"));
        fs::rename(self.log(name), &trial).unwrap();
        fs::rename(&trial, self.log(name)).unwrap();
        let backup = self.log(&format!("{name}.1"));
        let _ = fs::remove_file(&backup);
        fs::rename(self.log(name), &backup).unwrap();
        self.append(name, "");
    }

    /// A client of the desk, signed in as its script user.
    pub(crate) fn site(&self) -> Api3 {
        let ready = self.desk.as_ref().unwrap().ready();
        let mut site = flow::connect(SiteOptions::new(&ready.url)).unwrap();
        let key = ready.script_key.clone().into();
        site.set_credentials(Some(Credentials::Script { name: ready.script_name.clone(), key }));
        site
    }

    /// All tickets, oldest first.
    pub(crate) fn tickets(&self) -> Vec<Row> {
        let fields =
            ["title", "description", "attachments", "sg_incident_count", "sg_status_list", "project"];
        let query = Find::new("Ticket").fields(fields).sorted_by("id", Direction::Ascending).limit(500);
        self.site().find(&query).unwrap()
    }

    /// Waits for tickets with these titles (or their beginnings) and counts, each with both attachments, and
    /// for nothing else to be there.
    pub(crate) fn expect_tickets(&self, expected: &[(&str, i64)]) -> Vec<Row> {
        let fits = || {
            let tickets = self.tickets();
            let all = expected.iter().all(|(title, count)| {
                tickets
                    .iter()
                    .filter(|ticket| ticket.text("title").is_some_and(|text| text.starts_with(title)))
                    .filter(|ticket| ticket.number("sg_incident_count") == Some(*count))
                    .filter(|ticket| ticket.links("attachments").len() == 2)
                    .count()
                    == 1
            });
            (all && tickets.len() == expected.len()).then_some(tickets)
        };
        wait_for("the tickets", fits, || format!("wanted {expected:?}, there are {:#?}", self.tickets()))
    }

    /// A page of the desk, as a browser gets it that has opened the desk's own link.
    pub(crate) fn page(&self, path: &str) -> String {
        let address = self.address.unwrap();
        let key = desk::script_key(&self.path("desk")).unwrap();
        let link = desk::page_link(path, &key);
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        write!(stream, "GET {link} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Everything a ticket tells: its fields, its log, and each file of its archive.
    pub(crate) fn texts_of(&self, ticket: &Row) -> Vec<String> {
        let mut texts = vec![format!("{ticket:?}")];
        for link in ticket.links("attachments") {
            let bytes = self.download(link.id);
            if link.name.as_deref().unwrap().ends_with(".zip") {
                texts.extend(unzip(&bytes).into_iter().map(|(_, text)| text));
            } else {
                texts.push(String::from_utf8(bytes).unwrap());
            }
        }
        texts
    }

    /// Every file below the state folder.
    pub(crate) fn state_texts(&self) -> Vec<String> {
        let (mut folders, mut texts) = (vec![self.path("state")], Vec::new());
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if path.is_file() {
                    texts.push(String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned());
                }
            }
        }
        assert!(!texts.is_empty());
        texts
    }

    /// An attachment's bytes.
    pub(crate) fn download(&self, id: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.site().download(id, &mut bytes).unwrap();
        bytes
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(mut agent) = self.agent.take() {
            let _ = agent.child.kill();
            let _ = agent.child.wait();
        }
        // One that `attach` has started is nobody's child.
        let _ = self.program().arg("stop").stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// A child that does not outlive its test, however that ends.
pub(crate) struct Mortal(pub(crate) Child);

impl Drop for Mortal {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a program prints while it runs.
pub(crate) fn printed_by(child: &mut Child) -> Arc<Mutex<String>> {
    let printed: Arc<Mutex<String>> = Arc::default();
    let (stdout, heard) = (BufReader::new(child.stdout.take().unwrap()), Arc::clone(&printed));
    std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            let mut heard = heard.lock().unwrap();
            heard.push_str(&line);
            heard.push('\n');
        }
    });
    printed
}

/// Polls until something is there.
pub(crate) fn wait_for<T>(
    what: &str,
    mut look: impl FnMut() -> Option<T>,
    instead: impl FnOnce() -> String,
) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        if began.elapsed() > PATIENCE {
            panic!("waited for {what} in vain; {}", instead());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An ERROR record with a traceback, of a problem of its own per `name`.
pub(crate) fn error(name: &str) -> String {
    format!(
        "2026-01-14 19:49:11,961 [2764 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] Publish failed\n\
         Traceback (most recent call last):\n\
         \x20 File \"/studio/bundle_cache/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/{name}.py\", line 12, in {name}\n\
         \x20   check(item)\n\
         ValueError: bad range\n"
    )
}

/// The JSON lines a program printed.
pub(crate) fn json_lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect()
}

/// Bytes as `gzip` packs them.
pub(crate) fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// A harmless record.
pub(crate) fn info(text: &str) -> String {
    format!("2026-01-14 19:49:10,001 [2764 INFO sgtk.env.project.tk-maya] {text}\n")
}

/// Text entries of a zip, by name.
pub(crate) fn unzip(bytes: &[u8]) -> Vec<(String, String)> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).unwrap();
            let mut text = String::new();
            let name = entry.name().unwrap().into_owned();
            entry.read_to_string(&mut text).unwrap();
            (name, text)
        })
        .collect()
}

/// What a program said, for messages.
pub(crate) fn words(output: &Output) -> String {
    format!(
        "{}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Whether a process of this number is there.
#[cfg(not(windows))]
pub(crate) fn is_alive(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

/// Whether a process of this number is there.
#[cfg(windows)]
#[expect(unsafe_code, reason = "the standard library cannot look for a process that is not its child")]
pub(crate) fn is_alive(pid: u32) -> bool {
    use windows_sys::Win32::Foundation::{CloseHandle, WAIT_TIMEOUT};
    use windows_sys::Win32::System::Threading::{OpenProcess, PROCESS_SYNCHRONIZE, WaitForSingleObject};
    // SAFETY: the handle is ours from opening to closing, and neither call touches memory of ours.
    unsafe {
        let process = OpenProcess(PROCESS_SYNCHRONIZE, 0, pid);
        let alive = !process.is_null() && WaitForSingleObject(process, 0) == WAIT_TIMEOUT;
        CloseHandle(process);
        alive
    }
}

/// Makes a log that nobody can open until it is let go: a link to itself, which is refused to the superuser too.
#[cfg(not(windows))]
pub(crate) fn closed_log(path: &Path) -> impl FnOnce() + use<> {
    std::os::unix::fs::symlink(path, path).unwrap();
    let path = path.to_owned();
    move || fs::remove_file(path).unwrap()
}

/// Makes a log that nobody can open until it is let go: its writer shares it with nobody.
#[cfg(windows)]
pub(crate) fn closed_log(path: &Path) -> impl FnOnce() + use<> {
    use std::os::windows::fs::OpenOptionsExt;
    let file = OpenOptions::new().create(true).append(true).share_mode(0).open(path).unwrap();
    move || drop(file)
}
