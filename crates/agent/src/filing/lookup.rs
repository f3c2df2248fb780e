//! Which ticket a problem has: looked for among the open, the closed and the deleted ones.
//!
//! People may rename, move, close, edit and delete tickets. What binds is the key field, else our line in the
//! description, else (in the seed's style) the exact title; whatever project the ticket is in by now.

use super::standing::{self, Standing, Status, moment_ms};
use super::{Filing, FilingError, Ticket};
use crate::description::{carries_marker, marker};
use crate::policy::reopen::{ClosedTicket, Verdict, decide, decide_deleted};
use crate::settings::TitleStyle;
use crate::store::{Delivery, Stands};
use crate::ticket_fields::KEY_FIELD;
use flow::{Direction, Filter, Find, FlowError, Row};

/// So many tickets of one problem are looked at, the newest ones.
const MOST_TICKETS: u32 = 50;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A ticket to count on. `closed` says since when it is closed, if it is and stays so.
    Ticket {
        /// Which.
        ticket: Ticket,
        /// Since when, wall time.
        closed_ms: Option<i64>,
    },
    /// None, or one that is done with: a new one is made, linked to that.
    Nothing {
        /// The ticket of before.
        before: Option<u64>,
    },
    /// People have deleted it, and it is not made again yet.
    Deleted {
        /// Which.
        ticket_id: u64,
        /// When, wall time.
        gone_ms: i64,
    },
}

impl Filing<'_> {
    /// Finds the ticket of a problem, opens it again where the rules say so, and folds others that are one too many.
    ///
    /// # Errors
    /// When the site cannot be asked or refuses.
    pub fn found(&self, delivery: &Delivery) -> Result<Found, FilingError> {
        let rows = self.rows(delivery, false)?;
        let tickets = self.standings(&rows);
        if let Some(open) = tickets.iter().find(|ticket| ticket.status == Status::Open) {
            self.fold_old(open.id, &tickets)?;
            return Ok(Found::Ticket { ticket: self.stands(open), closed_ms: None });
        }
        if let Some(closed) = tickets.last() {
            let since_ms = self.closed_since_ms(closed, delivery);
            return Ok(match self.judge(closed, delivery)? {
                Verdict::NewTicket => Found::Nothing { before: Some(closed.id) },
                Verdict::Reopen => {
                    self.reopen(closed, delivery, since_ms)?;
                    Found::Ticket { ticket: self.stands(closed), closed_ms: None }
                }
                verdict => {
                    if verdict == Verdict::Flapping {
                        self.say_flapping(closed)?;
                    }
                    Found::Ticket { ticket: self.stands(closed), closed_ms: Some(since_ms) }
                }
            });
        }
        let retired = self.rows(delivery, true)?;
        // One that was folded and then cleared away says nothing about the one that stayed.
        let deleted =
            self.standings(&retired).pop().and_then(|last| retired.iter().find(|row| row.id == last.id));
        Ok(match deleted {
            Some(row) => self.deleted(row, delivery),
            None => Found::Nothing { before: None },
        })
    }

    fn stands(&self, ticket: &Standing) -> Ticket {
        let own = ticket.made_by.as_deref() == Some(self.agent);
        Ticket { id: ticket.id, stands: if own { Stands::FoundOwn } else { Stands::Found } }
    }

    /// What becomes of a problem whose ticket was deleted.
    pub(super) fn deleted(&self, row: &Row, delivery: &Delivery) -> Found {
        // A site that does not tell when: now, as far as we know, and then as it was known before.
        let told_ms = row.text("updated_at").and_then(moment_ms);
        let gone_ms = delivery.gone_ms.or(told_ms).unwrap_or(self.now_ms);
        match decide_deleted(self.ticket.reopen, gone_ms, &delivery.event) {
            Verdict::NewTicket => Found::Nothing { before: None },
            _ => Found::Deleted { ticket_id: row.id, gone_ms },
        }
    }

    /// Since when a ticket is closed: as it was when first seen so, because what is written to it later changes that.
    pub(super) fn closed_since_ms(&self, ticket: &Standing, delivery: &Delivery) -> i64 {
        let known = delivery.closed.filter(|(id, _)| *id == ticket.id).map(|(_, since_ms)| since_ms);
        known.or(ticket.closed_ms).unwrap_or(self.now_ms)
    }

    /// What to do about a closed ticket.
    pub(super) fn judge(&self, ticket: &Standing, delivery: &Delivery) -> Result<Verdict, FlowError> {
        let mut closed = ClosedTicket {
            resolved_ms: self.closed_since_ms(ticket, delivery),
            wont_fix: ticket.status == Status::WontFix,
            fixed_in: ticket.fixed_in.clone(),
            reopened_lately: 0,
        };
        let verdict = decide(self.ticket.reopen, &closed, &delivery.event);
        if verdict != Verdict::Reopen {
            return Ok(verdict);
        }
        closed.reopened_lately = self.reopened_lately(ticket)?;
        Ok(decide(self.ticket.reopen, &closed, &delivery.event))
    }

    /// Rows as tickets, oldest first, without those that were one too many.
    pub(super) fn standings(&self, rows: &[Row]) -> Vec<Standing> {
        let all = rows.iter().map(|row| Standing::of(row, self.ticket, self.fields));
        let mut tickets: Vec<Standing> = all.filter(|ticket| ticket.folded_into.is_none()).collect();
        tickets.sort_by_key(|ticket| ticket.id);
        tickets
    }

    /// All tickets of a problem, or all of its deleted ones.
    pub(super) fn rows(&self, delivery: &Delivery, retired: bool) -> Result<Vec<Row>, FlowError> {
        let seed = self.ticket.title_style == TitleStyle::Seed;
        // The quickest question first. The last one reads every description there is, but is asked only when a
        // ticket would be created else: people may have emptied the field, and the text still tells.
        let by_key = self.fields.has(KEY_FIELD).then(|| Filter::is(KEY_FIELD, delivery.key.as_str()));
        let by_title = seed.then(|| Filter::is("title", delivery.title.as_str()));
        let by_text = (!seed).then(|| Filter::contains("description", marker(&delivery.key)));
        for filter in [by_key, by_title, by_text].into_iter().flatten() {
            let query = Find::new(self.entity_type)
                .only(filter)
                .fields(standing::fields(self.ticket, self.fields))
                .sorted_by("id", Direction::Descending)
                .limit(MOST_TICKETS)
                .retired(retired);
            let mut rows = self.site.find(&query)?;
            rows.retain(|row| {
                (seed && row.text("title") == Some(delivery.title.as_str()))
                    || row.text(KEY_FIELD) == Some(delivery.key.as_str())
                    || row.text("description").is_some_and(|text| carries_marker(text, &delivery.key))
            });
            if !rows.is_empty() {
                return Ok(rows);
            }
        }
        Ok(Vec::new())
    }
}
