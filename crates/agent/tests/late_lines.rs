//! What the state makes of lines that come late: the record is counted once, wherever it belongs in the end.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use agent::policy::twins::MadeFrom;
use agent::settings::Layers;
use agent::store::{Batch, LateCase, LateRecord, NewIncident, Stands, Step, Store, Whole};

const HOUR_MS: i64 = 3_600_000;

fn new(key: &str, start: u64) -> NewIncident {
    NewIncident {
        signature: format!("g1:{key}"),
        title: key.to_owned(),
        login: "alice".to_owned(),
        facts: format!(
            r#"{{"file":"tk-maya.log","bytes":[{start},{}],"pid":7,"logger":"sgtk.x"}}"#,
            start + 90
        ),
        evidence: Some(format!("{key}.zip")),
    }
}

/// A state in which `header` was seen at these offsets, each in a look of its own.
fn seen_at(folder: &tempfile::TempDir, starts: &[u64]) -> Store {
    let mut store = Store::open(&folder.path().join("state.db")).unwrap().0;
    for start in starts {
        count(&mut store, "header", *start);
    }
    store
}

fn count(store: &mut Store, key: &str, start: u64) {
    let mut batch = Batch::default();
    batch.occurrences(key.to_owned(), 1, new(key, start));
    store.commit(&batch, &Layers::new().resolve().unwrap().limits, 0).unwrap();
}

/// The record at `start`, which was kept as `header`, is `key` as a whole.
fn late(start: u64, key: &str) -> LateRecord {
    let whole = Whole {
        key: key.to_owned(),
        was: MadeFrom {
            file: "tk-maya.log".to_owned(),
            start,
            pid: Some(7),
            logger: Some("sgtk.x".to_owned()),
        },
        new: new(key, start),
    };
    LateRecord { old_key: "header".to_owned(), whole: Some(whole), text: "ValueError: late\n".to_owned() }
}

fn keep(store: &mut Store, record: LateRecord) {
    let mut batch = Batch::default();
    batch.late.push(record);
    store.commit(&batch, &Layers::new().resolve().unwrap().limits, 0).unwrap();
}

/// Titles of what waits, and how many records each stands for as far as is told.
fn waiting(store: &Store) -> Vec<(String, String)> {
    store.waiting(50).unwrap().into_iter().map(|step| (step.title, step.step)).collect()
}

fn steps(title: &str, names: &[&str]) -> Vec<(String, String)> {
    names.iter().map(|name| (title.to_owned(), (*name).to_owned())).collect()
}

fn file_ticket(store: &mut Store) {
    let due = store.next_delivery(HOUR_MS).unwrap().unwrap();
    assert_eq!(due.step, Step::Ticket);
    store.ticket_stands(&due, 12, Stands::Created, 0).unwrap();
    while let Some(due) = store.next_delivery(HOUR_MS).unwrap() {
        store.step_done(&due).unwrap();
    }
}

fn assert_fits(store: Store, folder: &tempfile::TempDir, seen: u64) {
    let totals = store.totals().unwrap();
    assert_eq!((totals.seen, totals.outcomes.values().sum()), (seen, seen), "{totals:?}");
    drop(store);
    assert_eq!(Store::open(&folder.path().join("state.db")).unwrap().1, None, "its numbers fit");
}

#[test]
fn what_nobody_has_heard_of_yet_is_made_anew() {
    for key in ["header", "traceback"] {
        let folder = tempfile::tempdir().unwrap();
        let mut store = seen_at(&folder, &[100]);
        assert_eq!(store.late_case(&late(100, key)).unwrap(), LateCase::Replace);
        keep(&mut store, late(100, key));
        assert_eq!(waiting(&store), steps(key, &["ticket", "log", "archive"]));
        let due = store.next_delivery(HOUR_MS).unwrap().unwrap();
        assert_eq!((due.key.as_str(), due.count), (key, 1));
        store.ticket_stands(&due, 12, Stands::Created, 0).unwrap();
        let verify = store.next_delivery(HOUR_MS).unwrap().unwrap();
        assert_eq!(verify.step, Step::Verify);
        store.ticket_stays(&verify, false, 0).unwrap();
        let log = store.next_delivery(HOUR_MS).unwrap().unwrap();
        assert_eq!(log.evidence, Some(format!("{key}.zip")));
        assert_fits(store, &folder, 1);
    }
}

#[test]
fn an_occurrence_leaves_the_problem_it_seemed_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = seen_at(&folder, &[100, 200, 300]);
    // Another problem, new and then known.
    for start in [200, 300] {
        assert_eq!(store.late_case(&late(start, "traceback")).unwrap(), LateCase::Move);
        keep(&mut store, late(start, "traceback"));
    }
    assert_eq!(store.totals().unwrap().outcomes.get("spooled"), Some(&2));
    // The last one of the header: nothing is left of that.
    keep(&mut store, late(100, "traceback"));
    assert!(!store.knows("header").unwrap());
    let due = store.next_delivery(HOUR_MS).unwrap().unwrap();
    assert_eq!((due.key.as_str(), due.count), ("traceback", 3));
    assert_fits(store, &folder, 3);
}

#[test]
fn a_ticket_that_stands_or_is_being_made_has_the_lines_added() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = seen_at(&folder, &[100]);
    // The site may be hearing of it at this moment.
    store.next_delivery(HOUR_MS).unwrap().unwrap();
    assert_eq!(store.late_case(&late(100, "traceback")).unwrap(), LateCase::Tell);
    assert_eq!(store.next_delivery(0).unwrap().map(|due| due.key), None);
    assert_eq!(
        store.late_case(&late(100, "traceback")).unwrap(),
        LateCase::Replace,
        "nobody is hearing any more"
    );

    file_ticket(&mut store);
    for _ in 0..2 {
        keep(&mut store, late(100, "traceback"));
    }
    assert_eq!(waiting(&store), steps("header", &["lines"]));
    let due = store.next_delivery(HOUR_MS).unwrap().unwrap();
    let (lines, last) = store.late_lines(due.incident_id).unwrap();
    assert_eq!((due.step, lines.as_str()), (Step::Lines, "ValueError: late\nValueError: late\n"));
    // One more comes while they are told.
    keep(&mut store, late(100, "traceback"));
    store.lines_told(&due, last).unwrap();
    assert_eq!(store.late_lines(due.incident_id).unwrap().0, "ValueError: late\n");
    let due = store.next_delivery(HOUR_MS).unwrap().unwrap();
    let (_, last) = store.late_lines(due.incident_id).unwrap();
    store.lines_told(&due, last).unwrap();
    assert_eq!(waiting(&store), []);
    assert_fits(store, &folder, 1);
}

#[test]
fn lines_of_one_occurrence_of_many_tell_a_ticket_nothing_new() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = seen_at(&folder, &[100]);
    file_ticket(&mut store);
    count(&mut store, "header", 200);
    assert_eq!(store.late_case(&late(200, "header")).unwrap(), LateCase::Nothing);
    assert_eq!(store.late_case(&late(100, "header")).unwrap(), LateCase::Tell);
    keep(&mut store, late(200, "header"));
    assert_eq!(waiting(&store), steps("header", &["count"]));
    // Another problem after all: the ticket is told the smaller count.
    keep(&mut store, late(200, "traceback"));
    let due = store.next_delivery(2 * HOUR_MS).unwrap().unwrap();
    assert_eq!((due.title.as_str(), due.count), ("header", 1));
    assert_fits(store, &folder, 2);
}

#[test]
fn very_long_lines_are_cut_and_very_many_are_not_collected() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = seen_at(&folder, &[100]);
    file_ticket(&mut store);
    let mut long = late(100, "header");
    long.text = "나".repeat(20_000);
    for _ in 0..30 {
        keep(&mut store, long.clone());
    }
    let due = store.next_delivery(HOUR_MS).unwrap().unwrap();
    let (lines, _) = store.late_lines(due.incident_id).unwrap();
    assert!(lines.len() < 5 * 17_000 && lines.contains("the rest is in the log"), "{}", lines.len());
    assert_fits(store, &folder, 1);
}
