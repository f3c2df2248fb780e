//! `--since`: from what a person writes to a point in the local time of the logs.
//!
//! Logs say local time without a zone, so a date and a time are taken as they stand; a span is counted back
//! from now in the zone of this machine.

use jiff::civil::DateTime;
use jiff::{Span, Zoned};
use sgtk_log::{LocalTime, RawRecord};

/// What was asked for.
#[derive(Clone, Debug)]
pub(crate) enum Since {
    /// From this local time on.
    At(DateTime),
    /// From so long ago on.
    Ago(Span),
}

const EXPECTED: &str =
    "expected a date (2026-01-14), a time (2026-01-14T19:00) or a span back from now (30m, 2h, 3d, 1w)";

impl Since {
    /// Reads a date, a time or a span.
    pub(crate) fn parse(text: &str) -> Result<Since, String> {
        let word = text.trim();
        if let Some(unit) = word.chars().last().filter(char::is_ascii_alphabetic) {
            return span(&word[..word.len() - 1], unit).map(Since::Ago).ok_or_else(|| EXPECTED.to_owned());
        }
        let is_plain = word.len() >= 10
            && word.bytes().all(|byte| byte.is_ascii_digit() || b"-T :.,".contains(&byte))
            && word.bytes().filter(|byte| *byte == b'-').count() == 2;
        let time = if is_plain { word.parse().ok() } else { None };
        time.map(Since::At).ok_or_else(|| EXPECTED.to_owned())
    }

    /// The local time before which records are left out.
    pub(crate) fn cutoff(&self, now: &Zoned) -> DateTime {
        match self {
            Since::At(time) => *time,
            Since::Ago(span) => now.checked_sub(*span).map_or(DateTime::MIN, |then| then.datetime()),
        }
    }
}

fn span(number: &str, unit: char) -> Option<Span> {
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: i64 = is_number.then(|| number.parse().ok())??;
    let span = Span::new();
    match unit {
        's' => span.try_seconds(number),
        'm' => span.try_minutes(number),
        'h' => span.try_hours(number),
        'd' => span.try_days(number),
        'w' => span.try_weeks(number),
        _ => return None,
    }
    .ok()
}

/// The time of a record in the form nearly all have, without taking the record apart.
pub(crate) fn time_of(record: &RawRecord<'_>) -> Option<DateTime> {
    std::str::from_utf8(record.text.get(..23)?).ok()?.parse().ok()
}

/// A record's time as a point that can be compared.
pub(crate) fn point(time: LocalTime) -> Option<DateTime> {
    let part = |value: u8| i8::try_from(value).ok();
    DateTime::new(
        i16::try_from(time.year()).ok()?,
        part(time.month())?,
        part(time.day())?,
        part(time.hour())?,
        part(time.minute())?,
        part(time.second())?,
        i32::from(time.millisecond()) * 1_000_000,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_times_and_spans_are_points_in_local_time() {
        let now: Zoned = "2026-03-30T01:30[Europe/Berlin]".parse().unwrap();
        for (text, point) in [
            ("2026-01-14", "2026-01-14T00:00"),
            ("2026-01-14T19:00", "2026-01-14T19:00"),
            ("2026-01-14 19:00:05", "2026-01-14T19:00:05"),
            ("2026-01-14 19:49:11,961", "2026-01-14T19:49:11.961"),
            ("30m", "2026-03-30T01:00"),
            // Clocks went from 2 to 3 the day before: hours are hours, days are days.
            ("24h", "2026-03-29T00:30"),
            ("1d", "2026-03-29T01:30"),
            ("1w", "2026-03-23T01:30"),
            ("0s", "2026-03-30T01:30"),
        ] {
            let since = Since::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(since.cutoff(&now), point.parse().unwrap(), "{text}");
        }
        // Further back than there are dates.
        assert_eq!(Since::parse("999999w").unwrap().cutoff(&now), DateTime::MIN);
    }

    #[test]
    fn anything_else_is_refused_with_examples() {
        for text in [
            "",
            "yesterday",
            "h",
            "2 h",
            "-2h",
            "2x",
            "2026-13-01",
            "2026-02-30",
            "14.01.2026",
            "19:00",
            "99999999999999h",
            "2026-01-14T19:00+02:00",
            "2h30m",
        ] {
            assert_eq!(Since::parse(text).err().as_deref(), Some(EXPECTED), "{text}");
        }
    }
}
