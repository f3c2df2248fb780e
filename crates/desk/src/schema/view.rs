//! What `schema_read`, `schema_entity_read` and `schema_field_read` answer: the schema in FPT's `value`/`editable` wrapping.
//!
//! `project` is the id of the project the client asks about: fields can be hidden in one.

use serde_json::{Map, Value, json};

use crate::schema::property::takes_default;
use crate::schema::{Access, Computed, DataType, EntityType, Field, LinkSide, Schema};

/// `schema_entity_read`: every type with its display name.
pub(crate) fn entities(schema: &Schema) -> Value {
    let mut types = Map::new();
    for entity in schema.entities() {
        types.insert(entity.name.clone(), json!({"name": fixed(&entity.label), "visible": fixed(true)}));
    }
    Value::Object(types)
}

/// `schema_read`: every field of every type.
pub(crate) fn everything(schema: &Schema, project: Option<i64>) -> Value {
    let mut types = Map::new();
    for entity in schema.entities() {
        types.insert(entity.name.clone(), fields(schema, entity, project));
    }
    Value::Object(types)
}

/// `schema_field_read` without a field name.
pub(crate) fn fields(schema: &Schema, entity: &EntityType, project: Option<i64>) -> Value {
    let mut described = Map::new();
    for field in entity.fields.values() {
        described.insert(field.name.clone(), describe(schema, entity, field, project));
    }
    Value::Object(described)
}

/// One field's description.
pub(crate) fn describe(schema: &Schema, entity: &EntityType, field: &Field, project: Option<i64>) -> Value {
    let visible = project.is_none_or(|project| !field.hidden_in.contains(&project));
    json!({
        "name": open(&field.label),
        "description": open(&field.description),
        "custom_metadata": open(""),
        "entity_type": fixed(&entity.name),
        "data_type": fixed(field.data_type.name()),
        "editable": fixed(field.access == Access::Write),
        "mandatory": fixed(field.mandatory || field.name == "id"),
        "unique": fixed(field.unique),
        "visible": {"value": visible, "editable": field.created},
        "ui_value_displayable": fixed(field.name != "reply_content"),
        "properties": properties(schema, field),
    })
}

fn properties(schema: &Schema, field: &Field) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut put = |name: &str, value: Value| properties.insert(name.to_owned(), value);
    let settable = takes_default(field) && (field.created || field.data_type.listed());
    put("default_value", json!({"value": field.default, "editable": settable}));
    put("summary_default", json!({"value": field.summary_default, "editable": !field.data_type.read_only()}));
    match field.data_type {
        DataType::Text => {
            put("regex_validation", fixed(""));
            put("regex_validation_enabled", fixed(Value::Null));
        }
        DataType::Url => {
            put("open_in_new_window", fixed(true));
        }
        DataType::Summary => {
            put("query", fixed(query(field)));
            put("summary_default", fixed("record_count"));
            put("summary_field", fixed("id"));
            put("summary_value", fixed(Value::Null));
        }
        data_type if data_type.links() => {
            let own = field.side == LinkSide::Own && field.access == Access::Write;
            put("valid_types", json!({"value": field.to, "editable": own}));
        }
        data_type if data_type.listed() => {
            put("valid_values", open(&field.values));
            let labels: Map<String, Value> = field
                .values
                .iter()
                .map(|value| (value.clone(), Value::from(label_of(schema, field, value))))
                .collect();
            put("display_values", fixed(labels));
            put("hidden_values", fixed([(); 0]));
        }
        _ => {}
    }
    properties
}

/// What a summary field counts, spelled as the filters of a query field.
fn query(field: &Field) -> Value {
    if field.computed != Some(Computed::OpenNotes) {
        return Value::Null;
    }
    let here = json!({"type": "Entity", "id": 0, "name": "Current Entity", "valid": "parent_entity_token"});
    json!({"entity_type": "Note", "filters": {"logical_operator": "and", "conditions": [
        {"path": "note_links", "relation": "is", "values": [here]},
        {"path": "sg_status_list", "relation": "in", "values": ["opn", "ip", "rdy"]}]}})
}

fn label_of<'a>(schema: &'a Schema, field: &Field, value: &'a str) -> &'a str {
    if field.data_type == DataType::StatusList { schema.status_label(value) } else { value }
}

fn fixed(value: impl serde::Serialize) -> Value {
    json!({"value": value, "editable": false})
}

fn open(value: impl serde::Serialize) -> Value {
    json!({"value": value, "editable": true})
}
