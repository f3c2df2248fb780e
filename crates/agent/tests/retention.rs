//! The spool stays within its limits, whatever waits: archives go, counts and tickets do not, and what goes is told.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use agent::evidence::{Reason, archive_path, keep, spooled_bytes};
use agent::retention::{Plan, carry_out, plan};
use agent::settings::{EvidenceSettings, Layers, LimitSettings};
use agent::store::{Archive, Batch, Delivery, NewIncident, Position, Stands, Step, Store};
use log_follow::{Checkpoint, FileId, Mark};
use std::path::Path;
use tempfile::TempDir;

const HOUR_MS: i64 = 3_600_000;
/// Long after the first of January 1970, so that days can be taken off.
const NOW_MS: i64 = 20_000 * 24 * HOUR_MS;

struct World {
    folder: TempDir,
    store: Store,
    limits: LimitSettings,
    evidence: EvidenceSettings,
}

impl World {
    fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("evidence")).unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap().0;
        let mut settings = Layers::new().resolve().unwrap();
        // How many tickets a workstation may open is another test's matter.
        (settings.limits.tickets_per_hour, settings.limits.tickets_per_day) = (0, 0);
        World { folder, store, limits: settings.limits, evidence: settings.evidence }
    }

    fn spool(&self) -> std::path::PathBuf {
        self.folder.path().join("evidence")
    }

    /// A problem happens; the first time with an archive of so many bytes.
    fn happens(&mut self, key: &str, archive_bytes: usize, facts: &str, now_ms: i64) {
        let mut batch = Batch::default();
        self.draft(&mut batch, (key, 1), archive_bytes, facts);
        let none = Mark { len: 0, hash: String::new() };
        let id = FileId { device: 9, file: 9 };
        let (path, head, tail) = ("/logs/tk-maya.log".into(), none.clone(), none);
        let checkpoint = Checkpoint { path, id, offset: 10, seen_bytes: 10, head, tail, rotated: false };
        batch.positions = vec![Position { checkpoint, line: None }];
        self.store.commit(&batch, &self.limits, now_ms).unwrap();
    }

    fn draft(&mut self, batch: &mut Batch, (key, times): (&str, u64), archive_bytes: usize, facts: &str) {
        let mut new = NewIncident::known();
        if self.store.evidence_made(key).unwrap().is_none() {
            let mut bytes = key.as_bytes().to_vec();
            bytes.resize(archive_bytes, b'x');
            let hash = keep(&self.spool(), &bytes).unwrap();
            new = NewIncident {
                signature: format!("g1:{key}"),
                title: format!("alice - {key}"),
                login: "alice".to_owned(),
                facts: facts.to_owned(),
                evidence: Some(hash.clone()),
            };
            batch.evidence.push(Archive {
                key: key.to_owned(),
                hash,
                reason: Reason::First,
                bytes: archive_bytes as u64,
                bundle_version: "v1".to_owned(),
                system: "Rocky 9".to_owned(),
                dropped: None,
            });
        }
        batch.occurrences(key.to_owned(), times, new);
    }

    fn plan(&self, now_ms: i64) -> Plan {
        plan(&self.store, &self.spool(), &self.evidence, now_ms).unwrap()
    }

    fn carry_out(&mut self, now_ms: i64) -> Plan {
        let plan = self.plan(now_ms);
        let spool = self.spool();
        carry_out(&mut self.store, &spool, &plan, now_ms).unwrap();
        plan
    }

    /// What is due, in turn; each step is done at once.
    fn deliver(&mut self, now_ms: i64) -> Vec<Delivery> {
        let mut done = Vec::new();
        while let Some(delivery) = self.store.next_delivery(now_ms).unwrap() {
            match delivery.step {
                Step::Ticket => {
                    self.store
                        .ticket_stands(&delivery, delivery.id.unsigned_abs(), Stands::Created, now_ms)
                        .unwrap();
                }
                _ => self.store.step_done(&delivery).unwrap(),
            }
            done.push(delivery);
        }
        done
    }
}

fn has(spool: &Path, hash: &str) -> bool {
    archive_path(spool, hash).exists()
}

#[test]
fn eight_hours_offline_with_three_hundred_problems_stay_within_the_limits_and_lose_no_count() {
    let mut world = World::new();
    world.evidence.spool_bytes = 3_000_000;
    // Ten at a time, as one look finds them.
    for look in 0..500_i64 {
        let now_ms = NOW_MS + look * 8 * HOUR_MS / 500;
        let mut batch = Batch::default();
        for problem in 0..5 {
            let key = format!("problem {:03}", (look * 5 + problem) * 7 % 300);
            world.draft(&mut batch, (&key, 2), 20_000, "{}");
        }
        world.store.commit(&batch, &world.limits, now_ms).unwrap();
        if spooled_bytes(&world.spool()) > world.evidence.spool_bytes {
            world.carry_out(now_ms);
        }
        assert!(spooled_bytes(&world.spool()) <= world.evidence.spool_bytes);
    }
    let later_ms = NOW_MS + 9 * HOUR_MS;
    let before = world.plan(later_ms);
    assert!(before.archives_waiting > 100, "{before:?}");
    assert_eq!(world.plan(later_ms).drop, before.drop, "looking at it changes nothing");
    world.carry_out(later_ms);
    assert!(spooled_bytes(&world.spool()) + world.store.used_bytes().unwrap() <= world.evidence.spool_bytes);

    let totals = world.store.evidence_totals().unwrap();
    assert_eq!((totals.made, totals.waiting + totals.dropped), (300, 300), "{totals:?}");
    assert!(totals.dropped > 100);
    assert_eq!(world.store.totals().unwrap().seen, 5_000);
    let path = world.folder.path().join("state.db");
    let World { folder: _folder, mut store, limits, evidence } = world;
    drop(store);
    let damage;
    (store, damage) = Store::open(&path).unwrap();
    assert_eq!(damage, None, "its numbers fit");
    let mut world = World { folder: _folder, store, limits, evidence };

    let done = world.deliver(later_ms + 24 * HOUR_MS);
    let tickets: Vec<&Delivery> = done.iter().filter(|delivery| delivery.step == Step::Ticket).collect();
    assert_eq!(tickets.len(), 300);
    let told =
        tickets.iter().filter(|ticket| ticket.facts.contains("its log was dropped from the workstation"));
    assert_eq!(told.count() as u64, totals.dropped, "each ticket without its log says so");
    let archives: Vec<&Delivery> = done.iter().filter(|delivery| delivery.step == Step::Archive).collect();
    assert_eq!(archives.len() as u64, totals.waiting);
    assert!(archives.iter().all(|delivery| has(&world.spool(), delivery.evidence.as_deref().unwrap())));
    // The oldest went: all that are left are newer than all that are gone.
    let newest_gone = (tickets.iter().filter(|ticket| ticket.facts.contains("dropped")))
        .map(|ticket| ticket.first_seen_ms)
        .max();
    let oldest_left = archives.iter().map(|delivery| delivery.first_seen_ms).min();
    assert!(newest_gone <= oldest_left);
}

#[test]
fn an_archive_that_waits_for_too_long_goes_and_a_ticket_that_stands_is_told() {
    let mut world = World::new();
    world.happens("stands", 1_000, "{}", NOW_MS);
    let ticket = world.store.next_delivery(NOW_MS + HOUR_MS).unwrap().unwrap();
    world.store.ticket_stands(&ticket, 7, Stands::Created, NOW_MS).unwrap();
    world.happens("waits", 1_000, "{}", NOW_MS);
    let days = |days: i64| NOW_MS + days * 24 * HOUR_MS;
    // The look for what is next takes the first one in hand: nothing is dropped under an upload.
    world.store.next_delivery(days(15)).unwrap().unwrap();
    assert_eq!(world.plan(days(13)).drop, []);
    assert_eq!(world.plan(days(15)).drop.len(), 1);
    assert!(world.store.next_delivery(NOW_MS - HOUR_MS).unwrap().is_none(), "and lets it go again");
    let plan = world.carry_out(days(15));
    assert_eq!(plan.drop.len(), 2, "{plan:?}");
    assert_eq!(spooled_bytes(&world.spool()), 0);

    let waiting = world.store.waiting(10).unwrap();
    let steps: Vec<&str> = waiting.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(steps.iter().filter(|step| **step == "log").count(), 1, "{waiting:?}: the one that is told");
    assert!(!steps.contains(&"archive"));
    let done = world.deliver(days(15));
    let log = done.iter().find(|delivery| delivery.step == Step::Log).unwrap();
    let why =
        world.store.evidence_dropped(log.incident_id, log.evidence.as_deref().unwrap()).unwrap().unwrap();
    assert!(why.contains("14 days"), "{why}");
    // A problem whose archive has gone is still one that was shown.
    assert_eq!(world.store.evidence_made("stands").unwrap().unwrap().len(), 1);
    assert_eq!(world.plan(days(15)).drop, []);
}

#[test]
fn when_the_state_alone_is_too_large_old_texts_go_and_nothing_else() {
    let mut world = World::new();
    let facts = format!(
        r#"{{"title":"t","summary":"s","message":"m","record":"{}","traceback":"{}"}}"#,
        "r".repeat(20_000),
        "t".repeat(20_000)
    );
    for number in 0..50 {
        world.happens(&format!("problem {number}"), 10, &facts, NOW_MS + number);
    }
    world.evidence.spool_bytes = 1_000_000;
    let plan = world.carry_out(NOW_MS + HOUR_MS);
    assert!(plan.text_bytes > 500_000 && plan.drop.len() == 50, "{plan:?}");
    assert!(world.store.used_bytes().unwrap() < 1_100_000);
    assert_eq!(world.store.totals().unwrap().seen, 50);
    let tickets = world.deliver(NOW_MS + HOUR_MS);
    assert_eq!(tickets.iter().filter(|delivery| delivery.step == Step::Ticket).count(), 50);
    let whole = tickets.iter().filter(|delivery| delivery.facts.contains("rrrr")).count();
    assert!((1..50).contains(&whole), "{whole}: the newest keep theirs");
    assert!(tickets.iter().all(|delivery| delivery.facts.contains(r#""summary":"s""#)));
}

#[test]
fn a_clock_that_leaps_a_year_makes_nothing_old_before_it_has_gone_on_for_a_day() {
    let year_ms = 365 * 24 * HOUR_MS;
    // While it runs, and between two runs.
    for is_seen in [true, false] {
        let mut world = World::new();
        world.happens("waits", 1_000, "{}", NOW_MS);
        let leapt_ms = NOW_MS + year_ms;
        if is_seen {
            world.store.clock_was_set(year_ms, leapt_ms).unwrap();
        } else {
            world.store.clock_at_start(leapt_ms).unwrap();
        }
        world.happens("happens then", 1_000, "{}", leapt_ms + HOUR_MS);
        for now_ms in [leapt_ms, leapt_ms + 19 * HOUR_MS, NOW_MS + HOUR_MS] {
            assert_eq!(world.carry_out(now_ms).drop, [], "{is_seen}, at {now_ms}");
        }
        assert_eq!(world.carry_out(leapt_ms + 21 * HOUR_MS).drop.len(), 1, "it was a year");
    }
    // What is of a year ago by a clock that was wrong then is not old when it is right again.
    let mut world = World::new();
    world.happens("before", 1_000, "{}", NOW_MS);
    world.store.clock_at_start(NOW_MS - year_ms).unwrap();
    world.happens("by a wrong clock", 1_000, "{}", NOW_MS - year_ms);
    world.store.clock_at_start(NOW_MS).unwrap();
    assert_eq!(world.carry_out(NOW_MS).drop, []);
    // Days off are no leap, and neither is what passes while nobody looks.
    let mut world = World::new();
    world.happens("waits", 1_000, "{}", NOW_MS);
    for days in [4, 9, 15] {
        world.store.clock_at_start(NOW_MS + days * 24 * HOUR_MS).unwrap();
        world.happens("goes on", 1_000, "{}", NOW_MS + days * 24 * HOUR_MS);
    }
    assert_eq!(world.carry_out(NOW_MS + 15 * 24 * HOUR_MS).drop.len(), 1);
}
