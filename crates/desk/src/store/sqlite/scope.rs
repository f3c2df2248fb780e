//! A statement in the making: aliases, joins along paths, bound values.

use std::collections::BTreeMap;

use rusqlite::types::Value as Sql;

use crate::rows::condition::Scalar;
use crate::rows::path::{Hop, Path};
use crate::rows::relation;
use crate::schema::{DataType, EntityType, Field, LinkSide, Schema, Through};
use crate::store::sqlite::table::{self, RETIRED, display, link_columns, quote};

/// Gathers what one statement binds, and hands out aliases. Values are bound in the order in which their SQL is made, so whoever makes SQL
/// puts it down in that order too.
pub(crate) struct Statement<'a> {
    pub(crate) schema: &'a Schema,
    /// Bound values, in the order of their `?`.
    pub(crate) params: Vec<Sql>,
    aliases: usize,
}

/// A `FROM` clause in the making: one table and the links joined to it.
pub(crate) struct Scope {
    /// Alias of the table the rows come from.
    pub(crate) alias: String,
    /// `LEFT JOIN` clauses. They bind nothing.
    pub(crate) joins: String,
    known: BTreeMap<(String, String, String), String>,
}

/// A field of a row that is in scope.
pub(crate) struct Place<'a> {
    pub(crate) alias: String,
    pub(crate) entity: &'a EntityType,
    pub(crate) field: &'a Field,
    /// The row may not be there: links lead to it.
    linked: bool,
}

impl<'a> Statement<'a> {
    pub(crate) fn new(schema: &'a Schema) -> Statement<'a> {
        Statement { schema, params: Vec::new(), aliases: 0 }
    }

    /// A fresh scope.
    pub(crate) fn scope(&mut self) -> Scope {
        Scope { alias: self.alias(), joins: String::new(), known: BTreeMap::new() }
    }

    pub(crate) fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("t{}", self.aliases)
    }

    /// Binds a value.
    pub(crate) fn bind(&mut self, value: &Scalar) {
        self.params.push(match value {
            Scalar::Integer(number) => Sql::Integer(*number),
            Scalar::Real(number) => Sql::Real(*number),
            Scalar::Text(text) => Sql::Text(text.clone()),
        });
    }

    /// Binds a text.
    pub(crate) fn bind_text(&mut self, text: &str) {
        self.params.push(Sql::Text(text.to_owned()));
    }

    /// The field at the end of a path without lists of links, joining what is on the way.
    pub(crate) fn place(&mut self, scope: &mut Scope, path: &Path<'a>) -> Place<'a> {
        let alias = self.walk(scope, &path.hops);
        Place { alias, entity: path.entity, field: path.field, linked: !path.hops.is_empty() }
    }

    /// Joins the rows along single links; gives the alias of the last one.
    pub(crate) fn walk(&mut self, scope: &mut Scope, hops: &[Hop<'a>]) -> String {
        let mut alias = scope.alias.clone();
        for hop in hops {
            alias = self.join(scope, &alias, hop);
        }
        alias
    }

    fn join(&mut self, scope: &mut Scope, from: &str, hop: &Hop<'a>) -> String {
        let key = (from.to_owned(), hop.field.name.clone(), hop.target.name.clone());
        if let Some(alias) = scope.known.get(&key) {
            return alias.clone();
        }
        let alias = self.alias();
        let (kind, id) = link_columns(from, hop.field);
        scope.joins.push_str(&format!(
            " LEFT JOIN {} {alias} ON {kind} = '{}' AND {id} = {alias}.id",
            quote(&hop.target.name),
            hop.target.name
        ));
        scope.known.insert(key, alias.clone());
        alias
    }

    /// The name of the row that a link leads to, as SQL of the link's type and id; none when it leads nowhere.
    pub(crate) fn name(&mut self, field: &Field, kind: &str, id: &str) -> String {
        let mut names = String::new();
        for target in self.targets(field) {
            let row = self.alias();
            names.push_str(&format!(
                " WHEN '{}' THEN (SELECT {} FROM {} {row} WHERE {row}.id = {id})",
                target.name,
                display(&row, target),
                quote(&target.name),
            ));
        }
        format!("CASE {kind}{names} END")
    }

    /// Whether the row that a link leads to is live, as SQL of the link's type and id.
    pub(crate) fn live(&mut self, field: &Field, kind: &str, id: &str) -> String {
        let mut rows = String::new();
        for target in self.targets(field) {
            let row = self.alias();
            rows.push_str(&format!(
                " WHEN '{}' THEN (SELECT {row}.{RETIRED} FROM {} {row} WHERE {row}.id = {id})",
                target.name,
                quote(&target.name),
            ));
        }
        format!("CASE {kind}{rows} END = 0")
    }

    /// The types a link may lead to. Old links may lead to types that are disabled.
    fn targets(&self, field: &Field) -> Vec<&'a EntityType> {
        let schema = self.schema;
        field.to.iter().filter_map(|name| schema.table(name)).collect()
    }
}

impl Place<'_> {
    /// The value, of a field that is no link. A checkbox that nobody touched is unchecked.
    pub(crate) fn value(&self) -> String {
        let value = table::value(&self.alias, self.entity, self.field);
        match (self.field.data_type, self.linked) {
            (DataType::Checkbox, false) => format!("COALESCE({value}, 0)"),
            (DataType::Checkbox, true) => {
                format!("COALESCE({value}, CASE WHEN {}.id IS NOT NULL THEN 0 END)", self.alias)
            }
            _ => value,
        }
    }

    /// Type and id of a single link.
    pub(crate) fn link(&self) -> (String, String) {
        link_columns(&self.alias, self.field)
    }
}

/// What rows are ordered by.
pub(crate) fn sort_key<'a>(statement: &mut Statement<'a>, place: &Place<'a>) -> String {
    match place.field.data_type {
        DataType::Entity => {
            let (kind, id) = place.link();
            format!("fold({})", statement.name(place.field, &kind, &id))
        }
        data_type if relation::ignores_case(data_type) => format!("fold({})", place.value()),
        _ => place.value(),
    }
}

/// `SELECT` of a multi-entity field's links as `o`, `t`, `i`, `p`: the owning row's id, type and id of the linked row, order.
/// `owners` is the SQL of what the owning row's id is compared with: `= x.id`, `IN (…)`.
pub(crate) fn links_of(owners: &str, entity: &EntityType, field: &Field) -> String {
    links_by(owners, entity, field, &field.side)
}

/// The same for links that are kept on another side than the field tells.
pub(crate) fn links_by(owners: &str, entity: &EntityType, field: &Field, side: &LinkSide) -> String {
    match side {
        LinkSide::Own => format!(
            "SELECT owner_id AS o, target_type AS t, target_id AS i, position AS p FROM desk_link \
             WHERE owner_type = '{}' AND owner_id {owners} AND field = '{}'",
            entity.name, field.name
        ),
        LinkSide::OtherMulti { type_name, field } => format!(
            "SELECT target_id AS o, owner_type AS t, owner_id AS i, owner_id AS p FROM desk_link \
             WHERE target_type = '{}' AND target_id {owners} AND owner_type = '{type_name}' AND field = '{field}'",
            entity.name
        ),
        LinkSide::Through(Through { type_name, here, there }) => format!(
            "SELECT \"{here}__id\" AS o, \"{there}__type\" AS t, \"{there}__id\" AS i, MIN(id) AS p FROM \"{type_name}\" \
             WHERE \"{here}__type\" = '{}' AND \"{here}__id\" {owners} AND \"{there}__id\" IS NOT NULL \
             AND {RETIRED} = 0 GROUP BY o, t, i",
            entity.name
        ),
        LinkSide::OtherEntity { type_name, field } => format!(
            "SELECT \"{field}__id\" AS o, '{type_name}' AS t, id AS i, id AS p FROM \"{type_name}\" \
             WHERE \"{field}__type\" = '{}' AND \"{field}__id\" {owners} AND {RETIRED} = 0",
            entity.name
        ),
    }
}
