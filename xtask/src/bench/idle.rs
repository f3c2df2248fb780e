//! `bench idle`: what an agent costs that has nothing to do.

use super::say;
use super::trial::{Trial, record};
use crate::shell::Done;
use std::fs;
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

const IDLE_FILES: usize = 50;
const IDLE_S: u64 = 60;

/// CPU, wake-ups and memory of an agent that has nothing to do.
pub(super) fn idle() -> Done {
    let mut trial = Trial::start("idle", IDLE_FILES)?;
    // Past the time in which it looks more often because something was written.
    std::thread::sleep(Duration::from_secs(32));
    for state in ["before the first connection", "after it"] {
        let before = usage(trial.agent())?;
        std::thread::sleep(Duration::from_secs(IDLE_S));
        let after = usage(trial.agent())?;
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

/// Since the process began; memory as it is now.
pub(super) struct Usage {
    pub(super) cpu_ms: f64,
    pub(super) switches: u64,
    pub(super) rss_kb: u64,
    private_kb: u64,
}

/// From `/proc`, summed over the threads. Linux only.
pub(super) fn usage(child: &Child) -> Result<Usage, String> {
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
