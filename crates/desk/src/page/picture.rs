//! Small pictures of when things happened: bars over time, drawn on the server. Pure: numbers in, positions out.

use jiff::Timestamp;

use crate::page::words::Lang;

const HOUR_S: i64 = 3600;
const DAY_S: i64 = 86_400;
/// Most bars of a picture.
const MAX_BARS: i64 = 92;
/// Fewest, so that one day is not a wall.
const MIN_BARS: i64 = 24;
/// Width of a bar with its gap, and height of the tallest, in units of the drawing.
const STEP: i64 = 10;
const HEIGHT: u64 = 48;

/// Bars over time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) width: i64,
    pub(crate) height: u64,
    pub(crate) bars: Vec<Bar>,
    /// The days at both ends.
    pub(crate) first: String,
    pub(crate) last: String,
    /// The tallest bar.
    pub(crate) most: u64,
}

/// One bar, of a time in which something happened.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) x: i64,
    pub(crate) y: u64,
    pub(crate) height: u64,
    pub(crate) count: u64,
    /// When that was.
    pub(crate) label: String,
    /// The first and last day, as addresses have them.
    pub(crate) from: String,
    pub(crate) until: String,
}

/// Draws `events`, pairs of seconds and numbers, between two times; none when nothing happened then.
pub(crate) fn draw(
    events: impl Iterator<Item = (i64, u64)> + Clone,
    from_s: Option<i64>,
    until_s: i64,
    lang: Lang,
) -> Option<Picture> {
    let until_s = until_s.max(0);
    let first_s = from_s.or_else(|| events.clone().map(|(at, _)| at).min())?.clamp(0, until_s);
    // Clocks ahead of ours are drawn at the end.
    let unit = unit(until_s - first_s);
    let last = until_s.div_euclid(unit);
    let first = first_s.div_euclid(unit).max(last + 1 - MAX_BARS).min(last + 1 - MIN_BARS);
    let mut counts = vec![0_u64; usize::try_from(last + 1 - first).ok()?];
    for (at, count) in events {
        let slot = at.div_euclid(unit).clamp(first, last) - first;
        if let Some(total) = usize::try_from(slot).ok().and_then(|slot| counts.get_mut(slot)) {
            *total += count;
        }
    }
    let most = *counts.iter().max()?;
    if most == 0 {
        return None;
    }
    let time = |slot: i64| Timestamp::from_second(slot.saturating_mul(unit)).unwrap_or(Timestamp::MIN);
    let bars = counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(at, count)| {
        let slot = first + at as i64;
        let height = count.saturating_mul(HEIGHT).div_ceil(most).clamp(3, HEIGHT);
        let until = Timestamp::from_second((slot + 1) * unit - 1).unwrap_or(Timestamp::MAX);
        Bar {
            x: at as i64 * STEP,
            y: HEIGHT - height,
            height,
            count: *count,
            label: label(time(slot), until, unit, lang),
            from: time(slot).strftime("%Y-%m-%d").to_string(),
            until: until.strftime("%Y-%m-%d").to_string(),
        }
    });
    Some(Picture {
        width: counts.len() as i64 * STEP,
        height: HEIGHT,
        bars: bars.collect(),
        first: lang.day(time(first)),
        last: lang.day(time(last)),
        most,
    })
}

/// Seconds of one bar.
fn unit(span_s: i64) -> i64 {
    match span_s {
        ..=259_200 => HOUR_S,
        _ if span_s <= (MAX_BARS - 1) * DAY_S => DAY_S,
        _ if span_s <= (MAX_BARS - 1) * 7 * DAY_S => 7 * DAY_S,
        _ => 28 * DAY_S,
    }
}

fn label(from: Timestamp, until: Timestamp, unit: i64, lang: Lang) -> String {
    match unit {
        HOUR_S => format!("{}, {}", lang.short_day(from), from.strftime("%H:00 UTC")),
        DAY_S => lang.day(from),
        _ => format!("{} – {}", lang.short_day(from), lang.day(until)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_where_things_happened() {
        let now = 1_768_392_000; // 2026-01-14T12:00:00Z
        assert_eq!(draw(std::iter::empty(), None, now, Lang::En), None);
        let picture = draw([(now - 60, 2), (now - 2 * HOUR_S, 4)].into_iter(), None, now, Lang::En).unwrap();
        let shown: Vec<(i64, u64, &str)> =
            picture.bars.iter().map(|bar| (bar.x, bar.count, bar.label.as_str())).collect();
        assert_eq!(shown, [(210, 4, "14 Jan, 10:00 UTC"), (220, 2, "14 Jan, 11:00 UTC")]);
        assert_eq!((picture.bars[0].height, picture.bars[1].height, picture.most), (48, 24, 4));
        let days = draw([(now - 40 * DAY_S, 1), (now + 900, 1)].into_iter(), None, now, Lang::Ko).unwrap();
        assert_eq!((days.bars.len(), days.bars[0].label.as_str()), (2, "2025년 12월 5일"));
        for years in 1..60 {
            let picture = draw([(now - years * 365 * DAY_S, 1)].into_iter(), None, now, Lang::En).unwrap();
            assert!(picture.width <= MAX_BARS * STEP);
        }
        assert!(draw([(i64::MAX, 1), (i64::MIN, 1)].into_iter(), Some(i64::MIN), now, Lang::En).is_some());
    }
}
