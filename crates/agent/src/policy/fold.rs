//! Records that are part of another one: the pieces of one failed command, and an exception logged again on its way up.
//!
//! Decided by the times that the records bear, by their process and by what they say, so that neither a restart nor the
//! moment of reading makes a difference. What is not surely part of another record stays an occurrence of its own: a loop
//! that fails twice in a second has failed twice.

use super::outcome;
use serde::{Deserialize, Serialize};
use sgtk_log::{LocalTime, Signature};
use std::hash::{DefaultHasher, Hash, Hasher};

/// An exception is on its way up for no longer than this.
const ECHO_MS: i64 = 5_000;
/// The pieces of one command are logged within this.
const FAMILY_MS: i64 = 2_000;
/// Exceptions of one process that are remembered, and processes.
const MOST_ERRORS: usize = 16;
const MOST_PROCESSES: usize = 64;
/// Messages that are pieces of one failure; the first one tells it best when none has a traceback.
const FAMILIES: [&[&str]; 1] =
    [&["Command failed:", "Failed command stdout:", "Failed command stderr:", "Failed command retcode:"]];

/// What a record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fold {
    /// An occurrence of its own.
    Own,
    /// Part of what is kept under this key, in this way.
    Into {
        /// Signature and scope.
        key: String,
        /// [`outcome::CHILD`] or [`outcome::ECHO`].
        outcome: &'static str,
    },
    /// An occurrence of its own, and what was kept under this key before was part of it.
    Takes {
        /// Signature and scope.
        part: String,
    },
}

/// What is looked at in a record.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// The log's bare name.
    pub file: &'a str,
    /// When it says it was written.
    pub time: Option<LocalTime>,
    /// Its process.
    pub pid: Option<u32>,
    /// Its logger.
    pub logger: Option<&'a str>,
    /// What was said.
    pub message: &'a str,
    /// Whether it holds a traceback.
    pub has_traceback: bool,
    /// The exception's reason.
    pub summary: &'a str,
    /// The signature that no rule has changed.
    pub signature: &'a Signature,
}

/// The last records of each process.
#[derive(Default)]
pub struct Folds {
    /// Few: looking through them costs less than a hash of their names, and this is asked for every record.
    processes: Vec<Process>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Process {
    #[serde(skip)]
    log: String,
    #[serde(skip)]
    pid: u32,
    last_ms: i64,
    errors: Vec<Error>,
    family: Option<Family>,
    #[serde(skip)]
    changed: bool,
}

/// An exception that was logged, and where it is counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Error {
    /// Of type, reason and innermost call.
    what: u64,
    at_ms: i64,
    logger: u64,
    /// Calls that can be changed here, innermost first.
    frames: Vec<u64>,
    key: String,
}

/// Pieces of one failure.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Family {
    number: usize,
    at_ms: i64,
    has_head: bool,
    has_traceback: bool,
    key: String,
}

/// A process as it is kept: its log, its PID, the time of its last record, and the rest as text.
pub type KeptProcess = (String, u32, i64, String);

impl Folds {
    /// As it was kept. What cannot be read any more is worth five seconds.
    #[must_use]
    pub fn of(kept: Vec<KeptProcess>) -> Folds {
        let processes = kept
            .into_iter()
            .filter_map(|(log, pid, _, state)| {
                Some(Process { log, pid, ..serde_json::from_str::<Process>(&state).ok()? })
            })
            .collect();
        Folds { processes }
    }

    /// Says what a record is that would be kept under this key.
    pub fn see(&mut self, seen: Seen<'_>, key: &str) -> Fold {
        let (Some(pid), Some(at_ms)) = (seen.pid, seen.time.and_then(local_ms)) else { return Fold::Own };
        let error = Error::of(seen, at_ms);
        let member = family(seen.message);
        // A log and its backup are one.
        let log = seen.file.split_once(".log").map_or(seen.file, |(stem, _)| stem);
        let known = self.processes.iter().position(|process| process.pid == pid && process.log == log);
        let place = match known {
            Some(place) => place,
            None if error.is_none() && member.is_none() => return Fold::Own,
            None => {
                self.make_room();
                self.processes.push(Process { log: log.to_owned(), pid, ..Process::default() });
                self.processes.len() - 1
            }
        };
        let process = &mut self.processes[place];
        process.last_ms = at_ms;
        if let Some(error) = &error
            && let Some(primary) = process.echoes(error)
        {
            return Fold::Into { key: primary, outcome: outcome::ECHO };
        }
        let fold = process.piece(member, seen.has_traceback, at_ms, key);
        if let Some(error) = error
            && !matches!(fold, Fold::Into { .. })
        {
            process.remember(error, key);
        }
        fold
    }

    /// What was kept under one key is kept under another one now.
    pub fn renamed(&mut self, old: &str, new: &str) {
        if old == new {
            return;
        }
        for process in &mut self.processes {
            let errors = process.errors.iter_mut().map(|error| &mut error.key);
            for key in errors.chain(process.family.as_mut().map(|family| &mut family.key)) {
                if key == old {
                    new.clone_into(key);
                    process.changed = true;
                }
            }
        }
    }

    /// What has to be kept with the records that were seen.
    #[must_use]
    pub fn changed(&self) -> Vec<KeptProcess> {
        let changed = self.processes.iter().filter(|process| process.changed);
        changed
            .map(|process| {
                let state = serde_json::to_string(process).unwrap_or_default();
                (process.log.clone(), process.pid, process.last_ms, state)
            })
            .collect()
    }

    /// That was kept.
    pub fn kept(&mut self) {
        self.processes.iter_mut().for_each(|process| process.changed = false);
    }

    fn make_room(&mut self) {
        while self.processes.len() >= MOST_PROCESSES {
            let oldest = (0..self.processes.len()).min_by_key(|place| self.processes[*place].last_ms);
            self.processes.swap_remove(oldest.unwrap_or(0));
        }
    }
}

impl Process {
    /// Where an exception is counted already, when this is it on its way up: the same type, reason and innermost call, and
    /// either more calls around them, or another logger.
    fn echoes(&mut self, error: &Error) -> Option<String> {
        let is_near =
            |known: &Error| known.what == error.what && (error.at_ms - known.at_ms).abs() <= ECHO_MS;
        let is_again = |known: &Error| known.logger == error.logger && known.frames == error.frames;
        if self.errors.iter().any(|known| is_near(known) && is_again(known)) {
            return None;
        }
        let primary =
            self.errors.iter().find(|known| is_near(known) && error.frames.starts_with(&known.frames));
        primary.map(|primary| primary.key.clone())
    }

    fn remember(&mut self, mut error: Error, key: &str) {
        self.changed = true;
        let is_again = |known: &Error| {
            (known.what, known.logger, &known.frames) == (error.what, error.logger, &error.frames)
        };
        if let Some(known) = self.errors.iter_mut().find(|known| is_again(known)) {
            known.at_ms = error.at_ms;
            if known.key != key {
                key.clone_into(&mut known.key);
            }
            return;
        }
        if self.errors.len() >= MOST_ERRORS
            && let Some(oldest) = (0..self.errors.len()).min_by_key(|at| self.errors[*at].at_ms)
        {
            self.errors.swap_remove(oldest);
        }
        key.clone_into(&mut error.key);
        self.errors.push(error);
    }

    /// Whether a record is a piece of a failure, or what the pieces belong to.
    fn piece(&mut self, member: Option<(usize, bool)>, has_traceback: bool, at_ms: i64, key: &str) -> Fold {
        let live = self.family.as_mut().filter(|family| (at_ms - family.at_ms).abs() <= FAMILY_MS);
        let belongs = live.filter(|family| match member {
            Some((number, is_head)) => family.number == number && !(is_head && family.has_head),
            // What is logged of a failed command next, with a traceback, is what failed by it.
            None => has_traceback && !family.has_traceback,
        });
        match (belongs, member) {
            (None, None) => Fold::Own,
            (None, Some((number, has_head))) => {
                self.changed = true;
                self.family = Some(Family { number, at_ms, has_head, has_traceback, key: key.to_owned() });
                Fold::Own
            }
            (Some(family), member) => {
                self.changed = true;
                family.at_ms = at_ms;
                family.has_head |= member.is_some_and(|(_, is_head)| is_head);
                if !has_traceback || family.has_traceback {
                    return Fold::Into { key: family.key.clone(), outcome: outcome::CHILD };
                }
                family.has_traceback = true;
                let part = std::mem::replace(&mut family.key, key.to_owned());
                if part == key { Fold::Own } else { Fold::Takes { part } }
            }
        }
    }
}

impl Error {
    /// Not kept under anything yet. `None` without calls: then nothing tells one exception from another of its kind.
    fn of(seen: Seen<'_>, at_ms: i64) -> Option<Error> {
        if !seen.has_traceback {
            return None;
        }
        let parts = seen.signature.components();
        let frames: Vec<u64> =
            parts.iter().filter(|part| part.kind == "frame").map(|part| hash(&part.value)).collect();
        let innermost = frames.first()?;
        let kind = parts.iter().find(|part| part.kind == "type").map(|part| &part.value);
        Some(Error {
            what: hash(&(kind, seen.summary, innermost)),
            at_ms,
            logger: hash(&seen.logger.map(speaker)),
            frames,
            key: String::new(),
        })
    }
}

/// Who speaks by a logger's name, over restarts of the engine: its environment may be another one after each, and what a module
/// was imported as always is.
fn speaker(logger: &str) -> Vec<&str> {
    let parts = logger
        .strip_prefix("sgtk.env.")
        .and_then(|rest| rest.split_once('.'))
        .map_or(logger, |(_, rest)| rest);
    parts.split('.').filter(|part| !part.starts_with("tkimp")).collect()
}

/// The family whose piece a message is, and whether it is the head.
fn family(message: &str) -> Option<(usize, bool)> {
    FAMILIES.iter().enumerate().find_map(|(number, pieces)| {
        pieces.iter().position(|piece| message.starts_with(piece)).map(|piece| (number, piece == 0))
    })
}

/// Good for seconds: another version of this program may hash otherwise.
fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Milliseconds on the workstation's own clock face; only good for differences.
pub(super) fn local_ms(time: LocalTime) -> Option<i64> {
    let date = jiff::civil::Date::new(
        i16::try_from(time.year()).ok()?,
        i8::try_from(time.month()).ok()?,
        i8::try_from(time.day()).ok()?,
    );
    let days = date.ok()?.duration_since(jiff::civil::Date::ZERO).as_hours() / 24;
    let of_day = (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60 + i64::from(time.second());
    Some((days * 86_400 + of_day) * 1_000 + i64::from(time.millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sgtk_log::{ContextWords, FileName};
    use std::collections::HashMap;

    /// A record of process 7: seconds after ten, logger, message, and calls from the outside in.
    struct Line(f64, &'static str, &'static str, &'static [&'static str]);

    fn see(folds: &mut Folds, line: &Line, pid: u32, key: &str) -> Fold {
        let Line(at, logger, message, calls) = line;
        let ms = (at * 1_000.0).round() as u32;
        let mut text = format!(
            "2026-01-14 10:{:02}:{:02},{:03} [{pid} ERROR {logger}] {message}",
            ms / 60_000,
            ms / 1_000 % 60,
            ms % 1_000
        );
        if !calls.is_empty() {
            text.push_str("\nTraceback (most recent call last):\n");
            for call in *calls {
                text.push_str(&format!(
                    "  File \"/studio/tools/{call}.py\", line 12, in {call}\n    work()\n"
                ));
            }
            text.push_str("ValueError: bad range");
        }
        let incident = sgtk_log::recognise(&text, FileName("tk-maya.log"), &ContextWords::new([]));
        let seen = Seen {
            file: "tk-maya.log",
            time: incident.record.time,
            pid: incident.record.pid,
            logger: incident.record.logger.as_deref(),
            message: &incident.record.message,
            has_traceback: incident.traceback.is_some(),
            summary: &incident.summary,
            signature: &incident.signature,
        };
        folds.see(seen, key)
    }

    /// Reads records in order, each kept under its place in the list; what each is. Restarts between all of them.
    fn folds(lines: &[Line]) -> Vec<Fold> {
        let mut folds = Folds::default();
        let mut kept: HashMap<(String, u32), KeptProcess> = HashMap::new();
        let mut found = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            found.push(see(&mut folds, line, 7, &index.to_string()));
            for process in folds.changed() {
                kept.insert((process.0.clone(), process.1), process);
            }
            folds = Folds::of(kept.values().cloned().collect());
        }
        found
    }

    fn echo(key: &str) -> Fold {
        Fold::Into { key: key.into(), outcome: outcome::ECHO }
    }

    fn child(key: &str) -> Fold {
        Fold::Into { key: key.into(), outcome: outcome::CHILD }
    }

    fn takes(part: &str) -> Fold {
        Fold::Takes { part: part.into() }
    }

    #[test]
    fn an_exception_on_its_way_up_is_one() {
        let core = "sgtk.core.pipelineconfig";
        let engine = "sgtk.env.project.tk-maya";
        for (lines, expected) in [
            // By another logger, with more calls around, or with the same.
            (
                vec![Line(0.0, core, "hook failed", &["b", "a"]), Line(0.1, engine, "x", &["c", "b", "a"])],
                vec![Fold::Own, echo("0")],
            ),
            (
                vec![Line(0.0, core, "x", &["b", "a"]), Line(4.9, engine, "x", &["b", "a"])],
                vec![Fold::Own, echo("0")],
            ),
            // By the same logger, further out.
            (
                vec![Line(0.0, core, "x", &["a"]), Line(0.1, core, "x", &["b", "a"])],
                vec![Fold::Own, echo("0")],
            ),
            // Too late.
            (vec![Line(0.0, core, "x", &["a"]), Line(5.1, engine, "x", &["a"])], vec![Fold::Own, Fold::Own]),
            // The same statement again is another time, and so is its echo.
            (
                vec![
                    Line(0.0, core, "item 1", &["a"]),
                    Line(0.1, engine, "x", &["b", "a"]),
                    Line(0.2, core, "item 2", &["a"]),
                    Line(0.3, engine, "x", &["b", "a"]),
                ],
                vec![Fold::Own, echo("0"), Fold::Own, echo("2")],
            ),
            // The engine was started again between the two, in another environment.
            (
                vec![Line(0.0, engine, "x", &["a"]), Line(3.0, "sgtk.env.shot_step.tk-maya", "x", &["a"])],
                vec![Fold::Own, Fold::Own],
            ),
            (
                vec![
                    Line(0.0, "sgtk.ext.tkimp0123456789abcdef0123456789abcdef.tool", "x", &["a"]),
                    Line(3.0, "sgtk.ext.tkimpfedcba98765432100123456789abcdef.tool", "x", &["a"]),
                ],
                vec![Fold::Own, Fold::Own],
            ),
            // Another way to the same call, and another call.
            (
                vec![
                    Line(0.0, core, "x", &["b", "a"]),
                    Line(0.1, core, "x", &["c", "a"]),
                    Line(0.2, engine, "x", &["b", "d"]),
                ],
                vec![Fold::Own, Fold::Own, Fold::Own],
            ),
            // The deeper one came first: nothing climbs down.
            (
                vec![Line(0.0, core, "x", &["b", "a"]), Line(0.1, core, "x", &["a"])],
                vec![Fold::Own, Fold::Own],
            ),
        ] {
            assert_eq!(folds(&lines), expected);
        }
    }

    #[test]
    fn another_process_is_another_failure() {
        let mut folds = Folds::default();
        assert_eq!(see(&mut folds, &Line(0.0, "a", "x", &["a"]), 7, "0"), Fold::Own);
        assert_eq!(see(&mut folds, &Line(0.0, "b", "x", &["a"]), 8, "1"), Fold::Own);
    }

    #[test]
    fn the_pieces_of_a_command_are_one_with_the_one_that_has_a_traceback() {
        let log = "sgtk.ext.api_v2";
        let piece = |at, message| Line(at, log, message, &[]);
        let failed = || piece(0.0, "Command failed: ['python']");
        let retcode = || piece(0.02, "Failed command retcode: 1");
        for (lines, expected) in [
            (
                vec![
                    failed(),
                    piece(0.0, "Failed command stdout: "),
                    Line(0.01, log, "Failed command stderr:", &["main"]),
                    retcode(),
                ],
                vec![Fold::Own, child("0"), takes("0"), child("2")],
            ),
            // None has one: the head.
            (vec![failed(), retcode()], vec![Fold::Own, child("0")]),
            // What failed by it comes next.
            (
                vec![failed(), retcode(), Line(1.0, "sgtk.core", "x", &["run"])],
                vec![Fold::Own, child("0"), takes("0")],
            ),
            // Read in another order.
            (vec![retcode(), failed()], vec![Fold::Own, child("0")]),
            // Two commands, and one too late.
            (vec![failed(), failed(), retcode()], vec![Fold::Own, Fold::Own, child("1")]),
            (vec![failed(), piece(2.1, "Failed command retcode: 1")], vec![Fold::Own, Fold::Own]),
            (vec![failed(), piece(0.1, "Another thing failed")], vec![Fold::Own, Fold::Own]),
        ] {
            assert_eq!(folds(&lines), expected);
        }
    }

    #[test]
    fn what_is_remembered_is_bounded_and_follows_its_key() {
        let mut folds = Folds::default();
        for pid in 0..500 {
            see(&mut folds, &Line(f64::from(pid), "a", "x", &["a"]), pid, "0");
        }
        assert!(folds.processes.len() <= MOST_PROCESSES);
        folds.renamed("0", "1");
        assert_eq!(see(&mut folds, &Line(499.0, "b", "x", &["a"]), 499, "2"), echo("1"));
    }
}
