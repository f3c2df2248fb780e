//! SQLite's answers: each question and order is a function of the file of its noun.

use crate::fault::Trouble;
use crate::files::Stored;
use crate::files::attachment::AttachedFile;
use crate::rows::file_link::Storage;
use crate::rows::select::Found;
use crate::rows::select::Select;
use crate::rows::summary::{Group, Summary};
use crate::rows::value::Link;
use crate::schema::EntityType;
use crate::schema::Field;
use crate::store::event::Entry;
use crate::store::event::Logged;
use crate::store::event::Nearby;
use crate::store::event::Window;
use crate::store::field::CreatedField;
use crate::store::group as kept;
use crate::store::group::Membership;
use crate::store::refresh_token::Grant;
use crate::store::row::Cells;
use crate::store::sqlite::{
    attached_file, event, field, follow, group, link, local_storage, person, project_access, refresh_token,
    row, select, session, setting, status, summarize, table, ticket_card, upload, work_day,
};
use crate::store::ticket_card::TicketCard;
use crate::store::upload::Upload;
use crate::store::work_day::WorkDay;
use crate::store::{Reading, Writing};
use jiff::Timestamp;
use rusqlite::Connection;
use std::collections::BTreeMap;

impl Reading for Connection {
    fn attached_file(&self, attachment: i64) -> Result<Option<AttachedFile>, Trouble> {
        attached_file::find(self, attachment)
    }

    fn script_is_logged(&self, script: i64) -> Result<bool, Trouble> {
        event::script_is_logged(self, script)
    }

    fn events_around(
        &self,
        this: &Link,
        nearby: &[Nearby<'_>],
        window: &Window,
    ) -> Result<Vec<Logged>, Trouble> {
        event::around(self, this, nearby, window)
    }

    fn events_in_project(&self, project: i64, window: &Window) -> Result<Vec<Logged>, Trouble> {
        event::in_project(self, project, window)
    }

    fn created_fields(&self) -> Result<Vec<CreatedField>, Trouble> {
        field::created(self)
    }

    fn field_properties(&self) -> Result<Vec<(String, String, String)>, Trouble> {
        field::properties(self)
    }

    fn hidden_fields(&self) -> Result<Vec<(String, String, i64)>, Trouble> {
        field::hidden(self)
    }

    fn followers(&self, entity: &Link) -> Result<Vec<i64>, Trouble> {
        follow::followers(self, entity)
    }

    fn following(&self, user: i64) -> Result<Vec<Link>, Trouble> {
        follow::following(self, user)
    }

    fn group_of(&self, user: &Link) -> Result<Membership, Trouble> {
        group::of(self, user)
    }

    fn group_by_code(&self, code: &str) -> Result<Option<kept::Group>, Trouble> {
        group::by_code(self, code)
    }

    fn group_id(&self, code: &str) -> Result<Option<i64>, Trouble> {
        group::id(self, code)
    }

    fn projects_of(&self, user: &Link) -> Result<Vec<i64>, Trouble> {
        group::projects(self, user)
    }

    fn local_storages(&self) -> Result<Vec<Storage>, Trouble> {
        local_storage::all(self)
    }

    fn password_of(&self, login: &str, now: Timestamp) -> Result<Option<(i64, String)>, Trouble> {
        person::password(self, login, now)
    }

    fn script_key_of(&self, name: &str) -> Result<Option<(i64, String)>, Trouble> {
        person::script_key(self, name)
    }

    fn script(&self, name: &str) -> Result<Option<(i64, Option<String>)>, Trouble> {
        person::script(self, name)
    }

    fn person_by_login(&self, login: &str) -> Result<Option<(i64, bool)>, Trouble> {
        person::by_login(self, login)
    }

    fn is_active(&self, user: &Link) -> Result<bool, Trouble> {
        person::is_active(self, user)
    }

    fn user_name(&self, user: &Link) -> Result<String, Trouble> {
        person::name(self, user)
    }

    fn first_person(&self) -> Result<Option<i64>, Trouble> {
        person::first(self)
    }

    fn project_access(&self, user: i64) -> Result<BTreeMap<i64, String>, Trouble> {
        project_access::of(self, user)
    }

    fn next_id(&self, entity: &EntityType) -> Result<i64, Trouble> {
        row::next_id(self, entity)
    }

    fn is_retired(&self, entity: &EntityType, id: i64) -> Result<Option<bool>, Trouble> {
        row::retired(self, entity, id)
    }

    fn another_has(&self, entity: &EntityType, field: &Field, text: &str, id: i64) -> Result<bool, Trouble> {
        row::another_has(self, entity, field, text, id)
    }

    fn row_with_text(&self, entity: &EntityType, field: &str, text: &str) -> Result<Option<i64>, Trouble> {
        row::with_text(self, entity, field, text)
    }

    fn row_link(&self, entity: &EntityType, id: i64, field: &Field) -> Result<Option<Link>, Trouble> {
        row::link(self, entity, id, field)
    }

    fn row_text(&self, entity: &EntityType, id: i64, field: &Field) -> Result<Option<String>, Trouble> {
        row::text(self, entity, id, field)
    }

    fn row_name(&self, entity: &EntityType, id: i64) -> Result<Option<String>, Trouble> {
        row::name(self, entity, id)
    }

    fn rows_pointing_to(&self, entity: &EntityType, field: &str, target: &Link) -> Result<Vec<i64>, Trouble> {
        row::pointing_to(self, entity, field, target)
    }

    fn session(&self, hash: &str) -> Result<Option<(Link, i64)>, Trouble> {
        session::find(self, hash)
    }

    fn setting(&self, name: &str) -> Result<Option<String>, Trouble> {
        setting::get(self, name)
    }

    fn status_names(&self) -> Result<BTreeMap<String, String>, Trouble> {
        status::names(self)
    }

    fn each_ticket_card(&self, take: &mut dyn FnMut(TicketCard)) -> Result<(), Trouble> {
        Ok(ticket_card::each(self, take)?)
    }

    fn ticket_card(&self, id: i64) -> Result<Option<TicketCard>, Trouble> {
        Ok(ticket_card::one(self, id)?)
    }

    fn neighbours(&self, of: &TicketCard) -> Result<Vec<TicketCard>, Trouble> {
        Ok(ticket_card::neighbours(self, of)?)
    }

    fn occurrences(&self, id: i64) -> Result<Vec<(i64, u64)>, Trouble> {
        Ok(ticket_card::occurrences(self, id)?)
    }

    fn search_tickets(&self, text: &str) -> Result<Option<Vec<i64>>, Trouble> {
        Ok(ticket_card::search(self, text)?)
    }

    fn upload(&self, id: &str) -> Result<Option<Upload>, Trouble> {
        upload::find(self, id)
    }

    fn upload_parts(&self, id: &str) -> Result<Vec<Stored>, Trouble> {
        upload::parts(self, id)
    }

    fn work_days(
        &self,
        first: &str,
        last: &str,
        project: Option<i64>,
        user: Option<i64>,
    ) -> Result<Vec<WorkDay>, Trouble> {
        work_day::between(self, first, last, project, user)
    }

    fn rows(&self, select: &Select<'_>) -> Result<Vec<Found>, Trouble> {
        select::rows(self, select)
    }

    fn count(&self, select: &Select<'_>) -> Result<i64, Trouble> {
        select::count(self, select)
    }

    fn groups(&self, summary: &Summary<'_>, depth: usize) -> Result<Vec<Group>, Trouble> {
        summarize::groups(self, summary, depth)
    }
}

/// For a connection in a transaction: `SqliteStore` gives out no other.
impl Writing for Connection {
    fn add_attached_file(&self, attachment: i64, file: &AttachedFile) -> Result<(), Trouble> {
        attached_file::add(self, attachment, file)
    }

    fn add_event(&self, entry: &Entry<'_>) -> Result<(), Trouble> {
        event::add(self, entry)
    }

    fn add_created_field(&self, field: &CreatedField) -> Result<(), Trouble> {
        field::insert(self, field)
    }

    fn set_field_deleted(&self, type_name: &str, name: &str, deleted: bool) -> Result<bool, Trouble> {
        field::set_deleted(self, type_name, name, deleted)
    }

    fn set_field_properties(&self, type_name: &str, name: &str, properties: &str) -> Result<(), Trouble> {
        field::set_properties(self, type_name, name, properties)
    }

    fn set_field_hidden(
        &self,
        type_name: &str,
        name: &str,
        project_id: i64,
        hidden: bool,
    ) -> Result<(), Trouble> {
        field::set_hidden(self, type_name, name, project_id, hidden)
    }

    fn follow(&self, user: i64, entity: &Link) -> Result<(), Trouble> {
        follow::add(self, user, entity)
    }

    fn unfollow(&self, user: i64, entity: &Link) -> Result<(), Trouble> {
        follow::remove(self, user, entity)
    }

    fn add_group(&self, code: &str, name: &str, of: &str, rules: &str, now: &str) -> Result<(), Trouble> {
        group::add(self, code, name, of, rules, now)
    }

    fn join_group(&self, user: &Link, group: i64) -> Result<(), Trouble> {
        group::join(self, user, group)
    }

    fn add_link(&self, owner: &Link, field: &str, target: &Link) -> Result<(), Trouble> {
        link::add(self, owner, field, target)
    }

    fn remove_link(&self, owner: &Link, field: &str, target: &Link) -> Result<(), Trouble> {
        link::remove(self, owner, field, target)
    }

    fn clear_links(&self, owner: &Link, field: &str) -> Result<(), Trouble> {
        link::clear(self, owner, field)
    }

    fn clear_links_to(&self, owner_type: &str, field: &str, target: &Link) -> Result<(), Trouble> {
        link::clear_to(self, owner_type, field, target)
    }

    fn set_project_access(&self, user: i64, project: i64, at: &str) -> Result<(), Trouble> {
        project_access::set(self, user, project, at)
    }

    fn keep_refresh_token(
        &self,
        token_hash: &str,
        grant: &Grant,
        now_s: i64,
        expires_s: i64,
    ) -> Result<(), Trouble> {
        refresh_token::keep(self, token_hash, grant, now_s, expires_s)
    }

    fn spend_refresh_token(&self, token_hash: &str, now_s: i64) -> Result<Option<Grant>, Trouble> {
        refresh_token::spend(self, token_hash, now_s)
    }

    fn end_refresh_tokens(&self, user: &Link) -> Result<(), Trouble> {
        refresh_token::end_all(self, user)
    }

    fn insert_row(&self, entity: &EntityType, id: i64, cells: &Cells) -> Result<(), Trouble> {
        row::insert(self, entity, id, cells)
    }

    fn update_row(&self, entity: &EntityType, id: i64, cells: &Cells) -> Result<(), Trouble> {
        row::update(self, entity, id, cells)
    }

    fn set_retired(&self, entity: &EntityType, id: i64, retired: bool) -> Result<(), Trouble> {
        row::set_retired(self, entity, id, retired)
    }

    fn keep_session(&self, hash: &str, user: &Link, now: Timestamp) -> Result<(), Trouble> {
        session::keep(self, hash, user, now)
    }

    fn touch_session(&self, hash: &str, now: Timestamp) -> Result<(), Trouble> {
        session::touch(self, hash, now)
    }

    fn end_session(&self, hash: &str) -> Result<(), Trouble> {
        session::end(self, hash)
    }

    fn end_sessions(&self, user: &Link) -> Result<(), Trouble> {
        session::end_all(self, user)
    }

    fn forget_sessions(&self, before_s: i64) -> Result<(), Trouble> {
        session::forget(self, before_s)
    }

    fn set_setting(&self, name: &str, value: &str) -> Result<(), Trouble> {
        setting::set(self, name, value)
    }

    fn add_missing_statuses(&self, statuses: &BTreeMap<String, String>, now: &str) -> Result<(), Trouble> {
        status::add_missing(self, statuses, now)
    }

    fn begin_upload(
        &self,
        id: &str,
        file_name: &str,
        multipart: bool,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        upload::begin(self, id, file_name, multipart, now)
    }

    fn add_upload_part(&self, id: &str, part: u32, stored: &Stored) -> Result<(), Trouble> {
        upload::add_part(self, id, part, stored)
    }

    fn upload_arrived(&self, id: &str, stored: &Stored) -> Result<bool, Trouble> {
        upload::arrived(self, id, stored)
    }

    fn forget_upload(&self, id: &str) -> Result<(), Trouble> {
        upload::forget(self, id)
    }

    fn forget_older_uploads(&self, before_s: i64) -> Result<(), Trouble> {
        upload::forget_older(self, before_s)
    }

    fn set_work_day(&self, day: &WorkDay) -> Result<(), Trouble> {
        work_day::set(self, day)
    }

    fn add_columns(&self, type_name: &str, field: &Field) -> Result<(), Trouble> {
        Ok(table::add_columns(self, type_name, field)?)
    }
}
