//! `read`: rows as JSON, with dotted fields, links with names, sorting and paging.
//!
//! Owns the shape of a row on the wire. Filters are `filter`'s.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Row, params_from_iter};
use serde_json::{Map, Value, json};

use crate::fault::{Fault, Trouble};
use crate::rows::file_link;
use crate::rows::filter::{Builder, Place, links_of};
use crate::rows::value::{Link, decode, entity_hash};
use crate::schema::{DataType, EntityType, Field, Kept, Schema};
use crate::store::local_storage;
use crate::store::table::{self, RETIRED, display, link_columns, quote};

/// What `info` advertises.
pub(crate) const PAGE_SIZE: i64 = 500;
/// What is accepted in one page all the same, as on real sites.
const MAX_PAGE_SIZE: i64 = 5000;
/// Fields of one `read`.
const MAX_FIELDS: usize = 500;

/// What every call reads with.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) schema: &'a Schema,
    /// The api3 method, for fault texts.
    pub(crate) call: &'a str,
    pub(crate) now: Timestamp,
    /// Scheme and host the client used, for file addresses.
    pub(crate) site: &'a str,
}

impl<'a> Context<'a> {
    /// The type a client names.
    pub(crate) fn entity(&self, name: &str) -> Result<&'a EntityType, Fault> {
        self.schema.entity(name).ok_or_else(|| Fault::unknown_type(name))
    }

    /// The type in an arguments object.
    pub(crate) fn entity_of(&self, arguments: &Value) -> Result<&'a EntityType, Fault> {
        match arguments.get("type") {
            Some(Value::String(name)) => self.entity(name),
            _ => Err(Fault::request(format!("API {}() invalid/missing string 'type'", self.call))),
        }
    }
}

/// The rows one `read` asks for.
pub(crate) struct Wanted<'w> {
    pub(crate) filters: Option<&'w Value>,
    pub(crate) fields: &'w [String],
    /// Path and whether descending, most significant first.
    pub(crate) sorts: &'w [(String, bool)],
    pub(crate) retired: bool,
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

impl<'w> Wanted<'w> {
    /// Live rows that pass the filters, in the order they were made, at most `limit`.
    pub(crate) fn live(filters: &'w Value, fields: &'w [String], limit: i64) -> Wanted<'w> {
        Wanted { filters: Some(filters), fields, sorts: &[], retired: false, limit, offset: 0 }
    }
}

/// The api3 method `read`.
pub(crate) fn read(
    connection: &Connection,
    context: Context<'_>,
    arguments: &Value,
) -> Result<Value, Trouble> {
    let entity = context.entity_of(arguments)?;
    let fields = field_names(context, arguments.get("return_fields"))?;
    let retired = match arguments.get("return_only").and_then(Value::as_str) {
        None | Some("active") => false,
        Some("retired") => true,
        Some(_) => return Err(Fault::request("API read() 'return_only' is 'active' or 'retired'").into()),
    };
    if arguments
        .get("additional_filter_presets")
        .is_some_and(|presets| presets.as_array().is_none_or(|list| !list.is_empty()))
    {
        return Err(Fault::request("API read() additional filter presets are not known to this site").into());
    }
    let paging = arguments.get("paging");
    let number = |name: &str, default| match paging.and_then(|paging| paging.get(name)) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => value
            .as_i64()
            .ok_or_else(|| Fault::request(format!("API read() paging '{name}' is not a number"))),
    };
    let (size, page) = (number("entities_per_page", PAGE_SIZE)?, number("current_page", 1)?);
    if !(1..=MAX_PAGE_SIZE).contains(&size) || !(1..=i64::from(i32::MAX)).contains(&page) {
        return Err(Fault::request(format!(
            "API read() paging needs 'entities_per_page' from 1 to {MAX_PAGE_SIZE} and 'current_page' from 1"
        ))
        .into());
    }
    let sorts = sorts_of(arguments.get("sorts"))?;
    let mut wanted = Wanted {
        filters: arguments.get("filters"),
        fields: &fields,
        sorts: &sorts,
        retired,
        limit: size + 1,
        offset: (page - 1) * size,
    };
    let mut rows = find(connection, context, entity, &wanted)?;
    let more = rows.len() as i64 > size;
    rows.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    let mut paging_info = json!({"current_page": page, "entities_per_page": size, "has_next_page": more});
    if arguments.get("return_paging_info") == Some(&Value::Bool(true)) {
        wanted.sorts = &[];
        let count = count(connection, context, entity, &wanted)?;
        paging_info["entity_count"] = Value::from(count);
        paging_info["page_count"] = Value::from((count + size - 1) / size);
    }
    Ok(json!({"entities": rows, "paging_info": paging_info}))
}

/// The rows wanted, each with `type` and `id`.
pub(crate) fn find(
    connection: &Connection,
    context: Context<'_>,
    entity: &EntityType,
    wanted: &Wanted<'_>,
) -> Result<Vec<Value>, Trouble> {
    let mut builder = Builder::new(context.schema, context.call, context.now);
    let mut scope = builder.scope();
    let mut columns = vec![format!("{}.id", scope.alias)];
    let mut plans = Vec::new();
    for path in wanted.fields {
        if path == "id" || path == "type" {
            continue;
        }
        let Place::Field { alias, entity, field } = builder.resolve(&mut scope, entity, path)? else {
            return Err(Fault::unknown_field(context.call, &entity.name, path).into());
        };
        plans.push((path, plan(&alias, entity, field, &mut columns)));
    }
    let mut order = Vec::new();
    for (path, descending) in wanted.sorts {
        let Place::Field { alias, entity, field } = builder.resolve(&mut scope, entity, path)? else {
            return Err(Fault::unknown_field(context.call, &entity.name, path).into());
        };
        let key = sort_key(context, &alias, entity, field)?;
        order.push(format!("{key}{}", if *descending { " DESC" } else { "" }));
    }
    order.push(format!("{}.id", scope.alias));
    let condition = match wanted.filters {
        None | Some(Value::Null) => "1".to_owned(),
        Some(filters) => builder.group(&mut scope, entity, filters, 0)?,
    };
    let sql = format!(
        "SELECT {} FROM {} {alias}{} WHERE {alias}.{RETIRED} = {} AND {condition} ORDER BY {} LIMIT {} OFFSET {}",
        columns.join(", "),
        quote(&entity.name),
        scope.joins,
        i32::from(wanted.retired),
        order.join(", "),
        wanted.limit,
        wanted.offset,
        alias = scope.alias,
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(builder.params))?;
    let mut found = Vec::new();
    let mut linked = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let mut cells = Vec::with_capacity(plans.len());
        for (_, plan) in &plans {
            let cell = plan.take(connection, row)?;
            linked.extend(cell.links().cloned());
            cells.push(cell);
        }
        found.push((row.get::<_, i64>(0)?, cells));
    }
    let names = names(connection, context.schema, &linked)?;
    let mut entities = Vec::with_capacity(found.len());
    for (id, cells) in found {
        let mut hash = Map::new();
        hash.insert("type".into(), Value::from(entity.name.as_str()));
        hash.insert("id".into(), Value::from(id));
        for ((path, _), cell) in plans.iter().zip(cells) {
            hash.insert((*path).clone(), cell.finish(&names, context.site));
        }
        entities.push(Value::Object(hash));
    }
    Ok(entities)
}

/// One row by id, retired or not.
pub(crate) fn row(
    connection: &Connection,
    context: Context<'_>,
    entity: &EntityType,
    id: i64,
    fields: &[String],
) -> Result<Option<Value>, Trouble> {
    let filters =
        json!({"logical_operator": "and", "conditions": [{"path": "id", "relation": "is", "values": [id]}]});
    for retired in [false, true] {
        let wanted = Wanted { filters: Some(&filters), fields, sorts: &[], retired, limit: 1, offset: 0 };
        if let Some(row) = find(connection, context, entity, &wanted)?.pop() {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// How many rows match, whatever the page.
pub(crate) fn count(
    connection: &Connection,
    context: Context<'_>,
    entity: &EntityType,
    wanted: &Wanted<'_>,
) -> Result<i64, Trouble> {
    let mut builder = Builder::new(context.schema, context.call, context.now);
    let mut scope = builder.scope();
    let condition = match wanted.filters {
        None | Some(Value::Null) => "1".to_owned(),
        Some(filters) => builder.group(&mut scope, entity, filters, 0)?,
    };
    let sql = format!(
        "SELECT COUNT(*) FROM {} {alias}{} WHERE {alias}.{RETIRED} = {} AND {condition}",
        quote(&entity.name),
        scope.joins,
        i32::from(wanted.retired),
        alias = scope.alias,
    );
    Ok(connection.query_row(&sql, params_from_iter(builder.params), |row| row.get(0))?)
}

/// The list of field names a client sent; none means just `id`.
pub(crate) fn field_names(context: Context<'_>, value: Option<&Value>) -> Result<Vec<String>, Fault> {
    let refused = || {
        Fault::request(format!(
            "API {}() 'return_fields' is not a list of at most {MAX_FIELDS} field names",
            context.call
        ))
    };
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(names)) if names.len() <= MAX_FIELDS => {
            names.iter().map(|name| name.as_str().map(str::to_owned).ok_or_else(refused)).collect()
        }
        Some(_) => Err(refused()),
    }
}

fn sorts_of(value: Option<&Value>) -> Result<Vec<(String, bool)>, Fault> {
    let refused =
        || Fault::request("API read() 'sorts' is not a list of at most 20 {field_name, direction: asc|desc}");
    let items = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) if items.len() <= 20 => items,
        Some(_) => return Err(refused()),
    };
    items
        .iter()
        .map(|item| {
            let path = item.get("field_name").and_then(Value::as_str).ok_or_else(refused)?;
            match item.get("direction").and_then(Value::as_str) {
                None | Some("asc") => Ok((path.to_owned(), false)),
                Some("desc") => Ok((path.to_owned(), true)),
                Some(_) => Err(refused()),
            }
        })
        .collect()
}

fn sort_key(context: Context<'_>, alias: &str, entity: &EntityType, field: &Field) -> Result<String, Fault> {
    match field.data_type {
        DataType::Entity => {
            let (kind, id) = link_columns(alias, field);
            let names: Vec<String> = field
                .to
                .iter()
                .filter_map(|to| context.schema.table(to))
                .map(|target| {
                    format!(
                        "(SELECT fold({}) FROM {} linked WHERE linked.id = {id} AND {kind} = '{}')",
                        display("linked", target),
                        quote(&target.name),
                        target.name
                    )
                })
                .collect();
            Ok(format!("COALESCE({}, NULL)", names.join(", ")))
        }
        data_type
            if matches!(data_type.kept(), Kept::Links | Kept::Json) || data_type == DataType::Password =>
        {
            Err(Fault::request(format!(
                "API {}() {}.{} is a {} field and cannot be sorted by",
                context.call,
                entity.name,
                field.name,
                field.data_type.name()
            )))
        }
        DataType::Text => Ok(format!("fold({})", table::value(alias, entity, field))),
        _ => Ok(table::value(alias, entity, field)),
    }
}

/// How a field is taken from a result row.
enum Plan {
    One { at: usize, data_type: DataType },
    Link { at: usize },
    Links { id_at: usize, sql: String },
}

fn plan(alias: &str, entity: &EntityType, field: &Field, columns: &mut Vec<String>) -> Plan {
    let at = columns.len();
    match field.data_type {
        DataType::Entity => {
            let (kind, id) = link_columns(alias, field);
            columns.extend([kind, id]);
            Plan::Link { at }
        }
        DataType::Addressing | DataType::MultiEntity => {
            columns.push(format!("{alias}.id"));
            Plan::Links { id_at: at, sql: format!("{} ORDER BY p, i", links_of("?1", entity, field)) }
        }
        data_type => {
            columns.push(table::value(alias, entity, field));
            Plan::One { at, data_type }
        }
    }
}

impl Plan {
    fn take(&self, connection: &Connection, row: &Row<'_>) -> Result<Taken, Trouble> {
        Ok(match self {
            Plan::One { at, data_type } => {
                let mut value = decode(*data_type, row.get_ref(*at)?);
                if *data_type == DataType::Url && value["link_type"] == "local" {
                    file_link::complete(&mut value, &local_storage::all(connection)?);
                }
                if *data_type == DataType::Url { Taken::File(value) } else { Taken::Value(value) }
            }
            Plan::Link { at } => {
                match (row.get::<_, Option<String>>(*at)?, row.get::<_, Option<i64>>(*at + 1)?) {
                    (Some(kind), Some(id)) => Taken::Link((kind, id)),
                    _ => Taken::Value(Value::Null),
                }
            }
            Plan::Links { id_at, sql } => match row.get::<_, Option<i64>>(*id_at)? {
                None => Taken::Links(Vec::new()),
                Some(id) => {
                    let mut statement = connection.prepare_cached(sql)?;
                    let links =
                        statement.query_map([Sql::Integer(id)], |row| Ok((row.get(0)?, row.get(1)?)))?;
                    Taken::Links(links.collect::<rusqlite::Result<_>>()?)
                }
            },
        })
    }
}

/// A field's value before the names of linked rows are known.
enum Taken {
    Value(Value),
    File(Value),
    Link(Link),
    Links(Vec<Link>),
}

impl Taken {
    fn links(&self) -> impl Iterator<Item = &Link> {
        match self {
            Taken::Link(link) => std::slice::from_ref(link).iter(),
            Taken::Links(links) => links.iter(),
            Taken::Value(_) | Taken::File(_) => [].iter(),
        }
    }

    fn finish(self, names: &BTreeMap<Link, Named>, site: &str) -> Value {
        match self {
            Taken::Value(value) => value,
            Taken::File(value) => with_address(value, site),
            Taken::Link(link) => entity_hash(&link, names.get(&link).and_then(|named| named.name.as_deref())),
            Taken::Links(links) => links
                .iter()
                .filter_map(|link| {
                    let named = names.get(link).filter(|named| !named.retired)?;
                    Some(entity_hash(link, named.name.as_deref()))
                })
                .collect(),
        }
    }
}

/// An uploaded file is kept without its address, which depends on how the client reached the desk.
fn with_address(mut file: Value, site: &str) -> Value {
    if let Some(id) = file.get("id").and_then(Value::as_i64) {
        file["url"] = Value::from(format!("{site}/file_serve/attachment/{id}"));
        file["type"] = Value::from("Attachment");
    }
    file
}

struct Named {
    name: Option<String>,
    retired: bool,
}

fn names(
    connection: &Connection,
    schema: &Schema,
    links: &BTreeSet<Link>,
) -> Result<BTreeMap<Link, Named>, Trouble> {
    let mut ids: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for (kind, id) in links {
        ids.entry(kind).or_default().push(*id);
    }
    let mut names = BTreeMap::new();
    for (kind, ids) in ids {
        let Some(entity) = schema.table(kind) else { continue };
        let shown = display("linked", entity);
        for ids in ids.chunks(500) {
            let marks = vec!["?"; ids.len()].join(",");
            let sql =
                format!("SELECT id, {shown}, {RETIRED} FROM {} linked WHERE id IN ({marks})", quote(kind));
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query(params_from_iter(ids))?;
            while let Some(row) = rows.next()? {
                names.insert(
                    (kind.to_owned(), row.get(0)?),
                    Named { name: row.get(1)?, retired: row.get(2)? },
                );
            }
        }
    }
    Ok(names)
}
