//! The steps by which an incident becomes a ticket, each on its own and each repeatable.
//!
//! No step assumes that an earlier attempt of it did nothing: a create may have happened although no answer
//! came, an upload may have arrived. So the ticket is looked for before it is created and again after that, and an
//! attachment before it is uploaded. Owns what is asked of the site and in which order; knows nothing of queues,
//! waiting or state (`delivery.rs`), nor of which fields a ticket gets (`ticket_fields.rs`).

mod attachment;
mod count;
mod fold;
mod ledger;
mod lookup;
mod replies;
mod standing;

pub use count::Counted;
pub use fold::Verified;
pub use lookup::Found;

use crate::delivery::chain;
use crate::description::harmless;
use crate::settings::TicketSettings;
use crate::store::{Delivery, Stands, Write};
use crate::ticket_fields::KEY_FIELD;
use crate::ticket_template::{TemplateFault, TicketTemplate};
use flow::{EntityFields, Fields, FlowError, FlowErrorKind, Site};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use standing::{LINK_FIELD, agent_line};
use std::path::Path;

/// What fields that the site refused are called in warnings.
const FIELDS: &str = "ticket fields";

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
    /// Our ticket is neither among the active nor among the deleted ones.
    #[error("ticket {0} cannot be seen: it was deleted for good, or our login may not read it")]
    NotSeen(u64),
    /// The site took a file and does not have all of it.
    #[error("the site took {0} and does not have all of it: it is sent again")]
    Incomplete(String),
    /// No failure: the limit of writes a minute is reached.
    #[error("limits.writes_per_minute is reached")]
    TooManyWrites {
        /// When the next one may be made, wall time.
        resume_ms: i64,
    },
    /// No failure: other agents count on the ticket at this moment.
    #[error("other agents count on this ticket at this moment")]
    Busy,
}

/// A ticket on the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Its number.
    pub id: u64,
    /// How it came to be there.
    pub stands: Stands,
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
    /// The studio's template, or why there is none that works.
    pub template: Result<&'a TicketTemplate, &'a TemplateFault>,
    /// The project when the session knows none; 0 for none.
    pub project_id: u64,
    /// Address of the site, if its entities have pages there.
    pub site_url: Option<&'a str>,
    /// Told of a part of the settings that does not work here, with the reason, or that it works.
    pub report: &'a dyn Fn(&str, Option<String>),
    /// The spool.
    pub spool: &'a Path,
    /// Of this machine.
    pub zone: &'a TimeZone,
    /// This agent's name where several count on one ticket.
    pub agent: &'a str,
    /// What people call this machine.
    pub host: &'a str,
    /// Wall time.
    pub now_ms: i64,
    /// Notes one of the limited writes, or says when it may be made.
    pub take_write: &'a dyn Fn(Write) -> Option<i64>,
}

impl Filing<'_> {
    /// Creates the ticket of an incident that has none, or whose ticket of `before` is done with.
    ///
    /// # Errors
    /// When the site cannot be asked or refuses; when no project is known.
    pub fn create(&self, delivery: &Delivery, before: Option<u64>) -> Result<Ticket, FilingError> {
        let mut new = self.new_ticket(delivery)?;
        let fields = &mut new.essential;
        if let Some(Value::String(description)) = fields.get_mut("description") {
            let text = description.trim_end();
            let before = before.map_or(String::new(), |before| {
                format!("\ntk-incident-before: ticket {before}, which was closed, had the same problem")
            });
            *description = format!("{text}\n{}{before}\n", agent_line(self.agent));
        }
        if let Some(before) = before {
            if self.fields.has(LINK_FIELD) && self.fields.editable(LINK_FIELD) {
                fields.insert(LINK_FIELD.into(), self.links([before]));
            }
            if self.fields.unique(KEY_FIELD) {
                // Two cannot have it: the one before is still told by its description.
                let mut none = Fields::new();
                none.insert(KEY_FIELD.into(), Value::Null);
                self.site.update(self.entity_type, before, &none)?;
            }
        }
        let row = match self.site.create(self.entity_type, &new.all(), &["id"]) {
            // The site took part in nothing: a link it does not like must not cost the ticket.
            Err(error) if *error.kind() == FlowErrorKind::Fault && !new.other.is_empty() => {
                let names: Vec<&str> = new.other.keys().map(String::as_str).collect();
                let row = self.site.create(self.entity_type, &new.essential, &["id"])?;
                (self.report)(FIELDS, Some(format!("filed without {}: {}", names.join(", "), chain(&error))));
                row
            }
            created => {
                (self.report)(FIELDS, None);
                created?
            }
        };
        Ok(Ticket { id: row.id, stands: Stands::Created })
    }

    /// Says on a ticket that stands why an archive will not come.
    ///
    /// # Errors
    /// When the site cannot be asked or refuses.
    pub fn tell_dropped(&self, ticket_id: u64, why: &str) -> Result<(), FilingError> {
        self.site.reply(ticket_id, &format!("No log comes with this incident: {why}."))?;
        Ok(())
    }

    /// Adds lines of the ticket's record that came after it was made; `last` is the number of the last one.
    ///
    /// # Errors
    /// When the site cannot be asked or refuses.
    pub fn late_lines(&self, ticket_id: u64, lines: &str, last: i64) -> Result<(), FilingError> {
        let line = format!("tk-incident-lines: {} {last}", self.agent);
        if self.has_reply(ticket_id, &line)? {
            return Ok(());
        }
        let text = format!(
            "These lines of the log came late and belong to the record above:\n\n{}\n\n{line}",
            harmless(lines.trim_end())
        );
        self.reply(ticket_id, &text)
    }

    /// Notes that a ticket is made in a moment.
    ///
    /// # Errors
    /// When no more may be made in this minute.
    pub fn take_create(&self) -> Result<(), FilingError> {
        self.take(Write::Ticket)
    }

    fn take_write(&self) -> Result<(), FilingError> {
        self.take(Write::Word)
    }

    fn take(&self, write: Write) -> Result<(), FilingError> {
        match (self.take_write)(write) {
            None => Ok(()),
            Some(resume_ms) => Err(FilingError::TooManyWrites { resume_ms }),
        }
    }

    fn links(&self, ids: impl IntoIterator<Item = u64>) -> Value {
        ids.into_iter().map(|id| json!({ "type": self.entity_type, "id": id })).collect()
    }
}
