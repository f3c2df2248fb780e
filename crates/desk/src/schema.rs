//! The entity types of the desk: `schema.toml`, read and checked once at start.
//!
//! Owns what a type and a field are. How the file is spelled is `source`'s, fields that clients create are `created_field`'s. Knows
//! neither SQL (`store`) nor the JSON that `schema_read` answers (`view`).

pub(crate) mod created_field;
mod data_type;
pub(crate) mod property;
mod source;
pub(crate) mod view;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

pub(crate) use self::data_type::{DataType, Kept};

/// The compiled-in file.
const FILE: &str = include_str!("../schema.toml");

/// Why `schema.toml` cannot be used. A fault of ours: the file is compiled in and a test reads it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SchemaError {
    #[error("the compiled-in schema cannot be read")]
    Syntax(#[from] toml::de::Error),
    #[error("the compiled-in schema is wrong at {place}: {reason}")]
    Wrong { place: String, reason: String },
}

/// Who may write a field, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Access {
    #[default]
    Write,
    Create,
    Read,
}

/// What the server puts into a field that a create leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fill {
    Actor,
}

/// A value that is worked out from other columns or rows whenever it is read, and so has no column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Computed {
    /// The row's display name.
    DisplayName,
    /// How many notes that are not closed link to the row.
    OpenNotes,
    /// The minutes of the time logs that link to the row.
    TimeLogs,
    /// The id of what a link points to: `task_id` is that of `task`.
    LinkId,
}

/// Where a multi-entity field's links are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LinkSide {
    /// This field owns them.
    Own,
    /// They are the owned links of another type's multi-entity field, seen from the other end.
    OtherMulti { type_name: String, field: String },
    /// They are the rows of another type whose entity field points here.
    OtherEntity { type_name: String, field: String },
    /// Each is a row of a type in between.
    Through(Through),
}

/// A type whose rows are links: one of its entity fields points here, another to the linked row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Through {
    pub(crate) type_name: String,
    pub(crate) here: String,
    pub(crate) there: String,
}

/// One field of a type.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) data_type: DataType,
    pub(crate) access: Access,
    pub(crate) fill: Option<Fill>,
    /// Link targets.
    pub(crate) to: Vec<String>,
    pub(crate) side: LinkSide,
    /// Valid values of a list.
    pub(crate) values: Vec<String>,
    pub(crate) default: Option<serde_json::Value>,
    pub(crate) mandatory: bool,
    pub(crate) unique: bool,
    pub(crate) index: bool,
    pub(crate) computed: Option<Computed>,
    /// Help text of the field.
    pub(crate) description: String,
    /// The summary that pages show of the field.
    pub(crate) summary_default: String,
    /// Made by a client, not by the file.
    pub(crate) created: bool,
    /// Ids of the projects that do not show the field.
    pub(crate) hidden_in: BTreeSet<i64>,
}

/// One entity type.
#[derive(Debug, Clone)]
pub(crate) struct EntityType {
    pub(crate) name: String,
    pub(crate) label: String,
    /// Text fields whose first non-empty one names the row.
    pub(crate) display: Vec<String>,
    pub(crate) project_scoped: bool,
    /// Rows carry `updated_at` and `updated_by`.
    pub(crate) tracks_updates: bool,
    pub(crate) fields: BTreeMap<String, Field>,
}

/// All types, and which of them this desk does without.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    types: BTreeMap<String, EntityType>,
    statuses: BTreeMap<String, String>,
    disabled: BTreeSet<String>,
}

impl Schema {
    /// Reads the compiled-in file; the `disabled` types keep their tables but are not to be seen.
    pub(crate) fn load(disabled: &[String]) -> Result<Schema, SchemaError> {
        let mut schema = source::read(FILE)?;
        schema.disabled = disabled.iter().cloned().collect();
        Ok(schema)
    }

    /// Takes fields away (`Ticket.sg_incident_key`), as on a site where nobody has made them. Their columns stay.
    pub(crate) fn hide(&mut self, missing: &[String]) {
        for (type_name, field) in missing.iter().filter_map(|path| path.split_once('.')) {
            if let Some(entity) = self.types.get_mut(type_name) {
                entity.fields.remove(field);
            }
        }
    }

    /// Adds a field that was created, unless the file has it by now.
    pub(crate) fn add(&mut self, type_name: &str, field: Field) {
        if let Some(entity) = self.types.get_mut(type_name) {
            entity.fields.entry(field.name.clone()).or_insert(field);
        }
    }

    /// Takes a created field away, and gives whether it was there.
    pub(crate) fn remove(&mut self, type_name: &str, name: &str) -> bool {
        let Some(entity) = self.types.get_mut(type_name) else { return false };
        let created = entity.fields.get(name).is_some_and(|field| field.created);
        created && entity.fields.remove(name).is_some()
    }

    /// The field, to change what may be changed of it.
    pub(crate) fn field_mut(&mut self, type_name: &str, name: &str) -> Option<&mut Field> {
        self.types.get_mut(type_name)?.fields.get_mut(name)
    }

    /// The display names of all statuses, by code.
    pub(crate) fn statuses(&self) -> &BTreeMap<String, String> {
        &self.statuses
    }

    /// Takes over the display names that the Status rows have by now.
    pub(crate) fn set_statuses(&mut self, statuses: BTreeMap<String, String>) {
        self.statuses = statuses;
    }

    /// The type as clients see it: none when unknown or disabled.
    pub(crate) fn entity(&self, name: &str) -> Option<&EntityType> {
        if self.disabled.contains(name) { None } else { self.types.get(name) }
    }

    /// Every type clients see, by name.
    pub(crate) fn entities(&self) -> impl Iterator<Item = &EntityType> {
        self.types.values().filter(|entity| !self.disabled.contains(&entity.name))
    }

    /// The type even when it is disabled: old links may still point at its rows.
    pub(crate) fn table(&self, name: &str) -> Option<&EntityType> {
        self.types.get(name)
    }

    /// Every type that has a table, disabled ones included.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &EntityType> {
        self.types.values()
    }

    /// The display name of a status code.
    pub(crate) fn status_label<'a>(&'a self, code: &'a str) -> &'a str {
        self.statuses.get(code).map_or(code, String::as_str)
    }
}

impl Field {
    /// A field that holds one value, links to nothing and may be written.
    pub(crate) fn plain(name: &str, label: &str, data_type: DataType) -> Field {
        Field {
            name: name.to_owned(),
            label: label.to_owned(),
            data_type,
            access: Access::Write,
            fill: None,
            to: Vec::new(),
            side: LinkSide::Own,
            values: Vec::new(),
            default: None,
            mandatory: false,
            unique: false,
            index: false,
            computed: None,
            description: String::new(),
            summary_default: "none".to_owned(),
            created: false,
            hidden_in: BTreeSet::new(),
        }
    }
}

impl EntityType {
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_in_file_is_right_and_a_disabled_type_is_not_seen() {
        let schema = Schema::load(&["Ticket".to_owned()]).unwrap();
        assert!(schema.entity("Ticket").is_none());
        assert!(schema.entities().all(|entity| entity.name != "Ticket"));
        assert!(schema.tables().any(|entity| entity.name == "Ticket"));
        let reply = schema.entity("Reply").unwrap();
        assert!(reply.field("updated_at").is_none());
        assert_eq!(
            schema.entity("Note").unwrap().field("replies").unwrap().side,
            LinkSide::OtherEntity { type_name: "Reply".to_owned(), field: "entity".to_owned() }
        );
    }
}
