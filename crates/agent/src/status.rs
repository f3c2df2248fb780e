//! The object of `status --json`: how the agent stands, in the same numbers as the state and the tickets.
//!
//! Documented in `docs/json.md` and fixed by a test. What is waited for is said with its reason; nothing that
//! was suppressed, delayed or given up is missing here.

use crate::attach::Link;
use crate::settings::LimitSettings;
use crate::shared::{Shared, lock};
use crate::store::{
    CaptureTotals, EvidenceTotals, GapTotal, HeldProblem, MuteLine, RuleTotal, SCHEMA_VERSION, StoreError,
    TicketLimit, Write,
};
use crate::version;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Steps shown one by one; the rest is a number.
const MOST_WAITING: u32 = 50;
/// Problems without a ticket of their own shown one by one.
const MOST_HELD: u32 = 50;

/// What does not change in a run.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Where tickets go.
    pub site: String,
    /// The page of our own desk, if it is one.
    pub page: Option<String>,
    /// `site.entity_type`
    pub entity_type: String,
    /// The state folder.
    pub state: String,
    /// Steady time at the start.
    pub started_ms: u64,
    /// The limits of the settings.
    pub limits: LimitSettings,
}

impl Identity {
    /// Where people find a ticket.
    #[must_use]
    pub fn ticket_url(&self, id: u64) -> String {
        match &self.page {
            Some(page) => format!("{page}/{id}"),
            None => format!("{}/detail/{}/{id}", self.site.trim_end_matches('/'), self.entity_type),
        }
    }
}

/// `status --json`
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "docs/json.md documents each field, once")]
pub struct Status {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub v: u32,
    pub version: &'static str,
    pub versions: Versions,
    pub pid: u32,
    pub now_ms: i64,
    pub uptime_s: u64,
    pub state: String,
    pub site: SiteStatus,
    pub seen: u64,
    pub outcomes: BTreeMap<String, u64>,
    pub captured: CaptureTotals,
    pub rules: Vec<RuleTotal>,
    pub tickets: u64,
    pub attachments_refused: u64,
    pub waiting: Vec<WaitingStatus>,
    pub waiting_count: u64,
    pub waiting_for: Vec<WaitingFor>,
    pub evidence: EvidenceTotals,
    pub limits: Limits,
    pub held: Vec<HeldProblem>,
    pub mutes: Vec<MuteLine>,
    pub sources: Vec<SourceLine>,
    pub gaps: Vec<GapTotal>,
    pub warnings: Vec<WarningLine>,
    pub sessions: Vec<SessionLine>,
    pub newest_ticket: Option<TicketLine>,
}

/// A ticket that stands.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "docs/json.md documents each field, once")]
pub struct TicketLine {
    pub id: u64,
    pub title: String,
    pub url: String,
}

/// What runs with what.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "docs/json.md documents each field, once")]
pub struct Versions {
    pub program: &'static str,
    pub state: i64,
    pub site: Option<String>,
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
    pub circuit: &'static str,
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

/// All that waits for the same thing.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "docs/json.md documents each field, once")]
pub struct WaitingFor {
    pub why: String,
    pub count: u64,
    pub due_ms: i64,
}

/// How the limits stand.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "docs/json.md documents each field, once")]
pub struct Limits {
    pub tickets: TicketLimit,
    pub writes: WriteLimit,
}

/// The limit on what tickets are told beside their creation.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "docs/json.md documents each field, once")]
pub struct WriteLimit {
    pub resume_ms: Option<i64>,
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
    pub log_file: Option<String>,
    pub project: Option<Link>,
    pub entity: Option<Link>,
    pub task: Option<Link>,
    pub slow_hooks_ms: Map<String, Value>,
}

/// What a step waits for.
struct Wait {
    is_held: bool,
    needs_ticket: bool,
    is_later: bool,
    /// As `limits.writes_per_minute` sees it.
    write: Option<Write>,
}

/// Takes stock.
///
/// # Errors
/// When the state cannot be read.
pub fn status(shared: &Shared, identity: &Identity) -> Result<Status, StoreError> {
    let contact = lock(&shared.contact).clone();
    let now_ms = shared.clock.wall_ms();
    let (
        totals,
        rules,
        waiting,
        waiting_count,
        waiting_kinds,
        gaps,
        sessions,
        ticket_limit,
        writes_resume_ms,
        creates_resume_ms,
        held,
        mutes,
        evidence,
        captured,
        newest_ticket,
    ) = {
        let store = lock(&shared.store);
        (
            store.totals()?,
            store.rules()?,
            store.waiting(MOST_WAITING)?,
            store.waiting_count()?,
            store.waiting_kinds(now_ms)?,
            store.gaps()?,
            store.sessions()?,
            store.ticket_limit(&identity.limits, now_ms)?,
            store.writes_resume_ms(Write::Word, now_ms, identity.limits.writes_per_minute)?,
            store.writes_resume_ms(Write::Ticket, now_ms, identity.limits.writes_per_minute)?,
            store.held(MOST_HELD)?,
            store.mutes()?,
            store.evidence_totals()?,
            store.capture_totals()?,
            store.newest_ticket()?,
        )
    };
    let why = |wait: Wait, failure: Option<String>| {
        let usual = match wait {
            Wait { is_held: true, .. } => {
                "held: this workstation has opened as many tickets as it may for now"
            }
            Wait { needs_ticket: true, .. } => "its ticket comes first",
            Wait { is_later: true, .. } => "gathering",
            Wait { write: Some(Write::Word), .. } if writes_resume_ms.is_some() => {
                "held: tickets were told as much as limits.writes_per_minute allows"
            }
            Wait { write: Some(Write::Ticket), .. } if creates_resume_ms.is_some() => {
                "held: as many tickets were made as limits.writes_per_minute allows"
            }
            _ => "in turn",
        };
        failure.or_else(|| contact.trouble.clone()).unwrap_or_else(|| usual.to_owned())
    };
    let mut waiting_for: Vec<WaitingFor> = Vec::new();
    for kind in waiting_kinds {
        let wait = Wait {
            is_held: kind.held,
            needs_ticket: kind.needs_ticket,
            is_later: kind.later,
            write: kind.write,
        };
        let why = why(wait, kind.why);
        match waiting_for.iter_mut().find(|other| other.why == why) {
            Some(other) => {
                other.count += kind.count;
                other.due_ms = other.due_ms.min(kind.due_ms);
            }
            None => waiting_for.push(WaitingFor { why, count: kind.count, due_ms: kind.due_ms }),
        }
    }
    waiting_for.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.why.cmp(&other.why)));
    let waiting = waiting
        .into_iter()
        .map(|step| WaitingStatus {
            why: why(
                Wait {
                    is_held: step.held,
                    needs_ticket: step.needs_ticket,
                    is_later: step.due_ms > now_ms,
                    write: Write::of_step(&step.step),
                },
                step.why,
            ),
            what: step.step,
            title: step.title,
            attempts: step.attempts,
            due_ms: step.due_ms,
        })
        .collect();
    Ok(Status {
        kind: "status",
        v: 1,
        version: version::this(),
        versions: Versions { program: version::this(), state: SCHEMA_VERSION, site: contact.server.clone() },
        now_ms,
        pid: std::process::id(),
        uptime_s: shared.clock.steady_ms().saturating_sub(identity.started_ms) / 1_000,
        state: identity.state.clone(),
        site: SiteStatus {
            url: identity.site.clone(),
            page: identity.page.clone(),
            login: lock(&shared.login).login.clone(),
            next_attempt_ms: (contact.not_before_ms > 0).then_some(contact.not_before_ms),
            trouble: contact.trouble.clone(),
            failures: contact.failures,
            circuit: contact.circuit.name(),
            last_contact_ms: contact.last_ms,
        },
        seen: totals.seen,
        outcomes: totals.outcomes,
        captured,
        rules,
        tickets: totals.tickets,
        newest_ticket: newest_ticket.map(|(id, title)| TicketLine {
            id,
            title,
            url: identity.ticket_url(id),
        }),
        attachments_refused: totals.attachments_refused,
        waiting,
        waiting_count,
        waiting_for,
        evidence,
        limits: Limits { tickets: ticket_limit, writes: WriteLimit { resume_ms: writes_resume_ms } },
        held,
        mutes,
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
                log_file: session.text(&["log_file"]).map(str::to_owned),
                project: session.context("project"),
                entity: session.context("entity"),
                task: session.context("task"),
                slow_hooks_ms: session.object("hooks_ms"),
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
