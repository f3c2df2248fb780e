//! What may be asked of a store, on one snapshot of what has been committed.
//!
//! Every question is in the desk's own words: rows and links, people, sessions, uploads. A store answers them all from one moment.
//! Which rows a client may see is asked before, in `rows`.

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
use crate::store::event::Logged;
use crate::store::event::Nearby;
use crate::store::event::Window;
use crate::store::field::CreatedField;
use crate::store::group as kept;
use crate::store::group::Membership;
use crate::store::ticket_card::TicketCard;
use crate::store::upload::Upload;
use crate::store::work_day::WorkDay;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Questions to a store.
pub(crate) trait Reading {
    /// The file of an attachment that is not retired.
    fn attached_file(&self, attachment: i64) -> Result<Option<AttachedFile>, Trouble>;

    /// Whether a script's changes are logged: yes, unless somebody has switched it off.
    fn script_is_logged(&self, script: i64) -> Result<bool, Trouble>;

    /// What happened to a row, and that rows about it were made; newest first.
    fn events_around(
        &self,
        this: &Link,
        nearby: &[Nearby<'_>],
        window: &Window,
    ) -> Result<Vec<Logged>, Trouble>;

    /// What happened in a project; newest first.
    fn events_in_project(&self, project: i64, window: &Window) -> Result<Vec<Logged>, Trouble>;

    /// Every created field, the deleted ones too.
    fn created_fields(&self) -> Result<Vec<CreatedField>, Trouble>;

    /// Type, field and properties (JSON) of every field that has had some changed.
    fn field_properties(&self) -> Result<Vec<(String, String, String)>, Trouble>;

    /// Type, field and project of everything hidden.
    fn hidden_fields(&self) -> Result<Vec<(String, String, i64)>, Trouble>;

    /// Ids of the people who follow a row.
    fn followers(&self, entity: &Link) -> Result<Vec<i64>, Trouble>;

    /// What a person follows.
    fn following(&self, user: i64) -> Result<Vec<Link>, Trouble>;

    /// The group of a user or script.
    fn group_of(&self, user: &Link) -> Result<Membership, Trouble>;

    /// A group by its code.
    fn group_by_code(&self, code: &str) -> Result<Option<kept::Group>, Trouble>;

    /// The id of a group by its code, retired or not.
    fn group_id(&self, code: &str) -> Result<Option<i64>, Trouble>;

    /// The projects a user or script is in.
    fn projects_of(&self, user: &Link) -> Result<Vec<i64>, Trouble>;

    /// Every storage that is not retired.
    fn local_storages(&self) -> Result<Vec<Storage>, Trouble>;

    /// A person who may sign in, by login whatever its case: id and kept password. Nobody who is disabled or locked.
    fn password_of(&self, login: &str, now: Timestamp) -> Result<Option<(i64, String)>, Trouble>;

    /// A script, by name: id and kept key.
    fn script_key_of(&self, name: &str) -> Result<Option<(i64, String)>, Trouble>;

    /// A script by its exact name, retired or not: id and kept key.
    fn script(&self, name: &str) -> Result<Option<(i64, Option<String>)>, Trouble>;

    /// A person by login: id and whether active. Retired people are not found.
    fn person_by_login(&self, login: &str) -> Result<Option<(i64, bool)>, Trouble>;

    /// Whether a user or script is there, neither retired nor disabled.
    fn is_active(&self, user: &Link) -> Result<bool, Trouble>;

    /// What a user or script is called on a page.
    fn user_name(&self, user: &Link) -> Result<String, Trouble>;

    /// The person who was made first, retired or not.
    fn first_person(&self) -> Result<Option<i64>, Trouble>;

    /// When a person last opened each project, by the project's id.
    fn project_access(&self, user: i64) -> Result<BTreeMap<i64, String>, Trouble>;

    /// The id of the next row: ids grow and are never used twice, deleted rows or not (AUTOINCREMENT's own count).
    fn next_id(&self, entity: &EntityType) -> Result<i64, Trouble>;

    /// Whether a row is retired; none when there never was such a row.
    fn is_retired(&self, entity: &EntityType, id: i64) -> Result<Option<bool>, Trouble>;

    /// Whether a live row other than `id` has this text in the field, whatever its case.
    fn another_has(&self, entity: &EntityType, field: &Field, text: &str, id: i64) -> Result<bool, Trouble>;

    /// The first live row that has this text in a field, whatever its case.
    fn row_with_text(&self, entity: &EntityType, field: &str, text: &str) -> Result<Option<i64>, Trouble>;

    /// What an entity field of a row points to.
    fn row_link(&self, entity: &EntityType, id: i64, field: &Field) -> Result<Option<Link>, Trouble>;

    /// What a field kept as text holds.
    fn row_text(&self, entity: &EntityType, id: i64, field: &Field) -> Result<Option<String>, Trouble>;

    /// The display name of a row, if it has one.
    fn row_name(&self, entity: &EntityType, id: i64) -> Result<Option<String>, Trouble>;

    /// Rows whose entity field points to a row, retired ones left out.
    fn rows_pointing_to(&self, entity: &EntityType, field: &str, target: &Link) -> Result<Vec<i64>, Trouble>;

    /// Whose session it is, and the second of its last use that was written down.
    fn session(&self, hash: &str) -> Result<Option<(Link, i64)>, Trouble>;

    /// A setting's value.
    fn setting(&self, name: &str) -> Result<Option<String>, Trouble>;

    /// The display name of every status that is not retired, by code.
    fn status_names(&self) -> Result<BTreeMap<String, String>, Trouble>;

    /// Every card, by ticket.
    fn each_ticket_card(&self, take: &mut dyn FnMut(TicketCard)) -> Result<(), Trouble>;

    /// The card of one ticket.
    fn ticket_card(&self, id: i64) -> Result<Option<TicketCard>, Trouble>;

    /// Live tickets with the same signature, or the same bucket, the one with the newest activity first.
    fn neighbours(&self, of: &TicketCard) -> Result<Vec<TicketCard>, Trouble>;

    /// When a ticket's problem was seen: hours since 1970 and how often in each, the oldest first.
    fn occurrences(&self, id: i64) -> Result<Vec<(i64, u64)>, Trouble>;

    /// The tickets in whose title and description every word of `text` begins a word, by id; none when `text` has no word at all.
    fn search_tickets(&self, text: &str) -> Result<Option<Vec<i64>>, Trouble>;

    /// The upload of this id.
    fn upload(&self, id: &str) -> Result<Option<Upload>, Trouble>;

    /// The parts that are here, in their order.
    fn upload_parts(&self, id: &str) -> Result<Vec<Stored>, Trouble>;

    /// The exceptions from `first` to `last`, both included: the studio's, and those of the project and the person.
    fn work_days(
        &self,
        first: &str,
        last: &str,
        project: Option<i64>,
        user: Option<i64>,
    ) -> Result<Vec<WorkDay>, Trouble>;

    /// The rows wanted.
    fn rows(&self, select: &Select<'_>) -> Result<Vec<Found>, Trouble>;

    /// How many rows match, whatever the page.
    fn count(&self, select: &Select<'_>) -> Result<i64, Trouble>;

    /// The groups of the first `depth` levels, in no order; with no level, all rows are the one group.
    fn groups(&self, summary: &Summary<'_>, depth: usize) -> Result<Vec<Group>, Trouble>;
}
