//! The three fields of ours that make tickets better where a site has them: which are missing, and making them.

use crate::ticket_fields::{COUNT_FIELD, KEY_FIELD, LAST_SEEN_FIELD};
use flow::{EntityFields, FlowError, Site};

/// A field of ours on the ticket entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionalField {
    /// Its name in the API. The site makes it from the label.
    pub name: &'static str,
    /// Its data type.
    pub data_type: &'static str,
    /// What people see.
    pub label: &'static str,
    /// What it is good for.
    pub purpose: &'static str,
}

/// All of them.
pub const OPTIONAL: [OptionalField; 3] = [
    OptionalField {
        name: KEY_FIELD,
        data_type: "text",
        label: "Incident Key",
        purpose: "tickets are found at once, whatever people do to their text",
    },
    OptionalField {
        name: COUNT_FIELD,
        data_type: "number",
        label: "Incident Count",
        purpose: "how often it happened, without replies that mail people",
    },
    OptionalField {
        name: LAST_SEEN_FIELD,
        data_type: "date_time",
        label: "Incident Last Seen",
        purpose: "when it happened last",
    },
];

/// How the site stands with one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has it.
    There,
    /// It does not.
    Missing,
    /// It has one of that name, and of another type.
    OtherType,
}

/// How the site stands with a field.
#[must_use]
pub fn state(fields: &EntityFields, field: &OptionalField) -> State {
    match fields.data_type(field.name) {
        None => State::Missing,
        Some(data_type) if data_type == field.data_type => State::There,
        Some(_) => State::OtherType,
    }
}

/// Creates a field, and tells what the site calls it: another name than ours is of no use.
///
/// # Errors
/// When the site cannot be asked or refuses, for want of the right to change its schema most likely.
pub fn create(site: &dyn Site, entity_type: &str, field: &OptionalField) -> Result<String, FlowError> {
    site.create_field(entity_type, field.data_type, field.label)
}
