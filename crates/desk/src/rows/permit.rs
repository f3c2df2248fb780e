//! What a caller's permission group makes of a read or a write: rows that are not there for them, and refusals.
//!
//! Asked by `query`, `summarize` and `write`, so that it holds for every protocol and for the page. What a group allows is
//! `access::permission`'s; here it meets entity types, fields and rows.

use serde_json::{Value, json};

use crate::access::permission::{Deed, GROUP, RULES_FIELD, Rules};
use crate::fault::{Fault, Trouble};
use crate::rows::query::{self, Context};
use crate::rows::write::Writer;
use crate::schema::EntityType;
use crate::store::Reading;

/// What rows have to be like to be there for a reader, as a group of filters; none: all of them are.
pub(crate) fn sight(context: Context<'_>, entity: &EntityType) -> Option<Value> {
    let actor = context.sight?;
    let all = |condition: Value| json!({"logical_operator": "and", "conditions": [condition]});
    let never = || all(json!({"path": "id", "relation": "is", "values": [0]}));
    if !actor.may(Deed::Read(&entity.name)) {
        return Some(never());
    }
    let projects = actor.projects()?;
    let ids: Vec<i64> = projects.iter().copied().collect();
    let links: Vec<Value> = ids.iter().map(|id| json!({"type": "Project", "id": id})).collect();
    let within = |path: &str| json!({"path": path, "relation": "in", "values": links});
    let empty = |path: &str| json!({"path": path, "relation": "is", "values": [null]});
    let any = |mut ways: Vec<Value>, otherwise: Value| {
        if links.is_empty() {
            ways.clear();
        }
        ways.push(otherwise);
        json!({"logical_operator": "or", "conditions": ways})
    };
    match entity.name.as_str() {
        "Project" if ids.is_empty() => Some(never()),
        "Project" => Some(all(json!({"path": "id", "relation": "in", "values": ids}))),
        // It has no project of its own.
        "Reply" => {
            let ways = vec![within("entity.Ticket.project"), within("entity.Note.project")];
            Some(any(ways, empty("entity")))
        }
        _ if entity.field("project").is_some() => Some(any(vec![within("project")], empty("project"))),
        _ => None,
    }
}

/// Whether a row is there for the reader; it may be retired.
pub(crate) fn is_visible(
    reading: &dyn Reading,
    context: Context<'_>,
    entity: &EntityType,
    id: i64,
) -> Result<bool, Trouble> {
    Ok(sight(context, entity).is_none() || query::row(reading, context, entity, id, &[])?.is_some())
}

/// Refuses a row that is not there for the reader; it may be retired.
pub(crate) fn visible(
    reading: &dyn Reading,
    context: Context<'_>,
    entity: &EntityType,
    id: i64,
) -> Result<(), Trouble> {
    match is_visible(reading, context, entity, id)? {
        true => Ok(()),
        false => Err(Fault::unknown_row(&entity.name, id).into()),
    }
}

/// Refuses a row that is not there for the writer; it may be retired.
pub(crate) fn seen(writer: &Writer<'_>, entity: &EntityType, id: i64) -> Result<(), Trouble> {
    // What may be written without being read is written: only projects hide rows from their writer.
    let sight = writer.actor.projects().map(|_| writer.actor);
    visible(writer.transaction, Context { sight, ..writer.context }, entity, id)
}

/// Refuses what the writer may not create.
pub(crate) fn create<'n>(
    writer: &Writer<'_>,
    entity: &EntityType,
    fields: impl Iterator<Item = &'n str>,
) -> Result<(), Fault> {
    let type_name = entity.name.as_str();
    writer.actor.check(Deed::Create(type_name))?;
    for field in fields {
        writer.actor.check(Deed::Fill { type_name, field })?;
    }
    Ok(())
}

/// Refuses what the writer may not change of a row.
pub(crate) fn update<'n>(
    writer: &Writer<'_>,
    entity: &EntityType,
    id: i64,
    fields: impl Iterator<Item = &'n str>,
) -> Result<(), Trouble> {
    let type_name = entity.name.as_str();
    let own = writer.actor.link.0 == type_name && writer.actor.link.1 == id;
    for field in fields {
        writer.actor.check(Deed::Update { type_name, field, own })?;
    }
    seen(writer, entity, id)
}

/// Refuses what the writer may not retire or bring back.
pub(crate) fn delete(writer: &Writer<'_>, entity: &EntityType, id: i64) -> Result<(), Trouble> {
    writer.actor.check(Deed::Delete(&entity.name))?;
    seen(writer, entity, id)
}

/// Refuses a file on a row, if the writer may not attach any.
pub(crate) fn upload(writer: &Writer<'_>, entity: &EntityType, id: i64) -> Result<(), Trouble> {
    writer.actor.check(Deed::Upload(&entity.name))?;
    seen(writer, entity, id)
}

/// Refuses rules that cannot be understood.
pub(crate) fn rules(call: &str, entity: &EntityType, field: &str, value: &Value) -> Result<(), Fault> {
    if entity.name != GROUP || field != RULES_FIELD {
        return Ok(());
    }
    match Rules::parse("", value) {
        Ok(_) => Ok(()),
        Err(why) => Err(Fault::request(format!("API {call}() {GROUP}.{RULES_FIELD} {why}"))),
    }
}

/// After a write to people, scripts or groups: refuses when its writer could not undo it any more.
pub(crate) fn still_admin(writer: &Writer<'_>, entity: &EntityType) -> Result<(), Trouble> {
    if !matches!(entity.name.as_str(), "HumanUser" | "ApiUser" | GROUP) || !writer.actor.may(Deed::Administer)
    {
        return Ok(());
    }
    let link = writer.actor.link.clone();
    let after = crate::access::auth::still_welcome(writer.transaction, link)?;
    if after.is_some_and(|actor| actor.may(Deed::Administer)) {
        return Ok(());
    }
    Err(Fault::write("This would take the rights of an admin from you: let another admin do it").into())
}
