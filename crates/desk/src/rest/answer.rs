//! Answers of REST: JSON documents, and refusals as error documents with their status.

use std::error::Error;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::access::secret::random_16;
use crate::fault::{Fault, Trouble};

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// A JSON document.
pub(crate) fn document(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, JSON)], body.to_string()).into_response()
}

/// `{"data", "links"}` with status 200.
pub(crate) fn data(data: Value, self_link: &str) -> Response {
    document(StatusCode::OK, &json!({"data": data, "links": {"self": self_link}}))
}

/// Nothing, as after a delete.
pub(crate) fn nothing() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Why a call is not answered as it hoped.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    /// FPT's error code; none for a failure of the desk itself.
    code: Option<u16>,
    detail: String,
}

impl Refusal {
    /// A fault with a status of its own.
    pub(crate) fn new(status: StatusCode, fault: Fault) -> Refusal {
        Refusal { status, code: Some(fault.code), detail: fault.message }
    }

    /// A status without a fault of FPT's: the server's own trouble.
    pub(crate) fn failure(status: StatusCode, detail: impl Into<String>) -> Refusal {
        Refusal { status, code: None, detail: detail.into() }
    }

    /// A request that cannot be understood.
    pub(crate) fn request(detail: impl Into<String>) -> Refusal {
        Fault::request(detail).into()
    }

    /// No token, or one that is not good enough.
    pub(crate) fn unauthorized(detail: &str) -> Refusal {
        Refusal::new(StatusCode::UNAUTHORIZED, Fault::credentials(detail))
    }

    /// An address that leads nowhere.
    pub(crate) fn nowhere(detail: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, Fault::request(detail))
    }

    /// A body of a type that the call does not take.
    pub(crate) fn media_type(detail: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Fault::request(detail))
    }

    /// The body is larger than calls may be.
    pub(crate) fn too_large(limit_bytes: usize) -> Refusal {
        let detail = format!("a request is at most {limit_bytes} bytes");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Fault::request(detail))
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, fault)
    }
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Refusal {
        match trouble {
            Trouble::Fault(fault) => fault.into(),
            Trouble::Missing(fault) => Refusal::new(StatusCode::NOT_FOUND, fault),
            failure => {
                let mut detail = failure.to_string();
                let mut source = failure.source();
                while let Some(cause) = source {
                    detail.push_str(&format!(": {cause}"));
                    source = cause.source();
                }
                Refusal::failure(StatusCode::INTERNAL_SERVER_ERROR, detail)
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let id: String = random_16().iter().map(|byte| format!("{byte:02x}")).collect();
        let title = match self.status {
            StatusCode::INTERNAL_SERVER_ERROR => "Shotgun Server Error",
            status => status.canonical_reason().unwrap_or("Error"),
        };
        let error = json!({
            "id": id,
            "status": self.status.as_u16(),
            "code": self.code,
            "title": title,
            "source": null,
            "detail": self.detail,
            "meta": null,
        });
        document(self.status, &json!({"errors": [error]}))
    }
}
