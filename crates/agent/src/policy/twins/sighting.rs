//! What is compared of a record: marks of its text, its time, its process, and which problem it is one of.
//!
//! Marks are kept, and met by the next version of this program: they must be the same in all of them.

use crate::policy::fold::local_ms;
use sgtk_log::Record;

/// What is compared of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    pub(super) first_line: u64,
    /// Of level, message and calls.
    pub(super) said: u64,
    pub(super) is_passed_on: bool,
    pub(super) at_ms: Option<i64>,
    pub(super) process: Option<u32>,
    pub(super) problem: u64,
}

impl Sighting {
    /// Whether it is Desktop's word for a record of its project process.
    #[must_use]
    pub fn is_passed_on(&self) -> bool {
        self.is_passed_on
    }

    /// Of the text of a record without secrets, and the record. `problem` is the same for all records of one problem.
    #[must_use]
    pub fn of(text: &str, record: &Record, problem: &str) -> Sighting {
        let body = record.body.trim_start();
        let is_passed_on = body.starts_with("[PROXY]");
        let said = body.strip_prefix("[PROXY]").map_or(body, str::trim_start);
        // While a project starts, its tracebacks come without the last line and without the other exceptions of a chain.
        let mut calls: Vec<&str> = Vec::new();
        for line in said.lines().map(str::trim) {
            if line.starts_with("Traceback (most recent call last):") {
                calls.clear();
            } else if line.starts_with("File \"") && line.contains(", line ") {
                calls.push(line);
            }
        }
        let first_of = |text: &str| text.lines().next().unwrap_or_default().trim_end().to_owned();
        let (level, first_line) = (record.level.map_or("", |level| level.as_str()), first_of(said));
        let parts = [level, first_line.as_str()].into_iter().chain(calls);
        Sighting {
            first_line: mark([first_of(text).as_str()]),
            said: mark(parts),
            is_passed_on,
            at_ms: record.time.and_then(local_ms),
            process: record.pid,
            problem: mark([problem]),
        }
    }
}

fn mark<'a>(parts: impl IntoIterator<Item = &'a str>) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}
