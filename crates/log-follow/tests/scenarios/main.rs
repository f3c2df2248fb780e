//! What happens to logs, and what the follower makes of it: the fault scenarios of `docs/following.md`.
//!
//! Most run against a simulated file system, because it can do at will what a real one does once a year: rotate in
//! the middle of a look, use a number again, refuse to share, lose events. Each test is named after what happens.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod discovery;
mod environment;
mod events;
mod histories;
mod rotation;
mod shares;
mod simulated;
mod truncation_and_identity;
