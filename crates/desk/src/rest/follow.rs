//! People who follow records: `follow` and `following` of a person, `followers` and `unfollow` of a record.
//!
//! Links here say the type's own name where all others say its plural, as on real sites.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use crate::api3::following;
use crate::fault::{Fault, Trouble};
use crate::rest::answer::{Refusal, document, nothing};
use crate::rest::call::Call;
use crate::rest::read::row;
use crate::rest::type_name;

/// Records of one call.
const MAX_RECORDS: usize = 500;
const PERSON: &str = "HumanUser";

/// `GET /entity/<type>/<id>/followers`
pub(crate) async fn followers(call: Call, _body: Body) -> Result<Response, Refusal> {
    let entity = call.entity()?;
    let id = call.id(entity)?;
    row(&call, &entity.name, id, Vec::new()).await?;
    let arguments = json!({"entity": {"type": entity.name, "id": id}});
    let people = call
        .read("followers", move |reading, context| following::followers(reading, context, &arguments))
        .await?;
    listed(&call, &people, true)
}

/// `GET /entity/human_users/<id>/following`
pub(crate) async fn followed(call: Call, _body: Body) -> Result<Response, Refusal> {
    let person = person(&call).await?;
    let mut arguments = json!({"user": person});
    if let Some(name) = call.asked("entity") {
        let entity = type_name::find(&call.known.schema, name);
        let entity = entity.ok_or_else(|| Refusal::request("entity is not valid"))?;
        arguments["entity_type"] = Value::from(entity.name.as_str());
    }
    if let Some(project) = call.asked("project_id") {
        let id = project.parse::<i64>().map_err(|_| Refusal::request("project_id must be an integer"))?;
        row(&call, "Project", id, Vec::new()).await?;
        arguments["project"] = json!({"type": "Project", "id": id});
    }
    let rows = call
        .read("following", move |reading, context| following::following(reading, context, &arguments))
        .await?;
    listed(&call, &rows, false)
}

/// `POST /entity/human_users/<id>/follow`
pub(crate) async fn follow(call: Call, body: Body) -> Result<Response, Refusal> {
    let sent = call.json(body).await?;
    let person = person(&call).await?;
    let records = match sent.get("entities") {
        Some(Value::Array(records)) if records.len() <= MAX_RECORDS => records,
        Some(Value::Array(_)) => {
            return Err(Refusal::request(format!("entities has more than {MAX_RECORDS} records")));
        }
        _ => return Err(Refusal::request("entities is missing")),
    };
    let mut all = Vec::with_capacity(records.len());
    for record in records {
        let entity = record.get("entity").and_then(Value::as_str);
        let entity = entity.and_then(|name| type_name::find(&call.known.schema, name));
        let entity = entity.ok_or_else(|| Refusal::request("entity is not valid"))?;
        let id = record.get("record_id").and_then(Value::as_i64);
        let id = id.ok_or_else(|| Refusal::request("record_id is missing"))?;
        all.push(json!({"user": person, "entity": {"type": entity.name, "id": id}}));
    }
    call.write("follow", move |writer| {
        for arguments in &all {
            missing(following::set(writer.transaction, writer.context, arguments, true))?;
        }
        Ok(())
    })
    .await?;
    Ok(nothing())
}

/// `PUT /entity/<type>/<id>/unfollow`
pub(crate) async fn unfollow(call: Call, body: Body) -> Result<Response, Refusal> {
    let sent = call.json(body).await?;
    let entity = call.entity()?;
    let id = call.id(entity)?;
    let Some(user) = sent.get("user_id").and_then(Value::as_i64) else {
        return Err(Refusal::request("user_id is missing"));
    };
    let arguments = json!({"user": {"type": PERSON, "id": user}, "entity": {"type": entity.name, "id": id}});
    call.write("unfollow", move |writer| {
        missing(following::set(writer.transaction, writer.context, &arguments, false))
    })
    .await?;
    Ok(nothing())
}

/// The person an address names.
async fn person(call: &Call) -> Result<Value, Refusal> {
    let entity = call.entity()?;
    if entity.name != PERSON {
        return Err(Refusal::nowhere("The requested resource does not exist."));
    }
    let id = call.id(entity)?;
    row(call, PERSON, id, Vec::new()).await?;
    Ok(json!({"type": PERSON, "id": id}))
}

/// All that such a call names are rows that must be there.
fn missing<T>(result: Result<T, Trouble>) -> Result<T, Trouble> {
    match result {
        Err(Trouble::Fault(fault)) if fault.code == Fault::unknown_row("", 0).code => {
            Err(Trouble::Missing(fault))
        }
        other => other,
    }
}

fn listed(call: &Call, rows: &Value, named: bool) -> Result<Response, Refusal> {
    let rows = rows.as_array().into_iter().flatten().map(|row| {
        let (kind, id) = (row["type"].as_str().unwrap_or_default(), &row["id"]);
        let own = format!("{}/entity/{kind}/{id}", call.prefix);
        let mut listed = json!({"type": kind, "id": id, "links": {"self": own}});
        if named {
            listed["attributes"] = json!({"name": row["name"]});
        }
        listed
    });
    Ok(document(StatusCode::OK, &json!({"data": rows.collect::<Vec<_>>()})))
}
