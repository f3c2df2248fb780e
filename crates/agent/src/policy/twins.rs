//! One record that is seen twice: by whoever follows the log, and by the handler in the host that hands it over directly.
//!
//! Both ways tell of the same thing that happened, in either order, so the second sighting counts nothing. Known by what a log
//! shows of the record: its first line holds the process, the time to the millisecond, the level, the logger and what was said.
//! What the site process of Desktop writes for its project process (`[PROXY]`) has kept only what was said and the calls; that
//! is matched within seconds. One sighting is the twin of one other: two records alike, seen twice each, are two.
//!
//! Goes by what records say of their time, not by when they are read, so no clock that is set and no restart makes a
//! difference. What waits for a twin is bounded in number; what is pushed out is summed up (`sum`), and its twin is then known by
//! its problem, process and time. As each sighting is merged with one other at most, no fewer are counted than either way has
//! seen, whatever is pushed out, dropped or lost: only where both ways have lost records of one storm that was
//! longer than what waits, one may be taken for another.

mod line;
mod sighting;
mod sum;

use line::{Line, Waiting};
pub use sighting::Sighting;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use sum::{Change, Sum};

/// What passes through Desktop's pipe arrives within this.
const PASSING_MS: i64 = 20_000;
/// Both processes have the same clock; one of them reads it a moment later.
const BEFORE_MS: i64 = 1_000;
/// A host hands over in order, but for its threads, and for a session that has ended and tries for some ten minutes.
const OUT_OF_ORDER_MS: i64 = 15 * 60_000;
/// Keys that are held once for all that wait under them.
const MOST_KEYS: usize = 256;

/// How many may wait.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Records of hosts that wait for their line in a log; those of hosts whose handler keeps no file stay until they are pushed out.
    pub hosts: usize,
    /// Lines of logs that wait for their host.
    pub logs: usize,
    /// Lines of processes that have handed nothing over so far; one may begin to, and has written these already.
    pub others: usize,
    /// Sums of what was pushed out, of each of these.
    pub sums: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { hosts: 4_096, logs: 8_192, others: 1_024, sums: 256 }
    }
}

/// How a record came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A log that is followed.
    Log {
        /// Its process hands records over as well, or Desktop wrote it for one that may: what is remembered has to outlast a
        /// restart.
        lasting: bool,
    },
    /// The host itself.
    Host {
        /// Desktop may write it into its log for that process.
        passes_on: bool,
    },
}

/// The record that facts were made from, among all of its problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeFrom {
    /// The log's bare name.
    pub file: String,
    /// Where it starts.
    pub start: u64,
    /// Its process.
    pub pid: Option<u32>,
    /// Its logger.
    pub logger: Option<String>,
}

/// The first sighting of a record whose second one has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct First {
    /// What it is kept under; empty when it became no incident.
    pub key: String,
    /// It was Desktop's word for it, and the host has a better one. Also says which record that was, unless there was a restart.
    pub passed_on: Option<Option<MadeFrom>>,
}

/// A sighting as it is kept. Marks are of 64 bits, whatever they look like with a sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSighting {
    /// In the order in which they came.
    pub id: i64,
    /// A host told it.
    pub of_host: bool,
    /// Mark of its first line.
    pub first_line: i64,
    /// Mark of what was said, only where it may be one of Desktop.
    pub said: Option<i64>,
    /// Its own time, local.
    pub at_ms: Option<i64>,
    /// Its process.
    pub process: Option<u32>,
    /// Mark of its problem.
    pub problem: i64,
    /// What it is kept under.
    pub key: String,
}

/// Sightings that were pushed out, as their sum is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSum {
    /// In the order in which they came.
    pub id: i64,
    /// Hosts told them.
    pub of_host: bool,
    /// Their process.
    pub process: u32,
    /// Mark of their problem.
    pub problem: i64,
    /// How many have had no twin.
    pub number: i64,
    /// The time of the oldest, local.
    pub from_ms: i64,
    /// The time of the newest, local.
    pub to_ms: i64,
    /// What they are kept under.
    pub key: String,
}

/// What has to be kept with the records that were seen.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// New, or under another key.
    pub waiting: Vec<KeptSighting>,
    /// The numbers of those that wait no more.
    pub gone: Vec<i64>,
    /// Sums that are new or were changed.
    pub sums: Vec<KeptSum>,
    /// The numbers of those that are no more.
    pub sums_gone: Vec<i64>,
}

/// All that waits for its twin.
#[derive(Debug, Default)]
pub struct Twins {
    bounds: Bounds,
    hosts: Line,
    logs: Line,
    /// Of logs too, and not worth a write.
    others: Line,
    last: i64,
    /// Those up to here are in the state.
    last_kept: i64,
    keys: HashSet<Arc<str>>,
    /// Of what a host hands over now: the time of the oldest whose line was found, and the number of the newest line.
    reached: Option<(i64, i64)>,
    added: BTreeSet<i64>,
    gone: Vec<i64>,
    sums_changed: BTreeSet<i64>,
    sums_gone: Vec<i64>,
}

impl Changes {
    /// Whether there is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.gone.is_empty() && self.sums.is_empty() && self.sums_gone.is_empty()
    }
}

impl Twins {
    /// As it was kept.
    #[must_use]
    pub fn of(kept: &[KeptSighting], sums: &[KeptSum], bounds: Bounds) -> Twins {
        let mut twins = Twins { bounds, ..Twins::default() };
        for kept in kept {
            let waiting = Waiting::of(kept, twins.shared(&kept.key));
            let line = if kept.of_host { &mut twins.hosts } else { &mut twins.logs };
            line.add(kept.id, waiting);
            twins.last = twins.last.max(kept.id);
        }
        for kept in sums {
            let sum = Sum::of(kept, twins.shared(&kept.key));
            let line = if kept.of_host { &mut twins.hosts } else { &mut twins.logs };
            line.sums.0.insert(kept.id, sum);
            twins.last = twins.last.max(kept.id);
        }
        twins.last_kept = twins.last;
        twins
    }

    /// Whether a record was seen before, the other way; that sighting then waits no more.
    pub fn second(&mut self, sighting: &Sighting, way: Way) -> Option<First> {
        match way {
            Way::Log { .. } => self.second_of_log(sighting),
            Way::Host { passes_on } => self.second_of_host(sighting, passes_on),
        }
    }

    fn second_of_log(&mut self, sighting: &Sighting) -> Option<First> {
        let exact = self.hosts.take_exact(sighting);
        let waited = match exact {
            None if sighting.is_passed_on => self.hosts.take_said(sighting, -BEFORE_MS..=PASSING_MS),
            exact => exact,
        };
        if let Some((id, waiting)) = waited {
            self.forget(id);
            return Some(First::under(&waiting.key));
        }
        // Of another process and logger than its host's word.
        if sighting.is_passed_on {
            return None;
        }
        let (key, change) = self.hosts.sums.take(sighting)?;
        self.sum_changed(change);
        Some(First::under(&key))
    }

    fn second_of_host(&mut self, sighting: &Sighting, passes_on: bool) -> Option<First> {
        if let Some((id, waiting)) = self.logs.take_exact(sighting) {
            self.forget(id);
            if let Some(at_ms) = sighting.at_ms {
                let (oldest_ms, newest) = self.reached.unwrap_or((at_ms, id));
                self.reached = Some((oldest_ms.min(at_ms), newest.max(id)));
            }
            return Some(First::under(&waiting.key));
        }
        if let Some((_, waiting)) = self.others.take_exact(sighting) {
            return Some(First::under(&waiting.key));
        }
        if passes_on && let Some((id, waiting)) = self.logs.take_said(sighting, -PASSING_MS..=BEFORE_MS) {
            self.forget(id);
            return Some(First {
                passed_on: Some(waiting.made_from.map(|made_from| *made_from)),
                ..First::under(&waiting.key)
            });
        }
        if let Some((key, change)) = self.logs.sums.take(sighting) {
            self.sum_changed(change);
            return Some(First::under(&key));
        }
        let (key, _) = self.others.sums.take(sighting)?;
        Some(First::under(&key))
    }

    /// A first sighting waits for its twin. `made_from` says which record it was, where the twin may know better.
    pub fn wait(&mut self, sighting: &Sighting, way: Way, key: &str, made_from: Option<MadeFrom>) {
        let key = self.shared(key);
        self.last += 2;
        let (id, new_sum) = (self.last - 1, self.last);
        let (line, most, may_pass, lasting) = match way {
            Way::Host { passes_on } => (&mut self.hosts, self.bounds.hosts, passes_on, true),
            Way::Log { lasting: true } => (&mut self.logs, self.bounds.logs, sighting.is_passed_on, true),
            Way::Log { lasting: false } => (&mut self.others, self.bounds.others, false, false),
        };
        let waiting = Waiting {
            first_line: sighting.first_line,
            said: may_pass.then_some(sighting.said),
            at_ms: sighting.at_ms,
            process: sighting.process,
            problem: sighting.problem,
            key,
            made_from: made_from.map(Box::new),
        };
        let pushed_out = (line.waiting.len() >= most).then(|| line.take_oldest()).flatten();
        line.add(id, waiting);
        let mut changes = Vec::new();
        // Desktop's process and logger are not those that its host will tell.
        let is_of_desktop = |waiting: &Waiting| matches!(way, Way::Log { .. }) && waiting.said.is_some();
        if let Some((_, waiting)) = pushed_out.as_ref().filter(|(_, waiting)| !is_of_desktop(waiting)) {
            line.sums.add(waiting, new_sum, self.bounds.sums, &mut changes);
        }
        if lasting {
            self.added.insert(id);
            if let Some((id, _)) = pushed_out {
                self.forget(id);
            }
            changes.into_iter().for_each(|change| self.sum_changed(change));
        }
    }

    /// A host has handed over what was asked about since this was called last. It hands over in order: lines that its process
    /// wrote long before are those that it had to drop, and their twins will not come.
    pub fn handed_over(&mut self, process: u32) {
        let Some((oldest_ms, newest)) = self.reached.take() else { return };
        let before_ms = oldest_ms.saturating_sub(OUT_OF_ORDER_MS);
        // Both by time and in the log: a clock that was set back makes what follows look old.
        let older = self.logs.waiting.range(..newest).filter(|(_, waiting)| {
            waiting.process == Some(process)
                && waiting.said.is_none()
                && waiting.at_ms.is_some_and(|at_ms| at_ms < before_ms)
        });
        for id in older.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.logs.take(id);
            self.forget(id);
        }
    }

    /// What was kept under one key is kept under another one now.
    pub fn renamed(&mut self, old: &str, new: &str) {
        if old == new {
            return;
        }
        let new = self.shared(new);
        for (lasting, line) in [(true, &mut self.hosts), (true, &mut self.logs), (false, &mut self.others)] {
            for (id, waiting) in line.waiting.iter_mut().filter(|(_, waiting)| &*waiting.key == old) {
                waiting.key = Arc::clone(&new);
                if lasting {
                    self.added.insert(*id);
                }
            }
            for (id, sum) in line.sums.0.iter_mut().filter(|(_, sum)| &*sum.key == old) {
                sum.key = Arc::clone(&new);
                if lasting {
                    self.sums_changed.insert(*id);
                }
            }
        }
    }

    /// What has to be kept with the records that were seen.
    #[must_use]
    pub fn changes(&self) -> Changes {
        let waiting = |id: &i64| {
            let of_host = self.hosts.waiting.get(id).map(|waiting| waiting.kept(*id, true));
            of_host.or_else(|| Some(self.logs.waiting.get(id)?.kept(*id, false)))
        };
        let sum = |id: &i64| {
            let of_host = self.hosts.sums.0.get(id).map(|sum| sum.kept(*id, true));
            of_host.or_else(|| Some(self.logs.sums.0.get(id)?.kept(*id, false)))
        };
        Changes {
            waiting: self.added.iter().filter_map(waiting).collect(),
            gone: self.gone.clone(),
            sums: self.sums_changed.iter().filter_map(sum).collect(),
            sums_gone: self.sums_gone.clone(),
        }
    }

    /// That was kept.
    pub fn kept(&mut self) {
        self.last_kept = self.last;
        self.added.clear();
        self.gone.clear();
        self.sums_changed.clear();
        self.sums_gone.clear();
    }

    /// One that was never kept needs no deletion.
    fn forget(&mut self, id: i64) {
        self.added.remove(&id);
        if id <= self.last_kept {
            self.gone.push(id);
        }
    }

    fn sum_changed(&mut self, change: Change) {
        match change {
            Change::Changed(id) => {
                self.sums_changed.insert(id);
            }
            Change::Gone(id) => {
                self.sums_changed.remove(&id);
                if id <= self.last_kept {
                    self.sums_gone.push(id);
                }
            }
        }
    }

    /// Thousands wait under one key in a storm.
    fn shared(&mut self, key: &str) -> Arc<str> {
        if let Some(known) = self.keys.get(key) {
            return Arc::clone(known);
        }
        if self.keys.len() >= MOST_KEYS {
            self.keys.retain(|key| Arc::strong_count(key) > 1);
        }
        let key: Arc<str> = key.into();
        if self.keys.len() < MOST_KEYS {
            self.keys.insert(Arc::clone(&key));
        }
        key
    }
}

impl First {
    fn under(key: &str) -> First {
        First { key: key.to_owned(), passed_on: None }
    }
}
