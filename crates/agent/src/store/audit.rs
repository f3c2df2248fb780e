//! Whether what is in the state fits together, and what can still be had of one that does not.
//!
//! A disk that says it has written and has not can leave a file that is whole page by page, but whose pages are of
//! different commits. SQLite cannot see that; the numbers can. Asked once, when the state is opened.

use super::{Position, Store};
use rusqlite::Connection;
use std::cell::Cell;

/// Each gives 0 for a state that fits together. The second one is what must never happen: a position that is ahead of
/// the records before it.
const CHECKS: [(&str, &str); 6] = [
    ("a counter is missing", "SELECT count(*) - 2 FROM counters WHERE name IN ('seen', 'commits')"),
    (
        "a position is ahead of what is kept",
        "SELECT count(*) FROM sources WHERE kept > (SELECT value FROM counters WHERE name = 'commits')",
    ),
    (
        "records are missing in the outcomes",
        "SELECT (SELECT value FROM counters WHERE name = 'seen')
              - (SELECT coalesce(sum(count), 0) FROM occurrences)",
    ),
    (
        "a problem was counted otherwise than its outcomes",
        // What is folded is no further time; what we have reported ourselves counts what it stands for.
        "SELECT count(*) FROM incidents i WHERE i.own = '' AND i.count <>
             (SELECT coalesce(sum(o.count), 0) FROM occurrences o
              WHERE o.incident_id = i.id AND o.outcome NOT IN ('child', 'echo', 'merged'))",
    ),
    (
        "a problem has neither a ticket nor a step that files it",
        "SELECT count(*) FROM incidents i WHERE i.ticket_id IS NULL AND NOT EXISTS
             (SELECT 1 FROM deliveries d WHERE d.incident_id = i.id AND d.step = 'ticket')",
    ),
    ("a row belongs to nothing", "SELECT count(*) FROM pragma_foreign_key_check"),
];

/// What does not fit, in words; `None` when all does.
pub(super) fn audit(connection: &Connection) -> rusqlite::Result<Option<&'static str>> {
    for (fault, sql) in CHECKS {
        // A missing counter is as wrong as a wrong one.
        let found: Option<i64> = connection.query_row(sql, [], |row| row.get(0))?;
        if found != Some(0) {
            return Ok(Some(fault));
        }
    }
    Ok(None)
}

/// Positions and folders of a damaged state, as far as they can be read. Positions prove themselves by their marks,
/// so the worst that a wrong one can do is to be no use.
pub(super) fn salvage(connection: Connection) -> (Vec<Position>, Vec<std::path::PathBuf>) {
    let damaged = Store { connection, path: std::path::PathBuf::new(), in_hand: Cell::new(None) };
    (damaged.positions().unwrap_or_default(), damaged.folders().unwrap_or_default())
}
