//! Writing a multi-entity field whose links are rows of a type of their own: a playlist's versions, what a publish was made from.
//!
//! The rows can be read, given further fields and deleted like any other; this only makes and retires those that a field's new value
//! asks for.

use serde_json::json;

use crate::fault::{Fault, Trouble};
use crate::rows::given::Mode;
use crate::rows::query::Context;
use crate::rows::value::Link;
use crate::rows::write::Writer;
use crate::schema::{EntityType, Field, Through};

/// Sets, adds or removes links of the row `this`, which exists and so do the rows at their ends.
pub(crate) fn write(
    writer: &Writer<'_>,
    this: &Link,
    through: &Through,
    links: &[Link],
    mode: Mode,
) -> Result<(), Trouble> {
    let between = writer.context.entity(&through.type_name)?;
    let there = field(writer, between, &through.there)?;
    let mut present = Vec::new();
    for id in writer.transaction.rows_pointing_to(between, &through.here, this)? {
        present.push((id, writer.transaction.row_link(between, id, there)?));
    }
    for (id, link) in &present {
        let given = link.as_ref().is_some_and(|link| links.contains(link));
        let goes = match mode {
            Mode::Set => !given,
            Mode::Remove => given,
            Mode::Add => false,
        };
        if goes {
            writer.retire(between, *id, true)?;
        }
    }
    if mode == Mode::Remove {
        return Ok(());
    }
    let creating = Writer { context: Context { call: "create", ..writer.context }, ..*writer };
    for link in links.iter().filter(|link| !present.iter().any(|(_, known)| known.as_ref() == Some(*link))) {
        let hash = |link: &Link| json!({"type": link.0, "id": link.1});
        creating.create(&json!({"type": through.type_name, "fields": [
            {"field_name": through.here, "value": hash(this)},
            {"field_name": through.there, "value": hash(link)}]}))?;
    }
    Ok(())
}

fn field<'e>(writer: &Writer<'_>, entity: &'e EntityType, name: &str) -> Result<&'e Field, Fault> {
    entity.field(name).ok_or_else(|| Fault::unknown_field(writer.context.call, &entity.name, name))
}
