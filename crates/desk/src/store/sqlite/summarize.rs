//! Totals over rows: one statement for each level of groups.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params_from_iter};

use crate::fault::Trouble;
use crate::rows::condition::Scalar;
use crate::rows::select::Named;
use crate::rows::summary::{Group, Grouping, Key, Level, Summary, Total, TotalKind, Window};
use crate::rows::value::{Link, decode};
use crate::schema::{DataType, Kept};
use crate::store::sqlite::scalar::taken;
use crate::store::sqlite::scope::{Place, Scope, Statement, links_of};
use crate::store::sqlite::select::{from, names};

/// The groups of the first `depth` levels, in no order; with no level, all rows are the one group.
pub(crate) fn groups(
    connection: &Connection,
    summary: &Summary<'_>,
    depth: usize,
) -> Result<Vec<Group>, Trouble> {
    let levels = &summary.levels[..depth];
    let mut statement = Statement::new(summary.schema);
    let mut scope = statement.scope();
    let mut columns = Vec::new();
    for total in &summary.totals {
        columns.push(aggregate(&mut statement, &mut scope, total));
    }
    let first_key = columns.len();
    for level in levels {
        columns.extend(key(&mut statement, &mut scope, level));
    }
    let from = from(&mut statement, &mut scope, summary.entity, &summary.condition, false);
    let keys: Vec<String> = (first_key + 1..=columns.len()).map(|at| at.to_string()).collect();
    let grouping = if keys.is_empty() { String::new() } else { format!(" GROUP BY {}", keys.join(", ")) };
    let sql = format!("SELECT {} {from}{grouping}", columns.join(", "));
    let mut prepared = connection.prepare(&sql)?;
    let mut rows = prepared.query(params_from_iter(statement.params))?;
    let mut groups = Vec::new();
    while let Some(row) = rows.next()? {
        let mut totals = Vec::with_capacity(first_key);
        for at in 0..first_key {
            totals.push(decode(DataType::Text, taken(row.get_ref(at)?)));
        }
        let (mut keys, mut at) = (Vec::with_capacity(depth), first_key);
        for level in levels {
            if is_link(level) {
                let (kind, id) = (row.get::<_, Option<String>>(at)?, row.get::<_, Option<i64>>(at + 1)?);
                keys.push(Key::Link(kind.zip(id).map(|link| Named { link, name: None, retired: false })));
                at += 2;
            } else {
                let data_type =
                    if level.by == Grouping::Exact { level.path.field.data_type } else { DataType::Text };
                keys.push(Key::Value(decode(data_type, taken(row.get_ref(at)?))));
                at += 1;
            }
        }
        groups.push(Group { keys, totals });
    }
    name(connection, summary, &mut groups)?;
    Ok(groups)
}

/// Puts the names into the keys that are links.
fn name(connection: &Connection, summary: &Summary<'_>, groups: &mut [Group]) -> Result<(), Trouble> {
    let mut ids: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for key in groups.iter().flat_map(|group| &group.keys) {
        if let Key::Link(Some(Named { link: (kind, id), .. })) = key {
            ids.entry(kind.clone()).or_default().insert(*id);
        }
    }
    let names = names(connection, summary.schema, &ids)?;
    for key in groups.iter_mut().flat_map(|group| &mut group.keys) {
        if let Key::Link(Some(named)) = key {
            let known: Option<&(Option<String>, bool)> = names.get::<Link>(&named.link);
            (named.name, named.retired) = known.cloned().unwrap_or((None, true));
        }
    }
    Ok(())
}

fn is_link(level: &Level<'_>) -> bool {
    level.by == Grouping::Exact && level.path.field.data_type.kept() == Kept::Link
}

/// The columns of a group's key.
fn key<'a>(statement: &mut Statement<'a>, scope: &mut Scope, level: &Level<'a>) -> Vec<String> {
    let place = statement.place(scope, &level.path);
    if place.field.data_type.kept() == Kept::Link {
        let (kind, id) = place.link();
        return if is_link(level) { vec![kind, id] } else { vec![kind] };
    }
    let value = place.value();
    vec![match &level.by {
        Grouping::Exact | Grouping::LinkedType => value,
        // Towards the smaller multiple below zero too.
        Grouping::Every(size) => {
            let whole = format!("CAST({value} AS INTEGER) - ({value} < CAST({value} AS INTEGER))");
            format!("({whole}) - ((({whole}) % {size}) + {size}) % {size}")
        }
        Grouping::Calendar { characters } => format!("substr({value}, 1, {characters})"),
        Grouping::Week => format!("date({value}, '-6 days', 'weekday 1')"),
        Grouping::Quarter => format!(
            "substr({value}, 1, 5) || substr('010101040404070707101010', CAST(substr({value}, 6, 2) AS INTEGER) * 2 - 1, 2)"
        ),
        Grouping::FirstLetter => format!("substr(fold({value}), 1, 1)"),
        Grouping::Windows(windows) => within(statement, &value, windows),
    }]
}

fn within(statement: &mut Statement<'_>, value: &str, windows: &[Window]) -> String {
    let mut cases = String::new();
    for (at, window) in windows.iter().enumerate() {
        statement.bind_text(&window.from);
        statement.bind_text(&window.until);
        cases.push_str(&format!(" WHEN {value} >= ? AND {value} < ? THEN {at}"));
    }
    format!("CASE{cases} END")
}

fn aggregate<'a>(statement: &mut Statement<'a>, scope: &mut Scope, total: &Total<'a>) -> String {
    let place = statement.place(scope, &total.path);
    let value = match place.field.data_type.kept() {
        Kept::Link => place.link().1,
        Kept::Links => any_link(statement, &place),
        _ => place.value(),
    };
    match &total.kind {
        TotalKind::Rows => "COUNT(*)".to_owned(),
        TotalKind::Filled => format!("COUNT({value})"),
        TotalKind::Sum => format!("COALESCE(SUM({value}), 0)"),
        TotalKind::Average => format!("COALESCE(AVG({value}), 0.0)"),
        TotalKind::Maximum { zero } => or_zero(&format!("MAX({value})"), *zero),
        TotalKind::Minimum { zero } => or_zero(&format!("MIN({value})"), *zero),
        TotalKind::Checked => format!("COALESCE(SUM({value}), 0)"),
        TotalKind::Unchecked => format!("COUNT({value}) - COALESCE(SUM({value}), 0)"),
        TotalKind::CheckedShare => share(&format!("COALESCE({value}, 0)")),
        TotalKind::StatusShare(code) => {
            statement.bind(&Scalar::Text(code.clone()));
            share(&format!("COALESCE({value} = ?, 0)"))
        }
        TotalKind::Status => format!(
            "CASE COUNT(DISTINCT COALESCE({value}, '')) WHEN 0 THEN NULL WHEN 1 THEN MIN({value}) ELSE 'ip' END"
        ),
    }
}

fn or_zero(aggregate: &str, zero: bool) -> String {
    if zero { format!("COALESCE({aggregate}, 0)") } else { aggregate.to_owned() }
}

fn share(condition: &str) -> String {
    format!("COALESCE(100.0 * SUM({condition}) / COUNT(*), 0.0)")
}

/// 1 when a list has a link to a live row, else nothing.
fn any_link<'a>(statement: &mut Statement<'a>, place: &Place<'a>) -> String {
    let link = statement.alias();
    let live = statement.live(place.field, &format!("{link}.t"), &format!("{link}.i"));
    let links = links_of(&format!("= {}.id", place.alias), place.entity, place.field);
    format!("(SELECT 1 FROM ({links}) {link} WHERE {live} LIMIT 1)")
}
