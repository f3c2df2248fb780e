//! Exceptions of the work schedule: days that are worked, or not, against the rule of the week.
//!
//! Owns their table. An exception is the studio's, a project's or a person's; which of them counts is `api3::work_schedule`'s.

use rusqlite::{Connection, params};

use crate::fault::Trouble;
use crate::store::work_day::WorkDay;

/// Stands for "no project" and "no person": ids begin with 1.
const NONE: i64 = 0;

/// Sets the exception of a day.
pub(crate) fn set(transaction: &Connection, day: &WorkDay) -> Result<(), Trouble> {
    transaction.execute(
        "INSERT OR REPLACE INTO desk_work_day (date, project_id, user_id, working, description) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![day.date, day.project.unwrap_or(NONE), day.user.unwrap_or(NONE), day.working, day.description],
    )?;
    Ok(())
}

/// The exceptions from `first` to `last`, both included: the studio's, and those of the project and the person.
pub(crate) fn between(
    connection: &Connection,
    first: &str,
    last: &str,
    project: Option<i64>,
    user: Option<i64>,
) -> Result<Vec<WorkDay>, Trouble> {
    let mut statement = connection.prepare_cached(
        "SELECT date, project_id, user_id, working, description FROM desk_work_day \
         WHERE date BETWEEN ?1 AND ?2 AND project_id IN (0, ?3) AND user_id IN (0, ?4)",
    )?;
    let some = |id: i64| Some(id).filter(|id| *id != NONE);
    let days =
        statement.query_map(params![first, last, project.unwrap_or(NONE), user.unwrap_or(NONE)], |row| {
            Ok(WorkDay {
                date: row.get(0)?,
                project: some(row.get(1)?),
                user: some(row.get(2)?),
                working: row.get(3)?,
                description: row.get(4)?,
            })
        })?;
    Ok(days.collect::<rusqlite::Result<_>>()?)
}
