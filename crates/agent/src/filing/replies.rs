//! Replies on a ticket: what we write there, and what we read of it again.
//!
//! A reply is the one thing on a ticket that has a single writer and is never edited by two. Each of ours that must
//! not be written twice carries a line by which it is found. Replies may mail people, so there are few of them.

use super::ledger::{FIRST, Share};
use super::standing::{STATUS_FIELD, Standing, known_status, moment_ms};
use super::{Filing, FilingError};
use crate::facts::Moment;
use crate::store::Delivery;
use flow::{Direction, Fields, Filter, Find, FlowError, Row};
use serde_json::json;
use std::collections::BTreeSet;

/// What every line of ours in a reply begins with.
const OUR_LINES: &str = "tk-incident-";
const REOPENED_LINE: &str = "tk-incident-reopened: after ";
const FLAPPING_LINE: &str = "tk-incident-flapping";
const DAY_MS: i64 = 24 * 3_600_000;
/// Replies with a line of ours that are read of one ticket; a share for each agent, and few others.
const MOST_REPLIES: u32 = 2_000;

impl Filing<'_> {
    /// A reply that `limits.writes_per_minute` counts.
    pub(super) fn reply(&self, ticket_id: u64, text: &str) -> Result<(), FilingError> {
        self.take_write()?;
        Ok(self.site.reply(ticket_id, text).map(drop)?)
    }

    /// All shares that are told on a ticket.
    pub(super) fn shares(&self, ticket_id: u64) -> Result<Vec<Share>, FlowError> {
        let rows = self.our_replies(ticket_id)?;
        Ok(rows.iter().filter_map(|row| Share::of_reply(row.id, row.text("content")?)).collect())
    }

    /// The text of a reply that tells a share.
    pub(super) fn share_text(&self, agent: &str, count: u64) -> String {
        let line = Share::line(agent, count);
        let whose = if agent == self.agent {
            format!("on {}", self.host)
        } else if agent == FIRST {
            "where this ticket was made".to_owned()
        } else {
            "by another workstation".to_owned()
        };
        format!("Seen {count} times {whose}, when this was written last.\n\n{line}")
    }

    /// Whether a reply with this line is there.
    pub(super) fn has_reply(&self, ticket_id: u64, line: &str) -> Result<bool, FlowError> {
        let rows = self.our_replies(ticket_id)?;
        Ok(rows.iter().any(|row| has_line(row, line)))
    }

    /// Opens a closed ticket again, and says why.
    pub(super) fn reopen(
        &self,
        ticket: &Standing,
        delivery: &Delivery,
        closed_ms: i64,
    ) -> Result<(), FilingError> {
        let Some(status) = known_status(&self.ticket.open_statuses, self.fields) else {
            // Nothing to open it with; what people see is the reply.
            return self.say_reopened(ticket, delivery, closed_ms);
        };
        self.take_write()?;
        let mut fields = Fields::new();
        fields.insert(STATUS_FIELD.into(), json!(status));
        self.site.update(self.entity_type, ticket.id, &fields)?;
        self.say_reopened(ticket, delivery, closed_ms)
    }

    fn say_reopened(
        &self,
        ticket: &Standing,
        delivery: &Delivery,
        closed_ms: i64,
    ) -> Result<(), FilingError> {
        // Named by the closing it is about: two agents that open it at the same moment are one reopening.
        let line = format!("{REOPENED_LINE}{}", Moment::at(closed_ms, self.zone).utc);
        if self.has_reply(ticket.id, &line)? {
            return Ok(());
        }
        let event = Moment::at(delivery.event.at_ms, self.zone);
        let version =
            delivery.event.version.as_deref().map_or(String::new(), |version| format!(" with {version}"));
        let words = format!(
            "Opened again: it happened on {}{version}, after this ticket was closed.\n\n{line}",
            event.local
        );
        self.reply(ticket.id, &words)
    }

    /// How often the ticket was opened again in the last 24 hours, by any agent.
    pub(super) fn reopened_lately(&self, ticket: &Standing) -> Result<usize, FlowError> {
        let rows = self.our_replies(ticket.id)?;
        let closings: BTreeSet<String> = rows
            .iter()
            .filter(|row| self.is_of_today(row))
            .filter_map(|row| {
                let lines = row.text("content")?.lines();
                lines.map(str::trim).find(|line| line.starts_with(REOPENED_LINE)).map(str::to_owned)
            })
            .collect();
        Ok(closings.len())
    }

    /// Says once a day that a ticket stays closed although its problem goes on.
    pub(super) fn say_flapping(&self, ticket: &Standing) -> Result<(), FilingError> {
        let rows = self.our_replies(ticket.id)?;
        if rows.iter().any(|row| self.is_of_today(row) && has_line(row, FLAPPING_LINE)) {
            return Ok(());
        }
        let words = format!(
            "Flapping: this ticket was closed and opened again three times in 24 hours, and the problem goes on. It \
             stays closed; repeats are counted.\n\n{FLAPPING_LINE}"
        );
        self.reply(ticket.id, &words)
    }

    fn is_of_today(&self, reply: &Row) -> bool {
        let created_ms = reply.text("created_at").and_then(moment_ms);
        created_ms.is_none_or(|created_ms| self.now_ms - created_ms < DAY_MS)
    }

    fn our_replies(&self, ticket_id: u64) -> Result<Vec<Row>, FlowError> {
        let query = Find::new("Reply")
            .only(Filter::links_to("entity", self.entity_type, ticket_id))
            .only(Filter::contains("content", OUR_LINES))
            .fields(["id", "content", "created_at"])
            .sorted_by("id", Direction::Ascending)
            .limit(MOST_REPLIES);
        self.site.find(&query)
    }
}

fn has_line(reply: &Row, line: &str) -> bool {
    reply.text("content").is_some_and(|text| text.lines().any(|found| found.trim() == line))
}
