//! The outcomes: every record that passed the gate ends in exactly one of them, and their sum is what was seen.
//!
//! The words are stored, shown (docs/json.md, `status`) and explained to people in docs/policy.md; they never change.

/// The first of its kind, and its ticket stands on the site.
pub const FILED: &str = "filed";
/// The first of its kind, waiting on disk for its ticket.
pub const SPOOLED: &str = "spooled";
/// Counted on a ticket that stands or will stand.
pub const DUPLICATE: &str = "duplicate";
/// People have deleted its ticket, and it gets no other for a while.
pub const COOLDOWN: &str = "cooldown";
/// Could not be recognised, by a fault of ours.
pub const FAILED: &str = "failed";
/// Dropped by a rule of the studio, by the noise list, or because it is a record of our own.
pub const RULE_DROP: &str = "rule_drop";
/// An incident that somebody wants no ticket of: a rule of the studio, or a mute.
pub const MUTED: &str = "muted";
/// Part of another record of the same process, and evidence of that one.
pub const CHILD: &str = "child";
/// The same exception, logged once more on its way up.
pub const ECHO: &str = "echo";
/// The first of its kind, but this workstation has opened as many tickets as it may: held, or folded into a digest.
pub const STORM_HOST: &str = "storm_host";
/// One of many problems that are all the same outage, and counted on the ticket of that.
pub const INHIBITED: &str = "inhibited";

/// The same record, seen in a log and told by its host: this is the second time that it came.
pub const MERGED: &str = "merged";

/// Another site's: the agent of that site files it.
pub const OTHER_SITE: &str = "other_site";

/// Those that are no further time that a problem happened: they are told beside the count, not in it.
pub const FOLDED: [&str; 3] = [CHILD, ECHO, MERGED];
