//! Bringing a ticket's count up to date: first how the ticket stands by now, then the numbers (`ledger.rs`).
//!
//! With the fields of the site the numbers are written there and looked at again. Without them the count is told in
//! replies, which may mail people: at 10, 100, 1 000 … or after four hours.

use super::ledger::{Mine, Share, Shown, Write, next_write, total};
use super::lookup::Found;
use super::standing::{self, Standing, Status};
use super::{Filing, FilingError};
use crate::facts::Moment;
use crate::policy::reopen::Verdict;
use crate::store::Delivery;
use crate::ticket_fields::{COUNT_FIELD, LAST_SEEN_FIELD};
use flow::{Fields, Filter, Find, FlowError, Row};
use serde_json::json;

/// Without fields the count is told after this, whatever it is.
const REPLY_EVERY_MS: i64 = 4 * 3_600_000;
/// After so many writes others are at it too, and it is tried again later.
const MOST_WRITES: u32 = 12;

/// What came of telling the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// The ticket says it. `closed_ms`: it is closed since then, and stays so.
    Told {
        /// Wall time.
        closed_ms: Option<i64>,
    },
    /// Not worth a reply before this moment, wall time.
    NotYet(i64),
    /// The ticket was one too many; this one stays.
    Moved(u64),
    /// The ticket is done with, and the problem goes on.
    NewTicket {
        /// Since when it was closed, wall time; `None` when it was deleted.
        closed_ms: Option<i64>,
    },
    /// People have deleted the ticket, at this moment, wall time.
    Deleted(i64),
}

impl Filing<'_> {
    /// Brings the count on a ticket up to date.
    ///
    /// # Errors
    /// When the site cannot be asked or refuses.
    pub fn count(&self, ticket_id: u64, delivery: &Delivery) -> Result<Counted, FilingError> {
        let Some(mut ticket) = self.standing(ticket_id)? else { return self.not_there(ticket_id, delivery) };
        let mut closed_ms = None;
        if ticket.folded_into.is_none() && ticket.status != Status::Open {
            let since_ms = self.closed_since_ms(&ticket, delivery);
            closed_ms = Some(since_ms);
            match self.judge(&ticket, delivery)? {
                Verdict::NewTicket => return Ok(Counted::NewTicket { closed_ms }),
                Verdict::Reopen => {
                    self.reopen(&ticket, delivery, since_ms)?;
                    closed_ms = None;
                }
                Verdict::Flapping => self.say_flapping(&ticket)?,
                Verdict::Count => {}
            }
        }
        if !self.fields.has(COUNT_FIELD) {
            return match ticket.folded_into {
                Some(into) => Ok(Counted::Moved(into)),
                None => self.count_in_replies(&ticket, delivery, closed_ms),
            };
        }
        let mine = Mine { agent: self.agent, made_here: delivery.made_here, count: delivery.count };
        let mut wrote_share = false;
        for _ in 0..MOST_WRITES {
            if let Some(into) = ticket.folded_into {
                return Ok(Counted::Moved(into));
            }
            let shares = if ticket.may_have_replies { self.shares(ticket_id)? } else { Vec::new() };
            if wrote_share && shares.is_empty() {
                return self.count_blindly(&ticket, delivery, closed_ms);
            }
            let write = next_write(mine, &Shown { field: ticket.count, shares });
            match &write {
                Write::Nothing => {
                    self.keep_last_seen(&ticket, delivery)?;
                    return Ok(Counted::Told { closed_ms });
                }
                Write::NewShare { agent, count } => {
                    self.reply(ticket_id, &self.share_text(agent, *count))?;
                    wrote_share = true;
                }
                Write::Share { reply_id, agent, count } => {
                    self.take_write()?;
                    let mut fields = Fields::new();
                    fields.insert("content".into(), json!(self.share_text(agent, *count)));
                    self.site.update("Reply", *reply_id, &fields)?;
                    wrote_share = true;
                }
                Write::Field(total) => self.write_count(&ticket, *total, delivery)?,
            }
            // What another agent did meanwhile is seen now, and what we did is seen by it.
            match self.standing(ticket_id)? {
                Some(now) => ticket = now,
                None => return self.not_there(ticket_id, delivery),
            }
        }
        Err(FilingError::Busy)
    }

    fn write_count(&self, ticket: &Standing, total: u64, delivery: &Delivery) -> Result<(), FilingError> {
        self.take_write()?;
        let mut fields = Fields::new();
        fields.insert(COUNT_FIELD.into(), json!(i32::try_from(total).unwrap_or(i32::MAX)));
        self.add_last_seen(ticket, delivery, &mut fields);
        Ok(self.site.update(self.entity_type, ticket.id, &fields).map(drop)?)
    }

    /// The count stands already, told by another agent or by an attempt whose answer was lost; its time may not.
    fn keep_last_seen(&self, ticket: &Standing, delivery: &Delivery) -> Result<(), FilingError> {
        let mut fields = Fields::new();
        self.add_last_seen(ticket, delivery, &mut fields);
        if !fields.is_empty() {
            self.take_write()?;
            self.site.update(self.entity_type, ticket.id, &fields)?;
        }
        Ok(())
    }

    /// The last time, if it is later than what the ticket tells.
    fn add_last_seen(&self, ticket: &Standing, delivery: &Delivery, fields: &mut Fields) {
        let last = Moment::at(delivery.last_seen_ms, self.zone).utc;
        let is_later = ticket.last_seen.as_ref().is_none_or(|told| *told < last);
        if self.fields.has(LAST_SEEN_FIELD) && is_later {
            fields.insert(LAST_SEEN_FIELD.into(), json!(last));
        }
    }

    /// A site that hides replies from us: what was not told yet is added to what the field says.
    fn count_blindly(
        &self,
        ticket: &Standing,
        delivery: &Delivery,
        closed_ms: Option<i64>,
    ) -> Result<Counted, FilingError> {
        let untold = delivery.count.saturating_sub(delivery.told_count);
        self.write_count(ticket, ticket.count.unwrap_or(0).saturating_add(untold), delivery)?;
        Ok(Counted::Told { closed_ms })
    }

    fn count_in_replies(
        &self,
        ticket: &Standing,
        delivery: &Delivery,
        closed_ms: Option<i64>,
    ) -> Result<Counted, FilingError> {
        let due = delivery.told_ms + REPLY_EVERY_MS;
        // One that was told after now was told by a clock that has been set back since.
        let is_early = (delivery.told_ms..due).contains(&self.now_ms);
        if !passes_a_power_of_ten(delivery.told_count, delivery.count) && is_early {
            return Ok(Counted::NotYet(due));
        }
        let mut shares = self.shares(ticket.id)?;
        let is_told = |share: &Share| share.agent == self.agent && share.count >= delivery.count;
        // An earlier attempt may have said it.
        if !shares.iter().any(is_told) {
            shares.push(Share { reply_id: 0, agent: self.agent.to_owned(), count: delivery.count });
            let all = total(&shares);
            let here = if all > delivery.count {
                format!(" ({} of them on {})", delivery.count, self.host)
            } else {
                String::new()
            };
            let last = Moment::at(delivery.last_seen_ms, self.zone);
            let line = Share::line(self.agent, delivery.count);
            let text =
                format!("Happened again: seen {all} times by now{here}, last at {}.\n\n{line}", last.local);
            self.reply(ticket.id, &text)?;
        }
        Ok(Counted::Told { closed_ms })
    }

    /// A ticket of ours that is not among the active ones.
    fn not_there(&self, ticket_id: u64, delivery: &Delivery) -> Result<Counted, FilingError> {
        let row = self.row(ticket_id, true)?.ok_or(FilingError::NotSeen(ticket_id))?;
        Ok(match self.deleted(&row, delivery) {
            Found::Deleted { gone_ms, .. } => Counted::Deleted(gone_ms),
            _ => Counted::NewTicket { closed_ms: None },
        })
    }

    /// A ticket by its number.
    pub(super) fn standing(&self, ticket_id: u64) -> Result<Option<Standing>, FlowError> {
        let row = self.row(ticket_id, false)?;
        Ok(row.map(|row| Standing::of(&row, self.ticket, self.fields)))
    }

    fn row(&self, ticket_id: u64, retired: bool) -> Result<Option<Row>, FlowError> {
        let query = Find::new(self.entity_type)
            .only(Filter::is("id", ticket_id))
            .fields(standing::fields(self.ticket, self.fields))
            .limit(1)
            .retired(retired);
        Ok(self.site.find(&query)?.pop())
    }
}

fn passes_a_power_of_ten(from: u64, to: u64) -> bool {
    std::iter::successors(Some(10_u64), |power| power.checked_mul(10))
        .any(|power| from < power && power <= to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_come_at_powers_of_ten() {
        for (from, to, expected) in
            [(1, 9, false), (1, 10, true), (10, 99, false), (98, 1_000, true), (10, 10, false)]
        {
            assert_eq!(passes_a_power_of_ten(from, to), expected, "{from} to {to}");
        }
    }
}
