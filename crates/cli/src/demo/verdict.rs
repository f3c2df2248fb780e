//! The demo's verdict: what the desk holds, read back through its API, against what was written.

use super::engine::Failure;
use super::stage::Stage;
use crate::output::{BAD, GOOD, STRONG};
use anyhow::{Context, Result};
use flow::{Credentials, Direction, Find, Row, Site, SiteOptions};
use serde_json::Value;
use std::io::Write;

/// One problem of the story.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    pub(super) failure: Failure,
    /// How often it was logged.
    pub(super) count: u64,
}

/// Attachments of a ticket: the log and the archive.
const ATTACHMENTS: usize = 2;

/// Prints the table and says whether everything is as it must be.
pub(super) fn verdict(stage: &Stage, expected: &[Expected], out: &mut impl Write) -> Result<bool> {
    let tickets = tickets(stage)?;
    let status = stage.status()?;
    let mut missing = Vec::new();
    writeln!(
        out,
        "\n{STRONG}{:>6}  {:>6}  {:>7}  {:>11}  title{STRONG:#}",
        "ticket", "logged", "counted", "attachments"
    )?;
    for expected in expected {
        let mark = expected.failure.mark();
        let of_it: Vec<&Row> = tickets
            .iter()
            .filter(|row| row.text("title").is_some_and(|title| title.contains(mark)))
            .collect();
        let [ticket] = of_it.as_slice() else {
            missing.push(format!("“{mark}” has {} tickets instead of one", of_it.len()));
            continue;
        };
        let counted = ticket.number("sg_incident_count").unwrap_or(0).unsigned_abs();
        let attached = ticket.links("attachments").len();
        writeln!(
            out,
            "{:>6}  {:>6}  {counted:>7}  {attached:>11}  {}",
            ticket.id,
            expected.count,
            ticket.text("title").unwrap_or_default()
        )?;
        if counted != expected.count {
            missing.push(format!(
                "“{mark}” was logged {} times, but its ticket counts {counted}",
                expected.count
            ));
        }
        if attached != ATTACHMENTS {
            missing
                .push(format!("the ticket of “{mark}” has {attached} attachments instead of {ATTACHMENTS}"));
        }
    }
    if tickets.len() != expected.len() {
        missing.push(format!("the desk holds {} tickets instead of {}", tickets.len(), expected.len()));
    }
    missing.extend(compare_status(&status, expected));
    writeln!(out)?;
    if missing.is_empty() {
        writeln!(out, "{GOOD}everything that was logged is on the desk, once{GOOD:#}")?;
    }
    for problem in &missing {
        writeln!(out, "{BAD}missing{BAD:#}: {problem}")?;
    }
    out.flush()?;
    Ok(missing.is_empty())
}

fn tickets(stage: &Stage) -> Result<Vec<Row>> {
    let key = std::fs::read_to_string(stage.desk_data().join("script_key.toml"))?;
    let key: toml::Table = key.parse().context("the desk's key file is not as expected")?;
    let word = |name: &str| key.get(name).and_then(toml::Value::as_str).unwrap_or_default().to_owned();
    let mut site = flow::connect(SiteOptions::new(stage.url()))?;
    site.set_credentials(Some(Credentials::Script {
        name: word("script_name"),
        key: word("script_key").into(),
    }));
    let query = Find::new("Ticket")
        .fields(["title", "sg_incident_count", "attachments"])
        .sorted_by("id", Direction::Ascending)
        .limit(500);
    Ok(site.find(&query)?)
}

/// The agent's own numbers must be the same: `seen` is the sum of the outcomes, and of what was written.
fn compare_status(status: &Value, expected: &[Expected]) -> Vec<String> {
    let mut missing = Vec::new();
    let logged: u64 = expected.iter().map(|expected| expected.count).sum();
    let seen = status["seen"].as_u64().unwrap_or(0);
    let outcomes: u64 = status["outcomes"]
        .as_object()
        .into_iter()
        .flat_map(|all| all.values())
        .filter_map(Value::as_u64)
        .sum();
    if seen != logged {
        missing.push(format!("{logged} errors were logged, but the agent saw {seen}"));
    }
    if outcomes != seen {
        missing.push(format!("the agent saw {seen} errors, but the outcomes sum to {outcomes}"));
    }
    if status["tickets"].as_u64() != Some(expected.len() as u64) {
        missing.push(format!("the agent knows {} tickets instead of {}", status["tickets"], expected.len()));
    }
    if status["gaps"].as_array().is_none_or(|gaps| !gaps.is_empty()) {
        missing.push(format!("the agent reports gaps: {}", status["gaps"]));
    }
    missing
}
