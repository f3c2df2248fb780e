//! `/schema…`: types and fields as the schema describes them, and the writes of fields.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::fault::clip;
use crate::rest::answer::{Refusal, data, document, nothing};
use crate::rest::call::Call;
use crate::rest::read::missing_field;
use crate::schema::property::Properties;
use crate::schema::{EntityType, created_field, view};

/// `GET /schema`
pub(crate) async fn types(call: Call, _body: Body) -> Result<Response, Refusal> {
    project(&call, None)?;
    Ok(data(view::entities(&call.known.schema), &format!("{}/schema", call.prefix)))
}

/// `GET /schema/<type>`
pub(crate) async fn one_type(call: Call, _body: Body) -> Result<Response, Refusal> {
    project(&call, None)?;
    let entity = call.entity()?;
    let mut types = view::entities(&call.known.schema);
    let described = types.get_mut(&entity.name).map(Value::take).unwrap_or_default();
    Ok(data(described, &format!("{}/schema/{}", call.prefix, entity.name)))
}

/// `GET /schema/<type>/fields`
pub(crate) async fn fields(call: Call, _body: Body) -> Result<Response, Refusal> {
    let entity = call.entity()?;
    let fields = view::fields(&call.known.schema, entity, project(&call, None)?);
    Ok(data(fields, &format!("{}/schema/{}/fields", call.prefix, entity.name)))
}

/// `GET /schema/<type>/fields/<field>`
pub(crate) async fn one_field(call: Call, _body: Body) -> Result<Response, Refusal> {
    let entity = call.entity()?;
    let name = call.part("field_name");
    known(entity, name)?;
    described(&call, StatusCode::OK, name, project(&call, None)?)
}

/// `POST /schema/<type>/fields`
pub(crate) async fn create(mut call: Call, body: Body) -> Result<Response, Refusal> {
    call.must_be_admin()?;
    let sent = call.json(body).await?;
    let properties = Properties::from_list("schema_field_create", sent.get("properties"))?;
    let Some(data_type) = sent.get("data_type").and_then(Value::as_str).map(str::to_owned) else {
        return Err(Refusal::request("API schema_field_create() invalid/missing string 'data_type'"));
    };
    let kind = call.entity()?.name.clone();
    let change = call.site.change_schema(move |transaction, schema| {
        created_field::create(transaction, schema, &kind, &data_type, &properties)
    });
    let name = change.await?;
    call.known = call.site.known();
    described(&call, StatusCode::CREATED, &name, None)
}

/// `PUT /schema/<type>/fields/<field>`
pub(crate) async fn update(mut call: Call, body: Body) -> Result<Response, Refusal> {
    call.must_be_admin()?;
    let sent = call.json(body).await?;
    let properties = Properties::from_list("schema_field_update", sent.get("properties"))?;
    let project = project(&call, Some(&sent))?;
    let entity = call.entity()?;
    let name = call.part("field_name").to_owned();
    known(entity, &name)?;
    let (kind, changed) = (entity.name.clone(), name.clone());
    call.site
        .change_schema(move |transaction, schema| {
            created_field::update(transaction, schema, &kind, &changed, &properties, project)
        })
        .await?;
    call.known = call.site.known();
    described(&call, StatusCode::OK, &name, project)
}

/// `DELETE /schema/<type>/fields/<field>`
pub(crate) async fn delete(call: Call, _body: Body) -> Result<Response, Refusal> {
    call.must_be_admin()?;
    let entity = call.entity()?;
    let name = call.part("field_name").to_owned();
    known(entity, &name)?;
    let kind = entity.name.clone();
    call.site
        .change_schema(move |transaction, schema| created_field::delete(transaction, schema, &kind, &name))
        .await?;
    Ok(nothing())
}

/// `POST /schema/<type>/fields/<field>`, with `revive` in the query string or in the body
pub(crate) async fn revive(call: Call, body: Body) -> Result<Response, Refusal> {
    call.must_be_admin()?;
    let sent = call.perhaps_json(body).await?;
    if call.asked("revive") != Some("true") && sent.get("revive") != Some(&Value::Bool(true)) {
        return Err(Refusal::request("revive is missing"));
    }
    let (kind, name) = (call.entity()?.name.clone(), call.part("field_name").to_owned());
    call.site
        .change_schema(move |transaction, schema| created_field::revive(transaction, schema, &kind, &name))
        .await?;
    Ok(nothing())
}

fn described(call: &Call, status: StatusCode, name: &str, project: Option<i64>) -> Result<Response, Refusal> {
    let entity = call.entity()?;
    let field = known(entity, name)?;
    let link = format!("{}/schema/{}/fields/{name}", call.prefix, entity.name);
    let described = view::describe(&call.known.schema, entity, field, project);
    Ok(document(status, &json!({"data": described, "links": {"self": link}})))
}

fn known<'e>(entity: &'e EntityType, name: &str) -> Result<&'e crate::schema::Field, Refusal> {
    entity.field(name).ok_or_else(|| missing_field(&entity.name, name))
}

/// The project a call asks about, in the query string or in the body.
fn project(call: &Call, sent: Option<&Map<String, Value>>) -> Result<Option<i64>, Refusal> {
    let in_body = sent.and_then(|sent| sent.get("project_id")).cloned();
    let asked = call.asked("project_id").filter(|text| !text.is_empty()).map(Value::from).or(in_body);
    let refused = |value: &Value| {
        Refusal::request(format!("project_id is not a project's number: {}", clip(&value.to_string())))
    };
    let Some(value) = asked.filter(|value| !value.is_null()) else { return Ok(None) };
    let id = value.as_str().map_or_else(|| value.as_i64(), |text| text.parse().ok());
    id.filter(|id| *id > 0).map(Some).ok_or_else(|| refused(&value))
}
