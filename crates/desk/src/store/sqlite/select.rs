//! Reading rows: one statement for their ids, one for their values, one for each list of links, one for each type that links point to.
//! However many rows there are, the number of statements stays the same.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Row, params_from_iter};
use serde_json::Value;

use crate::fault::Trouble;
use crate::rows::condition::Condition;
use crate::rows::file_link;
use crate::rows::select::{Found, Named, Select, Sort, Taken};
use crate::rows::value::{Link, decode};
use crate::schema::{DataType, EntityType, Field, Kept, Schema};
use crate::store::sqlite::local_storage;
use crate::store::sqlite::scalar::taken;
use crate::store::sqlite::scope::{Place, Scope, Statement, links_of, sort_key};
use crate::store::sqlite::table::{RETIRED, display, quote};

/// The rows wanted.
pub(crate) fn rows(connection: &Connection, select: &Select<'_>) -> Result<Vec<Found>, Trouble> {
    let ids = ids(connection, select)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Statement::new(select.schema);
    let mut scope = statement.scope();
    let mut columns = vec![format!("{}.id", scope.alias)];
    let mut plans = Vec::with_capacity(select.fields.len());
    for path in &select.fields {
        let place = statement.place(&mut scope, path);
        plans.push(Plan::new(&place, &mut columns));
    }
    let sql = format!(
        "SELECT {} FROM {} {alias}{} WHERE {alias}.id IN (SELECT value FROM json_each(?1))",
        columns.join(", "),
        quote(&select.entity.name),
        scope.joins,
        alias = scope.alias,
    );
    let mut prepared = connection.prepare_cached(&sql)?;
    let mut rows = prepared.query([Value::from(ids.as_slice()).to_string()])?;
    let mut by_id = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let cells = plans.iter().map(|plan| plan.take(row)).collect::<Result<Vec<_>, _>>()?;
        by_id.insert(row.get::<_, i64>(0)?, cells);
    }
    let mut found: Vec<_> = ids.into_iter().filter_map(|id| Some((id, by_id.remove(&id)?))).collect();
    place_local_files(connection, &plans, &mut found)?;
    let lists = lists(connection, &plans, &found)?;
    let names = names(connection, select.schema, &linked(&found, &lists))?;
    Ok(found.into_iter().map(|(id, cells)| finish(id, cells, &lists, &names)).collect())
}

/// The ids of the rows wanted, in order. Apart from the rows' values: what only looks and sorts can often do with an index
/// (`table::SCANNED`), and long texts are not carried through a sort.
fn ids(connection: &Connection, select: &Select<'_>) -> Result<Vec<i64>, Trouble> {
    let mut statement = Statement::new(select.schema);
    let mut scope = statement.scope();
    let order = order(&mut statement, &mut scope, &select.sorts);
    let from = from(&mut statement, &mut scope, select.entity, &select.condition, select.retired);
    let sql = format!(
        "SELECT {}.id {from} ORDER BY {order} LIMIT {} OFFSET {}",
        scope.alias, select.limit, select.offset
    );
    let mut prepared = connection.prepare_cached(&sql)?;
    let rows = prepared.query_map(params_from_iter(statement.params), |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many rows match, whatever the page.
pub(crate) fn count(connection: &Connection, select: &Select<'_>) -> Result<i64, Trouble> {
    let mut statement = Statement::new(select.schema);
    let mut scope = statement.scope();
    let from = from(&mut statement, &mut scope, select.entity, &select.condition, select.retired);
    let mut prepared = connection.prepare_cached(&format!("SELECT COUNT(*) {from}"))?;
    Ok(prepared.query_row(params_from_iter(statement.params), |row| row.get(0))?)
}

/// `FROM … WHERE …`: to be made after everything else that joins or binds.
pub(super) fn from<'a>(
    statement: &mut Statement<'a>,
    scope: &mut Scope,
    entity: &EntityType,
    condition: &Condition<'a>,
    retired: bool,
) -> String {
    let condition = statement.condition(scope, condition);
    // Nearly all rows are live: the `+` keeps away from indexes that begin with this column.
    let whether = if retired {
        format!("{}.{RETIRED} = 1", scope.alias)
    } else {
        format!("+{}.{RETIRED} = 0", scope.alias)
    };
    format!(
        "FROM {} {alias}{} WHERE {whether} AND {condition}",
        quote(&entity.name),
        scope.joins,
        alias = scope.alias,
    )
}

fn order<'a>(statement: &mut Statement<'a>, scope: &mut Scope, sorts: &[Sort<'a>]) -> String {
    let mut keys = Vec::with_capacity(sorts.len() + 1);
    for sort in sorts {
        let place = statement.place(scope, &sort.path);
        let key = sort_key(statement, &place);
        // As PostgreSQL does, which real sites keep their rows in.
        keys.push(format!("{key}{}", if sort.descending { " DESC NULLS FIRST" } else { " NULLS LAST" }));
    }
    keys.push(format!("{}.id", scope.alias));
    keys.join(", ")
}

/// A file below a local storage is kept without the storage's roots, which may have moved since.
fn place_local_files(
    connection: &Connection,
    plans: &[Plan<'_>],
    found: &mut [(i64, Vec<Cell>)],
) -> Result<(), Trouble> {
    let cells = found.iter_mut().flat_map(|(_, cells)| plans.iter().zip(cells));
    let mut files = cells
        .filter_map(|cell| match cell {
            (Plan::One { data_type: DataType::Url, .. }, Cell::Value(file)) => Some(file),
            _ => None,
        })
        .filter(|file| file["link_type"] == "local")
        .peekable();
    if files.peek().is_some() {
        let storages = local_storage::all(connection)?;
        files.for_each(|file| file_link::complete(file, &storages));
    }
    Ok(())
}

/// How a field is taken from a result row.
enum Plan<'a> {
    One {
        at: usize,
        data_type: DataType,
    },
    Link {
        at: usize,
    },
    /// The column of the owning row's id, and whose links they are.
    Links {
        at: usize,
        entity: &'a EntityType,
        field: &'a Field,
    },
}

/// A field's value before links have names.
enum Cell {
    Value(Value),
    Link(Option<Link>),
    /// The links of this row; none when the path led nowhere.
    Links(Option<i64>),
}

/// The links of one list field by the id of the row that owns them.
type Lists = BTreeMap<i64, Vec<Link>>;

impl<'a> Plan<'a> {
    fn new(place: &Place<'a>, columns: &mut Vec<String>) -> Plan<'a> {
        let at = columns.len();
        match place.field.data_type.kept() {
            Kept::Link => {
                let (kind, id) = place.link();
                columns.extend([kind, id]);
                Plan::Link { at }
            }
            Kept::Links => {
                columns.push(format!("{}.id", place.alias));
                Plan::Links { at, entity: place.entity, field: place.field }
            }
            _ => {
                columns.push(place.value());
                Plan::One { at, data_type: place.field.data_type }
            }
        }
    }

    fn take(&self, row: &Row<'_>) -> rusqlite::Result<Cell> {
        Ok(match self {
            Plan::One { at, data_type } => Cell::Value(decode(*data_type, taken(row.get_ref(*at)?))),
            Plan::Link { at } => {
                let (kind, id) = (row.get::<_, Option<String>>(*at)?, row.get::<_, Option<i64>>(*at + 1)?);
                Cell::Link(kind.zip(id))
            }
            Plan::Links { at, .. } => Cell::Links(row.get(*at)?),
        })
    }
}

/// The lists of links of all the rows, in the order of the fields.
fn lists(
    connection: &Connection,
    plans: &[Plan<'_>],
    found: &[(i64, Vec<Cell>)],
) -> Result<Vec<Lists>, Trouble> {
    let mut lists = Vec::with_capacity(plans.len());
    for (at, plan) in plans.iter().enumerate() {
        let mut by_owner = Lists::new();
        if let Plan::Links { entity, field, .. } = plan {
            let owners: BTreeSet<i64> = found
                .iter()
                .filter_map(|(_, cells)| if let Cell::Links(owner) = cells[at] { owner } else { None })
                .collect();
            let links = links_of("IN (SELECT value FROM json_each(?1))", entity, field);
            let mut prepared = connection.prepare_cached(&format!("{links} ORDER BY o, p, i"))?;
            let mut rows = prepared.query([Value::from_iter(owners).to_string()])?;
            while let Some(row) = rows.next()? {
                by_owner.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?));
            }
        }
        lists.push(by_owner);
    }
    Ok(lists)
}

/// Name of a row, and whether it is retired.
type Names = BTreeMap<Link, (Option<String>, bool)>;

/// The rows that links point to, by type.
fn linked(found: &[(i64, Vec<Cell>)], lists: &[Lists]) -> BTreeMap<String, BTreeSet<i64>> {
    let mut ids: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    let single = found.iter().flat_map(|(_, cells)| cells).filter_map(|cell| match cell {
        Cell::Link(link) => link.as_ref(),
        Cell::Value(_) | Cell::Links(_) => None,
    });
    for (kind, id) in single.chain(lists.iter().flat_map(BTreeMap::values).flatten()) {
        match ids.get_mut(kind) {
            Some(ids) => ids.insert(*id),
            None => ids.entry(kind.clone()).or_default().insert(*id),
        };
    }
    ids
}

/// The names of rows, by type.
pub(super) fn names(
    connection: &Connection,
    schema: &Schema,
    ids: &BTreeMap<String, BTreeSet<i64>>,
) -> Result<Names, Trouble> {
    let mut names = Names::new();
    for (kind, ids) in ids {
        let Some(entity) = schema.table(kind) else { continue };
        let sql = format!(
            "SELECT id, {}, {RETIRED} FROM {} linked WHERE id IN (SELECT value FROM json_each(?1))",
            display("linked", entity),
            quote(kind)
        );
        let mut prepared = connection.prepare_cached(&sql)?;
        let mut rows = prepared.query([Value::from_iter(ids.iter().copied()).to_string()])?;
        while let Some(row) = rows.next()? {
            names.insert((kind.clone(), row.get(0)?), (row.get(1)?, row.get(2)?));
        }
    }
    Ok(names)
}

fn finish(id: i64, cells: Vec<Cell>, lists: &[Lists], names: &Names) -> Found {
    let named = |link: &Link| {
        let (name, retired) = names.get(link).cloned().unwrap_or((None, true));
        Named { link: link.clone(), name, retired }
    };
    let values = cells
        .into_iter()
        .zip(lists)
        .map(|(cell, lists)| match cell {
            Cell::Value(value) => Taken::Value(value),
            Cell::Link(link) => Taken::Link(link.as_ref().map(named)),
            Cell::Links(owner) => Taken::Links(
                owner
                    .and_then(|owner| lists.get(&owner))
                    .into_iter()
                    .flatten()
                    .map(named)
                    .filter(|link| !link.retired)
                    .collect(),
            ),
        })
        .collect();
    Found { id, values }
}
