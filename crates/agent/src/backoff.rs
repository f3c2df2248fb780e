//! How long to wait after a failure: doubled each time within limits, with full jitter, or as the site asks.
//!
//! Randomness is passed in. Thousands of workstations see the same outage end at the same moment; jitter is
//! what keeps them from calling together.

/// The waiting time before attempt number `failures + 1`, in milliseconds. `random` gives a number below its
/// argument. What the site asked for (`Retry-After`) is a floor, not a hint.
pub fn wait_ms(
    failures: u32,
    (least_ms, most_ms): (u64, u64),
    asked_ms: Option<u64>,
    random: &mut dyn FnMut(u64) -> u64,
) -> u64 {
    let least = least_ms.max(1);
    let most = most_ms.max(least);
    let ceiling = least.saturating_mul(1_u64 << failures.saturating_sub(1).min(32)).min(most);
    // Full jitter, but never at once.
    let floor = least / 2;
    let jittered = floor + random(ceiling - floor + 1);
    jittered.max(asked_ms.unwrap_or(0))
}

/// Random numbers for waiting times: quick, not secret, seeded by the caller.
#[derive(Debug)]
pub struct Jitter(u64);

impl Jitter {
    /// Any seed will do.
    #[must_use]
    pub fn new(seed: u64) -> Jitter {
        Jitter(seed | 1)
    }

    /// A number below `end`; 0 when `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16;
        if end == 0 { 0 } else { mixed % end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_within_limits_and_honour_the_site() {
        let limits = (5_000, 900_000);
        for failures in 1..40 {
            let ceiling = (5_000_u64 << (failures - 1).min(20)).min(900_000);
            let longest = wait_ms(failures, limits, None, &mut |end| end - 1);
            let shortest = wait_ms(failures, limits, None, &mut |_| 0);
            assert_eq!(longest, ceiling, "{failures}");
            assert_eq!(shortest, 2_500, "{failures}");
        }
        assert_eq!(wait_ms(1, limits, Some(60_000), &mut |_| 0), 60_000);
    }

    #[test]
    fn jitter_stays_below_its_end() {
        let mut jitter = Jitter::new(42);
        let all: Vec<u64> = (0..1_000).map(|_| jitter.below(10)).collect();
        assert!(all.iter().all(|value| *value < 10) && (0..10).all(|value| all.contains(&value)));
    }
}
