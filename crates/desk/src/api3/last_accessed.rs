//! `update_project_last_accessed_by_current_user`, and `last_accessed_by_current_user` of a Project: the one field whose value
//! depends on who reads it.
//!
//! It can be read, not filtered or sorted by.

use serde_json::{Value, json};

use crate::access::auth::Actor;
use crate::fault::{Fault, Trouble};
use crate::rows::query::Context;
use crate::rows::value::format_time;
use crate::store::{Reading, Writing};

const FIELD: &str = "last_accessed_by_current_user";

/// The api3 method: the project's row. Scripts say whose access it is.
pub(crate) fn update(
    transaction: &dyn Writing,
    context: Context<'_>,
    actor: &Actor,
    arguments: &Value,
) -> Result<Value, Trouble> {
    let missing =
        |name: &str| Fault::request(format!("API {}() invalid/missing integer '{name}'", context.call));
    let project = arguments.get("project_id").and_then(Value::as_i64).ok_or_else(|| missing("project_id"))?;
    let user = match arguments.get("user_id") {
        None | Some(Value::Null) if actor.link.0 == "HumanUser" => actor.link.1,
        given => given.and_then(Value::as_i64).ok_or_else(|| missing("user_id"))?,
    };
    for (kind, id) in [("Project", project), ("HumanUser", user)] {
        if transaction.is_retired(context.entity(kind)?, id)? != Some(false) {
            return Err(Fault::unknown_row(kind, id).into());
        }
    }
    let now = format_time(context.now);
    transaction.set_project_access(user, project, &now)?;
    Ok(json!({"type": "Project", "id": project, FIELD: now}))
}

/// Puts the reader's own times into Project rows that were asked for them.
pub(crate) fn fill(reading: &dyn Reading, actor: &Actor, answer: &mut Value) -> Result<(), Trouble> {
    let Some(rows) = answer.get_mut("entities").and_then(Value::as_array_mut) else { return Ok(()) };
    let asked = rows.first().is_some_and(|row| row["type"] == "Project" && row.get(FIELD).is_some());
    if !asked || actor.link.0 != "HumanUser" {
        return Ok(());
    }
    let times = reading.project_access(actor.link.1)?;
    for row in rows {
        let time = row["id"].as_i64().and_then(|id| times.get(&id));
        row[FIELD] = time.map_or(Value::Null, |time| Value::from(time.as_str()));
    }
    Ok(())
}
