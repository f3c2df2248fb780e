//! What people do to tickets is respected: closing, fixing, refusing, renaming, moving, deleting, editing.

use crate::world::{DAY_MS, HOUR_MS, Host, Place, count};
use agent::clock::Clock;
use agent::policy::reopen::LastEvent;
use serde_json::{Value, json};

/// A problem with a ticket, and its number.
fn filed(place: &Place, toml: &str) -> (Host, u64) {
    let host = Host::new(place, toml);
    host.happens("boom", 1);
    host.deliver();
    let tickets = place.tickets();
    assert_eq!(tickets.len(), 1);
    (host, tickets[0].id)
}

fn event(at_ms: i64, version: &str) -> LastEvent {
    LastEvent { at_ms, version: Some(version.to_owned()).filter(|version| !version.is_empty()) }
}

fn statuses(place: &Place) -> Vec<(String, i64)> {
    let tickets = place.tickets();
    tickets.iter().map(|row| (row.text("sg_status_list").unwrap().to_owned(), count(row))).collect()
}

fn is(status: &str, count: i64) -> (String, i64) {
    (status.to_owned(), count)
}

#[test]
fn a_closed_ticket_is_opened_again_by_what_happened_after_it_was_closed_and_by_nothing_else() {
    let place = Place::new();
    let (host, ticket) = filed(&place, "");
    place.set(ticket, &[("sg_status_list", json!("res"))]);
    // What waited in the spool, and what was read late, is from before.
    let before = host.clock.wall_ms() - HOUR_MS;
    host.happened("boom", 3, event(before, ""));
    host.deliver();
    assert_eq!(statuses(&place), [is("res", 4)]);
    // Counting has changed the ticket since; the closing was before.
    host.clock.forward(HOUR_MS);
    host.happened("boom", 1, event(host.clock.wall_ms() - HOUR_MS / 2, ""));
    host.deliver();
    assert_eq!(statuses(&place), [is("opn", 5)]);
    let replies = place.replies(ticket);
    assert_eq!(replies.len(), 1, "{replies:?}");
    assert!(replies[0].starts_with("Opened again: it happened on "), "{replies:?}");
    // Open is open: nothing more is said.
    host.happens("boom", 1);
    host.deliver();
    assert_eq!((statuses(&place), place.replies(ticket).len()), (vec![is("opn", 6)], 1));
    assert_eq!(host.outcomes(), [("duplicate".to_owned(), 5), ("filed".to_owned(), 1)]);
}

#[test]
fn another_agent_that_meets_a_closed_ticket_decides_the_same_way() {
    let place = Place::new();
    let (_, ticket) = filed(&place, "");
    place.set(ticket, &[("sg_status_list", json!("res"))]);
    let other = Host::new(&place, "");
    other.happened("boom", 1, event(other.clock.wall_ms() - DAY_MS, ""));
    other.deliver();
    assert_eq!(statuses(&place), [is("res", 2)]);
    let third = Host::new(&place, "");
    third.clock.forward(2 * HOUR_MS);
    third.happens("boom", 1);
    third.deliver();
    assert_eq!(statuses(&place), [is("opn", 3)]);
}

#[test]
fn after_the_window_and_with_never_a_new_ticket_is_made_and_linked() {
    for (rule, wait_ms) in [("within:30d", 31 * DAY_MS), ("never", HOUR_MS)] {
        let place = Place::new();
        let (host, ticket) = filed(&place, &format!("[ticket]\nreopen = '{rule}'"));
        host.happens("boom", 4);
        host.deliver();
        place.set(ticket, &[("sg_status_list", json!("res"))]);
        host.clock.forward(wait_ms);
        host.happens("boom", 2);
        host.deliver();
        assert_eq!(statuses(&place), [is("res", 5), is("wtg", 2)], "{rule}");
        let new = place.tickets().pop().unwrap();
        assert_eq!(new.links("tickets")[0].id, ticket);
        assert!(new.text("description").unwrap().contains(&format!("ticket {ticket}, which was closed")));
        assert_eq!(host.outcomes(), [("duplicate".to_owned(), 5), ("filed".to_owned(), 2)], "{rule}");
        // It goes on on the new one, also for who comes later.
        host.happens("boom", 1);
        host.deliver();
        let other = Host::new(&place, &format!("[ticket]\nreopen = '{rule}'"));
        other.happens("boom", 1);
        other.deliver();
        assert_eq!(statuses(&place), [is("res", 5), is("wtg", 4)], "{rule}");
    }
}

#[test]
fn always_opens_however_long_ago_it_was() {
    let place = Place::new();
    let (host, ticket) = filed(&place, "[ticket]\nreopen = 'always'");
    place.set(ticket, &[("sg_status_list", json!("res"))]);
    host.clock.forward(400 * DAY_MS);
    host.happens("boom", 1);
    host.deliver();
    assert_eq!(statuses(&place), [is("opn", 2)]);
}

#[test]
fn old_releases_open_nothing_once_a_release_has_the_fix() {
    let place = Place::new();
    // Any text field will do here.
    let (host, ticket) = filed(&place, "[ticket]\nfixed_in_field = 'reply_content'");
    place.set(ticket, &[("sg_status_list", json!("res")), ("reply_content", json!("v2.10.9"))]);
    host.clock.forward(HOUR_MS);
    host.happened("boom", 1, event(host.clock.wall_ms(), "v2.10.8"));
    host.deliver();
    assert_eq!(statuses(&place), [is("res", 2)]);
    host.clock.forward(HOUR_MS);
    host.happened("boom", 1, event(host.clock.wall_ms(), "v2.10.9"));
    host.deliver();
    assert_eq!(statuses(&place), [is("opn", 3)]);
}

#[test]
fn what_nobody_will_fix_is_counted_and_never_opened() {
    let place = Place::new();
    let (host, ticket) = filed(&place, "[ticket]\nwont_fix_statuses = ['rev']\nreopen = 'always'");
    place.set(ticket, &[("sg_status_list", json!("rev"))]);
    for _ in 0..2 {
        host.clock.forward(40 * DAY_MS);
        host.happens("boom", 2);
        host.deliver();
    }
    assert_eq!((statuses(&place), place.replies(ticket).len()), (vec![is("rev", 5)], 0));
}

#[test]
fn a_ticket_that_is_closed_and_opened_again_and_again_stays_closed_and_says_so_once() {
    let place = Place::new();
    let (host, ticket) = filed(&place, "");
    for round in 1..=6 {
        place.set(ticket, &[("sg_status_list", json!("res"))]);
        host.clock.forward(HOUR_MS);
        // A moment of the site's own between two closings.
        std::thread::sleep(std::time::Duration::from_millis(1_100));
        host.happens("boom", 1);
        host.deliver();
        let expected = if round <= 3 { "opn" } else { "res" };
        assert_eq!(statuses(&place), [is(expected, round + 1)], "round {round}");
    }
    let replies = place.replies(ticket);
    let notes = replies.iter().filter(|text| text.starts_with("Flapping")).count();
    assert_eq!((replies.len(), notes), (4, 1), "{replies:#?}");
    // The next day it may be opened again.
    host.clock.forward(DAY_MS);
    host.happens("boom", 1);
    host.deliver();
    assert_eq!(statuses(&place), [is("opn", 8)]);
}

#[test]
fn a_renamed_and_moved_and_edited_ticket_is_still_ours() {
    let place = Place::new();
    let (host, ticket) = filed(&place, "");
    let mut fields = flow::Fields::new();
    fields.insert("name".to_owned(), json!("elsewhere"));
    let project = flow::Site::create(&place.site(), "Project", &fields, &["id"]).unwrap().id;
    place.set(
        ticket,
        &[
            ("title", json!("Publisher breaks on Mondays")),
            ("description", json!("see wiki")),
            ("project", json!({ "type": "Project", "id": project })),
            ("sg_status_list", json!("ip")),
        ],
    );
    host.happens("boom", 1);
    host.deliver();
    let other = Host::new(&place, "");
    other.happens("boom", 1);
    other.deliver();
    let tickets = place.tickets();
    assert_eq!((tickets.len(), count(&tickets[0])), (1, 3));
    assert_eq!(tickets[0].text("title"), Some("Publisher breaks on Mondays"));
    assert_eq!(tickets[0].text("description"), Some("see wiki"));
    assert_eq!(tickets[0].link_id("project"), Some(project));
    assert_eq!(tickets[0].text("sg_status_list"), Some("ip"));
    // Without the field the line in the description tells; it needs only to be somewhere.
    place.set(
        ticket,
        &[
            ("sg_incident_key", Value::Null),
            ("description", json!("see wiki\ntk-incident: v1 g1:boom\nthanks")),
        ],
    );
    let third = Host::new(&place, "");
    third.happens("boom", 1);
    third.deliver();
    assert_eq!((place.tickets().len(), count(&place.ticket(ticket))), (1, 4));
}

#[test]
fn a_deleted_ticket_is_not_made_again_for_a_while_and_what_happens_is_counted() {
    let place = Place::new();
    let (host, ticket) = filed(&place, "");
    host.happens("boom", 2);
    flow::Site::delete(&place.site(), "Ticket", ticket).unwrap();
    host.deliver();
    host.happens("boom", 3);
    host.deliver();
    let other = Host::new(&place, "");
    other.happens("boom", 1);
    other.deliver();
    assert_eq!(place.tickets().len(), 0);
    // Those before anybody knew are duplicates; those after are kept back.
    let all = [("cooldown", 3), ("duplicate", 2), ("filed", 1)];
    assert_eq!(host.outcomes(), all.map(|(outcome, count)| (outcome.to_owned(), count)));
    assert_eq!(other.outcomes(), [("cooldown".to_owned(), 1)]);
    // After the window it is a problem like any other.
    host.clock.forward(31 * DAY_MS);
    host.happens("boom", 4);
    host.deliver();
    assert_eq!(statuses(&place), [is("wtg", 4)]);
    assert_eq!(host.outcomes().iter().map(|(_, count)| count).sum::<u64>(), 10);
}

#[test]
fn a_deleted_ticket_that_people_bring_back_goes_on() {
    let place = Place::new();
    let (host, ticket) = filed(&place, "");
    flow::Site::delete(&place.site(), "Ticket", ticket).unwrap();
    host.happens("boom", 2);
    host.deliver();
    let revived = ureq_revive(&place, ticket);
    assert!(revived);
    host.happens("boom", 1);
    host.deliver();
    assert_eq!(statuses(&place), [is("wtg", 4)]);
    host.happens("boom", 1);
    assert_eq!(host.outcomes().iter().find(|(outcome, _)| outcome == "duplicate").unwrap().1, 3);
}

/// What the page's "restore" does; no client of ours needs it.
fn ureq_revive(place: &Place, ticket: u64) -> bool {
    use std::io::{Read, Write};
    let ready = place.desk.ready();
    let body = json!({ "method_name": "revive", "params": [
        { "script_name": ready.script_name, "script_key": ready.script_key }, { "type": "Ticket", "id": ticket }] });
    let body = body.to_string();
    let mut stream = std::net::TcpStream::connect(ready.url.strip_prefix("http://").unwrap()).unwrap();
    write!(
        stream,
        "POST /api3/json HTTP/1.1\r\nHost: desk\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.contains("true")
}
