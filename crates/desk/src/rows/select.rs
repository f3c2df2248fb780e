//! What a store is asked for when rows are read, and what it gives.
//!
//! Everything is checked before it is here: paths are led through the schema, and a value is of its field's type.

use serde_json::Value;

use crate::rows::condition::Condition;
use crate::rows::path::Path;
use crate::rows::value::Link;
use crate::schema::{EntityType, Schema};

/// Which rows of which type, in which order, and which of their fields.
#[derive(Debug, Clone)]
pub(crate) struct Select<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) entity: &'a EntityType,
    /// Paths without a list of links on the way; a list at their end is fine.
    pub(crate) fields: Vec<Path<'a>>,
    /// Most significant first; what they leave open, the id decides.
    pub(crate) sorts: Vec<Sort<'a>>,
    pub(crate) condition: Condition<'a>,
    /// Retired rows and no others, instead of the live ones.
    pub(crate) retired: bool,
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

/// One thing rows are ordered by: text without case, a link by its row's name, empty values last (first when descending).
#[derive(Debug, Clone)]
pub(crate) struct Sort<'a> {
    pub(crate) path: Path<'a>,
    pub(crate) descending: bool,
}

/// A row that was found, with the values of the fields in the order they were asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    pub(crate) id: i64,
    pub(crate) values: Vec<Taken>,
}

/// The value of one field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Taken {
    /// Anything but a link, as it is on the wire.
    Value(Value),
    Link(Option<Named>),
    /// Without the links to retired rows.
    Links(Vec<Named>),
}

/// A link with the name of its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) link: Link,
    pub(crate) name: Option<String>,
    pub(crate) retired: bool,
}
