//! `bench latency`: how long an error takes from the log to the ticket.

use super::say;
use super::trial::{Trial, record};
use crate::shell::Done;
use std::time::{Duration, Instant};

/// The first one also opens the connection and is told apart.
const ERRORS: usize = 41;

/// From the write of a record to `ticket` in `run --json`, which is told once the desk has answered the create.
/// Each record is another problem, the last in its file: its completion is waited for (`agent.quiet_ms`).
pub(super) fn latency() -> Done {
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

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
