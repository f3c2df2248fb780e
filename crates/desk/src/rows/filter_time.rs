//! Relative times in filters: `in_last 2 DAY`, `in_calendar_week 0` and their kin, as half-open windows.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::Value;

use crate::fault::{Fault, clip};
use crate::rows::condition::{Scalar, Test};
use crate::rows::filter::Asked;
use crate::rows::value::format_time;
use crate::schema::DataType;

/// Far beyond any use, and safely inside what dates can express.
const MAX_UNITS: i64 = 10_000;
const UNITS: [&str; 5] = ["HOUR", "DAY", "WEEK", "MONTH", "YEAR"];

/// The test of a relation that counts from `now`; `base` is the relation without its negation.
pub(crate) fn window(asked: &Asked<'_>, base: &str, now: Timestamp) -> Result<Test, Fault> {
    let bounds = match base {
        "in_last" | "in_next" => around(asked, base, now)?,
        _ => offset(asked, base, now)?,
    };
    Ok(Test::Within(Scalar::Text(bounds.0), Scalar::Text(bounds.1)))
}

fn around(asked: &Asked<'_>, base: &str, now: Timestamp) -> Result<(String, String), Fault> {
    let [count, unit] = asked.values else { return Err(asked.expects("a 2-element array")) };
    let count = count
        .as_i64()
        .filter(|count| (1..=MAX_UNITS).contains(count))
        .ok_or_else(|| asked.expects(&format!("a positive whole number up to {MAX_UNITS}")))?;
    let last = base == "in_last";
    let span = unit.as_str().and_then(|unit| span(if last { -count } else { count }, unit));
    let Some(span) = span else {
        return Err(Fault::request(format!(
            "API {}() '{}' 'relation' doesn't support the '{}' time unit. Valid time units: {}",
            asked.target.call,
            asked.relation,
            clip(unit.as_str().unwrap_or(&unit.to_string())),
            Value::from(UNITS.as_slice())
        )));
    };
    let too_far = || asked.needs("a time that a calendar has");
    let there = now.to_zoned(TimeZone::UTC).checked_add(span).map_err(|_| too_far())?.timestamp();
    let (from, until) = if last { (there, now) } else { (now, there) };
    if asked.target.field.data_type == DataType::Date {
        // A day counts as a whole, today too.
        let after = date_of(until).tomorrow().map_err(|_| too_far())?;
        Ok((date_of(from).to_string(), after.to_string()))
    } else {
        // Kept times are whole seconds; the last one counts.
        let after = until.checked_add(Span::new().seconds(1)).map_err(|_| too_far())?;
        Ok((format_time(from), format_time(after)))
    }
}

fn offset(asked: &Asked<'_>, base: &str, now: Timestamp) -> Result<(String, String), Fault> {
    let [offset] = asked.values else { return Err(asked.expects("a 1-element array")) };
    let offset = offset
        .as_i64()
        .filter(|offset| offset.abs() <= MAX_UNITS)
        .ok_or_else(|| asked.expects(&format!("a whole number of at most {MAX_UNITS} units")))?;
    calendar_bounds(asked.target.field.data_type, base, offset, date_of(now))
        .ok_or_else(|| asked.needs("a time that a calendar has"))
}

/// From the first value on, before the second, as a field of the type keeps them: so many days, weeks, months or years from today.
/// None beyond the calendar.
pub(crate) fn calendar_bounds(
    data_type: DataType,
    relation: &str,
    offset: i64,
    today: Date,
) -> Option<(String, String)> {
    let (start, length) = calendar(relation, today);
    let after = |count: i64| length.checked_mul(count).and_then(|span| start.checked_add(span)).ok();
    let (from, until) = (after(offset)?, after(offset + 1)?);
    Some(if data_type == DataType::Date {
        (from.to_string(), until.to_string())
    } else {
        (format!("{from}T00:00:00Z"), format!("{until}T00:00:00Z"))
    })
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
    use crate::rows::value::Target;
    use crate::schema::Schema;

    #[test]
    fn windows_are_half_open_and_in_utc() {
        let schema = Schema::load(&[]).unwrap();
        let entity = schema.entity("Ticket").unwrap();
        let now: Timestamp = "2026-03-11T15:04:05Z".parse().unwrap();
        let bounds = |field: &str, relation: &str, values: serde_json::Value| {
            let target = Target { call: "read", entity, field: entity.field(field).unwrap() };
            let values = values.as_array().unwrap().clone();
            let asked = Asked { schema: &schema, target, relation, values: &values };
            window(&asked, relation, now).unwrap()
        };
        let expect = |from: &str, until: &str| {
            Test::Within(Scalar::Text(from.to_owned()), Scalar::Text(until.to_owned()))
        };
        let seen = "sg_incident_last_seen";
        assert_eq!(
            bounds(seen, "in_last", json!([2, "HOUR"])),
            expect("2026-03-11T13:04:05Z", "2026-03-11T15:04:06Z")
        );
        assert_eq!(
            bounds(seen, "in_next", json!([1, "MONTH"])),
            expect("2026-03-11T15:04:05Z", "2026-04-11T15:04:06Z")
        );
        assert_eq!(
            bounds(seen, "in_calendar_week", json!([0])),
            expect("2026-03-09T00:00:00Z", "2026-03-16T00:00:00Z")
        );
        assert_eq!(
            bounds(seen, "in_calendar_month", json!([-1])),
            expect("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z")
        );
        assert_eq!(bounds("sg_due_date", "in_calendar_year", json!([1])), expect("2027-01-01", "2028-01-01"));
        assert_eq!(bounds("sg_due_date", "in_last", json!([1, "DAY"])), expect("2026-03-10", "2026-03-12"));
        assert_eq!(bounds("sg_due_date", "in_calendar_day", json!([0])), expect("2026-03-11", "2026-03-12"));
    }
}
