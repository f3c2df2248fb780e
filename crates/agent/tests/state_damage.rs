//! A state that cannot be used: what is kept of it, what is said, and that an interrupted hand-over is no trouble.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use agent::settings::Layers;
use agent::store::{Batch, NewIncident, Position, Store, StoreError};
use log_follow::{Checkpoint, FileId, Mark};
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};

fn position() -> Position {
    let mark = |len| Mark { len, hash: "0a".repeat(16) };
    Position {
        checkpoint: Checkpoint {
            path: "/logs/tk-maya.log".into(),
            id: FileId { device: 1, file: 2 },
            offset: 300,
            seen_bytes: 310,
            head: mark(256),
            tail: mark(64),
            rotated: false,
        },
        line: Some(4),
    }
}

/// A state with a problem and a position; its write-ahead log is left beside it, as a kill leaves it.
fn killed(path: &Path) {
    let (mut store, note) = Store::open(path).unwrap();
    assert_eq!(note, None);
    let mut batch = Batch::default();
    batch.occurrences("key".to_owned(), 2, NewIncident::known());
    batch.positions = vec![position()];
    batch.entered = vec!["/logs".into()];
    store.commit(&batch, &Layers::new().resolve().unwrap().limits, 1_000).unwrap();
    let copies = [path.to_owned(), side(path, "-wal")].map(|path| (fs::read(&path).unwrap(), path));
    drop(store);
    for (bytes, path) in copies {
        fs::write(path, bytes).unwrap();
    }
}

fn side(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

fn in_folder(work: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    work(&folder.path().join("state.db"));
}

#[test]
fn numbers_that_do_not_fit_are_damage_and_reading_goes_on_where_it_was() {
    for wrong in [
        "UPDATE counters SET value = 99 WHERE name = 'seen'",
        "UPDATE sources SET kept = 99",
        "UPDATE occurrences SET count = 1 WHERE outcome = 'duplicate'; UPDATE counters SET value = value - 1",
        "DELETE FROM deliveries WHERE step = 'ticket'",
        "DELETE FROM counters WHERE name = 'commits'",
        "PRAGMA foreign_keys = OFF; INSERT INTO deliveries VALUES (99, 99, 'count', '', 0, 0, NULL)",
    ] {
        in_folder(|path| {
            killed(path);
            Connection::open(path).unwrap().execute_batch(wrong).unwrap();
            let (mut store, note) = Store::open(path).unwrap();
            let note = note.unwrap_or_else(|| panic!("{wrong} was not found out"));
            assert!(note.contains("goes on where it was") && note.contains("state.db.damaged"), "{note}");
            assert_eq!(store.positions().unwrap(), [position()]);
            assert_eq!(store.folders().unwrap(), [PathBuf::from("/logs")]);
            assert_eq!(store.totals().unwrap().seen, 0);
            let mut batch = Batch::default();
            batch.positions = vec![position()];
            store.commit(&batch, &Layers::new().resolve().unwrap().limits, 2_000).unwrap();
            drop(store);
            assert_eq!(Store::open(path).unwrap().1, None, "it is told once");
            let aside: i64 = Connection::open(path.with_extension("db.damaged"))
                .unwrap()
                .query_row("SELECT count FROM incidents", [], |row| row.get(0))
                .unwrap();
            assert_eq!(aside, 2, "what it held is still in the file that was set aside");
        });
    }
}

#[test]
fn a_state_that_was_cut_short_is_set_aside_and_said() {
    for (len, words) in [(0, "empty file"), (50, "damaged"), (4_096, "damaged"), (20_000, "damaged")] {
        in_folder(|path| {
            killed(path);
            // Folded into the file, as a stop leaves it.
            drop(Store::open(path).unwrap());
            fs::OpenOptions::new().write(true).open(path).unwrap().set_len(len).unwrap();
            let (store, note) = Store::open(path).unwrap();
            assert!(note.as_ref().is_some_and(|note| note.contains(words)), "{len}: {note:?}");
            assert_eq!(store.totals().unwrap().seen, 0, "{len}");
            drop(store);
            assert_eq!(Store::open(path).unwrap().1, None, "{len}: it is told once");
        });
    }
}

#[test]
fn a_hand_over_that_was_cut_in_the_middle_never_replays_the_old_write_ahead_log() {
    // After each of its steps: the log is moved, the file is moved, the new one is made.
    for step in 1..=3 {
        in_folder(|path| {
            killed(path);
            let aside = path.with_extension("db.damaged");
            fs::rename(side(path, "-wal"), side(&aside, "-wal")).unwrap();
            if step > 1 {
                fs::rename(path, &aside).unwrap();
            }
            if step > 2 {
                fs::write(path, b"").unwrap();
            }
            let (store, _) = Store::open(path).unwrap();
            let seen = store.totals().unwrap().seen;
            assert_eq!(
                (seen, store.positions().unwrap().len()),
                (0, 0),
                "step {step}: nothing of the old one"
            );
        });
    }
}

#[test]
fn a_database_of_another_program_is_refused_and_not_touched() {
    in_folder(|path| {
        let other = Connection::open(path).unwrap();
        other.execute_batch("CREATE TABLE songs (name TEXT); INSERT INTO songs VALUES ('x')").unwrap();
        drop(other);
        let error = Store::open(path).err().unwrap();
        assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
        assert!(error.to_string().contains("agent.state_dir"), "{error}");
        let songs: i64 = Connection::open(path)
            .unwrap()
            .query_row("SELECT count(*) FROM songs", [], |row| row.get(0))
            .unwrap();
        assert_eq!(songs, 1);
    });
}

#[cfg(unix)]
#[test]
fn a_state_that_is_deleted_while_it_is_open_is_written_again_whole() {
    in_folder(|path| {
        killed(path);
        let (mut store, _) = Store::open(path).unwrap();
        for suffix in ["", "-wal", "-shm"] {
            fs::remove_file(side(path, suffix)).unwrap();
        }
        assert!(!store.is_there());
        let note = store.mend().unwrap();
        assert!(note.contains("was deleted"), "{note}");
        assert_eq!((store.totals().unwrap().seen, store.positions().unwrap()), (2, vec![position()]));
        drop(store);
        let (store, note) = Store::open(path).unwrap();
        assert_eq!((note, store.totals().unwrap().seen), (None, 2));
    });
}
