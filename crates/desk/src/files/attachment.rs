//! Attachments: the row that stands for an uploaded file, and the way from its id to the bytes.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::fault::{Fault, Trouble};
use crate::files::Stored;
use crate::rows::permit;
use crate::rows::picture::Picture;
use crate::rows::query;
use crate::rows::scalar::Scalar;
use crate::rows::value::format_time;
use crate::rows::write::Writer;
use crate::schema::{DataType, EntityType, Field};

/// Longest file name kept, in characters.
const MAX_NAME: usize = 200;

/// An uploaded file and where it is to be attached.
pub(crate) struct Upload {
    pub(crate) entity_type: String,
    pub(crate) entity_id: i64,
    /// A url field of the row, `attachments`, or none: just attach.
    pub(crate) field_name: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) file_name: String,
    pub(crate) tags: Vec<String>,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) stored: Stored,
}

/// What is needed to send or show an attachment's bytes.
#[derive(Debug, Clone)]
pub(crate) struct AttachedFile {
    pub(crate) hash: String,
    pub(crate) size_bytes: u64,
    pub(crate) name: String,
    pub(crate) content_type: String,
}

/// Creates the Attachment row and links it; gives its id.
pub(crate) fn attach(writer: &Writer<'_>, upload: &Upload) -> Result<i64, Trouble> {
    let context = writer.context;
    let entity = context.entity(&upload.entity_type)?;
    writer.must_be_active(entity, upload.entity_id)?;
    permit::upload(writer, entity, upload.entity_id)?;
    let place = Place::of(writer, entity, upload.field_name.as_deref())?;
    let file_name = base_name(&upload.file_name);
    let shown = upload.display_name.as_deref().map(base_name).filter(|name| !name.is_empty());
    let shown = shown.unwrap_or_else(|| file_name.clone());
    let mut fields = vec![json!({"field_name": "display_name", "value": shown})];
    let target = json!({"type": entity.name, "id": upload.entity_id});
    let attachment = context.entity("Attachment")?;
    if matches!(place, Place::Links) {
        let links = attachment.field("attachment_links").ok_or_else(|| Fault::unknown_type("Attachment"))?;
        if !links.to.contains(&entity.name) {
            return Err(Fault::request(format!(
                "API {}() files cannot be attached to {}",
                context.call, entity.name
            ))
            .into());
        }
        fields.push(json!({"field_name": "attachment_links", "value": [target]}));
    }
    let project = match entity.name.as_str() {
        "Project" => target.clone(),
        _ if entity.field("project").is_some() => {
            let row =
                query::row(writer.transaction, context, entity, upload.entity_id, &["project".to_owned()])?;
            row.and_then(|mut row| row.get_mut("project").map(Value::take)).unwrap_or(Value::Null)
        }
        _ => Value::Null,
    };
    fields.push(json!({"field_name": "project", "value": project}));
    let mut tags = Vec::new();
    for name in &upload.tags {
        tags.push(tag(writer, name)?);
    }
    fields.push(json!({"field_name": "tags", "value": tags}));
    if let Some(time) = upload.created_at {
        fields.push(json!({"field_name": "created_at", "value": format_time(time)}));
    }
    let row = writer.create(&json!({"type": "Attachment", "fields": fields}))?;
    let id = row.get("id").and_then(Value::as_i64).ok_or_else(|| Fault::unknown_row("Attachment", 0))?;

    let content_type = content_type(&file_name);
    let file =
        json!({"id": id, "name": shown, "content_type": content_type, "link_type": "upload"}).to_string();
    let text = |text: &str| Some(Scalar::from(text));
    let extension = file_name.rsplit_once('.').and_then(|(_, extension)| text(extension));
    // A number field holds 32 bits; a larger file shows its size on the page alone.
    let size = i32::try_from(upload.stored.size_bytes).ok().map(|size| i64::from(size).into());
    writer.set_columns(
        attachment,
        id,
        &[
            ("this_file", text(&file)),
            ("original_fname", text(&file_name)),
            ("filename", text(&file_name)),
            ("file_extension", extension),
            ("file_size", size),
            ("processing_status", text("clean")),
        ],
    )?;
    let kept = AttachedFile {
        hash: upload.stored.hash.clone(),
        size_bytes: upload.stored.size_bytes,
        name: file_name,
        content_type: content_type.to_owned(),
    };
    writer.transaction.add_attached_file(id, &kept)?;
    match place {
        Place::Links => {}
        Place::File(field) => writer.set_field(entity, upload.entity_id, field, text(&file))?,
        Place::Picture(field) => {
            let picture = Picture { attachment: id, since_ms: context.now.as_millisecond() };
            writer.set_field(entity, upload.entity_id, field, text(&picture.to_text()))?;
        }
    }
    Ok(id)
}

/// What a file becomes to its row.
enum Place<'f> {
    /// One of its attachments.
    Links,
    /// The file of a url field.
    File(&'f Field),
    /// The picture of an image field; that it is one was seen before.
    Picture(&'f Field),
}

impl<'f> Place<'f> {
    fn of(writer: &Writer<'_>, entity: &'f EntityType, name: Option<&str>) -> Result<Place<'f>, Fault> {
        let call = writer.context.call;
        let Some(name) = name.filter(|name| !name.is_empty() && *name != "attachments") else {
            return Ok(Place::Links);
        };
        let field = entity.field(name).ok_or_else(|| Fault::unknown_field(call, &entity.name, name))?;
        match field.data_type {
            DataType::Url => Ok(Place::File(field)),
            DataType::Image => Ok(Place::Picture(field)),
            other => Err(Fault::request(format!(
                "API {call}() {}.{name} is a {} field and takes no file",
                entity.name,
                other.name()
            ))),
        }
    }
}

fn tag(writer: &Writer<'_>, name: &str) -> Result<Value, Trouble> {
    let id = writer.transaction.row_with_text(writer.context.entity("Tag")?, "name", name)?;
    match id {
        Some(id) => Ok(json!({"type": "Tag", "id": id})),
        None => writer.create(&json!({"type": "Tag", "fields": [{"field_name": "name", "value": name}]})),
    }
}

/// The last part of whatever path a client sends (Windows callers send theirs whole), without control characters.
pub(crate) fn base_name(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|letter| !letter.is_control()).take(MAX_NAME).collect();
    match name.trim() {
        "" | "." | ".." => "file".to_owned(),
        name => name.to_owned(),
    }
}

/// The type a file is served with, by its name alone. Nothing here is run or drawn by a browser as a page.
fn content_type(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    match extension.as_str() {
        "log" | "txt" | "py" | "yml" | "yaml" | "toml" | "csv" | "md" => "text/plain",
        "json" => "application/json",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "mov" => "video/quicktime",
        "mp4" => "video/mp4",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_never_a_path() {
        assert_eq!(base_name("C:\\logs\\tk-maya.log"), "tk-maya.log");
        assert_eq!(base_name("/tmp/a/../보고.log"), "보고.log");
        assert_eq!(base_name("../.."), "file");
        assert_eq!(base_name("a\r\nb.log"), "ab.log");
        assert_eq!(base_name(""), "file");
    }
}
