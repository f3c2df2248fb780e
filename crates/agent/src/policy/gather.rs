//! Waiting for what belongs together before the first filing, and before the count on a ticket is brought up to date.

use crate::settings::LimitSettings;

/// What the state knows of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// When it was first seen, wall time.
    pub first_seen_ms: i64,
    /// Its ticket was looked for or made already.
    pub delivery_began: bool,
}

/// What to do with one more occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A new problem: file a ticket, but not before this moment.
    File {
        /// Wall time.
        due_ms: i64,
    },
    /// A known problem: count it, and bring the ticket's count up to date not before this moment.
    Count {
        /// Wall time.
        due_ms: i64,
        /// The first filing is still being gathered for and moves to this moment.
        gather_until_ms: Option<i64>,
    },
}

/// Decides. `now_ms` is the time of reading, not of the record: an old record that is found late waits as
/// long as a new one for what may belong to it.
#[must_use]
pub fn decide(known: Option<Known>, limits: &LimitSettings, now_ms: i64) -> Decision {
    let seconds = |value: u64| i64::try_from(value).unwrap_or(i64::MAX / 2_000).saturating_mul(1_000);
    match known {
        None => Decision::File { due_ms: now_ms + seconds(limits.gather_s) },
        Some(known) => {
            // First seen after now: the clock was set back meanwhile, and how long it has waited nobody knows.
            let is_known = known.first_seen_ms <= now_ms;
            let latest = if is_known { known.first_seen_ms + seconds(limits.gather_max_s) } else { now_ms };
            let gather = (now_ms + seconds(limits.gather_s)).min(latest);
            Decision::Count {
                due_ms: now_ms + seconds(limits.count_flush_s),
                gather_until_ms: (!known.delivery_began).then_some(gather),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> LimitSettings {
        crate::settings::Layers::new().resolve().unwrap().limits
    }

    #[test]
    fn a_new_problem_is_gathered_for_and_a_known_one_counted() {
        assert_eq!(decide(None, &limits(), 1_000), Decision::File { due_ms: 11_000 });
        let known = Known { first_seen_ms: 1_000, delivery_began: true };
        let expected = Decision::Count { due_ms: 65_000, gather_until_ms: None };
        assert_eq!(decide(Some(known), &limits(), 5_000), expected);
    }

    #[test]
    fn gathering_ends_however_often_it_happens() {
        let known = Some(Known { first_seen_ms: 1_000, delivery_began: false });
        for (now_ms, until) in [(5_000, 15_000), (20_000, 30_000), (25_000, 31_000), (90_000, 31_000)] {
            let Decision::Count { gather_until_ms, .. } = decide(known, &limits(), now_ms) else {
                panic!("a known problem is counted")
            };
            assert_eq!(gather_until_ms, Some(until));
        }
    }
}
