//! When a workstation wants many more tickets than it may open: the storm, and its digests.
//!
//! A few problems that wait for the bucket are no storm, they only come later. When more wait than the bucket brings
//! through in reasonable time, all that wait are listed in one digest ticket an hour: nobody has to read as many
//! tickets, and everybody sees each problem soon after it began.

const HOUR_MS: i64 = 3_600_000;
/// More held problems than this are a storm ...
const MOST_WAITING: u64 = 10;
/// ... and so is one that waits longer than this.
const LONGEST_WAIT_MS: i64 = HOUR_MS;
/// The first digest waits so long for what comes with what began the storm.
const GATHER_MS: i64 = 60_000;
/// Then one digest in this time.
const DIGEST_EVERY_MS: i64 = HOUR_MS;
/// The storm is over when nothing was held for so long.
const OVER_AFTER_MS: i64 = HOUR_MS;

/// What the state knows of the storm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Storm {
    /// When it began, if there is one.
    pub began_ms: Option<i64>,
    /// When something was held last.
    pub held_ms: i64,
    /// When the last digest was made.
    pub digest_ms: Option<i64>,
}

/// What is held, and in no digest yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// How many problems.
    pub waiting: u64,
    /// Since when the first of them waits.
    pub oldest_ms: Option<i64>,
}

/// What to do now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// A storm begins.
    pub begins: bool,
    /// All that waits is to be listed in a digest.
    pub digest: bool,
    /// The storm is over.
    pub ends: bool,
}

/// Decides, and brings the storm up to date. A clock that was set back by much counts as time that has passed: better a
/// digest too many than none.
pub fn step(storm: &mut Storm, queue: Queue, now_ms: i64) -> Step {
    let mut step = Step::default();
    let passed = |since: i64, wait: i64| (now_ms - since).abs() >= wait;
    if storm.began_ms.is_none() {
        let waits_long = queue.oldest_ms.is_some_and(|since| now_ms - since > LONGEST_WAIT_MS);
        step.begins = queue.waiting > MOST_WAITING || waits_long;
        if step.begins {
            storm.began_ms = Some(now_ms);
        }
    }
    let Some(began_ms) = storm.began_ms else { return step };
    let gathered = passed(began_ms, GATHER_MS);
    let in_turn = storm.digest_ms.is_none_or(|last| passed(last, DIGEST_EVERY_MS));
    if queue.waiting > 0 && gathered && in_turn {
        step.digest = true;
        storm.digest_ms = Some(now_ms);
    }
    if (queue.waiting == 0 || step.digest) && passed(storm.held_ms, OVER_AFTER_MS) {
        step.ends = true;
        storm.began_ms = None;
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_000_000 * HOUR_MS;

    fn queue(waiting: u64, since_ms: i64) -> Queue {
        Queue { waiting, oldest_ms: (waiting > 0).then_some(since_ms) }
    }

    #[test]
    fn few_that_wait_for_a_moment_are_no_storm() {
        for (queue, expected) in [
            (queue(0, 0), false),
            (queue(10, NOW_MS - HOUR_MS), false),
            (queue(11, NOW_MS), true),
            (queue(1, NOW_MS - HOUR_MS - 1), true),
            // After a clock was set back.
            (queue(1, NOW_MS + 9 * HOUR_MS), false),
        ] {
            let mut storm = Storm { held_ms: NOW_MS, ..Storm::default() };
            assert_eq!(step(&mut storm, queue, NOW_MS).begins, expected, "{queue:?}");
            assert_eq!(storm.began_ms.is_some(), expected);
        }
    }

    #[test]
    fn a_storm_gathers_has_a_digest_an_hour_and_ends_after_an_hour_of_rest() {
        let mut storm = Storm { held_ms: NOW_MS, ..Storm::default() };
        let at = |minutes: i64| NOW_MS + minutes * 60_000;
        let none = Step::default();
        assert_eq!(step(&mut storm, queue(11, at(0)), at(0)), Step { begins: true, ..none });
        assert_eq!(step(&mut storm, queue(40, at(0)), at(1)), Step { digest: true, ..none });
        assert_eq!(step(&mut storm, queue(3, at(2)), at(60)), none);
        storm.held_ms = at(20);
        assert_eq!(step(&mut storm, queue(3, at(2)), at(61)), Step { digest: true, ..none });
        assert_eq!(step(&mut storm, queue(0, 0), at(79)), none);
        assert_eq!(step(&mut storm, queue(0, 0), at(80)), Step { ends: true, ..none });
        assert_eq!(step(&mut storm, queue(0, 0), at(81)), none);
        // A new storm within the hour waits for its turn.
        storm.held_ms = at(90);
        assert_eq!(step(&mut storm, queue(11, at(90)), at(90)), Step { begins: true, ..none });
        assert_eq!(step(&mut storm, queue(11, at(90)), at(100)), none);
        assert_eq!(step(&mut storm, queue(11, at(90)), at(121)), Step { digest: true, ..none });
    }

    #[test]
    fn what_still_waits_is_listed_before_a_storm_ends() {
        let mut storm = Storm {
            began_ms: Some(NOW_MS - 9 * HOUR_MS),
            held_ms: NOW_MS - HOUR_MS,
            digest_ms: Some(NOW_MS - 1),
        };
        assert_eq!(step(&mut storm, queue(1, NOW_MS - HOUR_MS), NOW_MS), Step::default());
        let later_ms = NOW_MS + HOUR_MS;
        let expected = Step { digest: true, ends: true, begins: false };
        assert_eq!(step(&mut storm, queue(1, NOW_MS - HOUR_MS), later_ms), expected);
    }
}
