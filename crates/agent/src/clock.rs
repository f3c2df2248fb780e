//! Time, as an argument: the wall clock for what is stored and shown, a steady one for waiting.
//!
//! Nothing in the agent asks the system for the time but [`SystemClock`]. Steady time never jumps, so that a
//! corrected clock or a sleeping laptop makes no wait fire wrongly; wall time is what tickets speak of, and what outlives
//! a run. [`WallWatch`] sees that somebody has set it.

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

/// Less than this is no setting: the two clocks are not read at the same moment.
const LEAST_SET_MS: i64 = 10_000;

/// Compares the wall clock with the steady one.
#[derive(Debug)]
pub struct WallWatch {
    /// Wall time at the moment at which steady time began, as the wall clock has it now.
    began_ms: i64,
}

impl WallWatch {
    /// From now on.
    #[must_use]
    pub fn new(clock: &dyn Clock) -> WallWatch {
        WallWatch { began_ms: began_ms(clock) }
    }

    /// By how much the wall clock was set since the last look, less than 0 for back. A machine that has slept looks like one
    /// whose clock was set forward, where steady time stands meanwhile.
    pub fn look(&mut self, clock: &dyn Clock) -> Option<i64> {
        let began_ms = began_ms(clock);
        let by_ms = began_ms.saturating_sub(self.began_ms);
        if by_ms.abs() < LEAST_SET_MS {
            return None;
        }
        self.began_ms = began_ms;
        Some(by_ms)
    }
}

fn began_ms(clock: &dyn Clock) -> i64 {
    clock.wall_ms().saturating_sub_unsigned(clock.steady_ms())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::sync::Mutex;

    struct Hands(Mutex<Cell<(i64, u64)>>);

    impl Hands {
        fn show(&self, wall_ms: i64, steady_ms: u64) {
            self.0.lock().unwrap().set((wall_ms, steady_ms));
        }
    }

    impl Clock for Hands {
        fn wall_ms(&self) -> i64 {
            self.0.lock().unwrap().get().0
        }

        fn steady_ms(&self) -> u64 {
            self.0.lock().unwrap().get().1
        }
    }

    #[test]
    fn what_was_set_is_told_once_and_what_only_passes_is_not() {
        let hands = Hands(Mutex::new(Cell::new((1_000_000, 0))));
        let mut watch = WallWatch::new(&hands);
        for (wall_ms, steady_ms, expected) in [
            (1_000_000, 0, None),
            (5_000_000, 4_000_000, None),
            (5_009_000, 4_000_000, None),
            // An hour back, and it goes on from there.
            (1_400_000, 4_000_000, Some(-3_600_000)),
            (1_500_000, 4_100_000, None),
            // Many small steps in one direction are a large one in the end.
            (1_490_001, 4_100_000, None),
            (1_490_000, 4_100_000, Some(-10_000)),
            (9_490_000, 4_200_000, Some(7_900_000)),
            (9_490_000, 4_200_000, None),
        ] {
            hands.show(wall_ms, steady_ms);
            assert_eq!(watch.look(&hands), expected, "{wall_ms} {steady_ms}");
        }
    }
}
