//! The OpenAPI document: the table of operations, put together with the schemas of `components.json` and the site's own types.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::fault::Trouble;
use crate::rest::answer::Refusal;
use crate::rest::call::Call;
use crate::rest::operation::{Operation, Parameter, operations};
use crate::rest::type_name::plural;
use crate::schema::Schema;

/// What bodies and documents look like (JSON Schema, as OpenAPI 3.1 has it).
const COMPONENTS: &str = include_str!("components.json");

/// `GET /spec.json`
pub(crate) async fn json(call: Call, _body: Body) -> Result<Response, Refusal> {
    served(&call, HeaderValue::from_static("application/json; charset=utf-8"))
}

/// `GET /spec.yaml`: every JSON text is a YAML text.
pub(crate) async fn yaml(call: Call, _body: Body) -> Result<Response, Refusal> {
    served(&call, HeaderValue::from_static("application/yaml; charset=utf-8"))
}

fn served(call: &Call, kind: HeaderValue) -> Result<Response, Refusal> {
    let failed = |error: serde_json::Error| Trouble::Io(error.into());
    let document = document(&call.known.schema).map_err(failed)?;
    let text = serde_json::to_string_pretty(&document).map_err(failed)? + "\n";
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, kind)], text).into_response())
}

/// The document of a site with this schema.
fn document(schema: &Schema) -> Result<Value, serde_json::Error> {
    let mut schemas: Map<String, Value> = serde_json::from_str(COMPONENTS)?;
    let names: Vec<String> = schema.entities().map(|entity| plural(&entity.name)).collect();
    schemas.insert("TypeInPath".to_owned(), json!({"type": "string", "enum": names}));
    let mut paths = Map::new();
    for operation in operations() {
        let path = if operation.path.is_empty() { "/" } else { operation.path };
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        methods[operation.method.name()] = described(operation);
    }
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Flow Production Tracking REST, as the tk-incident desk serves it",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/api/v1.1"}, {"url": "/api/v1"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": schemas,
        },
    }))
}

fn described(operation: &Operation) -> Value {
    let mut parameters: Vec<Value> = operation
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            let schema = match name {
                "entity" => "TypeInPath",
                "record_id" => "Id",
                _ => "FieldName",
            };
            json!({"name": name, "in": "path", "required": true, "schema": reference(schema)})
        })
        .collect();
    parameters.extend(operation.query.iter().map(asked));
    let answer = operation.answer;
    let mut success = json!({"description": "Done"});
    if let Some(schema) = answer.schema {
        success["content"] = json!({answer.media_type: {"schema": reference(schema)}});
    }
    let refused = json!({
        "description": "Refused",
        "content": {"application/json": {"schema": reference("Errors")}},
    });
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": {answer.status.to_string(): success, "default": refused},
    });
    if let Some(status) = operation.or_status {
        described["responses"][status.to_string()] = json!({"description": "Done"});
    }
    if let Some(sent) = &operation.body {
        let types: Map<String, Value> = sent
            .media_types
            .iter()
            .map(|kind| ((*kind).to_owned(), json!({"schema": reference(sent.schema)})))
            .collect();
        described["requestBody"] = json!({"required": sent.required, "content": types});
    }
    if operation.open {
        described["security"] = json!([]);
    }
    described
}

fn asked(parameter: &Parameter) -> Value {
    json!({
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.about,
        "schema": reference(parameter.schema),
    })
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}
