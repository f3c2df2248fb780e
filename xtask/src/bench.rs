//! `cargo xtask bench`: the figures of `docs/benchmarks.md`, measured on the program people run.

use crate::environment::target;
use crate::shell::{Done, cargo, output, run as show};
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

type Part = (&'static str, fn() -> Done);

const PARTS: [Part; 3] = [("latency", latency), ("idle", idle), ("size", size)];
/// Errors of the latency part; the first one also opens the connection and is told apart.
const ERRORS: usize = 41;
const IDLE_FILES: usize = 50;
const IDLE_S: u64 = 60;

pub(crate) fn run(wanted: &[String]) -> Done {
    say(output(Command::new("uname").arg("-srm"))?.trim());
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            part().map_err(|error| format!("{name}: {error}"))?;
        }
    }
    Ok(())
}

/// From the write of a record to `ticket` in `run --json`, which is told once the desk has answered the create.
/// Each record is another problem, the last in its file: its completion is waited for (`agent.quiet_ms`).
fn latency() -> Done {
    let mut trial = Trial::start("latency", 1)?;
    let mut times = Vec::new();
    for index in 0..ERRORS {
        let began = Instant::now();
        trial.append(0, &record(index))?;
        trial.wait_for("\"type\":\"ticket\"")?;
        times.push(began.elapsed());
        // A host is quiet for longer than this between two different problems.
        std::thread::sleep(Duration::from_millis(300));
    }
    let first = times.remove(0);
    times.sort();
    say(&format!(
        "record to ticket: first {:.0} ms; of {} more: median {:.0} ms, 99th percentile {:.0} ms",
        millis(first),
        times.len(),
        millis(times[times.len() / 2]),
        millis(times[times.len() * 99 / 100])
    ));
    Ok(())
}

/// CPU, wake-ups and memory of an agent that has nothing to do.
fn idle() -> Done {
    let mut trial = Trial::start("idle", IDLE_FILES)?;
    // Past the time in which it looks more often because something was written.
    std::thread::sleep(Duration::from_secs(32));
    for state in ["before the first connection", "after it"] {
        let before = usage(&trial.agent)?;
        std::thread::sleep(Duration::from_secs(IDLE_S));
        let after = usage(&trial.agent)?;
        say(&format!(
            "idle with {IDLE_FILES} files for {IDLE_S} s, {state}: {:.1} ms CPU, {:.2} wake-ups/s, {:.1} MB RSS ({:.1} MB private)",
            after.cpu_ms - before.cpu_ms,
            (after.switches - before.switches) as f64 / IDLE_S as f64,
            after.rss_kb as f64 / 1024.0,
            after.private_kb as f64 / 1024.0
        ));
        if state.starts_with("before") {
            trial.append(0, &record(0))?;
            trial.wait_for("\"type\":\"attached\"")?;
            trial.wait_for("\"type\":\"attached\"")?;
            std::thread::sleep(Duration::from_secs(32));
        }
    }
    Ok(())
}

/// The program that is rolled out: no desk, stripped.
fn size() -> Done {
    let workstation = bytes(&workstation_program()?)?;
    show(cargo().args(["build", "--profile", "dist", "--package", "cli"]))?;
    let whole = bytes(&target("dist")?)?;
    say(&format!(
        "workstation program: {:.2} MB; with the desk: {:.2} MB",
        megabytes(workstation),
        megabytes(whole)
    ));
    Ok(())
}

fn workstation_program() -> Result<PathBuf, String> {
    show(cargo().args(["build", "--profile", "dist", "--package", "cli", "--no-default-features"]))?;
    target("dist")
}

fn bytes(path: &Path) -> Result<u64, String> {
    fs::metadata(path).map(|data| data.len()).map_err(|error| format!("{}: {error}", path.display()))
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[expect(clippy::print_stdout, reason = "the program's own output")]
fn say(line: &str) {
    println!("{line}");
}

fn record(index: usize) -> String {
    // Another function each time: another problem.
    let name: String = index.to_string().chars().map(|digit| (b'a' + digit as u8 - b'0') as char).collect();
    format!(
        "2026-01-14 19:49:11,961 [77 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] Publish failed\n\
         Traceback (most recent call last):\n  File \"/studio/tools/publish/step.py\", line 10, in step_{name}\n    go()\n\
         ValueError: bad range\n"
    )
}

/// A desk, and the program that is rolled out beside it, in a folder below `target/`.
struct Trial {
    folder: PathBuf,
    desk: Child,
    agent: Child,
    events: BufReader<ChildStdout>,
}

impl Trial {
    fn start(name: &str, files: usize) -> Result<Trial, String> {
        show(cargo().args(["build", "--release", "--package", "cli"]))?;
        let with_desk = target("release")?;
        let program = workstation_program()?;
        let folder = crate::shell::root().join("target").join("bench").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("logs")).map_err(|error| error.to_string())?;
        for file in 0..files {
            let harmless =
                "2026-01-14 19:49:11,961 [77 INFO sgtk.env.project.tk-maya] nothing to see\n".repeat(100);
            fs::write(folder.join(format!("logs/tk-engine{file}.log")), harmless)
                .map_err(|error| error.to_string())?;
        }
        let mut desk =
            spawn(Command::new(&with_desk).args(["--json", "desk", "--data"]).arg(folder.join("desk")))?;
        let mut line = String::new();
        let stdout = desk.stdout.take().ok_or("no pipe from the desk")?;
        BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
        let url = line
            .split("\"url\":\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .ok_or("no url of the desk")?;
        let config = folder.join("config.toml");
        let settings = format!(
            "[site]\nurl = '{url}'\nproject_id = 1\ncredentials = {{ script_key_file = '{}' }}\n[agent]\nstate_dir = '{}'\n[limits]\ngather_s = 0\n",
            folder.join("desk/script_key.toml").display(),
            folder.join("state").display()
        );
        fs::write(&config, settings).map_err(|error| error.to_string())?;
        let mut agent = spawn(
            Command::new(&program)
                .args(["--json", "run", "--config"])
                .arg(&config)
                .env("SHOTGUN_HOME", &folder),
        )?;
        let events = BufReader::new(agent.stdout.take().ok_or("no pipe from the agent")?);
        let mut trial = Trial { folder, desk, agent, events };
        trial.wait_for("\"type\":\"ready\"")?;
        std::thread::sleep(Duration::from_millis(500));
        Ok(trial)
    }

    fn append(&self, file: usize, text: &str) -> Done {
        let path = self.folder.join(format!("logs/tk-engine{file}.log"));
        let mut log = OpenOptions::new().append(true).open(path).map_err(|error| error.to_string())?;
        log.write_all(text.as_bytes()).map_err(|error| error.to_string())
    }

    fn wait_for(&mut self, words: &str) -> Done {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            let read = self.events.read_line(&mut line).map_err(|error| error.to_string())?;
            if read == 0 {
                return Err(format!("the agent ended before it said {words}"));
            }
        }
        Ok(())
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        for child in [&mut self.agent, &mut self.desk] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn spawn(command: &mut Command) -> Result<Child, String> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot start the program: {error}"))
}

struct Usage {
    cpu_ms: f64,
    switches: u64,
    rss_kb: u64,
    private_kb: u64,
}

/// From `/proc`, summed over the threads. Linux only.
fn usage(child: &Child) -> Result<Usage, String> {
    let process = PathBuf::from(format!("/proc/{}", child.id()));
    let read =
        |path: PathBuf| fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()));
    let number = |text: &str, name: &str| -> u64 {
        text.lines()
            .find_map(|line| line.strip_prefix(name))
            .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
            .unwrap_or(0)
    };
    let mut usage = Usage { cpu_ms: 0.0, switches: 0, rss_kb: 0, private_kb: 0 };
    for thread in fs::read_dir(process.join("task")).map_err(|error| error.to_string())?.flatten() {
        usage.switches += number(&read(thread.path().join("status"))?, "voluntary_ctxt_switches:");
        // Nanoseconds on the CPU, finer than the clock ticks of `stat`.
        let spent = read(thread.path().join("schedstat"))?;
        let nanoseconds: f64 =
            spent.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0.0);
        usage.cpu_ms += nanoseconds / 1e6;
    }
    usage.rss_kb = number(&read(process.join("status"))?, "VmRSS:");
    usage.private_kb = number(&read(process.join("smaps_rollup"))?, "Private_Dirty:");
    Ok(usage)
}
