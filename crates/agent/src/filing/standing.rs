//! A ticket as the site shows it now: open, closed or closed for good, by when, and what is written on it for us.
//!
//! Pure: rows in. People may edit everything; what cannot be read any more counts as not there.

use crate::settings::TicketSettings;
use crate::ticket_fields::{COUNT_FIELD, KEY_FIELD, LAST_SEEN_FIELD};
use flow::{EntityFields, Row};
use jiff::Timestamp;

/// Where FPT keeps a ticket's status.
pub(super) const STATUS_FIELD: &str = "sg_status_list";
/// Related tickets.
pub(super) const LINK_FIELD: &str = "tickets";
/// The line of a description that names the agent which made the ticket.
const AGENT_LINE: &str = "tk-incident-agent: ";
/// The line of a ticket that was one too many; the ticket that stays follows.
pub(super) const FOLDED_LINE: &str = "tk-incident-folded: into ";

/// How people see a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// Somebody may still work on it; an empty status too.
    Open,
    /// Done.
    Closed,
    /// Nothing will be done.
    WontFix,
}

/// A ticket as the site shows it.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) id: u64,
    pub(super) status: Status,
    /// When it was closed, if it is, as far as the site tells; wall time.
    pub(super) closed_ms: Option<i64>,
    pub(super) created_ms: Option<i64>,
    /// The release with the fix.
    pub(super) fixed_in: Option<String>,
    pub(super) count: Option<u64>,
    pub(super) last_seen: Option<String>,
    /// The agent that has made it.
    pub(super) made_by: Option<String>,
    /// It was one too many, and this one stays.
    pub(super) folded_into: Option<u64>,
    /// False only if the site says that there are no replies.
    pub(super) may_have_replies: bool,
    pub(super) description: String,
    pub(super) linked: Vec<u64>,
}

/// The fields that are asked for, as far as the site has them.
pub(super) fn fields<'s>(settings: &'s TicketSettings, fields: &'s EntityFields) -> Vec<&'s str> {
    let optional = [
        "title",
        "description",
        STATUS_FIELD,
        LINK_FIELD,
        "replies",
        "created_at",
        "updated_at",
        KEY_FIELD,
        COUNT_FIELD,
        LAST_SEEN_FIELD,
        &settings.resolved_field,
        &settings.fixed_in_field,
    ];
    std::iter::once("id").chain(optional.into_iter().filter(|name| fields.has(name))).collect()
}

impl Standing {
    pub(super) fn of(row: &Row, settings: &TicketSettings, fields: &EntityFields) -> Standing {
        let description = row.text("description").unwrap_or_default().to_owned();
        let code = row.text(STATUS_FIELD).unwrap_or_default();
        let is_one_of = |codes: &[String]| codes.iter().any(|known| known.eq_ignore_ascii_case(code));
        let status = if is_one_of(&settings.wont_fix_statuses) {
            Status::WontFix
        } else if is_one_of(&settings.closed_statuses) {
            Status::Closed
        } else {
            Status::Open
        };
        let moment = |name: &str| row.text(name).and_then(moment_ms);
        Standing {
            id: row.id,
            status,
            // Sites tell whole seconds: what happened in that second was before.
            closed_ms: moment(&settings.resolved_field)
                .or_else(|| moment("updated_at"))
                .map(|closed_ms| closed_ms + 999),
            created_ms: moment("created_at"),
            fixed_in: row.text(&settings.fixed_in_field).map(str::to_owned),
            count: row.number(COUNT_FIELD).and_then(|count| u64::try_from(count).ok()),
            last_seen: row.text(LAST_SEEN_FIELD).map(str::to_owned),
            made_by: line_after(&description, AGENT_LINE).map(str::to_owned),
            folded_into: line_after(&description, FOLDED_LINE).and_then(|id| id.parse().ok()),
            may_have_replies: !fields.has("replies")
                || !row.fields.contains_key("replies")
                || !row.links("replies").is_empty(),
            linked: row.links(LINK_FIELD).iter().map(|link| link.id).collect(),
            description,
        }
    }
}

/// The line that names the agent which makes a ticket.
pub(super) fn agent_line(agent: &str) -> String {
    format!("{AGENT_LINE}{agent}")
}

fn line_after<'t>(text: &'t str, beginning: &str) -> Option<&'t str> {
    text.lines().rev().find_map(|line| line.trim().strip_prefix(beginning)).map(str::trim)
}

/// A moment of the site as wall time.
pub(super) fn moment_ms(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// The first of these codes that the site takes for the status of a ticket.
pub(super) fn known_status<'s>(codes: &'s [String], fields: &EntityFields) -> Option<&'s str> {
    if !fields.has(STATUS_FIELD) || !fields.editable(STATUS_FIELD) {
        return None;
    }
    let known = fields.valid_values(STATUS_FIELD).unwrap_or_default();
    codes.iter().map(String::as_str).find(|code| known.is_empty() || known.iter().any(|value| value == code))
}
