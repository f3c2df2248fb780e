//! The object of `status --json`: how the agent stands, in the same numbers as the state and the tickets.
//!
//! Documented in `docs/json.md` and fixed by a test. What is waited for is said with its reason; nothing that
//! was suppressed, delayed or given up is missing here.

use crate::attach::Link;
use crate::shared::{Shared, lock};
use crate::store::{GapTotal, RuleTotal, StoreError};
use serde::Serialize;
use std::collections::BTreeMap;

/// Steps shown one by one; the rest is a number.
const MOST_WAITING: u32 = 50;

/// What does not change in a run.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Where tickets go.
    pub site: String,
    /// The page of our own desk, if it is one.
    pub page: Option<String>,
    /// The state folder.
    pub state: String,
    /// Steady time at the start.
    pub started_ms: u64,
}

/// `status --json`
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "docs/json.md documents each field, once")]
pub struct Status {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub v: u32,
    pub version: &'static str,
    pub pid: u32,
    pub uptime_s: u64,
    pub state: String,
    pub site: SiteStatus,
    pub seen: u64,
    pub outcomes: BTreeMap<String, u64>,
    pub rules: Vec<RuleTotal>,
    pub tickets: u64,
    pub waiting: Vec<WaitingStatus>,
    pub waiting_count: u64,
    pub sources: Vec<SourceLine>,
    pub gaps: Vec<GapTotal>,
    pub warnings: Vec<WarningLine>,
    pub sessions: Vec<SessionLine>,
}

/// The way to the site.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "docs/json.md documents each field, once")]
pub struct SiteStatus {
    pub url: String,
    pub page: Option<String>,
    pub login: Option<String>,
    pub trouble: Option<String>,
    pub failures: u32,
    pub last_contact_ms: Option<i64>,
    pub next_attempt_ms: Option<i64>,
}

/// Something that is not done, and why.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "docs/json.md documents each field, once")]
pub struct WaitingStatus {
    pub what: String,
    pub why: String,
    pub title: String,
    pub attempts: u64,
    pub due_ms: i64,
}

/// A followed file.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "docs/json.md documents each field, once")]
pub struct SourceLine {
    pub file: String,
    pub position: u64,
    pub size: u64,
    pub rotated: bool,
}

/// Something that does not work at the moment.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "docs/json.md documents each field, once")]
pub struct WarningLine {
    pub what: String,
    pub message: String,
}

/// A session of an engine.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "docs/json.md documents each field, once")]
pub struct SessionLine {
    pub pid: u32,
    pub started: Option<String>,
    pub login: Option<String>,
    pub engine: Option<String>,
    pub host: Option<String>,
    pub project: Option<Link>,
    pub entity: Option<Link>,
    pub task: Option<Link>,
}

/// Takes stock.
///
/// # Errors
/// When the state cannot be read.
pub fn status(shared: &Shared, identity: &Identity) -> Result<Status, StoreError> {
    let contact = lock(&shared.contact).clone();
    let now_ms = shared.clock.wall_ms();
    let (totals, rules, waiting, waiting_count, gaps, sessions) = {
        let store = lock(&shared.store);
        (
            store.totals()?,
            store.rules()?,
            store.waiting(MOST_WAITING)?,
            store.waiting_count()?,
            store.gaps()?,
            store.sessions()?,
        )
    };
    let waiting = waiting
        .into_iter()
        .map(|step| {
            let usual = if step.needs_ticket {
                "its ticket comes first"
            } else if step.due_ms > now_ms {
                "gathering"
            } else {
                "in turn"
            };
            let why = step.why.or_else(|| contact.trouble.clone()).unwrap_or_else(|| usual.to_owned());
            WaitingStatus {
                what: step.step,
                why,
                title: step.title,
                attempts: step.attempts,
                due_ms: step.due_ms,
            }
        })
        .collect();
    Ok(Status {
        kind: "status",
        v: 1,
        version: env!("CARGO_PKG_VERSION"),
        pid: std::process::id(),
        uptime_s: shared.clock.steady_ms().saturating_sub(identity.started_ms) / 1_000,
        state: identity.state.clone(),
        site: SiteStatus {
            url: identity.site.clone(),
            page: identity.page.clone(),
            login: lock(&shared.login).login.clone(),
            next_attempt_ms: (contact.not_before_ms > 0).then_some(contact.not_before_ms),
            trouble: contact.trouble,
            failures: contact.failures,
            last_contact_ms: contact.last_ms,
        },
        seen: totals.seen,
        outcomes: totals.outcomes,
        rules,
        tickets: totals.tickets,
        waiting,
        waiting_count,
        sources: sources(shared),
        gaps,
        warnings: lock(&shared.warnings)
            .iter()
            .map(|(what, message)| WarningLine { what: what.clone(), message: message.clone() })
            .collect(),
        sessions: sessions
            .iter()
            .map(|session| SessionLine {
                pid: session.pid,
                started: session.started.clone(),
                login: session.login.clone(),
                engine: session.text(&["engine", "instance"]).map(str::to_owned),
                host: session.text(&["host", "name"]).map(str::to_owned),
                project: session.context("project"),
                entity: session.context("entity"),
                task: session.context("task"),
            })
            .collect(),
    })
}

fn sources(shared: &Shared) -> Vec<SourceLine> {
    lock(&shared.sources)
        .iter()
        .map(|source| SourceLine {
            file: source.path.display().to_string(),
            position: source.position,
            size: source.len_bytes,
            rotated: source.rotated,
        })
        .collect()
}
