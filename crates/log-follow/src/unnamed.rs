//! Files that have lost their name but not their writer.
//!
//! When a generation is renamed and deleted before anybody could open it, the program that made it goes on writing
//! into it for as long as it likes. On Linux such a file can still be opened by way of that program's list of open
//! files, if it runs as the same user. Asked for only when the events tell that a generation was missed: it means a
//! look at every process. Nothing is asked of a program, and none notices.

use std::fs::File;
use std::path::{Path, PathBuf};

/// What the system appends to the name that a file had last.
const DELETED: &str = " (deleted)";

/// Deleted files of a folder that some process of ours has open, each with the bare name it had last. One that
/// several have open is there several times.
pub(crate) fn unnamed_files(folder: &Path) -> Vec<(String, File)> {
    // The list names the folder itself, not a link to it.
    let Ok(folder) = folder.canonicalize() else { return Vec::new() };
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let own = std::process::id().to_string();
    let others = processes
        .filter(|entry| {
            let name = entry.file_name();
            name.as_encoded_bytes().iter().all(u8::is_ascii_digit) && *name != *own
        })
        .map(|entry| entry.path());
    others.flat_map(|process| unnamed_files_of(&process, &folder)).collect()
}

fn unnamed_files_of(process: &Path, folder: &Path) -> Vec<(String, File)> {
    // Processes of other users do not show theirs.
    let handles = std::fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
    let unnamed = |handle: PathBuf| {
        let target = std::fs::read_link(&handle).ok()?;
        let name = target.file_name()?.to_str()?.strip_suffix(DELETED)?.to_owned();
        let is_there = target.parent() == Some(folder);
        // Opening a pipe or a device could wait; what had a name in a log folder and is a file does not.
        let is_file = is_there && std::fs::metadata(&handle).is_ok_and(|metadata| metadata.is_file());
        Some((name, File::open(is_file.then_some(handle)?).ok()?))
    };
    handles.filter_map(|entry| unnamed(entry.path())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::process::{Command, Stdio};

    #[test]
    fn a_deleted_file_that_another_process_writes_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("tk-maya.log");
        let mut file = File::create(&log).unwrap();
        file.write_all(b"unseen\n").unwrap();
        let (input, stays_open) = (Stdio::piped(), Stdio::from(file));
        let mut writer = Command::new("cat").stdin(input).stdout(stays_open).spawn().unwrap();
        std::fs::rename(&log, folder.path().join("tk-maya.log.1")).unwrap();
        std::fs::remove_file(folder.path().join("tk-maya.log.1")).unwrap();

        let mut found = unnamed_files(folder.path());
        drop(writer.stdin.take());
        writer.wait().unwrap();
        let mut text = String::new();
        found[0].1.read_to_string(&mut text).unwrap();
        assert_eq!((found.len(), found[0].0.as_str(), text.as_str()), (1, "tk-maya.log.1", "unseen\n"));
    }
}
