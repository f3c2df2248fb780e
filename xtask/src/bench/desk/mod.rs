//! `bench desk`: how quick a desk with 100 000 tickets and 10 000 files is, and whether 200 clients at once get along with it.
//!
//! The data folder is filled through the desk's own calls, and kept for the next time. It gains some rows each time; removing
//! `target/bench/desk` makes it anew.

mod crowd;
mod made;
mod site;

use self::site::{Client, Site, joined, median, timed};
use super::{folder, megabytes, release_program, say, within};
use crate::shell::Done;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const TICKETS: u64 = 100_000;
const FILES: u64 = 10_000;
/// Tickets of one batch.
const BATCH: u64 = 500;
const UPLOADERS: u64 = 4;
const TIMES: usize = 41;

/// 500 unresolved tickets of the year's second half, the newest first: what a report of support asks for.
const FIND: &str = r#"{"type":"Ticket","return_fields":["id","title","sg_status_list","sg_incident_key","sg_incident_count","sg_incident_last_seen","project","created_by"],
"filters":{"logical_operator":"and","conditions":[{"path":"sg_status_list","relation":"in","values":["opn","wtg","ip"]},
{"path":"title","relation":"contains","values":["Error: first frame"]},
{"path":"sg_incident_last_seen","relation":"greater_than","values":["2025-06-01T00:00:00Z"]}]},
"sorts":[{"field_name":"sg_incident_last_seen","direction":"desc"}],"paging":{"entities_per_page":500,"current_page":1}}"#;

pub(super) fn desk() -> Done {
    if !cfg!(target_os = "linux") {
        return Err("the desk is measured by /proc, on Linux only".to_owned());
    }
    let program = release_program()?;
    let data = folder().join("desk");
    fill(&program, &data)?;

    let site = Site::start(&program, &data)?;
    let project_id = site.project_id()?;
    let mut client = site.client()?;
    say(&format!(
        "desk with {TICKETS} tickets and {FILES} files; medians of {TIMES}, and the CPU time of one:"
    ));
    let mut results = Vec::new();
    let mut measure = |what: &str, budget: Option<f64>, work: &mut dyn FnMut(&mut Client, u64) -> Done| {
        let before = site.cpu_ms()?;
        let mut times = Vec::new();
        for number in 0..TIMES as u64 {
            times.push(timed(|| work(&mut client, number))?.1);
        }
        let cpu = (site.cpu_ms()? - before) / TIMES as f64;
        let what = format!("{what}, ms (CPU {cpu:.1})");
        match budget {
            Some(budget) => results.push(within(&what, median(&mut times), budget)),
            None => say(&format!("  {what}: {:.2}", median(&mut times))),
        }
        Ok::<(), String>(())
    };
    measure("list page", Some(100.0), &mut |client, _| {
        client.page("/tickets").and_then(|page| listed(&page))
    })?;
    measure("list page, searched for two words", None, &mut |client, _| {
        client.page("/tickets?q=tk-nuke+artist07").and_then(|page| listed(&page))
    })?;
    measure("ticket page", None, &mut |client, number| {
        client.page(&format!("/tickets/{}", 1 + number * 2_399)).map(drop)
    })?;
    measure("find of 500", Some(100.0), &mut |client, _| {
        client.call("read", FIND).and_then(|text| found(&text))
    })?;
    measure("find by key", None, &mut |client, number| {
        client.call("read", &by_key(1 + number * 2_399)).map(drop)
    })?;
    // Above every number that has been one, so that no text is there twice.
    let fresh = TICKETS * 1_000 + u64::from(std::process::id()) * 1_000;
    measure("create", Some(10.0), &mut |client, number| {
        crowd::create(client, fresh + number, project_id).map(drop)
    })?;
    measure("upload of a log", None, &mut |client, number| {
        client.upload(1 + number, "tk-maya.log", &made::log(fresh + number)).map(drop)
    })?;
    let (now, most) = site.memory_bytes()?;
    say(&format!("  RSS after that: {:.1} MB, at most {:.1} MB", megabytes(now), megabytes(most)));

    results.push(crowd::crowd(&site, TICKETS));
    let (now, most) = site.memory_bytes()?;
    say(&format!("  RSS after the crowd: {:.1} MB", megabytes(now)));
    results.push(within("RSS at most, MB", megabytes(most), 100.0));
    let failed: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
}

/// Fills the folder, unless that was done.
fn fill(program: &Path, data: &Path) -> Done {
    let told = |error: std::io::Error| format!("{}: {error}", data.display());
    let done = data.join("filled");
    if done.exists() {
        return Ok(());
    }
    if data.exists() {
        fs::remove_dir_all(data).map_err(told)?;
    }
    let site = Site::start(program, data)?;
    let project_id = site.project_id()?;
    let mut client = site.client()?;
    let ((), time) = timed(|| {
        (0..TICKETS / BATCH).try_for_each(|batch| {
            let requests: Vec<String> = (1 + batch * BATCH..=(batch + 1) * BATCH)
                .map(|number| {
                    let fields = made::ticket(number, project_id);
                    format!("{{\"request_type\":\"create\",\"type\":\"Ticket\",\"fields\":{fields},\"return_fields\":[\"id\"]}}")
                })
                .collect();
            client.call("batch", &format!("[{}]", requests.join(","))).map(drop)
        })
    })?;
    say(&format!("filling: {TICKETS} tickets in batches of {BATCH} took {:.0} s", time / 1_000.0));
    let ((), time) = timed(|| upload_all(&site))?;
    say(&format!("filling: {FILES} files by {UPLOADERS} clients took {:.0} s", time / 1_000.0));
    drop(site);
    fs::write(done, "").map_err(told)
}

fn upload_all(site: &Site) -> Done {
    let next = Arc::new(AtomicU64::new(0));
    let mut threads = Vec::new();
    for _ in 0..UPLOADERS {
        let (mut client, next) = (site.client()?, Arc::clone(&next));
        threads.push(std::thread::spawn(move || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= FILES {
                    return Ok(());
                }
                client.upload(1 + number * (TICKETS / FILES), "tk-maya.log", &made::log(number))?;
            }
        }));
    }
    joined(threads)
}

/// The question an agent asks before it files.
fn by_key(number: u64) -> String {
    format!(
        r#"{{"type":"Ticket","return_fields":["id","sg_status_list","sg_incident_count"],"filters":{{"logical_operator":"and","conditions":[{{"path":"sg_incident_key","relation":"is","values":["{}"]}}]}},"paging":{{"entities_per_page":5,"current_page":1}}}}"#,
        made::key(number)
    )
}

/// A list that lists something.
fn listed(page: &str) -> Done {
    if page.contains("href=\"/tickets/") { Ok(()) } else { Err("a list page without a ticket".to_owned()) }
}

/// An answer to [`FIND`] is one of 500 rows.
fn found(text: &str) -> Done {
    match text.matches("\"sg_incident_key\":").count() {
        500 => Ok(()),
        rows => Err(format!("found {rows} rows in place of 500")),
    }
}
