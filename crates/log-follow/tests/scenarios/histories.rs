//! Random histories against a model of what can still be read.
//!
//! A history is a few dozen steps: programs log and roll over, people and tools empty, copy, delete, replace and edit
//! logs, calls fail, events are lost, the clock jumps, the agent commits, restarts and crashes, and some of it happens
//! in the middle of a look. The model knows each line by a number of its own and holds after every look:
//!
//! - no line comes twice, none is torn, none comes from before the start;
//! - every line that stands in a file the follower must know by then has come, unless calls failed in that look;
//! - what stood in such a file while calls failed, and is gone before they worked again, is a gap.
//!
//! A seed that failed once is kept in `histories.txt` and is tried first. `HISTORIES` sets how many there are,
//! `HISTORIES_FROM` where they begin.

use crate::simulated::{Bench, Call, Handler, Hearing, World, errno};
use log_follow::{Checkpoint, FollowOptions, SourceId};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

const KEPT: &str = include_str!("histories.txt");

/// SplitMix64: small, and the same on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// What a run may rely on after a crash.
#[derive(Clone, Default)]
struct Kept {
    received: BTreeSet<u64>,
    checkpoints: Vec<Checkpoint>,
}

struct History {
    chance: Chance,
    world: World,
    bench: Bench,
    handlers: Rc<RefCell<Vec<Option<Handler>>>>,
    /// Size at which programs roll over.
    limit: usize,
    log: PathBuf,
    backup: PathBuf,
    next_line: Rc<RefCell<u64>>,
    /// Lines that were there before the first start.
    old: u64,
    received: BTreeSet<u64>,
    /// The last line of each source in this run, with its size.
    last_lines: BTreeMap<SourceId, (u64, u64)>,
    kept: Kept,
    /// Files the follower must know of.
    tracked: BTreeSet<u64>,
    /// Files that had the log's name at the last whole look.
    was_log: Option<u64>,
    /// Lines that stood in such files while calls failed.
    at_risk: BTreeSet<u64>,
    gaps_before: usize,
    /// No look has been made in this run.
    is_first: bool,
    is_failing: bool,
    steps: Vec<String>,
}

fn line(number: u64) -> String {
    format!("2026-01-14 19:49:11,961 [1 INFO sgtk] line {number:06} of all\n")
}

fn number_of(text: &str) -> Option<u64> {
    let number = text.strip_prefix("2026-01-14 19:49:11,961 [1 INFO sgtk] line ")?.strip_suffix(" of all")?;
    number.parse().ok()
}

fn fresh(next_line: &RefCell<u64>, count: u64) -> String {
    let mut next = next_line.borrow_mut();
    let text = (*next..*next + count).map(line).collect();
    *next += count;
    text
}

impl History {
    fn new(seed: u64) -> History {
        let mut chance = Chance(seed);
        let world = World::posix();
        if chance.one_in(4) {
            let mut state = world.0.borrow_mut();
            state.may_hold = false;
        }
        world.0.borrow_mut().stamp_ms = [1, 10, 1_000][chance.below(3) as usize];
        let hearing = match chance.below(3) {
            _ if !world.0.borrow().may_hold => Hearing::Refused,
            0 => Hearing::Prompt,
            1 => Hearing::Late,
            _ => Hearing::Refused,
        };
        let limit = [400, 800, 3_000][chance.below(3) as usize];
        let next_line = Rc::new(RefCell::new(1));
        if chance.one_in(2) {
            world.append(&Bench::log(), &fresh(&next_line, 5));
        }
        if chance.one_in(3) {
            world.append(&Bench::backup(), &fresh(&next_line, 5));
        }
        let old = *next_line.borrow();
        let mut options = FollowOptions::folder("/logs");
        options.most_handles = [24, 128][chance.below(2) as usize];
        let bench = Bench::with(&world, hearing, options, Vec::new());
        let mut history = History {
            chance,
            world,
            bench,
            handlers: Rc::new(RefCell::new(vec![None, None])),
            limit,
            log: Bench::log(),
            backup: Bench::backup(),
            next_line,
            old,
            received: BTreeSet::new(),
            last_lines: BTreeMap::new(),
            kept: Kept::default(),
            tracked: BTreeSet::new(),
            was_log: None,
            at_risk: BTreeSet::new(),
            gaps_before: 0,
            is_first: true,
            is_failing: false,
            steps: Vec::new(),
        };
        history.look(50);
        history.commit(false);
        history
    }

    fn run(&mut self) {
        for _ in 0..20 + self.chance.below(30) {
            self.step();
        }
        self.heal();
        self.look(50);
        self.look(6_000);
        self.look(50);
        let lost: Vec<u64> = self.at_risk.difference(&self.received).copied().collect();
        assert!(
            lost.is_empty() || self.bench.gaps.len() + self.gaps_before > 0,
            "lines {lost:?} were seen to be there and are neither read nor a gap"
        );
    }

    fn say(&mut self, what: impl Into<String>) {
        self.steps.push(what.into());
    }

    fn step(&mut self) {
        match self.chance.below(32) {
            0..8 => self.write(),
            8..14 => self.look(50),
            14 => self.look(1_000),
            15 => self.look(7_000),
            16 => {
                let jump = [3_600_000, 30_000_000][self.chance.below(2) as usize];
                self.look(jump);
            }
            17..20 => self.roll_over(),
            20 => self.rotate_without_a_word(),
            21 => self.empty(),
            22 => self.copy_and_empty(),
            23 => self.delete(),
            24 => self.edit(),
            25 => self.fail(),
            26 => self.heal(),
            27 => self.commit(self.bench.now_ms.is_multiple_of(100)),
            28 => self.restart(true),
            29 => self.restart(false),
            30 => self.change_hearing(),
            _ => self.interrupted_look(),
        }
        self.note_what_is_known_at_once();
    }

    fn with_handler(&self, index: usize, what: impl FnOnce(&mut Handler)) {
        let mut handlers = self.handlers.borrow_mut();
        let open = || Handler::open(&self.world, &self.log, self.limit);
        what(handlers[index].get_or_insert_with(open));
    }

    fn write(&mut self) {
        let (index, count) = (self.chance.below(2) as usize, 1 + self.chance.below(3));
        let text = fresh(&self.next_line, count);
        self.say(format!("{index} writes {:?}", number_of(text.lines().next().unwrap())));
        self.with_handler(index, |handler| {
            for line in text.lines() {
                handler.log(&format!("{line}\n"));
            }
        });
    }

    fn roll_over(&mut self) {
        let index = self.chance.below(2) as usize;
        self.say(format!("{index} rolls over"));
        self.with_handler(index, |handler| {
            // Its file may have no name any more, as after a rollover by the other one.
            handler.roll_over();
        });
    }

    fn rotate_without_a_word(&mut self) {
        self.say("renamed");
        let _ = self.world.rename(&self.log, &self.backup);
    }

    fn empty(&mut self) {
        if self.world.key(&self.log).unwrap().is_some() {
            self.say("emptied");
            self.world.pass(1_001);
            self.world.truncate(&self.log, 0);
        }
    }

    fn copy_and_empty(&mut self) {
        // Where backups are left alone, a copy in the place of one is met in the next run only.
        if self.world.0.borrow().may_hold && self.world.key(&self.log).unwrap().is_some() {
            self.say("copied and emptied");
            let _ = self.world.remove(&self.backup);
            self.world.pass(1_001);
            self.world.copy(&self.log, &self.backup);
            self.world.truncate(&self.log, 0);
        }
    }

    fn delete(&mut self) {
        self.say("deleted");
        let _ = self.world.remove(&self.log);
        self.close_handlers();
    }

    fn close_handlers(&self) {
        self.handlers.borrow_mut().iter_mut().for_each(|handler| *handler = None);
    }

    /// An editor saves the log with one character changed, as another file of the same name.
    fn edit(&mut self) {
        self.look(50);
        let text = String::from_utf8(self.world.content(&self.log)).unwrap();
        // An edit of the first bytes makes another file of it.
        let whole = text.len() > 800 && !self.is_failing;
        if !whole {
            return;
        }
        // A line that is read again after a crash would be the edited one.
        self.commit(false);
        self.say("edited");
        let middle = text.len() / 2 - text.len() / 2 % line(0).len();
        let edited = format!("{}3{}", &text[..middle], &text[middle + 1..]);
        let copy = Path::new("/logs/editing");
        self.world.append(copy, &edited);
        self.close_handlers();
        self.world.rename(copy, &self.log).unwrap();
    }

    fn fail(&mut self) {
        let call = [Call::List, Call::Stamp, Call::Open, Call::Observe, Call::ObserveHandle, Call::Read]
            [self.chance.below(6) as usize];
        // A stale handle is a file that is lost; that has a test of its own.
        let errno = [errno::EACCES, errno::EIO, errno::ENOENT, errno::EMFILE][self.chance.below(4) as usize];
        let times = 1 + self.chance.below(4) as usize;
        self.say(format!("{call:?} fails with {errno}, {times} times"));
        for path in [Path::new("/logs"), &self.log, &self.backup] {
            self.world.fail(call, path, errno, times);
        }
        self.is_failing = true;
    }

    fn heal(&mut self) {
        self.say("healed");
        self.world.heal();
        if self.is_failing {
            // What could not be opened is tried again with the next full look.
            self.look(6_000);
            self.is_failing = false;
        }
    }

    fn change_hearing(&mut self) {
        if self.bench.hearing.get() != Hearing::Refused {
            let hearing = [Hearing::Prompt, Hearing::Late, Hearing::Overrun, Hearing::Deaf]
                [self.chance.below(4) as usize];
            self.say(format!("{hearing:?}"));
            self.bench.hearing.set(hearing);
        }
    }

    /// Keeps what was received, and where to go on: at the end of what was read, or one line before it.
    fn commit(&mut self, holds_back: bool) {
        self.say(format!("kept, holds back: {holds_back}"));
        let mut kept = Kept { received: self.received.clone(), checkpoints: Vec::new() };
        for status in self.bench.follower.status() {
            let mut position = status.position;
            if let Some((number, size)) = self.last_lines.get(&status.source)
                && holds_back
            {
                position -= size;
                kept.received.remove(number);
            }
            kept.checkpoints.extend(self.bench.follower.checkpoint(status.source, position));
        }
        kept.checkpoints.extend(self.bench.follower.awaited().cloned());
        self.kept = kept;
    }

    fn restart(&mut self, orderly: bool) {
        // A copy that could not be opened until then is not known to be one in the next run.
        self.heal();
        if orderly {
            self.commit(false);
        }
        self.say(format!("restarted, orderly: {orderly}"));
        self.gaps_before += self.bench.gaps.len();
        let options =
            FollowOptions { known_folders: vec![PathBuf::from("/logs")], ..self.bench.options.clone() };
        let (hearing, now_ms) = (self.bench.hearing.get(), self.bench.now_ms);
        // The follower that ends closes its handles, which frees numbers.
        let fresh = World::posix();
        self.bench = Bench::with(&fresh, Hearing::Refused, options.clone(), Vec::new());
        self.bench = Bench::with(&self.world, hearing, options, self.kept.checkpoints.clone());
        self.bench.now_ms = now_ms;
        self.received = self.kept.received.clone();
        self.last_lines.clear();
        self.tracked.clear();
        self.at_risk.clear();
        self.was_log = None;
        self.is_first = true;
        if self.chance.one_in(2) {
            self.look(50);
        }
    }

    /// What a program does right before some call of the follower.
    fn interrupted_look(&mut self) {
        let after = self.chance.below(12);
        let (index, rolls, limit) = (self.chance.below(2) as usize, self.chance.one_in(2), self.limit);
        self.say(format!("a look, interrupted after {after} calls by {index}, rolling: {rolls}"));
        let (handlers, log, next_line) =
            (Rc::clone(&self.handlers), self.log.clone(), Rc::clone(&self.next_line));
        self.world.interrupt(after, move |world| {
            let mut handlers = handlers.borrow_mut();
            let handler = handlers[index].get_or_insert_with(|| Handler::open(world, &log, limit));
            handler.log(&fresh(&next_line, 1));
            if rolls {
                handler.roll_over();
            }
            handler.log(&fresh(&next_line, 1));
        });
        self.look_and_take(50);
        self.world.0.borrow_mut().interruptions.clear();
        self.look(50);
    }

    fn look(&mut self, ms: u64) {
        self.say(format!("look after {ms}"));
        self.look_and_take(ms);
        let names: Vec<Option<u64>> =
            [&self.log, &self.backup].map(|path| self.world.key(path).unwrap()).to_vec();
        let mut known: BTreeSet<u64> = BTreeSet::new();
        known.extend(names[0]);
        if self.is_first {
            known.extend(names[1]);
        }
        if self.world.0.borrow().may_hold {
            known.extend(&self.tracked);
        } else if self.was_log == names[1] && names[0].is_some() {
            // While the log's name is free a rollover may be under way, and the backup is not opened.
            known.extend(names[1]);
        }
        let due: Vec<u64> = known
            .iter()
            .filter_map(|key| self.world.text_of(*key))
            .flat_map(|text| text.lines().filter_map(number_of).collect::<Vec<u64>>())
            .filter(|number| *number >= self.old)
            .collect();
        if self.is_failing {
            let status = self.bench.follower.status();
            let unread: u64 = status.iter().map(|status| status.len_bytes - status.position).sum();
            // Of a file of which nothing could be read, nobody can tell whether it is the same later.
            let knows_it = status.iter().all(|status| status.position > 0 || status.len_bytes == 0);
            let missing: Vec<u64> =
                due.iter().filter(|number| !self.received.contains(number)).copied().collect();
            // The follower knows how much it could not read, and it is exactly this.
            // Where handles are not held, backups are left alone, and a copy is not looked for.
            let holds = self.world.0.borrow().may_hold;
            if holds && knows_it && unread == missing.len() as u64 * line(0).len() as u64 {
                self.at_risk.extend(missing);
            }
            self.forget_what_is_over(ms);
            self.is_first = false;
            self.was_log = None;
            return;
        }
        for number in &due {
            assert!(
                self.received.contains(number),
                "line {number} stands in a file that is known, and has not come: {}",
                self.state()
            );
        }
        self.is_first = false;
        self.tracked = known;
        self.was_log = names[0];
        self.forget_what_is_over(ms);
    }

    /// What there is, for the one who reads the report.
    fn state(&self) -> String {
        let text = |key: u64| {
            let text = self.world.text_of(key).unwrap_or_default();
            let numbers: Vec<u64> = text.lines().filter_map(number_of).collect();
            format!("{key}: {numbers:?}")
        };
        let named = |path: &Path| self.world.key(path).unwrap().map_or_else(|| "nothing".to_owned(), text);
        let known: Vec<String> = self.tracked.iter().map(|key| text(*key)).collect();
        let holds = self.world.0.borrow().may_hold;
        format!(
            "log {}, backup {}, known {known:?}, {:?}, holds handles: {holds}, {:?}, began {:?} with {:?}",
            named(&self.log),
            named(&self.backup),
            self.bench.hearing.get(),
            self.bench.follower.status(),
            self.bench.started,
            self.kept.checkpoints
        )
    }

    /// A file without a name is done with after a while.
    fn forget_what_is_over(&mut self, ms: u64) {
        if ms > 5_000 {
            let world = self.world.clone();
            self.tracked.retain(|key| world.has_name(*key));
        }
    }

    fn look_and_take(&mut self, ms: u64) {
        self.world.pass(ms.min(10_000));
        let now_ms = self.bench.now_ms + ms;
        while self.bench.look_at(now_ms).more {}
        for (source, text) in std::mem::take(&mut self.bench.texts) {
            assert!(text.ends_with('\n'), "torn: {text:?}");
            for text in text.lines() {
                let number = number_of(text).unwrap_or_else(|| panic!("torn: {text:?}"));
                assert!(number >= self.old, "line {number} is older than the first start");
                assert!(self.received.insert(number), "line {number} came twice: {}", self.state());
                self.last_lines.insert(source, (number, text.len() as u64 + 1));
            }
        }
    }

    /// Where events are told and heard at once, a generation is known from its first moment.
    fn note_what_is_known_at_once(&mut self) {
        if self.bench.hearing.get() == Hearing::Prompt && !self.is_failing && !self.is_first {
            self.tracked.extend(self.world.key(&self.log).unwrap());
        }
    }
}

fn try_history(seed: u64) {
    let mut history = History::new(seed);
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| history.run())).is_err();
    if failed {
        // The world is in the middle of something; its parts must not complain about that too.
        let steps = history.steps.join("\n  ");
        std::mem::forget(history);
        panic!("history {seed} failed; keep its number in histories.txt. What happened:\n  {steps}");
    }
}

#[test]
fn random_histories_lose_nothing_and_repeat_nothing() {
    let setting = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    for seed in KEPT
        .lines()
        .filter(|line| !line.starts_with("#"))
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
    {
        try_history(seed);
    }
    let from = setting("HISTORIES_FROM", 1);
    for seed in from..from + setting("HISTORIES", 10_000) {
        try_history(seed);
    }
}
