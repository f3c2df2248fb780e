//! How many new tickets one workstation may open: a bucket of a few, filled again by the hour, and a number a day.
//!
//! Its only state is when tickets were allowed during the last day. Moments after now are of a clock that has been set
//! back; the store moves them to now before it asks, so that the worst is one bucket's time of waiting.

use crate::settings::LimitSettings;

const HOUR_MS: i64 = 3_600_000;
/// What is older does not count.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// How the bucket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// New tickets that may be opened now; `None` when there is no limit.
    pub left: Option<u64>,
    /// When the next one may be opened, wall time: not after now when that is now.
    pub next_ms: i64,
}

/// Whether these settings limit anything.
#[must_use]
pub fn is_limited(limits: &LimitSettings) -> bool {
    limits.tickets_per_hour > 0 || limits.tickets_per_day > 0
}

/// How the bucket stands, given when tickets were allowed, oldest first.
#[must_use]
pub fn level(allowed_ms: &[i64], limits: &LimitSettings, now_ms: i64) -> Level {
    let of_day = allowed_ms.iter().filter(|at| **at > now_ms - DAY_MS).copied().collect::<Vec<_>>();
    let hourly = hourly(&of_day, limits, now_ms);
    let daily = daily(&of_day, limits, now_ms);
    Level {
        left: match (hourly.left, daily.left) {
            (Some(hour), Some(day)) => Some(hour.min(day)),
            (one, other) => one.or(other),
        },
        next_ms: hourly.next_ms.max(daily.next_ms),
    }
}

fn hourly(allowed_ms: &[i64], limits: &LimitSettings, now_ms: i64) -> Level {
    let per_hour = signed(limits.tickets_per_hour);
    if per_hour == 0 {
        return Level { left: None, next_ms: now_ms };
    }
    // Counted in milliseconds of filling: one ticket takes as much as is filled in between two.
    let cost = (HOUR_MS / per_hour).max(1);
    let burst = if limits.tickets_burst == 0 { per_hour } else { signed(limits.tickets_burst) };
    let full = cost.saturating_mul(burst);
    let (mut filled, mut at) = (full, i64::MIN / 2);
    for allowed in allowed_ms.iter().copied().chain([now_ms]) {
        filled = filled.saturating_add(allowed.saturating_sub(at)).min(full);
        at = allowed;
        filled -= cost;
    }
    filled += cost;
    let missing = (cost - filled).max(0);
    Level { left: Some((filled / cost).max(0).unsigned_abs()), next_ms: now_ms + missing }
}

fn daily(allowed_ms: &[i64], limits: &LimitSettings, now_ms: i64) -> Level {
    let Ok(per_day @ 1..) = usize::try_from(limits.tickets_per_day) else {
        return Level { left: None, next_ms: now_ms };
    };
    let left = per_day.saturating_sub(allowed_ms.len());
    let next_ms = if left > 0 { now_ms } else { allowed_ms[allowed_ms.len() - per_day] + DAY_MS };
    Level { left: Some(left as u64), next_ms }
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX).min(HOUR_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(tickets_burst: u64, tickets_per_hour: u64, tickets_per_day: u64) -> LimitSettings {
        let defaults = crate::settings::Layers::new().resolve().unwrap().limits;
        LimitSettings { tickets_burst, tickets_per_hour, tickets_per_day, ..defaults }
    }

    /// Opens tickets as soon as the bucket lets it; the minutes at which it did.
    fn minutes(limits: &LimitSettings, count: usize) -> Vec<i64> {
        let (mut now_ms, mut allowed) = (1_000 * DAY_MS, Vec::new());
        while allowed.len() < count {
            now_ms = now_ms.max(level(&allowed, limits, now_ms).next_ms);
            assert!(level(&allowed, limits, now_ms).left != Some(0), "what is due is there");
            allowed.push(now_ms);
        }
        allowed.iter().map(|at| (at - allowed[0]) / 60_000).collect()
    }

    #[test]
    fn a_few_at_once_then_by_the_hour_then_by_the_day() {
        assert_eq!(minutes(&limits(3, 5, 20), 6), [0, 0, 0, 12, 24, 36]);
        let day = minutes(&limits(3, 5, 20), 22);
        assert_eq!(day[18..], [16 * 12, 17 * 12, 1_440, 1_440]);
    }

    #[test]
    fn nought_is_no_limit() {
        assert_eq!(minutes(&limits(3, 0, 0), 50), [0; 50]);
        assert_eq!(minutes(&limits(0, 5, 0), 7), [0, 0, 0, 0, 0, 12, 24]);
        assert_eq!(minutes(&limits(3, 0, 4), 5), [0, 0, 0, 0, 1_440]);
        assert_eq!(level(&[], &limits(0, 0, 0), 7), Level { left: None, next_ms: 7 });
        assert!(!is_limited(&limits(3, 0, 0)) && is_limited(&limits(3, 0, 1)));
    }

    #[test]
    fn a_long_rest_fills_it_and_no_more() {
        let allowed = [0, 0, 0];
        assert_eq!(level(&allowed, &limits(3, 5, 20), DAY_MS - 1).left, Some(3));
        assert_eq!(level(&allowed, &limits(3, 5, 20), 12 * 60_000).left, Some(1));
        assert_eq!(level(&allowed, &limits(3, 5, 20), 1).next_ms, 12 * 60_000);
    }
}
