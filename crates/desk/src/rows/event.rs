//! Event log entries: what each write leaves behind, for people, tools that follow a site, and the history of a ticket.
//!
//! A new row leaves one `_New` and one `_Change` for each field it was given; an update one `_Change` for each field that is another one
//! now. Scripts leave them while their `generate_event_log_entries` is on. Owns their words and their `meta`; entries are
//! made here and nowhere else.

use serde_json::{Map, Value, json};

use crate::fault::Trouble;
use crate::rows::value::{Link, format_time};
use crate::rows::write::Writer;
use crate::schema::{DataType, EntityType, Field, Kept};
use crate::store::event;

/// The type of the entries themselves, of which none are kept.
pub(crate) const ENTRY: &str = "EventLogEntry";

/// Longest text kept of a field's old or new value, in characters; the row has it whole.
const MAX_TEXT_CHARS: usize = 4000;
/// Longest text shown in a description, in characters.
const MAX_SHOWN_CHARS: usize = 80;

/// The entries of one row's changes.
pub(crate) struct EventLog<'w> {
    writer: &'w Writer<'w>,
    entity: &'w EntityType,
    link: Link,
    project: Option<Link>,
    /// `Support`, the user's name.
    who: String,
    /// `Ticket alice - ValueError`.
    what: String,
}

impl<'w> EventLog<'w> {
    /// The log for a row that is there (retired or not); none when its changes are not logged.
    pub(crate) fn of(
        writer: &'w Writer<'w>,
        entity: &'w EntityType,
        id: i64,
    ) -> Result<Option<EventLog<'w>>, Trouble> {
        let (transaction, user) = (writer.transaction, &writer.actor.link);
        if entity.name == ENTRY || (user.0 == "ApiUser" && !transaction.script_is_logged(user.1)?) {
            return Ok(None);
        }
        let link = (entity.name.clone(), id);
        let project = match entity.field("project") {
            _ if entity.name == "Project" => Some(link.clone()),
            Some(field) if field.data_type == DataType::Entity => transaction.row_link(entity, id, field)?,
            _ => None,
        };
        let who = match writer.context.schema.table(&user.0) {
            Some(users) => transaction.row_name(users, user.1)?,
            None => None,
        };
        let name = transaction.row_name(entity, id)?;
        Ok(Some(EventLog {
            writer,
            entity,
            project,
            who: who.unwrap_or_else(|| format!("{} {}", user.0, user.1)),
            what: format!(
                "{} {}",
                entity.label,
                clip(&name.unwrap_or_else(|| id.to_string()), MAX_SHOWN_CHARS)
            ),
            link,
        }))
    }

    /// The row was made, with the `given` fields reading as in `values`.
    pub(crate) fn new_row(&self, given: &[&Field], values: &Value) -> Result<(), Trouble> {
        let description = format!("{} created new {}", self.who, self.what);
        self.add("New", None, &description, json!({"type": "new_entity"}))?;
        for field in given {
            let value = values.get(&field.name).unwrap_or(&Value::Null);
            let nothing = if is_list(field) { json!([]) } else { Value::Null };
            self.change(field, &nothing, value, true)?;
        }
        Ok(())
    }

    /// A field reads another way now. The same value leaves no entry, except in a new row.
    pub(crate) fn change(
        &self,
        field: &Field,
        old: &Value,
        new: &Value,
        in_create: bool,
    ) -> Result<(), Trouble> {
        if old == new && !in_create {
            return Ok(());
        }
        let mut meta = json!({
            "type": "attribute_change",
            "attribute_name": field.name,
            "field_data_type": field.data_type.name(),
        });
        if in_create {
            meta["in_create"] = Value::from(true);
        }
        let description = if is_list(field) {
            let (added, removed) = (without(new, old), without(old, new));
            let description = format!(
                "{} added [{}] and removed [{}] in \"{}\" on {}",
                self.who,
                shown(&added),
                shown(&removed),
                field.label,
                self.what
            );
            (meta["added"], meta["removed"]) = (added, removed);
            description
        } else {
            let description = format!(
                "{} changed \"{}\" from \"{}\" to \"{}\" on {}",
                self.who,
                field.label,
                shown(old),
                shown(new),
                self.what
            );
            (meta["old_value"], meta["new_value"]) = (cut(old), cut(new));
            description
        };
        self.add("Change", Some(&field.name), &description, meta)
    }

    /// The row was retired.
    pub(crate) fn retirement(&self) -> Result<(), Trouble> {
        let description = format!("{} deleted {}", self.who, self.what);
        self.add(
            "Retirement",
            None,
            &description,
            json!({"type": "entity_retirement", "display_name": self.what}),
        )
    }

    /// The row was brought back.
    pub(crate) fn revival(&self) -> Result<(), Trouble> {
        let description = format!("{} revived {}", self.who, self.what);
        self.add("Revival", None, &description, json!({"type": "entity_revival", "display_name": self.what}))
    }

    fn add(
        &self,
        kind: &str,
        attribute: Option<&str>,
        description: &str,
        mut meta: Value,
    ) -> Result<(), Trouble> {
        meta["entity_type"] = Value::from(self.link.0.as_str());
        meta["entity_id"] = Value::from(self.link.1);
        self.writer.transaction.add_event(&event::Entry {
            event_type: &format!("Shotgun_{}_{kind}", self.entity.name),
            attribute_name: attribute,
            entity: &self.link,
            project: self.project.as_ref(),
            user: &self.writer.actor.link,
            session_uuid: self.writer.actor.session_uuid.as_deref(),
            description,
            meta: &meta.to_string(),
            created_at: &format_time(self.writer.context.now),
        })
    }
}

fn is_list(field: &Field) -> bool {
    field.data_type.kept() == Kept::Links
}

/// The links of one list that another has not.
fn without(links: &Value, others: &Value) -> Value {
    let all = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let others = all(others);
    all(links).into_iter().filter(|link| !others.contains(link)).collect()
}

/// A value without what makes entries large, and without this desk's address.
fn cut(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(clip(text, MAX_TEXT_CHARS)),
        Value::Object(hash) => {
            let upload = hash.get("link_type").is_some_and(|kind| kind == "upload");
            let kept = hash.iter().filter(|(name, _)| !(upload && *name == "url"));
            Value::Object(kept.map(|(name, value)| (name.clone(), cut(value))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// A value as people read it.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) => text.clone(),
        Value::Array(links) => return links.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Object(hash) => match hash.get("name") {
            Some(Value::String(name)) => name.clone(),
            _ => value.to_string(),
        },
        other => other.to_string(),
    };
    clip(text.lines().next().unwrap_or_default(), MAX_SHOWN_CHARS)
}

fn clip(text: &str, limit_chars: usize) -> String {
    match text.char_indices().nth(limit_chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_one_short_line() {
        assert_eq!(shown(&json!("first\nsecond")), "first");
        assert_eq!(
            shown(&json!([{"type": "Tag", "id": 1, "name": "red"}, {"type": "Tag", "id": 2, "name": null}]))
                .len(),
            38
        );
        assert_eq!(shown(&json!("가".repeat(200))).chars().count(), MAX_SHOWN_CHARS + 1);
        assert_eq!(
            cut(&json!({"url": "http://here/1", "id": 1, "link_type": "upload"})),
            json!({"id": 1, "link_type": "upload"})
        );
    }
}
