//! `summarize`: counts, sums and extremes over matching rows, plain or grouped by exact values.

use std::collections::BTreeMap;

use rusqlite::{Connection, params_from_iter};
use serde_json::{Map, Value, json};

use crate::fault::{Fault, Trouble, clip};
use crate::rows::filter::{Builder, Place};
use crate::rows::query::Context;
use crate::rows::value::decode;
use crate::schema::{DataType, EntityType, Field, Kept};
use crate::store::table::{self, RETIRED, display, link_columns, quote};

/// Levels of grouping.
const MAX_LEVELS: usize = 5;
/// Summaries of one call.
const MAX_SUMMARIES: usize = 50;

/// A column to group by: the SQL of its value, of its name, and how to read them.
struct Level {
    value: String,
    name: String,
    kind: Option<String>,
    data_type: DataType,
    descending: bool,
}

/// The api3 method `summarize`.
pub(crate) fn summarize(
    connection: &Connection,
    context: Context<'_>,
    arguments: &Value,
) -> Result<Value, Trouble> {
    let entity = context.entity_of(arguments)?;
    let mut builder = Builder::new(context.schema, context.call, context.now);
    let mut scope = builder.scope();
    let list = |name: &str, limit: usize| match arguments.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) if items.len() <= limit => Ok(items.clone()),
        Some(_) => Err(Fault::request(format!("API summarize() '{name}' is not a list of at most {limit}"))),
    };
    let mut summaries = Vec::new();
    for item in list("summaries", MAX_SUMMARIES)? {
        let (Some(path), Some(kind)) =
            (item.get("field").and_then(Value::as_str), item.get("type").and_then(Value::as_str))
        else {
            return Err(Fault::request("API summarize() a summary needs 'field' and 'type'").into());
        };
        let Place::Field { alias, field, entity } = builder.resolve(&mut scope, entity, path)? else {
            return Err(Fault::unknown_field(context.call, &entity.name, path).into());
        };
        let value = match field.data_type {
            DataType::Entity => link_columns(&alias, field).1,
            DataType::Addressing | DataType::MultiEntity => "1".to_owned(),
            _ => table::value(&alias, entity, field),
        };
        summaries.push((path.to_owned(), aggregate(kind, &value, field)?));
    }
    if summaries.is_empty() {
        return Err(Fault::request("API summarize() needs at least one summary").into());
    }
    let mut levels = Vec::new();
    for item in list("grouping", MAX_LEVELS)? {
        let path = item.get("field").and_then(Value::as_str).unwrap_or_default();
        let Place::Field { alias, entity, field } = builder.resolve(&mut scope, entity, path)? else {
            return Err(Fault::unknown_field(context.call, &entity.name, path).into());
        };
        if item.get("type").and_then(Value::as_str).is_some_and(|kind| kind != "exact") {
            return Err(Fault::request("API summarize() groups by 'exact' values only").into());
        }
        levels.push(Level::new(
            context,
            &alias,
            entity,
            field,
            item.get("direction").and_then(Value::as_str) == Some("desc"),
        )?);
    }
    let condition = match arguments.get("filters") {
        None | Some(Value::Null) => "1".to_owned(),
        Some(filters) => builder.group(&mut scope, entity, filters, 0)?,
    };
    let from = format!(
        "FROM {} {alias}{} WHERE {alias}.{RETIRED} = 0 AND {condition}",
        quote(&entity.name),
        scope.joins,
        alias = scope.alias
    );
    let mut by_depth = Vec::new();
    for depth in 0..=levels.len() {
        by_depth.push(rows(connection, &builder, &summaries, &levels[..depth], &from)?);
    }
    let totals = by_depth[0]
        .remove(&Vec::new())
        .and_then(|mut groups| groups.pop())
        .map_or(Value::Null, |group| group.summaries);
    let groups = if levels.is_empty() { json!([]) } else { nest(context, &levels, &mut by_depth, 1, &[]) };
    Ok(json!({"summaries": totals, "groups": groups}))
}

struct Group {
    key: String,
    value: Value,
    name: Value,
    summaries: Value,
}

/// The groups of one depth, by the keys of the groups they lie in.
type Groups = BTreeMap<Vec<String>, Vec<Group>>;

fn rows(
    connection: &Connection,
    builder: &Builder<'_>,
    summaries: &[(String, String)],
    levels: &[Level],
    from: &str,
) -> Result<Groups, Trouble> {
    let mut columns: Vec<String> = summaries.iter().map(|(_, sql)| sql.clone()).collect();
    let (mut keys, mut order) = (Vec::new(), Vec::new());
    for level in levels {
        let kind = level.kind.clone().unwrap_or_else(|| "NULL".to_owned());
        columns.extend([level.value.clone(), level.name.clone(), kind.clone()]);
        keys.push(level.value.clone());
        if level.kind.is_some() {
            keys.push(kind);
        }
        order.push(format!("{}{}", level.name, if level.descending { " DESC" } else { "" }));
    }
    let grouping = if levels.is_empty() {
        String::new()
    } else {
        format!(" GROUP BY {} ORDER BY {}", keys.join(", "), order.join(", "))
    };
    let mut statement = connection.prepare(&format!("SELECT {} {from}{grouping}", columns.join(", ")))?;
    let mut rows = statement.query(params_from_iter(&builder.params))?;
    let mut groups = Groups::new();
    while let Some(row) = rows.next()? {
        let mut totals = Map::new();
        for (at, (path, _)) in summaries.iter().enumerate() {
            totals.insert(path.clone(), decode(DataType::Text, row.get_ref(at)?));
        }
        let mut path = Vec::new();
        let mut group =
            Group { key: String::new(), value: Value::Null, name: Value::Null, summaries: totals.into() };
        for (at, level) in levels.iter().enumerate() {
            let at = summaries.len() + at * 3;
            let value = decode(level.data_type, row.get_ref(at)?);
            let name = decode(DataType::Text, row.get_ref(at + 1)?);
            let kind: Option<String> = row.get(at + 2)?;
            group.value = match kind {
                Some(kind) => json!({"type": kind, "id": value, "name": name}),
                None => value,
            };
            group.name = name;
            group.key = group.value.to_string();
            path.push(group.key.clone());
        }
        path.pop();
        groups.entry(path).or_default().push(group);
    }
    Ok(groups)
}

fn nest(
    context: Context<'_>,
    levels: &[Level],
    by_depth: &mut [Groups],
    depth: usize,
    path: &[String],
) -> Value {
    let groups = by_depth[depth].remove(path).unwrap_or_default();
    groups
        .into_iter()
        .map(|group| {
            let mut path = path.to_vec();
            path.push(group.key);
            let name = match (&group.name, levels[depth - 1].data_type) {
                (Value::String(code), DataType::StatusList) => Value::from(context.schema.status_label(code)),
                (Value::Null, _) => Value::from(""),
                (Value::String(_), _) => group.name,
                (other, _) => Value::from(other.to_string()),
            };
            let mut described =
                json!({"group_name": name, "group_value": group.value, "summaries": group.summaries});
            if depth < levels.len() {
                described["groups"] = nest(context, levels, by_depth, depth + 1, &path);
            }
            described
        })
        .collect()
}

impl Level {
    fn new(
        context: Context<'_>,
        alias: &str,
        entity: &EntityType,
        field: &Field,
        descending: bool,
    ) -> Result<Level, Fault> {
        match field.data_type {
            DataType::Entity => {
                let (kind, id) = link_columns(alias, field);
                let names: Vec<String> = field
                    .to
                    .iter()
                    .filter_map(|to| context.schema.table(to))
                    .map(|target| {
                        format!(
                            "(SELECT {} FROM {} linked WHERE linked.id = {id} AND {kind} = '{}')",
                            display("linked", target),
                            quote(&target.name),
                            target.name
                        )
                    })
                    .collect();
                let name = format!("COALESCE({}, NULL)", names.join(", "));
                Ok(Level { value: id, name, kind: Some(kind), data_type: DataType::Number, descending })
            }
            data_type
                if matches!(data_type.kept(), Kept::Links | Kept::Json)
                    || data_type == DataType::Password =>
            {
                Err(Fault::request(format!(
                    "API summarize() cannot group by {}, a {} field",
                    field.name,
                    field.data_type.name()
                )))
            }
            data_type => {
                let value = table::value(alias, entity, field);
                Ok(Level { name: value.clone(), value, kind: None, data_type, descending })
            }
        }
    }
}

fn aggregate(kind: &str, value: &str, field: &Field) -> Result<String, Fault> {
    let numbers = matches!(
        field.data_type,
        DataType::Number
            | DataType::Duration
            | DataType::Percent
            | DataType::Timecode
            | DataType::Float
            | DataType::Currency
    );
    let times = matches!(field.data_type, DataType::Date | DataType::DateTime);
    match kind {
        "record_count" => Ok("COUNT(*)".to_owned()),
        "count" => Ok(format!("COUNT({value})")),
        "sum" if numbers => Ok(format!("COALESCE(SUM({value}), 0)")),
        "average" if numbers => Ok(format!("AVG({value})")),
        "minimum" if numbers => Ok(format!("MIN({value})")),
        "maximum" if numbers => Ok(format!("MAX({value})")),
        "earliest" if times => Ok(format!("MIN({value})")),
        "latest" if times => Ok(format!("MAX({value})")),
        "checked" if field.data_type == DataType::Checkbox => {
            Ok(format!("COUNT(CASE WHEN {value} THEN 1 END)"))
        }
        "unchecked" if field.data_type == DataType::Checkbox => {
            Ok(format!("COUNT(CASE WHEN NOT COALESCE({value}, 0) THEN 1 END)"))
        }
        _ => Err(Fault::request(format!(
            "API summarize() does not know the summary '{}' of {}, a {} field",
            clip(kind),
            field.name,
            field.data_type.name()
        ))),
    }
}
