//! The log folders: there, readable, with logs in them that can be opened, and those that hosts write to.

use super::Check;
use super::check::counted;
use crate::local_disk::remote_kind;
use log_follow::{Patterns, System, log_folder};
use serde_json::Value;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const NAME: &str = "log folder";
/// A host that wrote a log so lately may do so again.
const LATELY: Duration = Duration::from_secs(7 * 24 * 3600);

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
    let (logs, others): (Vec<PathBuf>, Vec<PathBuf>) =
        entries.flatten().map(|entry| entry.path()).partition(|path| is_log(path, patterns));
    let closed = logs.iter().find_map(|log| File::open(log).err().map(|error| (log, error)));
    if let Some((log, error)) = closed {
        let found = format!("`{}` cannot be opened: {error}", log.display());
        return Check::fail(NAME, found, "give the agent's user the right to read it");
    }
    if logs.is_empty()
        && let Some(other) = others.iter().find(|path| path.extension().is_some_and(|ending| ending == "log"))
    {
        let found = format!("`{shown}` has logs, such as `{}`, and none that is followed", name(other));
        return Check::warn(
            NAME,
            found,
            "set watch.patterns to their names, or watch.folders to Toolkit's logs",
        );
    }
    let far = remote_kind(folder).map_or(String::new(), |kind| format!(", on a server ({kind})"));
    let count = if logs.is_empty() { "no log yet".to_owned() } else { counted(logs.len() as u64, "log") };
    Check::pass(NAME, format!("`{shown}`, {count}{far}"))
}

/// Looks for a second log folder: the one that a host without this environment's SHOTGUN_HOME writes to.
#[must_use]
pub fn check_other(
    folders: &[PathBuf],
    patterns: &Patterns,
    environment: &dyn Fn(&str) -> Option<OsString>,
    now: SystemTime,
) -> Option<Check> {
    let home = environment("SHOTGUN_HOME").filter(|home| !home.is_empty())?;
    let without = |name: &str| environment(name).filter(|_| name != "SHOTGUN_HOME");
    let other = log_folder(System::current(), &without).filter(|other| !folders.contains(other))?;
    let is_fresh = |log: &Path| {
        let written = std::fs::metadata(log).and_then(|log| log.modified());
        written.is_ok_and(|written| now.duration_since(written).unwrap_or_default() < LATELY)
    };
    let mut logs = std::fs::read_dir(&other).into_iter().flatten().flatten().map(|entry| entry.path());
    let log = logs.find(|log| is_log(log, patterns) && is_fresh(log))?;
    let found = format!(
        "`{}` was written this week, and is not followed: SHOTGUN_HOME is `{}` here",
        log.display(),
        home.display()
    );
    Some(Check::warn(
        NAME,
        found,
        "set SHOTGUN_HOME alike for all hosts, or name both folders in watch.folders",
    ))
}

/// Looks for sessions whose log the running agent does not follow, by its own `status`.
#[must_use]
pub fn check_sessions(status: &Value) -> Vec<Check> {
    let list = |name: &str| status[name].as_array().into_iter().flatten();
    let is_followed = |log: &str| list("sources").any(|source| source["file"] == log);
    let lost = |session: &Value| {
        let log = session["log_file"].as_str().filter(|log| !is_followed(log) && Path::new(log).is_file())?;
        let who = session["engine"].as_str().unwrap_or("a session");
        let found =
            format!("`{log}` of {who} (process {}) is not followed by the running agent", session["pid"]);
        let advice = "set SHOTGUN_HOME alike for all hosts, or name its folder in watch.folders";
        Some(Check::warn(NAME, found, advice))
    };
    list("sessions").filter_map(lost).collect()
}

fn is_log(path: &Path, patterns: &Patterns) -> bool {
    patterns.matches(&name(path))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
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

    #[test]
    fn logs_of_other_names_are_a_warning() {
        let base = tempfile::tempdir().unwrap();
        let look = || check(&[base.path().to_owned()], &Patterns::default()).remove(0);
        std::fs::write(base.path().join("notes.txt"), "").unwrap();
        assert_eq!(look().verdict, Verdict::Pass);
        std::fs::write(base.path().join("maya.log"), "").unwrap();
        let found = look();
        assert!(found.verdict == Verdict::Warn && found.found.contains("`maya.log`"), "{found:?}");
        std::fs::write(base.path().join("tk-maya.log"), "").unwrap();
        assert_eq!(look().verdict, Verdict::Pass);
    }

    #[test]
    fn a_host_without_shotgun_home_is_noticed_by_its_fresh_log() {
        let base = tempfile::tempdir().unwrap();
        let environment = |name: &str| match name {
            "SHOTGUN_HOME" => Some(base.path().join("studio").into_os_string()),
            "HOME" | "USERPROFILE" | "APPDATA" => Some(base.path().as_os_str().to_owned()),
            _ => None,
        };
        let here = log_folder(System::current(), &environment).unwrap();
        let without = |name: &str| environment(name).filter(|_| name != "SHOTGUN_HOME");
        let other = log_folder(System::current(), &without).unwrap();
        std::fs::create_dir_all(&other).unwrap();
        let look = |folders: &[PathBuf], now| check_other(folders, &Patterns::default(), &environment, now);
        let now = SystemTime::now();
        assert_eq!(look(std::slice::from_ref(&here), now), None);
        std::fs::write(other.join("tk-nuke.log"), "").unwrap();
        assert!(look(std::slice::from_ref(&here), now).unwrap().found.contains("tk-nuke.log"));
        assert_eq!(look(&[here.clone(), other.clone()], now), None, "both are followed");
        assert_eq!(look(&[here], now + 2 * LATELY), None, "nobody writes there any more");
        assert_eq!(check_other(&[], &Patterns::default(), &without, now), None);
    }
}
