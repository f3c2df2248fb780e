//! The fields of one entity type, as this site has them: sites differ, so callers ask before they write. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

#[derive(Debug, Clone, Default, PartialEq)]
struct FieldDescription {
    data_type: String,
    editable: bool,
    mandatory: bool,
    unique: bool,
    valid_values: Option<Vec<String>>,
    link_types: Vec<String>,
}

/// The fields of one entity type on one site.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EntityFields {
    fields: BTreeMap<String, FieldDescription>,
}

impl EntityFields {
    /// Reads the result of `schema_field_read`. None when it is no object or empty: every type has an `id`.
    pub(crate) fn from_wire(value: &Value) -> Option<Self> {
        let map = value.as_object().filter(|map| !map.is_empty())?;
        let fields =
            map.iter().map(|(name, description)| (name.clone(), FieldDescription::from_wire(description)));
        Some(Self { fields: fields.collect() })
    }

    /// Whether the type has this field.
    pub fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Names of all fields, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }

    /// The field's data type (`text`, `status_list`, `multi_entity`, …).
    pub fn data_type(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|field| field.data_type.as_str())
    }

    /// The values a list or status field accepts; None for fields that have no such list.
    pub fn valid_values(&self, name: &str) -> Option<Vec<String>> {
        self.fields.get(name)?.valid_values.clone()
    }

    /// Whether the field can be written.
    pub fn editable(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|field| field.editable)
    }

    /// Whether the field is flagged mandatory. (`project` is needed on create even where it is not flagged.)
    pub fn mandatory(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|field| field.mandatory)
    }

    /// Whether the field is flagged unique.
    pub fn unique(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|field| field.unique)
    }

    /// The entity types a link field may point at; empty for other fields.
    pub fn link_types(&self, name: &str) -> Vec<String> {
        self.fields.get(name).map(|field| field.link_types.clone()).unwrap_or_default()
    }
}

impl FieldDescription {
    fn from_wire(value: &Value) -> Self {
        let flag = |key: &str| value[key]["value"].as_bool().unwrap_or(false);
        let properties = &value["properties"];
        Self {
            data_type: value["data_type"]["value"].as_str().unwrap_or_default().to_owned(),
            editable: flag("editable"),
            mandatory: flag("mandatory"),
            unique: flag("unique"),
            valid_values: texts(&properties["valid_values"]["value"]),
            link_types: texts(&properties["valid_types"]["value"]).unwrap_or_default(),
        }
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    Some(value.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_what_matters_and_survives_the_rest() {
        let fields = EntityFields::from_wire(&json!({
            "sg_status_list": {"data_type": {"value": "status_list", "editable": false},
                "editable": {"value": true}, "mandatory": {"value": false}, "unique": {"value": false},
                "properties": {"valid_values": {"value": ["wtg", "opn", null]}}},
            "project": {"data_type": {"value": "entity"}, "properties": {"valid_types": {"value": ["Project"]}}},
            "odd": 5,
        }))
        .expect("fields");
        assert_eq!(fields.valid_values("sg_status_list"), Some(vec!["wtg".to_owned(), "opn".to_owned()]));
        assert!(fields.editable("sg_status_list") && !fields.editable("project") && fields.has("odd"));
        assert_eq!(fields.link_types("project"), ["Project"]);
        assert_eq!((fields.data_type("project"), fields.valid_values("project")), (Some("entity"), None));
        assert_eq!(EntityFields::from_wire(&json!({})), None);
        assert_eq!(EntityFields::from_wire(&json!(true)), None);
    }
}
