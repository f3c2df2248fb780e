//! Conditions of a find, and their wire form. Pure.
//!
//! Only the relations our callers need; the protocol has more.

use serde_json::{Value, json};

/// A condition on the rows of one entity type. Paths are field names, dotted through single links
/// (`project.Project.name`). Text comparison on a site ignores case, also for `is`.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Every one of these holds; true when empty.
    All(Vec<Filter>),
    /// At least one of these holds.
    Any(Vec<Filter>),
    /// The field equals the value; for multi-entity fields: contains it. `Value::Null` finds empty fields.
    Is(String, Value),
    /// The field does not equal the value; empty fields match too.
    IsNot(String, Value),
    /// The text field contains this text.
    Contains(String, String),
    /// The text field begins with this text.
    StartsWith(String, String),
    /// The field equals one of the values.
    In(String, Vec<Value>),
    /// The field equals none of the values.
    NotIn(String, Vec<Value>),
    /// The number or date is above the value.
    GreaterThan(String, Value),
    /// The number or date is below the value.
    LessThan(String, Value),
}

impl Filter {
    /// [`Filter::Is`].
    pub fn is(path: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::Is(path.into(), value.into())
    }

    /// [`Filter::IsNot`].
    pub fn is_not(path: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::IsNot(path.into(), value.into())
    }

    /// [`Filter::Contains`].
    pub fn contains(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Contains(path.into(), text.into())
    }

    /// [`Filter::StartsWith`].
    pub fn starts_with(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self::StartsWith(path.into(), text.into())
    }

    /// [`Filter::In`].
    pub fn one_of<V: Into<Value>>(path: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        Self::In(path.into(), values.into_iter().map(Into::into).collect())
    }

    /// The link field points at this row: `Filter::links_to("project", "Project", 65)`.
    pub fn links_to(path: impl Into<String>, entity_type: &str, id: u64) -> Self {
        Self::Is(path.into(), json!({"type": entity_type, "id": id}))
    }

    /// The `filters` argument of `read`, which is always a group.
    pub(crate) fn to_wire(&self) -> Value {
        match self {
            Self::All(_) | Self::Any(_) => self.condition(),
            single => json!({"logical_operator": "and", "conditions": [single.condition()]}),
        }
    }

    fn condition(&self) -> Value {
        let group = |operator: &str, filters: &[Filter]| {
            let conditions: Vec<Value> = filters.iter().map(Filter::condition).collect();
            json!({"logical_operator": operator, "conditions": conditions})
        };
        let single = |path: &str, relation: &str, values: &[Value]| json!({"path": path, "relation": relation, "values": values});
        match self {
            Self::All(filters) => group("and", filters),
            Self::Any(filters) => group("or", filters),
            Self::Is(path, value) => single(path, "is", std::slice::from_ref(value)),
            Self::IsNot(path, value) => single(path, "is_not", std::slice::from_ref(value)),
            Self::Contains(path, text) => single(path, "contains", &[json!(text)]),
            Self::StartsWith(path, text) => single(path, "starts_with", &[json!(text)]),
            Self::In(path, values) => single(path, "in", values),
            Self::NotIn(path, values) => single(path, "not_in", values),
            Self::GreaterThan(path, value) => single(path, "greater_than", std::slice::from_ref(value)),
            Self::LessThan(path, value) => single(path, "less_than", std::slice::from_ref(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_condition_is_wrapped_in_a_group() {
        assert_eq!(
            Filter::is("title", "x").to_wire(),
            json!({"logical_operator": "and", "conditions": [{"path": "title", "relation": "is", "values": ["x"]}]})
        );
    }

    #[test]
    fn groups_nest_and_values_are_flat() {
        let filter = Filter::All(vec![
            Filter::links_to("project", "Project", 65),
            Filter::Any(vec![Filter::one_of("id", [1, 2]), Filter::is("title", Value::Null)]),
        ]);
        assert_eq!(
            filter.to_wire(),
            json!({"logical_operator": "and", "conditions": [
                {"path": "project", "relation": "is", "values": [{"type": "Project", "id": 65}]},
                {"logical_operator": "or", "conditions": [
                    {"path": "id", "relation": "in", "values": [1, 2]},
                    {"path": "title", "relation": "is", "values": [null]}]}]})
        );
    }
}
