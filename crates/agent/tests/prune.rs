//! What the state forgets, and that a file it has forgotten is a new one when it returns.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use agent::policy::outcome;
use agent::reader::{LogReader, News};
use agent::settings::{Layers, LimitSettings};
use agent::store::{Batch, Dropped, NewIncident, Position, Store, StoredGap};
use log_follow::{Checkpoint, FileId, FollowOptions, Follower, Mark, SystemDisk};
use sgtk_log::{Level, ReadGate};
use std::fs;
use std::path::Path;

const DAY_MS: i64 = 24 * 3_600_000;
/// Long after the first of January 1970, so that days can be taken off.
const NOW_MS: i64 = 20_000 * DAY_MS;

fn limits() -> LimitSettings {
    Layers::new().resolve().unwrap().limits
}

fn dead(path: &str, file: u64) -> Position {
    let none = Mark { len: 0, hash: String::new() };
    let id = FileId { device: 9, file };
    let (head, tail) = (none.clone(), none);
    let checkpoint =
        Checkpoint { path: path.into(), id, offset: 10, seen_bytes: 10, head, tail, rotated: true };
    Position { checkpoint, line: None }
}

fn keep(store: &mut Store, positions: Vec<Position>, days_ago: i64) {
    let mut batch = Batch::default();
    batch.positions = positions;
    store.commit(&batch, &limits(), NOW_MS - days_ago * DAY_MS).unwrap();
}

/// A reader of one folder that goes on from a state, as `run` makes it.
fn reader(store: &Store, folder: &Path) -> LogReader<SystemDisk> {
    let positions = store.positions().unwrap();
    let mut options = FollowOptions::folder(folder);
    options.known_folders = store.folders().unwrap();
    let checkpoints = positions.iter().map(|position| position.checkpoint.clone()).collect();
    let follower = Follower::new(SystemDisk, options, checkpoints);
    LogReader::new(follower, positions, ReadGate::AtLeast(Level::Error), 350)
}

/// Looks and stores the positions; the messages of the records that were read.
fn look(reader: &mut LogReader<SystemDisk>, store: &mut Store, now_ms: u64) -> Vec<String> {
    let (mut batch, mut found) = (Batch::default(), Vec::new());
    reader.look(now_ms, &mut |news| match news {
        News::Record { record, .. } => found.push(String::from_utf8_lossy(&record.text).into_owned()),
        News::Entered { folder } => batch.entered.push(folder.to_owned()),
        _ => {}
    });
    let moved = reader.moved();
    batch.positions.clone_from(&moved.positions);
    batch.ended.clone_from(&moved.ended);
    store.commit(&batch, &limits(), NOW_MS).unwrap();
    reader.stored(moved);
    found
}

#[test]
fn positions_of_ten_thousand_dead_files_are_forgotten_and_those_that_are_needed_stay() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    fs::create_dir_all(&logs).unwrap();
    let mut store = Store::open(&folder.path().join("state.db")).unwrap().0;
    let record = |name: &str| format!("2026-01-14 19:49:11,961 [1 ERROR sgtk.x] {name}\n");
    // A log that is idle for a year, and one that was deleted.
    for name in ["tk-idle.log", "tk-gone.log"] {
        fs::write(logs.join(name), record("first")).unwrap();
    }
    look(&mut reader(&store, &logs), &mut store, 0);
    let mut positions = store.positions().unwrap();
    assert_eq!(positions.len(), 2);
    fs::remove_file(logs.join("tk-gone.log")).unwrap();
    // Its log is renamed for a moment, and comes back with its position.
    let mut moved = positions[1].clone();
    moved.checkpoint.path = logs.join("tk-locked.log");
    positions.push(moved);
    keep(&mut store, positions, 400);
    keep(&mut store, (0..10_000).map(|file| dead("/away/tk-old.log", file)).collect(), 31);
    keep(&mut store, (10_000..13_000).map(|file| dead("/away/tk-many.log", file)).collect(), 5);
    keep(&mut store, (20_000..20_010).map(|file| dead("/away/tk-new.log", file)).collect(), 1);

    let mut reader = reader(&store, &logs);
    assert_eq!(look(&mut reader, &mut store, 0), Vec::<String>::new());
    let gone = store.prune(NOW_MS, &reader.is_of_use()).unwrap();
    reader.forgotten(&gone);
    let left = store.positions().unwrap();
    let of = |end: &str| left.iter().filter(|position| position.checkpoint.path.ends_with(end)).count();
    assert_eq!(of("tk-idle.log"), 1, "it is there");
    assert_eq!(of("tk-locked.log"), 1, "it may come back within a minute");
    assert_eq!((of("tk-old.log"), of("tk-new.log"), of("tk-many.log")), (0, 10, 990));
    assert_eq!(store.prune(NOW_MS, &reader.is_of_use()).unwrap(), []);
    // The idle log goes on where it was.
    fs::write(logs.join("tk-idle.log"), record("first") + &record("second") + &record("third")).unwrap();
    assert_eq!(look(&mut reader, &mut store, 1_000), [record("second")]);
}

#[test]
fn a_file_whose_position_was_forgotten_is_read_from_its_start_when_it_returns() {
    let folder = tempfile::tempdir().unwrap();
    let (logs, elsewhere) = (folder.path().join("logs"), folder.path().join("elsewhere"));
    fs::create_dir_all(&logs).unwrap();
    let mut store = Store::open(&folder.path().join("state.db")).unwrap().0;
    let record = |name: &str| format!("2026-01-14 19:49:11,961 [1 ERROR sgtk.x] {name}\n");
    fs::write(logs.join("tk-maya.log"), record("old")).unwrap();
    look(&mut reader(&store, &logs), &mut store, 0);
    fs::rename(&logs, &elsewhere).unwrap();
    let positions = store.positions().unwrap();
    keep(&mut store, positions, 31);
    // Another folder is followed for a month.
    let other = folder.path().join("other");
    fs::create_dir_all(&other).unwrap();
    let mut elsewhere_reader = reader(&store, &other);
    look(&mut elsewhere_reader, &mut store, 0);
    // A clock that has leapt proves nothing.
    store.clock_was_set(400 * DAY_MS, NOW_MS).unwrap();
    assert_eq!(store.prune(NOW_MS + DAY_MS / 2, &elsewhere_reader.is_of_use()).unwrap(), []);
    assert_eq!(store.prune(NOW_MS + DAY_MS, &elsewhere_reader.is_of_use()).unwrap().len(), 1);
    fs::rename(&elsewhere, &logs).unwrap();
    fs::write(logs.join("tk-maya.log"), record("returned") + &record("and more")).unwrap();
    assert_eq!(look(&mut reader(&store, &logs), &mut store, 0), [record("returned")]);
}

#[test]
fn details_of_times_long_past_are_added_up_and_no_count_changes() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("state.db")).unwrap().0;
    for days_ago in [400, 200, 31, 29, 1] {
        for log in ["/logs/a.log", "/logs/b.log"] {
            let mut batch = Batch::default();
            batch.occurrences("key".to_owned(), 3, NewIncident::known());
            batch.dropped.insert(Dropped { outcome: outcome::RULE_DROP, rule: None }, 2);
            batch.gaps.push(StoredGap { path: log.to_owned(), bytes: Some(100), reason: "overwritten" });
            store.commit(&batch, &limits(), NOW_MS - days_ago * DAY_MS).unwrap();
        }
    }
    let mut old = Batch::default();
    old.gaps.push(StoredGap { path: "/logs/dead.log".to_owned(), bytes: None, reason: "overwritten" });
    store.commit(&old, &limits(), NOW_MS - 31 * DAY_MS).unwrap();
    let sums = |store: &Store| {
        let gaps = store.gaps().unwrap();
        let gaps = gaps
            .iter()
            .fold((0, 0, 0), |sum, gap| (sum.0 + gap.bytes, sum.1 + gap.times, sum.2 + gap.unknown_times));
        (store.totals().unwrap(), gaps)
    };
    let before = sums(&store);
    for _ in 0..2 {
        store.prune(NOW_MS, &|_| false).unwrap();
        assert_eq!(sums(&store), before);
    }
    let files: Vec<String> = store.gaps().unwrap().into_iter().map(|gap| gap.file).collect();
    assert_eq!(files, ["", "/logs/a.log", "/logs/b.log"]);
    drop(store);
    let hours: i64 = rusqlite::Connection::open(folder.path().join("state.db"))
        .unwrap()
        .query_row("SELECT count(DISTINCT hour) FROM occurrences", [], |row| row.get(0))
        .unwrap();
    assert_eq!(hours, 3, "two days, and all before");
    assert_eq!(Store::open(&folder.path().join("state.db")).unwrap().1, None, "its numbers fit");
}
