//! The program is killed again and again, at random moments, while logs are written, rolled over, emptied and replaced.
//! Afterwards every record is on one ticket, once.
//!
//! A short run is part of the tests; `cargo xtask soak kill --rounds N` makes it long (`TK_INCIDENT_SOAK_ROUNDS`,
//! `TK_INCIDENT_SOAK_SEED`). The load is such that nothing becomes unreachable: a log rolls over only once between
//! two moments at which all of it had been counted, because the second time deletes what the first one left.

use crate::world::World;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

const LOGS: [&str; 3] = ["tk-maya.log", "tk-nuke.log", "tk-desktop.log"];
/// Problems of each log; a record is of one of them by chance.
const PROBLEMS: u64 = 12;
/// All is counted, and logs may be emptied and replaced, every so many rounds.
const ROUNDS_BETWEEN_PAUSES: u64 = 6;

/// xorshift: the same seed, the same choices.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) % end
    }
}

/// What was written by now: records by the function they are of.
type Written = Arc<Mutex<BTreeMap<String, u64>>>;

/// A log and the handle its writer holds, as Toolkit's handler does.
struct Log {
    path: PathBuf,
    file: File,
    size: u64,
    may_roll: bool,
}

impl Log {
    fn open(path: PathBuf) -> Log {
        let file = OpenOptions::new().create(true).append(true).open(&path).unwrap();
        Log { path, file, size: 0, may_roll: false }
    }

    fn write(&mut self, text: &str, roll_at: u64) {
        if self.size + text.len() as u64 > roll_at && self.may_roll {
            self.roll_over();
        }
        self.file.write_all(text.as_bytes()).unwrap();
        self.size += text.len() as u64;
    }

    /// The four steps of Toolkit's handler.
    fn roll_over(&mut self) {
        let with = |suffix: &str| PathBuf::from(format!("{}{suffix}", self.path.display()));
        let trial = with(".0b9d8a5e-7a0e-4f0b-9a62-1f2f8f6f4a11");
        fs::rename(&self.path, &trial).unwrap();
        fs::rename(&trial, &self.path).unwrap();
        let _ = fs::remove_file(with(".1"));
        fs::rename(&self.path, with(".1")).unwrap();
        *self = Log::open(self.path.clone());
    }

    /// What people and other tools do to a log.
    fn disturb(&mut self, how: u64) {
        match how {
            0 => self.file.set_len(0).unwrap(),
            1 => {
                fs::remove_file(&self.path).unwrap();
                *self = Log::open(self.path.clone());
            }
            2 => {
                fs::copy(&self.path, format!("{}.1", self.path.display())).unwrap();
                self.file.set_len(0).unwrap();
            }
            _ => return,
        }
        self.size = 0;
    }
}

/// Writes into one log until told to stop; `logs` is locked for one record at a time.
fn writer(
    log: Arc<Mutex<Log>>,
    written: Written,
    stop: Arc<AtomicBool>,
    (number, seed): (u64, u64),
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut dice = Dice(seed);
        for id in 0_u64.. {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            {
                let mut log = log.lock().unwrap();
                let name = function(number, dice.below(PROBLEMS));
                if dice.below(3) == 0 {
                    log.write(&record("INFO", id, ""), 24 * 1024);
                } else {
                    log.write(&record("ERROR", id, &name), 24 * 1024);
                    *written.lock().unwrap().entry(name).or_default() += 1;
                }
            }
            std::thread::sleep(Duration::from_micros(500 + dice.below(6_000)));
        }
    })
}

/// Letters only: numbers make no difference to a signature.
fn function(log: u64, problem: u64) -> String {
    let letter = |number: u64| char::from(b'a' + u8::try_from(number).unwrap());
    format!("step_{}{}", letter(log), letter(problem))
}

fn record(level: &str, id: u64, function: &str) -> String {
    let header = format!(
        "2026-01-14 19:49:11,961 [2764 {level} sgtk.env.project.tk-maya.tk-multi-publish2] Item {id}"
    );
    if function.is_empty() {
        return format!("{header} is fine\n");
    }
    format!(
        "{header} failed\nTraceback (most recent call last):\n  File \"/studio/tools/publish/{function}.py\", line {}, in {function}\n    \
         check(item)\nValueError: bad range\n",
        id % 90 + 1
    )
}

fn soak(rounds: u64, seed: u64) {
    let mut world = World::new();
    world.start_desk();
    let written: Written = Arc::default();
    let stop = Arc::new(AtomicBool::new(false));
    // There before the agent, and empty: nothing of them is from before.
    let logs: Vec<Arc<Mutex<Log>>> =
        LOGS.iter().map(|name| Arc::new(Mutex::new(Log::open(world.log(name))))).collect();
    world.start_agent();
    let writers: Vec<JoinHandle<()>> = (0..)
        .zip(&logs)
        .map(|(number, log)| {
            let seed = seed.wrapping_mul(2 * number + 3) | 1;
            writer(Arc::clone(log), Arc::clone(&written), Arc::clone(&stop), (number, seed))
        })
        .collect();
    let mut dice = Dice(seed | 1);
    for round in 1..=rounds {
        // The moment is what is random here, so there is nothing to wait for. Sometimes before the agent follows at all.
        std::thread::sleep(Duration::from_millis(dice.below(500)));
        world.kill_agent();
        std::thread::sleep(Duration::from_millis(dice.below(60)));
        if round % ROUNDS_BETWEEN_PAUSES == 0 || round == rounds {
            world.start_agent();
            pause(&world, &logs, &written, &mut dice);
        } else {
            world.spawn_agent();
        }
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.join().unwrap();
    }
    compare(&world, &written, (rounds, seed));
}

/// Nobody writes, all that was written is counted, and then the logs are emptied, copied and emptied, replaced, and may roll over.
fn pause(world: &World, logs: &[Arc<Mutex<Log>>], written: &Written, dice: &mut Dice) {
    let mut held: Vec<_> = logs.iter().map(|log| log.lock().unwrap()).collect();
    all_counted(world, written);
    for (number, log) in (0..).zip(&mut held) {
        log.may_roll = true;
        log.disturb(dice.below(4));
        // Seen before the next kill: of a log that is deleted while the program is dead, nobody knows what was lost.
        let name = function(number, 0);
        // A number of its own, as a record has a time of its own: a log that begins with the same bytes was cut, not
        // emptied.
        log.write(&record("ERROR", 1_000_000 + dice.below(1_000_000_000), &name), u64::MAX);
        *written.lock().unwrap().entry(name).or_default() += 1;
    }
    all_counted(world, written);
}

fn all_counted(world: &World, written: &Written) {
    let total: u64 = written.lock().unwrap().values().sum();
    let status = world
        .status_when("all that was written to be counted", |status| status["seen"].as_u64() >= Some(total));
    assert_eq!(status["seen"], total, "seen and written; {status:#}");
    assert_eq!(status["gaps"], json!([]), "{status:#}");
}

#[expect(clippy::print_stdout, reason = "the record of a long run")]
fn compare(world: &World, written: &Written, (rounds, seed): (u64, u64)) {
    let written = written.lock().unwrap().clone();
    let total: u64 = written.values().sum();
    let what = format!("{rounds} rounds, seed {seed:#x}");
    let status = world.status_when("everything to be counted and told", |status| {
        status["seen"].as_u64() >= Some(total) && status["waiting_count"] == 0
    });
    assert_eq!(status["seen"], total, "{what}: {status:#}");
    assert_eq!(status["gaps"], json!([]), "{what}");
    let mut counted: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for ticket in world.tickets() {
        let title = ticket.text("title").unwrap();
        let function = title.rsplit_once(" in ").unwrap().1.split('.').next().unwrap().to_owned();
        let count = ticket.number("sg_incident_count").unwrap();
        counted.entry(function).or_default().push(u64::try_from(count).unwrap());
        assert_eq!(ticket.links("attachments").len(), 2, "{what}: {title}");
    }
    let expected: BTreeMap<String, Vec<u64>> =
        written.into_iter().map(|(function, count)| (function, vec![count])).collect();
    assert_eq!(counted, expected, "{what}: one ticket for each problem, with its count");
    if rounds > 100 {
        println!("{what}: {total} records on {} tickets, none lost, none twice", expected.len());
    }
}

#[test]
fn killed_at_random_moments_while_logs_roll_over_and_are_emptied_nothing_is_lost_or_repeated() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let rounds = number("TK_INCIDENT_SOAK_ROUNDS").unwrap_or(25);
    soak(rounds, number("TK_INCIDENT_SOAK_SEED").unwrap_or(0x7A1D_5EED));
}

#[test]
fn a_generation_that_is_deleted_while_the_program_is_dead_is_told_as_a_gap_and_nothing_else_is_lost() {
    let mut world = World::running();
    let mut log = Log::open(world.log("tk-maya.log"));
    let write = |log: &mut Log, name: &str| log.write(&record("ERROR", 1, name), u64::MAX);
    write(&mut log, "step_counted");
    world.status_when("the first record", |status| status["seen"] == 1);
    world.kill_agent();
    write(&mut log, "step_deleted");
    log.roll_over();
    write(&mut log, "step_in_backup");
    log.roll_over();
    write(&mut log, "step_in_log");
    world.start_agent();
    let status =
        world.status_when("what is left", |status| status["seen"] == 3 && status["waiting_count"] == 0);
    let gaps = status["gaps"].as_array().unwrap();
    assert_eq!(gaps.len(), 1, "{status:#}");
    assert_eq!(gaps[0]["reason"], "gone_while_away");
    assert!(Path::new(gaps[0]["file"].as_str().unwrap()).ends_with("tk-maya.log"), "{status:#}");
    world.event("the gap", |event| event["type"] == "gap" && event["reason"] == "gone_while_away");
    let titles: Vec<String> =
        world.tickets().iter().map(|ticket| ticket.text("title").unwrap().to_owned()).collect();
    assert!(!titles.iter().any(|title| title.contains("step_deleted")), "{titles:?}");
}
