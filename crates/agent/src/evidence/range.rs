//! Which bytes of a log belong to an incident: by the time stamps of its records, found without reading the log.
//!
//! A log may be a gigabyte long and on a slow disk. So the place where a time begins is looked for from the end, in steps
//! that double, and then by halving: some thirty blocks are read, whatever the size. Records are nearly in order of time;
//! where a clock was set back, what is found is a part of the log that is whole records, and near enough. Reads only
//! what it is handed; knows nothing of files.

use jiff::civil::DateTime;
use sgtk_log::{LocalTime, record_time};
use std::io;
use std::ops::Range;

/// What is read at once.
const BLOCK_BYTES: u64 = 64 * 1024;
/// A record longer than this hides where the next one begins.
const LONGEST_SEARCH_BYTES: u64 = 1024 * 1024;
/// Enough of a line to tell whether it begins a record.
const HEADER_BYTES: usize = 96;

/// A log that can be read anywhere.
pub struct LogBytes<'a> {
    /// Its bare name on the disk.
    pub name: String,
    /// How long it is; what comes later is another cut's.
    pub len_bytes: u64,
    /// Reads at an offset, fewer bytes at the end.
    pub read: Box<dyn Fn(u64, usize) -> io::Result<Vec<u8>> + 'a>,
}

/// Where a time begins in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the record that starts here; at the end when all are older.
    At(u64),
    /// Its records have no time.
    Untimed,
}

/// The newest part of a log that holds the record at `record`, at most `limit` bytes of it from a whole record on. A record
/// that is far from the end is given a quarter of the limit behind it.
///
/// # Errors
/// When the log cannot be read.
pub fn with_record(log: &LogBytes<'_>, record: &Range<u64>, limit: u64) -> io::Result<Range<u64>> {
    let newest = log.len_bytes.saturating_sub(limit);
    if newest == 0 {
        return Ok(0..log.len_bytes);
    }
    let (from, to) = if record.start >= newest {
        (newest, log.len_bytes)
    } else {
        let to = record.end.saturating_add(limit / 4).min(log.len_bytes);
        (to.saturating_sub(limit).min(record.start), to)
    };
    let begin = match first_record(log, from, from + BLOCK_BYTES)? {
        Some((start, _)) => start,
        None => first_line(log, from)?,
    };
    let from = begin.min(record.start.max(from));
    let to = to.min(from.saturating_add(limit));
    let to = if to < log.len_bytes { last_line_end(log, from..to)?.max(record.end.min(to)) } else { to };
    Ok(from..to)
}

/// The records of a log from one moment to another, at most `limit` bytes of them, the newest. `None` when there are none,
/// or when its records tell no time.
///
/// # Errors
/// When the log cannot be read.
pub fn around(log: &LogBytes<'_>, times: (DateTime, DateTime), limit: u64) -> io::Result<Option<Range<u64>>> {
    let Place::At(mut from) = first_since(log, times.0)? else { return Ok(None) };
    let to = match first_since(log, times.1)? {
        Place::At(to) if to < log.len_bytes => to,
        // A line that is being written at this moment is another cut's.
        _ => last_line_end(log, from..log.len_bytes)?,
    };
    if to.saturating_sub(from) > limit {
        match first_record(log, to - limit, to)? {
            Some((start, _)) => from = start,
            None => return Ok(None),
        }
    }
    Ok((from < to).then_some(from..to))
}

/// The first record of this moment or later.
fn first_since(log: &LogBytes<'_>, since: DateTime) -> io::Result<Place> {
    // `old..young`: a record at `old` is older, and what is at `young` and behind is not.
    let (mut old, mut young, mut step) = (None, log.len_bytes, BLOCK_BYTES);
    let mut timed = false;
    while young > 0 && old.is_none() {
        let at = log.len_bytes.saturating_sub(step);
        match first_record(log, at, (at + BLOCK_BYTES).min(young))? {
            Some((start, time)) => {
                timed = true;
                if time < since {
                    old = Some(start);
                } else {
                    young = start;
                }
            }
            // Nothing but a part of a long record, or nothing with a time: farther back.
            None if at == 0 => break,
            None => {}
        }
        if at == 0 {
            break;
        }
        step = step.saturating_mul(2);
    }
    let Some(mut old) = old else {
        return Ok(if timed { Place::At(young) } else { Place::Untimed });
    };
    while young - old > BLOCK_BYTES {
        let middle = old + (young - old) / 2;
        match first_record(log, middle, young)? {
            Some((start, time)) if time < since => old = start,
            Some((start, _)) => young = start,
            // The middle is in the record before `young`, which is a long one.
            None => young = middle,
        }
    }
    let found = scan(log, old, log.len_bytes, &mut |time| time >= since)?;
    Ok(Place::At(found.map_or(log.len_bytes, |(start, _)| start)))
}

/// The first record with a time that starts in `from..until`: where, and its time.
fn first_record(log: &LogBytes<'_>, from: u64, until: u64) -> io::Result<Option<(u64, DateTime)>> {
    scan(log, from, until, &mut |_| true)
}

/// The first record that starts in `from..until` whose time is wanted. Given up after [`LONGEST_SEARCH_BYTES`].
fn scan(
    log: &LogBytes<'_>,
    from: u64,
    until: u64,
    is_wanted: &mut dyn FnMut(DateTime) -> bool,
) -> io::Result<Option<(u64, DateTime)>> {
    let last = until.min(from.saturating_add(LONGEST_SEARCH_BYTES));
    // With the byte before, which tells whether a line begins at `from`.
    let mut at = from.saturating_sub(1);
    let mut is_line_start = from == 0;
    while at < last {
        let wanted = usize::try_from((last - at).min(BLOCK_BYTES)).unwrap_or(0) + HEADER_BYTES;
        let block = (log.read)(at, wanted)?;
        // Lines that start behind the body are met again: their header may go on behind the block.
        let body = if block.len() < wanted { block.len() } else { wanted - HEADER_BYTES };
        let mut line = if is_line_start { Some(0) } else { after_line_end(&block, 0) };
        while let Some(start) = line.filter(|start| *start < body) {
            let offset = at + start as u64;
            if offset >= last {
                return Ok(None);
            }
            let text = &block[start..block.len().min(start + HEADER_BYTES)];
            let text = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
            if let Some(time) = record_time(text).and_then(civil)
                && is_wanted(time)
            {
                return Ok(Some((offset, time)));
            }
            line = after_line_end(&block, start);
        }
        if block.len() < wanted || at + body as u64 >= last {
            return Ok(None);
        }
        // The last byte of the body may be the line end before the next one.
        at += body as u64 - 1;
        is_line_start = false;
    }
    Ok(None)
}

fn after_line_end(block: &[u8], from: usize) -> Option<usize> {
    block[from..].iter().position(|byte| *byte == b'\n').map(|end| from + end + 1)
}

/// Where the first line begins at or after an offset; the offset itself when there is none within a block.
fn first_line(log: &LogBytes<'_>, from: u64) -> io::Result<u64> {
    let block = (log.read)(from.saturating_sub(1), BLOCK_BYTES as usize)?;
    Ok(after_line_end(&block, 0).map_or(from, |start| from.saturating_sub(1) + start as u64))
}

/// Behind the last line end of a range; its start when it has none.
fn last_line_end(log: &LogBytes<'_>, range: Range<u64>) -> io::Result<u64> {
    let mut end = range.end;
    while end > range.start {
        let at = end.saturating_sub(BLOCK_BYTES).max(range.start);
        let block = (log.read)(at, usize::try_from(end - at).unwrap_or(0))?;
        if let Some(found) = block.iter().rposition(|byte| *byte == b'\n') {
            return Ok(at + found as u64 + 1);
        }
        end = at;
    }
    Ok(range.start)
}

pub(super) fn civil(time: LocalTime) -> Option<DateTime> {
    let small = |number: u8| i8::try_from(number).ok();
    DateTime::new(
        i16::try_from(time.year()).ok()?,
        small(time.month())?,
        small(time.day())?,
        small(time.hour())?,
        small(time.minute())?,
        small(time.second())?,
        i32::from(time.millisecond()) * 1_000_000,
    )
    .ok()
}
