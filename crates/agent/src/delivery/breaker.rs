//! When the site is asked again after it failed: pure, time and randomness in, a moment out.
//!
//! Every failure of the site is waited for with back-off, longer each time. After a few in a row the circuit is
//! open: the waits are long by then, and what is asked first after one of them is a small question (the fields of
//! a ticket), not an upload. One answer closes the circuit. A failure of one step alone is none of the breaker's
//! business (`reach.rs`).

use crate::backoff::wait_ms;

/// So many failures in a row open the circuit.
const OPEN_AFTER: u32 = 5;

/// Whether the site is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Circuit {
    /// As usual.
    #[default]
    Closed,
    /// It failed again and again: nothing is asked before the next probe.
    Open,
    /// The waiting is over, and one question is on its way.
    HalfOpen,
}

impl Circuit {
    /// The word for `status`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Circuit::Closed => "closed",
            Circuit::Open => "open",
            Circuit::HalfOpen => "half_open",
        }
    }
}

/// See the module's own words. Times are steady ones: a corrected clock must not prolong the waiting.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    resume_ms: u64,
}

impl Breaker {
    /// Failures since the last success.
    #[must_use]
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// How long nothing is asked yet, in milliseconds.
    #[must_use]
    pub(super) fn held_ms(&self, now_ms: u64) -> u64 {
        self.resume_ms.saturating_sub(now_ms)
    }

    /// How the circuit stands.
    #[must_use]
    pub(super) fn circuit(&self, now_ms: u64) -> Circuit {
        match (self.failures >= OPEN_AFTER, self.held_ms(now_ms)) {
            (false, _) => Circuit::Closed,
            (true, 0) => Circuit::HalfOpen,
            (true, _) => Circuit::Open,
        }
    }

    /// The site failed. Returns how long it is left alone, in milliseconds.
    pub(super) fn failed(
        &mut self,
        now_ms: u64,
        range_ms: (u64, u64),
        asked_ms: Option<u64>,
        random: &mut dyn FnMut(u64) -> u64,
    ) -> u64 {
        self.failures = self.failures.saturating_add(1);
        self.hold(now_ms, wait_ms(self.failures, range_ms, asked_ms, random))
    }

    /// Nothing is asked for this long, whatever the reason. Returns the same number.
    pub(super) fn hold(&mut self, now_ms: u64, wait_ms: u64) -> u64 {
        self.resume_ms = now_ms.saturating_add(wait_ms);
        wait_ms
    }

    /// The site answered, or there is new reason to hope so.
    pub(super) fn reset(&mut self) {
        *self = Breaker::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_one_answer_closes_it() {
        let mut breaker = Breaker::default();
        let mut now_ms = 0;
        for failure in 1..=12 {
            assert_eq!(breaker.held_ms(now_ms), 0);
            let expected = if failure <= OPEN_AFTER { Circuit::Closed } else { Circuit::HalfOpen };
            assert_eq!(breaker.circuit(now_ms), expected, "before failure {failure}");
            let wait = breaker.failed(now_ms, (5_000, 900_000), None, &mut |end| end - 1);
            assert_eq!(wait, (5_000 << (failure - 1)).min(900_000));
            let expected = if failure < OPEN_AFTER { Circuit::Closed } else { Circuit::Open };
            assert_eq!(breaker.circuit(now_ms + wait - 1), expected, "after failure {failure}");
            now_ms += wait;
        }
        breaker.reset();
        assert_eq!((breaker.circuit(now_ms), breaker.held_ms(now_ms)), (Circuit::Closed, 0));
    }

    #[test]
    fn what_the_site_asks_for_is_the_least() {
        let mut breaker = Breaker::default();
        assert_eq!(breaker.failed(7, (5_000, 900_000), Some(3_600_000), &mut |_| 0), 3_600_000);
        assert_eq!(breaker.held_ms(7 + 3_599_999), 1);
    }
}
