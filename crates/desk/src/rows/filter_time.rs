//! Relative times in filters: `in_last 2 DAY`, `in_calendar_week 0` and their kin, as half-open windows.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::Value;

use crate::fault::{Fault, clip};
use crate::rows::value::{Target, format_time};
use crate::schema::DataType;

/// Far beyond any use, and safely inside what dates can express.
const MAX_UNITS: i64 = 10_000;

/// Whether the value must lie within (or outside), and the window's first and first-after value as kept in the database.
type Window = (bool, String, String);

/// The window of a relative relation; none when the relation is not one.
pub(crate) fn window(
    target: Target<'_>,
    relation: &str,
    values: &[Value],
    now: Timestamp,
) -> Result<Option<Window>, Fault> {
    let (within, relative) = match relation.strip_prefix("not_") {
        Some(rest) => (false, rest),
        None => (true, relation),
    };
    let dates = target.field.data_type == DataType::Date;
    let today = now.to_zoned(TimeZone::UTC).date();
    let refused = || {
        Fault::request(format!(
            "API {}() {}.{} '{relation}' cannot use {}",
            target.call,
            target.entity.name,
            target.field.name,
            clip(&Value::from(values).to_string())
        ))
    };
    let bounds = match relative {
        "in_last" | "in_next" => {
            let [count, unit] = values else { return Err(refused()) };
            let count = count.as_i64().filter(|count| (0..=MAX_UNITS).contains(count)).ok_or_else(refused)?;
            let count = if relative == "in_last" { -count } else { count };
            let span = unit.as_str().and_then(|unit| span(count, unit)).ok_or_else(refused)?;
            let there = now.to_zoned(TimeZone::UTC).checked_add(span).map_err(|_| refused())?;
            let (from, until) =
                if relative == "in_last" { (there.timestamp(), now) } else { (now, there.timestamp()) };
            if dates {
                let (from, until) = (date_of(from), date_of(until));
                (from.to_string(), until.tomorrow().map_err(|_| refused())?.to_string())
            } else {
                // Kept times are whole seconds; the last one counts.
                let after = until.checked_add(Span::new().seconds(1)).map_err(|_| refused())?;
                (format_time(from), format_time(after))
            }
        }
        "in_calendar_day" | "in_calendar_week" | "in_calendar_month" | "in_calendar_year" => {
            let [offset] = values else { return Err(refused()) };
            let offset = offset.as_i64().filter(|offset| offset.abs() <= MAX_UNITS).ok_or_else(refused)?;
            let (start, length) = calendar(relative, today);
            let after = |count: i64| length.checked_mul(count).and_then(|span| start.checked_add(span)).ok();
            let from = after(offset).ok_or_else(refused)?;
            let until = after(offset + 1).ok_or_else(refused)?;
            if dates {
                (from.to_string(), until.to_string())
            } else {
                (format!("{from}T00:00:00Z"), format!("{until}T00:00:00Z"))
            }
        }
        _ => return Ok(None),
    };
    Ok(Some((within, bounds.0, bounds.1)))
}

fn date_of(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

fn span(count: i64, unit: &str) -> Option<Span> {
    let span = Span::new();
    match unit {
        "HOUR" => span.try_hours(count),
        "DAY" => span.try_days(count),
        "WEEK" => span.try_weeks(count),
        "MONTH" => span.try_months(count),
        "YEAR" => span.try_years(count),
        _ => return None,
    }
    .ok()
}

/// The first day of the current unit, and the unit's length. Weeks begin on Monday.
fn calendar(relation: &str, today: Date) -> (Date, Span) {
    match relation {
        "in_calendar_week" => {
            let since_monday = i64::from(today.weekday().to_monday_zero_offset());
            (today.saturating_sub(Span::new().days(since_monday)), Span::new().weeks(1))
        }
        "in_calendar_month" => (today.first_of_month(), Span::new().months(1)),
        "in_calendar_year" => (today.first_of_year(), Span::new().years(1)),
        _ => (today, Span::new().days(1)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::Schema;

    #[test]
    fn windows_are_half_open_and_in_utc() {
        let schema = Schema::load(&[]).unwrap();
        let entity = schema.entity("Ticket").unwrap();
        let now: Timestamp = "2026-03-11T15:04:05Z".parse().unwrap();
        let bounds = |field: &str, relation: &str, values: serde_json::Value| {
            let target = Target { call: "read", entity, field: entity.field(field).unwrap() };
            let values = values.as_array().unwrap().clone();
            window(target, relation, &values, now).unwrap().unwrap()
        };
        let expect = |within, from: &str, until: &str| (within, from.to_owned(), until.to_owned());
        let seen = "sg_incident_last_seen";
        assert_eq!(
            bounds(seen, "in_last", json!([2, "HOUR"])),
            expect(true, "2026-03-11T13:04:05Z", "2026-03-11T15:04:06Z")
        );
        assert_eq!(
            bounds(seen, "not_in_next", json!([1, "MONTH"])),
            expect(false, "2026-03-11T15:04:05Z", "2026-04-11T15:04:06Z")
        );
        assert_eq!(
            bounds(seen, "in_calendar_week", json!([0])),
            expect(true, "2026-03-09T00:00:00Z", "2026-03-16T00:00:00Z")
        );
        assert_eq!(
            bounds(seen, "in_calendar_month", json!([-1])),
            expect(true, "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z")
        );
        assert_eq!(
            bounds("sg_due_date", "in_calendar_year", json!([1])),
            expect(true, "2027-01-01", "2028-01-01")
        );
        assert_eq!(
            bounds("sg_due_date", "in_last", json!([1, "DAY"])),
            expect(true, "2026-03-10", "2026-03-12")
        );
        assert_eq!(
            bounds("sg_due_date", "in_calendar_day", json!([0])),
            expect(true, "2026-03-11", "2026-03-12")
        );
    }
}
