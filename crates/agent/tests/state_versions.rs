//! A state that an earlier version has written is brought forward, with everything in it.

use agent::policy::outcome;
use agent::settings::Layers;
use agent::store::{Batch, Dropped, Step, Store, StoreError};
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

#[test]
fn steps_of_version_3_go_on_with_their_archive() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let old = Connection::open(&path).unwrap();
    for schema in [
        include_str!("../src/store/schema.sql"),
        include_str!("../src/store/schema_2.sql"),
        include_str!("../src/store/schema_3.sql"),
    ] {
        old.execute_batch(schema).unwrap();
    }
    old.execute_batch(
        "PRAGMA user_version = 3; UPDATE counters SET value = 2 WHERE name = 'seen';
         INSERT INTO incidents (id, key, signature, title, login, count, first_seen_ms, last_seen_ms, facts, evidence,
             ticket_id)
         VALUES (7, 'g1:00 alice', 'g1:00', 'alice - X', 'alice', 2, 1, 2, '{}', 'cafe', 12);
         INSERT INTO occurrences VALUES (7, 0, 'filed', 1), (7, 0, 'duplicate', 1);
         INSERT INTO deliveries (incident_id, step, due_ms, attempts, error)
         VALUES (7, 'log', 5, 1, 'broken pipe'), (7, 'archive', 6, 0, NULL), (7, 'count', 7, 0, NULL);",
    )
    .unwrap();
    drop(old);

    let (mut store, note) = Store::open(&path).unwrap();
    assert_eq!(note, None);
    let mut steps = Vec::new();
    while let Some(step) = store.next_delivery(10).unwrap() {
        store.step_done(&step).unwrap();
        steps.push((step.step, step.attempts, step.evidence));
    }
    let cafe = || Some("cafe".to_owned());
    assert_eq!(steps, [(Step::Log, 1, cafe()), (Step::Archive, 0, cafe()), (Step::Count, 0, None)]);
}
