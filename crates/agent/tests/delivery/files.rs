//! Attachments: each once and whole, whatever became of the answers, and none tried for ever.

use crate::tap::{Act, Hand, When, tapped};
use crate::world::{Host, Place};
use agent::shared::lock;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does something to the uploads, one after the other, and nothing to those after.
fn uploads(acts: &'static [(When, Act)]) -> Hand {
    let made = AtomicUsize::new(0);
    Arc::new(move |when, what| {
        if what != "upload" {
            return Act::GoOn;
        }
        let number = match when {
            When::Before => made.fetch_add(1, Ordering::SeqCst),
            When::After => made.load(Ordering::SeqCst) - 1,
        };
        acts.get(number).filter(|(at, _)| *at == when).map_or(Act::GoOn, |(_, act)| *act)
    })
}

/// Names and sizes of what is on the only ticket.
fn attached(place: &Place) -> Vec<(String, Vec<u8>)> {
    let tickets = place.tickets();
    assert_eq!(tickets.len(), 1);
    let links = tickets[0].links("attachments");
    links.into_iter().map(|link| (link.name.unwrap(), place.download(link.id))).collect()
}

fn assert_whole(place: &Place) {
    let files = attached(place);
    assert_eq!(
        files.len(),
        2,
        "{:?}",
        files.iter().map(|(name, bytes)| (name, bytes.len())).collect::<Vec<_>>()
    );
    for (name, bytes) in files {
        if name.ends_with(".zip") {
            assert!(zip::ZipArchive::new(std::io::Cursor::new(bytes)).is_ok(), "{name}");
        } else {
            let text = String::from_utf8(bytes).unwrap();
            assert_eq!(text.lines().count(), 300, "{name}");
        }
    }
}

#[test]
fn a_file_that_arrived_without_an_answer_is_not_sent_again_and_half_a_file_is() {
    for acts in [
        &[(When::After, Act::Lose), (When::After, Act::Lose)][..],
        &[(When::Before, Act::Lose), (When::After, Act::Lose)],
        // Half of it arrived; the site said yes all the same.
        &[(When::Before, Act::Half), (When::Before, Act::Half)],
    ] {
        let place = Place::new();
        let host = Host::new(&place, "");
        host.happens("boom", 1);
        host.deliver_with(&mut host.worker_through(tapped(uploads(acts))));
        assert_whole(&place);
    }
}

#[test]
fn half_a_file_whose_answer_was_lost_is_found_by_its_bytes() {
    let place = Place::new();
    let host = Host::new(&place, "");
    host.happens("boom", 1);
    let hand: Hand = Arc::new(|when, what| match (when, what) {
        (When::Before, "upload") => Act::Half,
        (When::After, "upload") => Act::Die,
        _ => Act::GoOn,
    });
    let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        host.deliver_with(&mut host.worker_through(tapped(hand)));
    }));
    assert!(died.is_err());
    assert_eq!(attached(&place).len(), 1);
    host.deliver();
    assert_whole(&place);
}

#[test]
fn a_file_that_is_refused_for_good_is_told_once_and_given_up() {
    let place = Place::new();
    let host = Host::new(&place, "");
    host.happens("boom", 1);
    let hand: Hand =
        Arc::new(
            |when, what| if (when, what) == (When::Before, "upload") { Act::Misplace } else { Act::GoOn },
        );
    host.deliver_with(&mut host.worker_through(tapped(hand)));
    let tickets = place.tickets();
    assert_eq!(tickets[0].links("attachments").len(), 0);
    let replies = place.replies(tickets[0].id);
    assert_eq!(replies.len(), 2, "{replies:#?}");
    assert!(replies.iter().all(|text| text.contains("could not be attached: ")), "{replies:#?}");
    assert_eq!(lock(&host.shared.store).totals().unwrap().attachments_refused, 2);
    assert_eq!(
        std::fs::read_dir(&host.spool).unwrap().count(),
        0,
        "the spool keeps nothing that nobody wants"
    );
    // The count goes on.
    host.happens("boom", 1);
    host.deliver();
    assert_eq!(crate::world::count(&place.tickets()[0]), 2);
}
