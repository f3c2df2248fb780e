//! The api3 methods around the schema: the reads, and the writes of fields.
//!
//! Owns their arguments only; rules and wording of the schema are `schema`'s.

use serde_json::{Value, json};

use crate::fault::{Fault, Trouble};
use crate::rows::query::Context;
use crate::schema::property::Properties;
use crate::schema::{created_field, view};
use crate::site::Site;

/// `schema_entity_read`, `schema_read` and `schema_field_read`.
pub(crate) fn read(context: Context<'_>, arguments: &Value) -> Result<Value, Trouble> {
    let (schema, project) = (context.schema, project(context.call, arguments)?);
    match context.call {
        "schema_entity_read" => return Ok(view::entities(schema)),
        "schema_read" => return Ok(view::everything(schema, project)),
        _ => {}
    }
    let entity = context.entity_of(arguments)?;
    let Some(name) = arguments.get("field_name").and_then(Value::as_str) else {
        return Ok(view::fields(schema, entity, project));
    };
    let field = entity.field(name).ok_or_else(|| Fault::unknown_field(context.call, &entity.name, name))?;
    Ok(json!({name: view::describe(schema, entity, field, project)}))
}

/// `schema_field_create`, `schema_field_update` and `schema_field_delete`.
pub(crate) async fn change(site: &Site, method: String, arguments: Value) -> Result<Value, Trouble> {
    site.change_schema(move |transaction, schema| {
        let text = |name: &str| {
            arguments
                .get(name)
                .and_then(Value::as_str)
                .ok_or_else(|| Fault::request(format!("API {method}() invalid/missing string '{name}'")))
        };
        let type_name = text("type")?;
        let properties = Properties::from_list(&method, arguments.get("properties"))?;
        match method.as_str() {
            "schema_field_create" => {
                created_field::create(transaction, schema, type_name, text("data_type")?, &properties)
                    .map(Value::from)
            }
            "schema_field_update" => {
                let project = project(&method, &arguments)?;
                created_field::update(
                    transaction,
                    schema,
                    type_name,
                    text("field_name")?,
                    &properties,
                    project,
                )
                .map(|()| Value::from(true))
            }
            _ => created_field::delete(transaction, schema, type_name, text("field_name")?)
                .map(|()| Value::from(true)),
        }
    })
    .await
}

/// Whether a write is of rows of Status, whose names the schema shows.
pub(crate) fn touches_statuses(arguments: &Value) -> bool {
    let is_status = |request: &Value| request["type"] == "Status";
    is_status(arguments) || arguments.as_array().is_some_and(|requests| requests.iter().any(is_status))
}

/// The id of the project a client asks about.
fn project(call: &str, arguments: &Value) -> Result<Option<i64>, Fault> {
    match arguments.get("project") {
        None | Some(Value::Null) => Ok(None),
        Some(hash) if hash["type"] == "Project" && hash["id"].is_i64() => Ok(hash["id"].as_i64()),
        Some(_) => Err(Fault::request(format!("API {call}() 'project' is not the hash of a Project"))),
    }
}
