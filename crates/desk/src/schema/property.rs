//! The properties of a field that clients may set: read from what they send, checked, put on the field.
//!
//! Owns which property belongs to which data type. They are kept as JSON of the same names.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fault::{Fault, clip};
use crate::rows::value::{Cell, Target, check_listed, encode};
use crate::schema::{Access, DataType, EntityType, Field, Kept, LinkSide, Schema};

/// Longest label, valid value and description, in letters.
const LABEL_CHARS: usize = 100;
const VALUE_CHARS: usize = 255;
const DESCRIPTION_CHARS: usize = 10_000;
/// Most valid values or types of one field.
const MAX_VALUES: usize = 1000;

/// What pages can show under a column.
const SUMMARIES: [&str; 16] = [
    "none",
    "average",
    "checked",
    "count",
    "earliest",
    "latest",
    "maximum",
    "minimum",
    "percentage",
    "record_count",
    "status_list",
    "status_percentage",
    "status_percentage_as_float",
    "sum",
    "unchecked",
    "sum_as_float",
];

/// Properties of one field; what is not given stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Properties {
    /// The label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) valid_types: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) valid_values: Option<Vec<String>>,
    /// Null takes the default away.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "given")]
    pub(crate) default_value: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) summary_default: Option<String>,
    /// In one project; kept elsewhere.
    #[serde(skip)]
    pub(crate) visible: Option<bool>,
}

/// Tells a null that was given from nothing.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Properties {
    /// Reads `[{"property_name", "value"}]`, the form of both protocols. `call` is the method's name.
    pub(crate) fn from_list(call: &str, list: Option<&Value>) -> Result<Properties, Fault> {
        let refused = |reason: &str| Fault::request(format!("API {call}() {reason}"));
        let malformed = || refused("'properties' is not a list of {property_name, value}");
        let mut properties = Properties::default();
        let items = match list {
            None | Some(Value::Null) => return Ok(properties),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(malformed()),
        };
        for item in items {
            let name = item.get("property_name").and_then(Value::as_str).ok_or_else(malformed)?;
            let value = item.get("value").ok_or_else(malformed)?;
            let wrong = |wanted: &str| refused(&format!("property '{name}' is not {wanted}"));
            let text = |limit: usize| match value {
                Value::String(text) if text.chars().count() <= limit => Ok(text.trim().to_owned()),
                _ => Err(wrong(&format!("a text of at most {limit} letters"))),
            };
            let texts = || {
                let texts = value.as_array().filter(|texts| texts.len() <= MAX_VALUES).and_then(|texts| {
                    let short = |text: &&str| !text.is_empty() && text.chars().count() <= VALUE_CHARS;
                    texts.iter().map(|text| text.as_str().map(str::trim).filter(short)).collect()
                });
                let texts: Vec<&str> = texts.ok_or_else(|| {
                    wrong(&format!("a list of at most {MAX_VALUES} texts of 1 to {VALUE_CHARS} letters"))
                })?;
                let mut seen = BTreeSet::new();
                Ok::<_, Fault>(
                    texts
                        .into_iter()
                        .filter(|text| seen.insert(*text))
                        .map(str::to_owned)
                        .collect::<Vec<_>>(),
                )
            };
            match name {
                "name" => properties.name = Some(text(LABEL_CHARS)?),
                "description" => properties.description = Some(text(DESCRIPTION_CHARS)?),
                "valid_types" => properties.valid_types = Some(texts()?),
                "valid_values" => properties.valid_values = Some(texts()?),
                "default_value" => properties.default_value = Some(value.clone()),
                "summary_default" => properties.summary_default = Some(text(VALUE_CHARS)?),
                "visible" => {
                    properties.visible = Some(value.as_bool().ok_or_else(|| wrong("true or false"))?)
                }
                other => {
                    return Err(refused(&format!(
                        "property '{}' is not one that this site can set",
                        clip(other)
                    )));
                }
            }
        }
        Ok(properties)
    }

    /// The field with these properties. What a kept one names and is no more (a type of an older desk) is left out.
    pub(crate) fn put_on(&self, schema: &Schema, mut field: Field) -> Field {
        let properties = self.clone();
        field.label = properties.name.unwrap_or(field.label);
        field.description = properties.description.unwrap_or(field.description);
        field.values = properties.valid_values.unwrap_or(field.values);
        field.summary_default = properties.summary_default.unwrap_or(field.summary_default);
        if let Some(mut types) = properties.valid_types {
            types.retain(|name| schema.table(name).is_some());
            field.to = types;
        }
        if let Some(default) = properties.default_value {
            field.default = (!default.is_null()).then_some(default);
        }
        field
    }

    /// Whether a client may put these on the field, of which `field` is the result. `call` is the method's name.
    pub(crate) fn check(
        &self,
        call: &str,
        schema: &Schema,
        entity: &EntityType,
        field: &Field,
    ) -> Result<(), Fault> {
        let data_type = field.data_type;
        let refused = |reason: String| {
            Err(Fault::request(format!("API {call}() {}.{} {reason}", entity.name, field.name)))
        };
        let foreign = |property: &str| {
            refused(format!("is a {} field and has no '{property}' to be set", data_type.name()))
        };
        if field.label.is_empty() {
            return refused("needs a property 'name' that is not empty".to_owned());
        }
        if let Some(types) = &self.valid_types {
            if !data_type.links() || field.side != LinkSide::Own || field.access != Access::Write {
                return foreign("valid_types");
            }
            if let Some(unknown) = types.iter().find(|name| schema.entity(name).is_none()) {
                return Err(Fault::unknown_type(unknown));
            }
        }
        if data_type.links() && field.to.is_empty() {
            return refused("needs the property 'valid_types'".to_owned());
        }
        if let Some(values) = &self.valid_values {
            if !data_type.listed() {
                return foreign("valid_values");
            }
            let unknown = values.iter().find(|code| !schema.statuses().contains_key(*code));
            if let (DataType::StatusList, Some(unknown)) = (data_type, unknown) {
                return refused(format!("cannot have '{}': no Status has that code", clip(unknown)));
            }
        }
        if !SUMMARIES.contains(&field.summary_default.as_str()) {
            return refused(format!("cannot be summarized by '{}'", clip(&field.summary_default)));
        }
        if let Some(default) = &self.default_value {
            if !takes_default(field) {
                return foreign("default_value");
            }
            let target = Target { call, entity, field };
            if let Cell::One(value) = encode(target, default)? {
                check_listed(target, value.as_ref())?;
            }
        }
        Ok(())
    }

    /// These, with what `later` gives in place of theirs.
    pub(crate) fn then(self, later: &Properties) -> Properties {
        Properties {
            name: later.name.clone().or(self.name),
            description: later.description.clone().or(self.description),
            valid_types: later.valid_types.clone().or(self.valid_types),
            valid_values: later.valid_values.clone().or(self.valid_values),
            default_value: later.default_value.clone().or(self.default_value),
            summary_default: later.summary_default.clone().or(self.summary_default),
            visible: None,
        }
    }
}

/// Whether a default of the field can be set: not of links, files and what the server makes.
pub(crate) fn takes_default(field: &Field) -> bool {
    let plain = matches!(field.data_type.kept(), Kept::Integer | Kept::Real | Kept::Text)
        && !matches!(field.data_type, DataType::Image | DataType::Password);
    plain && field.access == Access::Write && !field.unique
}
