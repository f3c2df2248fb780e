//! Which relations a filter may use on which data type, as FPT's documentation lists them.

use crate::schema::DataType;

const TEXT: &[&str] =
    &["contains", "not_contains", "is", "is_not", "starts_with", "ends_with", "in", "not_in"];
const CHOICE: &[&str] = &["is", "is_not", "in", "not_in"];
const NUMBER: &[&str] = &["is", "is_not", "less_than", "greater_than", "between", "in", "not_in"];
const NUMBER_NOT_BETWEEN: &[&str] =
    &["is", "is_not", "less_than", "greater_than", "between", "not_between", "in", "not_in"];
const TIME: &[&str] = &[
    "is",
    "is_not",
    "greater_than",
    "less_than",
    "in_last",
    "not_in_last",
    "in_next",
    "not_in_next",
    "in_calendar_day",
    "in_calendar_week",
    "in_calendar_month",
    "in_calendar_year",
    "between",
    "in",
    "not_in",
];
const LINK: &[&str] = &[
    "is",
    "is_not",
    "name_contains",
    "name_not_contains",
    "name_is",
    "type_is",
    "type_is_not",
    "in",
    "not_in",
];
const ADDRESSING: &[&str] = &[
    "is",
    "is_not",
    "contains",
    "not_contains",
    "name_contains",
    "name_not_contains",
    "name_is",
    "name_starts_with",
    "name_ends_with",
    "type_is",
    "type_is_not",
    "in",
    "not_in",
];
const TAGS: &[&str] = &["is", "is_not", "name_contains", "name_not_contains", "name_is", "in", "not_in"];
const TWO: &[&str] = &["is", "is_not"];

/// The relations of a type; none: it cannot be filtered by.
pub(crate) fn of(data_type: DataType) -> &'static [&'static str] {
    match data_type {
        DataType::Text => TEXT,
        DataType::Color
        | DataType::EntityType
        | DataType::Footage
        | DataType::List
        | DataType::StatusList
        | DataType::SystemTaskType
        | DataType::Uuid => CHOICE,
        DataType::Currency | DataType::Number => NUMBER_NOT_BETWEEN,
        DataType::Duration | DataType::Float | DataType::Percent | DataType::Timecode => NUMBER,
        DataType::Date | DataType::DateTime => TIME,
        DataType::Entity => LINK,
        DataType::MultiEntity => LINK,
        DataType::Addressing => ADDRESSING,
        DataType::TagList => TAGS,
        DataType::Checkbox | DataType::Image => TWO,
        DataType::Calculated
        | DataType::Password
        | DataType::PivotColumn
        | DataType::Serializable
        | DataType::Summary
        | DataType::Url => &[],
    }
}

/// A relation without its negation, and whether it had one.
pub(crate) fn split(relation: &str) -> (&str, bool) {
    match relation {
        "is_not" => ("is", true),
        "type_is_not" => ("type_is", true),
        "name_not_contains" => ("name_contains", true),
        _ => relation.strip_prefix("not_").map_or((relation, false), |base| (base, true)),
    }
}

/// Whether values of the type are compared without case.
pub(crate) fn ignores_case(data_type: DataType) -> bool {
    matches!(
        data_type,
        DataType::Calculated | DataType::List | DataType::StatusList | DataType::TagList | DataType::Text
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The words between backticks.
    fn words(cell: &str) -> BTreeSet<&str> {
        cell.split('`').skip(1).step_by(2).collect()
    }

    #[test]
    fn the_document_lists_them() {
        let document = include_str!("../../../../docs/desk.md");
        let (_, table) = document.split_once("### Filter operators").unwrap();
        // Up to the next heading: other tables follow.
        let table = table.split("\n### ").next().unwrap();
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
        let mut seen = 0;
        for (types, relations) in rows.filter_map(|row| row.split_once(" | ")) {
            for name in words(&format!("`{types}")) {
                let data_type: DataType = serde_json::from_value(name.into()).unwrap();
                assert_eq!(words(relations), of(data_type).iter().copied().collect(), "{name}");
                seen += 1;
            }
        }
        assert_eq!(seen, 28, "every data type");
    }
}
