//! A day of many workstations, and eight hours without the site.
//!
//! Compared with what was done, by nothing of the agent's own: how often each problem happened on each workstation, that
//! each is on one ticket with that count or is told of by a digest or an outage, and that no workstation asks more of the
//! site than it may. `cargo xtask soak day` is the long form (`TK_INCIDENT_DAY_WORKSTATIONS`).

use crate::bench::{Dice, HOUR_MS, MINUTE_MS, START_MS};
use crate::fleet::{CLOSED_MINUTE, Fleet, login};
use agent::shared::lock;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::Ordering;

/// How often each problem of each workstation has happened.
type Model = BTreeMap<(usize, String), u64>;

struct Day {
    fleet: Fleet,
    dice: Dice,
    model: Model,
    /// Tickets that people have closed.
    closed: BTreeSet<String>,
    /// Problems that came back afterwards.
    back: BTreeSet<String>,
}

impl Day {
    fn new(workstations: usize, seed: u64) -> Day {
        let fleet = Fleet::new(workstations, START_MS);
        Day { fleet, dice: Dice(seed), model: Model::new(), closed: BTreeSet::new(), back: BTreeSet::new() }
    }

    fn happens(&mut self, who: usize, signature: &str, error: &str, reason: &str, times: u64) {
        self.fleet.happens(who, signature, error, reason, times);
        *self.model.entry((who, signature.to_owned())).or_default() += times;
        let key = format!("{signature} {}", login(who));
        if self.closed.contains(&key) {
            self.back.insert(key);
        }
    }

    /// Half a minute of the day.
    fn half_minute(&mut self, minute: u64) {
        let of_release = (120..150).contains(&minute) || (630..640).contains(&minute);
        self.fleet.away.store((300..420).contains(&minute), Ordering::SeqCst);
        if minute == CLOSED_MINUTE.unsigned_abs() && self.closed.is_empty() {
            self.closed = self.fleet.close("g1:release").into_iter().collect();
        }
        for who in 0..self.fleet.workstations.len() {
            if self.dice.one_in(240) {
                let problem = self.dice.below(4);
                self.happens(who, &format!("g1:own{problem}"), "KeyError", "'shot'", 1);
            }
            // A bad release for two of three; it is fixed, and comes back late in the day.
            if of_release && who % 3 > 0 && self.dice.one_in(4) {
                let problem = self.dice.below(15);
                let times = 1 + self.dice.below(3);
                self.happens(who, &format!("g1:release{problem:02}"), "AttributeError", "x", times);
            }
            // While the site is away, so are other things.
            if (310..400).contains(&minute) && self.dice.one_in(60) {
                let problem = self.dice.below(9);
                self.happens(who, &format!("g1:names{problem}"), "gaierror", "getaddrinfo failed", 1);
            }
            if self.dice.one_in(1_000) {
                self.fleet.restart(who);
            }
        }
        self.fleet.pass(MINUTE_MS / 2);
    }

    /// Goes on until nothing waits for anything.
    fn rest(&mut self, most_hours: i64) {
        for _ in 0..most_hours * 30 {
            if self.fleet.workstations.iter().all(|workstation| workstation.is_done()) {
                return;
            }
            self.fleet.pass(2 * MINUTE_MS);
        }
        panic!("something still waits after {most_hours} hours");
    }

    fn check(&mut self) -> Figures {
        let tickets = self.fleet.tickets();
        let by_key: HashMap<&str, &flow::Row> =
            tickets.iter().map(|row| (row.text("sg_incident_key").unwrap(), row)).collect();
        assert_eq!(by_key.len(), tickets.len(), "one ticket for each key");
        let mut figures = Figures { tickets: tickets.len(), closed: self.closed.len(), ..Figures::default() };
        let mut told: HashMap<usize, String> = HashMap::new();
        for row in &tickets {
            let key = row.text("sg_incident_key").unwrap();
            if key.starts_with("digest ") || key.starts_with("outage:") {
                figures.digests += usize::from(key.starts_with("digest "));
                figures.outages += usize::from(key.starts_with("outage:"));
                let who = (0..self.fleet.workstations.len())
                    .find(|who| key.contains(&format!(" {}@", login(*who))))
                    .unwrap();
                told.entry(who).or_default().push_str(row.text("description").unwrap());
            }
        }
        let mut with_ticket = 0;
        for ((who, signature), count) in &self.model {
            let key = format!("{signature} {}", login(*who));
            match by_key.get(key.as_str()) {
                Some(ticket) => {
                    with_ticket += 1;
                    assert_eq!(ticket.number("sg_incident_count"), Some(*count as i64), "{key}");
                    let is_closed = ticket.text("sg_status_list") == Some("res");
                    let stays = self.closed.contains(&key) && !self.back.contains(&key);
                    assert_eq!(is_closed, stays, "{key}: what comes back is open again, nothing else");
                    figures.reopened += usize::from(self.back.contains(&key));
                }
                None => {
                    figures.folded += 1;
                    let text = told.get(who).map_or("", String::as_str);
                    assert!(text.contains(signature.as_str()), "{key} is told of nowhere:\n{text}");
                }
            }
        }
        assert_eq!(with_ticket + figures.digests + figures.outages, tickets.len(), "nothing else is there");
        for who in 0..self.fleet.workstations.len() {
            self.fleet.restart(who);
            let totals = lock(&self.fleet.workstations[who].shared.store).totals().unwrap();
            let expected: u64 =
                self.model.iter().filter(|((of, _), _)| *of == who).map(|(_, count)| count).sum();
            let name = self.fleet.workstations[who].name();
            assert_eq!((totals.seen, totals.outcomes.values().sum()), (expected, expected), "{name}");
            for (outcome, count) in totals.outcomes {
                *figures.outcomes.entry(outcome).or_default() += count;
            }
        }
        self.check_limits(&mut figures);
        figures
    }

    /// No workstation opened more tickets than it may, in whatever hour or day; digests and outages come on top, one
    /// an hour of each kind.
    fn check_limits(&self, figures: &mut Figures) {
        let asked = self.fleet.asked.lock().unwrap();
        for who in 0..self.fleet.workstations.len() {
            let of = |own: bool| {
                let is_own = |title: &str| title.contains("Storm: ") || title.contains("Outage: ");
                let created = asked.created.iter().filter(move |(by, ..)| *by == who);
                created
                    .filter(move |(.., title)| is_own(title) == own)
                    .map(|(_, at, _)| *at)
                    .collect::<Vec<_>>()
            };
            for (first, at) in of(false).iter().enumerate() {
                let within = |ms: i64| of(false)[first..].iter().filter(|other| **other < at + ms).count();
                // Those of an outage of the site were allowed one by one while it lasted, and are filed together.
                assert!(within(24 * HOUR_MS) <= 20 + 20, "{who}");
                figures.most_an_hour = figures.most_an_hour.max(within(HOUR_MS));
                figures.most_a_day = figures.most_a_day.max(within(24 * HOUR_MS));
            }
        }
        let mut of_all: BTreeMap<i64, u64> = BTreeMap::new();
        for ((_, minute), (calls, writes)) in &asked.calls {
            figures.calls += calls;
            *of_all.entry(*minute).or_default() += calls;
            figures.most_calls_a_minute = figures.most_calls_a_minute.max(*calls);
            figures.most_writes_a_minute = figures.most_writes_a_minute.max(*writes);
        }
        figures.most_calls_a_minute_of_all = of_all.values().max().copied().unwrap_or(0);
    }
}

#[derive(Debug, Default)]
#[expect(dead_code, reason = "printed whole")]
struct Figures {
    tickets: usize,
    digests: usize,
    outages: usize,
    folded: usize,
    closed: usize,
    reopened: usize,
    outcomes: BTreeMap<String, u64>,
    most_an_hour: usize,
    most_a_day: usize,
    calls: u64,
    most_calls_a_minute: u64,
    most_writes_a_minute: u64,
    most_calls_a_minute_of_all: u64,
}

#[test]
fn a_day_with_a_bad_release_an_outage_and_a_regression() {
    let workstations = std::env::var("TK_INCIDENT_DAY_WORKSTATIONS").ok().and_then(|text| text.parse().ok());
    let mut day = Day::new(workstations.unwrap_or(9), 0x5EED);
    for minute in 0..720 {
        day.half_minute(minute);
        day.half_minute(minute);
    }
    day.rest(48);
    let figures = day.check();
    println!("{figures:#?}");
    assert!(figures.digests > 0 && figures.outages > 0 && figures.folded > 0, "{figures:#?}");
    assert!(figures.reopened > 0 && figures.reopened < figures.closed, "{figures:#?}");
}

#[test]
fn eight_hours_without_the_site_are_caught_up_in_order_and_within_the_limits() {
    let mut day = Day::new(1, 0xA11);
    day.fleet.away.store(true, Ordering::SeqCst);
    for record in 0..5_000_i64 {
        // New problems all the time, and old ones again.
        let known = u64::try_from(record * 300 / 5_000 + 1).unwrap();
        let problem = if record * 300 % 5_000 < 300 { known - 1 } else { day.dice.below(known) };
        day.happens(0, &format!("g1:{problem:04}"), "ValueError", "bad range", 1);
        day.fleet.pass(8 * HOUR_MS / 5_000);
    }
    let bytes = day.fleet.disk_bytes(0);
    println!("{} KiB on disk", bytes / 1_024);
    assert!(bytes < 16 * 1_024 * 1_024, "{bytes} bytes");
    assert!(day.fleet.tickets().is_empty());
    day.fleet.away.store(false, Ordering::SeqCst);
    day.rest(400);
    let figures = day.check();
    println!("{figures:#?}");
    assert_eq!(day.model.len(), 300);
    let asked = day.fleet.asked.lock().unwrap();
    let titles: Vec<&String> = asked.created.iter().map(|(.., title)| title).collect();
    let own: Vec<&&String> = titles.iter().filter(|title| !title.contains("Storm: ")).collect();
    assert!(own.is_sorted(), "who came first is filed first: {own:#?}");
}
