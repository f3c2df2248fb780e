//! What `schema_read`, `schema_entity_read` and `schema_field_read` answer: the schema in FPT's `value`/`editable` wrapping.

use serde_json::{Map, Value, json};

use crate::schema::{Access, DataType, EntityType, Field, Schema};

/// `schema_entity_read`: every type with its display name.
pub(crate) fn entities(schema: &Schema) -> Value {
    let mut types = Map::new();
    for entity in schema.entities() {
        types.insert(entity.name.clone(), json!({"name": fixed(&entity.label), "visible": fixed(true)}));
    }
    Value::Object(types)
}

/// `schema_read`: every field of every type.
pub(crate) fn everything(schema: &Schema) -> Value {
    let mut types = Map::new();
    for entity in schema.entities() {
        types.insert(entity.name.clone(), fields(schema, entity));
    }
    Value::Object(types)
}

/// `schema_field_read` without a field name.
pub(crate) fn fields(schema: &Schema, entity: &EntityType) -> Value {
    let mut described = Map::new();
    for field in entity.fields.values() {
        described.insert(field.name.clone(), describe(schema, entity, field));
    }
    Value::Object(described)
}

/// One field's description.
pub(crate) fn describe(schema: &Schema, entity: &EntityType, field: &Field) -> Value {
    let mut properties = Map::new();
    let default = field.default.clone().unwrap_or(Value::Null);
    properties.insert("default_value".into(), json!({"value": default, "editable": true}));
    properties.insert("summary_default".into(), json!({"value": "none", "editable": true}));
    match field.data_type {
        data_type if data_type.links() => {
            properties.insert("valid_types".into(), json!({"value": field.to, "editable": true}));
        }
        data_type if data_type.listed() => {
            properties.insert("valid_values".into(), json!({"value": field.values, "editable": true}));
            let labels: Map<String, Value> = field
                .values
                .iter()
                .map(|value| (value.clone(), Value::from(label_of(schema, field, value))))
                .collect();
            properties.insert("display_values".into(), fixed(labels));
            properties.insert("hidden_values".into(), json!({"value": [], "editable": true}));
        }
        _ => {}
    }
    json!({
        "name": {"value": field.label, "editable": true},
        "description": {"value": "", "editable": true},
        "entity_type": fixed(&entity.name),
        "data_type": fixed(field.data_type.name()),
        "editable": fixed(field.access == Access::Write),
        "mandatory": fixed(field.mandatory),
        "unique": fixed(field.unique),
        "visible": {"value": true, "editable": true},
        "ui_value_displayable": fixed(true),
        "properties": properties,
    })
}

fn label_of<'a>(schema: &'a Schema, field: &Field, value: &'a str) -> &'a str {
    if field.data_type == DataType::StatusList { schema.status_label(value) } else { value }
}

fn fixed(value: impl serde::Serialize) -> Value {
    json!({"value": value, "editable": false})
}
