//! What filters and sorts mean, once more: on JSON values, one row after the other, as plainly as can be.
//!
//! Shares nothing with the desk. Relations are those of FPT's documentation.

use std::cmp::Ordering;

use jiff::Span;
use jiff::civil::{Date, DateTime};
use serde_json::Value;

use crate::site::NOW;

/// A row that others link to.
#[derive(Debug, Clone)]
pub(crate) struct Linked {
    pub(crate) link: Value,
    pub(crate) name: String,
    pub(crate) description: Value,
    pub(crate) retired: bool,
}

/// The relations of a data type.
pub(crate) fn relations(kind: &str) -> &'static [&'static str] {
    match kind {
        "text" => &["is", "is_not", "contains", "not_contains", "starts_with", "ends_with", "in", "not_in"],
        "list" | "status_list" | "color" | "entity_type" | "footage" => &["is", "is_not", "in", "not_in"],
        "number" | "currency" => {
            &["is", "is_not", "less_than", "greater_than", "between", "not_between", "in", "not_in"]
        }
        "float" | "percent" | "duration" | "timecode" => {
            &["is", "is_not", "less_than", "greater_than", "between", "in", "not_in"]
        }
        "date" | "date_time" => &[
            "is",
            "is_not",
            "less_than",
            "greater_than",
            "between",
            "in",
            "not_in",
            "in_last",
            "not_in_last",
            "in_next",
            "not_in_next",
            "in_calendar_day",
            "in_calendar_week",
            "in_calendar_month",
            "in_calendar_year",
        ],
        "checkbox" | "image" => &["is", "is_not"],
        "entity" | "multi_entity" => &[
            "is",
            "is_not",
            "in",
            "not_in",
            "type_is",
            "type_is_not",
            "name_is",
            "name_contains",
            "name_not_contains",
        ],
        "tag_list" => &["is", "is_not", "in", "not_in", "name_is", "name_contains", "name_not_contains"],
        _ => &[],
    }
}

/// Whether a value passes; `all` is every row that a link may lead to.
pub(crate) fn passes(kind: &str, value: &Value, relation: &str, operands: &[Value], all: &[Linked]) -> bool {
    let positive = match relation {
        "is_not" => Some("is"),
        "not_in" => Some("in"),
        "not_contains" => Some("contains"),
        "not_between" => Some("between"),
        "not_in_last" => Some("in_last"),
        "not_in_next" => Some("in_next"),
        "type_is_not" => Some("type_is"),
        "name_not_contains" => Some("name_contains"),
        _ => None,
    };
    if let Some(positive) = positive {
        return !passes(kind, value, positive, operands, all);
    }
    match value {
        // Of a list, the links to live rows alone are seen; one that passes is enough.
        Value::Array(items) => {
            let seen: Vec<&Value> =
                items.iter().filter(|item| !item.is_object() || !find(item, all).retired).collect();
            let empty = match relation {
                "is" | "in" => operands.contains(&Value::Null),
                "type_is" => operands[0].is_null(),
                _ => false,
            };
            (empty && seen.is_empty()) || seen.iter().any(|item| one(kind, item, relation, operands, all))
        }
        one_value => one(kind, one_value, relation, operands, all),
    }
}

fn one(kind: &str, value: &Value, relation: &str, operands: &[Value], all: &[Linked]) -> bool {
    let name = || {
        let name = if value.is_object() { find(value, all).name.clone() } else { text(value) };
        name.to_lowercase()
    };
    let wanted = || text(&operands[0]).to_lowercase();
    match relation {
        "is" | "in" => operands.iter().any(|operand| same(kind, value, operand)),
        "type_is" => value["type"] == operands[0],
        _ if value.is_null() => false,
        "contains" => text(value).to_lowercase().contains(&wanted()),
        "starts_with" => text(value).to_lowercase().starts_with(&wanted()),
        "ends_with" => text(value).to_lowercase().ends_with(&wanted()),
        "name_is" => name() == wanted(),
        "name_contains" => name().contains(&wanted()),
        _ if operands.contains(&Value::Null) => false,
        "less_than" => compare(value, &operands[0]) == Ordering::Less,
        "greater_than" => compare(value, &operands[0]) == Ordering::Greater,
        "between" => {
            let ends = [compare(value, &operands[0]), compare(value, &operands[1])];
            ends.contains(&Ordering::Equal) || ends[0] != ends[1]
        }
        _ => relative(kind, &text(value), relation, operands),
    }
}

fn same(kind: &str, value: &Value, operand: &Value) -> bool {
    let ignores_case = matches!(kind, "text" | "list" | "status_list" | "tag_list");
    match (value, operand) {
        (Value::String(value), Value::String(operand)) if ignores_case => {
            value.to_lowercase() == operand.to_lowercase()
        }
        (Value::Number(value), Value::Number(operand)) => value.as_f64() == operand.as_f64(),
        _ => value == operand,
    }
}

fn find<'l>(link: &Value, all: &'l [Linked]) -> &'l Linked {
    all.iter().find(|linked| linked.link == *link).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn compare(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64().partial_cmp(&other.as_f64()).unwrap(),
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        _ => text(one).cmp(&text(other)),
    }
}

fn relative(kind: &str, value: &str, relation: &str, operands: &[Value]) -> bool {
    let now: DateTime = NOW.trim_end_matches('Z').parse().unwrap();
    let time: DateTime = value.trim_end_matches('Z').parse().unwrap();
    let number = operands[0].as_i64().unwrap();
    let today = now.date();
    let days = |date: Date| (date - Date::constant(2000, 1, 3)).get_days();
    let there = |sign: i64| {
        let number = number * sign;
        let span = match operands[1].as_str().unwrap() {
            "HOUR" => Span::new().hours(number),
            "DAY" => Span::new().days(number),
            "WEEK" => Span::new().weeks(number),
            "MONTH" => Span::new().months(number),
            _ => Span::new().years(number),
        };
        now.checked_add(span).unwrap()
    };
    let date = time.date();
    match (relation, kind) {
        ("in_last", "date") => there(-1).date() <= date && date <= today,
        ("in_next", "date") => today <= date && date <= there(1).date(),
        ("in_last", _) => there(-1) <= time && time <= now,
        ("in_next", _) => now <= time && time <= there(1),
        ("in_calendar_day", _) => i64::from(days(date) - days(today)) == number,
        // The third of January 2000 was a Monday.
        ("in_calendar_week", _) => i64::from(days(date).div_euclid(7) - days(today).div_euclid(7)) == number,
        ("in_calendar_month", _) => {
            let month = |date: Date| i64::from(date.year()) * 12 + i64::from(date.month());
            month(date) - month(today) == number
        }
        ("in_calendar_year", _) => i64::from(date.year() - today.year()) == number,
        other => panic!("{other:?} is no relation of times"),
    }
}

/// The order of two values, the empty one last; descending is the opposite, with the empty one first.
pub(crate) fn order(kind: &str, one: &Value, other: &Value, all: &[Linked]) -> Ordering {
    match (one.is_null(), other.is_null()) {
        (false, false) => {}
        nulls => return nulls.0.cmp(&nulls.1),
    }
    let folded = |value: &Value| match kind {
        "entity" => find(value, all).name.to_lowercase(),
        _ => text(value).to_lowercase(),
    };
    match kind {
        "text" | "list" | "status_list" | "entity" => folded(one).cmp(&folded(other)),
        _ => compare(one, other),
    }
}
