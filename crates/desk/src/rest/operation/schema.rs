//! The schema: types and fields.

use crate::rest::operation::{JSON, Operation, Parameter, may};
use crate::rest::schema_field;

const PROJECT: Parameter = may("project_id", "Id", "The project that fields can be hidden in");

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("readTypes", "/schema", |call, body| Box::pin(schema_field::types(call, body)))
        .about("The entity types")
        .asks(&[PROJECT])
        .gives(200, "SchemaTypes"),
    Operation::get("readType", "/schema/{entity}", |call, body| Box::pin(schema_field::one_type(call, body)))
        .about("One entity type")
        .asks(&[PROJECT])
        .gives(200, "SchemaType"),
    Operation::get("readFields", "/schema/{entity}/fields", |call, body| {
        Box::pin(schema_field::fields(call, body))
    })
    .about("The fields of a type")
    .asks(&[PROJECT])
    .gives(200, "SchemaFields"),
    Operation::post("createField", "/schema/{entity}/fields", |call, body| {
        Box::pin(schema_field::create(call, body))
    })
    .about("A new field")
    .takes(JSON, "NewField")
    .gives(201, "SchemaField"),
    Operation::get("readField", "/schema/{entity}/fields/{field_name}", |call, body| {
        Box::pin(schema_field::one_field(call, body))
    })
    .about("One field")
    .asks(&[PROJECT])
    .gives(200, "SchemaField"),
    Operation::put("updateField", "/schema/{entity}/fields/{field_name}", |call, body| {
        Box::pin(schema_field::update(call, body))
    })
    .about("Changes properties of a field")
    .takes(JSON, "ChangedField")
    .gives(200, "SchemaField"),
    Operation::delete("deleteField", "/schema/{entity}/fields/{field_name}", |call, body| {
        Box::pin(schema_field::delete(call, body))
    })
    .about("Deletes a field")
    .gives_nothing(204),
    Operation::post("reviveField", "/schema/{entity}/fields/{field_name}", |call, body| {
        Box::pin(schema_field::revive(call, body))
    })
    .about("Brings a deleted field back")
    .asks(&[may("revive", "Revive", "Must be `true`, here or in the body")])
    .may_take(JSON, "ReviveField")
    .gives_nothing(204),
];
