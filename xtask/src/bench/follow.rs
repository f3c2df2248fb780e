//! `bench follow`: what following costs and how soon an error is known, beside rsyslog's `imfile` on the same files.
//!
//! `tk-incident follow --json` against rsyslog with a record's first line as the start of a message and a filter on the
//! level, both reading the same logs at the same time, but for catching up, where each has the machine to itself.
//! Nothing is filed. Budgets are those of the design; figures that have none are for comparison.

use super::idle::{Usage, usage};
use super::made_log::LARGE;
use super::{folder, megabytes, release_program, say, within};
use crate::environment::rsyslog;
use crate::shell::Done;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const IDLE_FILES: usize = 50;
const IDLE_S: u64 = 60;
/// Past the time in which a follower looks more often because something was written.
const SETTLE: Duration = Duration::from_secs(35);
const PATIENCE: Duration = Duration::from_secs(120);
const LIVE_S: u64 = 50;
const LIVE_BYTES_A_SECOND: usize = 20_000_000;
const NEXT: &str = "2026-01-14 19:49:12,000 [77 INFO sgtk.env.project.tk-maya] the next one\n";

pub(super) fn follow() -> Done {
    rsyslog()?;
    let budgets = idle_and_latency()?;
    catch_up()?;
    live()?;
    budgets.into_iter().collect()
}

/// One of the two, and the file it prints error records into, a line each.
struct Contender {
    name: &'static str,
    child: Child,
    printed: File,
}

impl Contender {
    fn ours(place: &Path, from: &str) -> Result<Contender, String> {
        let program = release_program()?;
        let out = place.join("ours.jsonl");
        let file = File::create(&out).map_err(|error| told(&out, &error))?;
        let mut command = Command::new(program);
        command.args(["--json", "follow", "--from", from]).arg(place.join("logs")).stdout(file);
        Contender::start("tk-incident follow", command, &out)
    }

    fn rsyslog(place: &Path, from: &str) -> Result<Contender, String> {
        let state = place.join("rsyslog");
        fs::create_dir_all(&state).map_err(|error| told(&state, &error))?;
        let (out, config) = (place.join("rsyslog.out"), place.join("rsyslog.conf"));
        File::create(&out).map_err(|error| told(&out, &error))?;
        let tail = if from == "end" { "on" } else { "off" };
        let text = format!(
            r#"global(workDirectory="{state}" maxMessageSize="256k")
module(load="imfile" mode="inotify")
template(name="record" type="string" string="%msg%\n")
input(type="imfile" File="{logs}/tk-*.log" Tag="sgtk" startmsg.regex="^[0-9]+-[0-9]+-[0-9]+ " readTimeout="1" escapeLF="on" freshStartTail="{tail}")
if re_match($msg, "^[^]]* (ERROR|CRITICAL) [^]]*\\]") then action(type="omfile" file="{out}" template="record")
"#,
            state = state.display(),
            logs = place.join("logs").display(),
            out = out.display()
        );
        fs::write(&config, text).map_err(|error| told(&config, &error))?;
        let mut command = Command::new("rsyslogd");
        command.arg("-n").arg("-f").arg(&config).arg("-i").arg(place.join("rsyslog.pid"));
        Contender::start("rsyslog imfile", command, &out)
    }

    fn start(name: &'static str, mut command: Command, out: &Path) -> Result<Contender, String> {
        let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.map_err(|error| format!("{name}: {error}"))?;
        let printed = File::open(out).map_err(|error| told(out, &error))?;
        Ok(Contender { name, child, printed })
    }

    /// How many lines it has printed since the last time it was asked.
    fn new_lines(&mut self) -> Result<usize, String> {
        let mut text = Vec::new();
        self.printed.read_to_end(&mut text).map_err(|error| format!("{}: {error}", self.name))?;
        Ok(text.iter().filter(|byte| **byte == b'\n').count())
    }

    fn forget_printed(&mut self) -> Done {
        self.printed.seek(SeekFrom::End(0)).map(|_| ()).map_err(|error| format!("{}: {error}", self.name))
    }

    fn usage(&self) -> Result<Usage, String> {
        usage(&self.child)
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns what is over its budget, so that the rest is measured as well.
fn idle_and_latency() -> Result<Vec<Done>, String> {
    let place = fresh("follow")?;
    for file in 0..IDLE_FILES {
        append(&log(&place, file), &NEXT.repeat(100))?;
    }
    let mut both = [Contender::ours(&place, "end")?, Contender::rsyslog(&place, "end")?];
    std::thread::sleep(SETTLE);
    let before = [both[0].usage()?, both[1].usage()?];
    std::thread::sleep(Duration::from_secs(IDLE_S));
    say(&format!("idle with {IDLE_FILES} logs for {IDLE_S} s:"));
    let mut budgets = Vec::new();
    for (contender, before) in both.iter().zip(before) {
        let after = contender.usage()?;
        let cpu_ms = after.cpu_ms - before.cpu_ms;
        let wake_ups = (after.switches - before.switches) as f64 / IDLE_S as f64;
        let rss_mb = after.rss_kb as f64 / 1024.0;
        say(&format!(
            "  {:20} {cpu_ms:6.1} ms CPU, {wake_ups:.2} wake-ups/s, {rss_mb:.1} MB RSS",
            contender.name
        ));
        if budgets.is_empty() {
            budgets.push(within("ms of CPU idle", cpu_ms, 8.0));
            budgets.push(within("wake-ups a second idle", wake_ups, 1.0));
            budgets.push(within("MB of RSS idle", rss_mb, 6.5));
        }
    }
    let busy = Duration::from_millis(300);
    let (median, worst) =
        latency(&place, &mut both, "a record followed by another, log busy", (20, busy, NEXT))?;
    budgets.push(within("ms in the median, followed by another", median, 20.0));
    budgets.push(within("ms at worst, followed by another", worst, 100.0));
    let quiet = Duration::from_secs(60);
    latency(&place, &mut both, "a record followed by another, log quiet for a minute", (3, quiet, NEXT))?;
    let (median, worst) = latency(&place, &mut both, "a last record, then silence", (20, busy, ""))?;
    budgets.push(within("ms in the median, then silence", median, 400.0));
    budgets.push(within("ms at worst, then silence", worst, 600.0));
    Ok(budgets)
}

/// From the write of an error to the line about it: as many times, after such a pause, with this behind it. Returns our
/// median and worst.
fn latency(
    place: &Path,
    both: &mut [Contender; 2],
    what: &str,
    (times, pause, behind): (usize, Duration, &str),
) -> Result<(f64, f64), String> {
    let mut found: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    for round in 0..times {
        std::thread::sleep(pause);
        for contender in both.iter_mut() {
            contender.forget_printed()?;
        }
        let began = Instant::now();
        append(&log(place, 0), &format!("{}{behind}", super::trial::record(round)))?;
        let mut waiting = [true, true];
        while waiting.contains(&true) {
            for (index, contender) in both.iter_mut().enumerate() {
                if waiting[index] && contender.new_lines()? > 0 {
                    waiting[index] = false;
                    found[index].push(began.elapsed().as_secs_f64() * 1_000.0);
                }
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("{what}: nothing was printed in {} s", PATIENCE.as_secs()));
            }
            std::thread::sleep(Duration::from_micros(500));
        }
    }
    say(&format!("{what}, {times} times:"));
    let mut figures = Vec::new();
    for (contender, mut times) in both.iter().zip(found) {
        times.sort_by(f64::total_cmp);
        let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
        say(&format!("  {:20} median {median:7.1} ms, worst {worst:7.1} ms", contender.name));
        figures.push((median, worst));
    }
    Ok(figures[0])
}

fn catch_up() -> Done {
    let large = LARGE.log(&folder())?;
    let place = fresh("catch-up")?;
    fs::hard_link(&large, log(&place, 0)).map_err(|error| told(&large, &error))?;
    // Into the page cache, for both.
    std::io::copy(&mut File::open(&large).map_err(|error| told(&large, &error))?, &mut std::io::sink())
        .map_err(|error| told(&large, &error))?;
    say(&format!("catching up with {:.0} MB and {} errors:", megabytes(LARGE.bytes), LARGE.errors));
    for start in [Contender::ours, Contender::rsyslog] {
        let began = Instant::now();
        let mut contender = start(&place, "start")?;
        let found = until(&mut contender, LARGE.errors as usize)?;
        let (wall_s, cpu_ms) = (began.elapsed().as_secs_f64(), contender.usage()?.cpu_ms);
        say(&format!("  {:20} {wall_s:6.2} s, {cpu_ms:6.0} ms CPU, {found} records", contender.name));
    }
    Ok(())
}

/// Waits for so many lines, or until no more come.
fn until(contender: &mut Contender, lines: usize) -> Result<usize, String> {
    let (mut found, mut last) = (0, Instant::now());
    while found < lines && last.elapsed() < Duration::from_secs(20) {
        let new = contender.new_lines()?;
        if new > 0 {
            found += new;
            last = Instant::now();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(found)
}

fn live() -> Done {
    let large = LARGE.log(&folder())?;
    let place = fresh("live")?;
    append(&log(&place, 0), NEXT)?;
    let mut both = [Contender::ours(&place, "end")?, Contender::rsyslog(&place, "end")?];
    std::thread::sleep(Duration::from_secs(3));
    let before = [both[0].usage()?, both[1].usage()?];
    let mut source = File::open(&large).map_err(|error| told(&large, &error))?;
    let mut target =
        OpenOptions::new().append(true).open(log(&place, 0)).map_err(|error| error.to_string())?;
    let (mut errors, mut block) = (0, vec![0; LIVE_BYTES_A_SECOND / 100]);
    let began = Instant::now();
    for step in 1..=LIVE_S * 100 {
        source.read_exact(&mut block).map_err(|error| told(&large, &error))?;
        target.write_all(&block).map_err(|error| error.to_string())?;
        errors += error_lines(&block);
        std::thread::sleep(
            (began + Duration::from_millis(step * 10)).saturating_duration_since(Instant::now()),
        );
    }
    let ended = Instant::now();
    say(&format!("live, {} MB/s for {LIVE_S} s, about {errors} errors:", LIVE_BYTES_A_SECOND / 1_000_000));
    // Both at the same moment, before anything is waited for.
    let mut standing = Vec::new();
    for (contender, before) in both.iter_mut().zip(before) {
        standing.push((contender.new_lines()?, contender.usage()?.cpu_ms - before.cpu_ms));
    }
    for (index, (contender, (at_the_end, cpu_ms))) in both.iter_mut().zip(standing).enumerate() {
        let behind = errors.saturating_sub(at_the_end);
        let found = at_the_end + until(contender, behind)?;
        let later_s = ended.elapsed().as_secs_f64();
        // The others were not looked at meanwhile: only the first one's time is its own.
        let when = if index == 0 { format!(" {later_s:.1} s later") } else { String::new() };
        say(&format!(
            "  {:20} {cpu_ms:6.0} ms CPU, {behind} records behind at the end, {found} in all{when}",
            contender.name
        ));
    }
    Ok(())
}

/// Headers of error records; one that is cut by the end of a block is missed.
fn error_lines(block: &[u8]) -> usize {
    let is_error = |line: &&[u8]| {
        let header = line.split(|byte| *byte == b']').next().unwrap_or_default();
        line.starts_with(b"20")
            && [&b" ERROR "[..], b" CRITICAL "]
                .iter()
                .any(|level| header.windows(level.len()).any(|at| at == *level))
    };
    block.split(|byte| *byte == b'\n').filter(is_error).count()
}

fn fresh(name: &str) -> Result<PathBuf, String> {
    let place = folder().join(name);
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(place.join("logs")).map_err(|error| told(&place, &error))?;
    Ok(place)
}

fn log(place: &Path, number: usize) -> PathBuf {
    place.join("logs").join(format!("tk-engine{number}.log"))
}

fn append(path: &Path, text: &str) -> Done {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| told(path, &error))
}

fn told(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
