//! Random histories of one state: whatever happens in whatever order, no count is lost and the audit finds nothing.

use crate::bench::{Bench, Dice, HOUR_MS, MINUTE_MS, facts, incident};
use agent::policy::mute::{Mute, Until};
use agent::policy::outcome;
use agent::policy::twins::MadeFrom;
use agent::settings::{MuteEnd, MuteSetting};
use agent::store::{Batch, Dropped, Folded, LateRecord, Stands, Step, Taken, Whole};
use std::collections::BTreeMap;

const HISTORIES: u64 = 40;
const STEPS: u64 = 150;
const PROBLEMS: u64 = 16;

struct History {
    bench: Bench,
    dice: Dice,
    /// Records that were handed over, by now.
    seen: u64,
    /// And what each problem must count. Without histories in which records move between problems.
    counts: BTreeMap<String, u64>,
}

fn signature(problem: u64) -> String {
    format!("g1:{problem:02}")
}

fn key(problem: u64) -> String {
    format!("{} alice", signature(problem))
}

impl History {
    fn new(seed: u64) -> History {
        let mut bench = Bench::new();
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        bench.limits.tickets_burst = dice.below(4);
        bench.limits.tickets_per_hour = [0, 5, 1][dice.below(3) as usize];
        bench.limits.tickets_per_day = [0, 20, 2][dice.below(3) as usize];
        bench.limits.outage_problems = dice.below(4);
        History { bench, dice, seen: 0, counts: BTreeMap::new() }
    }

    fn problem(&mut self) -> u64 {
        self.dice.below(PROBLEMS)
    }

    /// A third of the problems are failures of a connection.
    fn batch(&mut self, moves: bool) -> Batch {
        let mut batch = Batch::default();
        batch.site_away = self.dice.one_in(4);
        let problems: std::collections::BTreeSet<u64> =
            (0..=self.dice.below(4)).map(|_| self.dice.below(PROBLEMS)).collect();
        for problem in problems {
            let times = 1 + self.dice.below(4) * self.dice.below(4);
            let facts = match problem % 6 {
                0 => facts("SSLError", "certificate has expired"),
                1 => facts("gaierror", "getaddrinfo failed"),
                _ => facts("ValueError", "bad range"),
            };
            batch.occurrences(key(problem), times, incident(&signature(problem), &facts));
            self.seen += times;
            *self.counts.entry(key(problem)).or_default() += times;
        }
        if self.dice.one_in(3) {
            let outcome = outcome::FOLDED[self.dice.below(3) as usize];
            batch.folded.insert(Folded { key: key(self.problem()), outcome }, 2);
            self.seen += 2;
        }
        if self.dice.one_in(5) {
            batch.dropped.insert(Dropped { outcome: outcome::RULE_DROP, rule: None }, 1);
            self.seen += 1;
        }
        if moves && self.dice.one_in(3) {
            batch.taken.push(Taken { part: key(self.problem()), into: key(self.problem()) });
        }
        if moves && self.dice.one_in(3) {
            let problem = self.problem();
            let new = incident(&signature(problem), &facts("KeyError", "x"));
            let whole = Whole {
                key: key(problem),
                was: MadeFrom { file: String::new(), start: 0, pid: None, logger: None },
                new,
            };
            let old_key = key(self.problem());
            batch.late.push(LateRecord { old_key, whole: Some(whole), text: "more\n".into() });
        }
        batch
    }

    fn step(&mut self, moves: bool) {
        let now_ms = self.bench.now_ms;
        match self.dice.below(16) {
            0..6 => {
                let batch = self.batch(moves);
                self.bench.store.commit(&batch, &self.bench.limits, now_ms).unwrap();
            }
            6..9 => self.deliver(),
            9 => self.bench.now_ms += 1 + self.dice.below(90_000) as i64,
            10 => self.bench.now_ms += self.dice.below(3) as i64 * HOUR_MS + MINUTE_MS,
            11 if self.dice.one_in(3) => {
                let days = self.dice.below(80) as i64 - 40;
                self.bench.now_ms += days * 24 * HOUR_MS;
            }
            11 | 12 => {
                self.bench.store.settle(&self.bench.limits, now_ms).unwrap();
            }
            13 => self.mute(now_ms),
            14 => self.bench.restart(),
            _ => {
                self.bench.store.prune(now_ms, &|_| true).unwrap();
            }
        }
        self.holds();
    }

    fn mute(&mut self, now_ms: i64) {
        let problem = self.problem();
        let what = if self.dice.one_in(2) { signature(problem) } else { key(problem) };
        let until = match self.dice.below(4) {
            0 => Until::default(),
            1 => Until { date_ms: Some(now_ms + HOUR_MS), ..Until::default() },
            2 => Until { count: Some((6, 2)), ..Until::default() },
            _ => Until { escalating: true, ..Until::default_from(now_ms) },
        };
        match self.dice.below(3) {
            0 => drop(self.bench.store.unmute(&what, now_ms).unwrap()),
            1 => {
                let listed = [MuteSetting {
                    signature: signature(problem),
                    reason: "known".into(),
                    until: [MuteEnd::Usual, MuteEnd::Forever][self.dice.below(2) as usize],
                }];
                let wanted = &listed[..self.dice.below(2) as usize];
                self.bench.store.mutes_of_settings(wanted, now_ms).unwrap();
            }
            _ => {
                let mute = Mute { what, reason: "known".into(), author: "td".into(), until };
                self.bench.store.mute(&mute, now_ms).unwrap();
            }
        }
    }

    /// A few steps, of which some fail and some are of a ticket that was there.
    fn deliver(&mut self) {
        let now_ms = self.bench.now_ms;
        for _ in 0..self.dice.below(6) {
            let store = &mut self.bench.store;
            let Some(delivery) = store.next_delivery(now_ms).unwrap() else { return };
            if self.dice.one_in(4) {
                store.put_off(&delivery, now_ms + MINUTE_MS, Some("the site is away")).unwrap();
                continue;
            }
            match delivery.step {
                Step::Ticket => {
                    self.bench.tickets += 1;
                    let is_new = !self.dice.one_in(4);
                    if is_new {
                        store.create_begins(&delivery, now_ms).unwrap();
                    }
                    if self.dice.one_in(5) {
                        continue;
                    }
                    let stands = if is_new { Stands::Created } else { Stands::Found };
                    store.ticket_stands(&delivery, self.bench.tickets, stands, now_ms).unwrap();
                }
                Step::Count => store.count_told(&delivery, now_ms, now_ms + MINUTE_MS).unwrap(),
                _ => store.step_done(&delivery).unwrap(),
            }
        }
    }

    fn holds(&self) {
        let totals = self.bench.store.totals().unwrap();
        assert_eq!(totals.seen, self.seen, "every record is counted");
        assert_eq!(totals.outcomes.values().sum::<u64>(), self.seen, "{:?}", totals.outcomes);
    }

    /// What the state says of each problem, read beside the program.
    fn counted(&self) -> BTreeMap<String, u64> {
        let state = rusqlite::Connection::open(self.bench.folder.path().join("state.db")).unwrap();
        let mut statement = state.prepare("SELECT key, count FROM incidents WHERE own = ''").unwrap();
        let rows =
            statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

#[test]
fn no_history_loses_a_count_or_trips_the_audit() {
    for seed in 1..=HISTORIES {
        let moves = seed % 2 == 0;
        let mut history = History::new(seed);
        for _ in 0..STEPS {
            history.step(moves);
        }
        history.bench.restart();
        history.holds();
        if !moves {
            assert_eq!(history.counted(), history.counts, "history {seed}");
        }
    }
}
