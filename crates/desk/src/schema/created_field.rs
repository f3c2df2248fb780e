//! Fields that clients create, change, delete and revive, and the properties they change of fields the desk came with.
//!
//! Owns the rules: which types can be created, how a field is named, what may be done to which field. Both protocols call these
//! functions, inside the transaction that keeps the change; the caller makes the changed schema known once that is committed.

use crate::fault::{Fault, Trouble, clip};
use crate::schema::property::Properties;
use crate::schema::{DataType, EntityType, Field, Schema};
use crate::store::field::CreatedField;
use crate::store::sqlite::is_link_column;
use crate::store::{Reading, Writing};

/// The data types a client may ask for. The others are the server's own, or kept for fields the desk came with.
pub(crate) const TYPES: [DataType; 20] = [
    DataType::Checkbox,
    DataType::Color,
    DataType::Currency,
    DataType::Date,
    DataType::DateTime,
    DataType::Duration,
    DataType::Entity,
    DataType::EntityType,
    DataType::Float,
    DataType::Footage,
    DataType::List,
    DataType::MultiEntity,
    DataType::Number,
    DataType::Percent,
    DataType::Serializable,
    DataType::StatusList,
    DataType::TagList,
    DataType::Text,
    DataType::Timecode,
    DataType::Url,
];

/// Created fields of one type, deleted ones included: a table holds at most 2000 columns.
const MAX_FIELDS: usize = 500;

/// `schema_field_create`: adds a field and gives its name.
pub(crate) fn create(
    transaction: &dyn Writing,
    schema: &mut Schema,
    type_name: &str,
    data_type: &str,
    properties: &Properties,
) -> Result<String, Trouble> {
    const CALL: &str = "schema_field_create";
    let bad = |what: String| Trouble::Fault(Fault::request(format!("API {CALL}() {what}")));
    let entity = schema.entity(type_name).ok_or_else(|| Fault::unknown_type(type_name))?;
    let data_type = DataType::named(data_type)
        .filter(|known| TYPES.contains(known))
        .ok_or_else(|| bad(format!("'{}' is no data type this site can add", clip(data_type))))?;
    let label = properties.name.as_deref().filter(|label| !label.is_empty());
    let label = label.ok_or_else(|| bad("missing property 'name'".to_owned()))?;
    if properties.visible.is_some() {
        return Err(bad("property 'visible' is set by schema_field_update, for one project".to_owned()));
    }
    let made = transaction.created_fields()?;
    if made.iter().filter(|field| field.type_name == type_name).count() >= MAX_FIELDS {
        return Err(bad(format!(
            "{type_name} has {MAX_FIELDS} created fields, which is the most it can have"
        )));
    }
    // A deleted field may come back, and its values are still there.
    let is_made = |name: &str| made.iter().any(|field| field.type_name == type_name && field.name == name);
    let name =
        free_name(label, |name| entity.fields.contains_key(name) || is_made(name) || is_link_column(name));
    let field = properties.put_on(schema, new_field(schema, &name, label, data_type));
    properties.check(CALL, schema, entity, &field)?;
    transaction.add_columns(type_name, &field)?;
    transaction.add_created_field(&CreatedField {
        type_name: type_name.to_owned(),
        name: name.clone(),
        label: label.to_owned(),
        data_type: data_type.name().to_owned(),
        deleted: false,
    })?;
    keep(transaction, type_name, &name, properties)?;
    schema.add(type_name, field);
    Ok(name)
}

/// `schema_field_update`: changes properties of a field; `visible` in one project, the others everywhere.
pub(crate) fn update(
    transaction: &dyn Writing,
    schema: &mut Schema,
    type_name: &str,
    name: &str,
    properties: &Properties,
    project: Option<i64>,
) -> Result<(), Trouble> {
    const CALL: &str = "schema_field_update";
    let (entity, field) = find(schema, CALL, type_name, name)?;
    let mut field = properties.put_on(schema, field.clone());
    properties.check(CALL, schema, entity, &field)?;
    if let Some(visible) = properties.visible {
        if !field.created {
            return Err(Fault::write(format!(
                "API {CALL}() {type_name}.{name} came with the site and is always visible."
            ))
            .into());
        }
        let project = project.ok_or_else(|| {
            Fault::request(format!("API {CALL}() property 'visible' needs a 'project' to be set in"))
        })?;
        transaction.set_field_hidden(type_name, name, project, !visible)?;
        if visible {
            field.hidden_in.remove(&project);
        } else {
            field.hidden_in.insert(project);
        }
    }
    keep(transaction, type_name, name, properties)?;
    if let Some(kept) = schema.field_mut(type_name, name) {
        *kept = field;
    }
    Ok(())
}

/// `schema_field_delete`: takes a created field away. Its values stay, for [`revive`].
pub(crate) fn delete(
    transaction: &dyn Writing,
    schema: &mut Schema,
    type_name: &str,
    name: &str,
) -> Result<(), Trouble> {
    const CALL: &str = "schema_field_delete";
    let (_, field) = find(schema, CALL, type_name, name)?;
    if !field.created {
        return Err(Fault::write(format!(
            "API {CALL}() {type_name}.{name} came with the site and cannot be deleted."
        ))
        .into());
    }
    transaction.set_field_deleted(type_name, name, true)?;
    schema.remove(type_name, name);
    Ok(())
}

/// Brings a deleted field back, with the values it had. REST has this, api3 has not.
pub(crate) fn revive(
    transaction: &dyn Writing,
    schema: &mut Schema,
    type_name: &str,
    name: &str,
) -> Result<(), Trouble> {
    const CALL: &str = "schema_field_revive";
    let entity = schema.entity(type_name).ok_or_else(|| Fault::unknown_type(type_name))?;
    if entity.field(name).is_some() {
        return Err(Fault::write(format!("API {CALL}() {type_name}.{name} is not deleted.")).into());
    }
    if !transaction.set_field_deleted(type_name, name, false)? {
        return Err(Fault::unknown_field(CALL, type_name, name).into());
    }
    add_to(schema, transaction)
}

/// Adds to the schema of the file what was created and changed so far.
pub(crate) fn add_to(schema: &mut Schema, reading: &dyn Reading) -> Result<(), Trouble> {
    for made in reading.created_fields()?.into_iter().filter(|made| !made.deleted) {
        // One of a type that only a newer desk knows is left alone, with its column.
        if let Some(data_type) = DataType::named(&made.data_type) {
            let field = new_field(schema, &made.name, &made.label, data_type);
            schema.add(&made.type_name, field);
        }
    }
    for (type_name, name, properties) in reading.field_properties()? {
        let properties: Properties = serde_json::from_str(&properties).unwrap_or_default();
        if let Some(field) = schema.table(&type_name).and_then(|entity| entity.field(&name)) {
            let field = properties.put_on(schema, field.clone());
            if field.data_type.links() && field.to.is_empty() {
                schema.remove(&type_name, &name);
            } else if let Some(kept) = schema.field_mut(&type_name, &name) {
                *kept = field;
            }
        }
    }
    for (type_name, name, project) in reading.hidden_fields()? {
        if let Some(field) = schema.field_mut(&type_name, &name) {
            field.hidden_in.insert(project);
        }
    }
    Ok(())
}

/// Takes over the names that statuses have by now: to be called when rows of Status were written.
pub(crate) fn take_statuses(transaction: &dyn Writing, schema: &mut Schema) -> Result<(), Trouble> {
    schema.set_statuses(transaction.status_names()?);
    Ok(())
}

fn find<'s>(
    schema: &'s Schema,
    call: &str,
    type_name: &str,
    name: &str,
) -> Result<(&'s EntityType, &'s Field), Fault> {
    let entity = schema.entity(type_name).ok_or_else(|| Fault::unknown_type(type_name))?;
    let field = entity.field(name).ok_or_else(|| Fault::unknown_field(call, type_name, name))?;
    Ok((entity, field))
}

/// Keeps properties over those that were kept of the field before.
fn keep(
    transaction: &dyn Writing,
    type_name: &str,
    name: &str,
    properties: &Properties,
) -> Result<(), Trouble> {
    let before = transaction
        .field_properties()?
        .into_iter()
        .find(|(of, field, _)| of == type_name && field == name)
        .and_then(|(_, _, kept)| serde_json::from_str::<Properties>(&kept).ok())
        .unwrap_or_default();
    let kept = serde_json::to_string(&before.then(properties)).map_err(std::io::Error::other)?;
    transaction.set_field_properties(type_name, name, &kept)?;
    Ok(())
}

/// A created field before any properties: what its type begins with.
fn new_field(schema: &Schema, name: &str, label: &str, data_type: DataType) -> Field {
    let mut field = Field { created: true, ..Field::plain(name, label, data_type) };
    match data_type {
        DataType::Checkbox => field.default = Some(false.into()),
        DataType::StatusList => field.values = schema.statuses().keys().cloned().collect(),
        _ => {}
    }
    field
}

/// `Incident Key` is `sg_incident_key`, and `sg_incident_key_1` when that is taken.
fn free_name(label: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let letter =
        |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
    let name: String = "sg_".chars().chain(label.chars().map(letter)).collect();
    let numbered = (1..).map(|number| format!("{name}_{number}"));
    std::iter::once(name.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(name)
}
