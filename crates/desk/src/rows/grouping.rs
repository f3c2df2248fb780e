//! How rows are grouped when they are summed up: what each grouping type does on which data type, and what a group is called.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::fault::{Fault, clip};
use crate::rows::filter_time::calendar_bounds;
use crate::rows::path::Path;
use crate::rows::select::Named;
use crate::rows::summary::{Grouping, Key, Level, Window};
use crate::rows::value::{Target, entity_hash};
use crate::schema::{DataType, Kept, Schema};

const TYPES: [&str; 17] = [
    "exact",
    "tens",
    "hundreds",
    "thousands",
    "tensofthousands",
    "hundredsofthousands",
    "millions",
    "day",
    "week",
    "month",
    "quarter",
    "year",
    "clustered_date",
    "oneday",
    "fivedays",
    "entitytype",
    "firstletter",
];

/// Minutes of a working day: the preference `hours_per_day`.
const DAY_MINUTES: i64 = 8 * 60;

/// The windows of `clustered_date`, the closest first: what one holds, the later ones do not. Beyond them all is the last entry.
const CLUSTERS: [(&str, &str, i64); 9] = [
    ("Today", "in_calendar_day", 0),
    ("Yesterday", "in_calendar_day", -1),
    ("Tomorrow", "in_calendar_day", 1),
    ("This week", "in_calendar_week", 0),
    ("Last week", "in_calendar_week", -1),
    ("Next week", "in_calendar_week", 1),
    ("This month", "in_calendar_month", 0),
    ("Last month", "in_calendar_month", -1),
    ("Next month", "in_calendar_month", 1),
];
/// Before, and after, every other window.
const BEYOND: [&str; 2] = ["Earlier", "Later"];

/// The level that `{"field", "type", "direction"}` asks for.
pub(crate) fn level<'a>(
    path: Path<'a>,
    kind: &str,
    descending: bool,
    call: &str,
    now: Timestamp,
) -> Result<Level<'a>, Fault> {
    let field = path.field;
    let target = Target { call, entity: path.entity, field };
    if !TYPES.contains(&kind) {
        return Err(Fault::request(format!(
            "API {call}() grouping type '{}' is unknown: type must be one of: {}",
            clip(kind),
            TYPES.join(", ")
        )));
    }
    let refused = matches!(field.data_type.kept(), Kept::Links | Kept::Json)
        || matches!(field.data_type, DataType::Password | DataType::Image | DataType::PivotColumn);
    if refused {
        return Err(Fault::request(format!(
            "API {call}() Grouping is not allowed for field {}.",
            target.path()
        )));
    }
    let numbers =
        matches!(field.data_type.kept(), Kept::Integer | Kept::Real) && field.data_type != DataType::Checkbox;
    let times = matches!(field.data_type, DataType::Date | DataType::DateTime);
    let by = match kind {
        "exact" => Grouping::Exact,
        "tens" if numbers => Grouping::Every(10),
        "hundreds" if numbers => Grouping::Every(100),
        "thousands" if numbers => Grouping::Every(1000),
        "tensofthousands" if numbers => Grouping::Every(10_000),
        "hundredsofthousands" if numbers => Grouping::Every(100_000),
        "millions" if numbers => Grouping::Every(1_000_000),
        "oneday" if field.data_type == DataType::Duration => Grouping::Every(DAY_MINUTES),
        "fivedays" if field.data_type == DataType::Duration => Grouping::Every(5 * DAY_MINUTES),
        "day" if times => Grouping::Calendar { characters: "2026-03-11".len() },
        "month" if times => Grouping::Calendar { characters: "2026-03".len() },
        "year" if times => Grouping::Calendar { characters: "2026".len() },
        "week" if times => Grouping::Week,
        "quarter" if times => Grouping::Quarter,
        "clustered_date" if times => Grouping::Windows(windows(field.data_type, now)?),
        "entitytype" if field.data_type == DataType::Entity => Grouping::LinkedType,
        "firstletter" if field.data_type == DataType::Text => Grouping::FirstLetter,
        _ => {
            return Err(Fault::request(format!(
                "API {call}() {} is a {} field and cannot be grouped by '{kind}'",
                target.path(),
                field.data_type.name()
            )));
        }
    };
    Ok(Level { path, by, descending })
}

fn windows(data_type: DataType, now: Timestamp) -> Result<Vec<Window>, Fault> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let mut windows = Vec::with_capacity(CLUSTERS.len() + BEYOND.len());
    for (_, relation, offset) in CLUSTERS {
        let (from, until) = calendar_bounds(data_type, relation, offset, today)
            .ok_or_else(|| Fault::request("API summarize() today is beyond the calendar"))?;
        windows.push(Window { from, until });
    }
    let last = windows[0].from.clone();
    // Dates are text, and this is before and after all of them.
    windows.push(Window { from: String::new(), until: last.clone() });
    windows.push(Window { from: last, until: "~".to_owned() });
    Ok(windows)
}

/// The wire's `group_name` and `group_value`.
pub(crate) fn described(schema: &Schema, level: &Level<'_>, key: &Key) -> (String, Value) {
    let value = match key {
        Key::Link(None) | Key::Value(Value::Null) => return (String::new(), Value::Null),
        Key::Link(Some(named)) => return (named.name.clone().unwrap_or_default(), linked(named)),
        Key::Value(value) => value,
    };
    let text = value.as_str().unwrap_or_default();
    let first = |rest: &str| format!("{text}{rest}");
    match &level.by {
        Grouping::Exact => (exact_name(level.path.field.data_type, value), value.clone()),
        Grouping::Every(size) => {
            let low = value.as_i64().unwrap_or_default();
            (format!("{low} - {}", low + size - 1), value.clone())
        }
        Grouping::Calendar { characters: 10 } => (first(""), value.clone()),
        Grouping::Calendar { characters: 7 } => (calendar_name(&first("-01"), "%B %Y"), json!(first("-01"))),
        Grouping::Calendar { .. } => (first(""), json!(first("-01-01"))),
        Grouping::Week => (format!("Week of {text}"), value.clone()),
        Grouping::Quarter => (calendar_name(&first("-01"), "Q%q %Y"), json!(first("-01"))),
        Grouping::Windows(_) => {
            let at = value.as_u64().and_then(|at| usize::try_from(at).ok()).unwrap_or_default();
            let names = CLUSTERS.iter().map(|(name, ..)| *name).chain(BEYOND);
            let name = names.into_iter().nth(at).unwrap_or_default();
            (name.to_owned(), json!(name))
        }
        Grouping::LinkedType => {
            let label = schema.table(text).map_or(text, |entity| entity.label.as_str());
            (label.to_owned(), value.clone())
        }
        Grouping::FirstLetter => (text.to_uppercase(), json!(text.to_uppercase())),
    }
}

fn linked(named: &Named) -> Value {
    let mut hash = entity_hash(&named.link, named.name.as_deref());
    hash["valid"] = json!(if named.retired { "retired" } else { "valid" });
    hash
}

/// A status is called by its code: the official client's own tests find that of a site.
fn exact_name(data_type: DataType, value: &Value) -> String {
    match (data_type, value) {
        // As the web interface draws a box.
        (DataType::Checkbox, Value::Bool(checked)) => if *checked { "[X]" } else { "[ ]" }.to_owned(),
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

fn calendar_name(date: &str, format: &str) -> String {
    date.parse::<Date>().map_or_else(|_| date.to_owned(), |date| date.strftime(format).to_string())
}
