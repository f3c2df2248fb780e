//! What a write was given: the `fields` of a create or an update, checked as far as the schema alone can tell.
//!
//! Whether linked rows exist and unique values are free is `write`'s question.

use serde_json::Value;

use crate::fault::{Fault, clip};
use crate::rows::permit;
use crate::rows::query::Context;
use crate::rows::scalar::Scalar;
use crate::rows::value::{Cell, Link, Target, check_listed, encode};
use crate::schema::{Access, EntityType, Field};

/// What becomes of the links a multi-entity field already has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Set,
    Add,
    Remove,
}

/// One field and its new value.
pub(crate) struct Given<'a> {
    pub(crate) field: &'a Field,
    pub(crate) cell: Cell,
    pub(crate) mode: Mode,
}

/// The fields of a call, each once: the last one given counts.
pub(crate) fn fields<'a>(
    context: Context<'_>,
    entity: &'a EntityType,
    arguments: &Value,
) -> Result<Vec<Given<'a>>, Fault> {
    let call = context.call;
    let refused = || Fault::request(format!("API {call}() 'fields' is not a list of {{field_name, value}}"));
    let items = match arguments.get("fields") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items.as_slice(),
        Some(object @ Value::Object(_)) => std::slice::from_ref(object),
        Some(_) => return Err(refused()),
    };
    let mut given: Vec<Given<'a>> = Vec::with_capacity(items.len());
    for item in items {
        let name = item.get("field_name").and_then(Value::as_str).ok_or_else(refused)?;
        let value = item.get("value").ok_or_else(refused)?;
        let field = entity.field(name).ok_or_else(|| Fault::unknown_field(call, &entity.name, name))?;
        may_be_given(call, entity, field)?;
        permit::rules(call, entity, name, value)?;
        let target = Target { call, entity, field };
        let cell = encode(target, value)?;
        if let Cell::One(value) = &cell {
            check_listed(target, value.as_ref())?;
        }
        let mode = mode(call, item.get("multi_entity_update_mode"))?;
        given.retain(|earlier| earlier.field.name != field.name);
        given.push(Given { field, cell, mode });
    }
    Ok(given)
}

fn may_be_given(call: &str, entity: &EntityType, field: &Field) -> Result<(), Fault> {
    let refused = |why| Err(Fault::request(format!("API {call}() {}.{} is {why}", entity.name, field.name)));
    match field.access {
        Access::Read => refused("not editable."),
        Access::Create if call == "update" => refused("editable on create only."),
        _ => Ok(()),
    }
}

fn mode(call: &str, value: Option<&Value>) -> Result<Mode, Fault> {
    match value {
        None | Some(Value::Null) => Ok(Mode::Set),
        Some(Value::String(mode)) if mode == "set" => Ok(Mode::Set),
        Some(Value::String(mode)) if mode == "add" => Ok(Mode::Add),
        Some(Value::String(mode)) if mode == "remove" => Ok(Mode::Remove),
        Some(other) => Err(Fault::request(format!(
            "API {call}() multi_entity_update_mode is 'set', 'add' or 'remove', not {}",
            clip(&other.to_string())
        ))),
    }
}

/// Columns that are about to be written, with their values.
#[derive(Default)]
pub(crate) struct Columns(pub(crate) Vec<(String, Option<Scalar>)>);

impl Columns {
    pub(crate) fn set_one(&mut self, column: &str, value: Option<Scalar>) {
        self.0.push((column.to_owned(), value));
    }

    pub(crate) fn set_link(&mut self, field: &str, link: Option<&Link>) {
        self.set_one(&format!("{field}__type"), link.map(|link| link.0.clone().into()));
        self.set_one(&format!("{field}__id"), link.map(|link| link.1.into()));
    }

    /// A person made of a first and a last name is shown by both.
    pub(crate) fn fill_person_name(&mut self) {
        let text = |name: &str| {
            let (_, value) = self.0.iter().find(|(column, _)| column == name)?;
            value.as_ref()?.text().map(str::to_owned)
        };
        let parts: Vec<String> = [text("firstname"), text("lastname")].into_iter().flatten().collect();
        if text("name").is_none() && !parts.is_empty() {
            self.0.retain(|(column, _)| column != "name");
            self.set_one("name", Some(parts.join(" ").into()));
        }
    }
}
