//! Reading records: one, many, those a search finds, and their numbers.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::fault::{Fault, Trouble};
use crate::rest::answer::{Refusal, data, document};
use crate::rest::call::{Call, bytes, object};
use crate::rest::fields::{Unless, wanted};
use crate::rest::filter::{self, Form};
use crate::rest::page::Page;
use crate::rest::record::record;
use crate::rows::query;
use crate::rows::summarize::summarize;

/// `GET /entity/<type>/<id>`
pub(crate) async fn one(call: Call, _body: Body) -> Result<Response, Refusal> {
    let entity = call.entity()?;
    let id = call.id(entity)?;
    let asked = call.asked("fields").map(Value::from);
    let fields = wanted(&call.known.schema, entity, asked.as_ref(), Unless::All)?;
    let row = row(&call, &entity.name, id, fields).await?;
    Ok(data(record(call.prefix, entity, &row), &call.link(&entity.name, Some(id))))
}

/// `GET /entity/<type>/<id>/relationships/<field>`
pub(crate) async fn related(call: Call, _body: Body) -> Result<Response, Refusal> {
    let entity = call.entity()?;
    let id = call.id(entity)?;
    let name = call.part("field_name");
    let field = entity.field(name).ok_or_else(|| missing_field(&entity.name, name))?;
    if !field.data_type.links() {
        return Err(Refusal::request(format!("Field '{name}' is not a relationship field")));
    }
    let mut row = row(&call, &entity.name, id, vec![name.to_owned()]).await?;
    let links = row.get_mut(name).map(Value::take).unwrap_or_default();
    let own = format!("{}/relationships/{name}", call.link(&entity.name, Some(id)));
    Ok(data(links, &own))
}

/// `GET /entity/<type>`
pub(crate) async fn many(call: Call, _body: Body) -> Result<Response, Refusal> {
    let entity = call.entity()?;
    let filters = filter::of_query(&call.known.schema, entity, &call.query)?;
    listing(&call, filters, &Map::new(), call.link(&entity.name, None)).await
}

/// `POST /entity/<type>/_search`
pub(crate) async fn search(call: Call, body: Body) -> Result<Response, Refusal> {
    let form = Form::of(call.media_type().as_deref())?;
    let entity = call.entity()?;
    let body = object(&bytes(body).await?)?;
    let filters = filter::of_body(form, body.get("filters"))?;
    let path = format!("{}/_search", call.link(&entity.name, None));
    listing(&call, filters, &body, path).await
}

/// `POST /entity/<type>/_summarize`
pub(crate) async fn summary(call: Call, body: Body) -> Result<Response, Refusal> {
    let form = Form::of(call.media_type().as_deref())?;
    let entity = call.entity()?;
    let body = object(&bytes(body).await?)?;
    let mut arguments = json!({
        "type": entity.name,
        "filters": filter::of_body(form, body.get("filters"))?,
        "summaries": body.get("summary_fields").unwrap_or(&Value::Null),
        "grouping": body.get("grouping").unwrap_or(&Value::Null),
    });
    options(&call, &body, &mut arguments)?;
    let path = format!("{}/_summarize", call.link(&entity.name, None));
    let summary =
        call.read("summarize", move |reading, context| summarize(reading, context, &arguments)).await?;
    Ok(data(summary, &path))
}

/// A field the address names and the type does not have.
pub(crate) fn missing_field(type_name: &str, field: &str) -> Refusal {
    Refusal::nowhere(format!("Field '{type_name}.{}' does not exist.", crate::fault::clip(field)))
}

/// One row, in the state the call's options ask for.
pub(crate) async fn row(
    call: &Call,
    type_name: &str,
    id: i64,
    fields: Vec<String>,
) -> Result<Value, Refusal> {
    let mut arguments = json!({
        "type": type_name,
        "return_fields": fields,
        "filters": {"logical_operator": "and", "conditions": [{"path": "id", "relation": "is", "values": [id]}]},
        "paging": {"entities_per_page": 1, "current_page": 1},
    });
    options(call, &Map::new(), &mut arguments)?;
    let missing = Fault::write(format!("{type_name}: {id} not found"));
    call.read("read", move |reading, context| {
        let mut found = query::read(reading, context, &arguments)?;
        match found.get_mut("entities").and_then(|rows| rows.get_mut(0)) {
            Some(row) => Ok(row.take()),
            None => Err(Trouble::Missing(missing)),
        }
    })
    .await
}

/// A page of records. What the body does not say, the query string may.
async fn listing(
    call: &Call,
    filters: Value,
    body: &Map<String, Value>,
    path: String,
) -> Result<Response, Refusal> {
    let entity = call.entity()?;
    let asked = |name: &str| call.asked(name).map(Value::from).or_else(|| body.get(name).cloned());
    let fields = wanted(&call.known.schema, entity, asked("fields").as_ref(), Unless::None)?;
    let page = |name: &str| {
        let in_body = body.get("page").and_then(|page| page.get(name)).cloned();
        call.asked(&format!("page[{name}]")).map(Value::from).or(in_body)
    };
    let page = Page::asked(page("size").as_ref(), page("number").as_ref())?;
    let mut arguments = json!({
        "type": entity.name,
        "return_fields": fields,
        "filters": filters,
        "sorts": sorts(asked("sort").as_ref())?,
        "paging": page.to_json(),
    });
    options(call, body, &mut arguments)?;
    let mut found =
        call.read("read", move |reading, context| query::read(reading, context, &arguments)).await?;
    let rows = found.get_mut("entities").map(Value::take).unwrap_or_default();
    let records: Vec<Value> =
        rows.as_array().into_iter().flatten().map(|row| record(call.prefix, entity, row)).collect();
    let links = page.links(&path, &call.query);
    Ok(document(StatusCode::OK, &json!({"data": records, "links": links})))
}

/// `-created_at,id` as the rows engine takes it.
fn sorts(asked: Option<&Value>) -> Result<Value, Refusal> {
    let text = match asked {
        None | Some(Value::Null) => return Ok(Value::Null),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(names)) if names.iter().all(Value::is_string) => {
            names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
        }
        Some(_) => {
            return Err(Refusal::request(
                "'sort' is a comma-separated text of fields, '-' before those that descend",
            ));
        }
    };
    let sorts = text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(|name| {
        match name.strip_prefix('-') {
            Some(name) => json!({"field_name": name, "direction": "desc"}),
            None => json!({"field_name": name.trim_start_matches('+'), "direction": "asc"}),
        }
    });
    Ok(sorts.collect())
}

/// `options[return_only]` and `options[include_archived_projects]`, of the query string or the body.
fn options(call: &Call, body: &Map<String, Value>, arguments: &mut Value) -> Result<(), Refusal> {
    let in_body = |name: &str| body.get("options").and_then(|options| options.get(name)).cloned();
    let asked =
        |name: &str| call.asked(&format!("options[{name}]")).map(Value::from).or_else(|| in_body(name));
    match asked("return_only") {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) if text == "active" || text == "retired" => {
            arguments["return_only"] = Value::from(text);
        }
        Some(_) => return Err(Refusal::request("options[return_only] must be one of: active, retired")),
    }
    match asked("include_archived_projects") {
        None | Some(Value::Null) => {}
        Some(Value::Bool(include)) => arguments["include_archived_projects"] = Value::from(include),
        Some(Value::String(text)) if text == "true" || text == "false" => {
            arguments["include_archived_projects"] = Value::from(text == "true");
        }
        Some(_) => return Err(Refusal::request("options[include_archived_projects] is true or false")),
    }
    Ok(())
}
