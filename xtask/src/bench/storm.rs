//! `bench storm`: 10 000 error records a second for a minute, from three writers with Toolkit's own rotating handler.
//!
//! Every record must be counted or be in a gap that is told, memory must stay within its budget, and an error in another
//! log must be known soon. Linux only, because memory is read from `/proc`.

use super::{folder, megabytes, release_program, say, within};
use crate::environment::python;
use crate::shell::{Done, output, root};
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const LOGS: [&str; 3] = ["tk-maya", "tk-nuke", "tk-houdini"];
const RATE_EACH: u64 = 3_334;
const SECONDS: u64 = 60;
const MOST_OVER_IDLE_MB: f64 = 32.0;
const MOST_WAIT_MS: f64 = 2_000.0;

/// Ends with the bench, however that ends.
struct Mortal(Child);

impl Drop for Mortal {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(super) fn storm() -> Done {
    let program = release_program()?;
    let python = python()?;
    let folder = folder().join("storm");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("logs")).map_err(told)?;
    let config = folder.join("config.toml");
    fs::write(
        &config,
        format!("[agent]\nstate_dir = '{}'\n[limits]\ngather_s = 2\n", folder.join("state").display()),
    )
    .map_err(told)?;
    let (agent, lines) = start(&program, &config, &folder)?;
    wait_for_line(&lines, "following")?;
    std::thread::sleep(Duration::from_secs(2));
    let idle = memory_kb(&agent.0, "VmRSS:")?;
    let cpu_before = cpu_ms(&agent.0)?;

    let mut writers = Vec::new();
    for name in LOGS {
        let writer = Command::new(&python)
            .arg(root().join("xtask/src/bench/storm_writer.py"))
            .args([name, &RATE_EACH.to_string(), &SECONDS.to_string()])
            .env("SHOTGUN_HOME", &folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(told)?;
        writers.push(Mortal(writer));
    }
    let waits_ms = probe(&folder, &lines)?;
    let mut written = waits_ms.len() as u64;
    for writer in &mut writers {
        let stdout = writer.0.stdout.take().ok_or("no pipe from a writer")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).map_err(told)?;
        written += line.trim().parse::<u64>().map_err(|error| format!("a writer said `{line}`: {error}"))?;
    }
    let ended = Instant::now();
    let (seen, gaps) = settled(&program, &config, written)?;
    let caught_up = ended.elapsed();
    let peak = memory_kb(&agent.0, "VmHWM:")?;
    let cpu = cpu_ms(&agent.0)? - cpu_before;

    let longest = waits_ms.iter().copied().fold(0.0, f64::max);
    say(&format!(
        "storm of {written} error records in {SECONDS} s ({} a second) from {} writers with Toolkit's handler:",
        written / SECONDS,
        LOGS.len()
    ));
    say(&format!("  counted {seen}, not counted {}, gaps told: {gaps}", written.saturating_sub(seen)));
    say(&format!(
        "  all counted {:.1} s after the last record; {:.1} s of CPU",
        caught_up.as_secs_f64(),
        cpu / 1_000.0
    ));
    if seen > written {
        return Err(format!("{seen} counted of {written} written: some were counted twice"));
    }
    if seen < written && gaps == "[]" {
        return Err(format!("{} records are neither counted nor in a gap", written - seen));
    }
    let over = megabytes((peak - idle.min(peak)) * 1024);
    let results = [
        within("MB over idle at most", over, MOST_OVER_IDLE_MB),
        within("ms until an error in another log was known, at most", longest, MOST_WAIT_MS),
    ];
    results.into_iter().collect()
}

type Lines = Arc<Mutex<Vec<(Instant, String)>>>;

fn start(program: &Path, config: &Path, folder: &Path) -> Result<(Mortal, Lines), String> {
    // For people: one line for each problem in a look, as an agent that Toolkit starts works.
    let mut agent = Command::new(program)
        .args(["run", "--config"])
        .arg(config)
        .env("SHOTGUN_HOME", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(told)?;
    let stdout = BufReader::new(agent.stdout.take().ok_or("no pipe from the agent")?);
    let lines: Lines = Arc::default();
    let heard = Arc::clone(&lines);
    std::thread::spawn(move || {
        for line in stdout
            .lines()
            .map_while(Result::ok)
            .filter(|line| line.contains("probe_") || line.contains("following"))
        {
            if let Ok(mut heard) = heard.lock() {
                heard.push((Instant::now(), line));
            }
        }
    });
    Ok((Mortal(agent), lines))
}

/// An error in another log every two seconds, followed by a harmless record; how long each took to be known.
fn probe(folder: &Path, lines: &Lines) -> Result<Vec<f64>, String> {
    let path = folder.join("logs/tk-desktop.log");
    let mut log = OpenOptions::new().create(true).append(true).open(path).map_err(told)?;
    let mut waits_ms = Vec::new();
    for number in 0..SECONDS / 2 {
        std::thread::sleep(Duration::from_secs(2));
        let letter = |number: u64| char::from(b'a' + (number % 26) as u8);
        let name = format!("probe_{}{}", letter(number / 26), letter(number));
        let text = format!(
            "2026-01-14 19:49:11,961 [77 ERROR sgtk.env.site.tk-desktop] Probe failed\nTraceback (most recent call last):\n  \
             File \"/studio/tools/probe.py\", line 10, in {name}\n    go()\nValueError: bad range\n\
             2026-01-14 19:49:11,962 [77 INFO sgtk.env.site.tk-desktop] on\n"
        );
        let asked = Instant::now();
        log.write_all(text.as_bytes()).map_err(told)?;
        let known = wait_for_line(lines, &name)?;
        waits_ms.push(known.duration_since(asked).as_secs_f64() * 1_000.0);
    }
    Ok(waits_ms)
}

fn wait_for_line(lines: &Lines, words: &str) -> Result<Instant, String> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(60) {
        let found = lines
            .lock()
            .ok()
            .and_then(|lines| lines.iter().find(|(_, line)| line.contains(words)).map(|(moment, _)| *moment));
        if let Some(moment) = found {
            return Ok(moment);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Err(format!("the agent did not say `{words}` within a minute"))
}

/// Waits until all is counted, or no more comes; the count and the gaps.
fn settled(program: &Path, config: &Path, written: u64) -> Result<(u64, String), String> {
    let (mut last, mut same) = (0, 0);
    loop {
        let status = output(Command::new(program).args(["--json", "status", "--config"]).arg(config))?;
        let seen = between(&status, "\"seen\":", ",")
            .and_then(|number| number.parse().ok())
            .ok_or("no count in the status")?;
        let gaps =
            between(&status, "\"gaps\":", "],").map_or_else(|| "[]".to_owned(), |gaps| format!("{gaps}]"));
        same = if seen == last { same + 1 } else { 0 };
        last = seen;
        if seen >= written || same > 50 {
            return Ok((seen, gaps));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

fn memory_kb(child: &Child, name: &str) -> Result<u64, String> {
    let text = fs::read_to_string(process(child).join("status")).map_err(told)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).ok_or("no memory in /proc")?;
    line.split_whitespace()
        .next()
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| format!("no number: {line}"))
}

/// Of all threads, those that have ended not included.
fn cpu_ms(child: &Child) -> Result<f64, String> {
    let mut spent = 0.0;
    for thread in fs::read_dir(process(child).join("task")).map_err(told)?.flatten() {
        let text = fs::read_to_string(thread.path().join("schedstat")).map_err(told)?;
        spent +=
            text.split_whitespace().next().and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0) / 1e6;
    }
    Ok(spent)
}

fn process(child: &Child) -> PathBuf {
    PathBuf::from(format!("/proc/{}", child.id()))
}

fn told(error: std::io::Error) -> String {
    error.to_string()
}
