//! A state that an earlier version has written is brought forward, with everything in it.

use agent::policy::outcome;
use agent::settings::Layers;
use agent::store::{Batch, Dropped, Store, StoreError};
use rusqlite::Connection;

#[test]
fn a_state_of_version_1_counts_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../src/store/schema.sql")).unwrap();
    old.execute_batch(
        "PRAGMA user_version = 1; UPDATE counters SET value = 4;
         INSERT INTO occurrences VALUES (0, 1, 'rule_drop', 4);",
    )
    .unwrap();
    drop(old);

    let limits = Layers::new().resolve().unwrap().limits;
    let dropped = |outcome, rule: &str| Dropped { outcome, rule: Some(rule.into()) };
    for round in 1..=2 {
        let (mut store, note) = Store::open(&path).unwrap();
        assert_eq!(note, None);
        let mut batch = Batch::default();
        batch.dropped.insert(dropped(outcome::MUTED, "OPS-1"), 3);
        batch.dropped.insert(dropped(outcome::RULE_DROP, "noise"), 1);
        store.commit(&batch, &limits, 1_000 * round).unwrap();
        let totals = store.totals().unwrap();
        let round = u64::try_from(round).unwrap();
        assert_eq!(totals.seen, 4 + 4 * round);
        assert_eq!(totals.seen, totals.outcomes.values().sum::<u64>());
        let rules: Vec<(String, u64)> =
            store.rules().unwrap().into_iter().map(|total| (total.rule, total.count)).collect();
        assert_eq!(rules, [("OPS-1".to_owned(), 3 * round), ("noise".to_owned(), round)]);
    }
}

#[test]
fn a_state_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    drop(Store::open(&path).unwrap());
    let newer = Connection::open(&path).unwrap();
    newer.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(newer);
    assert!(matches!(Store::open(&path), Err(StoreError::Newer { found: 99, .. })));
}
