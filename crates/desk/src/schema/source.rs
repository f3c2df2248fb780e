//! `schema.toml`: its spelling, and what must hold in it.
//!
//! Owns the check that types and fields fit together: links point at types of the file, reverse fields at link fields, display
//! fields are text. What comes out is never wrong in itself.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::schema::{Access, Computed, DataType, EntityType, Field, Fill, LinkSide, Schema, SchemaError};

/// Stands for every type of the file among the types a link may point to.
const ANY: &str = "*";

/// Reads a schema file.
pub(crate) fn read(text: &str) -> Result<Schema, SchemaError> {
    let file: SchemaFile = toml::from_str(text)?;
    let mut types = BTreeMap::new();
    for (name, entity) in &file.entity {
        types.insert(name.clone(), entity.build(name, &file)?);
    }
    Ok(Schema { types, statuses: file.statuses, disabled: BTreeSet::new() })
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
        if let Some(odd) = self.fields.keys().chain([&name.to_owned()]).find(|name| !is_plain(name)) {
            return Err(wrong(name, format!("{odd} is not a name of letters, digits and _")));
        }
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
        let to = if self.to == [ANY] { file.entity.keys().cloned().collect() } else { self.to.clone() };
        if let Some(unknown) = to.iter().find(|target| !file.entity.contains_key(*target)) {
            return Err(wrong(place, format!("links to {unknown}, which is not a type of the file")));
        }
        if self.data_type.listed() == self.values.is_empty() {
            return Err(wrong(
                place,
                "`values` belongs to list and status_list fields, and is not empty there",
            ));
        }
        if self.data_type == DataType::StatusList
            && let Some(unknown) = self.values.iter().find(|code| !file.statuses.contains_key(*code))
        {
            return Err(wrong(place, format!("{unknown} is not a status of the file")));
        }
        let side = match &self.reverse {
            None => LinkSide::Own,
            Some(path) => other_side(path, file)
                .ok_or_else(|| wrong(place, format!("reverse {path} is not a link field of the file")))?,
        };
        if self.computed.is_some() && self.default.is_some() {
            return Err(wrong(place, "a computed field has no value to begin with"));
        }
        // There is no value to hold.
        let served = self.data_type.read_only() || self.computed.is_some();
        Ok(Field {
            access: if served { Access::Read } else { self.access },
            fill: self.fill,
            to,
            side,
            values: self.values.clone(),
            default: self.default.clone(),
            mandatory: self.mandatory,
            unique: self.unique,
            index: self.index,
            computed: self.computed,
            ..Field::plain(name, &self.label, self.data_type)
        })
    }
}

/// Names end in SQL text as they are.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
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
