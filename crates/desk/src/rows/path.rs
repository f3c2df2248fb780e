//! A dotted path, `entity.Shot.sg_sequence.Sequence.code`, led through the schema.
//!
//! `$FROM$Task.step.entity` on a Step goes the other way first: over the tasks whose `step` it is. No document names it, but Toolkit asks so.

use std::borrow::Cow;

use crate::fault::Fault;
use crate::schema::{EntityType, Field, Kept, LinkSide, Schema};

/// Types in one path.
const MAX_HOPS: usize = 8;
/// What a path begins with that goes backwards first.
const BACK: &str = "$FROM$";

/// A link on the way, and the type of row it is followed to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hop<'a> {
    /// The type that has the link.
    pub(crate) entity: &'a EntityType,
    pub(crate) field: &'a Field,
    pub(crate) target: &'a EntityType,
    /// It is followed backwards: the field is one of `target` and points here.
    pub(crate) back: bool,
}

impl Hop<'_> {
    /// Whether the link is a list: then the path leads to many rows, not to one.
    pub(crate) fn many(&self) -> bool {
        self.back || self.field.data_type.kept() == Kept::Links
    }

    /// Where the links of this hop are kept, seen from the type that is left.
    pub(crate) fn side(&self) -> Cow<'_, LinkSide> {
        let (type_name, field) = (&self.target.name, &self.field.name);
        match self.field.data_type.kept() {
            _ if !self.back => Cow::Borrowed(&self.field.side),
            Kept::Links => {
                Cow::Owned(LinkSide::OtherMulti { type_name: type_name.clone(), field: field.clone() })
            }
            _ => Cow::Owned(LinkSide::OtherEntity { type_name: type_name.clone(), field: field.clone() }),
        }
    }
}

/// Where a path leads: to a field, over any number of links.
#[derive(Debug, Clone)]
pub(crate) struct Path<'a> {
    pub(crate) hops: Vec<Hop<'a>>,
    /// The type that has the field.
    pub(crate) entity: &'a EntityType,
    pub(crate) field: &'a Field,
}

impl<'a> Path<'a> {
    /// Follows `text` from a type; `call` is the method's name for the fault text. As on real sites, a link may be followed to a type
    /// it cannot point to: no row is ever there.
    pub(crate) fn resolve(
        schema: &'a Schema,
        call: &str,
        entity: &'a EntityType,
        text: &str,
    ) -> Result<Path<'a>, Fault> {
        let unknown = || Fault::unknown_field(call, &entity.name, text);
        let mut segments = text.split('.');
        let mut hops = Vec::new();
        let mut at = entity;
        if text.starts_with(BACK) {
            let from = segments.next().and_then(|name| schema.entity(name.strip_prefix(BACK)?));
            let from = from.ok_or_else(unknown)?;
            let field = segments.next().and_then(|name| from.field(name)).ok_or_else(unknown)?;
            // A list that is worked out has no other side of its own.
            if !field.data_type.links() || field.computed.is_some() || field.side != LinkSide::Own {
                return Err(unknown());
            }
            hops.push(Hop { entity: at, field, target: from, back: true });
            at = from;
        }
        while hops.len() <= MAX_HOPS {
            let field = segments.next().and_then(|name| at.field(name)).ok_or_else(unknown)?;
            let Some(type_name) = segments.next() else { return Ok(Path { hops, entity: at, field }) };
            let target = schema.entity(type_name).filter(|_| field.data_type.links()).ok_or_else(unknown)?;
            hops.push(Hop { entity: at, field, target, back: false });
            at = target;
        }
        Err(unknown())
    }

    /// Whether there is at most one value: no list of links is on the way.
    pub(crate) fn single(&self) -> bool {
        !self.hops.iter().any(Hop::many)
    }

    /// Whether each link can point to the type it is followed to.
    pub(crate) fn possible(&self) -> bool {
        self.hops.iter().all(|hop| {
            let end = if hop.back { hop.entity } else { hop.target };
            hop.field.to.contains(&end.name)
        })
    }
}
