//! One condition of a filter, before it is SQL: what it needs, whether it denies, what its refusal says.

use serde_json::Value;

use crate::fault::{Fault, clip};
use crate::rows::value::Target;

/// One condition on one field.
#[derive(Clone, Copy)]
pub(crate) struct Condition<'c> {
    pub(crate) target: Target<'c>,
    pub(crate) relation: &'c str,
    pub(crate) values: &'c [Value],
}

impl<'c> Condition<'c> {
    pub(crate) fn negative(&self) -> bool {
        self.relation.ends_with("_not")
            || self.relation.starts_with("not_")
            || self.relation.contains("_not_")
    }

    /// The test itself, or for a negative relation its opposite, which empty values pass.
    pub(crate) fn signed(&self, test: &str) -> String {
        // A comparison with an empty value is neither true nor false in SQL.
        if self.negative() { format!("NOT COALESCE(({test}), 0)") } else { format!("({test})") }
    }

    /// The single operand of `is` and `is_not`.
    pub(crate) fn one(&self) -> Result<&'c [Value], Fault> {
        if self.values.len() == 1 { Ok(self.values) } else { Err(self.needs("one value")) }
    }

    pub(crate) fn needs(&self, what: &str) -> Fault {
        Fault::request(format!(
            "API {}() {}.{} '{}' needs {what}, got {}",
            self.target.call,
            self.target.entity.name,
            self.target.field.name,
            clip(self.relation),
            clip(&Value::from(self.values).to_string())
        ))
    }

    pub(crate) fn unsupported(&self) -> Fault {
        Fault::request(format!(
            "API {}() {}.{} is a {} field and does not support the relation '{}' with the given value",
            self.target.call,
            self.target.entity.name,
            self.target.field.name,
            self.target.field.data_type.name(),
            clip(self.relation)
        ))
    }
}
