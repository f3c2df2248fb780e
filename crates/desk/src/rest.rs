//! FPT's REST protocol, `/api/v1` and `/api/v1.1` alike, on the rows that api3 serves.
//!
//! Owns addresses, documents, tokens and statuses. Rows are read and written by `rows`, files are kept by `files`, as for api3:
//! what one protocol refuses, the other does in the same words.

pub(crate) mod answer;
pub(crate) mod bearer;
mod call;
mod document;
mod fields;
mod filter;
mod follow;
mod neighbours;
mod operation;
mod page;
mod read;
mod record;
mod root;
mod schema_field;
mod text_search;
mod token;
pub(crate) mod type_name;
mod upload;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{Query, RawPathParams, Request, State};
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any};

use crate::rest::answer::Refusal;
use crate::rest::call::Call;
use crate::rest::operation::{Operation, operations};
use crate::site::Site;

/// Both versions; links echo the one that was called.
const PREFIXES: [&str; 2] = ["/api/v1", "/api/v1.1"];

/// The routes, made of the table of operations.
pub(crate) fn routes() -> Router<Arc<Site>> {
    let mut by_path: BTreeMap<String, MethodRouter<Arc<Site>>> = BTreeMap::new();
    for prefix in PREFIXES {
        for operation in operations() {
            let path = format!("{prefix}{}", operation.path);
            // Clients differ in whether they end some addresses with a slash.
            let with_slash = (operation.path.is_empty() || operation.path.ends_with("/_batch"))
                .then(|| format!("{path}/"));
            for path in [Some(path), with_slash].into_iter().flatten() {
                let methods = by_path.remove(&path).unwrap_or_else(|| any(nowhere));
                let methods = methods.on(operation.method.filter(), move |site, named, request| {
                    serve(operation, prefix, site, named, request)
                });
                by_path.insert(path, methods);
            }
        }
    }
    let routes = Router::new().route("/api", any(nowhere)).route("/api/{*rest}", any(nowhere));
    by_path.into_iter().fold(routes, |routes, (path, methods)| routes.route(&path, methods))
}

async fn serve(
    operation: &'static Operation,
    prefix: &'static str,
    State(site): State<Arc<Site>>,
    named: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let result = match (query, named) {
        (Err(_), _) => Err(Refusal::request("the query string cannot be read")),
        (_, Err(_)) => Err(Refusal::nowhere("The requested resource does not exist.")),
        (Ok(Query(query)), Ok(named)) => {
            let named = named.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let mut call = Call::new(Arc::clone(&site), prefix, parts.headers, named, query);
            let vouched = if operation.open { Ok(()) } else { call.authenticate().await };
            match vouched {
                Ok(()) => (operation.act)(call, body).await,
                Err(refusal) => Err(refusal),
            }
        }
    };
    let mut response = result.unwrap_or_else(IntoResponse::into_response);
    site.stamp(response.headers_mut());
    response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-store"));
    response
}

async fn nowhere() -> Response {
    Refusal::nowhere("The requested resource does not exist.").into_response()
}
