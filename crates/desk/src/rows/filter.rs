//! Filters as both protocols send them, `{"logical_operator", "conditions"}`, to conditions.
//!
//! Owns what a relation means for each data type. Text compares without case, `is_not` and `not_in` match empty values too,
//! whatever is unknown is a fault and never an empty result. Calendar relations count in UTC.

use jiff::Timestamp;
use serde_json::Value;

use crate::fault::{Fault, clip};
use crate::rows::condition::{Condition, FieldTest, Part, Scalar, Test};
use crate::rows::filter_time;
use crate::rows::path::Path;
use crate::rows::permit;
use crate::rows::query::Context;
use crate::rows::relation;
use crate::rows::value::{self, Link, Target};
use crate::schema::{DataType, EntityType, Kept, Schema};
use crate::store::fold;

/// Groups within groups. The JSON parser itself ends a little further; real sites fail somewhere above 265.
const MAX_DEPTH: usize = 50;
/// Values of one filter; SQLite allows 32 766 in a statement.
const MAX_VALUES: usize = 30_000;

/// Reads the filters of a call on `entity`, and leaves out what its reader may not see. None, or null, is no condition.
pub(crate) fn parse<'a>(
    context: Context<'a>,
    entity: &'a EntityType,
    filters: Option<&Value>,
) -> Result<Condition<'a>, Fault> {
    let group = |filters: &Value| Parser { context, values: 0 }.group(entity, filters, 0);
    let asked = match filters {
        None | Some(Value::Null) => Condition::none(),
        Some(filters) => group(filters)?,
    };
    match permit::sight(context, entity) {
        None => Ok(asked),
        Some(sight) => Ok(Condition::All(vec![group(&sight)?, asked])),
    }
}

struct Parser<'a> {
    context: Context<'a>,
    /// How many there were so far.
    values: usize,
}

impl<'a> Parser<'a> {
    fn group(&mut self, entity: &'a EntityType, group: &Value, depth: usize) -> Result<Condition<'a>, Fault> {
        if depth > MAX_DEPTH {
            return Err(self.fault(format!("filters are nested more than {MAX_DEPTH} deep")));
        }
        let all = match group.get("logical_operator").and_then(Value::as_str) {
            Some("and" | "all") => true,
            Some("or" | "any") => false,
            _ => return Err(self.fault("a filter group needs a 'logical_operator' of 'and' or 'or'")),
        };
        let Some(Value::Array(items)) = group.get("conditions") else {
            return Err(self.fault("a filter group needs a list of 'conditions'"));
        };
        let mut conditions = Vec::with_capacity(items.len());
        for item in items {
            conditions.push(if item.get("conditions").is_some() {
                self.group(entity, item, depth + 1)?
            } else {
                self.condition(entity, item)?
            });
        }
        Ok(if all { Condition::All(conditions) } else { Condition::Any(conditions) })
    }

    fn condition(&mut self, entity: &'a EntityType, condition: &Value) -> Result<Condition<'a>, Fault> {
        let path = condition.get("path").and_then(Value::as_str);
        let relation = condition.get("relation").and_then(Value::as_str);
        let values = condition.get("values").and_then(Value::as_array);
        let (Some(path), Some(relation), Some(values)) = (path, relation, values) else {
            return Err(self.fault(format!(
                "a condition needs 'path', 'relation' and a list of 'values': {}",
                clip(&condition.to_string())
            )));
        };
        self.values += values.len();
        if self.values > MAX_VALUES {
            return Err(self.fault(format!("filters hold more than {MAX_VALUES} values")));
        }
        let path = Path::resolve(self.context.schema, self.context.call, entity, path)?;
        let asked = Asked {
            schema: self.context.schema,
            target: Target { call: self.context.call, entity: path.entity, field: path.field },
            relation,
            values,
        };
        let (base, negated) = relation::split(relation);
        asked.must_be_known()?;
        let test = asked.test(base, self.context.now)?;
        Ok(Condition::Field(FieldTest { path, test, negated }))
    }

    fn fault(&self, reason: impl std::fmt::Display) -> Fault {
        Fault::request(format!("API {}() {reason}", self.context.call))
    }
}

/// One condition as it was sent, with the field it is about.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'c> {
    pub(crate) schema: &'c Schema,
    pub(crate) target: Target<'c>,
    pub(crate) relation: &'c str,
    pub(crate) values: &'c [Value],
}

impl Asked<'_> {
    fn data_type(&self) -> DataType {
        self.target.field.data_type
    }

    fn must_be_known(&self) -> Result<(), Fault> {
        let known = relation::of(self.data_type());
        if known.contains(&self.relation) {
            return Ok(());
        }
        let field = self.target.path();
        let (call, name) = (self.target.call, self.data_type().name());
        Err(Fault::request(if known.is_empty() {
            format!("API {call}() {field}'s '{name}' data type cannot be used in a filter.")
        } else {
            format!(
                "API {call}() {field}'s '{name}' data type doesn't support '{}' 'relation'. Valid relations: {}",
                clip(self.relation),
                Value::from(known)
            )
        }))
    }

    /// The test of a relation that the type knows, without its negation.
    fn test(&self, base: &str, now: Timestamp) -> Result<Test, Fault> {
        match base {
            "is" | "in" => self.one_of(if base == "is" { self.one()? } else { self.some()? }),
            "contains" | "starts_with" | "ends_with" if self.data_type().kept() == Kept::Links => {
                // Addressing fields have words of their own for what other lists call `is`.
                self.one_of(self.one()?)
            }
            "contains" | "starts_with" | "ends_with" => {
                self.text(base, |part, text| Test::Holds { part, text })
            }
            "less_than" => Ok(self.operand(&self.one()?[0])?.map_or(Test::Never, Test::Below)),
            "greater_than" => Ok(self.operand(&self.one()?[0])?.map_or(Test::Never, Test::Above)),
            "between" => self.between(),
            "type_is" => match self.one()? {
                [Value::Null] => Ok(Test::LinkedType(None)),
                [Value::String(name)] => Ok(Test::LinkedType(Some(name.clone()))),
                _ => Err(self.needs("one entity type")),
            },
            "name_is" | "name_contains" | "name_starts_with" | "name_ends_with" => {
                let tags = self.data_type() == DataType::TagList;
                self.text(&base["name_".len()..], |part, text| {
                    if tags { Test::Holds { part, text } } else { Test::LinkedName { part, text } }
                })
            }
            _ => filter_time::window(self, base, now),
        }
    }

    fn one_of(&self, operands: &[Value]) -> Result<Test, Fault> {
        match self.data_type().kept() {
            Kept::Link | Kept::Links => {
                let (mut links, mut empty) = (Vec::with_capacity(operands.len()), false);
                for operand in operands {
                    match operand {
                        Value::Null => empty = true,
                        hash => links.push(self.link(hash)?),
                    }
                }
                Ok(Test::Linked { links, empty })
            }
            _ if self.data_type() == DataType::Image => match operands {
                [Value::Null] => Ok(Test::OneOf { values: Vec::new(), empty: true, folded: false }),
                _ => Err(self.needs("null")),
            },
            _ => {
                let (mut values, mut empty) = (Vec::with_capacity(operands.len()), false);
                let folded = relation::ignores_case(self.data_type());
                for operand in operands {
                    match self.operand(operand)? {
                        None => empty = true,
                        Some(Scalar::Text(text)) if folded => values.push(Scalar::Text(fold(&text))),
                        Some(value) => values.push(value),
                    }
                }
                Ok(Test::OneOf { values, empty, folded })
            }
        }
    }

    /// A link to any row that there can be: to which types the field points is not asked, as on real sites.
    fn link(&self, value: &Value) -> Result<Link, Fault> {
        let Value::Object(hash) = value else { return Err(self.target.expected("Hash, NilClass", value)) };
        let kind = hash.get("type").and_then(Value::as_str).filter(|kind| self.schema.table(kind).is_some());
        let id = hash.get("id").and_then(Value::as_i64);
        let missing = |what: &str| {
            Fault::request(format!(
                "API {}() invalid/missing entity hash {what}: {}",
                self.target.call,
                clip(&value.to_string())
            ))
        };
        let kind = kind.ok_or_else(|| missing("string 'type'"))?;
        Ok((kind.to_owned(), id.ok_or_else(|| missing("integer 'id'"))?))
    }

    /// The ends in either order; an end that is empty leaves nothing between.
    fn between(&self) -> Result<Test, Fault> {
        let [one, other] = self.values else { return Err(self.expects("a 2-element array")) };
        let (Some(one), Some(other)) = (self.operand(one)?, self.operand(other)?) else {
            return Ok(Test::Never);
        };
        let in_order = match (&one, &other) {
            (Scalar::Integer(one), Scalar::Integer(other)) => one <= other,
            (Scalar::Real(one), Scalar::Real(other)) => one <= other,
            (Scalar::Text(one), Scalar::Text(other)) => one <= other,
            _ => true,
        };
        Ok(if in_order { Test::Between(one, other) } else { Test::Between(other, one) })
    }

    fn text(&self, relation: &str, make: impl FnOnce(Part, String) -> Test) -> Result<Test, Fault> {
        let [Value::String(text)] = self.one()? else { return Err(self.needs("one text")) };
        let part = match relation {
            "is" => Part::Whole,
            "starts_with" => Part::Start,
            "ends_with" => Part::End,
            _ => Part::Anywhere,
        };
        Ok(make(part, fold(text.trim())))
    }

    /// A value of the field's type; none is the empty one.
    fn operand(&self, value: &Value) -> Result<Option<Scalar>, Fault> {
        match (self.data_type(), value) {
            (DataType::Checkbox, Value::Null) => Err(self.needs("true or false")),
            (DataType::Date, Value::String(text)) if text.is_empty() => Ok(None),
            (_, Value::Null) => Ok(None),
            // What is no type's name is asked for all the same, and equals none.
            (DataType::EntityType, Value::String(name)) => {
                Ok(Some(Scalar::Text(name.clone())).filter(|_| !name.is_empty()))
            }
            _ => value::scalar(self.target, value),
        }
    }

    /// The values, when there is just one.
    fn one(&self) -> Result<&[Value], Fault> {
        if self.values.len() == 1 { Ok(self.values) } else { Err(self.expects("a 1-element array")) }
    }

    fn some(&self) -> Result<&[Value], Fault> {
        if self.values.is_empty() { Err(self.expects("at least a 1-element array")) } else { Ok(self.values) }
    }

    /// FPT's text for the wrong number of values.
    pub(crate) fn expects(&self, what: &str) -> Fault {
        Fault::request(format!(
            "API {}() '{}' 'relation' expects {what}: {}",
            self.target.call,
            clip(self.relation),
            clip(&Value::from(self.values).to_string())
        ))
    }

    /// A text for values that are not what the relation compares with.
    pub(crate) fn needs(&self, what: &str) -> Fault {
        Fault::request(format!(
            "API {}() {} '{}' needs {what}, got {}",
            self.target.call,
            self.target.path(),
            clip(self.relation),
            clip(&Value::from(self.values).to_string())
        ))
    }
}
