//! `create`, `update`, `delete`, `revive`, `batch`: checked against the schema, inside the caller's transaction.
//!
//! Owns what the server sets by itself (defaults, who and when), what must hold between rows (links exist, unique values), and that
//! each change leaves its event log entries.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::access::auth::Actor;
use crate::access::secret;
use crate::fault::{Fault, Trouble, clip};
use crate::rows::event::{ENTRY, EventLog};
use crate::rows::file_link;
use crate::rows::given::{self, Columns, Given, Mode};
use crate::rows::linking;
use crate::rows::permit;
use crate::rows::query::{self, Context, field_names};
use crate::rows::scalar::Scalar;
use crate::rows::value::{Cell, Link, Target, encode, format_time};
use crate::schema::{EntityType, Field, Fill};
use crate::store::Writing;

/// Requests of one `batch`.
const MAX_BATCH: usize = 5000;
/// How the types of the entries begin that the desk itself makes.
const OWN_EVENTS: &str = "Shotgun_";

/// Writes of one call.
pub(crate) struct Writer<'a> {
    pub(crate) transaction: &'a dyn Writing,
    pub(crate) context: Context<'a>,
    pub(crate) actor: &'a Actor,
}

/// Links of the new row, to be written once it is there.
type Links<'a> = Vec<(&'a Field, Vec<Link>, Mode)>;

impl Writer<'_> {
    /// The api3 method `create`: the new row.
    pub(crate) fn create(&self, arguments: &Value) -> Result<Value, Trouble> {
        let entity = self.context.entity_of(arguments)?;
        let given = given::fields(self.context, entity, arguments)?;
        if entity.name == ENTRY {
            only_own_event(&given)?;
        }
        let fields: Vec<&Field> = given.iter().map(|given| given.field).collect();
        permit::create(self, entity, fields.iter().map(|field| field.name.as_str()))?;
        let id = self.insert(entity, given, arguments.get("fields").unwrap_or(&Value::Null))?;
        let row = self.answer(entity, id, &fields, arguments)?;
        if let Some(log) = EventLog::of(self, entity, id)? {
            log.new_row(&fields, &row)?;
        }
        Ok(row)
    }

    /// The api3 method `update`: the changed fields.
    pub(crate) fn update(&self, arguments: &Value) -> Result<Value, Trouble> {
        let entity = self.context.entity_of(arguments)?;
        let id = self.id_of(arguments)?;
        self.must_be_active(entity, id)?;
        events_stay(entity, "updated")?;
        let given = given::fields(self.context, entity, arguments)?;
        let fields: Vec<&Field> = given.iter().map(|given| given.field).collect();
        let names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
        permit::update(self, entity, id, names.iter().map(String::as_str))?;
        let before = query::row(self.transaction, self.context, entity, id, &names)?;
        let mut columns = Columns::default();
        let mut links = Links::new();
        for given in given {
            self.keep(entity, id, given, &mut columns, &mut links)?;
        }
        self.sign(entity, &mut columns);
        self.transaction.update_row(entity, id, &columns.0)?;
        for (field, to, mode) in links {
            linking::write(self, entity, id, field, &to, mode)?;
        }
        permit::still_admin(self, entity)?;
        let row = self.answer(entity, id, &fields, arguments)?;
        if let (Some(log), Some(before)) = (EventLog::of(self, entity, id)?, before) {
            for field in fields {
                log.change(field, &before[&field.name], &row[&field.name], false)?;
            }
        }
        Ok(row)
    }

    /// The api3 methods `delete` (`retire` true) and `revive`: whether anything changed.
    pub(crate) fn set_retired(&self, arguments: &Value, retire: bool) -> Result<Value, Trouble> {
        let entity = self.context.entity_of(arguments)?;
        let id = self.id_of(arguments)?;
        events_stay(entity, "deleted")?;
        permit::delete(self, entity, id)?;
        self.retire(entity, id, retire).map(Value::from)
    }

    /// Retires a row or brings it back; gives whether that changed anything.
    pub(crate) fn retire(&self, entity: &EntityType, id: i64, retire: bool) -> Result<bool, Trouble> {
        let retired = self.transaction.is_retired(entity, id)?;
        if retired.ok_or_else(|| Fault::unknown_row(&entity.name, id))? == retire {
            return Ok(false);
        }
        if retire && entity.name == "Reply" {
            // As on real sites: such a reply belongs to nothing that could give the right to delete it.
            let link = match entity.field("entity") {
                Some(field) => self.transaction.row_link(entity, id, field)?,
                None => None,
            };
            if link.is_none() {
                return Err(Fault::write(format!(
                    "Reply {id} cannot be deleted: it has no 'entity' to belong to."
                ))
                .into());
            }
        }
        self.transaction.set_retired(entity, id, retire)?;
        permit::still_admin(self, entity)?;
        if let Some(log) = EventLog::of(self, entity, id)? {
            if retire { log.retirement()? } else { log.revival()? }
        }
        Ok(true)
    }

    /// The api3 method `batch`. The caller rolls back when any request fails.
    pub(crate) fn batch(&self, requests: &Value) -> Result<Value, Trouble> {
        let Value::Array(requests) = requests else {
            return Err(Fault::request("API batch() needs a list of requests").into());
        };
        if requests.len() > MAX_BATCH {
            return Err(Fault::request(format!("API batch() takes at most {MAX_BATCH} requests")).into());
        }
        let mut results = Vec::with_capacity(requests.len());
        for request in requests {
            let call = match request.get("request_type").and_then(Value::as_str) {
                Some(call @ ("create" | "update" | "delete")) => call,
                other => {
                    return Err(Fault::request(format!(
                        "API batch() request_type is 'create', 'update' or 'delete', not {}",
                        other.map_or_else(|| "missing".to_owned(), clip)
                    ))
                    .into());
                }
            };
            let writer = Writer {
                transaction: self.transaction,
                context: Context { call, ..self.context },
                actor: self.actor,
            };
            results.push(match call {
                "create" => writer.create(request)?,
                "update" => writer.update(request)?,
                _ => writer.set_retired(request, true)?,
            });
        }
        Ok(Value::from(results))
    }

    /// Checks a row exists and is not retired.
    pub(crate) fn must_be_active(&self, entity: &EntityType, id: i64) -> Result<(), Trouble> {
        if self.transaction.is_retired(entity, id)? == Some(false) {
            Ok(())
        } else {
            Err(Fault::unknown_row(&entity.name, id).into())
        }
    }

    /// Checks a row that is linked to exists; it may be retired.
    pub(crate) fn must_exist(&self, kind: &str, id: i64) -> Result<(), Trouble> {
        let entity = self.context.entity(kind)?;
        match self.transaction.is_retired(entity, id)? {
            Some(_) => permit::seen(self, entity, id),
            None => Err(Fault::unknown_row(kind, id).into()),
        }
    }

    /// Writes columns of a row past access rules: what only the server sets.
    pub(crate) fn set_columns(
        &self,
        entity: &EntityType,
        id: i64,
        columns: &[(&str, Option<Scalar>)],
    ) -> Result<(), Trouble> {
        let cells: Vec<(String, Option<Scalar>)> =
            columns.iter().map(|(column, value)| ((*column).to_owned(), value.clone())).collect();
        self.transaction.update_row(entity, id, &cells)
    }

    /// Writes one field that the schema may not let clients write, and its event log entry.
    pub(crate) fn set_field(
        &self,
        entity: &EntityType,
        id: i64,
        field: &Field,
        value: Option<Scalar>,
    ) -> Result<(), Trouble> {
        permit::update(self, entity, id, std::iter::once(field.name.as_str()))?;
        let names = [field.name.clone()];
        let read = || query::row(self.transaction, self.context, entity, id, &names);
        let before = read()?;
        let mut columns = Columns::default();
        columns.set_one(&field.name, value);
        self.sign(entity, &mut columns);
        self.transaction.update_row(entity, id, &columns.0)?;
        if let (Some(log), Some(before), Some(after)) = (EventLog::of(self, entity, id)?, before, read()?) {
            log.change(field, &before[&field.name], &after[&field.name], false)?;
        }
        Ok(())
    }

    /// Notes who changes a row, and when.
    pub(crate) fn sign(&self, entity: &EntityType, columns: &mut Columns) {
        if entity.tracks_updates {
            columns.set_one("updated_at", Some(format_time(self.context.now).into()));
            columns.set_link("updated_by", Some(&self.actor.link));
        }
    }

    fn insert(&self, entity: &EntityType, given: Vec<Given<'_>>, sent: &Value) -> Result<i64, Trouble> {
        if entity.project_scoped
            && !given.iter().any(|given| given.field.name == "project" && given.cell != Cell::Link(None))
        {
            return Err(Fault::request(format!(
                "API {}() missing 'project' attribute: {}",
                self.context.call,
                clip(&sent.to_string())
            ))
            .into());
        }
        let id = self.transaction.next_id(entity)?;
        let mut present = BTreeSet::new();
        let mut columns = Columns::default();
        let mut links = Links::new();
        for given in given {
            present.insert(given.field.name.as_str());
            self.keep(entity, id, given, &mut columns, &mut links)?;
        }
        let now: Option<Scalar> = Some(format_time(self.context.now).into());
        for field in entity.fields.values().filter(|field| !present.contains(field.name.as_str())) {
            match (field.name.as_str(), field.fill, &field.default) {
                ("created_at" | "updated_at", ..) => columns.set_one(&field.name, now.clone()),
                ("created_by" | "updated_by", ..) | (_, Some(Fill::Actor), _) => {
                    columns.set_link(&field.name, Some(&self.actor.link));
                }
                (_, _, Some(default)) => {
                    let target = Target { call: self.context.call, entity, field };
                    if let Cell::One(value) = encode(target, default)? {
                        columns.set_one(&field.name, value);
                    }
                }
                _ => {}
            }
        }
        if entity.name == "HumanUser" {
            columns.fill_person_name();
        }
        self.transaction.insert_row(entity, id, &columns.0)?;
        for (field, to, mode) in links {
            linking::write(self, entity, id, field, &to, mode)?;
        }
        Ok(id)
    }

    /// Turns a checked value into columns, or into links for later.
    fn keep<'f>(
        &self,
        entity: &EntityType,
        id: i64,
        given: Given<'f>,
        columns: &mut Columns,
        links: &mut Links<'f>,
    ) -> Result<(), Trouble> {
        let Given { field, cell, mode } = given;
        match cell {
            Cell::One(value) => {
                self.must_be_free(entity, field, value.as_ref(), id)?;
                columns.set_one(&field.name, value);
            }
            Cell::LocalFile(file) => {
                let target = Target { call: self.context.call, entity, field };
                let link = file_link::place(&file, &self.transaction.local_storages()?)
                    .map_err(|reason| target.refused(&reason))?;
                // As on real sites: Toolkit finds publishes by the storage and `path_cache`.
                if field.name == "path"
                    && entity.field("path_cache_storage").is_some()
                    && let Some(storage) = link["local_storage"]["id"].as_i64()
                {
                    columns.set_link("path_cache_storage", Some(&("LocalStorage".to_owned(), storage)));
                }
                columns.set_one(&field.name, Some(link.to_string().into()));
            }
            Cell::Secret(secret) => {
                let kept = secret.map(|secret| secret::hash(&secret, secret::random_16()));
                // Whoever came in with the old one comes in no more.
                let whose = (entity.name.clone(), id);
                self.transaction.end_sessions(&whose)?;
                self.transaction.end_refresh_tokens(&whose)?;
                columns.set_one(&field.name, kept.map(Scalar::Text));
            }
            Cell::Link(link) => {
                if let Some((kind, id)) = &link {
                    self.must_exist(kind, *id)?;
                }
                columns.set_link(&field.name, link.as_ref());
            }
            Cell::Links(to) => links.push((field, to, mode)),
        }
        Ok(())
    }

    fn must_be_free(
        &self,
        entity: &EntityType,
        field: &Field,
        value: Option<&Scalar>,
        id: i64,
    ) -> Result<(), Trouble> {
        let (true, Some(Scalar::Text(text))) = (field.unique, value) else { return Ok(()) };
        if !self.transaction.another_has(entity, field, text, id)? {
            return Ok(());
        }
        Err(Fault::write(format!(
            "API {}() {}.{} has to be unique: '{}' is already in use",
            self.context.call,
            entity.name,
            field.name,
            clip(text)
        ))
        .into())
    }

    fn id_of(&self, arguments: &Value) -> Result<i64, Fault> {
        arguments.get("id").and_then(Value::as_i64).ok_or_else(|| {
            Fault::request(format!("API {}() invalid/missing integer 'id'", self.context.call))
        })
    }

    fn answer(
        &self,
        entity: &EntityType,
        id: i64,
        fields: &[&Field],
        arguments: &Value,
    ) -> Result<Value, Trouble> {
        let mut named: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
        for field in field_names(self.context, arguments.get("return_fields"))? {
            if !named.contains(&field) {
                named.push(field);
            }
        }
        let row = query::row(self.transaction, self.context, entity, id, &named)?;
        row.ok_or_else(|| Fault::unknown_row(&entity.name, id).into())
    }
}

/// Clients add entries of kinds of their own, as Toolkit does; those of the desk cannot be forged.
fn only_own_event(given: &[Given<'_>]) -> Result<(), Fault> {
    let forged = given.iter().any(|given| match &given.cell {
        Cell::One(Some(Scalar::Text(text))) => {
            given.field.name == "event_type" && text.starts_with(OWN_EVENTS)
        }
        _ => false,
    });
    if forged {
        Err(Fault::write(format!("Entity of type {ENTRY} cannot be created by this user.")))
    } else {
        Ok(())
    }
}

/// What has happened does not change.
fn events_stay(entity: &EntityType, how: &str) -> Result<(), Fault> {
    if entity.name == ENTRY {
        return Err(Fault::write(format!("Entity of type {ENTRY} cannot be {how} by this user.")));
    }
    Ok(())
}
