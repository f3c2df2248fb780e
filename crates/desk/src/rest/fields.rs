//! Which fields a call asks for: `a,b`, a list, `*`; unknown ones are left out without a word.

use serde_json::Value;

use crate::rest::answer::Refusal;
use crate::schema::{DataType, EntityType, Field, Schema};

/// Names in one list.
const MAX_NAMES: usize = 500;
/// Types in one dotted path.
const MAX_HOPS: usize = 8;

/// What is returned when a call names no fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unless {
    /// Every field, as for one record.
    All,
    /// Type and id alone, as for many.
    None,
}

/// The fields to return: from the query string's text or the body's text or list.
pub(crate) fn wanted(
    schema: &Schema,
    entity: &EntityType,
    asked: Option<&Value>,
    unless: Unless,
) -> Result<Vec<String>, Refusal> {
    let refused = || Refusal::request("'fields' is a comma-separated text or a list of field names");
    let names: Vec<&str> = match asked {
        None | Some(Value::Null) if unless == Unless::All => return Ok(all(entity)),
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::String(text)) => text.split(',').map(str::trim).collect(),
        Some(Value::Array(items)) => {
            items.iter().map(|item| item.as_str().ok_or_else(refused)).collect::<Result<_, _>>()?
        }
        Some(_) => return Err(refused()),
    };
    if names.len() > MAX_NAMES {
        return Err(Refusal::request(format!("'fields' names more than {MAX_NAMES} fields")));
    }
    let mut wanted: Vec<String> = Vec::new();
    for name in names {
        let more = match name {
            "*" => all(entity),
            _ if field_at(schema, entity, name).is_some() => vec![name.to_owned()],
            _ => Vec::new(),
        };
        for name in more {
            if !wanted.contains(&name) {
                wanted.push(name);
            }
        }
    }
    Ok(wanted)
}

/// Every field of the type.
pub(crate) fn all(entity: &EntityType) -> Vec<String> {
    entity.fields.keys().filter(|name| *name != "id").cloned().collect()
}

/// The field that a path, dotted or not, leads to through single links.
pub(crate) fn field_at<'s>(schema: &'s Schema, entity: &'s EntityType, path: &str) -> Option<&'s Field> {
    let mut at = entity;
    let mut steps = path.split('.');
    for _ in 0..MAX_HOPS {
        let field = at.field(steps.next()?)?;
        let Some(type_name) = steps.next() else { return Some(field) };
        if field.data_type != DataType::Entity || !field.to.iter().any(|to| to == type_name) {
            return None;
        }
        at = schema.entity(type_name)?;
    }
    None
}
