//! `/entity/<type>/<id>[/<field>]/_upload…`: where to put a file's bytes, and what becomes of them.
//!
//! The bytes arrive at `files::storage`, as those of api3's storage form do. An upload is known by the id that its first answer
//! carries and that clients send back whole.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::fault::clip;
use crate::files::attachment::{Upload, attach, base_name};
use crate::files::storage::{self, MAX_PARTS, Slot, Standing};
use crate::files::thumbnail::must_be_picture;
use crate::percent::encoded;
use crate::rest::answer::{Refusal, document, nothing};
use crate::rest::call::Call;
use crate::rest::read::{missing_field, row};
use crate::rows::value::format_time;
use crate::schema::DataType;

/// The kind of uploads to image fields.
const THUMBNAIL: &str = "Thumbnail";
/// Every part but the last has at least this many bytes, as with S3.
const MIN_PART_BYTES: u64 = 5 * 1024 * 1024;
/// Parts that a client may name when it completes an upload.
const MAX_TAGS: usize = MAX_PARTS as usize;

/// `GET …/_upload`
pub(crate) async fn begin(call: Call, _body: Body) -> Result<Response, Refusal> {
    let place = Place::of(&call).await?;
    let name = base_name(file_name(&call)?);
    let multipart = call.asked("multipart_upload").is_some_and(|asked| asked.eq_ignore_ascii_case("true"));
    let now = call.site.now();
    let kept = name.clone();
    let upload =
        call.write("create", move |writer| storage::begin(writer.transaction, &kept, multipart, now)).await?;
    let slot = Slot { upload: upload.clone(), part: 1 };
    let mut links = json!({
        "upload": slot.url(&call.site.signer, &call.address, now),
        "complete_upload": place.path,
    });
    let timestamp = format_time(now);
    if multipart {
        links["get_next_part"] = Value::from(place.next_part(&upload, &name, &timestamp, 2));
    }
    let data = json!({
        "timestamp": timestamp,
        "upload_type": place.upload_type,
        "upload_id": upload,
        "storage_service": "s3",
        "original_filename": name,
        "multipart_upload": multipart,
    });
    Ok(document(StatusCode::OK, &json!({"data": data, "links": links})))
}

/// `GET …/_upload/multipart`
pub(crate) async fn next_part(call: Call, _body: Body) -> Result<Response, Refusal> {
    let place = Place::of(&call).await?;
    let Some(upload) = call.asked("upload_id").map(str::to_owned) else {
        return Err(Refusal::request("invalid/missing 'upload_id'"));
    };
    let part: Option<u32> = call.asked("part_number").and_then(|part| part.parse().ok());
    let Some(part) = part.filter(|part| (1..=MAX_PARTS).contains(part)) else {
        return Err(Refusal::request(format!("part_number is a number from 1 to {MAX_PARTS}")));
    };
    let name = base_name(file_name(&call)?);
    let asked = upload.clone();
    call.read("create", move |reading, _| storage::must_be_multipart(reading, &asked)).await?;
    let timestamp = call.asked("timestamp").unwrap_or_default();
    let next = place.next_part(&upload, &name, timestamp, part + 1);
    let url = Slot { upload, part }.url(&call.site.signer, &call.address, call.site.now());
    Ok(document(StatusCode::OK, &json!({"links": {"upload": url, "get_next_part": next}})))
}

/// `POST …/_upload`: the file becomes an Attachment, if it came.
pub(crate) async fn complete(call: Call, body: Body) -> Result<Response, Refusal> {
    let sent = call.json(body).await?;
    let (Some(Value::Object(info)), Some(Value::Object(data))) =
        (sent.get("upload_info"), sent.get("upload_data"))
    else {
        return Err(Refusal::request("a completed upload needs the hashes 'upload_info' and 'upload_data'"));
    };
    let place = Place::of(&call).await?;
    let upload = upload_id(info)?;
    if info.get("multipart_upload") == Some(&Value::Bool(true)) || info.contains_key("etags") {
        join(&call, &upload, info.get("etags")).await?;
    }
    let asked = upload.clone();
    match call.read("create", move |reading, _| storage::standing(reading, &asked)).await? {
        Standing::Unknown => return Err(Refusal::request("the upload is not known")),
        // As on real sites: what was promised and never came is not missed here.
        Standing::Waiting => {}
        Standing::Here(arrived) => {
            if place.upload_type == THUMBNAIL {
                must_be_picture(&call.site.files, &arrived.stored).await?;
            }
            let attached = Upload {
                entity_type: place.type_name,
                entity_id: place.id,
                field_name: place.field,
                display_name: data.get("display_name").and_then(Value::as_str).map(str::to_owned),
                file_name: arrived.file_name,
                tags: tags(data.get("tags")),
                created_at: None,
                stored: arrived.stored,
            };
            call.write("create", move |writer| attach(writer, &attached)).await?;
        }
    }
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    Ok((StatusCode::CREATED, [(header::CONTENT_TYPE, json)], " ").into_response())
}

/// `POST …/_upload/multipart_abort`
pub(crate) async fn abort(call: Call, body: Body) -> Result<Response, Refusal> {
    let sent = call.json(body).await?;
    Place::of(&call).await?;
    let upload = upload_id(&sent)?;
    call.write("create", move |writer| {
        storage::must_be_multipart(writer.transaction, &upload)?;
        writer.transaction.forget_upload(&upload)
    })
    .await?;
    Ok(nothing())
}

/// Makes one file of the parts of an upload.
async fn join(call: &Call, upload: &str, etags: Option<&Value>) -> Result<(), Refusal> {
    let refused = || Refusal::request("Error completing multipart upload.");
    let tags: Vec<String> = match etags {
        Some(Value::Array(tags)) if tags.len() <= MAX_TAGS => {
            tags.iter().filter_map(Value::as_str).map(|tag| tag.trim_matches('"').to_owned()).collect()
        }
        _ => return Err(refused()),
    };
    let asked = upload.to_owned();
    let parts = call
        .read("create", move |reading, _| {
            storage::must_be_multipart(reading, &asked)?;
            let parts = reading.upload_parts(&asked)?;
            let large = parts
                .split_last()
                .is_none_or(|(_, others)| others.iter().all(|part| part.size_bytes >= MIN_PART_BYTES));
            if large { Ok(storage::parts(reading, &asked, &tags).ok()) } else { Ok(None) }
        })
        .await?;
    let stored = call.site.files.join(parts.ok_or_else(refused)?).await.map_err(crate::fault::Trouble::Io)?;
    let upload = upload.to_owned();
    call.write("create", move |writer| storage::arrived(writer.transaction, &upload, &stored)).await
}

/// The row, and perhaps field, that a file is meant for.
struct Place {
    type_name: String,
    id: i64,
    field: Option<String>,
    upload_type: &'static str,
    /// Path of `_upload`, from the site's root.
    path: String,
}

impl Place {
    /// The place an address names; refused when there is no such row or field.
    async fn of(call: &Call) -> Result<Place, Refusal> {
        let entity = call.entity()?;
        let id = call.id(entity)?;
        let name = Some(call.part("field_name")).filter(|name| !name.is_empty());
        let mut upload_type = "Attachment";
        if let Some(name) = name {
            let field = entity.field(name).ok_or_else(|| missing_field(&entity.name, name))?;
            if field.data_type == DataType::Image {
                upload_type = THUMBNAIL;
            }
        }
        row(call, &entity.name, id, Vec::new()).await?;
        let own = call.link(&entity.name, Some(id));
        let path = name.map_or_else(|| format!("{own}/_upload"), |name| format!("{own}/{name}/_upload"));
        Ok(Place { type_name: entity.name.clone(), id, field: name.map(str::to_owned), upload_type, path })
    }

    fn next_part(&self, upload: &str, name: &str, timestamp: &str, part: u32) -> String {
        format!(
            "{}/multipart?filename={}&part_number={part}&timestamp={}&upload_id={upload}&upload_type={}",
            self.path,
            encoded(name),
            encoded(timestamp),
            self.upload_type
        )
    }
}

fn file_name(call: &Call) -> Result<&str, Refusal> {
    let name = call.asked("filename").filter(|name| !name.is_empty());
    name.ok_or_else(|| Refusal::request("invalid/missing 'filename'"))
}

fn upload_id(info: &Map<String, Value>) -> Result<String, Refusal> {
    match info.get("upload_id") {
        Some(Value::String(id)) => Ok(id.clone()),
        other => Err(Refusal::request(format!(
            "'upload_id' is not one this site gave out: {}",
            clip(&other.unwrap_or(&Value::Null).to_string())
        ))),
    }
}

/// Names of tags, as a list of names or of hashes.
fn tags(sent: Option<&Value>) -> Vec<String> {
    let name = |tag: &Value| tag.as_str().or_else(|| tag.get("name")?.as_str()).map(str::to_owned);
    sent.and_then(Value::as_array).into_iter().flatten().filter_map(name).collect()
}
