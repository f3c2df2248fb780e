//! What callers need from a site. Implemented by `Api3`; tests of callers bring their own.

use std::io::Write;

use secrecy::SecretString;

use crate::credentials::Credentials;
use crate::error::FlowError;
use crate::find::Find;
use crate::info::SiteInfo;
use crate::row::{Fields, Row};
use crate::schema::EntityFields;
use crate::upload::Upload;

/// A site. Every call is at most one attempt; none repeats itself.
pub trait Site: Send {
    /// Who we are from the next call on; None signs out.
    fn set_credentials(&mut self, credentials: Option<Credentials>);
    /// Version, upload form, page size, sign-in method. Needs no credentials; kept after the first success.
    fn info(&self) -> Result<SiteInfo, FlowError>;
    /// A cheap authenticated call that proves the credential (connecting proves nothing).
    fn check_login(&self) -> Result<(), FlowError>;
    /// The fields of a type; `EntityMissing` when the site does not offer the type.
    fn fields(&self, entity_type: &str) -> Result<EntityFields, FlowError>;
    /// A new field of a type, and the name the site has given it: `sg_` and the label in small letters, with a number behind it
    /// when that is taken. Needs the right to change the site's schema.
    fn create_field(&self, entity_type: &str, data_type: &str, label: &str) -> Result<String, FlowError>;
    /// Rows that match, at most `query.limit`.
    fn find(&self, query: &Find) -> Result<Vec<Row>, FlowError>;
    /// A new row. Returns the fields that were set and `return_fields`.
    fn create(&self, entity_type: &str, fields: &Fields, return_fields: &[&str]) -> Result<Row, FlowError>;
    /// Sets fields of a row.
    fn update(&self, entity_type: &str, id: u64, fields: &Fields) -> Result<Row, FlowError>;
    /// Retires a row, which people can undo; false when it was retired already.
    fn delete(&self, entity_type: &str, id: u64) -> Result<bool, FlowError>;
    /// A new Reply on a Ticket.
    fn reply(&self, ticket_id: u64, content: &str) -> Result<Row, FlowError>;
    /// Sends a file, in the form the site asks for, and returns the id of its Attachment.
    fn upload(&self, upload: &Upload<'_>) -> Result<u64, FlowError>;
    /// Writes the bytes of an Attachment and returns how many they were.
    fn download(&self, attachment_id: u64, to: &mut dyn Write) -> Result<u64, FlowError>;
    /// A session token for whoever we are.
    fn session_token(&self) -> Result<SecretString, FlowError>;
}
