//! `note_thread_contents`: a Note with its replies and attachments, oldest first.

use serde_json::{Value, json};

use crate::api3::activity::person;
use crate::fault::{Fault, Trouble};
use crate::rows::query::{Context, Wanted, field_names, find, row};
use crate::store::Reading;

/// Rows of one kind in a thread.
const MAX_ROWS: i64 = 5000;

/// The flat list of the thread's rows; `entity_fields` adds fields by type.
pub(crate) fn contents(
    reading: &dyn Reading,
    context: Context<'_>,
    arguments: &Value,
) -> Result<Value, Trouble> {
    let Some(id) = arguments.get("note_id").and_then(Value::as_i64) else {
        return Err(Fault::request("API note_thread_contents() invalid/missing integer 'note_id'").into());
    };
    let fields = |kind: &str, own: &[&str]| -> Result<Vec<String>, Fault> {
        let mut fields: Vec<String> = own.iter().map(|name| (*name).to_owned()).collect();
        fields.extend(field_names(
            context,
            arguments.get("entity_fields").and_then(|by_type| by_type.get(kind)),
        )?);
        Ok(fields)
    };
    let note = context.entity("Note")?;
    let note_fields = fields("Note", &["content", "created_at", "created_by"])?;
    let first =
        row(reading, context, note, id, &note_fields)?.ok_or_else(|| Fault::unknown_row("Note", id))?;
    let mut thread = vec![first];
    let parts = [
        ("Reply", "entity", fields("Reply", &["content", "created_at", "user"])?),
        ("Attachment", "attachment_links", fields("Attachment", &["this_file", "created_at", "created_by"])?),
    ];
    for (kind, path, fields) in parts {
        let filters = json!({"logical_operator": "and", "conditions": [
            {"path": path, "relation": "is", "values": [{"type": "Note", "id": id}]}
        ]});
        let wanted = Wanted::live(&filters, &fields, MAX_ROWS);
        thread.extend(find(reading, context, context.entity(kind)?, &wanted)?);
    }
    for row in &mut thread {
        sign(reading, context, row)?;
    }
    // Stable, so rows of one second stay in the order of their kinds and ids.
    thread[1..].sort_by(|one, other| one["created_at"].as_str().cmp(&other["created_at"].as_str()));
    Ok(Value::from(thread))
}

/// The author of a row carries more than an entity hash does; a reply's also a picture.
fn sign(reading: &dyn Reading, context: Context<'_>, row: &mut Value) -> Result<(), Trouble> {
    let field = if row["type"] == "Reply" { "user" } else { "created_by" };
    let author = &row[field];
    let (Some(kind), Some(id)) = (author["type"].as_str(), author["id"].as_i64()) else { return Ok(()) };
    let mut author = person(reading, context, &(kind.to_owned(), id))?;
    if field == "created_by"
        && let Some(author) = author.as_object_mut()
    {
        author.remove("image");
    }
    row[field] = author;
    Ok(())
}
