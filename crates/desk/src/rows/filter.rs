//! FPT filters to SQL conditions: groups, relations, dotted paths.
//!
//! Owns what a relation means for each data type. Text compares without case, `is_not` and `not_in` match empty values too,
//! whatever is unknown is a fault and never an empty result. Calendar relations count in UTC.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::types::Value as Sql;
use serde_json::Value;

use crate::fault::{Fault, clip};
use crate::rows::condition::Condition;
use crate::rows::filter_time::window;
use crate::rows::value::{self, Link, Target};
use crate::schema::{DataType, EntityType, Field, Kept, LinkSide, Schema};
use crate::store::fold;
use crate::store::table::{self, RETIRED, display, link_columns, quote};

/// Groups within groups. The JSON parser itself ends a little further; real sites fail somewhere above 265.
const MAX_DEPTH: usize = 50;
/// Bound values of one statement; SQLite allows 32 766.
const MAX_VALUES: usize = 30_000;
/// Types in one dotted path.
const MAX_HOPS: usize = 8;

/// A `FROM` clause in the making: one table and the links joined to it.
pub(crate) struct Scope {
    /// Alias of the table the rows come from.
    pub(crate) alias: String,
    /// `LEFT JOIN` clauses.
    pub(crate) joins: String,
    known: BTreeMap<(String, String, String), String>,
}

/// What a dotted path leads to.
pub(crate) enum Place<'a> {
    /// A field of a row reached over single links.
    Field { alias: String, entity: &'a EntityType, field: &'a Field },
    /// On the way there is a multi-entity field; `rest` is the path from its target type.
    Many { alias: String, entity: &'a EntityType, field: &'a Field, target: &'a EntityType, rest: String },
}

/// Builds the SQL of one statement and gathers its bound values.
pub(crate) struct Builder<'a> {
    schema: &'a Schema,
    call: &'a str,
    now: Timestamp,
    aliases: usize,
    /// Bound values, in the order of their `?`.
    pub(crate) params: Vec<Sql>,
}

impl<'a> Builder<'a> {
    /// `call` is the api3 method, for fault texts; `now` is what relative times count from.
    pub(crate) fn new(schema: &'a Schema, call: &'a str, now: Timestamp) -> Builder<'a> {
        Builder { schema, call, now, aliases: 0, params: Vec::new() }
    }

    /// A fresh scope.
    pub(crate) fn scope(&mut self) -> Scope {
        Scope { alias: self.alias(), joins: String::new(), known: BTreeMap::new() }
    }

    fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("t{}", self.aliases)
    }

    /// Follows a path from a scope's own table, joining what it passes.
    pub(crate) fn resolve(
        &mut self,
        scope: &mut Scope,
        entity: &'a EntityType,
        path: &str,
    ) -> Result<Place<'a>, Fault> {
        let unknown = || Fault::unknown_field(self.call, &entity.name, path);
        let mut segments = path.split('.');
        let mut at = (scope.alias.clone(), entity);
        for _ in 0..MAX_HOPS {
            let field = segments.next().and_then(|name| at.1.field(name)).ok_or_else(unknown)?;
            let Some(type_name) = segments.next() else {
                return Ok(Place::Field { alias: at.0, entity: at.1, field });
            };
            let target = self.schema.entity(type_name).filter(|_| field.to.iter().any(|to| to == type_name));
            let target = target.ok_or_else(unknown)?;
            if field.data_type.kept() == Kept::Links {
                let rest: Vec<&str> = segments.collect();
                return Ok(Place::Many { alias: at.0, entity: at.1, field, target, rest: rest.join(".") });
            }
            let alias = self.join(scope, &at.0, field, target);
            at = (alias, target);
        }
        Err(unknown())
    }

    fn join(&mut self, scope: &mut Scope, from: &str, field: &Field, target: &EntityType) -> String {
        let key = (from.to_owned(), field.name.clone(), target.name.clone());
        if let Some(alias) = scope.known.get(&key) {
            return alias.clone();
        }
        let alias = self.alias();
        let (kind, id) = link_columns(from, field);
        scope.joins.push_str(&format!(
            " LEFT JOIN {} {alias} ON {kind} = '{}' AND {id} = {alias}.id",
            quote(&target.name),
            target.name
        ));
        scope.known.insert(key, alias.clone());
        alias
    }

    /// A filter group, `{"logical_operator", "conditions"}`, as one condition.
    pub(crate) fn group(
        &mut self,
        scope: &mut Scope,
        entity: &'a EntityType,
        group: &Value,
        depth: usize,
    ) -> Result<String, Fault> {
        if depth > MAX_DEPTH {
            return Err(self.fault(format!("filters are nested more than {MAX_DEPTH} deep")));
        }
        let operator = match group.get("logical_operator").and_then(Value::as_str) {
            Some("and" | "all") => "AND",
            Some("or" | "any") => "OR",
            _ => return Err(self.fault("a filter group needs a 'logical_operator' of 'and' or 'or'")),
        };
        let Some(Value::Array(items)) = group.get("conditions") else {
            return Err(self.fault("a filter group needs a list of 'conditions'"));
        };
        let mut conditions = Vec::with_capacity(items.len());
        for item in items {
            conditions.push(if item.get("conditions").is_some() {
                self.group(scope, entity, item, depth + 1)?
            } else {
                self.condition(scope, entity, item)?
            });
        }
        Ok(balanced(&conditions, operator))
    }

    fn condition(
        &mut self,
        scope: &mut Scope,
        entity: &'a EntityType,
        condition: &Value,
    ) -> Result<String, Fault> {
        let path = condition.get("path").and_then(Value::as_str);
        let relation = condition.get("relation").and_then(Value::as_str);
        let values = condition.get("values").and_then(Value::as_array);
        let (Some(path), Some(relation), Some(values)) = (path, relation, values) else {
            return Err(self.fault(format!(
                "a condition needs 'path', 'relation' and a list of 'values': {}",
                clip(&condition.to_string())
            )));
        };
        if self.params.len() + values.len() > MAX_VALUES {
            return Err(self.fault(format!("filters hold more than {MAX_VALUES} values")));
        }
        self.relate(scope, entity, path, relation, values)
    }

    fn relate(
        &mut self,
        scope: &mut Scope,
        entity: &'a EntityType,
        path: &str,
        relation: &str,
        values: &[Value],
    ) -> Result<String, Fault> {
        match self.resolve(scope, entity, path)? {
            Place::Field { alias, entity, field } => {
                let condition =
                    Condition { target: Target { call: self.call, entity, field }, relation, values };
                self.compare(&alias, condition)
            }
            Place::Many { alias, entity, field, target, rest } => {
                let mut inner = self.scope();
                let condition = self.relate(&mut inner, target, &rest, relation, values)?;
                let links = links_of(&format!("{alias}.id"), entity, field);
                let many = self.alias();
                Ok(format!(
                    "EXISTS (SELECT 1 FROM ({links}) {many} JOIN {} {here} ON {here}.id = {many}.i{joins} \
                     WHERE {many}.t = '{}' AND {here}.{RETIRED} = 0 AND {condition})",
                    quote(&target.name),
                    target.name,
                    here = inner.alias,
                    joins = inner.joins,
                ))
            }
        }
    }

    fn compare(&mut self, alias: &str, condition: Condition<'_>) -> Result<String, Fault> {
        let field = condition.target.field;
        let value = table::value(alias, condition.target.entity, field);
        match field.data_type {
            DataType::Text
            | DataType::Calculated
            | DataType::Color
            | DataType::EntityType
            | DataType::Footage
            | DataType::SystemTaskType
            | DataType::Uuid => self.text(&value, condition),
            DataType::List | DataType::StatusList => match condition.relation {
                "is" | "is_not" | "in" | "not_in" => self.text(&value, condition),
                _ => Err(condition.unsupported()),
            },
            DataType::Number
            | DataType::Duration
            | DataType::Percent
            | DataType::Timecode
            | DataType::Float
            | DataType::Currency => self.ordered(&value, condition),
            DataType::Date | DataType::DateTime => {
                match window(condition.target, condition.relation, condition.values, self.now)? {
                    Some((within, from, until)) => {
                        self.params.push(Sql::Text(from));
                        self.params.push(Sql::Text(until));
                        let inside = format!("{value} >= ? AND {value} < ?");
                        Ok(if within {
                            format!("({inside})")
                        } else {
                            format!("NOT COALESCE(({inside}), 0)")
                        })
                    }
                    None => self.ordered(&value, condition),
                }
            }
            DataType::Checkbox => match condition.relation {
                "is" | "is_not" => self.ordered(&value, condition),
                _ => Err(condition.unsupported()),
            },
            DataType::Image => match (condition.relation, condition.values) {
                ("is", [Value::Null]) => Ok(format!("{value} IS NULL")),
                ("is_not", [Value::Null]) => Ok(format!("{value} IS NOT NULL")),
                _ => Err(condition.unsupported()),
            },
            DataType::Entity => self.entity(alias, condition),
            DataType::Addressing | DataType::MultiEntity => self.many(alias, condition),
            DataType::Password
            | DataType::PivotColumn
            | DataType::Serializable
            | DataType::Summary
            | DataType::TagList
            | DataType::Url => Err(condition.unsupported()),
        }
    }

    fn text(&mut self, value: &str, condition: Condition<'_>) -> Result<String, Fault> {
        let is = match condition.relation {
            "is" | "is_not" => {
                let mut parts = Vec::new();
                for operand in condition.one()? {
                    parts.push(self.text_is(value, condition.target, operand)?);
                }
                parts.concat()
            }
            "in" | "not_in" => {
                let mut parts = Vec::with_capacity(condition.values.len());
                for operand in condition.values {
                    parts.push(self.text_is(value, condition.target, operand)?);
                }
                balanced_or_never(&parts)
            }
            "contains" | "not_contains" | "starts_with" | "ends_with" => {
                let [Value::String(operand)] = condition.values else {
                    return Err(condition.needs("one text"));
                };
                let operand = fold(operand.trim());
                let length = operand.chars().count();
                self.params.push(Sql::Text(operand));
                match condition.relation {
                    "starts_with" => format!("substr(fold({value}), 1, {length}) = ?"),
                    "ends_with" if length > 0 => format!("substr(fold({value}), -{length}) = ?"),
                    _ => format!("instr(fold({value}), ?) > 0"),
                }
            }
            _ => return Err(condition.unsupported()),
        };
        Ok(condition.signed(&is))
    }

    fn text_is(&mut self, value: &str, target: Target<'_>, operand: &Value) -> Result<String, Fault> {
        let operand = if operand.is_null() { Sql::Null } else { value::scalar(target, operand)? };
        let Sql::Text(operand) = operand else {
            return Ok(format!("{value} IS NULL"));
        };
        // SQLite's own NOCASE can use an index and is the same for ASCII; only the rest needs our folding.
        if operand.is_ascii() {
            self.params.push(Sql::Text(operand));
            Ok(format!("{value} = ? COLLATE NOCASE"))
        } else {
            self.params.push(Sql::Text(fold(&operand)));
            Ok(format!("fold({value}) = ?"))
        }
    }

    fn ordered(&mut self, value: &str, condition: Condition<'_>) -> Result<String, Fault> {
        let checkbox = condition.target.field.data_type == DataType::Checkbox;
        let is = match condition.relation {
            "is" | "is_not" => {
                let mut parts = Vec::new();
                for operand in condition.one()? {
                    parts.push(self.ordered_is(value, condition.target, operand)?);
                }
                parts.concat()
            }
            "in" | "not_in" if !checkbox => {
                let mut parts = Vec::with_capacity(condition.values.len());
                for operand in condition.values {
                    parts.push(self.ordered_is(value, condition.target, operand)?);
                }
                balanced_or_never(&parts)
            }
            "less_than" | "greater_than" if !checkbox => {
                let [operand] = condition.values else { return Err(condition.needs("one value")) };
                let operand = value::scalar(condition.target, operand)?;
                self.params.push(operand);
                format!("{value} {} ?", if condition.relation == "less_than" { '<' } else { '>' })
            }
            "between" | "not_between" if !checkbox => {
                let [low, high] = condition.values else { return Err(condition.needs("two values")) };
                let (low, high) =
                    (value::scalar(condition.target, low)?, value::scalar(condition.target, high)?);
                self.params.extend([low, high]);
                format!("{value} BETWEEN ? AND ?")
            }
            _ => return Err(condition.unsupported()),
        };
        Ok(condition.signed(&is))
    }

    fn ordered_is(&mut self, value: &str, target: Target<'_>, operand: &Value) -> Result<String, Fault> {
        if operand.is_null() {
            return Ok(format!("{value} IS NULL"));
        }
        self.params.push(value::scalar(target, operand)?);
        Ok(format!("{value} = ?"))
    }

    fn entity(&mut self, alias: &str, condition: Condition<'_>) -> Result<String, Fault> {
        let (kind, id) = link_columns(alias, condition.target.field);
        let is = match condition.relation {
            "is" | "is_not" | "in" | "not_in" => {
                let operands =
                    if condition.relation.ends_with("in") { condition.values } else { condition.one()? };
                let mut parts = Vec::with_capacity(operands.len());
                for operand in operands {
                    parts.push(match operand {
                        Value::Null => format!("{id} IS NULL"),
                        hash => self.link_is(&kind, &id, value::link(condition.target, hash)?),
                    });
                }
                balanced_or_never(&parts)
            }
            "type_is" | "type_is_not" => self.type_is(&kind, condition)?,
            "name_is" | "name_contains" | "name_not_contains" => self.name_is(&kind, &id, condition)?,
            _ => return Err(condition.unsupported()),
        };
        Ok(condition.signed(&is))
    }

    fn many(&mut self, alias: &str, condition: Condition<'_>) -> Result<String, Fault> {
        let links = links_of(&format!("{alias}.id"), condition.target.entity, condition.target.field);
        let many = self.alias();
        let (kind, id) = (format!("{many}.t"), format!("{many}.i"));
        let is = match condition.relation {
            "is" | "is_not" | "in" | "not_in" => {
                let operands =
                    if condition.relation.ends_with("in") { condition.values } else { condition.one()? };
                let mut parts = Vec::with_capacity(operands.len());
                for operand in operands {
                    parts.push(match operand {
                        Value::Null => format!("NOT EXISTS ({links})"),
                        hash => {
                            let link = self.link_is(&kind, &id, value::link(condition.target, hash)?);
                            format!("EXISTS (SELECT 1 FROM ({links}) {many} WHERE {link})")
                        }
                    });
                }
                balanced_or_never(&parts)
            }
            "type_is" | "type_is_not" => {
                let test = self.type_is(&kind, condition)?;
                format!("EXISTS (SELECT 1 FROM ({links}) {many} WHERE {test})")
            }
            "name_is" | "name_contains" | "name_not_contains" => {
                let test = self.name_is(&kind, &id, condition)?;
                format!("EXISTS (SELECT 1 FROM ({links}) {many} WHERE {test})")
            }
            _ => return Err(condition.unsupported()),
        };
        Ok(if condition.negative() { format!("NOT ({is})") } else { format!("({is})") })
    }

    fn link_is(&mut self, kind: &str, id: &str, link: Link) -> String {
        self.params.extend([Sql::Text(link.0), Sql::Integer(link.1)]);
        format!("({kind} = ? AND {id} = ?)")
    }

    fn type_is(&mut self, kind: &str, condition: Condition<'_>) -> Result<String, Fault> {
        let [Value::String(name)] = condition.values else { return Err(condition.needs("one entity type")) };
        self.params.push(Sql::Text(name.clone()));
        Ok(format!("{kind} = ?"))
    }

    fn name_is(&mut self, kind: &str, id: &str, condition: Condition<'_>) -> Result<String, Fault> {
        let [Value::String(name)] = condition.values else { return Err(condition.needs("one text")) };
        let name = fold(name.trim());
        let mut parts = Vec::new();
        for target in condition.target.field.to.iter().filter_map(|to| self.schema.entity(to)) {
            let row = self.alias();
            let shown = display(&row, target);
            let test = if condition.relation == "name_is" {
                format!("fold({shown}) = ?")
            } else {
                format!("instr(fold({shown}), ?) > 0")
            };
            self.params.push(Sql::Text(name.clone()));
            parts.push(format!(
                "({kind} = '{}' AND EXISTS (SELECT 1 FROM {} {row} WHERE {row}.id = {id} AND {test}))",
                target.name,
                quote(&target.name)
            ));
        }
        Ok(balanced_or_never(&parts))
    }

    fn fault(&self, reason: impl std::fmt::Display) -> Fault {
        Fault::request(format!("API {}() {reason}", self.call))
    }
}

/// `SELECT` of a multi-entity field's links as `t`, `i`, `p`: type, id, order.
/// `id` is the SQL of the owning row's id.
pub(crate) fn links_of(id: &str, entity: &EntityType, field: &Field) -> String {
    match &field.side {
        LinkSide::Own => format!(
            "SELECT target_type AS t, target_id AS i, position AS p FROM desk_link \
             WHERE owner_type = '{}' AND owner_id = {id} AND field = '{}'",
            entity.name, field.name
        ),
        LinkSide::OtherMulti { type_name, field } => format!(
            "SELECT owner_type AS t, owner_id AS i, owner_id AS p FROM desk_link \
             WHERE target_type = '{}' AND target_id = {id} AND owner_type = '{type_name}' AND field = '{field}'",
            entity.name
        ),
        LinkSide::OtherEntity { type_name, field } => format!(
            "SELECT '{type_name}' AS t, id AS i, id AS p FROM \"{type_name}\" \
             WHERE \"{field}__type\" = '{}' AND \"{field}__id\" = {id} AND {RETIRED} = 0",
            entity.name
        ),
    }
}

/// Joins conditions as a balanced tree: SQLite refuses expressions more than 1000 deep.
fn balanced(conditions: &[String], operator: &str) -> String {
    match conditions {
        [] => "1".to_owned(),
        [only] => only.clone(),
        many => {
            let (left, right) = many.split_at(many.len() / 2);
            format!("({} {operator} {})", balanced(left, operator), balanced(right, operator))
        }
    }
}

fn balanced_or_never(conditions: &[String]) -> String {
    if conditions.is_empty() { "0".to_owned() } else { balanced(conditions, "OR") }
}
