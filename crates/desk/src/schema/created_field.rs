//! `schema_field_create`: fields that a client adds to a type, kept in a table of their own and added to the schema.
//!
//! Owns their names and their table. Only fields without links or lists can be added: those are what a client of this
//! desk needs. A created field is not renamed, hidden or deleted again.

use rusqlite::{Connection, Transaction, params};
use serde_json::Value;

use crate::fault::{Fault, Trouble, clip};
use crate::schema::{DataType, Field, Schema};
use crate::store::table;

/// The data types a client may ask for.
const TYPES: [DataType; 11] = [
    DataType::Text,
    DataType::Number,
    DataType::Float,
    DataType::Checkbox,
    DataType::Date,
    DataType::DateTime,
    DataType::Duration,
    DataType::Percent,
    DataType::Currency,
    DataType::Timecode,
    DataType::Color,
];
/// Longest label, in letters.
const LABEL_CHARS: usize = 100;

/// Creates the field that the arguments describe, in the schema too, and returns its name.
pub(crate) fn create(
    transaction: &Transaction<'_>,
    schema: &mut Schema,
    arguments: &Value,
) -> Result<String, Trouble> {
    let bad = |what: &str| Fault::request(format!("API schema_field_create() {what}"));
    let text = |name: &str| arguments.get(name).and_then(Value::as_str);
    let type_name = text("type").ok_or_else(|| bad("invalid/missing string 'type'"))?;
    let entity = schema.entity(type_name).ok_or_else(|| Fault::unknown_type(type_name))?;
    let wanted = text("data_type").ok_or_else(|| bad("invalid/missing string 'data_type'"))?;
    let data_type = DataType::named(wanted).filter(|known| TYPES.contains(known));
    let data_type =
        data_type.ok_or_else(|| bad(&format!("'{}' is no data type this site can add", clip(wanted))))?;
    let label = label(arguments.get("properties")).ok_or_else(|| bad("missing property 'name'"))?;
    if label.chars().count() > LABEL_CHARS {
        return Err(bad("property 'name' is too long").into());
    }
    let name = free_name(&label, |name| entity.fields.contains_key(name));
    let field = Field::plain(&name, &label, data_type);
    table::add_columns(transaction, type_name, &field)?;
    transaction.execute(
        "INSERT INTO desk_field (type_name, name, label, data_type) VALUES (?1, ?2, ?3, ?4)",
        params![type_name, name, label, wanted],
    )?;
    schema.add(type_name, field);
    Ok(name)
}

/// Adds what was created so far to the schema of the file.
pub(crate) fn add_to(schema: &mut Schema, connection: &Connection) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("SELECT type_name, name, label, data_type FROM desk_field")?;
    let rows = statement.query_map([], |row| {
        let (name, label): (String, String) = (row.get(1)?, row.get(2)?);
        Ok((row.get::<_, String>(0)?, name, label, row.get::<_, String>(3)?))
    })?;
    for row in rows {
        let (type_name, name, label, data_type) = row?;
        // One of a type that a newer desk could add is left alone, with its column.
        if let Some(data_type) = DataType::named(&data_type) {
            schema.add(&type_name, Field::plain(&name, &label, data_type));
        }
    }
    Ok(())
}

fn label(properties: Option<&Value>) -> Option<String> {
    let property = properties?.as_array()?.iter().find(|property| property["property_name"] == "name")?;
    property["value"].as_str().map(str::trim).filter(|label| !label.is_empty()).map(str::to_owned)
}

/// `Incident Key` is `sg_incident_key`, and `sg_incident_key_1` when that is taken.
fn free_name(label: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let letter =
        |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
    let name: String = "sg_".chars().chain(label.chars().map(letter)).collect();
    let numbered = (1..).map(|number| format!("{name}_{number}"));
    std::iter::once(name.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(name)
}
