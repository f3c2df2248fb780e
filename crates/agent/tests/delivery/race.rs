//! Several machines meet the same problem at the same moment.

use crate::world::{Host, Place, count};
use flow::Row;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Barrier;

/// Rounds of one race, a problem of its own in each. `TK_INCIDENT_RACE_ROUNDS` makes it long.
fn rounds(usual: u64) -> u64 {
    std::env::var("TK_INCIDENT_RACE_ROUNDS").map_or(usual, |rounds| rounds.parse().unwrap())
}

/// The open tickets by problem, with their counts.
fn open_tickets(tickets: &[Row]) -> BTreeMap<String, Vec<i64>> {
    let mut open: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for ticket in tickets.iter().filter(|ticket| ticket.text("sg_status_list") != Some("res")) {
        open.entry(ticket.text("title").unwrap().to_owned()).or_default().push(count(ticket));
    }
    open
}

fn problem(round: u64) -> String {
    let letter = |number: u64| char::from(b'a' + u8::try_from(number % 26).unwrap());
    format!("problem {}{}", letter(round / 26), letter(round))
}

/// Every host meets each problem once or more, in every round at the same moment as the others.
fn race(hosts: usize, rounds: u64) {
    let place = Place::new();
    let barrier = Barrier::new(hosts);
    std::thread::scope(|scope| {
        for number in 0..hosts {
            let (place, barrier) = (&place, &barrier);
            scope.spawn(move || {
                let host = Host::new(place, "[ticket]\nscope = 'site'");
                let mut worker = host.worker();
                for round in 0..rounds {
                    host.happens(&problem(round), times(number, round));
                    barrier.wait();
                    host.deliver_with(&mut worker);
                    // It goes on happening on some of them, while others still deliver the first.
                    if (number as u64 + round).is_multiple_of(3) {
                        host.happens(&problem(round), 1);
                        host.deliver_with(&mut worker);
                    }
                    barrier.wait();
                }
                assert_eq!(
                    host.outcomes().iter().map(|(_, count)| count).sum::<u64>(),
                    all_of(number, rounds)
                );
            });
        }
    });
    let tickets = place.tickets();
    let expected: BTreeMap<String, Vec<i64>> = (0..rounds)
        .map(|round| {
            let all: u64 = (0..hosts)
                .map(|number| times(number, round) + u64::from((number as u64 + round).is_multiple_of(3)))
                .sum();
            (format!("alice - {}", problem(round)), vec![i64::try_from(all).unwrap()])
        })
        .collect();
    let folded = tickets.len() as u64 - rounds;
    assert_eq!(open_tickets(&tickets), expected, "{hosts} hosts; {folded} tickets were folded");
    assert!(folded > 0, "nothing was made at the same moment, so this test has shown nothing");
    for ticket in tickets.iter().filter(|ticket| ticket.text("sg_status_list") == Some("res")) {
        let stays = ticket.links("tickets")[0].id;
        assert!(stays < ticket.id);
        let words = place.replies(ticket.id).pop().unwrap();
        assert!(words.contains(&format!("The same problem has ticket {stays}")), "{words}");
        assert!(ticket.text("description").unwrap().contains(&format!("tk-incident-folded: into {stays}")));
    }
    // Every machine's log and archive, once.
    for ticket in tickets.iter().filter(|ticket| ticket.text("sg_status_list") != Some("res")) {
        let names: Vec<String> =
            ticket.links("attachments").into_iter().map(|link| link.name.unwrap()).collect();
        assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len(), "{names:?}");
        assert_eq!(names.len(), 2 * hosts, "{names:?}");
    }
}

fn times(number: usize, round: u64) -> u64 {
    1 + (number as u64 * 7 + round) % 4
}

fn all_of(number: usize, rounds: u64) -> u64 {
    (0..rounds).map(|round| times(number, round) + u64::from((number as u64 + round).is_multiple_of(3))).sum()
}

#[test]
fn two_hosts_meet_the_same_problem_and_one_ticket_with_all_counts_remains() {
    race(2, rounds(25));
}

#[test]
fn ten_hosts_meet_the_same_problem_and_one_ticket_with_all_counts_remains() {
    race(10, rounds(8));
}
