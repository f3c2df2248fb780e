//! Writing a multi-entity field, from whichever side its links are kept on.
//!
//! A link that its row was made with and cannot lose (a Reply's) goes with the row: taking the reply out of a note's `replies`
//! retires it, as on real sites.

use crate::fault::{Fault, Trouble};
use crate::rows::connection;
use crate::rows::event::EventLog;
use crate::rows::given::{Columns, Mode};
use crate::rows::permit;
use crate::rows::value::{Link, entity_hash};
use crate::rows::write::Writer;
use crate::schema::{Access, EntityType, Field, LinkSide};

/// Sets, adds or removes links of a row's field.
pub(crate) fn write(
    writer: &Writer<'_>,
    entity: &EntityType,
    id: i64,
    field: &Field,
    links: &[Link],
    mode: Mode,
) -> Result<(), Trouble> {
    if mode != Mode::Remove {
        for (kind, id) in links {
            writer.must_exist(kind, *id)?;
        }
    }
    let this = (entity.name.clone(), id);
    match &field.side {
        LinkSide::Own => {
            if mode == Mode::Set {
                writer.transaction.clear_links(&this, &field.name)?;
            }
            for other in links {
                one(writer, &this, &field.name, other, mode)?;
            }
            Ok(())
        }
        LinkSide::OtherMulti { type_name, field } => {
            if mode == Mode::Set {
                writer.transaction.clear_links_to(type_name, field, &this)?;
            }
            for other in links {
                one(writer, other, field, &this, mode)?;
            }
            Ok(())
        }
        LinkSide::Through(through) => connection::write(writer, &this, through, links, mode),
        LinkSide::OtherEntity { type_name, field } => {
            let other = writer.context.entity(type_name)?;
            let back = other.field(field);
            let back =
                back.ok_or_else(|| Fault::unknown_field(writer.context.call, type_name, field.as_str()))?;
            other_rows(writer, &this, other, back, links, mode)
        }
    }
}

fn one(writer: &Writer<'_>, owner: &Link, field: &str, target: &Link, mode: Mode) -> Result<(), Trouble> {
    match mode {
        Mode::Remove => writer.transaction.remove_link(owner, field, target),
        Mode::Set | Mode::Add => writer.transaction.add_link(owner, field, target),
    }
}

/// The links are rows of `other` whose field `back` points here.
fn other_rows(
    writer: &Writer<'_>,
    this: &Link,
    other: &EntityType,
    back: &Field,
    links: &[Link],
    mode: Mode,
) -> Result<(), Trouble> {
    let now = writer.transaction.rows_pointing_to(other, &back.name, this)?;
    let given: Vec<i64> = links.iter().map(|(_, id)| *id).collect();
    let (gained, lost): (Vec<i64>, Vec<i64>) = match mode {
        Mode::Add => (given, Vec::new()),
        Mode::Remove => (Vec::new(), now.iter().copied().filter(|id| given.contains(id)).collect()),
        Mode::Set => {
            let lost = now.iter().copied().filter(|id| !given.contains(id)).collect();
            (given, lost)
        }
    };
    for id in gained.into_iter().filter(|id| !now.contains(id)) {
        if back.access != Access::Write {
            return Err(Fault::request(format!(
                "API {}() {}.{} is editable on create only.",
                writer.context.call, other.name, back.name
            ))
            .into());
        }
        point(writer, other, id, back, Some(this))?;
    }
    for id in lost {
        if back.access == Access::Write {
            point(writer, other, id, back, None)?;
        } else {
            permit::delete(writer, other, id)?;
            writer.retire(other, id, true)?;
        }
    }
    Ok(())
}

fn point(
    writer: &Writer<'_>,
    other: &EntityType,
    id: i64,
    back: &Field,
    to: Option<&Link>,
) -> Result<(), Trouble> {
    permit::update(writer, other, id, std::iter::once(back.name.as_str()))?;
    let before = writer.transaction.row_link(other, id, back)?;
    let mut columns = Columns::default();
    columns.set_link(&back.name, to);
    writer.sign(other, &mut columns);
    writer.transaction.update_row(other, id, &columns.0)?;
    if let Some(log) = EventLog::of(writer, other, id)? {
        let hash = |link: Option<&Link>| match link {
            None => Ok(serde_json::Value::Null),
            Some(link) => {
                let target = writer.context.entity(&link.0)?;
                let name = writer.transaction.row_name(target, link.1)?;
                Ok::<_, Trouble>(entity_hash(link, name.as_deref()))
            }
        };
        log.change(back, &hash(before.as_ref())?, &hash(to)?, false)?;
    }
    Ok(())
}
