//! Permission groups: rows of `PermissionRuleSet`, and who is in which.

use rusqlite::{Connection, OptionalExtension, params};

use crate::fault::Trouble;
use crate::rows::value::Link;
use crate::store::group::{Group, Membership};
use crate::store::sqlite::table::RETIRED;

/// The group of a user or script.
pub(crate) fn of(connection: &Connection, user: &Link) -> Result<Membership, Trouble> {
    let table = if user.0 == "HumanUser" { "HumanUser" } else { "ApiUser" };
    let sql = format!(
        "SELECT u.permission_rule_set__id IS NULL, COALESCE(g.display_name, g.code, ''), g.sg_desk_rules, g.{RETIRED} = 0 \
         FROM {table} u LEFT JOIN PermissionRuleSet g ON g.id = u.permission_rule_set__id WHERE u.id = ?1"
    );
    let membership = connection.prepare_cached(&sql)?.query_row([user.1], |row| {
        Ok(match (row.get(0)?, row.get::<_, Option<bool>>(3)?) {
            (true, _) => Membership::None,
            (false, Some(true)) => Membership::In((row.get(1)?, row.get(2)?)),
            (false, _) => Membership::Gone,
        })
    });
    Ok(membership.optional()?.unwrap_or(Membership::Gone))
}

/// A group by its code.
pub(crate) fn by_code(connection: &Connection, code: &str) -> Result<Option<Group>, Trouble> {
    let sql = format!(
        "SELECT COALESCE(display_name, code, ''), sg_desk_rules FROM PermissionRuleSet \
         WHERE code = ?1 AND {RETIRED} = 0 ORDER BY id LIMIT 1"
    );
    let row = connection.prepare_cached(&sql)?.query_row([code], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(row.optional()?)
}

/// The id of a group by its code, retired or not.
pub(crate) fn id(connection: &Connection, code: &str) -> Result<Option<i64>, Trouble> {
    let sql = "SELECT id FROM PermissionRuleSet WHERE code = ?1 ORDER BY id LIMIT 1";
    Ok(connection.query_row(sql, [code], |row| row.get(0)).optional()?)
}

/// Makes a group.
pub(crate) fn add(
    transaction: &Connection,
    code: &str,
    name: &str,
    of: &str,
    rules: &str,
    now: &str,
) -> Result<(), Trouble> {
    transaction.execute(
        "INSERT INTO PermissionRuleSet (code, display_name, entity_type, sg_desk_rules, created_at, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
        params![code, name, of, rules, now],
    )?;
    Ok(())
}

/// Puts a user or script into a group, unless they are in one.
pub(crate) fn join(transaction: &Connection, user: &Link, group: i64) -> Result<(), Trouble> {
    let table = if user.0 == "HumanUser" { "HumanUser" } else { "ApiUser" };
    let sql = format!(
        "UPDATE {table} SET permission_rule_set__type = 'PermissionRuleSet', permission_rule_set__id = ?1 \
         WHERE id = ?2 AND permission_rule_set__id IS NULL"
    );
    transaction.execute(&sql, params![group, user.1])?;
    Ok(())
}

/// The projects a user or script is in.
pub(crate) fn projects(connection: &Connection, user: &Link) -> Result<Vec<i64>, Trouble> {
    let sql = if user.0 == "HumanUser" {
        "SELECT owner_id FROM desk_link WHERE target_type = 'HumanUser' AND target_id = ?1 AND owner_type = 'Project' AND field = 'users'"
    } else {
        "SELECT target_id FROM desk_link WHERE owner_type = 'ApiUser' AND owner_id = ?1 AND field = 'projects' AND target_type = 'Project'"
    };
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([user.1], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
