//! The tables of the desk's own and how they became what they are: numbered steps, each run once, in order, in a transaction.
//!
//! The tables of entity types are not here: they follow `schema.toml` at every start (`table`). A step that was in a release is
//! never changed; what is needed next is another step.

use rusqlite::{Connection, TransactionBehavior};

/// SQL of each step; the first makes an empty database one of layout 1.
const STEPS: [&str; 4] = [
    include_str!("layout/1.sql"),
    include_str!("layout/2.sql"),
    include_str!("layout/3.sql"),
    include_str!("layout/4.sql"),
];

/// Why a database cannot be brought to the layout of this desk.
#[derive(Debug)]
pub(crate) enum LayoutError {
    /// A newer desk wrote it; it was left alone.
    Newer(i64),
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for LayoutError {
    fn from(error: rusqlite::Error) -> LayoutError {
        LayoutError::Sql(error)
    }
}

/// Whether a database has had all steps and no others.
pub(crate) fn is_current(connection: &Connection) -> rusqlite::Result<bool> {
    let had: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(usize::try_from(had) == Ok(STEPS.len()))
}

/// Runs the steps that this database has not had.
pub(crate) fn bring_up(connection: &mut Connection) -> Result<(), LayoutError> {
    let had: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let had = usize::try_from(had).ok().filter(|had| *had <= STEPS.len()).ok_or(LayoutError::Newer(had))?;
    for (step, sql) in STEPS.iter().enumerate().skip(had) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        transaction.execute_batch(&format!("PRAGMA user_version = {}", step + 1))?;
        transaction.commit()?;
    }
    Ok(())
}
