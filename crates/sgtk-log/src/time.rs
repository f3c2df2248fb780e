//! Civil time without a zone, as Toolkit writes it.
//!
//! Python's `asctime` is local time: it jumps at daylight-saving changes and is ambiguous for an hour. Which instant it
//! means is for the caller to decide, who knows the machine's zone; nothing here reads a clock.

use std::fmt;

/// A date and time of day as it stands in a log, to the millisecond. Orders by its fields.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LocalTime {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    millisecond: u16,
}

impl LocalTime {
    /// Reads `2026-01-14 19:49:11,961` at the beginning of a line; `None` when the fields are no date and time.
    pub(crate) fn read(line: &str) -> Option<LocalTime> {
        let bytes = line.as_bytes().get(..23)?;
        let number = |from: usize, to: usize| {
            bytes[from..to]
                .iter()
                .try_fold(0u16, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u16::from(b - b'0')))
        };
        let time = LocalTime {
            year: number(0, 4)?,
            month: number(5, 7)? as u8,
            day: number(8, 10)? as u8,
            hour: number(11, 13)? as u8,
            minute: number(14, 16)? as u8,
            second: number(17, 19)? as u8,
            millisecond: number(20, 23)?,
        };
        let real = (1..=12).contains(&time.month)
            && (1..=days_in(time.year, time.month)).contains(&time.day)
            && time.hour < 24
            && time.minute < 60
            && time.second < 60;
        real.then_some(time)
    }

    /// Year, four digits.
    pub fn year(self) -> u16 {
        self.year
    }

    /// Month, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// Day of the month, from 1.
    pub fn day(self) -> u8 {
        self.day
    }

    /// Hour, 0 to 23.
    pub fn hour(self) -> u8 {
        self.hour
    }

    /// Minute, 0 to 59.
    pub fn minute(self) -> u8 {
        self.minute
    }

    /// Second, 0 to 59.
    pub fn second(self) -> u8 {
        self.second
    }

    /// Millisecond, 0 to 999.
    pub fn millisecond(self) -> u16 {
        self.millisecond
    }
}

fn days_in(year: u16, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for LocalTime {
    /// `2026-01-14T19:49:11.961`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One write of a finished text: it is printed for every record of a scan.
        let mut text = *b"0000-00-00T00:00:00.000";
        let mut put = |end: usize, digits: usize, mut value: u16| {
            for at in (end - digits..end).rev() {
                text[at] += (value % 10) as u8;
                value /= 10;
            }
        };
        put(4, 4, self.year);
        put(7, 2, self.month.into());
        put(10, 2, self.day.into());
        put(13, 2, self.hour.into());
        put(16, 2, self.minute.into());
        put(19, 2, self.second.into());
        put(23, 3, self.millisecond);
        f.write_str(std::str::from_utf8(&text).expect("digits are ASCII"))
    }
}
