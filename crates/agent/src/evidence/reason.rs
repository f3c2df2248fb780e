//! Whether an occurrence gets an archive, and why: pure, what was made so far in, decision out.
//!
//! The first of a problem does, and later the first with a version of the failing bundle, or on a version of the operating
//! system, that no archive of the ticket shows yet. Repeats of what is known would only show it again.

use serde::{Deserialize, Serialize};

const DAY_MS: i64 = 24 * 3_600_000;

/// Why an archive is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The problem was never seen before.
    First,
    /// Never with this version of the bundle that failed.
    NewVersion,
    /// Never on this operating system.
    NewSystem,
    /// Somebody asked for it.
    Asked,
}

impl Reason {
    /// As it is stored and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Reason::First => "first",
            Reason::NewVersion => "new_version",
            Reason::NewSystem => "new_system",
            Reason::Asked => "asked",
        }
    }
}

/// An archive that was made for a problem before, or would have been if there had been room for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// When, wall time.
    pub made_ms: i64,
    /// Version of the bundle that failed; empty when unknown.
    pub bundle_version: String,
    /// The operating system.
    pub system: String,
}

/// Decides for one more occurrence of a known problem; see the module's own words. A problem of which nothing is known
/// (an older version of this program has filed it) gets none.
#[must_use]
pub fn reason(
    made: &[Made],
    bundle_version: Option<&str>,
    system: &str,
    per_day: u64,
    now_ms: i64,
) -> Option<Reason> {
    let lately = made.iter().filter(|made| (now_ms - DAY_MS..=now_ms).contains(&made.made_ms)).count();
    if made.is_empty() || lately as u64 >= per_day {
        return None;
    }
    if bundle_version.is_some_and(|version| made.iter().all(|made| made.bundle_version != version)) {
        return Some(Reason::NewVersion);
    }
    made.iter().all(|made| made.system != system).then_some(Reason::NewSystem)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    fn made(hours_ago: i64, version: &str, system: &str) -> Made {
        Made { made_ms: -hours_ago * HOUR_MS, bundle_version: version.to_owned(), system: system.to_owned() }
    }

    #[test]
    fn a_new_version_or_system_is_a_reason_at_most_so_often_a_day() {
        let first = made(1, "v1", "Rocky 9");
        let second = made(1, "v2", "Rocky 9");
        let third = made(1, "v3", "Rocky 9");
        let old = made(25, "v3", "Rocky 9");
        for (made, version, system, expected) in [
            (vec![], Some("v1"), "Rocky 9", None),
            (vec![first.clone()], Some("v1"), "Rocky 9", None),
            (vec![first.clone()], None, "Rocky 9", None),
            (vec![first.clone()], Some("v2"), "Rocky 9", Some(Reason::NewVersion)),
            (vec![first.clone(), second.clone()], Some("v1"), "Rocky 9", None),
            (vec![first.clone(), second.clone()], None, "Rocky 10", Some(Reason::NewSystem)),
            (vec![first.clone(), second.clone(), third], Some("v4"), "Rocky 9", None),
            (vec![first, second, old], Some("v4"), "Rocky 9", Some(Reason::NewVersion)),
        ] {
            assert_eq!(reason(&made, version, system, 3, 0), expected, "{made:?} {version:?} {system}");
        }
    }

    #[test]
    fn none_a_day_is_none() {
        assert_eq!(reason(&[made(1, "v1", "a")], Some("v2"), "a", 0, 0), None);
    }
}
