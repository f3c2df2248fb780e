//! What was done to a ticket and by whom, from its event log entries.

use serde_json::{Value, json};

use crate::fault::{Trouble, clip};
use crate::page::list::Status;
use crate::page::show::{Moment, visible};
use crate::page::words::Lang;
use crate::rows::query::{Context, Wanted, find};
use crate::store::Reading;

/// Entries shown, the newest first.
const MAX_ENTRIES: i64 = 200;
/// Fields that count, which have a picture of their own.
const COUNTED: [&str; 2] = ["sg_incident_count", "sg_incident_last_seen"];

/// One thing that was done.
pub(crate) struct Deed {
    pub(crate) who: String,
    pub(crate) when: Option<Moment>,
    /// `filed this ticket`, `changed`.
    pub(crate) what: &'static str,
    /// The field changed, with what it was and what it is.
    pub(crate) change: Option<Change>,
}

/// A field that reads another way now.
pub(crate) struct Change {
    pub(crate) field: String,
    pub(crate) old: String,
    pub(crate) new: String,
}

/// The history of a ticket as far as the reader may see it.
pub(crate) fn of_ticket(
    reading: &dyn Reading,
    context: Context<'_>,
    id: i64,
    lang: Lang,
) -> Result<Vec<Deed>, Trouble> {
    let Some(entity) = context.schema.entity("EventLogEntry") else { return Ok(Vec::new()) };
    let is = |path: &str, relation: &str, values: Value| json!({"path": path, "relation": relation, "values": values});
    let filters = json!({"logical_operator": "and", "conditions": [
        is("entity", "is", json!([{"type": "Ticket", "id": id}])),
        {"logical_operator": "or", "conditions": [
            is("attribute_name", "is", json!([null])),
            is("attribute_name", "not_in", json!(COUNTED)),
        ]},
    ]});
    let fields: Vec<String> =
        ["event_type", "attribute_name", "user", "created_at", "meta"].map(str::to_owned).to_vec();
    let sorts = [("id".to_owned(), true)];
    let wanted = Wanted { sorts: &sorts, ..Wanted::live(&filters, &fields, MAX_ENTRIES) };
    let rows = find(reading, context, entity, &wanted)?;
    Ok(rows.iter().filter_map(|row| deed(row, context, lang)).collect())
}

fn deed(row: &Value, context: Context<'_>, lang: Lang) -> Option<Deed> {
    let w = lang.words();
    let meta = &row["meta"];
    // A new ticket's fields are told by the entry that it is new.
    if meta["in_create"] == true {
        return None;
    }
    let what = match row["event_type"].as_str()?.rsplit('_').next()? {
        "New" => w.was_filed,
        "Change" => w.was_changed,
        "Retirement" => w.was_deleted,
        "Revival" => w.was_revived,
        _ => return None,
    };
    let change = row["attribute_name"].as_str().map(|name| {
        let field = context.schema.entity("Ticket").and_then(|entity| entity.field(name));
        let label = field.map_or(name, |field| field.label.as_str());
        let value = |value: &Value| shown(value, name, context, lang);
        let (old, new) = if meta["added"].is_array() || meta["removed"].is_array() {
            (value(&meta["removed"]), value(&meta["added"]))
        } else {
            (value(&meta["old_value"]), value(&meta["new_value"]))
        };
        Change { field: visible(lang.field(name, label)), old, new }
    });
    Some(Deed {
        who: visible(row["user"]["name"].as_str().unwrap_or_default()),
        when: Moment::of(row["created_at"].as_str(), context.now, lang),
        what,
        change,
    })
}

/// A value as people read it; empty when there is none.
fn shown(value: &Value, field: &str, context: Context<'_>, lang: Lang) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(code) if field == "sg_status_list" => Status::of(context.schema, lang, code).label,
        Value::String(text) => visible(&clip(text.lines().next().unwrap_or_default())),
        Value::Array(list) => {
            let all: Vec<String> = list.iter().map(|value| shown(value, field, context, lang)).collect();
            all.join(", ")
        }
        Value::Object(hash) => match hash.get("name").and_then(Value::as_str) {
            Some(name) => visible(&clip(name)),
            None => visible(&clip(&value.to_string())),
        },
        other => other.to_string(),
    }
}
