//! `GET /api/v1`: what the site is, without a token.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::api3::VERSION;
use crate::rest::answer::{Refusal, document};
use crate::rest::call::Call;

/// The operation.
pub(crate) async fn info(call: Call, _body: Body) -> Result<Response, Refusal> {
    let number = VERSION.map(|part| part.to_string()).join(".");
    let data = json!({
        "shotgun_version": format!("v{number} (build tk-incident {})", env!("CARGO_PKG_VERSION")),
        "api_version": call.prefix.trim_start_matches("/api/"),
        "shotgun_version_number": number,
        "user_authentication_method": "default",
        "unified_login_flow_enabled": false,
        "authentication_app_session_launcher_enabled": false,
        "site_id": "1",
        "site_name": "tk-incident desk",
    });
    Ok(document(StatusCode::OK, &json!({"data": data})))
}
