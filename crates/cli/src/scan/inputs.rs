//! From the arguments of `scan` to the logs that are read, in the order of time.
//!
//! A folder stands for its logs and those of its direct subfolders: logs as they are, and logs gathered into
//! one folder per person or machine. Nothing deeper is looked at, so a wrong folder costs little. Which of its
//! files are logs is told in `folder`. A file that is reached twice, by name or through links, is read once. The backups of a log are read before it, oldest
//! first, so that its records come in the order of time. Only names and sizes are looked at here.

use crate::scan::folder::look_into;
use crate::scan::log_name::{Backup, without_packing};
use log_follow::Patterns;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What `scan` reads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// Standard input.
    Stdin,
    /// A file, as reached from the argument.
    File(PathBuf),
}

/// The logs to read, and what cannot be.
#[derive(Default)]
pub(crate) struct Inputs {
    /// In the order in which they are to be read.
    pub(crate) logs: Vec<Input>,
    /// Bytes on disk of all of them; `None` when standard input is among them.
    pub(crate) size_bytes: Option<u64>,
    /// Folders and links that cannot be looked at.
    pub(crate) skipped: Vec<(PathBuf, io::Error)>,
    /// Folders of the arguments that hold no logs, and how many other files.
    pub(crate) empty: Vec<(PathBuf, u64)>,
    /// Folders of the arguments that hold none of the logs that the settings name, and how many others.
    pub(crate) handed_in: Vec<(PathBuf, u64)>,
    /// Files in folders that are not read, because of their names.
    pub(crate) passed_over: u64,
}

/// Finds the logs behind the arguments. What does not exist is kept: opening it says why it cannot be read.
pub(crate) fn gather(paths: &[PathBuf], patterns: &Patterns) -> Inputs {
    let mut gathering = Gathering {
        patterns,
        inputs: Inputs::default(),
        seen: HashSet::new(),
        families: Vec::new(),
        at: HashMap::new(),
    };
    gathering.inputs.size_bytes = Some(0);
    for path in paths {
        if path == Path::new("-") {
            gathering.stdin();
        } else if path.is_dir() {
            if gathering.is_new(path) {
                gathering.folder(path);
            }
        } else {
            gathering.file(path.clone());
        }
    }
    gathering.finish()
}

struct Gathering<'a> {
    patterns: &'a Patterns,
    inputs: Inputs,
    /// Files and folders by their true path.
    seen: HashSet<PathBuf>,
    /// Logs with their backups, in the order in which the first of each was met.
    families: Vec<Vec<(Age, Input)>>,
    at: HashMap<PathBuf, usize>,
}

impl Gathering<'_> {
    fn stdin(&mut self) {
        self.inputs.size_bytes = None;
        if self.seen.insert(PathBuf::from("-")) {
            self.families.push(vec![(Age::Current, Input::Stdin)]);
        }
    }

    /// Whether this is the first time; what has no true path (a pipe, a missing file) goes by its name.
    fn is_new(&mut self, path: &Path) -> bool {
        self.seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()))
    }

    fn folder(&mut self, folder: &Path) {
        let held = look_into(folder, self.patterns, &mut self.seen);
        let count = held.logs.len() as u64;
        if held.handed_in {
            self.inputs.handed_in.push((folder.to_owned(), count));
        } else if count == 0 && held.skipped.is_empty() {
            self.inputs.empty.push((folder.to_owned(), held.passed_over));
        }
        self.inputs.passed_over += held.passed_over;
        self.inputs.skipped.extend(held.skipped);
        for log in held.logs {
            self.file(log);
        }
    }

    fn file(&mut self, path: PathBuf) {
        if !self.is_new(&path) {
            return;
        }
        let about = fs::metadata(&path).ok();
        let size = about.as_ref().map_or(0, fs::Metadata::len);
        self.inputs.size_bytes = self.inputs.size_bytes.map(|sum| sum + size);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let plain = without_packing(&name);
        let (log, age) = match Backup::of(plain) {
            Some((log, Backup::Numbered(number))) => (log, Age::Numbered(Reverse(number))),
            Some((log, Backup::Unfinished)) => {
                (log, Age::Unfinished(about.and_then(|about| about.modified().ok())))
            }
            None => (plain, Age::Current),
        };
        let family = path.with_file_name(log);
        let at = *self.at.entry(family).or_insert_with(|| {
            self.families.push(Vec::new());
            self.families.len() - 1
        });
        self.families[at].push((age, Input::File(path)));
    }

    fn finish(mut self) -> Inputs {
        for mut family in self.families {
            family.sort_by_key(|(age, _)| *age);
            self.inputs.logs.extend(family.into_iter().map(|(_, log)| log));
        }
        self.inputs
    }
}

/// A log among its backups, oldest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    Numbered(Reverse<u32>),
    /// By the time of its last write.
    Unfinished(Option<SystemTime>),
    Current,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(inputs: &Inputs, root: &Path) -> Vec<String> {
        let name = |input: &Input| match input {
            Input::Stdin => "-".to_owned(),
            Input::File(path) => path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/"),
        };
        inputs.logs.iter().map(name).collect()
    }

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        root
    }

    #[test]
    fn a_folder_is_its_logs_and_those_one_level_down_oldest_first() {
        let root = folder(&[
            "tk-maya.log",
            "tk-maya.log.1",
            "tk-maya.log.2.gz",
            "tk-maya.log.0b9d8a5e-7a0e-4f0b-9a62-1f2f8f6f4a11",
            "tk-desktop.log",
            "notes.txt",
            "tk-maya.log.bak",
            "alice/tk-nuke.log",
            "alice/old/tk-nuke.log",
        ]);
        let inputs = gather(&[root.path().to_owned()], &Patterns::default());
        assert_eq!(
            names(&inputs, root.path()),
            [
                "tk-desktop.log",
                "tk-maya.log.2.gz",
                "tk-maya.log.1",
                "tk-maya.log.0b9d8a5e-7a0e-4f0b-9a62-1f2f8f6f4a11",
                "tk-maya.log",
                "alice/tk-nuke.log"
            ]
        );
        assert_eq!((inputs.size_bytes, inputs.passed_over), (Some(6), 2));
        assert!(inputs.handed_in.is_empty() && inputs.empty.is_empty());
    }

    #[test]
    fn a_folder_without_logs_by_the_settings_is_all_that_is_named_like_one() {
        let root = folder(&["problem.log", "problem.log.1", "log.txt", "a.gz", "alice/maya.log", "scene.ma"]);
        let inputs = gather(&[root.path().to_owned()], &Patterns::default());
        let expected = ["a.gz", "log.txt", "problem.log.1", "problem.log", "alice/maya.log"];
        assert_eq!(names(&inputs, root.path()), expected);
        assert_eq!((inputs.handed_in, inputs.passed_over), (vec![(root.path().to_owned(), 5)], 1));
        let nothing = folder(&["scene.ma", "deep/er/tk-maya.log"]);
        let inputs = gather(&[nothing.path().to_owned()], &Patterns::default());
        assert_eq!((inputs.logs.len(), inputs.empty), (0, vec![(nothing.path().to_owned(), 1)]));
    }

    #[test]
    fn a_file_is_read_once_however_often_it_is_named() {
        let root = folder(&["tk-maya.log", "tk-maya.log.1", "any name"]);
        let at = |name: &str| root.path().join(name);
        let again = root.path().join(".").join("tk-maya.log");
        let stdin = PathBuf::from("-");
        let paths = [
            at("any name"),
            at("tk-maya.log"),
            again,
            at("tk-maya.log.1"),
            root.path().into(),
            stdin.clone(),
            stdin,
        ];
        let inputs = gather(&paths, &Patterns::default());
        assert_eq!(
            inputs.logs,
            [
                Input::File(at("any name")),
                Input::File(at("tk-maya.log.1")),
                Input::File(at("tk-maya.log")),
                Input::Stdin
            ]
        );
        assert_eq!(inputs.size_bytes, None);
    }

    #[cfg(unix)]
    #[test]
    fn links_that_go_in_circles_are_harmless_and_broken_ones_told() {
        let root = folder(&["tk-maya.log"]);
        std::os::unix::fs::symlink(root.path(), root.path().join("loop")).unwrap();
        std::os::unix::fs::symlink("tk-maya.log", root.path().join("tk-same.log")).unwrap();
        std::os::unix::fs::symlink("gone", root.path().join("tk-gone.log")).unwrap();
        std::os::unix::fs::symlink("tk-ring.log", root.path().join("tk-ring.log")).unwrap();
        let inputs = gather(&[root.path().to_owned()], &Patterns::default());
        assert_eq!(names(&inputs, root.path()), ["tk-maya.log"]);
        assert_eq!(inputs.skipped.len(), 2);
    }
}
