//! The program dies at every call to the site, before it and after it, and at several in a row: one ticket, the right
//! count, each file once.
//!
//! Between two calls the state changes in transactions, and a transaction is there or not; so the moments around the
//! calls are all the moments there are.

use crate::tap::{Act, Hand, When, tapped};
use crate::world::{Host, Place, count};
use agent::backoff::Jitter;
use agent::shared::lock;
use flow::Row;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Dies at the moment of this number; tells how many moments there were.
fn mortal(at: usize) -> (Hand, Arc<AtomicUsize>) {
    let moments = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&moments);
    let hand = move |_, _: &str| {
        if counted.fetch_add(1, Ordering::SeqCst) == at { Act::Die } else { Act::GoOn }
    };
    (Arc::new(hand), moments)
}

/// Delivers with a worker that dies at this moment, and says whether it got there.
fn dies(host: &Host, at: usize) -> bool {
    let (hand, _) = mortal(at);
    let all = AssertUnwindSafe(|| host.deliver_with(&mut host.worker_through(tapped(hand))));
    catch_unwind(all).is_err()
}

fn of_problem(place: &Place, problem: &str) -> Vec<Row> {
    let title = format!("alice - {problem}");
    place.tickets().into_iter().filter(|ticket| ticket.text("title") == Some(&title)).collect()
}

fn assert_right(place: &Place, problem: &str, expected: i64, files: usize, what: &str) {
    let tickets = of_problem(place, problem);
    let open: Vec<&Row> =
        tickets.iter().filter(|ticket| ticket.text("sg_status_list") != Some("res")).collect();
    assert_eq!(open.len(), 1, "{what}: {tickets:#?}");
    assert_eq!(count(open[0]), expected, "{what}: {:#?}", place.replies(open[0].id));
    let mut names: Vec<String> =
        open[0].links("attachments").into_iter().map(|link| link.name.unwrap()).collect();
    assert_eq!(names.len(), files, "{what}: {names:?}");
    names.sort();
    names.dedup();
    assert_eq!(names.len(), files, "{what}: {names:?}");
}

/// What happens on one host: a problem, and repeats of it.
fn life(host: &Host, problem: &str, mut deliver: impl FnMut(&Host)) {
    host.happens(problem, 3);
    deliver(host);
    host.happens(problem, 4);
    deliver(host);
}

#[test]
fn one_host_dies_at_every_moment_of_delivery() {
    let place = Place::new();
    let (hand, moments) = mortal(usize::MAX);
    let calm = Host::new(&place, "");
    life(&calm, "calm", |host| host.deliver_with(&mut host.worker_through(tapped(Arc::clone(&hand)))));
    assert_right(&place, "calm", 7, 2, "without a kill");
    let moments = moments.load(Ordering::SeqCst);
    assert!(moments > 20, "{moments}");
    for at in 0..moments {
        let host = Host::new(&place, "");
        let problem = format!("killed at {at}");
        let mut died = 0;
        life(&host, &problem, |host| {
            died += usize::from(dies(host, at));
            host.deliver();
        });
        assert_right(&place, &problem, 7, 2, &problem);
        let replies = place.replies(of_problem(&place, &problem)[0].id);
        assert_eq!(replies, Vec::<String>::new(), "an agent alone on its ticket needs no replies");
    }
}

#[test]
fn a_host_that_dies_again_and_again_comes_through() {
    let place = Place::new();
    for seed in 1..40 {
        let mut dice = Jitter::new(seed);
        let host = Host::new(&place, "");
        let problem = format!("seed {seed}");
        life(&host, &problem, |host| {
            // A step that takes more calls than there are between two deaths would never be done.
            let killed = (0..12).take_while(|_| dies(host, usize::try_from(dice.below(14)).unwrap()));
            killed.for_each(|_| host.clock.forward(1_000));
            host.deliver();
        });
        assert_right(&place, &problem, 7, 2, &problem);
    }
}

#[test]
fn two_hosts_make_a_ticket_at_the_same_moment_and_the_second_dies_at_every_moment_after() {
    let place = Place::new();
    for at in 0..60 {
        let problem = format!("folding, killed at {at}");
        let (first, second) = (Host::new(&place, ""), Host::new(&place, ""));
        first.happens(&problem, 2);
        second.happens(&problem, 5);
        // The first one makes its ticket when the second has looked and found nothing.
        let moments = AtomicUsize::new(0);
        let once = Mutex::new(Some(first));
        let done: Arc<Mutex<Option<Host>>> = Arc::default();
        let back = Arc::clone(&done);
        let hand: Hand = Arc::new(move |when, what| {
            if (when, what) == (When::Before, "create Ticket")
                && let Some(first) = once.lock().unwrap().take()
            {
                first.deliver();
                *back.lock().unwrap() = Some(first);
            }
            let made = back.lock().unwrap().is_some();
            let die = made && moments.fetch_add(1, Ordering::SeqCst) == at;
            if die { Act::Die } else { Act::GoOn }
        });
        let all = AssertUnwindSafe(|| second.deliver_with(&mut second.worker_through(tapped(hand))));
        let died = catch_unwind(all).is_err();
        second.deliver();
        let first = done.lock().unwrap().take().unwrap();
        assert_right(&place, &problem, 7, 4, &problem);
        for host in [&first, &second] {
            host.happens(&problem, 1);
            host.deliver();
        }
        assert_right(&place, &problem, 9, 4, &problem);
        let folded = of_problem(&place, &problem).len();
        assert!(at == 0 || folded == 2, "{problem}: {folded}");
        assert_eq!(lock(&second.shared.store).totals().unwrap().seen, 6);
        if !died {
            assert!(at > 20, "only {at} moments");
            return;
        }
    }
    panic!("there are more moments than this test looks at");
}
