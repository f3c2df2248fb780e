//! `GET /file_serve/attachment/<id>`: an attachment's bytes, always as a download.
//!
//! Who may have them is `access::fetching`'s.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::access::fetching;
use crate::api3::failed;
use crate::files::attachment::AttachedFile;
use crate::percent::encoded;
use crate::site::Site;

/// The route's handler.
pub(crate) async fn attachment(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let file = match wanted(&site, &id, &headers, "there is no such file here\n").await {
        Ok(file) => file,
        Err(refusal) => return refusal,
    };
    match site.files.body(&file.hash).await {
        Ok(body) => {
            let mut response = Response::new(body);
            describe(response.headers_mut(), &file);
            response
        }
        Err(error) => failed(&error.into()),
    }
}

/// The file of an attachment for whoever may have it; else what is answered.
pub(super) async fn wanted(
    site: &Arc<Site>,
    id: &str,
    headers: &HeaderMap,
    missing: &'static str,
) -> Result<AttachedFile, Response> {
    if !site.names.answer_to(headers) {
        return Err(StatusCode::MISDIRECTED_REQUEST.into_response());
    }
    let missing = || (StatusCode::BAD_REQUEST, missing).into_response();
    let id: i64 = id.parse().map_err(|_| missing())?;
    match fetching::may_fetch(site, headers, id).await {
        Ok(true) => {}
        Ok(false) => return Err(fetching::refusal()),
        Err(trouble) => return Err(failed(&trouble)),
    }
    match site.store.read(move |rows| rows.attached_file(id)).await {
        Ok(file) => file.ok_or_else(missing),
        Err(trouble) => Err(failed(&trouble)),
    }
}

fn describe(headers: &mut HeaderMap, file: &AttachedFile) {
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(file.size_bytes));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    let fallback = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(&file.content_type).unwrap_or(fallback));
    let fallback = HeaderValue::from_static("attachment");
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_str(&disposition(&file.name)).unwrap_or(fallback),
    );
}

/// RFC 6266: a plain name for old clients, the true one percent-encoded.
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| {
            if letter.is_ascii_graphic() && !"\"\\%".contains(letter) || letter == ' ' { letter } else { '_' }
        })
        .collect();
    let encoded = encoded(name);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        assert_eq!(
            disposition("a \"b\"\r\n.log"),
            "attachment; filename=\"a _b___.log\"; filename*=UTF-8''a%20%22b%22%0D%0A.log"
        );
        assert!(disposition("보고.log").starts_with("attachment; filename=\"__.log\"; filename*=UTF-8''%EB"));
    }
}
