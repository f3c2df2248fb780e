//! What becomes of an occurrence: pure, state and time in, decision out.
//!
//! One file a noun: what the end of an occurrence is called (`outcome`), waiting for what belongs together (`gather`),
//! records that are part of another one (`fold`), how many new tickets a workstation may open (`bucket`), what
//! happens when it wants many more (`storm`), what people do not want to hear of (`mute`), failures that are all
//! one outage (`outage`), and what comes back after its ticket was closed (`reopen`), and
//! records that are seen in a log and told by their host as well (`twins`). `docs/policy.md` tells the whole to people. The state behind these rules is the store's.

pub mod bucket;
pub mod fold;
mod gather;
pub mod held;
pub mod mute;
pub mod outage;
pub mod outcome;
pub mod reopen;
pub mod storm;
pub mod twins;

pub use gather::{Decision, Known, decide};

/// Signatures of what somebody has reported by hand begin so: that is never folded, muted, held or inhibited.
pub const BY_HAND: &str = "report:";
