//! `/upload/…`: both of FPT's upload forms, classic (one multipart form) and storage (signed PUTs, then a link).
//!
//! Answers are plain text: `1` and values, or `0` and the reason, always HTTP 200, because the official client retries any other
//! status and loses the reason. The bytes of the storage form arrive at `storage`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request, State, multipart};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use crate::access::auth::{Actor, Credentials};
use crate::fault::{Fault, Trouble, clip};
use crate::files::Stored;
use crate::files::attachment::{Upload, attach, base_name};
use crate::files::storage::{self, Arrived, Slot};
use crate::files::thumbnail::{MAX_PICTURE_BYTES, image_field, must_be_picture};
use crate::rows::value::{format_time, parse_time};
use crate::rows::write::Writer;
use crate::site::{SILENCE, Site, whole_body};

/// Largest file.
pub(crate) const MAX_FILE_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Largest text field of a form, and largest urlencoded form.
const MAX_FIELD_BYTES: usize = 256 * 1024;
/// The two kinds of uploads of the storage form.
const ATTACHMENT: &str = "Attachment";
const THUMBNAIL: &str = "Thumbnail";
/// Fields of a form.
const MAX_FIELDS: usize = 64;

pub(crate) type Form = BTreeMap<String, String>;

/// `POST /upload/upload_file`: the classic form. The credentials come before the file, so nobody unknown gets bytes onto the disk.
pub(crate) async fn upload_file(State(site): State<Arc<Site>>, request: Request) -> Response {
    one_file(&site, request, "file").await
}

/// A classic form, with the bytes in the part of that name.
pub(crate) async fn one_file(site: &Arc<Site>, request: Request, part: &str) -> Response {
    let address = site.address(request.headers());
    let mut parts = match Multipart::from_request(request, &()).await {
        Ok(parts) => parts,
        Err(error) => return refused(&format!("not a multipart form: {error}")),
    };
    let result = classic(site, address, &mut parts, part).await;
    if result.is_err() {
        drain(&mut parts).await;
    }
    answer(result.map(|id| format!("1:{id}\n")))
}

/// Reads what the client goes on sending: it listens only once it has sent everything.
async fn drain(parts: &mut Multipart) {
    let mut left = 64 * 1024 * 1024_usize;
    while let Ok(Ok(Some(mut field))) = tokio::time::timeout(SILENCE, parts.next_field()).await {
        while let Ok(Ok(Some(piece))) = tokio::time::timeout(SILENCE, field.chunk()).await {
            left = left.saturating_sub(piece.len());
            if left == 0 {
                return;
            }
        }
    }
}

async fn classic(
    site: &Arc<Site>,
    address: String,
    parts: &mut Multipart,
    part: &str,
) -> Result<i64, Trouble> {
    let mut form = Form::new();
    while let Some(field) = waited(parts.next_field()).await? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == part {
            let credentials = Credentials::from_form(&form)?;
            let actor = site.authenticate(credentials).await?;
            let file_name = base_name(field.file_name().unwrap_or_default());
            let picture = part != "file";
            let limit_bytes = if picture { MAX_PICTURE_BYTES } else { MAX_FILE_BYTES };
            let stored = receive(site, field, limit_bytes).await?;
            let arrived = Arrived { file_name, stored };
            return attach_file(site, address, actor, &form, arrived, picture).await;
        }
        if form.len() >= MAX_FIELDS {
            return Err(Fault::request(format!("the form has more than {MAX_FIELDS} fields")).into());
        }
        form.insert(name, text(field).await?);
    }
    Err(Fault::request(format!("the form holds no part named '{part}'")).into())
}

async fn waited<T>(step: impl Future<Output = Result<T, multipart::MultipartError>>) -> Result<T, Trouble> {
    match tokio::time::timeout(SILENCE, step).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Fault::request(format!("the form is broken: {}", error.body_text())).into()),
        Err(_) => Err(Fault::request("the form is incomplete: its sender went silent").into()),
    }
}

async fn text(mut field: multipart::Field<'_>) -> Result<String, Trouble> {
    let mut bytes = Vec::new();
    while let Some(piece) = waited(field.chunk()).await? {
        if bytes.len() + piece.len() > MAX_FIELD_BYTES {
            return Err(Fault::request(format!("a form field is longer than {MAX_FIELD_BYTES} bytes")).into());
        }
        bytes.extend_from_slice(&piece);
    }
    String::from_utf8(bytes).map_err(|_| Fault::request("a form field is not UTF-8").into())
}

async fn receive(site: &Site, mut field: multipart::Field<'_>, limit_bytes: u64) -> Result<Stored, Trouble> {
    let incoming = site.files.receive();
    let mut size_bytes = 0;
    while let Some(piece) = waited(field.chunk()).await? {
        size_bytes += piece.len() as u64;
        if size_bytes > limit_bytes {
            return Err(Fault::request(format!("a file is at most {limit_bytes} bytes here")).into());
        }
        incoming.push(piece).await;
    }
    Ok(incoming.keep().await?)
}

/// `POST /upload/api_get_upload_link_info`: where to PUT the bytes.
pub(crate) async fn link_info(State(site): State<Arc<Site>>, headers: HeaderMap, body: Body) -> Response {
    answer(new_upload(&site, &headers, body).await)
}

async fn new_upload(site: &Arc<Site>, headers: &HeaderMap, body: Body) -> Result<String, Trouble> {
    let (form, _) = known_caller(site, headers, body).await?;
    let kind = match form.get("upload_type").map(String::as_str) {
        None | Some(ATTACHMENT) => ATTACHMENT,
        Some(THUMBNAIL) => THUMBNAIL,
        Some(other) => {
            let text = format!("upload_type is '{ATTACHMENT}' or '{THUMBNAIL}', not '{}'", clip(other));
            return Err(Fault::request(text).into());
        }
    };
    let file_name = base_name(required(&form, "filename")?);
    let multipart = flag(&form, "multipart_upload");
    let now = site.now();
    let id =
        site.store.write(move |transaction| storage::begin(transaction, &file_name, multipart, now)).await?;
    let url = Slot { upload: id.clone(), part: 1 }.url(&site.signer, &site.address(headers), now);
    let shown = if multipart { id.as_str() } else { "" };
    Ok(format!("1\n{url}\n{}\n{kind}\n{shown}\n", format_time(now)))
}

/// `POST /upload/api_get_upload_link_for_part`: where to PUT one part.
pub(crate) async fn link_for_part(State(site): State<Arc<Site>>, headers: HeaderMap, body: Body) -> Response {
    answer(part_url(&site, &headers, body).await)
}

async fn part_url(site: &Arc<Site>, headers: &HeaderMap, body: Body) -> Result<String, Trouble> {
    let (form, _) = known_caller(site, headers, body).await?;
    let upload = required(&form, "upload_id")?.to_owned();
    let part =
        required(&form, "part_number")?.parse().ok().filter(|part| (1..=storage::MAX_PARTS).contains(part));
    let part = part
        .ok_or_else(|| Fault::request(format!("part_number is a number from 1 to {}", storage::MAX_PARTS)))?;
    let asked = upload.clone();
    site.store.read(move |reading| storage::must_be_multipart(reading, &asked)).await?;
    Ok(format!("1\n{}\n", Slot { upload, part }.url(&site.signer, &site.address(headers), site.now())))
}

/// `POST /upload/api_complete_multipart_upload`: the parts become one file.
pub(crate) async fn complete(State(site): State<Arc<Site>>, headers: HeaderMap, body: Body) -> Response {
    answer(join_parts(&site, &headers, body).await)
}

async fn join_parts(site: &Arc<Site>, headers: &HeaderMap, body: Body) -> Result<String, Trouble> {
    let (form, _) = known_caller(site, headers, body).await?;
    let upload = required(&form, "upload_id")?.to_owned();
    let tags: Vec<String> =
        required(&form, "etags")?.split(',').map(|tag| tag.trim().trim_matches('"').to_owned()).collect();
    let asked = upload.clone();
    let parts = site
        .store
        .read(move |reading| {
            storage::must_be_multipart(reading, &asked)?;
            storage::parts(reading, &asked, &tags)
        })
        .await?;
    let stored = site.files.join(parts).await?;
    site.store.write(move |transaction| storage::arrived(transaction, &upload, &stored)).await?;
    Ok("1\n".to_owned())
}

/// `POST /upload/api_link_file`: an arrived upload becomes an Attachment.
pub(crate) async fn link_file(State(site): State<Arc<Site>>, headers: HeaderMap, body: Body) -> Response {
    answer(link(&site, &headers, body).await.map(|id| format!("1:{id}\n")))
}

async fn link(site: &Arc<Site>, headers: &HeaderMap, body: Body) -> Result<i64, Trouble> {
    let (form, actor) = known_caller(site, headers, body).await?;
    let info = required(&form, "upload_link_info")?;
    let slot = info.lines().nth(1).and_then(|url| Slot::signed_by(&site.signer, url));
    let slot = slot.ok_or_else(|| Fault::request("upload_link_info is not one this desk gave out"))?;
    let arrived = site.store.read(move |reading| storage::find(reading, &slot.upload)).await?;
    let address = site.address(headers);
    let thumbnail = info.lines().nth(3) == Some(THUMBNAIL);
    attach_file(site, address, actor, &form, arrived, thumbnail).await
}

async fn attach_file(
    site: &Arc<Site>,
    address: String,
    actor: Actor,
    form: &Form,
    arrived: Arrived,
    thumbnail: bool,
) -> Result<i64, Trouble> {
    let Arrived { file_name, stored } = arrived;
    if stored.size_bytes == 0 {
        return Err(Fault::request("the file is empty").into());
    }
    let named = form.get("field_name").map(String::as_str).unwrap_or_default();
    let field_name = if flag(form, "filmstrip") {
        Some("filmstrip_image")
    } else if thumbnail {
        Some(image_field(named).unwrap_or("image"))
    } else {
        image_field(named).or(Some(named).filter(|name| !name.is_empty()))
    };
    if field_name.is_some_and(|name| image_field(name).is_some()) {
        must_be_picture(&site.files, &stored).await?;
    }
    let entity_id = required(form, "entity_id")?;
    let tags = form.get("tag_list").map(String::as_str).unwrap_or_default();
    let upload = Upload {
        entity_type: required(form, "entity_type")?.to_owned(),
        entity_id: entity_id
            .parse()
            .map_err(|_| Fault::request(format!("entity_id is not a number: {}", clip(entity_id))))?,
        field_name: field_name.map(str::to_owned),
        display_name: form.get("display_name").cloned(),
        file_name,
        tags: tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        created_at: created_at(form)?,
        stored,
    };
    let (known, now) = (site.known(), site.now());
    site.store
        .write(move |transaction| {
            let context = known.writing("create", now, &address);
            attach(&Writer { transaction, context, actor: &actor }, &upload)
        })
        .await
}

/// Both spellings the official client has for it.
fn created_at(form: &Form) -> Result<Option<Timestamp>, Fault> {
    match form.get("created_at").map(|text| text.trim()).filter(|text| !text.is_empty() && *text != "None") {
        None => Ok(None),
        Some(text) => match parse_time(text) {
            Some(time) => Ok(Some(time)),
            None => Err(Fault::request(format!("created_at is not a time: {}", clip(text)))),
        },
    }
}

pub(crate) async fn known_caller(
    site: &Arc<Site>,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Form, Actor), Trouble> {
    let body = whole_body(body, MAX_FIELD_BYTES).await.map_err(|_| {
        Fault::request(format!("the form is incomplete or larger than {MAX_FIELD_BYTES} bytes"))
    })?;
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = axum::http::Method::POST;
    if let Some(kind) = headers.get(header::CONTENT_TYPE) {
        request.headers_mut().insert(header::CONTENT_TYPE, kind.clone());
    }
    let axum::Form(form) = axum::Form::<Form>::from_request(request, &())
        .await
        .map_err(|error| Fault::request(format!("not a urlencoded form: {error}")))?;
    let credentials = Credentials::from_form(&form)?;
    let actor = site.authenticate(credentials).await?;
    Ok((form, actor))
}

/// Booleans of a form are `True` and `False`.
pub(crate) fn flag(form: &Form, name: &str) -> bool {
    form.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

pub(crate) fn required<'f>(form: &'f Form, name: &str) -> Result<&'f str, Fault> {
    form.get(name).map(String::as_str).ok_or_else(|| Fault::request(format!("the form has no '{name}'")))
}

pub(crate) fn answer(result: Result<String, Trouble>) -> Response {
    match result {
        Ok(text) => plain(text),
        Err(Trouble::Fault(fault)) => refused(&fault.message),
        Err(trouble) => crate::api3::failed(&trouble),
    }
}

fn refused(reason: &str) -> Response {
    plain(format!("0\n{reason}\n"))
}

fn plain(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
