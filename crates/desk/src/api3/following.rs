//! `follow`, `unfollow`, `followers`, `following`: people who want to know what becomes of a row.
//!
//! The desk mails nobody; what follows from following is up to who asks.

use serde_json::{Map, Value, json};

use crate::fault::{Fault, Trouble, clip};
use crate::rows::permit;
use crate::rows::query::Context;
use crate::rows::value::{Link, entity_hash};
use crate::schema::{DataType, EntityType};
use crate::store::{Reading, Writing};

/// The api3 methods `follow` and `unfollow` (`on` false).
pub(crate) fn set(
    transaction: &dyn Writing,
    context: Context<'_>,
    arguments: &Value,
    on: bool,
) -> Result<Value, Trouble> {
    let (_, user) = person(transaction, context, arguments)?;
    let (_, entity) = existing(transaction, context, "entity", arguments.get("entity"))?;
    if on {
        transaction.follow(user.1, &entity)?
    } else {
        transaction.unfollow(user.1, &entity)?
    }
    let mut answer = Map::new();
    answer.insert(if on { "followed" } else { "unfollowed" }.to_owned(), Value::from(true));
    answer.insert("user".to_owned(), json!({"type": user.0, "id": user.1}));
    answer.insert("entity".to_owned(), json!({"type": entity.0, "id": entity.1}));
    Ok(Value::Object(answer))
}

/// The api3 method `followers`: people, as entity hashes.
pub(crate) fn followers(
    reading: &dyn Reading,
    context: Context<'_>,
    arguments: &Value,
) -> Result<Value, Trouble> {
    let (_, entity) = existing(reading, context, "entity", arguments.get("entity"))?;
    let people = context.entity("HumanUser")?;
    let mut found = Vec::new();
    for id in reading.followers(&entity)? {
        if reading.is_retired(people, id)? == Some(false) {
            let name = reading.row_name(people, id)?;
            found.push(entity_hash(&(people.name.clone(), id), name.as_deref()));
        }
    }
    Ok(Value::from(found))
}

/// The api3 method `following`: rows, as entity hashes; of one project or one type when asked for.
pub(crate) fn following(
    reading: &dyn Reading,
    context: Context<'_>,
    arguments: &Value,
) -> Result<Value, Trouble> {
    let (_, user) = person(reading, context, arguments)?;
    let project = match arguments.get("project") {
        None | Some(Value::Null) => None,
        given => Some(existing(reading, context, "project", given)?.1),
    };
    let only = arguments.get("entity_type").and_then(Value::as_str);
    let mut found = Vec::new();
    for link in reading.following(user.1)? {
        // A type that has been disabled since is not to be seen.
        let Some(entity) = context.schema.entity(&link.0) else { continue };
        if only.is_some_and(|only| only != entity.name)
            || reading.is_retired(entity, link.1)? != Some(false)
            || !permit::is_visible(reading, context, entity, link.1)?
        {
            continue;
        }
        if project.is_some() && project_of(reading, entity, &link)? != project {
            continue;
        }
        let name = reading.row_name(entity, link.1)?;
        found.push(entity_hash(&link, name.as_deref()));
    }
    Ok(Value::from(found))
}

fn project_of(reading: &dyn Reading, entity: &EntityType, link: &Link) -> Result<Option<Link>, Trouble> {
    match entity.field("project") {
        _ if entity.name == "Project" => Ok(Some(link.clone())),
        Some(field) if field.data_type == DataType::Entity => reading.row_link(entity, link.1, field),
        _ => Ok(None),
    }
}

fn person<'s>(
    reading: &dyn Reading,
    context: Context<'s>,
    arguments: &Value,
) -> Result<(&'s EntityType, Link), Trouble> {
    let found = existing(reading, context, "user", arguments.get("user"))?;
    if found.1.0 == "HumanUser" {
        Ok(found)
    } else {
        Err(Fault::request(format!("API {}() 'user' is not a HumanUser", context.call)).into())
    }
}

/// The row that an entity hash of the arguments names, which must be a live one.
pub(crate) fn existing<'s>(
    reading: &dyn Reading,
    context: Context<'s>,
    name: &str,
    hash: Option<&Value>,
) -> Result<(&'s EntityType, Link), Trouble> {
    let kind = hash.and_then(|hash| hash.get("type")).and_then(Value::as_str);
    let id = hash.and_then(|hash| hash.get("id")).and_then(Value::as_i64);
    let (Some(kind), Some(id)) = (kind, id) else {
        return Err(Fault::request(format!(
            "API {}() invalid/missing entity hash '{name}': {}",
            context.call,
            clip(&hash.unwrap_or(&Value::Null).to_string())
        ))
        .into());
    };
    let entity = context.entity(kind)?;
    if reading.is_retired(entity, id)? != Some(false) {
        return Err(Fault::unknown_row(kind, id).into());
    }
    permit::visible(reading, context, entity, id)?;
    Ok((entity, (entity.name.clone(), id)))
}
