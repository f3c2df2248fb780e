//! Which generations of the logs of one folder there were, as its events tell, and which of them were opened.
//!
//! An event names a file, not who it is: by the time it is heard the name may lead to a later generation, or to
//! nothing. So generations are counted, not paired: those the events say were made, against those that were opened,
//! once every event up to a moment has been heard. Owns that count and the handles that wait for the follower.
//! Where events come from is not known here, and nothing is read.

use crate::watcher::Happening;
use crate::{FileId, Observed, Patterns};
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

/// Handles that may wait for the follower; beyond that a generation is left to the next look.
const MOST_WAITING: usize = 64;

/// What happened to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameChange {
    /// A file was made under it.
    Made,
    /// A file came to it by a rename. Where the other half of the rename is known, its number is the same.
    MovedIn(u32),
    /// The file under it was renamed.
    MovedOut(u32),
    /// The file under it was deleted.
    Removed,
}

#[derive(Debug, Default)]
struct Tally {
    made: u64,
    opened: u64,
}

/// See the module's own words.
#[derive(Debug)]
pub struct Generations<F> {
    folder: PathBuf,
    patterns: Vec<Patterns>,
    /// Files the follower holds, or will when it takes what waits.
    held: HashSet<FileId>,
    /// Since the last moment at which every event had been heard, by the log's bare name.
    tallies: HashMap<String, Tally>,
    /// The first half of a rename: its number, and of which log that name was.
    moved_out: Option<(u32, String)>,
    waiting: Vec<Happening<F>>,
}

impl<F> Generations<F> {
    /// Of a folder in which no name is a log yet.
    pub fn new(folder: PathBuf) -> Generations<F> {
        Generations {
            folder,
            patterns: Vec::new(),
            held: HashSet::new(),
            tallies: HashMap::new(),
            moved_out: None,
            waiting: Vec::new(),
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The log a bare name is, or is a backup of, and whether it is a backup.
    #[must_use]
    pub fn log_of<'n>(&self, name: &'n str) -> Option<(&'n str, bool)> {
        if self.patterns.iter().any(|patterns| patterns.matches(name)) {
            return Some((name, false));
        }
        Some((self.patterns.iter().find_map(|patterns| patterns.backup_of(name))?, true))
    }

    /// These names are logs too.
    pub fn add(&mut self, patterns: &Patterns) {
        if !self.patterns.contains(patterns) {
            self.patterns.push(patterns.clone());
        }
    }

    /// The follower holds this file, a generation of this log; a new one is counted, lest it be missed.
    pub fn holds(&mut self, log: &Path, id: FileId, is_new: bool) {
        let name = log.file_name().and_then(|name| name.to_str());
        if self.held.insert(id)
            && is_new
            && let Some(name) = name
        {
            self.tallies.entry(name.to_owned()).or_default().opened += 1;
        }
    }

    /// The follower has closed it.
    pub fn released(&mut self, id: FileId) {
        self.held.remove(&id);
    }

    /// Hears an event, in order, and opens the file if it may be a generation that nobody holds. True when the
    /// name is one of ours.
    pub fn heard(
        &mut self,
        name: &str,
        change: NameChange,
        open: impl FnOnce(&Path) -> io::Result<(Observed, F)>,
    ) -> bool {
        let moved_out = self.moved_out.take();
        let Some((log, is_backup)) = self.log_of(name) else { return false };
        let is_new = match change {
            // What is made under a backup's name is a copy, and is looked at when its log is found to be emptied.
            NameChange::Made => !is_backup,
            NameChange::MovedIn(number) => {
                let within = moved_out.is_some_and(|(other, from)| other == number && from == log);
                !is_backup && !within
            }
            NameChange::MovedOut(number) => {
                self.moved_out = Some((number, log.to_owned()));
                return true;
            }
            NameChange::Removed => return true,
        };
        if change == NameChange::Made && is_backup {
            return true;
        }
        let tally = self.tallies.entry(log.to_owned()).or_default();
        tally.made += u64::from(is_new);
        if self.waiting.len() >= MOST_WAITING {
            return true;
        }
        match open(&self.folder.join(name)) {
            Ok((seen, file)) => {
                if self.held.insert(seen.id) {
                    tally.opened += 1;
                    let log = self.folder.join(log);
                    self.waiting.push(Happening::Opened { log, is_backup, seen, file });
                } else if seen.links > 1 {
                    // A second name for a file that is held was made, not a generation.
                    tally.made -= u64::from(is_new);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // It is there but cannot be opened: the next look tells the trouble and waits for it.
            Err(_) => tally.opened += u64::from(is_new),
        }
        true
    }

    /// Every event up to now has been heard: whether something was made and not opened.
    #[must_use]
    pub fn misses_some(&self) -> bool {
        self.tallies.values().any(|tally| tally.made > tally.opened)
    }

    /// A generation that was opened in another way than by its name.
    pub fn found(&mut self, log: &str, seen: Observed, file: F) {
        if self.waiting.len() < MOST_WAITING && self.held.insert(seen.id) {
            self.tallies.entry(log.to_owned()).or_default().opened += 1;
            let log = self.folder.join(log);
            self.waiting.push(Happening::Opened { log, is_backup: true, seen, file });
        }
    }

    /// What was made and not opened by now never will be.
    pub fn settle(&mut self) {
        // One that was found by looking may be counted before its event is heard.
        self.tallies.retain(|log, tally| {
            let generations = tally.made.saturating_sub(tally.opened);
            if generations > 0 {
                self.waiting.push(Happening::Missed { log: self.folder.join(log), generations });
            }
            tally.opened = tally.opened.saturating_sub(tally.made);
            tally.made = 0;
            tally.opened > 0
        });
    }

    /// Events were lost: nothing can be counted from here on.
    pub fn lost(&mut self) {
        self.tallies.clear();
        self.moved_out = None;
        self.waiting.push(Happening::Lost);
    }

    /// A log or a backup was written to.
    pub fn grown(&mut self, log: &str) {
        let log = self.folder.join(log);
        let told =
            |happening: &Happening<F>| matches!(happening, Happening::Grown { log: told } if *told == log);
        if !self.waiting.iter().any(told) {
            self.waiting.push(Happening::Grown { log });
        }
    }

    /// What waits for the follower, in order.
    pub fn take(&mut self) -> Vec<Happening<F>> {
        std::mem::take(&mut self.waiting)
    }
}
