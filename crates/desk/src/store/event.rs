//! Event log entries as a store keeps and gives them.

use crate::rows::value::Link;

/// One entry, as it is kept.
pub(crate) struct Entry<'e> {
    pub(crate) event_type: &'e str,
    pub(crate) attribute_name: Option<&'e str>,
    pub(crate) entity: &'e Link,
    pub(crate) project: Option<&'e Link>,
    pub(crate) user: &'e Link,
    pub(crate) session_uuid: Option<&'e str>,
    pub(crate) description: &'e str,
    /// JSON.
    pub(crate) meta: &'e str,
    /// FPT's spelling of the time.
    pub(crate) created_at: &'e str,
}

/// Which entries of a log are wanted, by their ids.
pub(crate) struct Window {
    pub(crate) min_id: i64,
    pub(crate) max_id: i64,
    pub(crate) limit: i64,
}

/// Rows of another type that are about a row, by one of their link fields.
pub(crate) struct Nearby<'n> {
    pub(crate) type_name: &'n str,
    pub(crate) field: &'n str,
    /// The field has many links, kept in the table of links.
    pub(crate) several: bool,
}

/// An entry as it is read back.
pub(crate) struct Logged {
    pub(crate) id: i64,
    pub(crate) event_type: String,
    pub(crate) entity: Link,
    pub(crate) user: Link,
    /// JSON.
    pub(crate) meta: String,
    pub(crate) created_at: String,
}
