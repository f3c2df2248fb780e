//! Which fields of a ticket are set: those of every new ticket, and those that are kept current afterwards.
//!
//! Pure: the site's schema, the settings and what is known of the incident in, names and values out. A field is set
//! only if the site has it and takes the value. Owns the names of our own fields; knows nothing of the text
//! (`description.rs`) nor of how a ticket is found and made (`filing.rs`).

use crate::description::{Frequency, describe};
use crate::facts::{IncidentFacts, Moment};
use crate::filing::{Filing, FilingError};
use crate::store::Delivery;
use flow::Fields;
use serde_json::{Value, json};

/// The site's fields that we use where they exist.
pub(crate) const KEY_FIELD: &str = "sg_incident_key";
pub(crate) const COUNT_FIELD: &str = "sg_incident_count";
pub(crate) const LAST_SEEN_FIELD: &str = "sg_incident_last_seen";
/// A title is never longer than this, whatever the login: sites cut at 255.
const TITLE_CHARS: usize = 255;

impl Filing<'_> {
    /// Everything a new ticket is created with.
    ///
    /// # Errors
    /// When no project is known.
    pub(crate) fn new_ticket(&self, delivery: &Delivery) -> Result<Fields, FilingError> {
        // Facts an older version wrote and this one cannot read still make a ticket, from what the state knows.
        let facts: IncidentFacts = serde_json::from_str(&delivery.facts).unwrap_or_else(|_| IncidentFacts {
            summary: delivery.title.clone(),
            user: delivery.login.clone(),
            ..IncidentFacts::default()
        });
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
        let mut fields = Fields::new();
        for (name, value) in &self.ticket.fields {
            // Settings hold TOML, the wire JSON; dates have no JSON form and stay out.
            if let Ok(value) = serde_json::to_value(value)
                && self.accepts(name, &value)
            {
                fields.insert(name.clone(), value);
            }
        }
        fields.insert("title".into(), json!(delivery.title.chars().take(TITLE_CHARS).collect::<String>()));
        fields.insert("description".into(), json!(describe(&facts, &frequency, &delivery.key)));
        fields.insert("project".into(), json!({ "type": "Project", "id": self.project(&facts)? }));
        if self.fields.has(KEY_FIELD) {
            fields.insert(KEY_FIELD.into(), json!(delivery.key));
        }
        self.add_counts(delivery, &mut fields);
        Ok(fields)
    }

    fn project(&self, facts: &IncidentFacts) -> Result<u64, FilingError> {
        if self.project_id != 0 {
            return Ok(self.project_id);
        }
        let session = facts.session.as_ref().and_then(|session| session.context("project"));
        session.map(|project| project.id).ok_or(FilingError::NoProject)
    }

    fn accepts(&self, name: &str, value: &Value) -> bool {
        let allowed = self.fields.valid_values(name);
        let listed = allowed.is_none_or(|allowed| {
            allowed.is_empty()
                || value.as_str().is_some_and(|value| allowed.iter().any(|known| known == value))
        });
        self.fields.has(name) && self.fields.editable(name) && listed
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
