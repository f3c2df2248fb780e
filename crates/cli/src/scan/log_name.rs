//! What the bare name of a file says: whether it is one of the logs, and which log it is a backup of.
//!
//! The settings name the logs (`watch.patterns`). What people hand in is called otherwise (`problem.log`,
//! `alice.txt`): such names count only where no log goes by the settings. No file is looked at here.

use log_follow::Patterns;

/// How a log was put aside.
pub(super) enum Backup {
    /// `tk-maya.log.1`: Toolkit keeps one, tk-desktop before 2.1 kept five.
    Numbered(u32),
    /// `tk-maya.log.<uuid>`: a rollover that did not come to its end.
    Unfinished,
}

impl Backup {
    /// The log a name without `.gz` is a backup of.
    pub(super) fn of(name: &str) -> Option<(&str, Backup)> {
        let (log, suffix) = name.rsplit_once('.')?;
        let is_number = (1..=4).contains(&suffix.len()) && suffix.bytes().all(|byte| byte.is_ascii_digit());
        if is_number {
            return Some((log, Backup::Numbered(suffix.parse().ok()?)));
        }
        // The follower knows what a rollover leaves behind.
        Patterns::exact(log).backup_of(name).map(|log| (log, Backup::Unfinished))
    }
}

/// Whether the settings take a name for one of the logs, packed or put aside or not.
pub(super) fn is_log(name: &str, patterns: &Patterns) -> bool {
    let plain = without_packing(name);
    patterns.matches(plain) || Backup::of(plain).is_some_and(|(log, _)| patterns.matches(log))
}

/// Whether a name is one that people give to a log they save or send: `.log`, `.txt`, backups of those,
/// anything packed.
pub(super) fn is_handed_in(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_text = |name: &str| name.ends_with(".log") || name.ends_with(".txt");
    name.ends_with(".gz")
        || name.ends_with(".zip")
        || is_text(&name)
        || Backup::of(&name).is_some_and(|(log, _)| is_text(log))
}

/// The name without what packing puts behind it.
pub(super) fn without_packing(name: &str) -> &str {
    name.strip_suffix(".gz").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_go_by_the_settings_and_what_is_handed_in_by_its_ending() {
        for (name, log, handed_in) in [
            ("tk-maya.log", true, true),
            ("tk-maya.log.2.gz", true, true),
            ("tk-maya.log.0b9d8a5e-7a0e-4f0b-9a62-1f2f8f6f4a11", true, true),
            ("problem.log", false, true),
            ("Alice.TXT", false, true),
            ("maya.log.1", false, true),
            ("logs.zip", false, true),
            ("tk-maya.log.bak", false, false),
            ("notes.md", false, false),
            ("log", false, false),
        ] {
            assert_eq!((is_log(name, &Patterns::default()), is_handed_in(name)), (log, handed_in), "{name}");
        }
    }
}
