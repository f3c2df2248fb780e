//! Conditions to SQL.

use std::collections::BTreeMap;

use rusqlite::types::Value as Sql;

use crate::rows::condition::{Condition, FieldTest, Part, Scalar, Test};
use crate::rows::path::{Hop, Path};
use crate::schema::{DataType, Field, Kept};
use crate::store::sqlite::scope::{Place, Scope, Statement, links_by, links_of};
use crate::store::sqlite::table::{RETIRED, link_columns, quote};

impl<'a> Statement<'a> {
    /// The SQL of a condition on the scope's rows; joins what it needs.
    pub(crate) fn condition(&mut self, scope: &mut Scope, condition: &Condition<'a>) -> String {
        match condition {
            Condition::All(parts) => self.group(scope, parts, "AND"),
            Condition::Any(parts) => self.group(scope, parts, "OR"),
            Condition::Field(test) => {
                let FieldTest { path, test, negated } = test;
                self.along(scope, &path.hops, path, test, *negated)
            }
            Condition::Newest { link, by, within } => self.newest(scope, link, by, within),
        }
    }

    fn group(&mut self, scope: &mut Scope, parts: &[Condition<'a>], operator: &str) -> String {
        let parts: Vec<String> = parts.iter().map(|part| self.condition(scope, part)).collect();
        balanced(&parts, operator).unwrap_or_else(|| "1".to_owned())
    }

    /// The test at the end of what is left of a path. A list of links opens a scope of its own.
    fn along(
        &mut self,
        scope: &mut Scope,
        hops: &[Hop<'a>],
        path: &Path<'a>,
        test: &Test,
        negated: bool,
    ) -> String {
        let Some(at) = hops.iter().position(Hop::many) else {
            let end = Path { hops: hops.to_vec(), ..path.clone() };
            let place = self.place(scope, &end);
            return self.test(&place, test, negated);
        };
        let (many, rest) = (&hops[at], &hops[at + 1..]);
        let owner = self.walk(scope, &hops[..at]);
        // All owners of such links at once: where few rows are at the other end, they lead straight to the few that are looked for.
        let links = links_by("IS NOT NULL", many.entity, many.field, &many.side());
        let mut inner = self.scope();
        let condition = self.along(&mut inner, rest, path, test, negated);
        let link = self.alias();
        format!(
            "{owner}.id IN (SELECT {link}.o FROM ({links}) {link} JOIN {} {here} ON {here}.id = {link}.i{joins} \
             WHERE {link}.t = '{}' AND +{here}.{RETIRED} = 0 AND {condition})",
            quote(&many.target.name),
            many.target.name,
            here = inner.alias,
            joins = inner.joins,
        )
    }

    fn test(&mut self, place: &Place<'a>, test: &Test, negated: bool) -> String {
        let sql = match place.field.data_type.kept() {
            Kept::Link => {
                let (kind, id) = place.link();
                match test {
                    Test::Linked { links, empty } => {
                        let mut parts = self.linked(&kind, &id, links);
                        parts.extend(empty.then(|| format!("{id} IS NULL")));
                        either(&parts)
                    }
                    other => self.link(place.field, &kind, &id, other),
                }
            }
            Kept::Links => self.links(place, test),
            _ if place.field.data_type == DataType::TagList => self.tags(&place.value(), test),
            _ => self.scalar(&place.value(), test),
        };
        // A comparison with an empty value is neither true nor false in SQL.
        if negated { format!("NOT COALESCE({sql}, 0)") } else { format!("({sql})") }
    }

    fn scalar(&mut self, value: &str, test: &Test) -> String {
        match test {
            Test::OneOf { values, empty, folded } => {
                let mut parts = self.one_of(value, values, *folded);
                parts.extend(empty.then(|| format!("{value} IS NULL")));
                either(&parts)
            }
            Test::Holds { part, text } => self.holds(value, *part, text),
            Test::Below(limit) => {
                self.bind(limit);
                format!("{value} < ?")
            }
            Test::Above(limit) => {
                self.bind(limit);
                format!("{value} > ?")
            }
            Test::Between(low, high) => {
                self.bind(low);
                self.bind(high);
                format!("{value} BETWEEN ? AND ?")
            }
            Test::Within(from, until) => {
                self.bind(from);
                self.bind(until);
                format!("({value} >= ? AND {value} < ?)")
            }
            Test::Linked { .. } | Test::LinkedType(_) | Test::LinkedName { .. } | Test::Never => {
                "0".to_owned()
            }
        }
    }

    /// SQLite's own NOCASE can use an index and is the same for ASCII; only the rest needs our folding.
    fn one_of(&mut self, value: &str, values: &[Scalar], folded: bool) -> Vec<String> {
        let plain = |value: &&Scalar| matches!(value, Scalar::Text(text) if text.is_ascii());
        let mut parts = Vec::new();
        if !folded {
            parts.extend(self.among(value, values.iter().collect()));
            return parts;
        }
        parts.extend(self.among(&format!("{value} COLLATE NOCASE"), values.iter().filter(plain).collect()));
        let rest = values.iter().filter(|value| !plain(value)).collect();
        parts.extend(self.among(&format!("fold({value})"), rest));
        parts
    }

    fn among(&mut self, value: &str, values: Vec<&Scalar>) -> Option<String> {
        for value in &values {
            self.bind(value);
        }
        match values.len() {
            0 => None,
            1 => Some(format!("{value} = ?")),
            many => Some(format!("{value} IN ({})", marks(many))),
        }
    }

    fn holds(&mut self, value: &str, part: Part, text: &str) -> String {
        let length = text.chars().count();
        self.bind_text(text);
        match part {
            Part::Whole => format!("fold({value}) = ?"),
            Part::Start => format!("substr(fold({value}), 1, {length}) = ?"),
            Part::End if length > 0 => format!("substr(fold({value}), -{length}) = ?"),
            Part::End | Part::Anywhere => format!("instr(fold({value}), ?) > 0"),
        }
    }

    /// The names of a tag list are JSON; an empty list is null.
    fn tags(&mut self, value: &str, test: &Test) -> String {
        let tag = self.alias();
        let one = match test {
            Test::OneOf { values, empty, folded } => {
                let parts = self.one_of(&format!("{tag}.value"), values, *folded);
                let mut parts: Vec<String> = parts.iter().map(|one| any_tag(value, &tag, one)).collect();
                parts.extend(empty.then(|| format!("{value} IS NULL")));
                return either(&parts);
            }
            Test::Holds { part, text } => self.holds(&format!("{tag}.value"), *part, text),
            _ => return "0".to_owned(),
        };
        any_tag(value, &tag, &one)
    }

    fn links(&mut self, place: &Place<'a>, test: &Test) -> String {
        let link = self.alias();
        let (kind, id) = (format!("{link}.t"), format!("{link}.i"));
        let live = self.live(place.field, &kind, &id);
        let links_here = links_of(&format!("= {}.id", place.alias), place.entity, place.field);
        let any =
            |test: &str| format!("EXISTS (SELECT 1 FROM ({links_here}) {link} WHERE {live} AND {test})");
        match test {
            Test::Linked { links, empty } => {
                // From the linked rows, which are few, to the ones that link to them, which the index of links knows.
                let all = links_of("IS NOT NULL", place.entity, place.field);
                let mut parts = self.linked(&kind, &id, links);
                for part in &mut parts {
                    *part = format!(
                        "{}.id IN (SELECT {link}.o FROM ({all}) {link} WHERE {part} AND {live})",
                        place.alias
                    );
                }
                parts.extend(empty.then(|| format!("NOT {}", any("1"))));
                either(&parts)
            }
            Test::LinkedType(None) => format!("NOT {}", any("1")),
            other => {
                let test = self.link(place.field, &kind, &id, other);
                any(&test)
            }
        }
    }

    /// One test for each type.
    fn linked(&mut self, kind: &str, id: &str, links: &[(String, i64)]) -> Vec<String> {
        let mut by_type: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for (type_name, row) in links {
            by_type.entry(type_name).or_default().push(*row);
        }
        let mut parts = Vec::with_capacity(by_type.len());
        for (type_name, rows) in by_type {
            self.bind_text(type_name);
            parts.push(format!("({kind} = ? AND {id} IN ({}))", marks(rows.len())));
            self.params.extend(rows.into_iter().map(Sql::Integer));
        }
        parts
    }

    /// The tests of a link that ask for its type or its row's name.
    fn link(&mut self, field: &'a Field, kind: &str, id: &str, test: &Test) -> String {
        match test {
            Test::LinkedType(Some(name)) => {
                self.bind_text(name);
                format!("{kind} = ?")
            }
            Test::LinkedType(None) => format!("{id} IS NULL"),
            Test::LinkedName { part, text } => {
                let name = self.name(field, kind, id);
                self.holds(&format!("({name})"), *part, text)
            }
            _ => "0".to_owned(),
        }
    }

    fn newest(&mut self, scope: &mut Scope, link: &Field, by: &[Path<'a>], within: &Condition<'a>) -> String {
        // The paths begin at rows of one type: the row in question, and every one that it is compared with.
        let Some(entity) = by.first().map(|path| path.hops.first().map_or(path.entity, |hop| hop.entity))
        else {
            return "1".to_owned();
        };
        let mut other = self.scope();
        let mut keys = [Vec::new(), Vec::new()];
        for (scope, keys) in [&mut *scope, &mut other].into_iter().zip(&mut keys) {
            for path in by {
                // Every value is larger than none.
                let lowest = if path.field.data_type.kept() == Kept::Text { "''" } else { "-9e18" };
                keys.push(format!("COALESCE({}, {lowest})", self.place(scope, path).value()));
            }
            keys.push(format!("{}.id", scope.alias));
        }
        let within = self.condition(&mut other, within);
        let (here, there) = (&scope.alias, &other.alias);
        let ((kind, id), (other_kind, other_id)) = (link_columns(here, link), link_columns(there, link));
        format!(
            "({id} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {} {there}{} WHERE {other_kind} = {kind} AND {other_id} = {id} \
             AND {there}.{RETIRED} = {here}.{RETIRED} AND {within} AND ({}) > ({})))",
            quote(&entity.name),
            other.joins,
            keys[1].join(", "),
            keys[0].join(", "),
        )
    }
}

fn any_tag(value: &str, tag: &str, test: &str) -> String {
    format!("EXISTS (SELECT 1 FROM json_each(COALESCE({value}, '[]')) {tag} WHERE {test})")
}

fn marks(count: usize) -> String {
    let mut marks = "?,".repeat(count);
    marks.pop();
    marks
}

fn either(parts: &[String]) -> String {
    balanced(parts, "OR").unwrap_or_else(|| "0".to_owned())
}

/// Joins conditions as a balanced tree: SQLite refuses expressions more than 1000 deep.
fn balanced(conditions: &[String], operator: &str) -> Option<String> {
    match conditions {
        [] => None,
        [only] => Some(only.clone()),
        many => {
            let (left, right) = many.split_at(many.len() / 2);
            Some(format!("({} {operator} {})", balanced(left, operator)?, balanced(right, operator)?))
        }
    }
}
