//! A row as REST shows it: links of the schema under `relationships`, everything else under `attributes`.

use serde_json::{Map, Value, json};

use crate::rest::type_name::plural;
use crate::schema::EntityType;

/// The record of a row as the rows engine gives it; links begin with `prefix`.
pub(crate) fn record(prefix: &str, entity: &EntityType, row: &Value) -> Value {
    let id = row.get("id").and_then(Value::as_i64).unwrap_or_default();
    let own = format!("{prefix}/entity/{}/{id}", plural(&entity.name));
    let (mut attributes, mut relationships) = (Map::new(), Map::new());
    for (name, value) in row.as_object().into_iter().flatten() {
        if name == "id" || name == "type" {
            continue;
        }
        match entity.field(name).map(|field| field.data_type) {
            Some(data_type) if data_type.links() => {
                relationships.insert(name.clone(), relationship(prefix, &own, name, value));
            }
            _ => {
                attributes.insert(name.clone(), value.clone());
            }
        }
    }
    json!({
        "type": entity.name,
        "id": id,
        "attributes": attributes,
        "relationships": relationships,
        "links": {"self": own},
    })
}

/// One link field: what it holds, its own address, and that of the row it leads to.
fn relationship(prefix: &str, own: &str, field: &str, value: &Value) -> Value {
    let mut links = json!({"self": format!("{own}/relationships/{field}")});
    if let (Some(kind), Some(id)) =
        (value.get("type").and_then(Value::as_str), value.get("id").and_then(Value::as_i64))
    {
        links["related"] = Value::from(format!("{prefix}/entity/{}/{id}", plural(kind)));
    }
    json!({"data": value, "links": links})
}
