//! What a store can be told to keep, in one transaction.
//!
//! A store checks nothing that `rows` has checked: that a row exists, that a value is of its field, that its writer may.

use crate::fault::Trouble;
use crate::files::Stored;
use crate::files::attachment::AttachedFile;
use crate::rows::value::Link;
use crate::schema::EntityType;
use crate::schema::Field;
use crate::store::Reading;
use crate::store::event::Entry;
use crate::store::field::CreatedField;
use crate::store::refresh_token::Grant;
use crate::store::row::Cells;
use crate::store::work_day::WorkDay;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Orders to a store. What is read in between sees what was written before.
pub(crate) trait Writing: Reading {
    /// Notes the file of an attachment.
    fn add_attached_file(&self, attachment: i64, file: &AttachedFile) -> Result<(), Trouble>;

    /// Writes an entry.
    fn add_event(&self, entry: &Entry<'_>) -> Result<(), Trouble>;

    /// Notes a new field.
    fn add_created_field(&self, field: &CreatedField) -> Result<(), Trouble>;

    /// Deletes or revives a created field; gives whether there was one to be changed.
    fn set_field_deleted(&self, type_name: &str, name: &str, deleted: bool) -> Result<bool, Trouble>;

    /// Keeps the properties (JSON) of a field in place of those it had.
    fn set_field_properties(&self, type_name: &str, name: &str, properties: &str) -> Result<(), Trouble>;

    /// Hides a field in a project, or shows it there again.
    fn set_field_hidden(
        &self,
        type_name: &str,
        name: &str,
        project_id: i64,
        hidden: bool,
    ) -> Result<(), Trouble>;

    /// A person follows a row from now on, or goes on doing so.
    fn follow(&self, user: i64, entity: &Link) -> Result<(), Trouble>;

    /// A person follows a row no longer.
    fn unfollow(&self, user: i64, entity: &Link) -> Result<(), Trouble>;

    /// Makes a group.
    fn add_group(&self, code: &str, name: &str, of: &str, rules: &str, now: &str) -> Result<(), Trouble>;

    /// Puts a user or script into a group, unless they are in one.
    fn join_group(&self, user: &Link, group: i64) -> Result<(), Trouble>;

    /// Adds a link at the end of the field's, unless it is there.
    fn add_link(&self, owner: &Link, field: &str, target: &Link) -> Result<(), Trouble>;

    /// Takes one link away.
    fn remove_link(&self, owner: &Link, field: &str, target: &Link) -> Result<(), Trouble>;

    /// Takes all links of a field away.
    fn clear_links(&self, owner: &Link, field: &str) -> Result<(), Trouble>;

    /// Takes away all links that fields of this name and type have to a row.
    fn clear_links_to(&self, owner_type: &str, field: &str, target: &Link) -> Result<(), Trouble>;

    /// A person opens a project.
    fn set_project_access(&self, user: i64, project: i64, at: &str) -> Result<(), Trouble>;

    /// Keeps a token until `expires_s`; forgets those that are too old at `now_s` (seconds since 1970).
    fn keep_refresh_token(
        &self,
        token_hash: &str,
        grant: &Grant,
        now_s: i64,
        expires_s: i64,
    ) -> Result<(), Trouble>;

    /// Takes a token out; none when it was spent, is too old or was never given.
    fn spend_refresh_token(&self, token_hash: &str, now_s: i64) -> Result<Option<Grant>, Trouble>;

    /// Takes out all tokens of a user or script.
    fn end_refresh_tokens(&self, user: &Link) -> Result<(), Trouble>;

    /// Makes a row.
    fn insert_row(&self, entity: &EntityType, id: i64, cells: &Cells) -> Result<(), Trouble>;

    /// Changes columns of a row.
    fn update_row(&self, entity: &EntityType, id: i64, cells: &Cells) -> Result<(), Trouble>;

    /// Retires a row or brings it back.
    fn set_retired(&self, entity: &EntityType, id: i64, retired: bool) -> Result<(), Trouble>;

    /// Keeps a new session.
    fn keep_session(&self, hash: &str, user: &Link, now: Timestamp) -> Result<(), Trouble>;

    /// Writes down that a session was used.
    fn touch_session(&self, hash: &str, now: Timestamp) -> Result<(), Trouble>;

    /// Ends one session.
    fn end_session(&self, hash: &str) -> Result<(), Trouble>;

    /// Ends all sessions of a user or script.
    fn end_sessions(&self, user: &Link) -> Result<(), Trouble>;

    /// Forgets sessions last used before a second.
    fn forget_sessions(&self, before_s: i64) -> Result<(), Trouble>;

    /// Keeps a setting.
    fn set_setting(&self, name: &str, value: &str) -> Result<(), Trouble>;

    /// Adds a row for every code that never had one: a retired status stays retired. `now` is the time the rows are made at.
    fn add_missing_statuses(&self, statuses: &BTreeMap<String, String>, now: &str) -> Result<(), Trouble>;

    /// Notes an upload that begins.
    fn begin_upload(&self, id: &str, file_name: &str, multipart: bool, now: Timestamp)
    -> Result<(), Trouble>;

    /// Notes a part that is here; the same part again takes the place of the one before.
    fn add_upload_part(&self, id: &str, part: u32, stored: &Stored) -> Result<(), Trouble>;

    /// Notes that all of an upload is here; false when it is not known.
    fn upload_arrived(&self, id: &str, stored: &Stored) -> Result<bool, Trouble>;

    /// Forgets an upload and its parts.
    fn forget_upload(&self, id: &str) -> Result<(), Trouble>;

    /// Forgets uploads that were begun before a second.
    fn forget_older_uploads(&self, before_s: i64) -> Result<(), Trouble>;

    /// Sets the exception of a day.
    fn set_work_day(&self, day: &WorkDay) -> Result<(), Trouble>;

    /// Adds the columns of a field to the table of its type, unless they are there.
    fn add_columns(&self, type_name: &str, field: &Field) -> Result<(), Trouble>;
}
