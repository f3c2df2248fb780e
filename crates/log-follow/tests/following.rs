//! The follower against the real file system: what each thing that happens to a log does to what is read.
//!
//! Every test writes as Toolkit's handler writes (append, four-step rollover) or as people and tools meddle
//! (truncate, delete, replace), and compares the text handed out with the text that was written.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use log_follow::{
    Checkpoint, EndReason, Event, FollowOptions, Follower, GapReason, SourceId, StartAt, StartReason,
    SystemDisk,
};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Bench {
    folder: TempDir,
    follower: Follower<SystemDisk>,
    now_ms: u64,
    texts: BTreeMap<SourceId, String>,
    started: Vec<(SourceId, StartReason, u64)>,
    ended: Vec<(SourceId, EndReason)>,
    gaps: Vec<(Option<u64>, GapReason)>,
    troubles: Vec<String>,
}

impl Bench {
    fn new(folder: TempDir, start_at: StartAt, checkpoints: Vec<Checkpoint>) -> Bench {
        let mut options = FollowOptions::folder(folder.path());
        options.start_at = start_at;
        Bench {
            follower: Follower::new(SystemDisk, options, checkpoints),
            folder,
            now_ms: 0,
            texts: BTreeMap::new(),
            started: Vec::new(),
            ended: Vec::new(),
            gaps: Vec::new(),
            troubles: Vec::new(),
        }
    }

    fn empty() -> Bench {
        let mut bench = Bench::new(tempfile::tempdir().unwrap(), StartAt::End, Vec::new());
        bench.look();
        bench
    }

    /// Looks until there is nothing more, a second and more after the last time.
    fn look(&mut self) {
        loop {
            // Past the interval of full looks, so that coarse folder times play no part in these tests.
            self.now_ms += 6_000;
            let (texts, started, ended) = (&mut self.texts, &mut self.started, &mut self.ended);
            let (gaps, troubles) = (&mut self.gaps, &mut self.troubles);
            let look = self.follower.look(self.now_ms, &mut |event| match event {
                Event::Started { source, offset, reason, .. } => started.push((source, reason, offset)),
                Event::Bytes { source, bytes, .. } => {
                    texts.entry(source).or_default().push_str(std::str::from_utf8(bytes).unwrap());
                }
                Event::Ended { source, reason } => ended.push((source, reason)),
                Event::Gap { bytes, reason, .. } => gaps.push((bytes, reason)),
                Event::Trouble { message, .. } => troubles.push(message),
                Event::Entered { .. }
                | Event::Rotated { .. }
                | Event::Recovered { .. }
                | Event::Note { .. } => {}
            });
            if !look.more {
                return;
            }
        }
    }

    /// Everything handed out, in the order of the sources.
    fn text(&self) -> String {
        self.texts.values().map(String::as_str).collect()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("tk-maya.log")
    }

    /// Checkpoints of all live sources where their reading stands, and a new follower that begins with them.
    fn restart(self) -> Bench {
        let checkpoints = self
            .follower
            .status()
            .into_iter()
            .filter_map(|status| self.follower.checkpoint(status.source, status.position))
            .collect();
        Bench::new(self.folder, StartAt::End, checkpoints)
    }
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// Toolkit's rollover, as seen with a directory watch: two renames through a temporary name, then the backup.
fn roll_over(path: &Path) {
    let test = path.with_file_name("tk-maya.log.0b9d8a5e-7a0e-4f0b-9a62-1f2f8f6f4a11");
    fs::rename(path, &test).unwrap();
    fs::rename(&test, path).unwrap();
    let backup = path.with_file_name("tk-maya.log.1");
    let _ = fs::remove_file(&backup);
    fs::rename(path, &backup).unwrap();
    append(path, "");
}

fn lines(prefix: &str, count: usize) -> String {
    (0..count).map(|index| format!("2026-01-14 19:49:11,961 [1 INFO sgtk] {prefix} {index}\n")).collect()
}

#[test]
fn a_file_that_was_there_is_read_from_its_end_and_a_new_one_from_its_start() {
    let folder = tempfile::tempdir().unwrap();
    append(&folder.path().join("tk-maya.log"), "old\n");
    let mut bench = Bench::new(folder, StartAt::End, Vec::new());
    bench.look();
    append(&bench.log(), "new\n");
    append(&bench.folder.path().join("tk-nuke.log"), "born\n");
    append(&bench.folder.path().join("other.log"), "not ours\n");
    bench.look();
    assert_eq!(bench.text(), "new\nborn\n");
    assert_eq!(bench.started[0].1, StartReason::ExistingAtEnd);
    assert_eq!(bench.started[1].1, StartReason::New);
}

#[test]
fn old_records_are_read_when_they_are_wanted() {
    let folder = tempfile::tempdir().unwrap();
    append(&folder.path().join("tk-maya.log"), "old\n");
    let mut bench = Bench::new(folder, StartAt::Start, Vec::new());
    bench.look();
    assert_eq!(bench.text(), "old\n");
}

#[test]
fn a_rollover_loses_and_repeats_nothing_however_often_it_happens() {
    let mut bench = Bench::empty();
    let mut written = String::new();
    for round in 0..20 {
        let text = lines(&format!("before {round}"), 50);
        append(&bench.log(), &text);
        written.push_str(&text);
        if round % 3 != 0 {
            bench.look();
        }
        // Appended and rotated before the next look: only the handle, or the backup, still has it.
        let late = lines(&format!("late {round}"), 5);
        append(&bench.log(), &late);
        written.push_str(&late);
        roll_over(&bench.log());
        bench.look();
    }
    let mut read: Vec<&str> = Vec::new();
    let text = bench.text();
    read.extend(text.lines());
    let mut expected: Vec<&str> = written.lines().collect();
    read.sort_unstable();
    expected.sort_unstable();
    assert_eq!(read, expected);
    assert!(bench.gaps.is_empty(), "{:?}", bench.gaps);
}

#[cfg(unix)]
#[test]
fn two_rollovers_between_two_looks_leave_three_generations_and_all_are_read() {
    let mut bench = Bench::empty();
    append(&bench.log(), "a1\n");
    bench.look();
    append(&bench.log(), "a2\n");
    roll_over(&bench.log());
    append(&bench.log(), "b\n");
    roll_over(&bench.log());
    append(&bench.log(), "c\n");
    bench.look();
    assert_eq!(bench.text(), "a1\na2\nc\nb\n");
}

#[cfg(unix)]
#[test]
fn a_second_writer_goes_on_in_the_rotated_file_and_is_read() {
    let mut bench = Bench::empty();
    append(&bench.log(), "first\n");
    let mut second = OpenOptions::new().append(true).open(bench.log()).unwrap();
    bench.look();
    roll_over(&bench.log());
    append(&bench.log(), "young\n");
    for round in 0..4 {
        writeln!(second, "late {round}").unwrap();
        bench.look();
    }
    // Even after the backup was deleted, for as long as the writer has it open and uses it.
    fs::remove_file(bench.log().with_file_name("tk-maya.log.1")).unwrap();
    writeln!(second, "last").unwrap();
    bench.look();
    assert_eq!(bench.texts[&SourceId(1)], "first\nlate 0\nlate 1\nlate 2\nlate 3\nlast\n");
    assert_eq!(bench.texts[&SourceId(2)], "young\n");
    drop(second);
    bench.look();
    bench.look();
    assert_eq!(bench.ended, [(SourceId(1), EndReason::Deleted)]);
}

#[test]
fn a_file_emptied_and_written_again_is_read_from_its_start() {
    let mut bench = Bench::empty();
    append(&bench.log(), &lines("long", 40));
    bench.look();
    fs::write(bench.log(), "short\n").unwrap();
    bench.look();
    assert!(bench.text().ends_with("short\n"));
    assert_eq!(bench.ended, [(SourceId(1), EndReason::Truncated)]);
    assert_eq!(bench.started[1].1, StartReason::Rewritten);
}

#[test]
fn a_file_emptied_and_grown_beyond_the_old_position_is_noticed_by_its_bytes() {
    let mut bench = Bench::empty();
    append(&bench.log(), &lines("old", 40));
    bench.look();
    let new = lines("new", 60);
    fs::write(bench.log(), &new).unwrap();
    bench.look();
    assert_eq!(bench.texts[&SourceId(2)], new);
}

#[test]
fn cutting_off_the_end_repeats_nothing() {
    let mut bench = Bench::empty();
    let text = lines("kept", 40);
    append(&bench.log(), &text);
    bench.look();
    let half = text.len() as u64 / 2;
    OpenOptions::new().write(true).open(bench.log()).unwrap().set_len(half).unwrap();
    bench.look();
    append(&bench.log(), "after\n");
    bench.look();
    assert_eq!(bench.texts[&SourceId(2)], "after\n");
    assert_eq!(bench.started[1], (SourceId(2), StartReason::Shortened, half));
}

#[test]
fn a_file_deleted_and_made_again_is_read_from_its_start() {
    let mut bench = Bench::empty();
    append(&bench.log(), "one\n");
    bench.look();
    fs::remove_file(bench.log()).unwrap();
    append(&bench.log(), "two\n");
    bench.look();
    assert_eq!(bench.text(), "one\ntwo\n");
}

#[test]
fn an_identical_copy_that_takes_the_name_is_not_read_again() {
    let mut bench = Bench::empty();
    append(&bench.log(), &lines("same", 40));
    bench.look();
    let copy = bench.log().with_file_name("copy");
    fs::copy(bench.log(), &copy).unwrap();
    append(&copy, "more\n");
    fs::rename(&copy, bench.log()).unwrap();
    bench.look();
    assert_eq!(bench.text(), format!("{}more\n", lines("same", 40)));
    assert_eq!(bench.ended, [(SourceId(1), EndReason::Replaced)]);
}

#[test]
fn a_log_folder_made_later_is_followed_from_the_start_of_its_files() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("logs");
    let mut follower = Follower::new(SystemDisk, FollowOptions::folder(&folder), Vec::new());
    let mut troubles = 0;
    for now_ms in [0, 1_000, 7_000] {
        follower.look(now_ms, &mut |event| troubles += u32::from(matches!(event, Event::Trouble { .. })));
    }
    assert_eq!(troubles, 1, "said once, not at every look");
    fs::create_dir(&folder).unwrap();
    append(&folder.join("tk-desktop.log"), "first words\n");
    let mut text = String::new();
    follower.look(14_000, &mut |event| {
        if let Event::Bytes { bytes, .. } = event {
            text.push_str(std::str::from_utf8(bytes).unwrap());
        }
    });
    assert_eq!(text, "first words\n");
}

#[test]
fn a_restart_goes_on_where_the_last_run_stopped() {
    let mut bench = Bench::empty();
    append(&bench.log(), &lines("one", 10));
    bench.look();
    let mut bench = bench.restart();
    append(&bench.log(), "two\n");
    append(&bench.folder.path().join("tk-nuke.log"), "born while away\n");
    bench.look();
    assert_eq!(bench.text(), "two\nborn while away\n");
    assert_eq!(bench.started[0].1, StartReason::Resumed);
}

#[test]
fn a_rotation_while_away_is_found_in_the_backup() {
    let mut bench = Bench::empty();
    append(&bench.log(), &lines("one", 10));
    bench.look();
    let mut bench = bench.restart();
    append(&bench.log(), "end of the old file\n");
    roll_over(&bench.log());
    append(&bench.log(), "start of the new one\n");
    bench.look();
    assert_eq!(bench.text(), "end of the old file\nstart of the new one\n");
    assert!(bench.gaps.is_empty());
}

#[test]
fn two_rotations_while_away_are_a_gap_and_everything_left_is_read() {
    let mut bench = Bench::empty();
    append(&bench.log(), &lines("one", 10));
    bench.look();
    let mut bench = bench.restart();
    append(&bench.log(), "never seen\n");
    roll_over(&bench.log());
    append(&bench.log(), "middle\n");
    roll_over(&bench.log());
    append(&bench.log(), "end\n");
    bench.look();
    assert_eq!(bench.text(), "middle\nend\n");
    assert_eq!(bench.gaps, [(None, GapReason::GoneWhileAway)]);
}

#[test]
fn a_number_used_again_while_away_does_not_borrow_the_old_position() {
    let mut bench = Bench::empty();
    append(&bench.log(), &lines("old", 10));
    bench.look();
    let mut bench = bench.restart();
    let new = lines("new", 30);
    // Truncating keeps the number for certain; deleting and making again often does.
    fs::write(bench.log(), &new).unwrap();
    bench.look();
    assert_eq!(bench.text(), new);
}

#[test]
fn a_checkpoint_behind_the_reading_position_repeats_exactly_what_came_after_it() {
    let mut bench = Bench::empty();
    let text = lines("line", 500);
    append(&bench.log(), &text);
    bench.look();
    for back in [1, 60, 4_000, 20_000] {
        let offset = text.len() - back;
        let checkpoint = bench.follower.checkpoint(SourceId(1), offset as u64).unwrap();
        let mut again = String::new();
        let options = FollowOptions::folder(bench.folder.path());
        Follower::new(SystemDisk, options, vec![checkpoint]).look(0, &mut |event| {
            if let Event::Bytes { bytes, .. } = event {
                again.push_str(std::str::from_utf8(bytes).unwrap());
            }
        });
        assert_eq!(again, text[offset..], "{back} bytes back");
    }
}

#[test]
fn a_backlog_is_shared_out_so_that_a_short_file_does_not_wait() {
    let folder = tempfile::tempdir().unwrap();
    append(&folder.path().join("tk-long.log"), &lines("backlog", 400_000));
    append(&folder.path().join("tk-short.log"), "urgent\n");
    let mut options = FollowOptions::folder(folder.path());
    options.start_at = StartAt::Start;
    let mut follower = Follower::new(SystemDisk, options, Vec::new());
    let mut found = false;
    let look = follower.look(0, &mut |event| {
        if let Event::Bytes { bytes, .. } = event {
            found |= bytes == b"urgent\n";
        }
    });
    assert!(look.more && found, "{look:?}");
}

#[test]
fn a_hard_link_is_not_read_twice() {
    let mut bench = Bench::empty();
    append(&bench.log(), "one\n");
    bench.look();
    fs::hard_link(bench.log(), bench.folder.path().join("tk-linked.log")).unwrap();
    append(&bench.log(), "two\n");
    bench.look();
    bench.look();
    assert_eq!(bench.text(), "one\ntwo\n");
}
