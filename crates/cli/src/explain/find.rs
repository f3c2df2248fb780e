//! The record a place names: the one whose lines hold it, or the log's only incident.
//!
//! Reads no further than needed and keeps one record. What stands there instead is told, with what to do.

use crate::explain::place::PlaceInLog;
use crate::log_file;
use crate::log_records::LogReading;
use crate::output::{counted, harmless};
use sgtk_log::{RawKind, RawRecord, ReadGate};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Incidents that are listed for someone to choose from.
const MOST_LISTED: usize = 20;

/// Why there is nothing to explain. Exit code 2.
#[derive(Debug)]
pub(crate) enum NotFound {
    /// The log cannot be read.
    Unreadable { file: PathBuf, error: io::Error },
    /// The log ends before the line, or cannot be read so far.
    BeyondTheEnd { file: PathBuf, line: u64, lines: u64, broken: Option<io::Error> },
    /// The line is no part of a record.
    NoRecord { file: PathBuf, line: u64 },
    /// No line was given and the log holds no incident.
    NoIncident { file: PathBuf },
    /// No line was given and the log holds several incidents: their first lines, and what they say.
    Several { file: PathBuf, listed: Vec<(u64, String)>, count: u64 },
}

impl std::error::Error for NotFound {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            NotFound::Unreadable { error, .. } => Some(error),
            NotFound::BeyondTheEnd { broken, .. } => {
                broken.as_ref().map(|error| error as &(dyn std::error::Error + 'static))
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for NotFound {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NotFound::Unreadable { file, .. } => {
                write!(to, "cannot read `{}`; expected FILE:LINE, as in tk-maya.log:120", file.display())
            }
            NotFound::BeyondTheEnd { file, line, lines, broken: None } => {
                write!(to, "`{}` has no line {line}: it has {}", file.display(), counted(*lines, "line"))
            }
            NotFound::BeyondTheEnd { file, line, lines, broken: Some(_) } => {
                write!(
                    to,
                    "cannot read `{}` up to line {line}, only {}",
                    file.display(),
                    counted(*lines, "line")
                )
            }
            NotFound::NoRecord { file, line } => write!(
                to,
                "line {line} of `{}` belongs to no record: it stands before the first header, or in a hole, \
                 and holds no traceback",
                file.display()
            ),
            NotFound::NoIncident { file } => write!(
                to,
                "no incident in `{file}`; to see why a record is none, name one of its lines: {file}:LINE",
                file = file.display()
            ),
            NotFound::Several { file, listed, count } => {
                write!(to, "`{}` holds {}; name one:", file.display(), counted(*count, "incident"))?;
                for (line, said) in listed {
                    write!(to, "\n  {}:{line}  {}", file.display(), harmless(said))?;
                }
                let more = count.saturating_sub(listed.len() as u64);
                if more > 0 {
                    write!(to, "\n  and {more} more, which `tk-incident scan --json` lists")?;
                }
                Ok(())
            }
        }
    }
}

/// Finds the record. `is_incident` is asked where no line was given: it gives the title of an incident.
/// `waits` is called when the log is a pipe that nobody writes to yet.
pub(crate) fn find(
    place: &PlaceInLog,
    waits: impl FnOnce(),
    is_incident: &mut dyn FnMut(&RawRecord<'_>) -> Option<String>,
) -> Result<RawRecord<'static>, NotFound> {
    let unreadable = |error| NotFound::Unreadable { file: place.file.clone(), error };
    if place.is_stdin() {
        return find_in(place, io::stdin().lock(), is_incident);
    }
    find_in(place, log_file::open(&place.file, waits).map_err(unreadable)?, is_incident)
}

fn find_in(
    place: &PlaceInLog,
    source: impl Read,
    is_incident: &mut dyn FnMut(&RawRecord<'_>) -> Option<String>,
) -> Result<RawRecord<'static>, NotFound> {
    let file = || place.file.clone();
    let mut found = None;
    let (mut listed, mut count) = (Vec::new(), 0);
    let read = LogReading::default()
        .records(source, ReadGate::All, &mut |record| {
            if let Some(line) = place.line {
                if (record.lines.0..=record.lines.1).contains(&line) {
                    found = Some(keep(record));
                }
                let passed = record.lines.1 >= line;
                return if passed { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            }
            if let Some(title) = is_incident(record) {
                count += 1;
                if listed.len() < MOST_LISTED {
                    listed.push((record.lines.0, title));
                }
                found = found.take().or_else(|| Some(keep(record)));
            }
            ControlFlow::Continue(())
        })
        .map_err(|error| NotFound::Unreadable { file: file(), error })?;
    match (place.line, found) {
        (Some(line), Some(record)) if record.kind == RawKind::Orphan => {
            Err(NotFound::NoRecord { file: file(), line })
        }
        (None, Some(_)) if count > 1 => Err(NotFound::Several { file: file(), listed, count }),
        (_, Some(record)) => Ok(record),
        (Some(line), None) => {
            Err(NotFound::BeyondTheEnd { file: file(), line, lines: read.counts.lines, broken: read.broken })
        }
        (None, None) => Err(NotFound::NoIncident { file: file() }),
    }
}

fn keep(record: &RawRecord<'_>) -> RawRecord<'static> {
    RawRecord { bytes: record.bytes.clone(), text: record.text.clone().into_owned().into(), ..*record }
}
