//! Many clients at once for a minute: what each of them does, and how long it waited.

use super::made;
use super::site::{Client, Site, median, number_after, timed};
use super::{FIND, by_key, found};
use crate::bench::say;
use crate::shell::Done;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const CLIENTS: u64 = 200;
const LASTS: Duration = Duration::from_secs(60);

/// What was done, with the time each took in milliseconds.
type Times = BTreeMap<&'static str, Vec<f64>>;

/// Tells how often and how slowly everything went; the first error of any client is one.
pub(super) fn crowd(site: &Site, tickets: u64) -> Done {
    let (project_id, until) = (site.project_id()?, Instant::now() + LASTS);
    let mut threads = Vec::new();
    for number in 0..CLIENTS {
        let client = site.client()?;
        threads.push(std::thread::spawn(move || one(client, number, tickets, project_id, until)));
    }
    let (mut all, mut errors) = (Times::new(), Vec::new());
    for thread in threads {
        let (times, ended) = thread.join().map_err(|_| "a client panicked")?;
        for (what, times) in times {
            all.entry(what).or_default().extend(times);
        }
        errors.extend(ended.err());
    }
    let calls: usize = all.values().map(Vec::len).sum();
    say(&format!("  {CLIENTS} clients for {} s: {calls} calls, {} errors", LASTS.as_secs(), errors.len()));
    for (what, times) in &mut all {
        let middle = median(times);
        let slowest = times.last().copied().unwrap_or(0.0);
        say(&format!("    {what}: {} times, median {middle:.0} ms, slowest {slowest:.0} ms", times.len()));
    }
    match errors.first() {
        None => Ok(()),
        Some(first) => {
            Err(format!("{} of {CLIENTS} clients ended with an error; the first: {first}", errors.len()))
        }
    }
}

fn one(mut client: Client, number: u64, tickets: u64, project_id: u64, until: Instant) -> (Times, Done) {
    let mut dice = made::Dice::new(0xc0ffee + number);
    let mut times = Times::new();
    let mut own = tickets * (number + 2);
    while Instant::now() < until {
        own += 1;
        let ticket = 1 + dice.below(tickets);
        let (what, done) = match dice.below(100) {
            0..40 => ("look for a key", timed(|| client.call("read", &by_key(ticket)).map(drop))),
            40..55 => ("list page", timed(|| client.page("/tickets").map(drop))),
            55..70 => ("ticket page", timed(|| client.page(&format!("/tickets/{ticket}")).map(drop))),
            70..72 => ("find 500", timed(|| client.call("read", FIND).and_then(|text| found(&text)))),
            72..90 => ("create", timed(|| create(&mut client, own, project_id).map(drop))),
            _ => (
                "create and upload",
                timed(|| {
                    let id = create(&mut client, own, project_id)?;
                    client.upload(id, "tk-maya.log", &made::log(own)).map(drop)
                }),
            ),
        };
        match done {
            Ok(((), time)) => times.entry(what).or_default().push(time),
            Err(error) => return (times, Err(format!("{what}: {error}"))),
        }
    }
    (times, Ok(()))
}

/// Creates a ticket; gives its id.
pub(super) fn create(client: &mut Client, number: u64, project_id: u64) -> Result<u64, String> {
    let fields = made::ticket(number, project_id);
    let answer = client
        .call("create", &format!("{{\"type\":\"Ticket\",\"fields\":{fields},\"return_fields\":[\"id\"]}}"))?;
    number_after(&answer, "\"id\":").ok_or_else(|| "create: no id in the answer".to_owned())
}
