//! Files and folders that cannot be reached for a while: locked, forbidden, in the middle of a rollover, no files
//! at all. Nothing may be read twice and nothing given up for it.
//!
//! The files are real; a disk in front of them refuses what a test says, because tests may run as root, whom
//! permissions do not stop, and because only Windows refuses to share. With `holds` false it also keeps the
//! follower from holding handles, and asks the file itself who it is, as on Windows.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use log_follow::{
    Checkpoint, Disk, EndReason, Event, FollowOptions, Follower, GapReason, Observed, SourceId, StartReason,
    SystemDisk,
};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;
use tempfile::TempDir;

/// What is refused, by path.
type Refusals = Rc<RefCell<HashMap<PathBuf, ErrorKind>>>;

struct Guarded {
    refusals: Refusals,
    holds: bool,
}

impl Guarded {
    fn ask(&self, path: &Path) -> io::Result<()> {
        self.refusals.borrow().get(path).map_or(Ok(()), |kind| Err((*kind).into()))
    }
}

impl Disk for Guarded {
    type File = File;

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.ask(folder)?;
        SystemDisk.list(folder)
    }

    fn folder_changed(&self, folder: &Path) -> io::Result<SystemTime> {
        SystemDisk.folder_changed(folder)
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        self.ask(path)?;
        SystemDisk.open(path)
    }

    fn observe(&self, path: &Path) -> io::Result<Observed> {
        if !self.holds {
            self.ask(path)?;
        }
        SystemDisk.observe(path)
    }

    fn may_hold_handles(&self, _folder: &Path) -> bool {
        self.holds
    }
}

/// Keeping handles, and not. Where the rules for open files are those of Windows they are never kept.
const HOLDS: &[bool] = if cfg!(windows) { &[false] } else { &[true, false] };

struct Bench {
    folder: TempDir,
    refusals: Refusals,
    follower: Follower<Guarded>,
    now_ms: u64,
    text: String,
    started: Vec<StartReason>,
    ended: Vec<EndReason>,
    gaps: Vec<(Option<u64>, GapReason)>,
    troubles: Vec<String>,
    recovered: usize,
    entered: usize,
}

impl Bench {
    fn new(folder: TempDir, holds: bool, checkpoints: Vec<Checkpoint>) -> Bench {
        let options = FollowOptions::folder(folder.path());
        Bench::with(folder, holds, options, checkpoints)
    }

    fn with(folder: TempDir, holds: bool, options: FollowOptions, checkpoints: Vec<Checkpoint>) -> Bench {
        let refusals = Refusals::default();
        let disk = Guarded { refusals: Rc::clone(&refusals), holds };
        Bench {
            folder,
            refusals,
            follower: Follower::new(disk, options, checkpoints),
            now_ms: 0,
            text: String::new(),
            started: Vec::new(),
            ended: Vec::new(),
            gaps: Vec::new(),
            troubles: Vec::new(),
            recovered: 0,
            entered: 0,
        }
    }

    /// A log that was read to its end by a first run, and the second run before its first look.
    fn restarted(holds: bool) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Bench::new(folder, holds, Vec::new());
        bench.look();
        append(&bench.log(), &lines("old", 20));
        bench.look();
        let status = bench.follower.status();
        let checkpoint = bench.follower.checkpoint(status[0].source, status[0].position).unwrap();
        Bench::new(bench.folder, holds, vec![checkpoint])
    }

    /// One look, six seconds after the last one: past the interval of full looks.
    fn look(&mut self) {
        self.look_after(6_000);
    }

    fn look_after(&mut self, ms: u64) {
        self.now_ms += ms;
        let look = self.follower.look(self.now_ms, &mut |event| match event {
            Event::Started { reason, .. } => self.started.push(reason),
            Event::Bytes { bytes, .. } => self.text.push_str(std::str::from_utf8(bytes).unwrap()),
            Event::Ended { reason, .. } => self.ended.push(reason),
            Event::Gap { bytes, reason, .. } => self.gaps.push((bytes, reason)),
            Event::Trouble { message, .. } => self.troubles.push(message),
            Event::Recovered { .. } => self.recovered += 1,
            Event::Entered { .. } => self.entered += 1,
            Event::Rotated { .. } | Event::Note { .. } => {}
        });
        assert!(!look.more);
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("tk-maya.log")
    }

    fn backup(&self) -> PathBuf {
        self.folder.path().join("tk-maya.log.1")
    }

    fn refuse(&self, path: PathBuf, kind: ErrorKind) {
        self.refusals.borrow_mut().insert(path, kind);
    }

    fn allow_all(&self) {
        self.refusals.borrow_mut().clear();
    }
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn lines(prefix: &str, count: usize) -> String {
    (0..count).map(|index| format!("2026-01-14 19:49:11,961 [1 INFO sgtk] {prefix} {index}\n")).collect()
}

#[test]
fn a_file_that_cannot_be_opened_at_the_first_look_goes_on_where_it_stopped() {
    for &holds in HOLDS {
        for kind in [ErrorKind::PermissionDenied, ErrorKind::ResourceBusy, ErrorKind::NotFound] {
            let mut bench = Bench::restarted(holds);
            append(&bench.log(), "new\n");
            bench.refuse(bench.log(), kind);
            bench.look();
            bench.look();
            assert_eq!(bench.follower.awaited().count(), 1);
            bench.allow_all();
            bench.look();
            assert_eq!(bench.text, "new\n", "{kind} {holds}");
            assert_eq!(bench.started, [StartReason::Resumed]);
            assert!(bench.gaps.is_empty(), "{:?}", bench.gaps);
            assert_eq!(bench.follower.awaited().count(), 0);
            let told = usize::from(kind != ErrorKind::NotFound);
            assert_eq!((bench.troubles.len(), bench.recovered), (told, told), "{:?}", bench.troubles);
        }
    }
}

#[test]
fn a_backup_that_cannot_be_opened_at_the_first_look_goes_on_where_it_stopped() {
    for &holds in HOLDS {
        let mut bench = Bench::restarted(holds);
        append(&bench.log(), "end of the old file\n");
        fs::rename(bench.log(), bench.backup()).unwrap();
        append(&bench.log(), "start of the new one\n");
        bench.refuse(bench.backup(), ErrorKind::PermissionDenied);
        bench.look();
        bench.look();
        assert_eq!(bench.text, "start of the new one\n");
        bench.allow_all();
        bench.look();
        assert_eq!(bench.text, "start of the new one\nend of the old file\n");
        assert_eq!(bench.started, [StartReason::New, StartReason::Resumed]);
        assert!(bench.gaps.is_empty(), "{:?}", bench.gaps);
        assert_eq!(bench.recovered, 1);
    }
}

#[test]
fn a_rollover_under_way_at_the_first_look_loses_no_position() {
    for &holds in HOLDS {
        let mut bench = Bench::restarted(holds);
        append(&bench.log(), "last words\n");
        // The instant at which the file has no name that the first look sees.
        let parked = bench.folder.path().join("parked");
        fs::rename(bench.log(), &parked).unwrap();
        append(&bench.backup(), &lines("older generation", 20));
        bench.look();
        fs::rename(&parked, bench.backup()).unwrap();
        append(&bench.log(), "first words\n");
        bench.look();
        let mut read: Vec<&str> = bench.text.lines().skip(20).collect();
        read.sort_unstable();
        assert_eq!(read, ["first words", "last words"], "after the older generation");
        assert!(bench.gaps.is_empty(), "{:?}", bench.gaps);
    }
}

#[test]
fn a_file_that_never_comes_back_is_a_gap_after_a_minute() {
    let mut bench = Bench::restarted(true);
    fs::remove_file(bench.log()).unwrap();
    for _ in 0..10 {
        bench.look();
    }
    assert!(bench.gaps.is_empty(), "54 s after the first look: {:?}", bench.gaps);
    for _ in 0..5 {
        bench.look();
    }
    assert_eq!(bench.gaps, [(None, GapReason::GoneWhileAway)], "said once");
    append(&bench.log(), "another file\n");
    bench.look();
    assert_eq!(bench.text, "another file\n");
}

#[test]
fn a_file_that_is_there_but_locked_is_waited_for_without_end() {
    for &holds in HOLDS {
        let mut bench = Bench::restarted(holds);
        bench.refuse(bench.log(), ErrorKind::PermissionDenied);
        for _ in 0..100 {
            bench.look();
        }
        assert!(bench.gaps.is_empty(), "{:?}", bench.gaps);
        append(&bench.log(), "new\n");
        bench.allow_all();
        bench.look();
        assert_eq!(bench.text, "new\n");
    }
}

#[test]
fn a_locked_file_that_is_deleted_is_given_up() {
    for &holds in HOLDS {
        let mut bench = Bench::restarted(holds);
        bench.refuse(bench.log(), ErrorKind::PermissionDenied);
        bench.look();
        bench.allow_all();
        fs::remove_file(bench.log()).unwrap();
        for _ in 0..15 {
            bench.look();
        }
        assert_eq!(bench.gaps, [(None, GapReason::GoneWhileAway)]);
        assert_eq!(bench.recovered, 1, "a file that is not there is in no trouble");
    }
}

#[test]
fn an_old_file_that_cannot_be_opened_at_first_is_still_read_from_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(folder, true, Vec::new());
    append(&bench.log(), &lines("old", 20));
    bench.refuse(bench.log(), ErrorKind::PermissionDenied);
    bench.look();
    append(&bench.log(), "new\n");
    // It bears the backup's name by the time it can be opened.
    fs::rename(bench.log(), bench.backup()).unwrap();
    append(&bench.log(), "young\n");
    bench.allow_all();
    bench.look();
    assert_eq!(bench.text, "young\nnew\n");
}

#[test]
fn one_failed_look_at_a_quiet_log_ends_nothing_where_no_handle_is_held() {
    for kind in [ErrorKind::NotFound, ErrorKind::ResourceBusy] {
        let mut bench = Bench::restarted(false);
        for _ in 0..5 {
            bench.look();
        }
        bench.refuse(bench.log(), kind);
        bench.look();
        bench.allow_all();
        append(&bench.log(), "new\n");
        bench.look();
        // A second failure, long after the first, starts its own wait.
        bench.look();
        bench.refuse(bench.log(), kind);
        bench.look();
        bench.allow_all();
        bench.look();
        assert_eq!(bench.text, "new\n", "{kind}");
        assert!(bench.ended.is_empty() && bench.gaps.is_empty(), "{:?} {:?}", bench.ended, bench.gaps);
    }
}

#[test]
fn a_locked_log_is_trouble_and_not_gone_where_no_handle_is_held() {
    let mut bench = Bench::restarted(false);
    bench.look();
    bench.refuse(bench.log(), ErrorKind::ResourceBusy);
    for _ in 0..50 {
        bench.look();
    }
    assert!(bench.ended.is_empty());
    let told = bench.troubles.len();
    assert!((1..=2).contains(&told), "said once for the name, once for the file: {:?}", bench.troubles);
    append(&bench.log(), "new\n");
    bench.allow_all();
    bench.look();
    assert_eq!((bench.text.as_str(), bench.recovered), ("new\n", 1));
}

#[test]
fn a_log_gone_under_both_names_ends_ten_seconds_after_it_was_missed() {
    let mut bench = Bench::restarted(false);
    bench.look();
    append(&bench.log(), "new\n");
    bench.look();
    bench.look();
    bench.look();
    fs::remove_file(bench.log()).unwrap();
    bench.look();
    bench.look();
    assert!(bench.ended.is_empty(), "6 s after the file was missed");
    bench.look();
    assert_eq!(bench.ended, [EndReason::Deleted]);
}

#[test]
fn a_locked_backup_and_a_readable_log_do_not_take_turns_in_the_telling() {
    let mut bench = Bench::restarted(false);
    bench.look();
    append(&bench.log(), "old\n");
    fs::rename(bench.log(), bench.backup()).unwrap();
    append(&bench.log(), "young\n");
    bench.refuse(bench.backup(), ErrorKind::ResourceBusy);
    for _ in 0..10 {
        bench.look();
    }
    // Of the backup, and of the log, whose old generation it is.
    assert_eq!((bench.troubles.len(), bench.recovered), (2, 0), "{:?}", bench.troubles);
    bench.allow_all();
    bench.look();
    assert_eq!((bench.text.as_str(), bench.recovered), ("young\nold\n", 2));
}

#[test]
fn a_folder_that_was_missing_is_followed_and_what_is_written_while_away_is_new() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("logs");
    let options = FollowOptions::folder(&folder);
    let mut first = Bench::with(outer, true, options.clone(), Vec::new());
    first.look();
    first.look();
    assert_eq!(first.entered, 1, "said once, though nothing is there");

    fs::create_dir(&folder).unwrap();
    append(&folder.join("tk-desktop.log"), "written while away\n");
    let options = FollowOptions { known_folders: vec![folder], ..options };
    let mut second = Bench::with(first.folder, true, options, Vec::new());
    second.look();
    assert_eq!((second.text.as_str(), second.entered), ("written while away\n", 1));
}

#[test]
fn a_folder_that_appears_is_not_entered_twice() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("logs");
    let mut bench = Bench::with(outer, true, FollowOptions::folder(&folder), Vec::new());
    bench.look();
    fs::create_dir(&folder).unwrap();
    bench.look();
    assert_eq!((bench.entered, bench.recovered), (1, 1));
}

#[test]
fn a_folder_that_appears_but_cannot_be_listed_says_so() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("logs");
    let mut bench = Bench::with(outer, true, FollowOptions::folder(&folder), Vec::new());
    bench.look();
    bench.look();
    fs::create_dir(&folder).unwrap();
    bench.refuse(folder, ErrorKind::PermissionDenied);
    bench.look();
    bench.look();
    assert_eq!(bench.troubles.len(), 2, "each reason once: {:?}", bench.troubles);
    assert!(bench.troubles[0].contains("waiting for it"), "{:?}", bench.troubles);
    assert!(bench.troubles[1].contains("cannot list the log folder"), "{:?}", bench.troubles);
    assert_eq!(bench.recovered, 0);
    bench.allow_all();
    bench.look();
    assert_eq!(bench.recovered, 1);
}

#[test]
fn a_source_is_drained_when_its_turn_came_and_all_was_handed_out() {
    let folder = tempfile::tempdir().unwrap();
    let (long, short) = (folder.path().join("tk-a-long.log"), folder.path().join("tk-b-short.log"));
    // Less than a share is allowed for a look: the long file uses it up before the short one has its turn.
    let options = FollowOptions { look_bytes: 64 * 1024, ..FollowOptions::folder(folder.path()) };
    let mut follower = Follower::new(SystemDisk, options, Vec::new());
    follower.look(0, &mut |_| {});
    append(&long, "a\n");
    append(&short, "b\n");
    follower.look(6_000, &mut |_| {});
    let (long_id, short_id) = (SourceId(1), SourceId(2));
    assert!(follower.is_drained(long_id) && follower.is_drained(short_id));
    assert!(!follower.is_drained(SourceId(3)), "there is no such source");

    append(&long, &lines("backlog", 20_000));
    append(&short, "c\n");
    let look = follower.look(6_050, &mut |_| {});
    assert!(look.more && !follower.is_drained(long_id));
    assert!(!follower.is_drained(short_id), "its turn did not come");
    let mut now_ms = 6_050;
    while follower.look(now_ms, &mut |_| {}).more {
        now_ms += 50;
    }
    assert!(follower.is_drained(long_id) && follower.is_drained(short_id));
}

#[test]
fn a_source_that_cannot_be_reached_is_not_drained() {
    let mut bench = Bench::restarted(false);
    bench.look();
    assert!(bench.follower.is_drained(SourceId(1)));
    bench.refuse(bench.log(), ErrorKind::ResourceBusy);
    bench.look();
    assert!(!bench.follower.is_drained(SourceId(1)));
    bench.allow_all();
    bench.look();
    assert!(bench.follower.is_drained(SourceId(1)));
}

#[cfg(unix)]
#[test]
fn a_pipe_called_like_a_log_does_not_stop_the_follower() {
    use std::sync::mpsc;
    use std::time::Duration;

    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("tk-pipe.log");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // A link to a pipe is only seen to be one when it is followed.
    std::os::unix::fs::symlink(&pipe, folder.path().join("tk-linked.log")).unwrap();
    append(&folder.path().join("tk-maya.log"), "");

    assert_eq!(SystemDisk.list(folder.path()).unwrap().len(), 2, "the pipe itself is left out");
    let (done, waiter) = mpsc::channel();
    let path = folder.path().to_owned();
    // On a thread of its own, because a follower that opens the pipe never returns.
    std::thread::spawn(move || {
        let refused = SystemDisk.open(&pipe).unwrap_err().kind();
        let mut follower = Follower::new(SystemDisk, FollowOptions::folder(&path), Vec::new());
        let mut troubles = Vec::new();
        for now_ms in [0, 6_000, 12_000] {
            follower.look(now_ms, &mut |event| {
                if let Event::Trouble { path, message } = event {
                    troubles.push((path, message));
                }
            });
        }
        done.send((refused, troubles, follower.status().len())).unwrap();
    });
    let (refused, troubles, sources) = waiter.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!((refused, sources), (ErrorKind::InvalidInput, 1));
    assert_eq!(troubles.len(), 1, "{troubles:?}");
    assert!(troubles[0].0.ends_with("tk-linked.log") && troubles[0].1.contains("not a regular file"));
}

/// More logs than are looked at each time, without handles: those that were written to are, until they are quiet.
#[test]
fn of_very_many_logs_those_that_were_written_to_are_examined_in_every_look() {
    for &holds in HOLDS {
        let mut bench = Bench::new(tempfile::tempdir().unwrap(), holds, Vec::new());
        bench.look();
        for index in 0..300 {
            append(&bench.folder.path().join(format!("tk-{index}.log")), "the last record\n");
        }
        bench.look();
        for _ in 0..200 {
            bench.look_after(50);
            let undrained = |status: &&log_follow::SourceStatus| !bench.follower.is_drained(status.source);
            assert_eq!(bench.follower.status().iter().filter(undrained).count(), 0, "{holds}");
        }
    }
}
