//! Counts: with the site's fields, without them, and never more writes in a minute than allowed.

use crate::tap::{Act, Hand, When, tapped_without_fields};
use crate::world::{HOUR_MS, Host, MINUTE_MS, Place, count};
use agent::clock::Clock;
use agent::delivery::Connect;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// The writes that went to the site: when, and what.
type Writes = Arc<Mutex<Vec<(i64, String)>>>;

/// A client that notes its writes, on a site that may lack our fields.
fn watched(host: &Host, hides_fields: bool) -> (Connect, Writes) {
    let writes = Writes::default();
    let (noted, clock) = (Arc::clone(&writes), Arc::clone(&host.clock));
    let hand: Hand = Arc::new(move |when, what| {
        if when == When::Before {
            noted.lock().unwrap().push((clock.wall_ms(), what.to_owned()));
        }
        Act::GoOn
    });
    // A type without our fields stands for a site without them.
    (tapped_without_fields(hand, hides_fields.then_some("Note")), writes)
}

#[test]
fn tickets_counts_and_replies_stay_within_the_minute_and_tickets_do_not_wait_for_counts() {
    let place = Place::new();
    let mut host = Host::new(&place, "");
    host.settings.limits.writes_per_minute = 6;
    let (connect, writes) = watched(&host, false);
    let problems: Vec<String> = ('a'..='z').map(|letter| format!("boom {letter}")).collect();
    for problem in &problems {
        host.happens(problem, 1);
    }
    let mut worker = host.worker_through(connect);
    worker.step();
    assert_eq!(place.tickets().len(), 6, "what makes a ticket keeps to the limit too");
    for _ in 0..3 {
        host.clock.forward(MINUTE_MS / 2);
        worker.step();
    }
    assert_eq!(place.tickets().len(), 12);
    while place.tickets().len() < 26 {
        host.clock.forward(MINUTE_MS / 2);
        worker.step();
    }
    host.clock.forward(MINUTE_MS);
    for problem in &problems {
        host.happens(problem, 9);
    }
    // One more, that is new: it does not stand behind the counts.
    worker.step();
    host.happens("boom new", 1);
    worker.step();
    assert_eq!(place.tickets().len(), 27);
    // The program is started again every few seconds: that is no way around the limit.
    for _ in 0..200 {
        let (connect, more) = watched(&host, false);
        host.worker_through(connect).step();
        writes.lock().unwrap().extend(more.lock().unwrap().drain(..));
        host.clock.forward(5_000);
    }
    assert_eq!(host.waiting(), Vec::<String>::new());
    assert!(
        place
            .tickets()
            .iter()
            .all(|ticket| count(ticket) == 10 || ticket.text("title") == Some("alice - boom new"))
    );
    let writes = writes.lock().unwrap();
    let times = |limited: &dyn Fn(&str) -> bool| -> Vec<i64> {
        writes.iter().filter(|(_, what)| limited(what)).map(|(at_ms, _)| *at_ms).collect()
    };
    let words = times(&|what| what == "create Reply" || what.starts_with("update"));
    let tickets = times(&|what| what == "create Ticket");
    assert_eq!((words.len(), tickets.len()), (26, 27), "one write for each count and each ticket");
    for limited in [words, tickets] {
        for start in &limited {
            let minute = limited.iter().filter(|at| (*start..*start + MINUTE_MS).contains(*at)).count();
            assert!(minute <= 6, "{minute} writes within a minute");
        }
    }
}

#[test]
fn without_fields_the_count_is_told_at_powers_of_ten_and_after_four_hours() {
    let place = Place::new();
    let host = Host::new(&place, "");
    host.happens("boom", 1);
    let step = |host: &Host| {
        let (connect, _) = watched(host, true);
        host.worker_through(connect).step();
    };
    step(&host);
    let ticket = place.tickets().pop().unwrap().id;
    let told = || -> Vec<String> {
        let replies = place.replies(ticket);
        replies
            .iter()
            .map(|text| text.split(" times").next().unwrap().replace("Happened again: seen ", ""))
            .collect()
    };
    for (more, wait_ms, expected) in [
        (3, MINUTE_MS, &[][..]),
        (5, MINUTE_MS, &[]),
        (1, MINUTE_MS, &["10"]),
        (50, HOUR_MS, &["10"]),
        (1, 3 * HOUR_MS, &["10", "61"]),
        (38, HOUR_MS, &["10", "61"]),
        (1, MINUTE_MS, &["10", "61", "100"]),
        (1_000, MINUTE_MS, &["10", "61", "100", "1100"]),
    ] {
        host.clock.forward(wait_ms);
        host.happens("boom", more);
        step(&host);
        assert_eq!(told(), expected, "{more} more");
        // Another look tells nothing twice.
        step(&host);
        assert_eq!(told(), expected);
    }
}

#[test]
fn what_happens_while_a_count_is_found_too_small_to_tell_is_not_put_off_with_it() {
    let place = Place::new();
    let host = Arc::new(Host::new(&place, ""));
    host.happens("boom", 1);
    let (connect, _) = watched(&host, true);
    host.worker_through(connect).step();
    host.happens("boom", 4);
    let (more, once) = (Arc::clone(&host), AtomicBool::new(true));
    let hand: Hand = Arc::new(move |when, _| {
        // The site is being asked about the ticket, five times are known.
        if when == When::After && once.swap(false, Ordering::SeqCst) {
            more.happens("boom", 5);
        }
        Act::GoOn
    });
    host.worker_through(tapped_without_fields(hand, Some("Note"))).step();
    host.clock.forward(MINUTE_MS);
    let (connect, _) = watched(&host, true);
    host.worker_through(connect).step();
    let replies = place.replies(place.tickets().pop().unwrap().id);
    assert!(replies.iter().any(|text| text.contains("seen 10 times")), "{replies:#?} {:#?}", host.waiting());
}

#[test]
fn several_agents_tell_their_shares_and_a_lost_state_loses_none() {
    let place = Place::new();
    let hosts: Vec<Host> = (0..4).map(|_| Host::new(&place, "")).collect();
    for (host, times) in hosts.iter().zip([3, 5, 7, 11]) {
        host.happens("boom", times);
        host.deliver();
    }
    let counts = || place.tickets().iter().map(count).collect::<Vec<_>>();
    assert_eq!(counts(), [26]);
    for host in hosts.iter().rev() {
        host.happens("boom", 2);
        host.deliver();
    }
    assert_eq!(counts(), [34]);
    // A workstation whose state is gone begins anew, and what it had counted stays.
    let fresh = Host::new(&place, "");
    fresh.happens("boom", 6);
    fresh.deliver();
    assert_eq!(counts(), [40]);
    // A share for each agent, and each is one reply however often it counts.
    assert_eq!(place.replies(1).len(), 5, "{:#?}", place.replies(1));
    // Somebody tidies up: what the agents know is told again.
    place.set(1, &[("sg_incident_count", serde_json::json!(1))]);
    hosts[2].happens("boom", 1);
    hosts[2].deliver();
    assert_eq!(counts(), [41]);
}
