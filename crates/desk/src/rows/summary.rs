//! What a store is asked for when rows are summed up, and what it gives. Like [`select`](crate::rows::select), but for groups of rows.

use serde_json::Value;

use crate::rows::condition::Condition;
use crate::rows::path::Path;
use crate::rows::select::Named;
use crate::schema::{EntityType, Schema};

/// Totals over all live rows that meet the condition, and over the groups they make.
#[derive(Debug, Clone)]
pub(crate) struct Summary<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) entity: &'a EntityType,
    pub(crate) totals: Vec<Total<'a>>,
    /// The outermost grouping first.
    pub(crate) levels: Vec<Level<'a>>,
    pub(crate) condition: Condition<'a>,
}

/// One figure of a group.
#[derive(Debug, Clone)]
pub(crate) struct Total<'a> {
    pub(crate) path: Path<'a>,
    pub(crate) kind: TotalKind,
}

/// How the figure is made from the field's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TotalKind {
    /// Rows, whatever the field holds.
    Rows,
    /// Rows in which the field is not empty.
    Filled,
    Sum,
    Average,
    /// The largest, or the latest. `zero`: 0 when there is none.
    Maximum {
        zero: bool,
    },
    Minimum {
        zero: bool,
    },
    Checked,
    Unchecked,
    /// Percentage of the rows that are checked.
    CheckedShare,
    /// Percentage of the rows that have this status.
    StatusShare(String),
    /// The status of all rows; when there are several, `ip`.
    Status,
}

/// One level of groups.
#[derive(Debug, Clone)]
pub(crate) struct Level<'a> {
    pub(crate) path: Path<'a>,
    pub(crate) by: Grouping,
    pub(crate) descending: bool,
}

/// What makes rows belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Grouping {
    /// The same value; the same text but for its case is another one.
    Exact,
    /// Numbers from a multiple of this up to before the next: the group's key is the multiple.
    Every(i64),
    /// Days, months, years: the key is so many first characters of the date.
    Calendar { characters: usize },
    /// The key is the week's Monday.
    Week,
    /// The key is the quarter's first month, `2026-04`.
    Quarter,
    /// The first window that holds the time: the key is its place in the list. Times are as they are kept.
    Windows(Vec<Window>),
    /// The type a link points to.
    LinkedType,
    /// The first letter of a text, folded.
    FirstLetter,
}

/// From the first time on, before the second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: String,
    pub(crate) until: String,
}

/// Rows that belong together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    /// One key for each level the group lies in.
    pub(crate) keys: Vec<Key>,
    /// In the order they were asked for.
    pub(crate) totals: Vec<Value>,
}

/// What the rows of a group have in common.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Key {
    Value(Value),
    Link(Option<Named>),
}
