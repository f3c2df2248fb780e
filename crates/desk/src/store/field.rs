//! What clients have made of the schema, as a store keeps it.

/// A field that a client created.
#[derive(Debug, Clone)]
pub(crate) struct CreatedField {
    pub(crate) type_name: String,
    pub(crate) name: String,
    pub(crate) label: String,
    /// Name of its data type.
    pub(crate) data_type: String,
    pub(crate) deleted: bool,
}
