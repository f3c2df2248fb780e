//! What becomes of a ticket that people have closed when its problem happens again: pure, facts in, verdict out.
//!
//! The time of the event counts, not the time of delivery: what waited in the spool, and what an old release
//! still does after the fix, reopens nothing. Every case is counted; none of them loses an occurrence.

use crate::settings::ReopenRule;

/// So many reopenings in a day are a ticket that people and we cannot agree on.
const MOST_REOPENINGS: usize = 3;
/// How long a deleted ticket stays away when the rule names no time.
const DELETED_MS: i64 = 30 * 24 * 3_600_000;

/// A ticket that people have closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClosedTicket {
    /// When, wall time.
    pub resolved_ms: i64,
    /// With a status that says that nothing will be done.
    pub wont_fix: bool,
    /// The release that has the fix, if the ticket says.
    pub fixed_in: Option<String>,
    /// How often it was reopened in the last 24 hours, by any agent.
    pub reopened_lately: usize,
}

/// The newest occurrence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastEvent {
    /// By the record's own stamp, wall time.
    pub at_ms: i64,
    /// Of the bundle it happened in, if known.
    pub version: Option<String>,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Count it on the ticket as it is.
    Count,
    /// Open the ticket again.
    Reopen,
    /// Closed and reopened again and again: say so once, and leave it closed.
    Flapping,
    /// Make a new ticket, linked to this one.
    NewTicket,
}

/// Decides on a closed ticket.
#[must_use]
pub fn decide(rule: ReopenRule, ticket: &ClosedTicket, event: &LastEvent) -> Verdict {
    if ticket.wont_fix || event.at_ms <= ticket.resolved_ms || is_older(event, ticket) {
        return Verdict::Count;
    }
    match rule {
        ReopenRule::Never => Verdict::NewTicket,
        ReopenRule::Within(window_ms) if event.at_ms - ticket.resolved_ms > window_ms => Verdict::NewTicket,
        _ if ticket.reopened_lately >= MOST_REOPENINGS => Verdict::Flapping,
        ReopenRule::Always | ReopenRule::Within(_) => Verdict::Reopen,
    }
}

/// Whether a problem whose ticket people have deleted gets another one. Nobody deletes a ticket to see it again the
/// next minute, so it stays away for the window; what happens meanwhile is counted.
#[must_use]
pub fn decide_deleted(rule: ReopenRule, deleted_ms: i64, event: &LastEvent) -> Verdict {
    let quiet_ms = match rule {
        ReopenRule::Within(window_ms) => window_ms,
        ReopenRule::Always | ReopenRule::Never => DELETED_MS,
    };
    if event.at_ms.saturating_sub(deleted_ms) > quiet_ms { Verdict::NewTicket } else { Verdict::Count }
}

/// Whether the event is of a release without the fix. When one of the two versions is not known, time alone decides:
/// a regression that is missed is worse than a ticket reopened once too often.
fn is_older(event: &LastEvent, ticket: &ClosedTicket) -> bool {
    let numbers = |text: &Option<String>| text.as_deref().map(numbers).filter(|numbers| !numbers.is_empty());
    match (numbers(&event.version), numbers(&ticket.fixed_in)) {
        (Some(event), Some(fixed_in)) => event < fixed_in,
        _ => false,
    }
}

/// `v2.10.8` as 2, 10, 8, without zeros at its end.
fn numbers(version: &str) -> Vec<u64> {
    let parts = version.split(|letter: char| !letter.is_ascii_digit()).filter(|part| !part.is_empty());
    let mut numbers: Vec<u64> = parts.map(|part| part.parse().unwrap_or(u64::MAX)).collect();
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 24 * 3_600_000;
    const RESOLVED_MS: i64 = 1_000 * DAY_MS;
    const WITHIN: ReopenRule = ReopenRule::Within(30 * DAY_MS);

    fn ticket(fixed_in: &str) -> ClosedTicket {
        let fixed_in = Some(fixed_in.to_owned()).filter(|text| !text.is_empty());
        ClosedTicket { resolved_ms: RESOLVED_MS, fixed_in, ..ClosedTicket::default() }
    }

    fn event(days: i64, version: &str) -> LastEvent {
        let version = Some(version.to_owned()).filter(|text| !text.is_empty());
        LastEvent { at_ms: RESOLVED_MS + days * DAY_MS, version }
    }

    #[test]
    fn time_and_version_of_the_event_decide() {
        use ReopenRule::{Always, Never};
        use Verdict::{Count, NewTicket, Reopen};
        for (rule, fixed_in, days, version, expected) in [
            (WITHIN, "", 1, "v2.10.8", Reopen),
            (WITHIN, "", 1, "", Reopen),
            // From before the fix, however late it was delivered.
            (WITHIN, "", 0, "v2.10.8", Count),
            (WITHIN, "", -3, "", Count),
            (Always, "", -3, "", Count),
            (Never, "", -3, "", Count),
            // The window, to the millisecond's end.
            (WITHIN, "", 30, "", Reopen),
            (WITHIN, "", 31, "", NewTicket),
            (Always, "", 3_000, "", Reopen),
            (Never, "", 1, "", NewTicket),
            // An old release does what it always did.
            (WITHIN, "v2.10.9", 1, "v2.10.8", Count),
            (WITHIN, "v2.10.9", 31, "v2.10.8", Count),
            (Never, "v2.10.9", 1, "v2.9.12", Count),
            (WITHIN, "v2.10.9", 1, "v2.10.9", Reopen),
            (WITHIN, "2.10.9", 1, "v2.11.0", Reopen),
            (WITHIN, "v2.10", 1, "v2.10.0", Reopen),
            (WITHIN, "v2.10.9", 31, "v3.0.0", NewTicket),
            // What cannot be compared does not hold a regression back.
            (WITHIN, "v2.10.9", 1, "", Reopen),
            (WITHIN, "next release", 1, "v2.10.8", Reopen),
        ] {
            let verdict = decide(rule, &ticket(fixed_in), &event(days, version));
            assert_eq!(verdict, expected, "{rule:?}, fixed in {fixed_in:?}, {days} days later, {version:?}");
        }
    }

    #[test]
    fn what_nobody_will_fix_is_counted_only() {
        let ticket = ClosedTicket { wont_fix: true, ..ticket("") };
        for rule in [ReopenRule::Always, ReopenRule::Never, WITHIN] {
            for days in [-1, 1, 400] {
                assert_eq!(decide(rule, &ticket, &event(days, "v9")), Verdict::Count);
            }
        }
    }

    #[test]
    fn the_fourth_time_in_a_day_it_stays_closed() {
        for (times, expected) in [(0, Verdict::Reopen), (2, Verdict::Reopen), (3, Verdict::Flapping)] {
            let ticket = ClosedTicket { reopened_lately: times, ..ticket("") };
            assert_eq!(decide(WITHIN, &ticket, &event(1, "")), expected);
            assert_eq!(decide(ReopenRule::Always, &ticket, &event(1, "")), expected);
        }
    }

    #[test]
    fn a_deleted_ticket_stays_away_for_the_window() {
        for (rule, days, expected) in [
            (WITHIN, 29, Verdict::Count),
            (WITHIN, 31, Verdict::NewTicket),
            (ReopenRule::Within(DAY_MS), 2, Verdict::NewTicket),
            (ReopenRule::Always, 2, Verdict::Count),
            (ReopenRule::Always, 31, Verdict::NewTicket),
            (ReopenRule::Never, 2, Verdict::Count),
        ] {
            assert_eq!(
                decide_deleted(rule, RESOLVED_MS, &event(days, "")),
                expected,
                "{rule:?}, {days} days"
            );
        }
    }
}
