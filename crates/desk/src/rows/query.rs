//! `read`: rows as JSON, with dotted fields, links with names, sorting and paging.
//!
//! Owns the shape of a row on the wire. Filters are `filter`'s, finding is the store's.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::access::auth::Actor;
use crate::fault::{Fault, Trouble};
use crate::rows::condition::{Condition, FieldTest, Scalar, Test};
use crate::rows::filter;
use crate::rows::path::Path;
use crate::rows::picture;
use crate::rows::preset;
use crate::rows::select::{Found, Named, Select, Sort, Taken};
use crate::rows::value::entity_hash;
use crate::schema::{DataType, EntityType, Kept, Schema};
use crate::store::Reading;

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
    /// For whose eyes rows are read; none: for the desk itself, to which all are there.
    pub(crate) sight: Option<&'a Actor>,
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
#[derive(Clone, Copy, Default)]
pub(crate) struct Wanted<'w> {
    pub(crate) filters: Option<&'w Value>,
    pub(crate) fields: &'w [String],
    /// Path and whether descending, most significant first.
    pub(crate) sorts: &'w [(String, bool)],
    pub(crate) retired: bool,
    /// Without the rows of archived projects.
    pub(crate) unarchived: bool,
    /// As api3 sends them.
    pub(crate) presets: Option<&'w Value>,
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

impl<'w> Wanted<'w> {
    /// Live rows that pass the filters, in the order they were made, at most `limit`.
    pub(crate) fn live(filters: &'w Value, fields: &'w [String], limit: i64) -> Wanted<'w> {
        Wanted { filters: Some(filters), fields, limit, ..Wanted::default() }
    }

    /// Checks everything against the schema.
    pub(crate) fn select<'a>(
        &self,
        context: Context<'a>,
        entity: &'a EntityType,
    ) -> Result<Select<'a>, Fault> {
        let mut fields = Vec::with_capacity(self.fields.len());
        for name in self.fields.iter().filter(|name| readable(name)) {
            fields.push(field_of(context, entity, name)?);
        }
        let mut sorts = Vec::with_capacity(self.sorts.len());
        for (name, descending) in self.sorts {
            sorts.push(Sort { path: sort_path(context, entity, name)?, descending: *descending });
        }
        Ok(Select {
            schema: context.schema,
            entity,
            fields,
            sorts,
            condition: self.condition(context, entity)?,
            retired: self.retired,
            limit: self.limit,
            offset: self.offset,
        })
    }

    /// The filters, the presets and the archived projects as one.
    pub(crate) fn condition<'a>(
        &self,
        context: Context<'a>,
        entity: &'a EntityType,
    ) -> Result<Condition<'a>, Fault> {
        let filters = filter::parse(context, entity, self.filters)?;
        let mut all = preset::parse(context, entity, self.presets, &filters)?;
        if self.unarchived {
            all.extend(unarchived(context, entity));
        }
        if all.is_empty() {
            return Ok(filters);
        }
        all.push(filters);
        Ok(Condition::All(all))
    }
}

/// That the row is not, and is not in, an archived project; none for types without a project.
fn unarchived<'a>(context: Context<'a>, entity: &'a EntityType) -> Option<Condition<'a>> {
    let path = if entity.name == "Project" { "archived" } else { "project.Project.archived" };
    let path = Path::resolve(context.schema, context.call, entity, path).ok()?;
    let test = Test::OneOf { values: vec![Scalar::Integer(1)], empty: false, folded: false };
    Some(Condition::Field(FieldTest { path, test, negated: true }))
}

/// Every row has these, asked for or not.
fn readable(name: &str) -> bool {
    name != "id" && name != "type"
}

/// The path of a field to be read.
pub(crate) fn field_of<'a>(
    context: Context<'a>,
    entity: &'a EntityType,
    name: &str,
) -> Result<Path<'a>, Fault> {
    let path = Path::resolve(context.schema, context.call, entity, name)?;
    if path.single() && path.possible() {
        Ok(path)
    } else {
        Err(Fault::unknown_field(context.call, &entity.name, name))
    }
}

/// The path of a field to be sorted by.
pub(crate) fn sort_path<'a>(
    context: Context<'a>,
    entity: &'a EntityType,
    name: &str,
) -> Result<Path<'a>, Fault> {
    let path = field_of(context, entity, name)?;
    let data_type = path.field.data_type;
    if matches!(data_type.kept(), Kept::Links | Kept::Json) || data_type == DataType::Password {
        return Err(Fault::request(format!(
            "API {}() {}.{} is a {} field and cannot be sorted by",
            context.call,
            path.entity.name,
            path.field.name,
            data_type.name()
        )));
    }
    Ok(path)
}

/// The api3 method `read`.
pub(crate) fn read(reading: &dyn Reading, context: Context<'_>, arguments: &Value) -> Result<Value, Trouble> {
    let entity = context.entity_of(arguments)?;
    let fields = field_names(context, arguments.get("return_fields"))?;
    let retired = match arguments.get("return_only").and_then(Value::as_str) {
        None | Some("active") => false,
        Some("retired") => true,
        Some(_) => return Err(Fault::request("API read() 'return_only' is 'active' or 'retired'").into()),
    };
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
        unarchived: unarchived_only(arguments),
        presets: arguments.get("additional_filter_presets"),
        limit: size + 1,
        offset: (page - 1) * size,
    };
    let mut rows = find(reading, context, entity, &wanted)?;
    let more = rows.len() as i64 > size;
    rows.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    let mut paging_info = json!({"current_page": page, "entities_per_page": size, "has_next_page": more});
    if arguments.get("return_paging_info") == Some(&Value::Bool(true)) {
        wanted.sorts = &[];
        let count = count(reading, context, entity, &wanted)?;
        paging_info["entity_count"] = Value::from(count);
        paging_info["page_count"] = Value::from((count + size - 1) / size);
    }
    Ok(json!({"entities": rows, "paging_info": paging_info}))
}

/// The rows wanted, each with `type` and `id`.
pub(crate) fn find(
    reading: &dyn Reading,
    context: Context<'_>,
    entity: &EntityType,
    wanted: &Wanted<'_>,
) -> Result<Vec<Value>, Trouble> {
    let select = wanted.select(context, entity)?;
    let names: Vec<&String> = wanted.fields.iter().filter(|name| readable(name)).collect();
    let found = reading.rows(&select)?;
    Ok(found.into_iter().map(|row| described(row, &select, &names, context)).collect())
}

/// One row by id, retired or not.
pub(crate) fn row(
    reading: &dyn Reading,
    context: Context<'_>,
    entity: &EntityType,
    id: i64,
    fields: &[String],
) -> Result<Option<Value>, Trouble> {
    let filters =
        json!({"logical_operator": "and", "conditions": [{"path": "id", "relation": "is", "values": [id]}]});
    for retired in [false, true] {
        let wanted = Wanted { retired, ..Wanted::live(&filters, fields, 1) };
        if let Some(row) = find(reading, context, entity, &wanted)?.pop() {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// How many rows match, whatever the page.
pub(crate) fn count(
    reading: &dyn Reading,
    context: Context<'_>,
    entity: &EntityType,
    wanted: &Wanted<'_>,
) -> Result<i64, Trouble> {
    reading.count(&wanted.select(context, entity)?)
}

/// Whether a call leaves out what belongs to archived projects.
pub(crate) fn unarchived_only(arguments: &Value) -> bool {
    arguments.get("include_archived_projects") == Some(&Value::Bool(false))
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

/// A row as clients get it.
fn described(row: Found, select: &Select<'_>, names: &[&String], context: Context<'_>) -> Value {
    let mut hash = Map::new();
    hash.insert("type".into(), Value::from(select.entity.name.as_str()));
    hash.insert("id".into(), Value::from(row.id));
    for ((name, path), value) in names.iter().zip(&select.fields).zip(row.values) {
        let value = match value {
            Taken::Value(file) if path.field.data_type == DataType::Url => with_address(file, context.site),
            Taken::Value(kept) if path.field.data_type == DataType::Image => {
                picture::shown(&kept, context.site, context.now)
            }
            Taken::Value(value) => value,
            Taken::Link(link) => link.map_or(Value::Null, |link| named(&link)),
            Taken::Links(links) => links.iter().map(named).collect(),
        };
        hash.insert((*name).clone(), value);
    }
    Value::Object(hash)
}

fn named(link: &Named) -> Value {
    entity_hash(&link.link, link.name.as_deref())
}

/// An uploaded file is kept without its address, which depends on how the client reached the desk.
fn with_address(mut file: Value, site: &str) -> Value {
    if let Some(id) = file.get("id").and_then(Value::as_i64) {
        file["url"] = Value::from(format!("{site}/file_serve/attachment/{id}"));
        file["type"] = Value::from("Attachment");
    }
    file
}
