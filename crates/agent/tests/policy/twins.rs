//! Records that are seen in a log and told by their host: which are one, and that a storm of any size counts each of them once,
//! with restarts in between and little room for what waits.

use agent::policy::twins::{Bounds, First, KeptSighting, KeptSum, MadeFrom, Sighting, Twins, Way};
use proptest::prelude::*;
use sgtk_log::FileName;
use std::collections::{BTreeMap, HashMap, VecDeque};

const LOG: Way = Way::Log { lasting: true };
const QUIET_LOG: Way = Way::Log { lasting: false };
const HOST: Way = Way::Host { passes_on: false };
const PROJECT: Way = Way::Host { passes_on: true };
const LOGGER: &str = "sgtk.env.project.tk-desktop.tk-app";
const SITE_LOGGER: &str = "sgtk.ext.tkimp0.tk_desktop.site_communication";
/// What passes through Desktop's pipe arrives within this.
const PASSING_MS: i64 = 20_000;
const CALLS: &str = "\nTraceback (most recent call last):\n  File \"/s/a.py\", line 3, in run\n    work()\n";

/// A record at so many milliseconds after the beginning of a day.
fn record(at_ms: i64, pid: u32, logger: &str, said: &str) -> String {
    let (s, ms) = (at_ms / 1_000, at_ms % 1_000);
    let (day, hour, minute, second) = (14 + s / 86_400, s / 3_600 % 24, s / 60 % 60, s % 60);
    format!("2026-01-{day:02} {hour:02}:{minute:02}:{second:02},{ms:03} [{pid} ERROR {logger}] {said}\n")
}

/// As of the problem that its first word names.
fn sighting(text: &str) -> Sighting {
    let record = sgtk_log::parse(text, FileName("tk-desktop.log"));
    let problem = record.message.split(' ').next().unwrap_or_default().to_owned();
    Sighting::of(text, &record, &problem)
}

/// The two sights of one record of Desktop's project process.
fn passed_on(at_ms: i64, later_ms: i64, said: &str) -> [String; 2] {
    [record(at_ms, 7, LOGGER, said), record(at_ms + later_ms, 3, SITE_LOGGER, &format!("[PROXY] {said}"))]
}

/// What the state would hold.
#[derive(Default)]
struct Kept {
    waiting: BTreeMap<i64, KeptSighting>,
    sums: BTreeMap<i64, KeptSum>,
}

impl Kept {
    fn keep(&mut self, twins: &mut Twins) {
        let changes = twins.changes();
        for id in &changes.gone {
            assert!(self.waiting.remove(id).is_some(), "only what was kept");
        }
        for id in &changes.sums_gone {
            assert!(self.sums.remove(id).is_some(), "only what was kept");
        }
        self.waiting.extend(changes.waiting.into_iter().map(|row| (row.id, row)));
        self.sums.extend(changes.sums.into_iter().map(|row| (row.id, row)));
        twins.kept();
    }

    fn restarted(&mut self, twins: &mut Twins, bounds: Bounds) {
        self.keep(twins);
        let waiting: Vec<_> = self.waiting.values().cloned().collect();
        let sums: Vec<_> = self.sums.values().cloned().collect();
        *twins = Twins::of(&waiting, &sums, bounds);
    }
}

/// What each of these is: the place of the one it merges with. Restarts between all of them.
fn merges(seen: &[(Way, &str)]) -> Vec<Option<usize>> {
    let (mut twins, mut kept) = (Twins::default(), Kept::default());
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
        kept.restarted(&mut twins, Bounds::default());
    }
    found
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
fn what_waits_is_bounded_and_what_is_pushed_out_is_summed_up() {
    let bounds = Bounds { hosts: 40, logs: 80, others: 10, sums: 3 };
    let (mut twins, mut kept) = (Twins::of(&[], &[], bounds), Kept::default());
    let text = |number: i64| record(number, 7, LOGGER, &format!("x {number}"));
    for number in 0..200 {
        for way in [LOG, QUIET_LOG, HOST] {
            twins.wait(&sighting(&text(number)), way, "old", None);
        }
    }
    kept.keep(&mut twins);
    assert_eq!(kept.waiting.len(), 40 + 80);
    let sums: Vec<_> =
        kept.sums.values().map(|sum| (sum.of_host, sum.number, sum.from_ms, sum.to_ms)).collect();
    let day_ms = sums[0].2;
    assert_eq!(sums, [(true, 160, day_ms, day_ms + 159), (false, 120, day_ms, day_ms + 119)]);
    twins.renamed("old", "new");
    assert_eq!(twins.second(&sighting(&text(199)), HOST).unwrap().key, "new");
    // One that was pushed out, of the lines that wait and of those that are not kept.
    for _ in 0..120 + 190 {
        assert_eq!(twins.second(&sighting(&text(5)), HOST).unwrap().key, "new");
    }
    assert_eq!(twins.second(&sighting(&text(5)), HOST), None);
    // Many problems: the largest sums stay, and nothing of what is gone.
    for number in 0..100 {
        let said = format!("y{number} x");
        twins.wait(&sighting(&record(900 + number, 7, LOGGER, &said)), HOST, &said, None);
    }
    kept.restarted(&mut twins, bounds);
    assert_eq!(kept.sums.len(), 3);
    assert_eq!(twins.second(&sighting(&text(5)), LOG).unwrap().key, "new");
}

#[test]
fn what_was_pushed_out_is_the_twin_of_its_own_problem_process_and_time_only() {
    let bounds = Bounds { logs: 1, ..Bounds::default() };
    let line = |at_ms: i64| record(at_ms, 7, LOGGER, "x 1");
    for (other, is_twin) in [
        (record(1_500, 7, LOGGER, "x 2"), true),
        // As its log has it, but an hour later.
        (line(3_600_000), false),
        (record(1_500, 8, LOGGER, "x 2"), false),
        (record(1_500, 7, LOGGER, "y 2"), false),
        (record(999, 7, LOGGER, "x 2"), false),
        (record(2_001, 7, LOGGER, "x 2"), false),
        // Between two storms.
        (record(100_000, 7, LOGGER, "x 2"), false),
    ] {
        let mut twins = Twins::of(&[], &[], bounds);
        for at_ms in [1_000, 2_000, 200_000, 200_001, 200_002] {
            twins.wait(&sighting(&line(at_ms)), LOG, "k", None);
        }
        assert_eq!(twins.second(&sighting(&other), HOST).is_some(), is_twin, "{other}");
    }
    // What Desktop passes on is of another process.
    let mut twins = Twins::of(&[], &[], bounds);
    let [own, passed] = passed_on(0, 40, "x");
    twins.wait(&sighting(&passed), LOG, "k", None);
    twins.wait(&sighting(&line(0)), LOG, "k", None);
    assert_eq!(twins.second(&sighting(&own), PROJECT), None);
}

#[test]
fn lines_that_their_host_had_to_drop_are_forgotten_when_it_is_long_past_them() {
    let minute_ms = 60_000;
    let (mut twins, mut kept) = (Twins::default(), Kept::default());
    let line = |minute: i64, pid: u32| sighting(&record(minute * minute_ms, pid, LOGGER, "x"));
    for (minute, pid) in [(0, 7), (0, 8), (10, 7), (100, 7), (20, 7), (101, 7)] {
        twins.wait(&line(minute, pid), LOG, "k", None);
    }
    kept.keep(&mut twins);
    let left = |twins: &mut Twins, kept: &mut Kept| {
        twins.handed_over(7);
        kept.keep(twins);
        kept.waiting
            .values()
            .map(|row| (row.at_ms.unwrap() / minute_ms % 1_440, row.process.unwrap()))
            .collect()
    };
    let mut hand_over = |minutes: &[i64]| -> Vec<(i64, u32)> {
        for minute in minutes {
            assert!(twins.second(&line(*minute, 7), HOST).is_some());
        }
        left(&mut twins, &mut kept)
    };
    // Not those of the last minutes, which a thread or a session that has ended may still hold.
    assert_eq!(hand_over(&[10]), [(0, 7), (0, 8), (100, 7), (20, 7), (101, 7)]);
    // What stands behind it in the log was written later, whatever its clock said.
    assert_eq!(hand_over(&[100]), [(0, 8), (20, 7), (101, 7)]);
    assert_eq!(hand_over(&[101]), [(0, 8)]);
}

#[test]
fn one_that_was_kept_under_another_key_before_is_forgotten_all_the_same() {
    let (mut twins, mut kept) = (Twins::default(), Kept::default());
    let one = sighting(&record(0, 7, LOGGER, "x"));
    twins.wait(&one, LOG, "part", None);
    kept.keep(&mut twins);
    twins.renamed("part", "whole");
    assert_eq!(twins.second(&one, HOST).unwrap().key, "whole");
    kept.keep(&mut twins);
    assert!(kept.waiting.is_empty());
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
        let (mut twins, mut kept) = (Twins::default(), Kept::default());
        let mut counted = 0;
        for (_, way, text) in &sights {
            let sighting = sighting(text);
            if twins.second(&sighting, *way).is_none() {
                twins.wait(&sighting, *way, "k", None);
                counted += 1;
            }
            if below(3) == 0 {
                kept.restarted(&mut twins, Bounds::default());
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

/// What happens, where two hosts work.
#[derive(Clone, Debug)]
enum Step {
    /// A record is logged, so much later than the one before, and put down for the agent.
    Happens { host: usize, problem: u8, later_ms: i64 },
    /// Lines of its log are read.
    Read { host: usize, lines: usize },
    /// It hands over records.
    HandOver { host: usize, records: usize },
    /// The agent is started anew.
    Restart,
}

/// `sets_back`: the clock may be set back as well.
fn step(sets_back: bool) -> impl Strategy<Value = Step> {
    // It stands still in a loop, and runs on.
    let back_ms = if sets_back { -3_600_000 } else { 1 };
    let later_ms = prop_oneof![6 => 0..4_i64, 1 => Just(40_000), 1 => Just(20 * 60_000), 1 => Just(back_ms)];
    prop_oneof![
        12 => (0..2_usize, 0..3_u8, later_ms)
            .prop_map(|(host, problem, later_ms)| Step::Happens { host, problem, later_ms }),
        3 => (0..2_usize, 0..12_usize).prop_map(|(host, lines)| Step::Read { host, lines }),
        2 => (0..2_usize, 1..6_usize).prop_map(|(host, records)| Step::HandOver { host, records }),
        1 => Just(Step::Restart),
    ]
}

#[derive(Default)]
struct Host {
    /// Of its last record, and how many it has logged.
    at_ms: i64,
    happened: u64,
    log: VecDeque<String>,
    queue: VecDeque<String>,
    /// Seen in its log, and handed over.
    read: u64,
    handed_over: u64,
    /// Seen in any way, by what makes them one.
    seen: HashMap<String, [u64; 2]>,
}

struct World {
    twins: Twins,
    kept: Kept,
    bounds: Bounds,
    hosts: [Host; 2],
    counted: u64,
}

impl World {
    fn see(&mut self, host: usize, way: Way, text: &str) {
        let sighting = sighting(text);
        if self.twins.second(&sighting, way).is_none() {
            self.twins.wait(&sighting, way, "k", None);
            self.counted += 1;
        }
        let host = &mut self.hosts[host];
        let by_host = usize::from(way != LOG);
        host.seen.entry(text.to_owned()).or_default()[by_host] += 1;
        *[&mut host.read, &mut host.handed_over][by_host] += 1;
    }

    fn read(&mut self, host: usize, lines: usize) {
        for _ in 0..lines {
            let Some(text) = self.hosts[host].log.pop_front() else { return };
            self.see(host, LOG, &text);
        }
    }

    fn hand_over(&mut self, host: usize, records: usize) {
        for _ in 0..records {
            let Some(text) = self.hosts[host].queue.pop_front() else { break };
            self.see(host, HOST, &text);
        }
        self.twins.handed_over(pid(host));
    }
}

fn pid(host: usize) -> u32 {
    u32::try_from(host).unwrap() + 7
}

/// What is left when all was read and handed over. The hosts hold `queue` records at most; `loses` says what no log has.
fn lived(steps: &[Step], bounds: Bounds, queue: usize, loses: impl Fn(u64) -> bool) -> World {
    let mut world = World {
        twins: Twins::of(&[], &[], bounds),
        kept: Kept::default(),
        bounds,
        hosts: Default::default(),
        counted: 0,
    };
    for step in steps {
        match *step {
            Step::Happens { host: index, problem, later_ms } => {
                let host = &mut world.hosts[index];
                host.at_ms = (host.at_ms + later_ms).max(0);
                host.happened += 1;
                let said = format!("p{problem} {}", host.happened % 2);
                let text = record(host.at_ms, pid(index), "sgtk.core", &said);
                if host.queue.len() < queue {
                    host.queue.push_back(text.clone());
                }
                if !loses(host.happened) {
                    host.log.push_back(text);
                }
            }
            Step::Read { host, lines } => world.read(host, lines),
            Step::HandOver { host, records } => world.hand_over(host, records),
            Step::Restart => world.kept.restarted(&mut world.twins, world.bounds),
        }
    }
    for host in 0..2 {
        world.hand_over(host, usize::MAX);
        world.read(host, usize::MAX);
    }
    world.kept.keep(&mut world.twins);
    world
}

fn bounds() -> impl Strategy<Value = Bounds> {
    // Room for each problem of each host: what more of them are is told by the next test.
    (1..12_usize, 1..12_usize).prop_map(|(hosts, logs)| Bounds { hosts, logs, others: 1, sums: 64 })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Hosts drop what they cannot hold, and neither they nor the logs wait for each other.
    #[test]
    fn a_storm_of_any_size_counts_each_record_once(
        steps in prop::collection::vec(step(false), 1..300),
        bounds in bounds(),
        queue in 1..20_usize,
    ) {
        let world = lived(&steps, bounds, queue, |_| false);
        prop_assert_eq!(world.counted, world.hosts.iter().map(|host| host.happened).sum::<u64>());
        prop_assert!(world.kept.waiting.len() <= bounds.hosts + bounds.logs);
    }

    /// No log lost what its host could hand over, or the host could hand over all: that is enough.
    #[test]
    fn a_storm_counts_each_record_once_when_only_logs_lose_some(
        steps in prop::collection::vec(step(false), 1..300),
        bounds in bounds(),
        lost in 2..6_u64,
    ) {
        let world = lived(&steps, bounds, usize::MAX, |number| number.is_multiple_of(lost));
        prop_assert_eq!(world.counted, world.hosts.iter().map(|host| host.happened).sum::<u64>());
    }

    /// Where both lose records, or a clock is set back, no fewer are counted than either has seen.
    #[test]
    fn whatever_is_lost_no_fewer_are_counted_than_either_has_seen(
        (sets_back, steps) in any::<bool>().prop_flat_map(|sets_back| {
            (Just(sets_back), prop::collection::vec(step(sets_back), 1..300))
        }),
        bounds in bounds(),
        sums in 1..4_usize,
        queue in 1..20_usize,
        lost in 2..6_u64,
    ) {
        let few = Bounds { sums, ..bounds };
        for bounds in [bounds, few] {
            let world = lived(&steps, bounds, queue, |number| number.is_multiple_of(lost));
            let least: u64 = world.hosts.iter().map(|host| host.read.max(host.handed_over)).sum();
            prop_assert!(world.counted >= least, "{} of {least}", world.counted);
            if bounds.sums > sums && !sets_back {
                let seen = world.hosts.iter().flat_map(|host| host.seen.values());
                let most: u64 = seen.map(|[log, host]| *log.max(host)).sum();
                prop_assert!(world.counted <= most, "{} of {most}", world.counted);
            }
            prop_assert!(world.kept.sums.len() <= 2 * bounds.sums);
        }
    }
}
