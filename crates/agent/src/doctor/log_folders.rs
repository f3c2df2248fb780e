//! The log folders: there, readable, and with logs in them that can be opened.

use super::Check;
use super::check::counted;
use crate::local_disk::remote_kind;
use log_follow::Patterns;
use std::fs::File;
use std::path::{Path, PathBuf};

const NAME: &str = "log folder";

/// Looks at each folder; `patterns` are those of the logs in it.
#[must_use]
pub fn check(folders: &[PathBuf], patterns: &Patterns) -> Vec<Check> {
    if folders.is_empty() {
        let found = "nobody knows where Toolkit keeps this user's logs";
        return vec![Check::fail(NAME, found, "set watch.folders, or SHOTGUN_HOME as the hosts have it")];
    }
    folders.iter().map(|folder| check_one(folder, patterns)).collect()
}

fn check_one(folder: &Path, patterns: &Patterns) -> Check {
    let shown = folder.display();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let found = format!("`{shown}` is not there");
            return Check::warn(
                NAME,
                found,
                "Toolkit makes it with its first log; if it has written one, set watch.folders",
            );
        }
        Err(error) => {
            let found = format!("`{shown}` cannot be read: {error}");
            return Check::fail(
                NAME,
                found,
                "give the agent's user the right to read it, or set watch.folders",
            );
        }
    };
    let logs: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| patterns.matches(&entry.file_name().to_string_lossy()))
        .map(|entry| entry.path())
        .collect();
    let closed = logs.iter().find_map(|log| File::open(log).err().map(|error| (log, error)));
    if let Some((log, error)) = closed {
        let found = format!("`{}` cannot be opened: {error}", log.display());
        return Check::fail(NAME, found, "give the agent's user the right to read it");
    }
    let far = remote_kind(folder).map_or(String::new(), |kind| format!(", on a server ({kind})"));
    let count = if logs.is_empty() { "no log yet".to_owned() } else { counted(logs.len() as u64, "log") };
    Check::pass(NAME, format!("`{shown}`, {count}{far}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn folders_are_there_and_their_logs_can_be_opened() {
        let base = tempfile::tempdir().unwrap();
        let logs = base.path().join("logs");
        let look = || check(std::slice::from_ref(&logs), &Patterns::default()).remove(0);
        assert_eq!(look().verdict, Verdict::Warn);
        std::fs::create_dir(&logs).unwrap();
        for name in ["tk-maya.log", "tk-maya.log.1", "other.log"] {
            std::fs::write(logs.join(name), "").unwrap();
        }
        let found = look();
        assert!(found.verdict == Verdict::Pass && found.found.ends_with("`, 1 log"), "{found:?}");
        #[cfg(unix)]
        {
            // A link to itself: refused to everyone, the superuser included.
            std::os::unix::fs::symlink(logs.join("tk-loop.log"), logs.join("tk-loop.log")).unwrap();
            let found = look();
            assert!(found.verdict == Verdict::Fail && found.found.contains("tk-loop.log"), "{found:?}");
        }
        assert_eq!(check(&[], &Patterns::default())[0].verdict, Verdict::Fail);
    }
}
