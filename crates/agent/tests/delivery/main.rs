//! Delivery against a real desk: one ticket for a problem, however many machines, crashes and people are at it.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod counts;
mod files;
mod kills;
mod people;
mod race;
mod sessions;
mod set_clock;
mod tap;
mod world;
