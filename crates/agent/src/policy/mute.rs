//! What people do not want to hear of for a while: what is muted, why, by whom, and what ends it.
//!
//! A muted problem is counted as ever; it gets no ticket, and a ticket that stands is not told. Every mute says who
//! wants it and why, and ends by itself unless somebody says `forever`.

/// A mute that says nothing else ends after this.
pub const DEFAULT_EXPIRY_MS: i64 = 30 * 24 * HOUR_MS;
const HOUR_MS: i64 = 3_600_000;
/// Why a mute has ended whose date has come.
pub const DATE_HAS_COME: &str = "its date has come";
/// How far back a problem is compared with itself to tell that it gets worse.
const ESCALATION_HOURS: i64 = 7 * 24;
/// Worse is this many times the worst hour of the week before ...
const ESCALATION_TIMES: u64 = 3;
/// ... and at least so often in an hour.
const ESCALATION_LEAST: u64 = 10;

/// What is to be muted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mute {
    /// A signature (`g1:…`: the problem of everyone here), or a signature and its scope (of one person).
    pub what: String,
    /// Why; shown wherever the mute is.
    pub reason: String,
    /// Who wants it.
    pub author: String,
    /// It ends when one of these comes true.
    pub until: Until,
}

/// What ends a mute: whichever comes first. Nothing given: never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Until {
    /// At this moment, wall time.
    pub date_ms: Option<i64>,
    /// When it has happened so often in so many hours.
    pub count: Option<(u64, u32)>,
    /// When it happens much more often than it used to: in an hour more than three times the worst hour of the
    /// seven days before, and at least ten times.
    pub escalating: bool,
}

/// Why a mute is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nobody could decide later whether it is still wanted.
    #[error("a mute needs a reason: say why, others will read it")]
    NoReason,
    /// See [`Refused::NoReason`].
    #[error("a mute needs an author: say who wants it")]
    NoAuthor,
    /// It would mute nothing.
    #[error("a mute needs a signature: `g1:` and 32 digits, as in `status` and in the last line of a ticket")]
    NoSignature,
    /// What was asked for by hand is never muted.
    #[error("what was reported by hand cannot be muted")]
    ByHand,
    /// It would end before it begins.
    #[error("a mute must end after now")]
    Past,
}

impl Mute {
    /// Whether it can be kept.
    ///
    /// # Errors
    /// What is missing.
    pub fn check(&self, now_ms: i64) -> Result<(), Refused> {
        if self.what.starts_with(super::BY_HAND) {
            return Err(Refused::ByHand);
        }
        if self.what.trim().is_empty() {
            return Err(Refused::NoSignature);
        }
        if self.reason.trim().is_empty() {
            return Err(Refused::NoReason);
        }
        if self.author.trim().is_empty() {
            return Err(Refused::NoAuthor);
        }
        if self.until.date_ms.is_some_and(|date| date <= now_ms) {
            return Err(Refused::Past);
        }
        Ok(())
    }
}

impl Until {
    /// Ends 30 days from now.
    #[must_use]
    pub fn default_from(now_ms: i64) -> Until {
        Until { date_ms: Some(now_ms.saturating_add(DEFAULT_EXPIRY_MS)), ..Until::default() }
    }

    /// Whether anything but the date has to be looked at.
    #[must_use]
    pub fn asks_for_counts(&self) -> bool {
        self.count.is_some() || self.escalating
    }

    /// Why the mute is over, if it is. `by_hour` are the problem's counts by hour since 1970, this occurrence
    /// included, oldest first; not asked for unless [`Until::asks_for_counts`].
    #[must_use]
    pub fn is_over(&self, by_hour: &[(i64, u64)], now_ms: i64) -> Option<&'static str> {
        if self.date_ms.is_some_and(|date| date <= now_ms) {
            return Some(DATE_HAS_COME);
        }
        let hour = now_ms.div_euclid(HOUR_MS);
        let since = |first: i64| by_hour.iter().filter(move |(of, _)| (first..=hour).contains(of));
        if let Some((count, hours)) = self.count {
            let seen: u64 = since(hour - i64::from(hours.max(1)) + 1).map(|(_, times)| times).sum();
            if seen >= count {
                return Some("it has happened too often");
            }
        }
        if self.escalating {
            let this: u64 = since(hour).map(|(_, times)| times).sum();
            let worst = since(hour - ESCALATION_HOURS)
                .filter(|(of, _)| *of < hour)
                .map(|(_, times)| *times)
                .max()
                .unwrap_or(0);
            if this >= ESCALATION_LEAST && this > worst.saturating_mul(ESCALATION_TIMES) {
                return Some("it gets worse");
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_000 * HOUR_MS;

    fn mute(what: &str, reason: &str, author: &str, until: Until) -> Mute {
        Mute { what: what.into(), reason: reason.into(), author: author.into(), until }
    }

    #[test]
    fn a_mute_says_what_why_and_who() {
        let until = Until::default_from(NOW_MS);
        let past = Until { date_ms: Some(NOW_MS), ..Until::default() };
        for (given, expected) in [
            (mute("g1:00", "known", "td", until), Ok(())),
            (mute("g1:00", "known", "td", Until::default()), Ok(())),
            (mute("g1:00", " ", "td", until), Err(Refused::NoReason)),
            (mute("g1:00", "known", "", until), Err(Refused::NoAuthor)),
            (mute("", "known", "td", until), Err(Refused::NoSignature)),
            (mute("report:1", "known", "td", until), Err(Refused::ByHand)),
            (mute("g1:00", "known", "td", past), Err(Refused::Past)),
        ] {
            assert_eq!(given.check(NOW_MS), expected, "{given:?}");
        }
    }

    #[test]
    fn it_ends_by_date_by_count_by_getting_worse_or_never() {
        let date = |ms| Until { date_ms: Some(ms), ..Until::default() };
        let count = |count, hours| Until { count: Some((count, hours)), ..Until::default() };
        let escalating = Until { escalating: true, ..Until::default() };
        type Case<'a> = (Until, &'a [(i64, u64)], bool);
        let cases: [Case<'_>; 12] = [
            (Until::default(), &[(1_000, 1_000_000)], false),
            (date(NOW_MS + 1), &[], false),
            (date(NOW_MS), &[], true),
            (count(5, 2), &[(998, 9), (999, 2), (1_000, 2)], false),
            (count(5, 2), &[(999, 3), (1_000, 2)], true),
            (count(5, 0), &[(999, 9), (1_000, 4)], false),
            (escalating, &[(1_000, 9)], false),
            (escalating, &[(1_000, 10)], true),
            (escalating, &[(900, 4), (1_000, 12)], false),
            (escalating, &[(900, 4), (1_000, 13)], true),
            // The worst hour was before the week.
            (escalating, &[(831, 400), (1_000, 13)], true),
            // A clock that was set back leaves hours after now: they tell nothing of now.
            (count(5, 2), &[(1_000, 1), (1_400, 100)], false),
        ];
        for (until, by_hour, expected) in cases {
            assert_eq!(until.is_over(by_hour, NOW_MS).is_some(), expected, "{until:?} {by_hour:?}");
        }
    }
}
