//! `summarize`: counts, sums and extremes over matching rows, as a whole and in groups within groups.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::fault::{Fault, Trouble, clip};
use crate::rows::grouping;
use crate::rows::query::{Context, Wanted, field_of, unarchived_only};
use crate::rows::summary::{Group, Grouping, Key, Level, Summary, Total, TotalKind};
use crate::schema::{DataType, Kept};
use crate::store::{Reading, fold};

/// Levels of grouping.
const MAX_LEVELS: usize = 5;
/// Summaries of one call.
const MAX_SUMMARIES: usize = 50;
/// What `status_percentage` counts, unless it is told.
const DONE: &str = "fin";

const TYPES: [&str; 14] = [
    "record_count",
    "count",
    "sum",
    "maximum",
    "minimum",
    "average",
    "earliest",
    "latest",
    "percentage",
    "status_percentage",
    "status_percentage_as_float",
    "status_list",
    "checked",
    "unchecked",
];

/// A figure as it was asked for: the field's path as the key of the answer, and whether whole numbers are wanted.
struct Asked {
    name: String,
    rounded: bool,
}

/// The api3 method `summarize`.
pub(crate) fn summarize(
    reading: &dyn Reading,
    context: Context<'_>,
    arguments: &Value,
) -> Result<Value, Trouble> {
    let (asked, summary) = parse(context, arguments)?;
    let mut depths = Vec::with_capacity(summary.levels.len() + 1);
    for depth in 0..=summary.levels.len() {
        depths.push(by_parent(reading.groups(&summary, depth)?));
    }
    let all = depths[0].remove(&Vec::new()).and_then(|mut groups| groups.pop());
    let totals = all.map_or(Value::Null, |group| figures(&asked, group.totals));
    let groups = if summary.levels.is_empty() {
        json!([])
    } else {
        nest(&Answer { context, summary: &summary, asked: &asked }, &mut depths, 1, &[])
    };
    Ok(json!({"summaries": totals, "groups": groups}))
}

fn parse<'a>(context: Context<'a>, arguments: &Value) -> Result<(Vec<Asked>, Summary<'a>), Fault> {
    let entity = context.entity_of(arguments)?;
    let list = |name: &str, limit: usize| match arguments.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) if items.len() <= limit => Ok(items.clone()),
        Some(_) => Err(Fault::request(format!("API summarize() '{name}' is not a list of at most {limit}"))),
    };
    let (mut asked, mut totals) = (Vec::<Asked>::new(), Vec::new());
    for item in list("summaries", MAX_SUMMARIES)? {
        let (Some(name), Some(kind)) =
            (item.get("field").and_then(Value::as_str), item.get("type").and_then(Value::as_str))
        else {
            return Err(Fault::request("API summarize() a summary needs 'field' and 'type'"));
        };
        let path = field_of(context, entity, name)?;
        let kind_of_total = total(kind, path.field.data_type, item.get("value"))?;
        asked.push(Asked {
            name: name.to_owned(),
            rounded: matches!(kind, "percentage" | "status_percentage"),
        });
        totals.push(Total { path, kind: kind_of_total });
    }
    if totals.is_empty() {
        return Err(Fault::request("API summarize() needs at least one summary"));
    }
    let mut levels = Vec::new();
    for item in list("grouping", MAX_LEVELS)? {
        let Some(name) = item.get("field").and_then(Value::as_str) else {
            return Err(Fault::request("API summarize() a grouping needs a 'field'"));
        };
        let kind = item.get("type").map_or(Some("exact"), Value::as_str).unwrap_or_default();
        let descending = match item.get("direction").and_then(Value::as_str) {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => return Err(Fault::request("API summarize() a 'direction' is 'asc' or 'desc'")),
        };
        let path = field_of(context, entity, name)?;
        levels.push(grouping::level(path, kind, descending, context.call, context.now)?);
    }
    let wanted = Wanted {
        filters: arguments.get("filters"),
        unarchived: unarchived_only(arguments),
        ..Wanted::default()
    };
    let condition = wanted.condition(context, entity)?;
    Ok((asked, Summary { schema: context.schema, entity, totals, levels, condition }))
}

fn total(kind: &str, data_type: DataType, value: Option<&Value>) -> Result<TotalKind, Fault> {
    let numbers = matches!(data_type.kept(), Kept::Integer | Kept::Real) && data_type != DataType::Checkbox;
    let times = matches!(data_type, DataType::Date | DataType::DateTime);
    let checkbox = data_type == DataType::Checkbox;
    Ok(match kind {
        "record_count" => TotalKind::Rows,
        "count" => TotalKind::Filled,
        "sum" if numbers => TotalKind::Sum,
        "average" if numbers => TotalKind::Average,
        "minimum" if numbers => TotalKind::Minimum { zero: true },
        "maximum" if numbers => TotalKind::Maximum { zero: true },
        "earliest" if times => TotalKind::Minimum { zero: false },
        "latest" if times => TotalKind::Maximum { zero: false },
        "percentage" if data_type == DataType::Percent => TotalKind::Average,
        "percentage" | "checked" | "unchecked" if checkbox => match kind {
            "checked" => TotalKind::Checked,
            "unchecked" => TotalKind::Unchecked,
            _ => TotalKind::CheckedShare,
        },
        "status_percentage" | "status_percentage_as_float" if data_type.listed() => {
            TotalKind::StatusShare(value.and_then(Value::as_str).unwrap_or(DONE).to_owned())
        }
        "status_list" if data_type.listed() => TotalKind::Status,
        _ if TYPES.contains(&kind) => {
            return Err(Fault::request(format!(
                "API summarize() a {} field has no summary of the type '{kind}'",
                data_type.name()
            )));
        }
        _ => {
            return Err(Fault::request(format!(
                "API summarize() summary type '{}' is unknown: type must be one of: {}",
                clip(kind),
                TYPES.join(", ")
            )));
        }
    })
}

/// The figures of a group; a field that was asked for twice has its last one.
fn figures(asked: &[Asked], totals: Vec<Value>) -> Value {
    let mut figures = Map::new();
    for (asked, total) in asked.iter().zip(totals) {
        let total = match total.as_f64() {
            // Percentages: far from where this cast cuts anything.
            #[expect(clippy::cast_possible_truncation)]
            Some(number) if asked.rounded => Value::from(number.round() as i64),
            _ => total,
        };
        figures.insert(asked.name.clone(), total);
    }
    Value::Object(figures)
}

/// The groups of one depth, by the keys of the groups they lie in.
type Groups = BTreeMap<Vec<String>, Vec<Group>>;

fn by_parent(groups: Vec<Group>) -> Groups {
    let mut by_parent = Groups::new();
    for group in groups {
        let parents = group.keys.len().saturating_sub(1);
        by_parent.entry(group.keys[..parents].iter().map(identity).collect()).or_default().push(group);
    }
    by_parent
}

/// What tells a key from others.
fn identity(key: &Key) -> String {
    match key {
        Key::Value(value) => value.to_string(),
        Key::Link(link) => {
            link.as_ref().map_or(String::new(), |named| format!("{} {}", named.link.0, named.link.1))
        }
    }
}

struct Answer<'s, 'a> {
    context: Context<'a>,
    summary: &'s Summary<'a>,
    asked: &'s [Asked],
}

fn nest(answer: &Answer<'_, '_>, depths: &mut [Groups], depth: usize, path: &[String]) -> Value {
    let level = &answer.summary.levels[depth - 1];
    let mut groups = depths[depth].remove(path).unwrap_or_default();
    groups.sort_by(|one, other| order(level, &one.keys[depth - 1], &other.keys[depth - 1]));
    let mut described = Vec::with_capacity(groups.len());
    for group in groups {
        let key = &group.keys[depth - 1];
        let (name, value) = grouping::described(answer.context.schema, level, key);
        let mut path = path.to_vec();
        path.push(identity(key));
        let mut one = json!({"group_name": name, "group_value": value});
        if depth < answer.summary.levels.len() {
            one["groups"] = nest(answer, depths, depth + 1, &path);
        }
        one["summaries"] = figures(answer.asked, group.totals);
        described.push(one);
    }
    Value::from(described)
}

/// As rows are ordered: text without case, links by name, the empty group last, or first when descending.
fn order(level: &Level<'_>, one: &Key, other: &Key) -> Ordering {
    let ordering = match (one, other) {
        (Key::Link(one), Key::Link(other)) => match (one, other) {
            (Some(one), Some(other)) => {
                let name = |name: &Option<String>| (name.is_none(), name.as_deref().map(fold));
                name(&one.name).cmp(&name(&other.name)).then_with(|| one.link.cmp(&other.link))
            }
            (one, other) => one.is_none().cmp(&other.is_none()),
        },
        (Key::Value(one), Key::Value(other)) => match &level.by {
            Grouping::Windows(windows) => {
                let from = |key: &Value| {
                    let at = key.as_u64().and_then(|at| usize::try_from(at).ok())?;
                    windows.get(at).map(|window| (&window.from, &window.until))
                };
                (from(one).is_none(), from(one)).cmp(&(from(other).is_none(), from(other)))
            }
            _ => values(one, other),
        },
        _ => Ordering::Equal,
    };
    if level.descending { ordering.reverse() } else { ordering }
}

fn values(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::String(one), Value::String(other)) => {
            fold(one).cmp(&fold(other)).then_with(|| one.cmp(other))
        }
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Number(one), Value::Number(other)) => {
            one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal)
        }
        (one, other) => one.is_null().cmp(&other.is_null()),
    }
}
