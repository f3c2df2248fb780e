//! The power goes at every write of the state: afterwards the state is the old or the new one, never none, and no
//! position is ahead of the records before it.
//!
//! The real store works on real files; what SQLite asks of the system is recorded (`recording_vfs.rs`). For every point
//! in that record the disks are made that may be left behind there (`disk.rs`): all writes since the last sync, none of
//! them, or some in any order with torn sectors. Each is opened by the real store.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod disk;
mod recording_vfs;

use agent::attach::Session;
use agent::policy::outcome;
use agent::policy::twins::{Changes, KeptSighting, KeptSum, MadeFrom};
use agent::settings::{Layers, LimitSettings};
use agent::store::{
    Batch, CaptureProgress, Delivery, Dropped, LateRecord, NewIncident, Position, Stands, Store, StoredGap,
    Whole,
};
use disk::{Dice, Disk, Honesty, Kept};
use log_follow::{Checkpoint, FileId, Mark};
use recording_vfs::{Op, Recording, Syncs};
use rusqlite::Connection;
use std::path::Path;

/// Everything the state tells.
#[derive(Clone, Debug, PartialEq)]
struct Told {
    totals: agent::store::Totals,
    positions: Vec<Position>,
    gaps: Vec<agent::store::GapTotal>,
    rules: Vec<agent::store::RuleTotal>,
    waiting: Vec<agent::store::Waiting>,
    folders: Vec<std::path::PathBuf>,
    sessions: usize,
    captures: Vec<CaptureProgress>,
    sightings: Vec<KeptSighting>,
    sums: Vec<KeptSum>,
}

fn told(store: &Store) -> Told {
    Told {
        totals: store.totals().unwrap(),
        positions: store.positions().unwrap(),
        gaps: store.gaps().unwrap(),
        rules: store.rules().unwrap(),
        waiting: store.waiting(1_000).unwrap(),
        folders: store.folders().unwrap(),
        sessions: store.sessions().unwrap().len(),
        captures: store.captures().unwrap(),
        sightings: store.sightings().unwrap(),
        sums: store.sighting_sums().unwrap(),
    }
}

fn limits() -> LimitSettings {
    Layers::new().resolve().unwrap().limits
}

fn position(file: u64, offset: u64) -> Position {
    let mark = |text: &str| Mark { len: 64, hash: format!("{text}{offset:060}") };
    Position {
        checkpoint: Checkpoint {
            path: format!("/logs/tk-engine{file}.log").into(),
            id: FileId { device: 1, file },
            offset,
            seen_bytes: offset + 7,
            head: mark("head"),
            tail: mark("tail"),
            rotated: file % 2 == 1,
        },
        line: Some(offset / 100),
    }
}

/// One look's news, other each time; `weight` is how many pages it takes.
fn batch(round: u64, weight: usize) -> Batch {
    let mut batch = Batch::default();
    let new = |name: &str| NewIncident {
        signature: format!("g1:{name}"),
        title: format!("alice - {name}"),
        login: "alice".to_owned(),
        facts: format!("{{\"record\": \"{}\"}}", "f".repeat(weight * 4_000)),
        evidence: round.is_multiple_of(2).then(|| format!("{round:032}")),
    };
    batch.occurrences("every look".to_owned(), 1 + round % 3, new("every look"));
    batch.occurrences(format!("look {round}"), 1, new(&format!("look {round}")));
    if round.is_multiple_of(3) {
        let rule = Some("OPS-1".into());
        batch.dropped.insert(Dropped { outcome: outcome::MUTED, rule }, round + 1);
        batch.gaps.push(StoredGap {
            path: "/logs/a.log".to_owned(),
            bytes: Some(round),
            reason: "overwritten",
        });
    }
    if let Some(before) = round.checked_sub(1).filter(|before| *before > 0) {
        // Sometimes made anew, sometimes moved, sometimes added to a ticket that stands.
        let key = if round.is_multiple_of(3) { "every look".to_owned() } else { format!("late {round}") };
        let file = String::new();
        let whole = Whole { new: new(&key), key, was: MadeFrom { file, start: 0, pid: None, logger: None } };
        let (old_key, text) = (format!("look {before}"), "late\n".to_owned());
        batch.late.push(LateRecord { old_key, whole: Some(whole), text });
    }
    let number = i64::try_from(round).unwrap();
    let waiting = KeptSighting {
        id: number,
        of_host: round.is_multiple_of(2),
        first_line: number * 7,
        said: None,
        at_ms: Some(number),
        process: Some(7),
        problem: number * 3,
        key: "every look".to_owned(),
    };
    let sum = KeptSum {
        id: number % 3,
        of_host: round.is_multiple_of(2),
        process: 7,
        problem: number * 3,
        number,
        from_ms: number,
        to_ms: number * 2,
        key: "every look".to_owned(),
    };
    batch.sightings = Changes {
        waiting: vec![waiting],
        gone: vec![number - 2],
        sums: vec![sum],
        sums_gone: vec![(number + 1) % 3],
    };
    batch.captured = Some(CaptureProgress {
        pid: 7,
        started: "now".to_owned(),
        kept: round,
        records: round,
        dropped: 0,
        last_ms: number,
    });
    batch.entered = vec![format!("/logs/{}", round % 2).into()];
    batch.positions = (0..3).map(|file| position(file, 1_000 * round + file)).collect();
    batch.ended = vec![position(3, 0)];
    batch
}

/// A part of the agent's life: every kind of write there is, with the store closed and opened on the way. After each
/// call that changes something `step` is called.
fn live(path: &Path, rounds: u64, weight: usize, step: &mut dyn FnMut(&Store)) {
    let mut store = Store::open(path).unwrap().0;
    step(&store);
    for round in 1..=rounds {
        let now_ms = i64::try_from(round).unwrap() * 1_000_000;
        let open = &mut store;
        open.commit(&batch(round, weight), &limits(), now_ms).unwrap();
        step(open);
        let session: Session =
            serde_json::from_value(serde_json::json!({ "pid": round, "started": "now" })).unwrap();
        open.keep_session(&session, now_ms).unwrap();
        step(open);
        let due: Option<Delivery> = open.next_delivery(now_ms + 3_600_000).unwrap();
        if let Some(due) = due {
            match round % 3 {
                0 => open.put_off(&due, now_ms + 5_000, Some("the site is away")).unwrap(),
                1 if due.ticket_id.is_none() => {
                    open.ticket_stands(&due, 100 + round, Stands::Created, now_ms).unwrap()
                }
                _ if due.ticket_id.is_none() => {
                    open.ticket_stands(&due, 100 + round, Stands::Found, now_ms).unwrap()
                }
                _ => open.count_told(&due, now_ms, now_ms + 60_000).unwrap(),
            }
            step(open);
        }
        open.end_session(u32::try_from(round).unwrap(), None, now_ms).unwrap();
        step(open);
        if round % 4 == 3 {
            // Closing moves the write-ahead log into the file and deletes it.
            drop(store);
            store = Store::open(path).unwrap().0;
            step(&store);
        }
    }
}

/// What was asked of the disk, and what the state told after each call that returned.
struct Recorded {
    before: Disk,
    ops: Vec<Op>,
    after: Vec<Told>,
}

fn record(before: &[(&str, Vec<u8>)], rounds: u64, weight: usize) -> Recorded {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in before {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let recording = Recording::of(folder.path());
    let mut after = Vec::new();
    live(&folder.path().join("state.db"), rounds, weight, &mut |store| {
        after.push(told(store));
        recording.returned();
    });
    Recorded { before: Disk::with(before), ops: recording.ops(), after }
}

/// Opens what is left and wants it whole.
fn reopened(path: &Path, what: &str) -> (Told, Option<String>) {
    let (store, damage) = Store::open(path).unwrap_or_else(|error| panic!("{what}: {error}"));
    let found = told(&store);
    drop(store);
    let check: String = Connection::open(path)
        .unwrap()
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(check, "ok", "{what}");
    assert_eq!(found.totals.seen, found.totals.outcomes.values().sum::<u64>(), "{what}");
    (found, damage)
}

/// Cuts the power after each op and opens what may be left. `every` passes over ops between cuts.
fn cut_everywhere(recorded: &Recorded, every: usize, falls: u64) {
    let left = tempfile::tempdir().unwrap();
    let path = left.path().join("state.db");
    let mut disk = recorded.before.clone();
    let mut returned = 0;
    for (at, op) in recorded.ops.iter().enumerate() {
        disk.take(op, Honesty::Honest);
        returned += usize::from(matches!(op, Op::Returned));
        if at % every > 0 {
            continue;
        }
        let chances =
            (0..falls).map(|fall| Kept::Some { seed: 0x9E37_79B9 * (at as u64 + 1) + fall * 77_777 });
        for kept in [Kept::All, Kept::Nothing].into_iter().chain(chances) {
            disk.write_to(left.path(), kept);
            let what = format!("cut after op {at} ({op:.60?}), {kept:?}");
            let (found, damage) = reopened(&path, &what);
            let old = returned.checked_sub(1).map(|index| &recorded.after[index]);
            let new = recorded.after.get(returned);
            let is_first = old.is_none() && found.totals.seen == 0 && found.positions.is_empty();
            // Of a state that was never used, nobody can tell whether there was more.
            let is_young = is_first && damage.as_ref().is_some_and(|note| note.contains("empty file"));
            assert!(damage.is_none() || is_young, "{what}: {damage:?}");
            assert!(
                is_first || [old, new].into_iter().flatten().any(|told| *told == found),
                "{what}: neither the old nor the new state:\n{found:#?}\nold {old:#?}\nnew {new:#?}"
            );
        }
    }
}

#[test]
fn a_cut_at_any_write_of_a_young_state_leaves_the_old_or_the_new_one() {
    let recorded = record(&[], 5, 0);
    assert!(recorded.ops.len() > 100, "{}", recorded.ops.len());
    cut_everywhere(&recorded, 1, 3);
}

#[test]
fn a_cut_while_the_write_ahead_log_is_moved_into_the_file_leaves_the_old_or_the_new_state() {
    // So much that SQLite begins the log anew on its own.
    let recorded = record(&[], 18, 40);
    let restarts = recorded.ops.iter().filter(|op| {
        matches!(op, Op::Written { file, offset: 0, bytes } if file.ends_with("-wal") && bytes.len() == 32)
    });
    assert!(restarts.count() > 4);
    cut_everywhere(&recorded, 23, 2);
}

#[test]
fn a_cut_while_an_older_state_is_brought_forward_leaves_it_or_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../../src/store/schema.sql")).unwrap();
    old.execute_batch(
        "PRAGMA user_version = 1; UPDATE counters SET value = 4;
         INSERT INTO occurrences VALUES (0, 1, 'rule_drop', 4);
         INSERT INTO sources VALUES ('/logs/a.log', 1, 2, 300, 310, NULL, 0, '', 0, '', 0);",
    )
    .unwrap();
    drop(old);
    let mut recorded = record(&[("state.db", std::fs::read(&path).unwrap())], 2, 0);
    // Before the first call returned, what there was is what has to be there.
    recorded.after.insert(0, recorded.after[0].clone());
    recorded.ops.insert(0, Op::Returned);
    cut_everywhere(&recorded, 1, 3);
}

#[test]
fn a_sync_that_fails_costs_the_call_that_needed_it_and_nothing_before() {
    for failing in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let recording = Recording::of(folder.path());
        let (mut store, _) = Store::open(&path).unwrap();
        let mut good = vec![told(&store)];
        recording.set_syncs(Syncs::Fail(failing));
        for round in 1..=12 {
            // What failed is tried again, as the pipeline does.
            let mut tries = 0;
            while let Err(error) = store.commit(&batch(round, 60), &limits(), 1_000) {
                tries += 1;
                assert!(tries < 3, "{error:?}");
                assert_eq!(told(&store), *good.last().unwrap(), "sync {failing}, look {round}");
            }
            good.push(told(&store));
            recording.returned();
        }
        drop(store);
        // A sync that failed may have lost what it should have written: nothing may have counted on it.
        let (mut disk, mut returned) = (Disk::default(), 0);
        let left = tempfile::tempdir().unwrap();
        for (at, op) in recording.ops().iter().enumerate() {
            disk.take(op, Honesty::Honest);
            returned += usize::from(matches!(op, Op::Returned));
            if at % 41 == 0 {
                for seed in 0..2 {
                    disk.write_to(left.path(), Kept::Some { seed: seed * 991 + at as u64 });
                    let what = format!("sync {failing} failed, cut after op {at}");
                    let (found, damage) = reopened(&left.path().join("state.db"), &what);
                    assert!(damage.is_none() || returned == 0, "{what}: {damage:?}");
                    let fits = [good.get(returned), good.get(returned + 1)].into_iter().flatten();
                    assert!(
                        fits.into_iter().any(|told| *told == found)
                            || (returned == 0 && found.totals.seen == 0),
                        "{what}: {found:#?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_disk_that_lies_about_syncs_leaves_an_earlier_state_or_one_that_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let recording = Recording::of(folder.path());
    // Nothing grows after the first look: pages are overwritten in place, so that old and new ones fit together.
    let mut seen = Vec::new();
    for round in 1..=24 {
        let mut store = Store::open(&path).unwrap().0;
        let mut batch = batch(1, 30);
        batch.positions = (0..3).map(|file| position(file, 1_000 * round + file)).collect();
        store.commit(&batch, &limits(), 1_000).unwrap();
        seen.push(store.totals().unwrap().seen);
        recording.returned();
    }
    let left = tempfile::tempdir().unwrap();
    let path = left.path().join("state.db");
    let (mut earlier, mut found_out) = (0, 0);
    let (mut disk, mut dice, mut returned) = (Disk::default(), Dice(0x5EED), 0);
    for (at, op) in recording.ops().iter().enumerate() {
        // It does what it is told for a while, and then only now and then.
        returned += usize::from(matches!(op, Op::Returned));
        let honest = returned < 4 || dice.below(3) == 0;
        disk.take(op, if honest { Honesty::Honest } else { Honesty::Lies });
        for seed in 0..2 {
            disk.write_to(left.path(), Kept::Some { seed: at as u64 * 7 + seed * 1_313 });
            let what = format!("cut after op {at}, {seed}");
            let (found, damage) = reopened(&path, &what);
            if damage.is_some() {
                found_out += usize::from(returned > 0);
                assert!(returned == 0 || left.path().join("state.db.damaged").exists(), "{what}");
                continue;
            }
            earlier += 1;
            // Whatever it is a mixture of: no position is ahead of what was counted when it was kept.
            let offsets = found.positions.iter().map(|position| position.checkpoint.offset / 1_000);
            let furthest = usize::try_from(offsets.max().unwrap_or(0)).unwrap();
            let counted = furthest.checked_sub(1).map_or(0, |look| seen[look]);
            assert!(found.totals.seen >= counted, "{what}: position of look {furthest}, {found:#?}");
        }
    }
    assert!(earlier > 50 && found_out > 5, "{earlier} earlier states, {found_out} found out");
}
