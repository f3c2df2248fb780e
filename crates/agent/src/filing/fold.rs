//! Two machines that made a ticket for one problem at the same moment: the lowest number stays, the other is
//! linked and closed with a word of explanation, and what was counted on it goes along.
//!
//! The one who made the ticket too many folds it. Somebody else does only when that one had its time and did not.

use super::ledger::{FIRST, Share};
use super::standing::{FOLDED_LINE, LINK_FIELD, STATUS_FIELD, Standing, Status, known_status};
use super::{Filing, FilingError};
use crate::store::Delivery;
use flow::Fields;
use serde_json::json;

/// How long the maker of a ticket too many has for folding it, in milliseconds.
const MAKERS_TIME_MS: i64 = 60_000;
/// The clocks of a site and its machines differ by less.
const SKEW_MS: i64 = 3_600_000;

/// What a look after a create has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// The ticket is the only one, or the one that stays.
    Stays {
        /// Others were folded into it, and its count is to be told anew.
        grown: bool,
    },
    /// Another one may be folded yet: look again at this moment, wall time.
    LookAgain(i64),
    /// The ticket was one too many; this one stays.
    Moved(u64),
}

impl Filing<'_> {
    /// Looks whether a ticket that was made here is the only one.
    ///
    /// # Errors
    /// When the site cannot be asked or refuses.
    pub fn verify(&self, ticket_id: u64, delivery: &Delivery) -> Result<Verified, FilingError> {
        let tickets = self.standings(&self.rows(delivery, false)?);
        let mut open = tickets.iter().filter(|ticket| ticket.status == Status::Open);
        let Some(ours) = tickets.iter().find(|ticket| ticket.id == ticket_id) else {
            return self.verify_hidden(ticket_id);
        };
        let Some(stays) = open.next().filter(|_| ours.status == Status::Open) else {
            // People were here already.
            return Ok(Verified::Stays { grown: false });
        };
        if stays.id != ticket_id {
            self.fold(ours, stays.id)?;
            return Ok(Verified::Moved(stays.id));
        }
        let grown = self.fold_old(stays.id, &tickets)?;
        let is_young = |ticket: &&Standing| !self.had_its_time(ticket);
        Ok(match open.find(is_young) {
            Some(_) => Verified::LookAgain(self.now_ms + MAKERS_TIME_MS),
            None => Verified::Stays { grown },
        })
    }

    /// A ticket that does not show for its problem any more.
    fn verify_hidden(&self, ticket_id: u64) -> Result<Verified, FilingError> {
        match self.standing(ticket_id)?.and_then(|ours| Some((ours.folded_into?, ours))) {
            // Folded by an attempt that was cut short, or by somebody else.
            Some((into, ours)) => {
                self.take_along(&ours, into)?;
                Ok(Verified::Moved(into))
            }
            None => Ok(Verified::Stays { grown: false }),
        }
    }

    /// Folds the open tickets whose makers have not done it. True when there were any.
    pub(super) fn fold_old(&self, stays: u64, tickets: &[Standing]) -> Result<bool, FilingError> {
        let others = tickets.iter().filter(|ticket| ticket.status == Status::Open && ticket.id != stays);
        let mut grown = false;
        for ticket in others.filter(|ticket| self.had_its_time(ticket)) {
            self.fold(ticket, stays)?;
            grown = true;
        }
        Ok(grown)
    }

    /// Whether its maker has had the time to fold it, or is this agent, which has died over it.
    fn had_its_time(&self, ticket: &Standing) -> bool {
        let is_ours = ticket.made_by.as_deref() == Some(self.agent);
        // Made long after now: this machine's clock is wrong, and would be asked for ever.
        let is_young = |created_ms: i64| (-SKEW_MS..MAKERS_TIME_MS).contains(&(self.now_ms - created_ms));
        is_ours || !ticket.created_ms.is_some_and(is_young)
    }

    fn fold(&self, ticket: &Standing, into: u64) -> Result<(), FilingError> {
        let line = format!("{FOLDED_LINE}{into}");
        if !self.has_reply(ticket.id, &line)? {
            let words = format!(
                "The same problem has ticket {into}: two workstations made one at the same moment. \
                 It goes on there, with what was counted here; this one is closed.\n\n{line}"
            );
            self.site.reply(ticket.id, &words)?;
        }
        let mut fields = Fields::new();
        fields.insert("description".into(), json!(format!("{}\n{line}", ticket.description.trim_end())));
        if let Some(status) = known_status(&self.ticket.closed_statuses, self.fields) {
            fields.insert(STATUS_FIELD.into(), json!(status));
        }
        if self.fields.has(LINK_FIELD) && self.fields.editable(LINK_FIELD) {
            fields.insert(LINK_FIELD.into(), self.links(ticket.linked.iter().copied().chain([into])));
        }
        self.site.update(self.entity_type, ticket.id, &fields)?;
        self.take_along(ticket, into)
    }

    /// Shares of agents that have counted on the ticket too many. Each of them moves by itself when it counts again; one
    /// that never does must not be lost.
    fn take_along(&self, ticket: &Standing, into: u64) -> Result<(), FilingError> {
        let Some(now) = self.standing(ticket.id)? else { return Ok(()) };
        let shares = if now.may_have_replies { self.shares(ticket.id)? } else { Vec::new() };
        let there = self.shares(into)?;
        let unknown = format!("of-ticket-{}", now.id);
        let maker = now.made_by.as_deref().unwrap_or(&unknown);
        let first = shares.iter().filter(|share| share.agent == FIRST).map(|share| share.count).max();
        // As long as its maker was alone on it, the field is the maker's share.
        let made = first.or(now.count.filter(|_| shares.is_empty())).map(|count| (maker, count));
        let others = shares.iter().filter(|share| share.agent != FIRST);
        for (agent, count) in others.map(|share| (share.agent.as_str(), share.count)).chain(made) {
            // Ours is told by the step that follows.
            let is_there = |share: &Share| share.agent == agent && share.count >= count;
            if agent != self.agent && count > 0 && !there.iter().any(is_there) {
                self.site.reply(into, &self.share_text(agent, count))?;
            }
        }
        Ok(())
    }
}
