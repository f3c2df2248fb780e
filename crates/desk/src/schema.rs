//! The entity types of the desk: `schema.toml`, read and checked once at start.
//!
//! Owns what a type and a field are. Knows neither SQL (`table`) nor the JSON that `schema_read` answers (`schema_view`).

pub(crate) mod created_field;
mod data_type;
pub(crate) mod view;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

pub(crate) use self::data_type::{DataType, Kept};

const SOURCE: &str = include_str!("../schema.toml");

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
        let file: SchemaFile = toml::from_str(SOURCE)?;
        let mut types = BTreeMap::new();
        for (name, entity) in &file.entity {
            types.insert(name.clone(), entity.build(name, &file)?);
        }
        let disabled = disabled.iter().cloned().collect();
        Ok(Schema { types, statuses: file.statuses, disabled })
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
        }
    }
}

impl EntityType {
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.get(name)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaFile {
    statuses: BTreeMap<String, String>,
    entity: BTreeMap<String, EntitySource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntitySource {
    label: Option<String>,
    display: Vec<String>,
    #[serde(default)]
    project_scoped: bool,
    audit: Option<String>,
    fields: BTreeMap<String, FieldSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldSource {
    label: String,
    #[serde(rename = "type")]
    data_type: DataType,
    #[serde(default)]
    to: Vec<String>,
    reverse: Option<String>,
    #[serde(default)]
    access: Access,
    fill: Option<Fill>,
    #[serde(default)]
    values: Vec<String>,
    default: Option<serde_json::Value>,
    #[serde(default)]
    mandatory: bool,
    #[serde(default)]
    unique: bool,
    #[serde(default)]
    index: bool,
    computed: Option<Computed>,
}

impl EntitySource {
    fn build(&self, name: &str, file: &SchemaFile) -> Result<EntityType, SchemaError> {
        let tracks_updates = self.audit.as_deref() != Some("created");
        let mut fields = server_fields(tracks_updates);
        for (field_name, source) in &self.fields {
            let place = format!("{name}.{field_name}");
            fields.insert(field_name.clone(), source.build(&place, field_name, file)?);
        }
        for display in &self.display {
            if fields.get(display).is_none_or(|field| field.data_type != DataType::Text) {
                return Err(wrong(name, format!("display field {display} is not a text field")));
            }
        }
        Ok(EntityType {
            name: name.to_owned(),
            label: self.label.clone().unwrap_or_else(|| name.to_owned()),
            display: self.display.clone(),
            project_scoped: self.project_scoped,
            tracks_updates,
            fields,
        })
    }
}

impl FieldSource {
    fn build(&self, place: &str, name: &str, file: &SchemaFile) -> Result<Field, SchemaError> {
        if self.data_type.links() == self.to.is_empty() {
            return Err(wrong(place, "`to` belongs to fields that link, and is not empty there"));
        }
        if let Some(unknown) = self.to.iter().find(|target| !file.entity.contains_key(*target)) {
            return Err(wrong(place, format!("links to {unknown}, which is not a type of the file")));
        }
        if self.data_type.listed() == self.values.is_empty() {
            return Err(wrong(
                place,
                "`values` belongs to list and status_list fields, and is not empty there",
            ));
        }
        let side = match &self.reverse {
            None => LinkSide::Own,
            Some(path) => other_side(path, file)
                .ok_or_else(|| wrong(place, format!("reverse {path} is not a link field of the file")))?,
        };
        Ok(Field {
            name: name.to_owned(),
            label: self.label.clone(),
            data_type: self.data_type,
            access: if self.data_type.read_only() || self.computed.is_some() {
                Access::Read
            } else {
                self.access
            },
            fill: self.fill,
            to: self.to.clone(),
            side,
            values: self.values.clone(),
            default: self.default.clone(),
            mandatory: self.mandatory,
            unique: self.unique,
            index: self.index,
            computed: self.computed,
        })
    }
}

fn other_side(path: &str, file: &SchemaFile) -> Option<LinkSide> {
    let (type_name, field) = path.split_once('.')?;
    let source = file.entity.get(type_name)?.fields.get(field)?;
    let (type_name, field) = (type_name.to_owned(), field.to_owned());
    match source.data_type {
        DataType::Entity => Some(LinkSide::OtherEntity { type_name, field }),
        DataType::Addressing | DataType::MultiEntity if source.reverse.is_none() => {
            Some(LinkSide::OtherMulti { type_name, field })
        }
        _ => None,
    }
}

fn wrong(place: &str, reason: impl Into<String>) -> SchemaError {
    SchemaError::Wrong { place: place.to_owned(), reason: reason.into() }
}

/// The fields every type has.
fn server_fields(tracks_updates: bool) -> BTreeMap<String, Field> {
    let field = |name: &str, label: &str, data_type, access| Field {
        access,
        to: if data_type == DataType::Entity {
            vec!["HumanUser".to_owned(), "ApiUser".to_owned()]
        } else {
            Vec::new()
        },
        computed: (name == "cached_display_name").then_some(Computed::DisplayName),
        ..Field::plain(name, label, data_type)
    };
    let mut fields = vec![
        field("id", "Id", DataType::Number, Access::Read),
        field("cached_display_name", "Cached Display Name", DataType::Text, Access::Read),
        field("created_at", "Date Created", DataType::DateTime, Access::Create),
        field("created_by", "Created by", DataType::Entity, Access::Create),
    ];
    if tracks_updates {
        fields.push(field("updated_at", "Date Updated", DataType::DateTime, Access::Create));
        fields.push(field("updated_by", "Updated by", DataType::Entity, Access::Create));
    }
    fields.into_iter().map(|field| (field.name.clone(), field)).collect()
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
