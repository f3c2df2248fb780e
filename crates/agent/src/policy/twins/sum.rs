//! Sightings that could not wait any longer: of each problem of a process how many, and of which time.
//!
//! A storm may be longer than what can be remembered one by one. Its twins are then known by being of the same problem and
//! process, and from the same time. Each takes one from the number, so no more are taken for twins than there were.

use super::KeptSum;
use super::line::Waiting;
use super::sighting::Sighting;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Sightings that are farther apart are of two storms: what is over must not be taken for the next one.
const APART_MS: i64 = 60_000;

#[derive(Clone, Debug)]
pub(super) struct Sum {
    process: u32,
    problem: u64,
    pub(super) key: Arc<str>,
    number: u64,
    from_ms: i64,
    to_ms: i64,
}

/// See the module's own words.
#[derive(Debug, Default)]
pub(super) struct Sums(pub(super) BTreeMap<i64, Sum>);

/// What became of a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It has another number or time.
    Changed(i64),
    /// It is no more.
    Gone(i64),
}

impl Sum {
    pub(super) fn kept(&self, id: i64, of_host: bool) -> KeptSum {
        KeptSum {
            id,
            of_host,
            process: self.process,
            problem: self.problem as i64,
            number: i64::try_from(self.number).unwrap_or(i64::MAX),
            from_ms: self.from_ms,
            to_ms: self.to_ms,
            key: self.key.to_string(),
        }
    }

    pub(super) fn of(kept: &KeptSum, key: Arc<str>) -> Sum {
        Sum {
            process: kept.process,
            problem: kept.problem as u64,
            key,
            number: kept.number.unsigned_abs(),
            from_ms: kept.from_ms,
            to_ms: kept.to_ms,
        }
    }
}

impl Sums {
    /// Adds one, to a new sum of this number if need be. When there are too many, the smallest goes, of several the oldest.
    pub(super) fn add(&mut self, waiting: &Waiting, new_id: i64, most: usize, changes: &mut Vec<Change>) {
        let (Some(process), Some(at_ms)) = (waiting.process, waiting.at_ms) else { return };
        let known = self.0.iter_mut().rev().find(|(_, sum)| {
            (sum.process, sum.problem) == (process, waiting.problem)
                && sum.key == waiting.key
                && at_ms >= sum.from_ms.saturating_sub(APART_MS)
                && at_ms <= sum.to_ms.saturating_add(APART_MS)
        });
        if let Some((id, sum)) = known {
            sum.number += 1;
            (sum.from_ms, sum.to_ms) = (sum.from_ms.min(at_ms), sum.to_ms.max(at_ms));
            changes.push(Change::Changed(*id));
            return;
        }
        if self.0.len() >= most {
            let smallest = self.0.iter().min_by_key(|(_, sum)| sum.number).map(|(id, _)| *id);
            if let Some(id) = smallest {
                self.0.remove(&id);
                changes.push(Change::Gone(id));
            }
        }
        let (problem, key) = (waiting.problem, Arc::clone(&waiting.key));
        self.0.insert(new_id, Sum { process, problem, key, number: 1, from_ms: at_ms, to_ms: at_ms });
        changes.push(Change::Changed(new_id));
    }

    /// Takes one of the same problem, process and time. Returns what it is kept under.
    pub(super) fn take(&mut self, sighting: &Sighting) -> Option<(Arc<str>, Change)> {
        let (process, at_ms) = (sighting.process?, sighting.at_ms?);
        let (id, sum) = self.0.iter_mut().find(|(_, sum)| {
            (sum.process, sum.problem) == (process, sighting.problem)
                && (sum.from_ms..=sum.to_ms).contains(&at_ms)
        })?;
        let (id, key) = (*id, Arc::clone(&sum.key));
        sum.number = sum.number.saturating_sub(1);
        if sum.number > 0 {
            return Some((key, Change::Changed(id)));
        }
        self.0.remove(&id);
        Some((key, Change::Gone(id)))
    }
}
