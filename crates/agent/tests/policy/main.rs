//! What becomes of occurrences: in one state case by case, through random histories, and on a day of many workstations.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod bench;
mod cases;
mod day;
mod fleet;
mod histories;
mod twins;
