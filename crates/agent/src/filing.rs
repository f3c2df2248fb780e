//! The steps by which an incident becomes a ticket, each on its own and each repeatable.
//!
//! No step assumes that an earlier attempt of it did nothing: a create may have happened although no answer
//! came, an upload may have arrived. So the ticket is looked for before it is created, and an attachment before
//! it is uploaded. Owns what is asked of the site and in which order; knows nothing of queues, waiting or
//! state (`delivery.rs`), nor of what a ticket says (`ticket_fields.rs`, `description.rs`).

use crate::description::{carries_marker, marker};
use crate::evidence;
use crate::facts::Moment;
use crate::settings::{TicketSettings, TitleStyle};
use crate::store::Delivery;
use crate::ticket_fields::KEY_FIELD;
use flow::{Direction, EntityFields, Fields, Filter, Find, FlowError, Site, Upload};
use jiff::tz::TimeZone;
use std::path::Path;

/// Without fields the count is told in replies, which may mail people: at 10, 100, 1 000 … or after this.
const REPLY_EVERY_MS: i64 = 4 * 3_600_000;

/// Why a step did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum FilingError {
    /// The site, or the way to it.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// Tickets belong to a project, and none is known.
    #[error("no project to file in: set site.project_id, or ticket_project_id in the Toolkit app's settings")]
    NoProject,
    /// The spool.
    #[error("cannot read the evidence archive from the spool: {0}")]
    Spool(#[from] std::io::Error),
}

/// A ticket on the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Its number.
    pub id: u64,
    /// Made just now, not found.
    pub created: bool,
}

/// Everything the steps need that stays the same.
pub struct Filing<'a> {
    /// The client, signed in.
    pub site: &'a dyn Site,
    /// Fields of the ticket entity on this site.
    pub fields: &'a EntityFields,
    /// `site.entity_type`
    pub entity_type: &'a str,
    /// `[ticket]`
    pub ticket: &'a TicketSettings,
    /// The project when the session knows none; 0 for none.
    pub project_id: u64,
    /// The spool.
    pub spool: &'a Path,
    /// Of this machine.
    pub zone: &'a TimeZone,
}

impl Filing<'_> {
    /// Finds the ticket of an incident.
    ///
    /// # Errors
    /// When the site cannot be asked or refuses.
    pub fn found(&self, delivery: &Delivery) -> Result<Option<Ticket>, FilingError> {
        Ok(self.find(delivery)?.map(|id| Ticket { id, created: false }))
    }

    /// Creates the ticket of an incident that has none.
    ///
    /// # Errors
    /// When the site cannot be asked or refuses; when no project is known.
    pub fn create(&self, delivery: &Delivery) -> Result<Ticket, FilingError> {
        let fields = self.new_ticket(delivery)?;
        let row = self.site.create(self.entity_type, &fields, &["id"])?;
        Ok(Ticket { id: row.id, created: true })
    }

    fn find(&self, delivery: &Delivery) -> Result<Option<u64>, FlowError> {
        let seed = self.ticket.title_style == TitleStyle::Seed;
        // The quickest question first. The last one reads every description there is, but is asked only when a
        // ticket would be created else: people may have emptied the field, and the text still tells.
        let by_key = self.fields.has(KEY_FIELD).then(|| Filter::is(KEY_FIELD, delivery.key.as_str()));
        let by_title = seed.then(|| Filter::is("title", delivery.title.as_str()));
        let by_text = (!seed).then(|| Filter::contains("description", marker(&delivery.key)));
        for filter in [by_key, by_title, by_text].into_iter().flatten() {
            if let Some(id) = self.find_only(filter, delivery, seed)? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    fn find_only(&self, filter: Filter, delivery: &Delivery, seed: bool) -> Result<Option<u64>, FlowError> {
        let by_field = self.fields.has(KEY_FIELD);
        let query = Find::new(self.entity_type)
            .only(filter)
            .fields(["id", "title", "description"].into_iter().chain(by_field.then_some(KEY_FIELD)))
            .sorted_by("id", Direction::Ascending)
            .limit(50);
        let rows = self.site.find(&query)?;
        Ok(rows
            .iter()
            .find(|row| {
                (seed && row.text("title") == Some(delivery.title.as_str()))
                    || row.text(KEY_FIELD) == Some(delivery.key.as_str())
                    || row.text("description").is_some_and(|text| carries_marker(text, &delivery.key))
            })
            .map(|row| row.id))
    }

    /// Attaches the log as text. `None` when there is nothing to attach, or no longer: an archive that someone
    /// took out of the spool is given up, not waited for.
    ///
    /// # Errors
    /// When the site cannot be asked or refuses, or the spool cannot be read.
    pub fn log(&self, ticket_id: u64, hash: &str) -> Result<Option<(u64, String)>, FilingError> {
        if !evidence::archive_path(self.spool, hash).exists() {
            return Ok(None);
        }
        let Some((name, path)) = evidence::unpack_log(self.spool, hash)? else { return Ok(None) };
        let stem = name.strip_suffix(".log").unwrap_or(&name);
        let name = format!("{stem}-{}.log", &hash[..8]);
        let attached = self.attach(ticket_id, &path, &name);
        // A copy of what the archive holds; one that stays is swept at the next start.
        let _ = std::fs::remove_file(&path);
        Ok(Some((attached?, name)))
    }

    /// Says on a ticket that stands why an archive will not come.
    ///
    /// # Errors
    /// When the site cannot be asked or refuses.
    pub fn tell_dropped(&self, ticket_id: u64, why: &str) -> Result<(), FilingError> {
        self.site.reply(ticket_id, &format!("No log comes with this incident: {why}."))?;
        Ok(())
    }

    /// Attaches the archive. `None` as for [`Filing::log`].
    ///
    /// # Errors
    /// When the site cannot be asked or refuses.
    pub fn archive(&self, ticket_id: u64, hash: &str) -> Result<Option<(u64, String)>, FilingError> {
        if !evidence::archive_path(self.spool, hash).exists() {
            return Ok(None);
        }
        let name = format!("incident-{}.zip", &hash[..8]);
        let attached = self.attach(ticket_id, &evidence::archive_path(self.spool, hash), &name)?;
        Ok(Some((attached, name)))
    }

    fn attach(&self, ticket_id: u64, file: &Path, name: &str) -> Result<u64, FlowError> {
        let query =
            Find::new(self.entity_type).only(Filter::is("id", ticket_id)).fields(["attachments"]).limit(1);
        let rows = self.site.find(&query)?;
        let there = rows.iter().flat_map(|row| row.links("attachments"));
        if let Some(attachment) = there.into_iter().find(|link| link.name.as_deref() == Some(name)) {
            return Ok(attachment.id);
        }
        self.site.upload(&Upload {
            entity_type: self.entity_type,
            entity_id: ticket_id,
            field: Some("attachments"),
            file,
            display_name: name,
        })
    }

    /// Brings the count on a ticket up to date. `Some` when the ticket need not be told before that moment.
    ///
    /// # Errors
    /// When the site cannot be asked or refuses.
    pub fn count(&self, ticket_id: u64, delivery: &Delivery, now_ms: i64) -> Result<Option<i64>, FlowError> {
        let mut fields = Fields::new();
        self.add_counts(delivery, &mut fields);
        if !fields.is_empty() {
            self.site.update(self.entity_type, ticket_id, &fields)?;
            return Ok(None);
        }
        let due = delivery.told_ms + REPLY_EVERY_MS;
        if !passes_a_power_of_ten(delivery.told_count, delivery.count) && now_ms < due {
            return Ok(Some(due));
        }
        let last = Moment::at(delivery.last_seen_ms, self.zone);
        let text = format!("Happened again: seen {} times by now, last at {}.", delivery.count, last.local);
        self.site.reply(ticket_id, &text)?;
        Ok(None)
    }

    /// Adds lines of the ticket's record that came after it was made.
    ///
    /// # Errors
    /// When the site cannot be asked or refuses.
    pub fn late_lines(&self, ticket_id: u64, lines: &str) -> Result<(), FlowError> {
        let text = format!("These lines of the log came late and belong to the record above:\n\n{lines}");
        self.site.reply(ticket_id, &text).map(drop)
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
