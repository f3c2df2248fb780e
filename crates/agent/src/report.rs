//! A report by hand: what somebody asks through the control channel, and the logs that go with it.
//!
//! A report is its own problem. Its signature is `report:` and a number of its own, so it is never taken for another,
//! and nothing that gathers, limits or mutes problems concerns it. The logs are read here, on a thread of their own: one
//! on a server that hangs holds up neither the logs that are followed nor the channel. What becomes of them is
//! the pipeline's matter (`pipeline/report.rs`), which knows the secrets.

use serde::Deserialize;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

/// What every report's signature begins with.
pub const SIGNATURE: &str = "report:";
/// Logs with one report.
pub const MOST_LOGS: usize = 10;
/// Letters of a comment; a whole log belongs into the evidence.
pub const MOST_COMMENT_CHARS: usize = 10_000;

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
pub struct ReportRequest {
    /// What the person says. It may hold secrets.
    #[serde(default)]
    pub comment: String,
    /// The logs, by absolute path.
    #[serde(default)]
    pub logs: Vec<PathBuf>,
    /// The process whose session it is about; without it the only session there is.
    #[serde(default)]
    pub pid: Option<u32>,
}

/// A report whose logs were read.
#[derive(Debug)]
pub struct Report {
    /// Signature and key: one report is one ticket.
    pub key: String,
    /// As it was asked for.
    pub request: ReportRequest,
    /// Each log, or why it is missing.
    pub logs: Vec<ReportLog>,
    /// Told its title once it is kept, or why it is not.
    pub kept: Sender<Result<String, String>>,
}

/// The newest part of a log, as it is in its file.
#[derive(Debug)]
pub struct ReportLog {
    /// Bare name.
    pub name: String,
    /// The bytes, and whether they begin in the middle of the log.
    pub bytes: io::Result<(Vec<u8>, bool)>,
}

impl ReportRequest {
    /// What is wrong with it, in words; nothing is read yet.
    ///
    /// # Errors
    /// No comment, or more than a ticket holds.
    pub fn check(&self) -> Result<(), String> {
        if self.comment.trim().is_empty() {
            return Err("a report needs a comment: say what went wrong".to_owned());
        }
        if self.comment.chars().count() > MOST_COMMENT_CHARS {
            return Err(format!(
                "the comment is longer than {MOST_COMMENT_CHARS} letters: put it into a file and give that"
            ));
        }
        if self.logs.len() > MOST_LOGS {
            return Err(format!("a report takes at most {MOST_LOGS} logs"));
        }
        Ok(())
    }

    /// Reads the newest `limit_bytes` of each log. May take as long as their disks do.
    #[must_use]
    pub fn read(self, key: String, limit_bytes: usize, kept: Sender<Result<String, String>>) -> Report {
        let mut logs: Vec<ReportLog> = Vec::new();
        for path in &self.logs {
            let bare = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            let mut name = bare.clone();
            // Two folders may have logs of one name.
            for number in 2.. {
                if logs.iter().all(|log| log.name != name) {
                    break;
                }
                name = format!("{number}-{bare}");
            }
            logs.push(ReportLog { name, bytes: newest(path, limit_bytes) });
        }
        Report { key, request: self, logs, kept }
    }
}

/// A key of its own for a report: nobody else's, on any machine.
#[must_use]
pub fn new_key(wall_ms: i64, steady_ms: u64, host: &str, comment: &str) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(&wall_ms.to_le_bytes());
    hash.update(&steady_ms.to_le_bytes());
    hash.update(&std::process::id().to_le_bytes());
    hash.update(host.as_bytes());
    hash.update(b"\0");
    hash.update(comment.as_bytes());
    format!("{SIGNATURE}{}", &hash.finalize().to_hex()[..16])
}

/// `alice - Report: Maya hangs when I publish [3f9a01c2]`; the number keeps two with the same words apart.
#[must_use]
pub fn title(login: &str, comment: &str, key: &str) -> String {
    const CHARS: usize = 60;
    let words = comment.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = words.chars().take(CHARS).collect();
    if short.len() < words.len() {
        short.push('…');
    }
    let number = key.strip_prefix(SIGNATURE).unwrap_or(key);
    format!("{login} - Report: {short} [{}]", number.chars().take(8).collect::<String>())
}

fn newest(path: &Path, limit_bytes: usize) -> io::Result<(Vec<u8>, bool)> {
    let limit = u64::try_from(limit_bytes).unwrap_or(u64::MAX);
    let mut file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    let from = file.metadata()?.len().saturating_sub(limit);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok((bytes, from > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_reports_have_one_key_or_one_title() {
        let keys = [
            new_key(1, 1, "ws-1", "it hangs"),
            new_key(1, 2, "ws-1", "it hangs"),
            new_key(1, 1, "ws-2", "it hangs"),
            new_key(1, 1, "ws-1", "it hangs!"),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert!(key.starts_with(SIGNATURE) && keys[index + 1..].iter().all(|other| other != key));
            assert_eq!(
                title("alice", "it\n hangs", key),
                format!("alice - Report: it hangs [{}]", &key[7..15])
            );
        }
        let long = title("alice", &"도구 ".repeat(100), &keys[0]);
        assert_eq!(long.chars().count(), "alice - Report: ".len() + 61 + " [12345678]".len());
    }

    #[test]
    fn the_newest_part_of_each_log_is_read_and_what_cannot_be_read_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("tk-maya.log"), folder.path().join("old/tk-maya.log"));
        std::fs::create_dir(folder.path().join("old")).unwrap();
        std::fs::write(&one, "first\nsecond\n").unwrap();
        std::fs::write(&two, "third\n").unwrap();
        let request = ReportRequest {
            comment: "it hangs".into(),
            logs: vec![one, two, folder.path().join("gone.log"), folder.path().to_owned()],
            pid: None,
        };
        let (kept, _) = std::sync::mpsc::channel();
        let report = request.read("report:1".into(), 7, kept);
        let read = |index: usize| report.logs[index].bytes.as_ref().unwrap().clone();
        assert_eq!((report.logs[0].name.as_str(), read(0)), ("tk-maya.log", (b"second\n".to_vec(), true)));
        assert_eq!((report.logs[1].name.as_str(), read(1)), ("2-tk-maya.log", (b"third\n".to_vec(), false)));
        assert!(report.logs[2].bytes.is_err() && report.logs[3].bytes.is_err());
    }

    #[test]
    fn a_report_without_words_is_refused_and_so_is_a_novel() {
        let with = |comment: String| ReportRequest { comment, ..ReportRequest::default() }.check();
        assert!(with(" \n".into()).is_err() && with("a".repeat(10_001)).is_err());
        assert!(with("it hangs".into()).is_ok());
    }
}
