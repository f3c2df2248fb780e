//! One step, taken: what is asked of the site, and what of its answer is kept.
//!
//! What a step achieved is recorded in the transaction that removes it from the queue. Owns nothing of when a step is
//! tried, and nothing of what a failure means.

use super::reach::{DeliveryError, chain};
use crate::event::Event;
use crate::evidence::archive_path;
use crate::filing::{Counted, Filing, FilingError, Found, Ticket, Verified};
use crate::settings::Settings;
use crate::shared::{Shared, lock};
use crate::store::{Delivery, Stands, Step, StoreError};
use std::path::Path;

/// See the module's own words.
pub(super) struct Steps<'a> {
    pub(super) filing: Filing<'a>,
    pub(super) shared: &'a Shared,
    pub(super) settings: &'a Settings,
    pub(super) spool: &'a Path,
}

impl Steps<'_> {
    pub(super) fn take(&self, delivery: &Delivery, now_ms: i64) -> Result<(), DeliveryError> {
        match (delivery.step, delivery.ticket_id, &delivery.evidence) {
            (Step::Ticket, ..) => self.ticket(delivery, now_ms),
            (Step::Verify, Some(ticket_id), _) => self.verify(delivery, ticket_id, now_ms),
            (Step::Count, Some(ticket_id), _) => self.count(delivery, ticket_id, now_ms),
            (Step::Log, Some(ticket_id), Some(hash)) if delivery.gone_ms.is_none() => {
                let dropped = lock(&self.shared.store).evidence_dropped(delivery.incident_id, hash)?;
                let attached = match dropped {
                    Some(why) => self.filing.tell_dropped(ticket_id, &why).map(|()| None),
                    None => self.filing.log(ticket_id, hash),
                };
                self.attached(delivery, ticket_id, "log", attached)
            }
            (Step::Archive, Some(ticket_id), Some(hash)) if delivery.gone_ms.is_none() => {
                self.attached(delivery, ticket_id, "archive", self.filing.archive(ticket_id, hash))
            }
            (Step::Lines, Some(ticket_id), _) if delivery.gone_ms.is_none() => {
                let (lines, last) = lock(&self.shared.store).late_lines(delivery.incident_id)?;
                if !lines.is_empty() {
                    self.filing.late_lines(ticket_id, &lines, last)?;
                }
                Ok(lock(&self.shared.store).lines_told(delivery, last)?)
            }
            // A step whose evidence was lost, or whose ticket people have deleted, has nothing to do.
            (Step::Log | Step::Archive | Step::Count | Step::Lines | Step::Verify, ..) => {
                Ok(lock(&self.shared.store).step_done(delivery)?)
            }
        }
    }

    fn ticket(&self, delivery: &Delivery, now_ms: i64) -> Result<(), DeliveryError> {
        let ticket = match self.filing.found(delivery)? {
            Found::Ticket { ticket, closed_ms } => {
                let closed = closed_ms.map(|closed_ms| (ticket.id, closed_ms));
                lock(&self.shared.store).closed_seen(delivery, closed)?;
                ticket
            }
            Found::Deleted { ticket_id, gone_ms } => {
                tracing::info!(
                    ticket_id,
                    title = delivery.title,
                    "people have deleted this ticket: not made again yet"
                );
                return Ok(lock(&self.shared.store).ticket_is_gone(delivery, ticket_id, gone_ms)?);
            }
            Found::Nothing { before } => {
                self.filing.take_create()?;
                let begun = lock(&self.shared.store).create_begins(delivery, self.shared.clock.wall_ms());
                if let Err(error) = begun {
                    // A full disk must not keep a ticket back; only a crash in this moment would be one too many.
                    self.shared.state_trouble(&error);
                }
                self.filing.create(delivery, before)?
            }
        };
        let Ticket { id: ticket_id, stands } = ticket;
        lock(&self.shared.store).ticket_stands(delivery, ticket_id, stands, now_ms)?;
        self.shared.tell(&Event::Ticket {
            ticket_id,
            title: delivery.title.clone(),
            signature: delivery.signature.clone(),
            created: stands == Stands::Created,
        });
        Ok(())
    }

    fn verify(&self, delivery: &Delivery, ticket_id: u64, now_ms: i64) -> Result<(), DeliveryError> {
        let verified = self.filing.verify(ticket_id, delivery)?;
        let mut store = lock(&self.shared.store);
        match verified {
            Verified::Stays { grown } => store.ticket_stays(delivery, grown, now_ms)?,
            Verified::LookAgain(due_ms) => store.put_off(delivery, due_ms, None)?,
            Verified::Moved(to) => {
                tracing::info!(
                    ticket_id,
                    to,
                    "two machines made a ticket at the same moment: this one is folded"
                );
                store.ticket_moves(delivery, to, now_ms)?;
            }
        }
        Ok(())
    }

    fn count(&self, delivery: &Delivery, ticket_id: u64, now_ms: i64) -> Result<(), DeliveryError> {
        let counted = self.filing.count(ticket_id, delivery)?;
        let mut store = lock(&self.shared.store);
        match counted {
            Counted::NotYet(due_ms) => store.count_put_off(delivery, due_ms)?,
            Counted::Told { closed_ms } => {
                let flush_ms = i64::try_from(self.settings.limits.count_flush_s).unwrap_or(60) * 1_000;
                store.closed_seen(delivery, closed_ms.map(|closed_ms| (ticket_id, closed_ms)))?;
                store.count_told(delivery, now_ms, now_ms + flush_ms)?;
                drop(store);
                self.shared.tell(&Event::Counted { ticket_id, count: delivery.count });
            }
            Counted::Moved(to) => store.ticket_moves(delivery, to, now_ms)?,
            Counted::NewTicket { closed_ms } => {
                // As it is known now: the look for the ticket must see it the same way.
                store.closed_seen(delivery, closed_ms.map(|closed_ms| (ticket_id, closed_ms)))?;
                store.new_ticket_wanted(delivery, now_ms)?;
            }
            Counted::Deleted(gone_ms) => store.ticket_is_gone(delivery, ticket_id, gone_ms)?,
        }
        Ok(())
    }

    /// What came of an upload: done, to be tried again, or refused for good.
    fn attached(
        &self,
        delivery: &Delivery,
        ticket_id: u64,
        what: &str,
        attached: Result<Option<(u64, String)>, FilingError>,
    ) -> Result<(), DeliveryError> {
        let attached = match attached {
            Err(error) if error.refuses_file(delivery.attempts) => {
                let hash = delivery.evidence.as_deref().and_then(|hash| hash.get(..8)).unwrap_or_default();
                self.filing.say_not_attached(ticket_id, &format!("{what} {hash}"), &error)?;
                self.shared.warn(&format!("{what} of ticket {ticket_id}"), chain(&error));
                lock(&self.shared.store).attachment_refused(delivery)?;
                None
            }
            other => {
                let attached = other?;
                lock(&self.shared.store).step_done(delivery)?;
                attached
            }
        };
        self.clear_spool(delivery)?;
        if let Some((attachment_id, name)) = attached {
            self.shared.tell(&Event::Attached { ticket_id, attachment_id, name });
        }
        Ok(())
    }

    fn clear_spool(&self, delivery: &Delivery) -> Result<(), StoreError> {
        if let Some(hash) = &delivery.evidence
            && !lock(&self.shared.store).needs_evidence(hash)?
        {
            // What cannot be removed now is swept at the next start.
            let _ = std::fs::remove_file(archive_path(self.spool, hash));
        }
        Ok(())
    }
}
