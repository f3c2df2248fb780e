//! People and scripts as the desk lets them in: their kept secrets, whether they are active, their names.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use crate::fault::Trouble;
use crate::rows::value::{Link, format_time};
use crate::store::sqlite::table::RETIRED;

/// A person who may sign in, by login whatever its case: id and kept password. Nobody who is disabled or locked.
pub(crate) fn password(
    connection: &Connection,
    login: &str,
    now: Timestamp,
) -> Result<Option<(i64, String)>, Trouble> {
    let sql = format!(
        "SELECT id, password_proxy FROM HumanUser WHERE login = ?1 COLLATE NOCASE AND password_proxy IS NOT NULL \
         AND {RETIRED} = 0 AND sg_status_list IS NOT 'dis' AND COALESCE(locked_until, '') <= ?2"
    );
    let row = connection
        .prepare_cached(&sql)?
        .query_row([login, format_time(now).as_str()], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(row.optional()?)
}

/// A script, by name: id and kept key.
pub(crate) fn script_key(connection: &Connection, name: &str) -> Result<Option<(i64, String)>, Trouble> {
    let sql = format!(
        "SELECT id, salted_password FROM ApiUser WHERE firstname = ?1 COLLATE NOCASE AND salted_password IS NOT NULL \
         AND {RETIRED} = 0"
    );
    Ok(connection.prepare_cached(&sql)?.query_row([name], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// A script by its exact name, retired or not: id and kept key.
pub(crate) fn script(connection: &Connection, name: &str) -> Result<Option<(i64, Option<String>)>, Trouble> {
    let sql = "SELECT id, salted_password FROM ApiUser WHERE firstname = ?1";
    Ok(connection.query_row(sql, [name], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// A person by login: id and whether active. Retired people are not found.
pub(crate) fn by_login(connection: &Connection, login: &str) -> Result<Option<(i64, bool)>, Trouble> {
    let sql = format!(
        "SELECT id, sg_status_list IS NOT 'dis' FROM HumanUser WHERE login = ?1 COLLATE NOCASE AND {RETIRED} = 0"
    );
    Ok(connection
        .prepare_cached(&sql)?
        .query_row([login], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// Whether a user or script is there, neither retired nor disabled.
pub(crate) fn is_active(connection: &Connection, user: &Link) -> Result<bool, Trouble> {
    let sql = if user.0 == "HumanUser" {
        format!("SELECT 1 FROM HumanUser WHERE id = ?1 AND {RETIRED} = 0 AND sg_status_list IS NOT 'dis'")
    } else {
        format!("SELECT 1 FROM ApiUser WHERE id = ?1 AND {RETIRED} = 0")
    };
    Ok(connection.prepare_cached(&sql)?.exists([user.1])?)
}

/// What a user or script is called on a page.
pub(crate) fn name(connection: &Connection, user: &Link) -> Result<String, Trouble> {
    let sql = if user.0 == "HumanUser" {
        "SELECT COALESCE(name, login, '') FROM HumanUser WHERE id = ?1"
    } else {
        "SELECT COALESCE(firstname, '') FROM ApiUser WHERE id = ?1"
    };
    Ok(connection.prepare_cached(sql)?.query_row([user.1], |row| row.get(0)).optional()?.unwrap_or_default())
}

/// The person who was made first, retired or not.
pub(crate) fn first(connection: &Connection) -> Result<Option<i64>, Trouble> {
    Ok(connection.query_row("SELECT MIN(id) FROM HumanUser", [], |row| row.get(0))?)
}
