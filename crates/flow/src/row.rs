//! One row of the site, as it came. Pure.
//!
//! Some servers escape `<` in text; the official client undoes it in every string of a row, and so do we.

use serde_json::{Map, Value};

/// Field name to value.
pub type Fields = Map<String, Value>;

/// One row: its identity and the fields that came with it. Any field may be absent.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Type of the row.
    pub entity_type: String,
    /// Id, unique within the type.
    pub id: u64,
    /// All other fields.
    pub fields: Fields,
}

/// A link to another row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Type of the row linked to.
    pub entity_type: String,
    /// Its id.
    pub id: u64,
    /// Its display name, when the site sent one.
    pub name: Option<String>,
}

impl Link {
    fn from_wire(value: &Value) -> Option<Self> {
        Some(Self {
            entity_type: value.get("type")?.as_str()?.to_owned(),
            id: value.get("id")?.as_u64()?,
            name: value.get("name").and_then(Value::as_str).map(str::to_owned),
        })
    }
}

impl Row {
    /// Reads a row; a one-element list counts as its element. None when `type` or `id` is missing.
    pub(crate) fn from_wire(value: Value) -> Option<Self> {
        let mut fields = match value {
            Value::Object(fields) => fields,
            Value::Array(mut rows) if rows.len() == 1 => match rows.pop()? {
                Value::Object(fields) => fields,
                _ => return None,
            },
            _ => return None,
        };
        let entity_type = match fields.remove("type")? {
            Value::String(entity_type) => entity_type,
            _ => return None,
        };
        let id = fields.remove("id")?.as_u64()?;
        fields.values_mut().for_each(unescape);
        Some(Self { entity_type, id, fields })
    }

    /// The field's text; None when it is absent, null or no text.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.as_str()
    }

    /// The field's whole number.
    pub fn number(&self, field: &str) -> Option<i64> {
        self.fields.get(field)?.as_i64()
    }

    /// The field's checkbox.
    pub fn flag(&self, field: &str) -> Option<bool> {
        self.fields.get(field)?.as_bool()
    }

    /// The row a single-entity field links to.
    pub fn link(&self, field: &str) -> Option<Link> {
        Link::from_wire(self.fields.get(field)?)
    }

    /// The id of the row a single-entity field links to.
    pub fn link_id(&self, field: &str) -> Option<u64> {
        self.link(field).map(|link| link.id)
    }

    /// The rows a multi-entity field links to; empty when the field is absent.
    pub fn links(&self, field: &str) -> Vec<Link> {
        let list = self.fields.get(field).and_then(Value::as_array);
        list.map(|list| list.iter().filter_map(Link::from_wire).collect()).unwrap_or_default()
    }
}

/// Undoes `&lt;` in every string below. Recursion is bounded: serde_json refuses input nested deeper than 128.
fn unescape(value: &mut Value) {
    match value {
        Value::String(text) if text.contains("&lt;") => *text = text.replace("&lt;", "<"),
        Value::Array(list) => list.iter_mut().for_each(unescape),
        Value::Object(map) => map.values_mut().for_each(unescape),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_links_and_undoes_escapes() {
        let row = Row::from_wire(json!([{"type": "Ticket", "id": 3, "title": "a &lt; b", "open": true,
            "project": {"type": "Project", "id": 9, "name": "x&lt;y"},
            "attachments": [{"type": "Attachment", "id": 1}, null, {"id": 2}]}]))
        .expect("a row");
        assert_eq!((row.entity_type.as_str(), row.id), ("Ticket", 3));
        assert_eq!(row.text("title"), Some("a < b"));
        assert_eq!(row.link("project").and_then(|link| link.name).as_deref(), Some("x<y"));
        assert_eq!(row.link_id("project"), Some(9));
        assert_eq!(row.links("attachments").len(), 1);
        assert_eq!((row.flag("open"), row.number("title"), row.links("nope").len()), (Some(true), None, 0));
    }

    #[test]
    fn refuses_what_is_no_row() {
        for value in [json!(null), json!([]), json!({"id": 1}), json!({"type": "T", "id": -1}), json!([1, 2])]
        {
            assert_eq!(Row::from_wire(value), None);
        }
    }
}
