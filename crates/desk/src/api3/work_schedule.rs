//! `work_schedule_read` and `work_schedule_update`: which days are worked.
//!
//! The studio works Monday to Friday. Exceptions are the studio's, a project's or a person's, and the closest one counts.

use jiff::civil::{Date, Weekday};
use serde_json::{Map, Value, json};

use crate::api3::following::existing;
use crate::fault::{Fault, Trouble};
use crate::rows::query::Context;
use crate::rows::value::{Link, entity_hash};
use crate::store::work_day::WorkDay;
use crate::store::{Reading, Writing};

/// Days of one call: more than ten years are asked for by mistake.
const MAX_DAYS: i32 = 4000;

/// The api3 method `work_schedule_read`: by date, whether it is worked and by which rule.
pub(crate) fn read(reading: &dyn Reading, context: Context<'_>, arguments: &Value) -> Result<Value, Trouble> {
    let (first, last) = (date(context, arguments, "start_date")?, date(context, arguments, "end_date")?);
    if first > last {
        return Err(Fault::request(format!("API {}() 'start_date' is after 'end_date'", context.call)).into());
    }
    let days = first.until(last).map_or(i32::MAX, |span| span.get_days());
    if days > MAX_DAYS {
        let text = format!("API {}() reads at most {MAX_DAYS} days at a time", context.call);
        return Err(Fault::request(text).into());
    }
    let project = row_of(reading, context, arguments, "project", "Project")?;
    let user = row_of(reading, context, arguments, "user", "HumanUser")?;
    let id = |link: &Option<Link>| link.as_ref().map(|link| link.1);
    let exceptions = reading.work_days(&first.to_string(), &last.to_string(), id(&project), id(&user))?;
    let mut schedule = Map::new();
    for day in first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last) {
        schedule.insert(day.to_string(), rule(day, &exceptions));
    }
    Ok(Value::Object(schedule))
}

fn rule(day: Date, exceptions: &[WorkDay]) -> Value {
    let text = day.to_string();
    let closest = exceptions
        .iter()
        .filter(|exception| exception.date == text)
        .max_by_key(|exception| (exception.user.is_some(), exception.project.is_some()));
    match closest {
        Some(exception) => {
            let whose = match (exception.user, exception.project) {
                (Some(_), _) => "USER_EXCEPTION",
                (None, Some(_)) => "PROJECT_EXCEPTION",
                (None, None) => "STUDIO_EXCEPTION",
            };
            json!({"working": exception.working, "reason": whose, "description": exception.description})
        }
        None => {
            let working = !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
            json!({"working": working, "reason": "STUDIO_WORK_WEEK", "description": null})
        }
    }
}

/// The api3 method `work_schedule_update`: the exception as it is now.
pub(crate) fn update(
    transaction: &dyn Writing,
    context: Context<'_>,
    arguments: &Value,
) -> Result<Value, Trouble> {
    let day = date(context, arguments, "date")?;
    let working = arguments.get("working").and_then(Value::as_bool);
    let working = working
        .ok_or_else(|| Fault::request(format!("API {}() invalid/missing boolean 'working'", context.call)))?;
    let project = row_of(transaction, context, arguments, "project", "Project")?;
    let user = row_of(transaction, context, arguments, "user", "HumanUser")?;
    let day = WorkDay {
        date: day.to_string(),
        project: project.as_ref().map(|link| link.1),
        user: user.as_ref().map(|link| link.1),
        working,
        description: arguments.get("description").and_then(Value::as_str).map(str::to_owned),
    };
    transaction.set_work_day(&day)?;
    let hash = |link: Option<Link>| match link {
        None => Ok(Value::Null),
        Some(link) => {
            let name = transaction.row_name(context.entity(&link.0)?, link.1)?;
            Ok::<_, Trouble>(entity_hash(&link, name.as_deref()))
        }
    };
    Ok(json!({
        "date": day.date,
        "description": day.description,
        "project": hash(project)?,
        "user": hash(user)?,
        "working": day.working,
    }))
}

fn row_of(
    reading: &dyn Reading,
    context: Context<'_>,
    arguments: &Value,
    name: &str,
    kind: &str,
) -> Result<Option<Link>, Trouble> {
    match arguments.get(name) {
        None | Some(Value::Null) => Ok(None),
        hash => {
            let (_, link) = existing(reading, context, name, hash)?;
            if link.0 == kind {
                Ok(Some(link))
            } else {
                Err(Fault::request(format!("API {}() '{name}' is not a {kind}", context.call)).into())
            }
        }
    }
}

fn date(context: Context<'_>, arguments: &Value, name: &str) -> Result<Date, Fault> {
    let text = arguments.get(name).and_then(Value::as_str).filter(|text| text.len() == 10);
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| Fault::request(format!("API {}() '{name}' is not a date YYYY-MM-DD", context.call)))
}
