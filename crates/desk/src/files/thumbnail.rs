//! Thumbnails: pictures that rows are shown by, from upload to browser.
//!
//! A picture is what its first bytes say, whatever its name: PNG, JPEG, GIF, WebP or BMP, and nothing a browser would run. It is an
//! Attachment that links to nothing; the rows it stands for hold its id (`rows::picture`). Nothing is scaled.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::api3::failed;
use crate::fault::{Fault, Trouble, clip};
use crate::files::download::wanted;
use crate::files::upload::{Form, answer, flag, known_caller, one_file, required};
use crate::files::{Files, Stored};
use crate::rows::permit;
use crate::rows::picture::Picture;
use crate::rows::scalar::Scalar;
use crate::rows::write::Writer;
use crate::schema::{DataType, EntityType, Field};
use crate::site::Site;

/// Largest picture.
pub(crate) const MAX_PICTURE_BYTES: u64 = 32 * 1024 * 1024;
/// Rows one picture is shared with at a time.
const MAX_SHARED: usize = 500;
/// First bytes that are looked at.
const HEAD_BYTES: u64 = 16;

/// What stands for a picture that is new.
const PENDING: &[u8] = include_bytes!("../../assets/pending.png");

/// The media type of a picture, by its first bytes.
fn media_type(head: &[u8]) -> Option<&'static str> {
    match head {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        // The four bytes after the size are always 0; two letters alone would be any text.
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Some("image/bmp"),
        _ => None,
    }
}

/// Refuses a file that is no picture, or too large a one.
pub(crate) async fn must_be_picture(files: &Files, stored: &Stored) -> Result<(), Trouble> {
    if stored.size_bytes > MAX_PICTURE_BYTES {
        return Err(Fault::request(format!("a thumbnail is at most {MAX_PICTURE_BYTES} bytes")).into());
    }
    let head = files.head(&stored.hash, HEAD_BYTES).await?;
    match media_type(&head) {
        Some(_) => Ok(()),
        None => Err(Fault::request("a thumbnail is a PNG, JPEG, GIF, WebP or BMP file; this is none").into()),
    }
}

/// The image field that a client means by one of its names; none for any other name.
pub(crate) fn image_field(name: &str) -> Option<&'static str> {
    match name {
        "image" | "thumb_image" => Some("image"),
        "filmstrip_image" | "filmstrip_thumb_image" => Some("filmstrip_image"),
        _ => None,
    }
}

/// `POST /upload/publish_thumbnail`: the classic form, with the picture in `thumb_image`.
pub(crate) async fn publish(State(site): State<Arc<Site>>, request: Request) -> Response {
    one_file(&site, request, "thumb_image").await
}

/// `POST /upload/share_thumbnail`: the picture of one row becomes that of others too.
pub(crate) async fn share(State(site): State<Arc<Site>>, headers: HeaderMap, body: Body) -> Response {
    answer(share_form(&site, &headers, body).await.map(|id| format!("1:{id}\n")))
}

async fn share_form(site: &Arc<Site>, headers: &HeaderMap, body: Body) -> Result<i64, Trouble> {
    let (form, actor) = known_caller(site, headers, body).await?;
    let source = named_row(required(&form, "source_entity")?)?;
    let rows = required(&form, "entities")?.split(',').map(named_row).collect::<Result<Vec<_>, _>>()?;
    if rows.len() > MAX_SHARED {
        return Err(Fault::request(format!(
            "a thumbnail is shared with at most {MAX_SHARED} rows at a time"
        ))
        .into());
    }
    let field = shared_field(&form);
    let (known, now, address) = (site.known(), site.now(), site.address(headers));
    site.store
        .write(move |transaction| {
            let context = known.writing("update", now, &address);
            share_rows(&Writer { transaction, context, actor: &actor }, field, &source, &rows)
        })
        .await
}

fn shared_field(form: &Form) -> &'static str {
    if flag(form, "filmstrip_thumbnail") { "filmstrip_image" } else { "image" }
}

/// `Version_17`, as the official client spells a row here.
fn named_row(text: &str) -> Result<(String, i64), Fault> {
    let row = text.trim().rsplit_once('_').and_then(|(kind, id)| Some((kind.to_owned(), id.parse().ok()?)));
    row.ok_or_else(|| Fault::request(format!("a row is named <type>_<id>, not {}", clip(text))))
}

fn share_rows(
    writer: &Writer<'_>,
    field: &str,
    source: &(String, i64),
    rows: &[(String, i64)],
) -> Result<i64, Trouble> {
    let (entity, image) = image_of(writer, &source.0, field)?;
    writer.must_be_active(entity, source.1)?;
    permit::seen(writer, entity, source.1)?;
    let kept = writer.transaction.row_text(entity, source.1, image)?;
    let Some(picture) = kept.as_deref().and_then(Picture::from_text) else {
        return Err(Fault::request(format!("{} {} has no thumbnail to share", source.0, source.1)).into());
    };
    for (kind, id) in rows {
        let (entity, image) = image_of(writer, kind, field)?;
        writer.must_be_active(entity, *id)?;
        writer.set_field(entity, *id, image, Some(Scalar::Text(picture.to_text())))?;
    }
    Ok(picture.attachment)
}

fn image_of<'s>(
    writer: &Writer<'s>,
    kind: &str,
    field: &str,
) -> Result<(&'s EntityType, &'s Field), Trouble> {
    let entity = writer.context.entity(kind)?;
    let image = entity.field(field).filter(|field| field.data_type == DataType::Image);
    Ok((entity, image.ok_or_else(|| Fault::unknown_field(writer.context.call, kind, field))?))
}

/// `GET /images/status/transient/…`: what is shown while a picture is new.
pub(crate) async fn pending() -> Response {
    let mut response = Response::new(Body::from(PENDING));
    describe(response.headers_mut(), "image/png", PENDING.len() as u64);
    response
}

/// `GET /file_serve/thumbnail/<id>`: the picture, to be shown.
pub(crate) async fn picture(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    const MISSING: &str = "there is no such thumbnail here\n";
    let file = match wanted(&site, &id, &headers, MISSING).await {
        Ok(file) => file,
        Err(refusal) => return refusal,
    };
    // Looked at again: any attachment's id may be asked for here.
    let head = match site.files.head(&file.hash, HEAD_BYTES).await {
        Ok(head) => head,
        Err(error) => return failed(&error.into()),
    };
    let Some(media_type) = media_type(&head) else {
        return (StatusCode::BAD_REQUEST, MISSING).into_response();
    };
    match site.files.body(&file.hash).await {
        Ok(body) => {
            let mut response = Response::new(body);
            describe(response.headers_mut(), media_type, file.size_bytes);
            response
        }
        Err(error) => failed(&error.into()),
    }
}

fn describe(headers: &mut HeaderMap, media_type: &'static str, size_bytes: u64) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size_bytes));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_what_its_first_bytes_say() {
        assert_eq!(media_type(PENDING), Some("image/png"));
        assert_eq!(media_type(b"\xff\xd8\xff\xe0\0\x10JFIF"), Some("image/jpeg"));
        assert_eq!(media_type(b"GIF89a\x01\0"), Some("image/gif"));
        assert_eq!(media_type(b"RIFF\x24\0\0\0WEBPVP8 "), Some("image/webp"));
        assert_eq!(media_type(b"BM\x36\0\x0c\0\0\0\0\0\x36\0"), Some("image/bmp"));
        for other in [
            &b"<svg xmlns="[..],
            b"<html>",
            b"BMW is a car, not a picture",
            b"RIFF....AVI ",
            b"\xff\xd8",
            b"",
        ] {
            assert_eq!(media_type(other), None);
        }
    }

    #[test]
    fn rows_are_named_as_the_client_does() {
        assert_eq!(named_row("CustomEntity_01_17"), Ok(("CustomEntity_01".to_owned(), 17)));
        assert!(named_row("Version").is_err() && named_row("Version_x").is_err());
    }
}
