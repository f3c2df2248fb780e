//! Somebody sets the machine's clock: nothing is asked for ever, nothing waits for the time that was taken back.

use crate::tap::{Act, Hand, When, tapped, tapped_without_fields};
use crate::world::{DAY_MS, HOUR_MS, Host, MINUTE_MS, Place, count};
use agent::clock::Clock;
use agent::policy::reopen::LastEvent;
use agent::shared::lock;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const YEAR_MS: i64 = 365 * DAY_MS;

/// A client that gives up where a site would be asked for ever.
fn patient(calls: usize) -> Hand {
    let made = AtomicUsize::new(0);
    Arc::new(move |_, what| {
        assert!(made.fetch_add(1, Ordering::SeqCst) < 2 * calls, "{what} again and again");
        Act::GoOn
    })
}

#[test]
fn a_count_that_was_told_a_year_ahead_is_told_again_at_once_and_once() {
    let place = Place::new();
    let host = Host::new(&place, "");
    let step = || host.worker_through(tapped_without_fields(patient(40), Some("Note"))).step();
    host.happens("boom", 1);
    step();
    let ticket = place.tickets().pop().unwrap().id;
    host.clock.set(YEAR_MS);
    host.happens("boom", 11);
    step();
    assert_eq!(place.replies(ticket).len(), 1);
    host.clock.set(0);
    host.happens("boom", 1);
    step();
    assert!(place.replies(ticket).iter().any(|text| text.contains("seen 13 times")));
    // From here on it is as ever.
    host.happens("boom", 1);
    step();
    assert_eq!(place.replies(ticket).len(), 2, "{:#?}", place.replies(ticket));
}

#[test]
fn what_was_due_in_a_moment_is_due_in_a_moment_after_the_clock_was_set_back() {
    let place = Place::new();
    for (set_ms, is_told) in [(-HOUR_MS, true), (-YEAR_MS, true), (-YEAR_MS, false), (DAY_MS, true)] {
        let problem = format!("boom {set_ms} {is_told}");
        let mut host = Host::new(&place, "");
        host.settings.limits.gather_s = 10;
        host.happens(&problem, 1);
        host.clock.set(set_ms);
        if is_told {
            lock(&host.shared.store).clock_was_set(set_ms, host.clock.wall_ms()).unwrap();
        }
        host.happens(&problem, 2);
        host.clock.forward(11_000);
        host.worker().step();
        let tickets = place.tickets();
        let ticket = tickets.iter().find(|ticket| ticket.text("title").unwrap().ends_with(&problem));
        assert_eq!(count(ticket.unwrap()), 3);
    }
}

/// Dies when it has made a ticket.
fn maker(when: When, what: &str) -> Act {
    if (when, what) == (When::After, "create Ticket") { Act::Die } else { Act::GoOn }
}

#[test]
fn a_machine_a_year_behind_does_not_wait_a_year_for_the_maker_of_a_double() {
    let place = Place::new();
    let (behind, dies) = (Host::new(&place, ""), Host::new(&place, ""));
    behind.clock.set(-YEAR_MS);
    behind.happens("boom", 2);
    dies.happens("boom", 5);
    let behind = Arc::new(behind);
    let once = Mutex::new(Some(Arc::clone(&behind)));
    let hand: Hand = Arc::new(move |when, what| {
        match (when, what) {
            // Both have looked and found nothing, and neither lives to look again.
            (When::Before, "create Ticket") => {
                if let Some(behind) = once.lock().unwrap().take() {
                    let all = AssertUnwindSafe(|| behind.worker_through(tapped(Arc::new(maker))).step());
                    assert!(catch_unwind(all).is_err());
                }
                Act::GoOn
            }
            moment => maker(moment.0, moment.1),
        }
    });
    let all = AssertUnwindSafe(|| dies.worker_through(tapped(hand)).step());
    assert!(catch_unwind(all).is_err());
    assert_eq!(place.tickets().len(), 2);
    behind.clock.forward(2 * MINUTE_MS);
    behind.happens("boom", 1);
    behind.deliver_with(&mut behind.worker_through(tapped(patient(100))));
    assert_eq!(place.tickets().iter().filter(|row| row.text("sg_status_list") != Some("res")).count(), 1);
}

#[test]
fn a_ticket_that_was_closed_is_opened_by_what_happens_after_a_clock_that_was_wrong() {
    let place = Place::new();
    let host = Host::new(&place, "");
    host.clock.set(YEAR_MS);
    host.happens("boom", 1);
    host.deliver();
    host.clock.set(0);
    let ticket = place.tickets().pop().unwrap().id;
    place.set(ticket, &[("sg_status_list", "res".into())]);
    // Found late in a log: from before the closing.
    let at_ms = host.clock.wall_ms() - HOUR_MS;
    host.happened("boom", 1, LastEvent { at_ms, version: None });
    host.deliver();
    assert_eq!(place.ticket(ticket).text("sg_status_list"), Some("res"));
    host.clock.forward(HOUR_MS);
    host.happens("boom", 1);
    host.deliver();
    assert_ne!(place.ticket(ticket).text("sg_status_list"), Some("res"));
    assert_eq!(count(&place.ticket(ticket)), 3);
}
