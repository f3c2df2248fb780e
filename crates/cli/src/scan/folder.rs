//! What one folder of the arguments holds: its logs and those one folder down, and what is passed over.
//!
//! A folder that somebody names and that holds no log by the settings holds what people saved or sent: then
//! every file that is named like a log is one. Only names and kinds of files are looked at here.

use crate::scan::log_name::{is_handed_in, is_log};
use log_follow::Patterns;
use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The files of a folder, told apart.
#[derive(Default)]
pub(super) struct Held {
    /// By name; those one folder down come behind.
    pub(super) logs: Vec<PathBuf>,
    /// The logs are none by the settings, but by what people call theirs.
    pub(super) handed_in: bool,
    /// Files that are not read, because of their names.
    pub(super) passed_over: u64,
    /// Folders that cannot be looked into, and what is named like a log and cannot be one.
    pub(super) skipped: Vec<(PathBuf, io::Error)>,
}

/// Looks into a folder. `seen` has the true paths of what was met before; folders among them are left out.
pub(super) fn look_into(folder: &Path, patterns: &Patterns, seen: &mut HashSet<PathBuf>) -> Held {
    let mut found = Found::default();
    for subfolder in found.list(folder) {
        if seen.insert(fs::canonicalize(&subfolder).unwrap_or_else(|_| subfolder.clone())) {
            found.list(&subfolder);
        }
    }
    found.told_apart(patterns)
}

/// The kind of a file, as far as it matters.
enum Kind {
    Plain,
    /// A pipe, a socket, a device: waiting for it could take for ever.
    Special,
    Unknown(io::Error),
}

#[derive(Default)]
struct Found {
    files: Vec<(PathBuf, Kind)>,
    skipped: Vec<(PathBuf, io::Error)>,
}

impl Found {
    /// Takes in the files of a folder and gives its subfolders.
    fn list(&mut self, folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>());
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                self.skipped.push((folder.to_owned(), error));
                return Vec::new();
            }
        };
        entries.sort();
        let mut subfolders = Vec::new();
        for path in entries {
            match fs::metadata(&path) {
                Ok(about) if about.is_dir() => subfolders.push(path),
                Ok(about) if about.is_file() => self.files.push((path, Kind::Plain)),
                Ok(_) => self.files.push((path, Kind::Special)),
                Err(error) => self.files.push((path, Kind::Unknown(error))),
            }
        }
        subfolders
    }

    fn told_apart(self, patterns: &Patterns) -> Held {
        let by_settings = |path: &Path| named(path, |name| is_log(name, patterns));
        let handed_in = !self.files.iter().any(|(path, _)| by_settings(path));
        let mut held = Held { skipped: self.skipped, ..Held::default() };
        for (path, kind) in self.files {
            let is_log = if handed_in { named(&path, is_handed_in) } else { by_settings(&path) };
            match kind {
                _ if !is_log => held.passed_over += 1,
                Kind::Plain => held.logs.push(path),
                Kind::Special => {
                    let words = "it is no plain file (a pipe, a socket or a device)";
                    held.skipped.push((path, io::Error::new(ErrorKind::InvalidInput, words)));
                }
                Kind::Unknown(error) => held.skipped.push((path, error)),
            }
        }
        held.handed_in = handed_in && !held.logs.is_empty();
        held
    }
}

fn named(path: &Path, is: impl Fn(&str) -> bool) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(is)
}
