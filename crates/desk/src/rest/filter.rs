//! Filters of REST as the rows engine takes them: `filter[code]=x` of a query string, the array and the hash of `_search`.
//!
//! Owns their shapes alone. What a relation means, and which fields and values are right, the engine says.

use serde_json::{Map, Value, json};

use crate::fault::clip;
use crate::rest::answer::Refusal;
use crate::rest::fields::field_at;
use crate::schema::{DataType, EntityType, Schema};

/// Groups within groups that are followed; the engine's own limit is lower.
const MAX_DEPTH: usize = 100;

/// The two media types of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `application/vnd+shotgun.api3_array+json`
    Array,
    /// `application/vnd+shotgun.api3_hash+json`
    Hash,
}

impl Form {
    /// By the request's media type; none is refused.
    pub(crate) fn of(media_type: Option<&str>) -> Result<Form, Refusal> {
        match media_type {
            Some("application/vnd+shotgun.api3_array+json") => Ok(Form::Array),
            Some("application/vnd+shotgun.api3_hash+json") => Ok(Form::Hash),
            other => Err(Refusal::media_type(format!(
                "Content-Type '{}' is not supported here: send application/vnd+shotgun.api3_array+json or \
                 application/vnd+shotgun.api3_hash+json",
                clip(other.unwrap_or_default())
            ))),
        }
    }
}

/// The filters of a `_search` or `_summarize`.
pub(crate) fn of_body(form: Form, filters: Option<&Value>) -> Result<Value, Refusal> {
    match (form, filters) {
        (_, None | Some(Value::Null)) => Ok(group("and", Vec::new())),
        (Form::Array, Some(Value::Array(items))) => {
            let conditions = items.iter().map(condition).collect::<Result<_, _>>()?;
            Ok(group("and", conditions))
        }
        (Form::Hash, Some(Value::Object(hash))) => nested(hash, 0),
        (Form::Array, _) => Err(Refusal::request("'filters' is not a list of [field, relation, value…]")),
        (Form::Hash, _) => {
            Err(Refusal::request("'filters' is not a hash of 'logical_operator' and 'conditions'"))
        }
    }
}

/// `filter[<field>]=<value>` of a query string: equality, all of them.
pub(crate) fn of_query(
    schema: &Schema,
    entity: &EntityType,
    query: &[(String, String)],
) -> Result<Value, Refusal> {
    let mut conditions = Vec::new();
    for (name, text) in query {
        let Some(path) = name.strip_prefix("filter[").and_then(|rest| rest.strip_suffix(']')) else {
            continue;
        };
        let field = field_at(schema, entity, path);
        if field.is_some_and(|field| field.data_type == DataType::MultiEntity) {
            return Err(Refusal::request(format!(
                "API read() {}.{} is a multi_entity field: search for it with _search",
                entity.name,
                clip(path)
            )));
        }
        let text = text.as_str();
        let value = match field.map(|field| (field.data_type, field.to.as_slice())) {
            Some(_) if text.is_empty() => Value::Null,
            Some((DataType::Number | DataType::Duration | DataType::Percent | DataType::Timecode, _)) => {
                text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
            }
            Some((DataType::Float | DataType::Currency, _)) => {
                text.parse::<f64>().map_or_else(|_| Value::from(text), Value::from)
            }
            Some((DataType::Checkbox, _)) => match text {
                "true" | "1" => Value::from(true),
                "false" | "0" => Value::from(false),
                _ => Value::from(text),
            },
            Some((DataType::Entity, [only])) => match text.parse::<i64>() {
                Ok(id) => json!({"type": only, "id": id}),
                Err(_) => Value::from(text),
            },
            _ => Value::from(text),
        };
        conditions.push(json!({"path": path, "relation": "is", "values": [value]}));
    }
    Ok(group("and", conditions))
}

fn group(operator: &str, conditions: Vec<Value>) -> Value {
    json!({"logical_operator": operator, "conditions": conditions})
}

fn nested(hash: &Map<String, Value>, depth: usize) -> Result<Value, Refusal> {
    if depth > MAX_DEPTH {
        return Err(Refusal::request(format!("filters are nested more than {MAX_DEPTH} deep")));
    }
    if hash.is_empty() && depth == 0 {
        return Ok(group("and", Vec::new()));
    }
    let operator = match hash.get("logical_operator").and_then(Value::as_str) {
        Some(operator @ ("and" | "or")) => operator,
        _ => return Err(Refusal::request("a filter group needs a 'logical_operator' of 'and' or 'or'")),
    };
    let Some(Value::Array(items)) = hash.get("conditions") else {
        return Err(Refusal::request("a filter group needs a list of 'conditions'"));
    };
    let mut conditions = Vec::with_capacity(items.len());
    for item in items {
        conditions.push(match item {
            Value::Object(hash) if hash.contains_key("conditions") => nested(hash, depth + 1)?,
            // As api3 spells a condition.
            Value::Object(hash) if hash.contains_key("path") => item.clone(),
            _ => condition(item)?,
        });
    }
    Ok(group(operator, conditions))
}

/// `[field, relation, value…]`; a single value that is a list is the list of values.
fn condition(item: &Value) -> Result<Value, Refusal> {
    let refused =
        || Refusal::request(format!("a condition is [field, relation, value…]: {}", clip(&item.to_string())));
    let Some([Value::String(path), Value::String(relation), values @ ..]) =
        item.as_array().map(Vec::as_slice)
    else {
        return Err(refused());
    };
    let values = match values {
        [] => return Err(refused()),
        [Value::Array(list)] => list.clone(),
        [_] if relation == "in" || relation == "not_in" => {
            return Err(Refusal::request(format!(
                "'{}' {relation} needs a list: {}",
                clip(path),
                clip(&item.to_string())
            )));
        }
        several => several.to_vec(),
    };
    Ok(json!({"path": path, "relation": relation, "values": values}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_become_what_the_engine_takes() {
        let array = json!([["title", "is", "x"], ["id", "in", [1, 2]], ["id", "between", 1, 9]]);
        let expected = json!({"logical_operator": "and", "conditions": [
            {"path": "title", "relation": "is", "values": ["x"]},
            {"path": "id", "relation": "in", "values": [1, 2]},
            {"path": "id", "relation": "between", "values": [1, 9]},
        ]});
        assert_eq!(of_body(Form::Array, Some(&array)).unwrap(), expected);
        let hash = json!({"logical_operator": "or", "conditions": [
            ["id", "is", 1], {"logical_operator": "and", "conditions": [["title", "is", null]]}]});
        let expected = json!({"logical_operator": "or", "conditions": [
            {"path": "id", "relation": "is", "values": [1]},
            {"logical_operator": "and", "conditions": [{"path": "title", "relation": "is", "values": [null]}]},
        ]});
        assert_eq!(of_body(Form::Hash, Some(&hash)).unwrap(), expected);
    }

    #[test]
    fn other_shapes_are_refused() {
        for (form, filters) in [
            (Form::Array, json!({"logical_operator": "and", "conditions": []})),
            (Form::Array, json!([["id"]])),
            (Form::Array, json!([["id", "is"]])),
            (Form::Array, json!([["id", "in", 1]])),
            (Form::Array, json!([1])),
            (Form::Hash, json!([["id", "is", 1]])),
            (Form::Hash, json!({"logical_operator": "xor", "conditions": []})),
            (Form::Hash, json!({"conditions": []})),
            (Form::Hash, json!({"logical_operator": "and", "conditions": [[]]})),
        ] {
            assert!(of_body(form, Some(&filters)).is_err(), "{filters}");
        }
    }
}
