//! Sightings of one way that wait for their twins, oldest first, and what could not wait any longer.

use super::sighting::Sighting;
use super::sum::Sums;
use super::{KeptSighting, MadeFrom};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// One sighting. Thousands of them wait in a storm: what most do not need is behind a pointer.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) first_line: u64,
    /// Where the other side may know it by this only.
    pub(super) said: Option<u64>,
    pub(super) at_ms: Option<i64>,
    pub(super) process: Option<u32>,
    pub(super) problem: u64,
    pub(super) key: Arc<str>,
    pub(super) made_from: Option<Box<MadeFrom>>,
}

/// See the module's own words.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) waiting: BTreeMap<i64, Waiting>,
    /// Mark and number.
    by_first_line: BTreeSet<(u64, i64)>,
    /// Mark, time and number.
    by_said: BTreeSet<(u64, i64, i64)>,
    pub(super) sums: Sums,
}

impl Waiting {
    pub(super) fn kept(&self, id: i64, of_host: bool) -> KeptSighting {
        KeptSighting {
            id,
            of_host,
            first_line: self.first_line as i64,
            said: self.said.map(|said| said as i64),
            at_ms: self.at_ms,
            process: self.process,
            problem: self.problem as i64,
            key: self.key.to_string(),
        }
    }

    pub(super) fn of(kept: &KeptSighting, key: Arc<str>) -> Waiting {
        Waiting {
            first_line: kept.first_line as u64,
            said: kept.said.map(|said| said as u64),
            at_ms: kept.at_ms,
            process: kept.process,
            problem: kept.problem as u64,
            key,
            made_from: None,
        }
    }
}

impl Line {
    pub(super) fn add(&mut self, id: i64, waiting: Waiting) {
        self.by_first_line.insert((waiting.first_line, id));
        self.by_said.extend(waiting.said_at(id));
        self.waiting.insert(id, waiting);
    }

    /// The oldest with this first line.
    pub(super) fn take_exact(&mut self, sighting: &Sighting) -> Option<(i64, Waiting)> {
        let mark = sighting.first_line;
        let (_, id) = *self.by_first_line.range((mark, i64::MIN)..=(mark, i64::MAX)).next()?;
        self.take(id)
    }

    /// The oldest that says the same, when `sighting` is so much later.
    pub(super) fn take_said(
        &mut self,
        sighting: &Sighting,
        later_ms: RangeInclusive<i64>,
    ) -> Option<(i64, Waiting)> {
        let (at_ms, mark) = (sighting.at_ms?, sighting.said);
        let oldest = (mark, at_ms.saturating_sub(*later_ms.end()), i64::MIN);
        let newest = (mark, at_ms.saturating_sub(*later_ms.start()), i64::MAX);
        let (_, _, id) = *self.by_said.range(oldest..=newest).next()?;
        self.take(id)
    }

    pub(super) fn take_oldest(&mut self) -> Option<(i64, Waiting)> {
        let id = *self.waiting.keys().next()?;
        self.take(id)
    }

    pub(super) fn take(&mut self, id: i64) -> Option<(i64, Waiting)> {
        let waiting = self.waiting.remove(&id)?;
        self.by_first_line.remove(&(waiting.first_line, id));
        if let Some(said) = waiting.said_at(id) {
            self.by_said.remove(&said);
        }
        Some((id, waiting))
    }
}

impl Waiting {
    fn said_at(&self, id: i64) -> Option<(u64, i64, i64)> {
        Some((self.said?, self.at_ms?, id))
    }
}
