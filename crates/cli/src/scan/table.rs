//! The table of `scan` for people, as wide as it may be.
//!
//! One line per problem where that fits or where no width is known (a pipe: one line is one row for other
//! programs too). On a narrower terminal each problem has a line of figures and its title below it.

use crate::columns::{pad, wrap};
use crate::output::{FAINT, STRONG, harmless};
use crate::scan::groups::Group;
use sgtk_log::LocalTime;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// Where titles begin when they stand below their figures.
const INDENT: usize = 7;
/// However narrow a terminal says it is.
const LEAST_COLUMNS: usize = 40;

struct Row {
    count: String,
    first: String,
    last: String,
    engine: String,
    title: String,
    signature: String,
}

/// Prints the rows. `columns` is the width to keep to.
pub(crate) fn print(out: &mut impl Write, groups: &[Group], columns: Option<usize>) -> io::Result<()> {
    let head = Row::head();
    let widest = groups.iter().map(Row::new).fold(head.widths(), |widest, row| {
        let widths = row.widths();
        std::array::from_fn(|at| widest[at].max(widths[at]))
    });
    let [count, first, last, engine, title, signature] = widest;
    let figures = |row: &Row| {
        let (before, after) = (" ".repeat(count - row.count.width()), pad(&row.engine, engine));
        format!("{before}{}  {}  {}  {after}", row.count, pad(&row.first, first), pad(&row.last, last))
    };
    let full = count + first + last + engine + title + signature + 10;
    let columns = columns.map(|columns| columns.max(LEAST_COLUMNS));
    if columns.is_none_or(|columns| full <= columns) {
        writeln!(out, "{FAINT}{}  {}  {}{FAINT:#}", figures(&head), pad(&head.title, title), head.signature)?;
        for row in groups.iter().map(Row::new) {
            let title = pad(&row.title, title);
            writeln!(out, "{}  {STRONG}{title}{STRONG:#}  {FAINT}{}{FAINT:#}", figures(&row), row.signature)?;
        }
        return Ok(());
    }
    let room = columns.unwrap_or(usize::MAX).saturating_sub(INDENT);
    let indent = " ".repeat(INDENT);
    writeln!(out, "{FAINT}{}{FAINT:#}", figures(&head).trim_end())?;
    for row in groups.iter().map(Row::new) {
        writeln!(out, "{}", figures(&row).trim_end())?;
        for line in wrap(&row.title, room) {
            writeln!(out, "{indent}{STRONG}{line}{STRONG:#}")?;
        }
        writeln!(out, "{indent}{FAINT}{}{FAINT:#}", row.signature)?;
    }
    Ok(())
}

impl Row {
    fn new(group: &Group) -> Row {
        let time = |time: Option<LocalTime>| {
            // To the second, as people say it.
            let text = time.map(|time| time.to_string()).unwrap_or_default();
            text.split('.').next().unwrap_or_default().replace('T', " ")
        };
        Row {
            count: group.count.to_string(),
            first: time(group.first),
            last: time(group.last),
            engine: harmless(group.said.engine.as_deref().unwrap_or_default()),
            title: harmless(&group.said.title),
            signature: group.signature(),
        }
    }

    fn widths(&self) -> [usize; 6] {
        [&self.count, &self.first, &self.last, &self.engine, &self.title, &self.signature]
            .map(|text| text.width())
    }

    fn head() -> Row {
        let [count, first, last, engine, title, signature] =
            ["count", "first seen", "last seen", "engine", "title", "signature"].map(str::to_owned);
        Row { count, first, last, engine, title, signature }
    }
}
