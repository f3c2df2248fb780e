//! The directory events of the system itself: generations that live for a moment, and who is woken.

#![cfg(target_os = "linux")]

use log_follow::{Event, FollowOptions, Follower, GapReason, Rest, SystemDisk, system_events};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A sign of life that is sure to come comes within this time, however busy the machine.
const FOR_CERTAIN: Duration = Duration::from_secs(60);

struct Bench {
    folder: tempfile::TempDir,
    follower: Follower<SystemDisk>,
    woken: Receiver<()>,
    now_ms: u64,
    text: String,
    gaps: Vec<(Option<u64>, GapReason)>,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let (told, woken) = channel();
        let events = system_events(Box::new(move || told.send(()).unwrap()));
        let options = FollowOptions::folder(folder.path());
        let follower = Follower::with_events(SystemDisk, events, options, Vec::new());
        let mut bench = Bench { folder, follower, woken, now_ms: 0, text: String::new(), gaps: Vec::new() };
        bench.look();
        bench
    }

    fn look(&mut self) {
        self.now_ms += 50;
        let (text, gaps) = (&mut self.text, &mut self.gaps);
        self.follower.look(self.now_ms, &mut |event| match event {
            Event::Bytes { bytes, .. } => text.push_str(std::str::from_utf8(bytes).unwrap()),
            Event::Gap { bytes, reason, .. } => gaps.push((bytes, reason)),
            _ => {}
        });
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("tk-maya.log")
    }

    /// Rests, and looks once more as one has to.
    fn rest(&mut self) {
        while self.follower.rest() != Rest::UntilWoken {
            self.look();
        }
    }
}

fn append(path: &Path, text: &str) {
    let mut file = File::options().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn a_log_that_grows_wakes_whoever_rests_and_only_once() {
    let mut bench = Bench::new();
    append(&bench.log(), "one\n");
    bench.look();
    bench.rest();
    append(&bench.log(), "two\n");
    append(&bench.log(), "three\n");
    bench.woken.recv_timeout(FOR_CERTAIN).unwrap();
    bench.look();
    assert_eq!(bench.text, "one\ntwo\nthree\n");
    append(&bench.log(), "four\n");
    bench.rest();
    assert_eq!(bench.text, "one\ntwo\nthree\nfour\n", "found by the look that comes before the rest");
    assert!(bench.woken.try_recv().is_err(), "nobody rested when it was written");
}

#[test]
fn a_new_log_wakes_whoever_rests() {
    let mut bench = Bench::new();
    bench.rest();
    append(&bench.log(), "");
    bench.woken.recv_timeout(FOR_CERTAIN).unwrap();
    bench.look();
    bench.rest();
    append(&bench.log(), "one\n");
    bench.woken.recv_timeout(FOR_CERTAIN).unwrap();
    bench.look();
    assert_eq!(bench.text, "one\n");
}

/// Waits until this process has a file open.
fn until_open(path: &Path) {
    let is_it = |entry: fs::DirEntry| fs::read_link(entry.path()).is_ok_and(|target| target == path);
    while !fs::read_dir("/proc/self/fd").unwrap().flatten().any(is_it) {
        std::thread::yield_now();
    }
}

/// What two programs on one log do to each other, with the second one slow enough to be seen.
#[test]
fn a_generation_that_was_rotated_and_deleted_between_two_looks_is_read() {
    let mut bench = Bench::new();
    let backup = bench.folder.path().join("tk-maya.log.1");
    for round in 0..20 {
        append(&bench.log(), &format!("{round}\n"));
        until_open(&bench.log());
        fs::rename(bench.log(), &backup).unwrap();
        fs::remove_file(&backup).unwrap();
        bench.look();
    }
    let mut lines: Vec<u32> = bench.text.lines().map(|line| line.parse().unwrap()).collect();
    lines.sort_unstable();
    assert_eq!(lines, (0..20).collect::<Vec<u32>>());
    assert!(bench.gaps.is_empty(), "{:?}", bench.gaps);
}

/// A program that opens the log and goes on writing into it after it was rotated and deleted, all within a moment:
/// either it was opened at its event, or it is found among the program's open files.
#[test]
fn a_generation_that_nobody_could_open_in_time_is_found_with_its_writer() {
    use std::process::{Command, Stdio};
    let mut bench = Bench::new();
    let script =
        "exec 3>>tk-maya.log; mv tk-maya.log tk-maya.log.1; rm tk-maya.log.1; echo $0 >&3; read wait";
    let mut writers = Vec::new();
    for round in 0..20 {
        let mut writer = Command::new("sh");
        writer.arg("-c").arg(script).arg(round.to_string()).current_dir(bench.folder.path());
        writers.push(writer.stdin(Stdio::piped()).spawn().unwrap());
        while bench.text.lines().count() <= round {
            // Time stands still: a file without a name is given up after ten quiet seconds.
            bench.now_ms -= 50;
            bench.look();
            std::thread::yield_now();
            assert!(bench.gaps.is_empty(), "{:?}", bench.gaps);
        }
    }
    for mut writer in writers {
        drop(writer.stdin.take());
        writer.wait().unwrap();
    }
}

#[test]
fn a_folder_that_is_deleted_and_made_again_is_watched_again() {
    let mut bench = Bench::new();
    let folder = bench.folder.path().to_owned();
    for round in 0..3 {
        append(&bench.log(), &format!("{round}\n"));
        bench.look();
        fs::remove_dir_all(&folder).unwrap();
        bench.look();
        fs::create_dir(&folder).unwrap();
        bench.look();
        bench.rest();
        append(&bench.log(), "again\n");
        bench.woken.recv_timeout(FOR_CERTAIN).unwrap();
        bench.look();
    }
    assert_eq!(bench.text, "0\nagain\n1\nagain\n2\nagain\n");
}
