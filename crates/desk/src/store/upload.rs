//! Uploads to the desk's own storage as a store keeps them.

use crate::files::Stored;

/// An upload that was begun.
pub(crate) struct Upload {
    pub(crate) file_name: String,
    pub(crate) multipart: bool,
    /// Its bytes, once they are all here.
    pub(crate) stored: Option<Stored>,
}
