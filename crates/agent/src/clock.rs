//! Time, as an argument: the wall clock for what is stored and shown, a steady one for waiting.
//!
//! Nothing in the agent asks the system for the time but [`SystemClock`]. Steady time never jumps, so that a
//! corrected clock or a sleeping laptop makes no wait fire wrongly; wall time is what tickets speak of.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A source of time.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970, UTC.
    fn wall_ms(&self) -> i64;
    /// Milliseconds since some moment of this run; never goes back.
    fn steady_ms(&self) -> u64;
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Steady time begins now.
    #[must_use]
    pub fn new() -> SystemClock {
        SystemClock { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock::new()
    }
}

impl Clock for SystemClock {
    fn wall_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn steady_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
