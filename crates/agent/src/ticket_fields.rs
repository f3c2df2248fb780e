//! Which fields of a ticket are set: those of every new ticket, and those that are kept current afterwards.
//!
//! The site's schema, the settings and what is known of the incident in, names and values out. A field is set only if the
//! site has it and takes the value; what is left out is told. Owns the names of our own fields; knows nothing of the text
//! (`description.rs`) nor of how a ticket is found and made (`filing.rs`).

use crate::description::describe;
use crate::evidence;
use crate::facts::{IncidentFacts, Moment};
use crate::field_fit::{fit, fits_in_kind};
use crate::field_value::FieldValue;
use crate::filing::{Filing, FilingError};
use crate::login::is_same_site;
use crate::settings::TicketSettings;
use crate::store::Delivery;
use crate::ticket_view::{Attached, Frequency, LinkView, TicketView};
use flow::{EntityFields, Fields};
use serde_json::{Value, json};
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

/// The site's fields that we use where they exist.
pub(crate) const KEY_FIELD: &str = "sg_incident_key";
pub(crate) const COUNT_FIELD: &str = "sg_incident_count";
pub(crate) const LAST_SEEN_FIELD: &str = "sg_incident_last_seen";
const PRIORITY_FIELD: &str = "sg_priority";
/// Fields that are ours to set, or nobody's.
const TAKEN: [&str; 9] =
    ["id", "type", "title", "description", "project", "attachments", KEY_FIELD, COUNT_FIELD, LAST_SEEN_FIELD];
/// A title is never longer than this, whatever the login: sites cut at 255.
const TITLE_CHARS: usize = 255;
/// A line of a log is looked at up to here.
const LINE_BYTES: u64 = 1024 * 1024;
/// What a template that does not work is called in warnings.
pub const TEMPLATE: &str = "ticket.template";

/// A setting for a field that this site does not take as it is; the ticket goes without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// The setting: `ticket.fields.sg_engine`.
    pub setting: String,
    /// In words for people.
    pub problem: String,
}

impl fmt::Display for FieldFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.setting, self.problem)
    }
}

/// Looks at the settings beside the fields that the site has. What is made for each incident is looked at with a sample.
#[must_use]
pub fn check_fields(fields: &EntityFields, settings: &TicketSettings) -> Vec<FieldFault> {
    let names = TicketView::sample().names();
    let mut faults = Vec::new();
    let mut check = |setting: String, field: &str, value: &FieldValue| {
        let found = match (TAKEN.contains(&field), value) {
            (true, _) => Err("tk-incident sets this field itself".to_owned()),
            (false, FieldValue::Fixed(value)) => fit(fields, field, value).map(drop),
            (false, FieldValue::Mapped(_)) => match value.of(&names) {
                Ok(Some(made)) => fits_in_kind(fields, field, &made),
                // What the sample does not have may be there in a session.
                Ok(None) if !fields.has(field) => fit(fields, field, &Value::Null).map(drop),
                Ok(None) => Ok(()),
                Err(fault) => Err(fault),
            },
        };
        if let Err(problem) = found {
            faults.push(FieldFault { setting, problem });
        }
    };
    for (field, value) in &settings.fields {
        check(format!("ticket.fields.{field}"), field, value);
    }
    for (level, value) in &settings.priority {
        check(format!("ticket.priority.{level}"), PRIORITY_FIELD, value);
    }
    faults
}

/// What a new ticket is created with.
pub(crate) struct NewTicket {
    /// Without these it would be no ticket of ours.
    pub(crate) essential: Fields,
    /// What it can do without, if the site refuses.
    pub(crate) other: Fields,
}

impl NewTicket {
    /// Everything.
    pub(crate) fn all(&self) -> Fields {
        self.other.clone().into_iter().chain(self.essential.clone()).collect()
    }
}

impl Filing<'_> {
    /// Everything a new ticket is created with.
    ///
    /// # Errors
    /// When no project is known.
    pub(crate) fn new_ticket(&self, delivery: &Delivery) -> Result<NewTicket, FilingError> {
        // Facts an older version wrote and this one cannot read still make a ticket, from what the state knows.
        let facts: IncidentFacts = serde_json::from_str(&delivery.facts).unwrap_or_else(|_| IncidentFacts {
            summary: delivery.title.clone(),
            user: delivery.login.clone(),
            ..IncidentFacts::default()
        });
        let view = self.view(&facts, delivery);
        let (description, fault) = describe(self.template, &view, &delivery.key);
        (self.report)(TEMPLATE, fault);
        let mut essential = Fields::new();
        essential.insert("title".into(), json!(delivery.title.chars().take(TITLE_CHARS).collect::<String>()));
        essential.insert("description".into(), json!(description));
        essential.insert("project".into(), json!({ "type": "Project", "id": self.project(&facts)? }));
        if self.fields.has(KEY_FIELD) {
            essential.insert(KEY_FIELD.into(), json!(delivery.key));
        }
        self.add_counts(delivery, &mut essential);
        let mut other = Fields::new();
        self.add_links(&facts, &view, &mut other);
        self.add_values(&view, &mut other);
        Ok(NewTicket { essential, other })
    }

    fn view(&self, facts: &IncidentFacts, delivery: &Delivery) -> TicketView {
        let frequency = Frequency {
            count: delivery.count,
            // The record's own stamp: one that was found late happened long before it was read.
            first: if facts.time.utc.is_empty() {
                Moment::at(delivery.first_seen_ms, self.zone)
            } else {
                facts.time.clone()
            },
            last: Moment::at(delivery.last_seen_ms, self.zone),
            has_count_field: self.fields.has(COUNT_FIELD),
        };
        let attached =
            delivery.evidence.as_deref().map(|hash| self.attached(facts, hash)).unwrap_or_default();
        let site_url = self.site_url.filter(|_| self.is_of_this_site(facts));
        TicketView::new(facts, &frequency, &attached, site_url)
    }

    /// What will be attached, by the names it will have.
    fn attached(&self, facts: &IncidentFacts, hash: &str) -> Attached {
        if !evidence::archive_path(self.spool, hash).exists() {
            return Attached::default();
        }
        let mut log_line = None;
        let log = evidence::read_log(self.spool, hash, &mut |log| {
            log_line = line_of(&mut BufReader::new(log), &facts.record)?;
            Ok(())
        });
        Attached {
            // An archive that cannot be read now is told when it is its turn.
            log: log.ok().flatten().map(|name| evidence::log_name(&name, hash)),
            log_line,
            archive: Some(evidence::archive_name(hash)),
        }
    }

    fn project(&self, facts: &IncidentFacts) -> Result<u64, FilingError> {
        if self.project_id != 0 {
            return Ok(self.project_id);
        }
        let session = facts.session.as_ref().filter(|_| self.is_of_this_site(facts));
        let project = session.and_then(|session| session.context("project"));
        project.map(|project| project.id).ok_or(FilingError::NoProject)
    }

    /// Whether the entities of the session are those of the site that is filed on: ids of another site mean something else here.
    fn is_of_this_site(&self, facts: &IncidentFacts) -> bool {
        let theirs = facts.session.as_ref().and_then(|session| session.text(&["site"]));
        // Apps that do not tell it never knew another.
        self.site_url.is_some_and(|ours| theirs.is_none_or(|theirs| is_same_site(theirs, ours)))
    }

    fn add_links(&self, facts: &IncidentFacts, view: &TicketView, fields: &mut Fields) {
        if !self.is_of_this_site(facts) {
            return;
        }
        let links = [
            (&self.ticket.link_entity, &view.entity),
            (&self.ticket.link_task, &view.task),
            (&self.ticket.link_user, &view.person),
        ];
        for (candidates, link) in links {
            let Some(link) = link.as_ref().map(LinkView::to_wire) else { continue };
            let takes_links = |field: &&String| {
                let data_type = self.fields.data_type(field);
                matches!(data_type, Some("entity" | "multi_entity")) && !TAKEN.contains(&field.as_str())
            };
            let found = candidates
                .iter()
                .filter(takes_links)
                .find_map(|field| Some((field.clone(), fit(self.fields, field, &link).ok()?)));
            fields.extend(found);
        }
    }

    /// The values of the settings, and the priority.
    fn add_values(&self, view: &TicketView, fields: &mut Fields) {
        let names = view.names();
        let priority =
            view.severity.as_ref().and_then(|severity| self.ticket.priority.get_key_value(severity));
        let values = self
            .ticket
            .fields
            .iter()
            .map(|(field, value)| (format!("ticket.fields.{field}"), field.as_str(), value));
        let priority =
            priority.map(|(level, value)| (format!("ticket.priority.{level}"), PRIORITY_FIELD, value));
        for (setting, field, value) in values.chain(priority) {
            if TAKEN.contains(&field) {
                continue;
            }
            match value
                .of(&names)
                .and_then(|made| made.map(|made| fit(self.fields, field, &made)).transpose())
            {
                Ok(made) => {
                    (self.report)(&setting, None);
                    fields.extend(made.map(|made| (field.to_owned(), made)));
                }
                Err(problem) => (self.report)(&setting, Some(problem)),
            }
        }
    }

    /// The count and the last time, into the fields that hold them on this site.
    pub(crate) fn add_counts(&self, delivery: &Delivery, fields: &mut Fields) {
        if self.fields.has(COUNT_FIELD) {
            fields.insert(COUNT_FIELD.into(), json!(i32::try_from(delivery.count).unwrap_or(i32::MAX)));
        }
        if self.fields.has(LAST_SEEN_FIELD) {
            fields.insert(LAST_SEEN_FIELD.into(), json!(Moment::at(delivery.last_seen_ms, self.zone).utc));
        }
    }
}

/// Where a record begins in a log, 1-based: its whole text, else its first line, if that is there once only.
fn line_of(log: &mut dyn BufRead, record: &str) -> io::Result<Option<u64>> {
    let wanted: Vec<&[u8]> = record.trim_end().lines().map(str::as_bytes).collect();
    let Some(first) = wanted.first().filter(|line| !line.is_empty()) else { return Ok(None) };
    // Where the first line was met, and how many lines fitted since.
    let mut begun: Vec<(u64, usize)> = Vec::new();
    let mut met: (u64, Option<u64>) = (0, None);
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if log.take(LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let mut ended = line.ends_with(b"\n");
        while !ended {
            let mut rest = Vec::new();
            let more = log.take(LINE_BYTES).read_until(b'\n', &mut rest)?;
            ended = more == 0 || rest.ends_with(b"\n");
        }
        let text = line.trim_ascii_end();
        begun.retain_mut(|(_, fitting)| {
            let fits = wanted[*fitting].trim_ascii_end() == text;
            *fitting += 1;
            fits
        });
        if text == first.trim_ascii_end() {
            begun.push((number, 1));
            met = (met.0 + 1, met.1.or(Some(number)));
        }
        if let Some((begin, _)) = begun.iter().find(|(_, fitting)| *fitting == wanted.len()) {
            return Ok(Some(*begin));
        }
    }
    Ok(met.1.filter(|_| met.0 == 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_found_in_its_log() {
        let log = "one\ntwo\n  a\ntwo\n  b\nthree\n";
        for (record, line) in [
            ("two\n  b\n", Some(4)),
            ("two\n  a", Some(2)),
            ("three\n  cut", Some(6)),
            ("two\n  c", None),
            ("", None),
        ] {
            assert_eq!(line_of(&mut log.as_bytes(), record).unwrap(), line, "{record:?}");
        }
    }
}
