//! One state at a time, with time given: limits, storms, mutes and outages, case by case.

use crate::bench::{Bench, HOUR_MS, MINUTE_MS, START_MS, facts, mute};
use agent::facts::IncidentFacts;
use agent::policy::mute::Until;
use agent::settings::{LimitSettings, MuteEnd, MuteSetting};
use agent::store::{Stands, Step};

#[test]
fn three_tickets_at_once_then_one_in_twelve_minutes_and_no_count_is_lost() {
    let mut bench = Bench::new();
    let decided: Vec<_> = ["a", "b", "c", "d", "e"].map(|name| bench.happens(name, 2).first).into();
    assert_eq!(decided, ["spooled", "spooled", "spooled", "storm_host", "storm_host"]);
    bench.minutes(1);
    assert_eq!(bench.filed(), ["alice - a", "alice - b", "alice - c"]);
    assert_eq!(bench.outcomes(), [("duplicate", 5), ("filed", 3), ("storm_host", 2)].map(own).into());
    assert_eq!(bench.store.waiting_count().unwrap(), 2);
    assert!(bench.store.waiting(9).unwrap().iter().all(|step| step.held));
    let limit = bench.store.ticket_limit(&bench.limits, bench.now_ms).unwrap();
    assert_eq!((limit.left, limit.held, limit.next_ms), (Some(0), 2, START_MS + 12 * MINUTE_MS));
    bench.restart();
    assert_eq!(bench.happens("e", 7).first, "duplicate", "repeats of what is held are counted");
    bench.minutes(10);
    assert_eq!(bench.filed(), [""; 0]);
    bench.minutes(1);
    // Who comes new does not go first.
    assert_eq!(bench.happens("f", 1).first, "storm_host");
    assert_eq!(bench.filed(), ["alice - d"]);
    bench.minutes(12);
    let e = bench.deliver();
    assert_eq!((e[0].title.as_str(), e[0].count), ("alice - e", 9));
    bench.minutes(12);
    assert_eq!(bench.filed(), ["alice - f"]);
    assert_eq!(bench.outcomes(), [("duplicate", 12), ("filed", 6)].map(own).into());
    bench.restart();
}

fn own((word, count): (&str, u64)) -> (String, u64) {
    (word.to_owned(), count)
}

#[test]
fn a_clock_that_is_set_neither_stops_nor_opens_the_bucket() {
    for jump_ms in [-400 * 24 * HOUR_MS, 400 * 24 * HOUR_MS] {
        let mut bench = Bench::new();
        for name in ["a", "b", "c", "d"] {
            bench.happens(name, 1);
        }
        bench.now_ms += jump_ms;
        let at_once = bench.filed().len();
        assert!(at_once <= 4);
        for minute in 0..13 {
            if minute > 0 {
                bench.minutes(1);
            }
            bench.filed();
        }
        assert_eq!(bench.tickets, 4, "after {jump_ms}");
    }
}

#[test]
fn a_ticket_that_was_there_takes_no_room() {
    let mut bench = Bench::new();
    for name in ["a", "b", "c"] {
        bench.happens(name, 1);
    }
    bench.minutes(1);
    while let Some(delivery) = bench.store.next_delivery(bench.now_ms).unwrap() {
        match delivery.step {
            Step::Ticket => bench.store.ticket_stands(&delivery, 7, Stands::Found, bench.now_ms).unwrap(),
            _ => bench.store.count_told(&delivery, bench.now_ms, bench.now_ms).unwrap(),
        }
    }
    let limit = bench.store.ticket_limit(&bench.limits, bench.now_ms).unwrap();
    assert_eq!(limit.left, Some(3));
}

#[test]
fn nought_is_no_limit_and_what_was_held_comes_through() {
    let mut bench = Bench::new();
    let none = LimitSettings { tickets_per_hour: 0, tickets_per_day: 0, ..bench.limits.clone() };
    for number in 0..30 {
        bench.happens(&format!("{number}"), 1);
    }
    bench.limits = none;
    for number in 30..60 {
        assert_eq!(bench.happens(&format!("{number}"), 1).first, "spooled");
    }
    bench.minutes(1);
    assert_eq!(bench.filed().len(), 60);
}

#[test]
fn a_storm_is_one_digest_an_hour_and_who_goes_on_gets_a_ticket() {
    let mut bench = Bench::new();
    for number in 0..20 {
        bench.happens(&format!("{number:02}"), 1 + number);
    }
    let settled = bench.store.settle(&bench.limits, bench.now_ms).unwrap();
    assert_eq!((settled.storm_begins, settled.digest), (Some(17), None));
    assert_eq!(bench.filed(), [""; 0]);
    bench.minutes(2);
    let filed = bench.deliver();
    let titles: Vec<_> = filed.iter().map(|delivery| delivery.title.as_str()).collect();
    let digest = "alice - Storm: 17 problems held back on ws-042, 2027-01-15 08:02";
    assert_eq!(titles, ["alice - 00", "alice - 01", "alice - 02", digest]);
    let told: IncidentFacts = serde_json::from_str(&filed[3].facts).unwrap();
    assert_eq!(
        (told.digest.len(), told.digest[0].title.as_str(), told.digest[0].count),
        (17, "alice - 19", 20)
    );
    for number in 3..20 {
        assert!(told.message.contains(&format!("g1:{number:02}")), "{}", told.message);
    }
    assert_eq!(filed[3].count, 17);
    // What is listed waits for nothing; what goes on does.
    assert_eq!(bench.store.waiting_count().unwrap(), 0);
    bench.restart();
    bench.minutes(20);
    assert_eq!(bench.filed(), [""; 0], "nobody has asked again");
    bench.happens("07", 1);
    bench.happens("08", 1);
    assert_eq!(bench.filed(), ["alice - 07"]);
    // A first sight in the storm is in the next digest, if it has no ticket by then.
    for number in 30..40 {
        bench.happens(&format!("{number}"), 1);
    }
    bench.minutes(39);
    let filed = bench.filed();
    assert!(!filed.iter().any(|title| title.contains("Storm")), "{filed:?}");
    bench.minutes(2);
    let filed = bench.filed();
    assert!(filed.iter().any(|title| title.contains("Storm: 8 problems")), "{filed:?}");
    assert!(bench.store.ticket_limit(&bench.limits, bench.now_ms).unwrap().storm_since_ms.is_some());
    bench.minutes(61);
    assert!(bench.store.settle(&bench.limits, bench.now_ms).unwrap().storm_ends);
    bench.restart();
}

#[test]
fn a_mute_counts_tells_nobody_and_ends() {
    let mut bench = Bench::new();
    bench.happens("a", 1);
    bench.minutes(1);
    assert_eq!(bench.filed(), ["alice - a"]);
    let now_ms = bench.now_ms;
    let until = Until { date_ms: Some(now_ms + HOUR_MS), ..Until::default() };
    assert_eq!(bench.store.mute(&mute("g1:a", until), now_ms).unwrap(), 1);
    assert_eq!(bench.store.mute(&mute("g1:b alice", until), now_ms).unwrap(), 0);
    for name in ["a", "b"] {
        let decided = bench.happens(name, 5);
        assert_eq!((decided.first, decided.rest), ("muted", "muted"));
    }
    bench.minutes(59);
    assert_eq!((bench.filed(), bench.store.next_due_ms(None, None).unwrap()), (vec![], None));
    let mutes = bench.store.mutes().unwrap();
    assert_eq!(mutes.iter().map(|mute| mute.count).collect::<Vec<_>>(), [5, 5]);
    assert_eq!(mutes[1].title.as_deref(), Some("alice - a"));
    bench.restart();
    bench.minutes(2);
    // The date has come: the next time, they are heard of.
    assert_eq!(bench.happens("a", 1).first, "duplicate");
    let decided = bench.happens("b", 3);
    assert_eq!((decided.first, decided.rest, decided.count), ("spooled", "duplicate", 8));
    bench.minutes(2);
    assert_eq!(bench.filed(), ["alice - b"]);
    assert!(bench.store.mutes().unwrap().iter().all(|mute| mute.ended_why.is_some()));
    bench.restart();
}

#[test]
fn a_mute_that_ended_by_a_clock_that_was_wrong_goes_on_when_it_is_set_back() {
    let mut bench = Bench::new();
    let until = Until { date_ms: Some(bench.now_ms + 48 * HOUR_MS), ..Until::default() };
    bench.store.mute(&mute("g1:a", until), bench.now_ms).unwrap();
    assert_eq!(bench.happens("a", 1).first, "muted");
    let year_ms = 365 * 24 * HOUR_MS;
    bench.now_ms += year_ms;
    assert_eq!(bench.happens("a", 1).first, "spooled");
    bench.minutes(1);
    assert_eq!(bench.filed(), ["alice - a"]);
    bench.now_ms -= year_ms;
    bench.store.clock_was_set(-year_ms, bench.now_ms).unwrap();
    assert_eq!(bench.happens("a", 5).first, "muted");
    assert_eq!(bench.deliver().len(), 0);
    // And ends in its time, and then for good.
    bench.now_ms += 49 * HOUR_MS;
    assert_eq!(bench.happens("a", 1).first, "duplicate");
    bench.store.clock_was_set(-MINUTE_MS, bench.now_ms - MINUTE_MS).unwrap();
    assert_eq!(bench.happens("a", 1).first, "duplicate");
    bench.adds_up();
}

#[test]
fn a_mute_that_is_taken_back_tells_the_ticket_what_was_counted() {
    let mut bench = Bench::new();
    bench.happens("a", 1);
    bench.minutes(1);
    bench.filed();
    bench.store.mute(&mute("g1:a", Until::default()), bench.now_ms).unwrap();
    bench.happens("a", 9);
    assert!(bench.store.next_delivery(bench.now_ms + HOUR_MS).unwrap().is_none());
    assert!(bench.store.unmute("g1:a", bench.now_ms).unwrap());
    assert!(!bench.store.unmute("g1:a", bench.now_ms).unwrap());
    let step = bench.store.next_delivery(bench.now_ms).unwrap().unwrap();
    assert_eq!((step.step, step.count, step.told_count), (Step::Count, 10, 1));
}

#[test]
fn a_mute_of_what_waits_keeps_it_back() {
    let mut bench = Bench::new();
    for name in ["a", "b", "c", "d"] {
        bench.happens(name, 2);
    }
    for name in ["g1:a", "g1:d"] {
        bench.store.mute(&mute(name, Until::default()), bench.now_ms).unwrap();
    }
    bench.adds_up();
    bench.minutes(1);
    assert_eq!(bench.filed(), ["alice - b", "alice - c"]);
    assert_eq!(bench.outcomes(), [("duplicate", 4), ("filed", 2), ("muted", 2)].map(own).into());
    // The room that it gave back is there for another one.
    assert_eq!(bench.happens("e", 1).first, "spooled");
    bench.restart();
}

#[test]
fn a_mute_ends_when_it_happens_too_often_or_gets_worse() {
    let mut bench = Bench::new();
    let often = Until { count: Some((10, 2)), ..Until::default() };
    bench.store.mute(&mute("g1:a", often), bench.now_ms).unwrap();
    bench.store.mute(&mute("g1:b", Until { escalating: true, ..Until::default() }), bench.now_ms).unwrap();
    bench.happens("b", 4);
    assert_eq!(bench.happens("a", 9).first, "muted");
    assert_eq!(bench.happens("a", 1).first, "spooled");
    bench.minutes(70);
    assert_eq!(bench.happens("b", 12).first, "muted");
    assert_eq!(bench.happens("b", 1).first, "spooled");
    bench.restart();
}

#[test]
fn mutes_of_the_settings_come_and_go_with_them() {
    let mut bench = Bench::new();
    let setting = |until| MuteSetting { signature: "g1:a".into(), reason: "known".into(), until };
    for _ in 0..2 {
        bench.store.mutes_of_settings(&[setting(MuteEnd::Usual)], bench.now_ms).unwrap();
    }
    assert_eq!(bench.store.mutes().unwrap().len(), 1);
    assert_eq!(bench.happens("a", 1).first, "muted");
    assert!(!bench.store.unmute("g1:a", bench.now_ms).unwrap(), "only in the settings");
    bench.minutes(31 * 24 * 60);
    assert_eq!(bench.happens("a", 1).first, "spooled");
    bench.store.mutes_of_settings(&[setting(MuteEnd::Usual)], bench.now_ms).unwrap();
    assert_eq!(bench.happens("a", 1).first, "duplicate", "it has ended for good");
    bench.store.mutes_of_settings(&[setting(MuteEnd::Forever)], bench.now_ms).unwrap();
    assert_eq!(bench.happens("a", 1).first, "muted");
    bench.store.mutes_of_settings(&[], bench.now_ms).unwrap();
    assert_eq!(bench.happens("a", 1).first, "spooled");
    bench.restart();
}

#[test]
fn many_failures_of_one_connection_are_one_outage() {
    let mut bench = Bench::new();
    let ssl = facts("SSLError", "certificate has expired");
    let first: Vec<_> =
        (0..7).map(|number| bench.happens_with(&format!("{number}"), 2, false, &ssl).first).collect();
    assert_eq!(first[..3], ["spooled"; 3]);
    assert_eq!(first[4..], ["inhibited"; 3]);
    bench.happens("other", 1);
    bench.minutes(1);
    let filed = bench.deliver();
    let titles: Vec<_> = filed.iter().map(|delivery| delivery.title.as_str()).collect();
    let outage = "alice - Outage: problems with certificates or encryption on ws-042, 2027-01-15 08:00";
    assert_eq!(titles, ["alice - other", outage]);
    let told: IncidentFacts = serde_json::from_str(&filed[1].facts).unwrap();
    assert_eq!((told.digest.len(), filed[1].count), (7, 14), "{}", told.message);
    bench.restart();
    assert_eq!(bench.happens_with("0", 3, false, &ssl).first, "inhibited");
    assert_eq!(bench.outcomes(), [("filed", 1), ("inhibited", 17)].map(own).into());
    assert_eq!(bench.store.held(9).unwrap().len(), 7);
    // After an hour without any, it is over.
    bench.minutes(61);
    assert_eq!(bench.happens_with("0", 1, false, &ssl).first, "spooled");
    bench.restart();
}

#[test]
fn a_connection_that_fails_while_the_site_is_away_is_part_of_that() {
    let mut bench = Bench::new();
    let names = facts("gaierror", "[Errno -2] Name or service not known");
    let licence = facts("RuntimeError", "could not check out a license");
    assert_eq!(bench.happens_with("a", 1, true, &names).first, "inhibited");
    assert_eq!(bench.happens_with("b", 1, true, &licence).first, "spooled");
    assert_eq!(bench.happens_with("c", 1, true, &facts("KeyError", "x")).first, "spooled");
    bench.minutes(1);
    assert_eq!(bench.filed().len(), 3);
    assert_eq!(bench.happens_with("a", 1, false, &names).first, "inhibited");
    bench.restart();
}

#[test]
fn what_was_reported_by_hand_is_never_held() {
    let mut bench = Bench::new();
    bench.limits.tickets_per_day = 1;
    bench.happens("a", 1);
    let ssl = facts("SSLError", "x");
    for number in 0..9 {
        assert_eq!(bench.happens_with(&format!("report:{number}"), 1, true, &ssl).first, "spooled");
    }
    bench.minutes(1);
    assert_eq!(bench.filed().len(), 10);
}
