//! One record that is seen twice: by whoever follows the log, and by the handler in the host that hands it over directly.
//!
//! Both ways tell of the same thing that happened, in either order, so the second sighting counts nothing. Known by what a log
//! shows of the record: its first line holds the process, the time to the millisecond, the level, the logger and what was said.
//! What the site process of Desktop writes for its project process (`[PROXY]`) has kept only what was said and the calls; that
//! is matched within seconds. One sighting is the twin of one other: two records alike, seen twice each, are two.
//!
//! Goes by what records say of their time, not by when they are read, so no clock that is set and no restart makes a
//! difference. What waits for a twin is bounded in number: beyond that, a record counts twice rather than not at all.

use super::fold::local_ms;
use sgtk_log::Record;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// What passes through Desktop's pipe arrives within this.
const PASSING_MS: i64 = 20_000;
/// Both processes have the same clock; one of them reads it a moment later.
const BEFORE_MS: i64 = 1_000;
/// Records of hosts that wait for their line in a log; those of hosts whose handler keeps no file stay until they are pushed out.
const MOST_OF_HOSTS: usize = 4_096;
/// Lines of logs that wait for their host: more than a host's handler ever holds back.
const MOST_OF_LOGS: usize = 8_192;
/// Lines of processes that have handed nothing over so far; one may begin to, and has written these already.
const MOST_OF_OTHERS: usize = 1_024;

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

/// What is compared of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    first_line: u64,
    /// Of level, message and calls.
    said: u64,
    is_passed_on: bool,
    at_ms: Option<i64>,
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

/// A sighting as it is kept: its number, whether a host told it, its two marks (the second one only where it may be one of Desktop), its
/// time, and what it is kept under.
pub type KeptSighting = (i64, bool, i64, Option<i64>, Option<i64>, String);

/// What has to be kept with the records that were seen.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// New, or under another key.
    pub waiting: Vec<KeptSighting>,
    /// The numbers of those that wait no more.
    pub gone: Vec<i64>,
}

#[derive(Clone, Debug)]
struct Waiting {
    first_line: u64,
    /// Where the other side may know it by this only.
    said: Option<u64>,
    at_ms: Option<i64>,
    key: String,
    made_from: Option<MadeFrom>,
}

/// Sightings of one way that wait, oldest first.
#[derive(Debug, Default)]
struct Line {
    waiting: BTreeMap<i64, Waiting>,
    by_first_line: HashMap<u64, VecDeque<i64>>,
    by_said: HashMap<u64, VecDeque<i64>>,
}

/// All that waits for its twin.
#[derive(Debug, Default)]
pub struct Twins {
    hosts: Line,
    logs: Line,
    /// Of logs too, and not worth a write.
    others: Line,
    last: i64,
    added: BTreeSet<i64>,
    gone: Vec<i64>,
}

impl Sighting {
    /// Whether it is Desktop's word for a record of its project process.
    #[must_use]
    pub fn is_passed_on(&self) -> bool {
        self.is_passed_on
    }

    /// Of the text of a record without secrets, and the record.
    #[must_use]
    pub fn of(text: &str, record: &Record) -> Sighting {
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
        }
    }
}

impl Twins {
    /// As it was kept.
    #[must_use]
    pub fn of(kept: Vec<KeptSighting>) -> Twins {
        let mut twins = Twins::default();
        for (id, of_host, first_line, said, at_ms, key) in kept {
            let marks = (first_line as u64, said.map(|said| said as u64));
            let waiting = Waiting { first_line: marks.0, said: marks.1, at_ms, key, made_from: None };
            let line = if of_host { &mut twins.hosts } else { &mut twins.logs };
            line.add(id, waiting);
            twins.last = twins.last.max(id);
        }
        twins
    }

    /// Whether a record was seen before, the other way; that sighting then waits no more.
    pub fn second(&mut self, sighting: &Sighting, way: Way) -> Option<First> {
        match way {
            Way::Log { .. } => {
                let exact = self.hosts.take_exact(sighting);
                let (id, waiting) = match exact {
                    None if sighting.is_passed_on => self.hosts.take_said(sighting, -BEFORE_MS..=PASSING_MS),
                    exact => exact,
                }?;
                self.forget(id);
                Some(First { key: waiting.key, passed_on: None })
            }
            Way::Host { passes_on } => {
                let Twins { logs, others, .. } = self;
                if let Some((id, waiting)) = logs.take_exact(sighting) {
                    self.forget(id);
                    return Some(First { key: waiting.key, passed_on: None });
                }
                if let Some((_, waiting)) = others.take_exact(sighting) {
                    return Some(First { key: waiting.key, passed_on: None });
                }
                if !passes_on {
                    return None;
                }
                let passed_on = logs.take_said(sighting, -PASSING_MS..=BEFORE_MS);
                let (id, waiting) = passed_on?;
                self.forget(id);
                Some(First { key: waiting.key, passed_on: Some(waiting.made_from) })
            }
        }
    }

    /// A first sighting waits for its twin. `made_from` says which record it was, where the twin may know better.
    pub fn wait(&mut self, sighting: &Sighting, way: Way, key: &str, made_from: Option<MadeFrom>) {
        let (line, most, may_pass, lasting) = match way {
            Way::Host { passes_on } => (&mut self.hosts, MOST_OF_HOSTS, passes_on, true),
            Way::Log { lasting: true } => (&mut self.logs, MOST_OF_LOGS, sighting.is_passed_on, true),
            Way::Log { lasting: false } => (&mut self.others, MOST_OF_OTHERS, false, false),
        };
        let waiting = Waiting {
            first_line: sighting.first_line,
            said: may_pass.then_some(sighting.said),
            at_ms: sighting.at_ms,
            key: key.to_owned(),
            made_from,
        };
        self.last += 1;
        let id = self.last;
        let pushed_out = (line.waiting.len() >= most).then(|| line.take_oldest()).flatten();
        line.add(id, waiting);
        if lasting {
            self.added.insert(id);
        }
        if let Some((id, _)) = pushed_out.filter(|_| lasting) {
            self.forget(id);
        }
    }

    /// What was kept under one key is kept under another one now.
    pub fn renamed(&mut self, old: &str, new: &str) {
        if old == new {
            return;
        }
        for (lasting, line) in [(true, &mut self.hosts), (true, &mut self.logs), (false, &mut self.others)] {
            for (id, waiting) in line.waiting.iter_mut().filter(|(_, waiting)| waiting.key == old) {
                new.clone_into(&mut waiting.key);
                if lasting {
                    self.added.insert(*id);
                }
            }
        }
    }

    /// What has to be kept with the records that were seen.
    #[must_use]
    pub fn changes(&self) -> Changes {
        let kept = |id: &i64| {
            let (of_host, waiting) = match self.hosts.waiting.get(id) {
                Some(waiting) => (true, waiting),
                None => (false, self.logs.waiting.get(id)?),
            };
            let said = waiting.said.map(|said| said as i64);
            Some((*id, of_host, waiting.first_line as i64, said, waiting.at_ms, waiting.key.clone()))
        };
        Changes { waiting: self.added.iter().filter_map(kept).collect(), gone: self.gone.clone() }
    }

    /// That was kept.
    pub fn kept(&mut self) {
        self.added.clear();
        self.gone.clear();
    }

    /// One that was never kept needs no deletion.
    fn forget(&mut self, id: i64) {
        if !self.added.remove(&id) {
            self.gone.push(id);
        }
    }
}

impl Line {
    fn add(&mut self, id: i64, waiting: Waiting) {
        self.by_first_line.entry(waiting.first_line).or_default().push_back(id);
        if let Some(said) = waiting.said {
            self.by_said.entry(said).or_default().push_back(id);
        }
        self.waiting.insert(id, waiting);
    }

    fn take_exact(&mut self, sighting: &Sighting) -> Option<(i64, Waiting)> {
        let id = *self.by_first_line.get(&sighting.first_line)?.front()?;
        self.take(id)
    }

    /// The oldest that says the same, when `sighting` is so much later.
    fn take_said(
        &mut self,
        sighting: &Sighting,
        later_ms: std::ops::RangeInclusive<i64>,
    ) -> Option<(i64, Waiting)> {
        let at_ms = sighting.at_ms?;
        let is_near = |id: &&i64| {
            let known_ms = self.waiting.get(*id).and_then(|waiting| waiting.at_ms);
            known_ms.is_some_and(|known_ms| later_ms.contains(&(at_ms - known_ms)))
        };
        let id = *self.by_said.get(&sighting.said)?.iter().find(is_near)?;
        self.take(id)
    }

    fn take_oldest(&mut self) -> Option<(i64, Waiting)> {
        let id = *self.waiting.keys().next()?;
        self.take(id)
    }

    fn take(&mut self, id: i64) -> Option<(i64, Waiting)> {
        let waiting = self.waiting.remove(&id)?;
        drop_from(&mut self.by_first_line, waiting.first_line, id);
        if let Some(said) = waiting.said {
            drop_from(&mut self.by_said, said, id);
        }
        Some((id, waiting))
    }
}

fn drop_from(index: &mut HashMap<u64, VecDeque<i64>>, mark: u64, id: i64) {
    if let Some(ids) = index.get_mut(&mark) {
        ids.retain(|other| *other != id);
        if ids.is_empty() {
            index.remove(&mark);
        }
    }
}

/// A mark of some texts. It is kept, and what waits is met by the next version of this program: the same in all of them.
fn mark<'a>(parts: impl IntoIterator<Item = &'a str>) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sgtk_log::FileName;

    const LOG: Way = Way::Log { lasting: true };
    const QUIET_LOG: Way = Way::Log { lasting: false };
    const HOST: Way = Way::Host { passes_on: false };
    const PROJECT: Way = Way::Host { passes_on: true };
    const LOGGER: &str = "sgtk.env.project.tk-desktop.tk-app";
    const SITE_LOGGER: &str = "sgtk.ext.tkimp0.tk_desktop.site_communication";
    const CALLS: &str =
        "\nTraceback (most recent call last):\n  File \"/s/a.py\", line 3, in run\n    work()\n";

    /// A record at so many milliseconds after ten.
    fn record(at_ms: i64, pid: u32, logger: &str, said: &str) -> String {
        let (s, ms) = (at_ms / 1_000, at_ms % 1_000);
        format!("2026-01-14 10:{:02}:{:02},{ms:03} [{pid} ERROR {logger}] {said}\n", s / 60, s % 60)
    }

    fn sighting(text: &str) -> Sighting {
        Sighting::of(text, &sgtk_log::parse(text, FileName("tk-desktop.log")))
    }

    /// The two sights of one record of Desktop's project process.
    fn passed_on(at_ms: i64, later_ms: i64, said: &str) -> [String; 2] {
        [record(at_ms, 7, LOGGER, said), record(at_ms + later_ms, 3, SITE_LOGGER, &format!("[PROXY] {said}"))]
    }

    /// What each of these is: the place of the one it merges with. Restarts between all of them.
    fn merges(seen: &[(Way, &str)]) -> Vec<Option<usize>> {
        let (mut twins, mut kept) = (Twins::default(), BTreeMap::new());
        let mut found = Vec::new();
        for (index, (way, text)) in seen.iter().enumerate() {
            let sighting = sighting(text);
            match twins.second(&sighting, *way) {
                Some(first) => found.push(Some(first.key.parse().unwrap())),
                None => {
                    twins.wait(&sighting, *way, &index.to_string(), None);
                    found.push(None);
                }
            }
            twins = restarted(twins, &mut kept);
        }
        found
    }

    fn restarted(mut twins: Twins, kept: &mut BTreeMap<i64, KeptSighting>) -> Twins {
        let changes = twins.changes();
        changes.gone.iter().for_each(|id| assert!(kept.remove(id).is_some(), "only what was kept"));
        kept.extend(changes.waiting.into_iter().map(|row| (row.0, row)));
        twins.kept();
        Twins::of(kept.values().cloned().collect())
    }

    #[test]
    fn a_record_in_the_log_and_of_its_host_is_one() {
        let one = record(0, 7, LOGGER, "no scene");
        let long = record(0, 7, LOGGER, &format!("no scene{CALLS}ValueError: x"));
        for (seen, expected) in [
            (vec![(LOG, &*one), (HOST, &*one)], vec![None, Some(0)]),
            (vec![(HOST, &one), (LOG, &one)], vec![None, Some(0)]),
            // The log may show its first line before the rest.
            (vec![(LOG, &one), (HOST, &long)], vec![None, Some(0)]),
            // Two are two, whatever comes in between.
            (
                vec![(HOST, &one), (HOST, &one), (LOG, &one), (LOG, &one), (LOG, &one)],
                vec![None, None, Some(0), Some(1), None],
            ),
            // The same way twice is twice.
            (vec![(LOG, &one), (LOG, &one)], vec![None, None]),
        ] {
            assert_eq!(merges(&seen), expected);
        }
        for other in [
            record(1, 7, LOGGER, "no scene"),
            record(0, 8, LOGGER, "no scene"),
            record(0, 7, "sgtk.core", "no scene"),
            record(0, 7, LOGGER, "no scenes"),
        ] {
            assert_eq!(merges(&[(HOST, &one), (LOG, &other)]), [None, None], "{other}");
        }
    }

    #[test]
    fn what_desktop_passes_on_is_one_with_the_original() {
        let [own, passed] =
            passed_on(0, 40, &format!("Error calling __commands::x(args, kwargs):{CALLS}ValueError: x"));
        // While the project starts, the last line is missing.
        let short = passed.replace("ValueError: x\n", "").replace("Traceback (most recent call last):\n", "");
        assert_ne!(short, passed);
        for passed in [&passed, &short] {
            assert_eq!(merges(&[(PROJECT, &own), (LOG, passed)]), [None, Some(0)], "{passed}");
            assert_eq!(merges(&[(LOG, passed), (PROJECT, &own)]), [None, Some(0)], "{passed}");
            // Another program's record is its own.
            assert_eq!(merges(&[(HOST, &own), (LOG, passed)]), [None, None]);
            // One of both each.
            assert_eq!(
                merges(&[(PROJECT, &own), (PROJECT, &own), (LOG, passed), (LOG, passed), (LOG, passed)]),
                [None, None, Some(0), Some(1), None]
            );
        }
        // Long after, long before, and another one.
        let [_, late] = passed_on(0, PASSING_MS + 1, "x");
        let [own, _] = passed_on(0, 0, "x");
        let [later, early] = passed_on(60_000, -60_000, "x");
        let [_, other] = passed_on(0, 40, "y");
        for passed in [&late, &other] {
            assert_eq!(merges(&[(PROJECT, &own), (LOG, passed)]), [None, None], "{passed}");
            assert_eq!(merges(&[(LOG, passed), (PROJECT, &own)]), [None, None], "{passed}");
        }
        assert_eq!(merges(&[(PROJECT, &later), (LOG, &early)]), [None, None]);
        // Its own handler wrote it, while the engine started.
        assert_eq!(merges(&[(PROJECT, &own), (LOG, &own)]), [None, Some(0)]);
    }

    #[test]
    fn the_host_knows_better_than_desktop_and_which_record_it_was() {
        let [own, passed] = passed_on(0, 40, "x");
        let was = MadeFrom { file: "tk-desktop.log".into(), start: 90, pid: Some(3), logger: None };
        let mut twins = Twins::default();
        twins.wait(&sighting(&passed), LOG, "k", Some(was.clone()));
        let first = twins.second(&sighting(&own), PROJECT).unwrap();
        assert_eq!(first, First { key: "k".into(), passed_on: Some(Some(was)) });
        // Of a record as it stands in both, the log's word is as good.
        twins.wait(&sighting(&own), LOG, "k", None);
        assert_eq!(twins.second(&sighting(&own), PROJECT).unwrap().passed_on, None);
    }

    #[test]
    fn what_waits_is_bounded_and_follows_its_key() {
        let mut twins = Twins::default();
        let text = |number: i64| record(number, 7, LOGGER, "x");
        for number in 0..20_000 {
            for way in [LOG, QUIET_LOG, HOST] {
                twins.wait(&sighting(&text(number)), way, "old", None);
            }
        }
        let lines = [&twins.hosts, &twins.logs, &twins.others];
        assert_eq!(lines.map(|line| line.waiting.len()), [MOST_OF_HOSTS, MOST_OF_LOGS, MOST_OF_OTHERS]);
        assert!(lines.iter().all(|line| line.by_first_line.len() <= line.waiting.len()));
        assert_eq!(twins.changes().waiting.len(), MOST_OF_HOSTS + MOST_OF_LOGS);
        assert!(twins.changes().gone.is_empty(), "what was never kept needs no deletion");
        twins.renamed("old", "new");
        assert_eq!(twins.second(&sighting(&text(19_999)), HOST).unwrap().key, "new");
    }

    /// As many as really happened, whatever is seen in which order and by whom, with restarts in between.
    #[test]
    fn each_occurrence_counts_once_in_any_order() {
        for seed in 0..300_u64 {
            let mut dice = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
            let mut below = |most: u64| {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (dice >> 33) % most
            };
            // Each thing that happens is seen in the log, by the host, or by both, which is what makes it one.
            let mut sights: Vec<(u64, Way, String)> = Vec::new();
            let happened = 1 + below(60);
            for number in 0..happened {
                let at_ms = i64::try_from(number * 5 + below(4)).unwrap();
                let said = ["x", "y", &format!("z{CALLS}ValueError: x")][below(3) as usize].to_owned();
                let (way, [host, log]) = match below(3) {
                    // The clock stands still in a loop: the same line twice.
                    0 => (HOST, [record(at_ms / 20 * 20, 5, "sgtk.core", &said), String::new()]),
                    1 => (PROJECT, passed_on(at_ms, i64::try_from(below(40)).unwrap(), &said)),
                    _ => (HOST, [record(at_ms, 9, "sgtk.core", &said), String::new()]),
                };
                let log = if log.is_empty() { host.clone() } else { log };
                let (by_host, by_log) =
                    [(true, true), (true, true), (true, false), (false, true)][below(4) as usize];
                // Desktop's line without its original may be taken for that of another one: only whole pairs here.
                let both = way == PROJECT;
                let moment = number * 10;
                if by_host || both {
                    sights.push((moment + below(80), way, host));
                }
                if by_log || both {
                    sights.push((moment + below(80), LOG, log));
                }
            }
            sights.sort_by_key(|(moment, ..)| *moment);
            let (mut twins, mut kept) = (Twins::default(), BTreeMap::new());
            let mut counted = 0;
            for (_, way, text) in &sights {
                let sighting = sighting(text);
                if twins.second(&sighting, *way).is_none() {
                    twins.wait(&sighting, *way, "k", None);
                    counted += 1;
                }
                if below(3) == 0 {
                    twins = restarted(twins, &mut kept);
                }
            }
            // Two of the same line, one seen by the log only and one by the host only, are one to anybody.
            let mut lines: HashMap<&str, (u64, u64)> = HashMap::new();
            let mut passed = 0;
            for (_, way, text) in &sights {
                if *way == PROJECT {
                    passed += 1;
                } else if !text.contains("[PROXY]") {
                    let (logs, hosts) = lines.entry(text).or_default();
                    *(if *way == LOG { logs } else { hosts }) += 1;
                }
            }
            let expected = passed + lines.values().map(|(logs, hosts)| logs.max(hosts)).sum::<u64>();
            assert_eq!(counted, expected, "seed {seed}: {sights:#?}");
        }
    }
}
