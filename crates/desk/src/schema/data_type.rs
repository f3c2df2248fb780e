//! FPT's data types: their names, what each is kept as, and which of them a client may add fields of.
//!
//! Every type the official client documents is here, with those that a site's schema shows besides. What a value of a type may be is
//! in `rows::value`, what a filter does with it in `rows::filter`.

use serde::Deserialize;

/// FPT's data types as the desk knows them. A query field of the web page is `summary` on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DataType {
    Addressing,
    Calculated,
    Checkbox,
    Color,
    Currency,
    Date,
    DateTime,
    Duration,
    Entity,
    EntityType,
    Float,
    Footage,
    Image,
    List,
    MultiEntity,
    Number,
    Password,
    Percent,
    PivotColumn,
    Serializable,
    StatusList,
    Summary,
    SystemTaskType,
    TagList,
    Text,
    Timecode,
    Url,
    Uuid,
}

/// What a type's values are kept as, and with that how they compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Whole numbers; a checkbox is 0 or 1.
    Integer,
    Real,
    /// Text: also dates and times, whose spelling sorts as they do.
    Text,
    /// JSON as text: never compared as a whole.
    Json,
    /// One link.
    Link,
    /// A list of links, in a table of its own.
    Links,
}

impl DataType {
    pub(crate) const ALL: [DataType; 28] = [
        DataType::Addressing,
        DataType::Calculated,
        DataType::Checkbox,
        DataType::Color,
        DataType::Currency,
        DataType::Date,
        DataType::DateTime,
        DataType::Duration,
        DataType::Entity,
        DataType::EntityType,
        DataType::Float,
        DataType::Footage,
        DataType::Image,
        DataType::List,
        DataType::MultiEntity,
        DataType::Number,
        DataType::Password,
        DataType::Percent,
        DataType::PivotColumn,
        DataType::Serializable,
        DataType::StatusList,
        DataType::Summary,
        DataType::SystemTaskType,
        DataType::TagList,
        DataType::Text,
        DataType::Timecode,
        DataType::Url,
        DataType::Uuid,
    ];

    /// The name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            DataType::Addressing => "addressing",
            DataType::Calculated => "calculated",
            DataType::Checkbox => "checkbox",
            DataType::Color => "color",
            DataType::Currency => "currency",
            DataType::Date => "date",
            DataType::DateTime => "date_time",
            DataType::Duration => "duration",
            DataType::Entity => "entity",
            DataType::EntityType => "entity_type",
            DataType::Float => "float",
            DataType::Footage => "footage",
            DataType::Image => "image",
            DataType::List => "list",
            DataType::MultiEntity => "multi_entity",
            DataType::Number => "number",
            DataType::Password => "password",
            DataType::Percent => "percent",
            DataType::PivotColumn => "pivot_column",
            DataType::Serializable => "serializable",
            DataType::StatusList => "status_list",
            DataType::Summary => "summary",
            DataType::SystemTaskType => "system_task_type",
            DataType::TagList => "tag_list",
            DataType::Text => "text",
            DataType::Timecode => "timecode",
            DataType::Url => "url",
            DataType::Uuid => "uuid",
        }
    }

    /// The type of that name.
    pub(crate) fn named(name: &str) -> Option<DataType> {
        DataType::ALL.into_iter().find(|known| known.name() == name)
    }

    pub(crate) fn kept(self) -> Kept {
        match self {
            DataType::Checkbox
            | DataType::Duration
            | DataType::Number
            | DataType::Percent
            | DataType::Summary
            | DataType::Timecode => Kept::Integer,
            DataType::Currency | DataType::Float => Kept::Real,
            DataType::Serializable | DataType::TagList | DataType::Url => Kept::Json,
            DataType::Entity => Kept::Link,
            DataType::Addressing | DataType::MultiEntity => Kept::Links,
            _ => Kept::Text,
        }
    }

    /// Whether the field is a link or a list of links, and so has types it may point to.
    pub(crate) fn links(self) -> bool {
        matches!(self.kept(), Kept::Link | Kept::Links)
    }

    /// Whether the field's values come from a list of valid ones.
    pub(crate) fn listed(self) -> bool {
        matches!(self, DataType::List | DataType::StatusList)
    }

    /// Whether the server alone makes the values, whatever the field's own access is.
    pub(crate) fn read_only(self) -> bool {
        matches!(self, DataType::Calculated | DataType::PivotColumn | DataType::Summary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_name() {
        for data_type in DataType::ALL {
            assert_eq!(DataType::named(data_type.name()), Some(data_type));
        }
        assert_eq!(DataType::named("magic"), None);
    }
}
