//! Where Toolkit keeps its logs on each system.
//!
//! The rule is Toolkit's own (`LocalFileStorageManager`, kind LOGGING): `SHOTGUN_HOME` over all, else one
//! folder per system. The environment is passed in, so that the rule of every system is tested on each.
//! Nothing is created here: Toolkit makes the folder with its first log file, and we wait for it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The operating systems that Toolkit has a log folder rule for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// `%APPDATA%\Shotgun\Logs`
    Windows,
    /// `~/Library/Logs/Shotgun`
    MacOs,
    /// `~/.shotgun/logs`
    Linux,
}

impl System {
    /// The system this program was built for; every other Unix follows the Linux rule, as Toolkit's does.
    #[must_use]
    pub fn current() -> System {
        if cfg!(windows) {
            System::Windows
        } else if cfg!(target_os = "macos") {
            System::MacOs
        } else {
            System::Linux
        }
    }
}

/// The folder Toolkit logs to for a process with this environment, or `None` when the variables the rule
/// needs (`HOME`, `APPDATA`) are missing. A relative `SHOTGUN_HOME` is taken from the current folder, as
/// Toolkit does; `~` at its start is the home folder.
pub fn log_folder(system: System, env: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let variable = |name: &str| env(name).filter(|value| !value.is_empty());
    let home = || variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from);
    if let Some(shotgun_home) = variable("SHOTGUN_HOME") {
        let path = PathBuf::from(shotgun_home);
        let expanded = match path.strip_prefix("~") {
            Ok(rest) => home()?.join(rest),
            Err(_) => path,
        };
        return Some(absolute(&expanded).join("logs"));
    }
    match system {
        System::Windows => Some(PathBuf::from(variable("APPDATA")?).join("Shotgun").join("Logs")),
        System::MacOs => Some(home()?.join("Library").join("Logs").join("Shotgun")),
        System::Linux => Some(home()?.join(".shotgun").join("logs")),
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(system: System, variables: &[(&str, &str)]) -> Option<PathBuf> {
        log_folder(system, &|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn each_system_has_toolkits_own_folder() {
        let home = [("HOME", "/home/alice"), ("APPDATA", r"C:\Users\alice\AppData\Roaming")];
        assert_eq!(folder(System::Linux, &home), Some("/home/alice/.shotgun/logs".into()));
        assert_eq!(folder(System::MacOs, &home), Some("/home/alice/Library/Logs/Shotgun".into()));
        let windows = folder(System::Windows, &home).unwrap();
        assert!(windows.starts_with(r"C:\Users\alice\AppData\Roaming"));
        assert!(windows.ends_with(Path::new("Shotgun").join("Logs")));
    }

    #[test]
    fn shotgun_home_wins_everywhere_but_not_when_empty() {
        let set = [("HOME", "/home/alice"), ("SHOTGUN_HOME", "/studio/home")];
        for system in [System::Windows, System::MacOs, System::Linux] {
            // On Windows such a path has no drive yet.
            let expected = std::path::absolute("/studio/home/logs").unwrap();
            assert_eq!(folder(system, &set), Some(expected));
        }
        let tilde = [("HOME", "/home/alice"), ("SHOTGUN_HOME", "~/sg")];
        assert_eq!(folder(System::Linux, &tilde), std::path::absolute("/home/alice/sg/logs").ok());
        let empty = [("HOME", "/home/alice"), ("SHOTGUN_HOME", "")];
        assert_eq!(folder(System::Linux, &empty), Some("/home/alice/.shotgun/logs".into()));
        assert_eq!(folder(System::Linux, &[]), None);
    }
}
