//! `create`, `update`, `delete`, `revive`, `batch`: checked against the schema, inside the caller's transaction.
//!
//! Owns what the server sets by itself (defaults, who and when) and what must hold between rows (links exist, unique values).

use std::collections::BTreeMap;

use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension, Transaction, params, params_from_iter};
use serde_json::Value;

use crate::access::auth::Actor;
use crate::access::secret;
use crate::fault::{Fault, Trouble, clip};
use crate::rows::file_link;
use crate::rows::query::{self, Context, field_names};
use crate::rows::value::{Cell, Link, Target, check_listed, encode, format_time};
use crate::schema::{Access, EntityType, Field, Fill, LinkSide};
use crate::store::local_storage;
use crate::store::table::{RETIRED, quote};

/// Requests of one `batch`.
const MAX_BATCH: usize = 5000;

/// What becomes of the links a multi-entity field already has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Set,
    Add,
    Remove,
}

/// Writes of one call.
pub(crate) struct Writer<'a> {
    pub(crate) transaction: &'a Transaction<'a>,
    pub(crate) context: Context<'a>,
    pub(crate) actor: &'a Actor,
}

struct Given<'a> {
    field: &'a Field,
    cell: Cell,
    mode: Mode,
}

impl<'a> Writer<'a> {
    /// The api3 method `create`: the new row.
    pub(crate) fn create(&self, arguments: &Value) -> Result<Value, Trouble> {
        let entity = self.context.entity_of(arguments)?;
        let given = self.given(entity, arguments)?;
        let named: Vec<String> = given.iter().map(|given| given.field.name.clone()).collect();
        let id = self.insert(entity, given, arguments.get("fields").unwrap_or(&Value::Null))?;
        self.answer(entity, id, named, arguments)
    }

    /// The api3 method `update`: the changed fields.
    pub(crate) fn update(&self, arguments: &Value) -> Result<Value, Trouble> {
        let entity = self.context.entity_of(arguments)?;
        let id = self.id_of(arguments)?;
        if self.retired(entity, id)? != Some(false) {
            return Err(Fault::unknown_row(&entity.name, id).into());
        }
        let given = self.given(entity, arguments)?;
        let named: Vec<String> = given.iter().map(|given| given.field.name.clone()).collect();
        let mut cells = Cells::default();
        for given in given {
            if let Some(fault) = self.unique_clash(entity, given.field, &given.cell, id)? {
                return Err(fault.into());
            }
            self.keep(entity, id, given, &mut cells)?;
        }
        if entity.tracks_updates {
            cells.set_one("updated_at", Sql::Text(format_time(self.context.now)));
            cells.set_link("updated_by", Some(&self.actor.link));
        }
        let Cells { columns, mut values } = cells;
        if !columns.is_empty() {
            let assignments: Vec<String> =
                columns.iter().map(|column| format!("{} = ?", quote(column))).collect();
            let sql = format!("UPDATE {} SET {} WHERE id = ?", quote(&entity.name), assignments.join(", "));
            values.push(Sql::Integer(id));
            self.transaction.prepare_cached(&sql)?.execute(params_from_iter(values))?;
        }
        self.answer(entity, id, named, arguments)
    }

    /// The api3 methods `delete` (`retire` true) and `revive`: whether anything changed.
    pub(crate) fn set_retired(&self, arguments: &Value, retire: bool) -> Result<Value, Trouble> {
        let entity = self.context.entity_of(arguments)?;
        let id = self.id_of(arguments)?;
        let retired = self.retired(entity, id)?.ok_or_else(|| Fault::unknown_row(&entity.name, id))?;
        if retired == retire {
            return Ok(Value::from(false));
        }
        let sql = format!("UPDATE {} SET {RETIRED} = ?1 WHERE id = ?2", quote(&entity.name));
        self.transaction.execute(&sql, params![retire, id])?;
        Ok(Value::from(true))
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
        if self.retired(entity, id)? == Some(false) {
            Ok(())
        } else {
            Err(Fault::unknown_row(&entity.name, id).into())
        }
    }

    /// Writes columns of a row past access rules: what only the server sets.
    pub(crate) fn set_columns(
        &self,
        entity: &EntityType,
        id: i64,
        columns: &[(&str, Sql)],
    ) -> Result<(), Trouble> {
        for (column, value) in columns {
            let sql = format!("UPDATE {} SET {} = ?1 WHERE id = ?2", quote(&entity.name), quote(column));
            self.transaction.prepare_cached(&sql)?.execute(params![value, id])?;
        }
        Ok(())
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
        let id = self.next_row(entity)?;
        let mut present: BTreeMap<&str, ()> = BTreeMap::new();
        let mut cells = Cells::default();
        for given in given {
            if let Some(fault) = self.unique_clash(entity, given.field, &given.cell, id)? {
                return Err(fault.into());
            }
            present.insert(given.field.name.as_str(), ());
            self.keep(entity, id, given, &mut cells)?;
        }
        let now = Sql::Text(format_time(self.context.now));
        for field in entity.fields.values().filter(|field| !present.contains_key(field.name.as_str())) {
            match (field.name.as_str(), field.fill, &field.default) {
                ("created_at" | "updated_at", ..) => cells.set_one(&field.name, now.clone()),
                ("created_by" | "updated_by", ..) | (_, Some(Fill::Actor), _) => {
                    cells.set_link(&field.name, Some(&self.actor.link));
                }
                (_, _, Some(default)) => {
                    let target = Target { call: self.context.call, entity, field };
                    if let Cell::One(value) = encode(target, default)? {
                        cells.set_one(&field.name, value);
                    }
                }
                _ => {}
            }
        }
        if entity.name == "HumanUser" {
            cells.fill_person_name();
        }
        let Cells { columns, mut values } = cells;
        let names: String = columns.iter().map(|column| format!(", {}", quote(column))).collect();
        let sql = format!(
            "INSERT INTO {} (id{names}) VALUES (?{})",
            quote(&entity.name),
            ", ?".repeat(columns.len())
        );
        values.insert(0, Sql::Integer(id));
        self.transaction.prepare_cached(&sql)?.execute(params_from_iter(values))?;
        Ok(id)
    }

    /// Ids grow and are never used twice, deleted rows or not: AUTOINCREMENT's own count.
    fn next_row(&self, entity: &EntityType) -> Result<i64, Trouble> {
        let last: Option<i64> = self
            .transaction
            .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = ?1")?
            .query_row([&entity.name], |row| row.get(0))
            .optional()?;
        Ok(last.unwrap_or(0) + 1)
    }

    fn given(&self, entity: &'a EntityType, arguments: &Value) -> Result<Vec<Given<'a>>, Fault> {
        let call = self.context.call;
        let refused =
            || Fault::request(format!("API {call}() 'fields' is not a list of {{field_name, value}}"));
        let one;
        let items = match arguments.get("fields") {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(object @ Value::Object(_)) => {
                one = vec![object.clone()];
                &one
            }
            Some(_) => return Err(refused()),
        };
        let mut given: Vec<Given<'a>> = Vec::with_capacity(items.len());
        for item in items {
            let name = item.get("field_name").and_then(Value::as_str).ok_or_else(refused)?;
            let value = item.get("value").ok_or_else(refused)?;
            let field = entity.field(name).ok_or_else(|| Fault::unknown_field(call, &entity.name, name))?;
            let target = Target { call, entity, field };
            match field.access {
                Access::Read => {
                    return Err(Fault::request(format!(
                        "API {call}() {}.{name} is not editable.",
                        entity.name
                    )));
                }
                Access::Create if call == "update" => {
                    return Err(Fault::request(format!(
                        "API {call}() {}.{name} is editable on create only.",
                        entity.name
                    )));
                }
                _ => {}
            }
            let cell = encode(target, value)?;
            if let Cell::One(value) = &cell {
                check_listed(target, value)?;
            }
            let mode = match item.get("multi_entity_update_mode").and_then(Value::as_str) {
                None | Some("set") => Mode::Set,
                Some("add") => Mode::Add,
                Some("remove") => Mode::Remove,
                Some(other) => {
                    return Err(Fault::request(format!(
                        "API {call}() multi_entity_update_mode is 'set', 'add' or 'remove', not '{}'",
                        clip(other)
                    )));
                }
            };
            given.retain(|earlier| earlier.field.name != field.name);
            given.push(Given { field, cell, mode });
        }
        Ok(given)
    }

    /// Turns a checked value into columns, or writes its links.
    fn keep(&self, entity: &EntityType, id: i64, given: Given<'_>, cells: &mut Cells) -> Result<(), Trouble> {
        let Given { field, cell, mode } = given;
        match cell {
            Cell::One(value) => cells.set_one(&field.name, value),
            Cell::LocalFile(file) => {
                let target = Target { call: self.context.call, entity, field };
                let link = file_link::place(&file, &local_storage::all(self.transaction)?)
                    .map_err(|reason| target.refused(&reason))?;
                cells.set_one(&field.name, Sql::Text(link.to_string()));
            }
            Cell::Secret(secret) => {
                let kept = secret.map(|secret| secret::hash(&secret, secret::random_16()));
                cells.set_one(&field.name, kept.map_or(Sql::Null, Sql::Text));
            }
            Cell::Link(link) => {
                if let Some((kind, id)) = &link {
                    self.must_exist(kind, *id)?;
                }
                cells.set_link(&field.name, link.as_ref());
            }
            Cell::Links(links) => {
                if mode != Mode::Remove {
                    for (kind, id) in &links {
                        self.must_exist(kind, *id)?;
                    }
                }
                self.link(entity, id, field, &links, mode)?;
            }
        }
        Ok(())
    }

    fn link(
        &self,
        entity: &EntityType,
        id: i64,
        field: &Field,
        links: &[Link],
        mode: Mode,
    ) -> Result<(), Trouble> {
        let this = (entity.name.clone(), id);
        let ends = |link: &Link| match &field.side {
            LinkSide::OtherMulti { field, .. } => (link.clone(), field.clone(), this.clone()),
            _ => (this.clone(), field.name.clone(), link.clone()),
        };
        if mode == Mode::Set {
            match &field.side {
                LinkSide::OtherMulti { type_name, field } => self.transaction.execute(
                    "DELETE FROM desk_link WHERE target_type = ?1 AND target_id = ?2 AND owner_type = ?3 AND field = ?4",
                    params![this.0, this.1, type_name, field],
                )?,
                _ => self.transaction.execute(
                    "DELETE FROM desk_link WHERE owner_type = ?1 AND owner_id = ?2 AND field = ?3",
                    params![this.0, this.1, field.name],
                )?,
            };
        }
        for link in links {
            let (owner, name, target) = ends(link);
            let sql = if mode == Mode::Remove {
                "DELETE FROM desk_link WHERE owner_type = ?1 AND owner_id = ?2 AND field = ?3 AND target_type = ?4 AND target_id = ?5"
            } else {
                "INSERT OR IGNORE INTO desk_link (owner_type, owner_id, field, target_type, target_id, position) \
                 SELECT ?1, ?2, ?3, ?4, ?5, 1 + COALESCE(MAX(position), 0) FROM desk_link \
                 WHERE owner_type = ?1 AND owner_id = ?2 AND field = ?3"
            };
            self.transaction
                .prepare_cached(sql)?
                .execute(params![owner.0, owner.1, name, target.0, target.1])?;
        }
        Ok(())
    }

    fn must_exist(&self, kind: &str, id: i64) -> Result<(), Trouble> {
        let entity = self.context.entity(kind)?;
        if self.retired(entity, id)?.is_some() { Ok(()) } else { Err(Fault::unknown_row(kind, id).into()) }
    }

    /// None when there never was such a row.
    fn retired(&self, entity: &EntityType, id: i64) -> Result<Option<bool>, Trouble> {
        let sql = format!("SELECT {RETIRED} FROM {} WHERE id = ?1", quote(&entity.name));
        Ok(self.transaction.prepare_cached(&sql)?.query_row([id], |row| row.get(0)).optional()?)
    }

    fn unique_clash(
        &self,
        entity: &EntityType,
        field: &Field,
        cell: &Cell,
        id: i64,
    ) -> Result<Option<Fault>, Trouble> {
        let (true, Cell::One(Sql::Text(text))) = (field.unique, cell) else { return Ok(None) };
        let sql = format!(
            "SELECT 1 FROM {} WHERE {} = ?1 COLLATE NOCASE AND id <> ?2 AND {RETIRED} = 0",
            quote(&entity.name),
            quote(&field.name)
        );
        let clash = self.transaction.prepare_cached(&sql)?.exists(params![text, id])?;
        Ok(clash.then(|| {
            Fault::write(format!(
                "API {}() {}.{} has to be unique: '{}' is already in use",
                self.context.call,
                entity.name,
                field.name,
                clip(text)
            ))
        }))
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
        mut named: Vec<String>,
        arguments: &Value,
    ) -> Result<Value, Trouble> {
        for field in field_names(self.context, arguments.get("return_fields"))? {
            if !named.contains(&field) {
                named.push(field);
            }
        }
        let row = query::row(self.transaction, self.context, entity, id, &named)?;
        row.ok_or_else(|| Fault::unknown_row(&entity.name, id).into())
    }
}

/// Columns to be written, with their values.
#[derive(Default)]
struct Cells {
    columns: Vec<String>,
    values: Vec<Sql>,
}

impl Cells {
    fn set_one(&mut self, column: &str, value: Sql) {
        self.columns.push(column.to_owned());
        self.values.push(value);
    }

    fn set_link(&mut self, field: &str, link: Option<&Link>) {
        self.set_one(&format!("{field}__type"), link.map_or(Sql::Null, |link| Sql::Text(link.0.clone())));
        self.set_one(&format!("{field}__id"), link.map_or(Sql::Null, |link| Sql::Integer(link.1)));
    }

    /// A person made of a first and a last name is shown by both.
    fn fill_person_name(&mut self) {
        let text = |name: &str| {
            let at = self.columns.iter().position(|column| column == name)?;
            if let Sql::Text(text) = &self.values[at] { Some(text.clone()) } else { None }
        };
        let parts: Vec<String> = [text("firstname"), text("lastname")].into_iter().flatten().collect();
        if text("name").is_none() && !parts.is_empty() {
            if let Some(at) = self.columns.iter().position(|column| column == "name") {
                self.values[at] = Sql::Text(parts.join(" "));
            } else {
                self.set_one("name", Sql::Text(parts.join(" ")));
            }
        }
    }
}
