//! Whether a field of this site takes a value, and in which form. Sites differ: what is set blindly is refused, and the ticket
//! with it. Pure.

use crate::field_value::text_of;
use flow::EntityFields;
use serde_json::{Value, json};

/// The value as this field takes it.
///
/// # Errors
/// Why it does not, in words for people.
pub(crate) fn fit(fields: &EntityFields, name: &str, value: &Value) -> Result<Value, String> {
    let Some(data_type) = fields.data_type(name) else {
        let nearest = crate::nearest::nearest(name, fields.names());
        let hint = nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default();
        return Err(format!("the site has no such field{hint}"));
    };
    if !fields.editable(name) {
        return Err("the site lets nobody edit this field".to_owned());
    }
    let wrong = |expected: &str| format!("{} is no {expected}, which this field holds", shown(value));
    match data_type {
        "text" | "entity_type" => {
            if is_said(value) {
                Ok(Value::String(text_of(value)))
            } else {
                Err(wrong("text"))
            }
        }
        "list" | "status_list" => listed(fields, name, value),
        "number" | "percent" | "duration" | "timecode" | "currency" => number(value)
            .ok_or_else(|| wrong(if data_type == "currency" { "amount" } else { "whole number" })),
        "float" => float(value).ok_or_else(|| wrong("number")),
        "checkbox" => flag(value).ok_or_else(|| wrong("true or false")),
        "date" => date(value).ok_or_else(|| wrong("date such as 2026-01-31")),
        "date_time" => moment(value).ok_or_else(|| wrong("time such as 2026-01-31T12:00:00Z")),
        "entity" => link(fields, name, value),
        "multi_entity" => match value {
            Value::Array(items) => items.iter().map(|item| link(fields, name, item)).collect(),
            one => link(fields, name, one).map(|link| json!([link])),
        },
        other => Err(format!("fields of the type {other} cannot be set from here")),
    }
}

/// As [`fit`], for a value that is another for every incident: whether it is of the list is seen when there is one.
pub(crate) fn fits_in_kind(fields: &EntityFields, name: &str, value: &Value) -> Result<(), String> {
    let is_list = matches!(fields.data_type(name), Some("list" | "status_list"));
    if is_list && fields.editable(name) && is_said(value) {
        return Ok(());
    }
    fit(fields, name, value).map(drop)
}

fn is_said(value: &Value) -> bool {
    !text_of(value).trim().is_empty()
}

fn shown(value: &Value) -> String {
    let text = text_of(value);
    format!("`{}`", if text.is_empty() { value.to_string() } else { text })
}

/// The site's own spelling of one of its values.
fn listed(fields: &EntityFields, name: &str, value: &Value) -> Result<Value, String> {
    let text = text_of(value);
    let known = fields.valid_values(name).unwrap_or_default();
    if known.is_empty() && !text.is_empty() {
        return Ok(Value::String(text));
    }
    let same = |known: &&String| **known == text;
    let alike = |known: &&String| known.to_lowercase() == text.to_lowercase();
    match known.iter().find(same).or_else(|| known.iter().find(alike)) {
        Some(known) => Ok(Value::String(known.clone())),
        None => {
            Err(format!("the site's list for this field has no {}; it has {}", shown(value), some_of(&known)))
        }
    }
}

fn some_of(known: &[String]) -> String {
    const SHOWN: usize = 12;
    let names: Vec<String> = known.iter().take(SHOWN).map(|value| format!("`{value}`")).collect();
    let more = if known.len() > SHOWN { " …" } else { "" };
    names.join(", ") + more
}

fn number(value: &Value) -> Option<Value> {
    let number = match value {
        Value::Number(number) => number.as_i64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    // Sites hold 32 bits.
    i32::try_from(number).ok().map(Value::from)
}

fn float(value: &Value) -> Option<Value> {
    let number: f64 = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then(|| Value::from(number))
}

fn flag(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(flag) => Some(Value::from(*flag)),
        Value::String(text) => text.trim().to_lowercase().parse::<bool>().ok().map(Value::from),
        _ => None,
    }
}

fn date(value: &Value) -> Option<Value> {
    let date: jiff::civil::Date = value.as_str()?.trim().parse().ok()?;
    Some(Value::String(date.to_string()))
}

fn moment(value: &Value) -> Option<Value> {
    let text = match value {
        // `{first}` and `{last}`
        Value::Object(moment) => moment.get("utc")?.as_str()?,
        other => other.as_str()?,
    };
    let moment: jiff::Timestamp = text.trim().parse().ok()?;
    Some(Value::String(moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()))
}

fn link(fields: &EntityFields, name: &str, value: &Value) -> Result<Value, String> {
    let parts = value.get("type").and_then(Value::as_str).zip(value.get("id").and_then(Value::as_u64));
    let Some((entity_type, id)) = parts else {
        return Err(format!(
            "{} is no link such as {{ type = \"Group\", id = 5 }}, which this field holds",
            shown(value)
        ));
    };
    let accepted = fields.link_types(name);
    if !accepted.is_empty() && !accepted.iter().any(|known| known == entity_type) {
        return Err(format!("this field links to {}, not to {entity_type}", some_of(&accepted)));
    }
    Ok(json!({ "type": entity_type, "id": id }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flow::Site;

    /// A ticket's fields as a site tells them.
    fn fields() -> EntityFields {
        let folder = tempfile::tempdir().unwrap();
        let options = desk::DeskOptions {
            listen: "127.0.0.1:0".parse().unwrap(),
            data: folder.path().to_owned(),
            ..desk::DeskOptions::default()
        };
        let desk = desk::Desk::start(options).unwrap();
        let mut site = flow::connect(flow::SiteOptions::new(&desk.ready().url)).unwrap();
        let key = desk.ready().script_key.clone().into();
        let name = desk.ready().script_name.clone();
        site.set_credentials(Some(flow::Credentials::Script { name, key }));
        let fields = site.fields("Ticket").unwrap();
        desk.stop();
        fields
    }

    #[test]
    fn a_value_is_taken_as_its_field_holds_it_or_refused_with_the_reason() {
        let fields = fields();
        let group = json!({ "type": "Group", "id": 5 });
        for (field, value, expected) in [
            ("reply_content", json!(5), Ok(json!("5"))),
            ("reply_content", json!({ "type": "Shot", "id": 1, "label": "sh010" }), Ok(json!("sh010"))),
            ("reply_content", json!(" "), Err("is no text")),
            ("sg_ticket_type", json!("bug"), Ok(json!("Bug"))),
            ("sg_ticket_type", json!("Crash"), Err("it has `Feature`, `Bug`")),
            ("sg_priority", json!(2), Ok(json!("2"))),
            ("sg_estimate", json!("120"), Ok(json!(120))),
            ("sg_estimate", json!(5_000_000_000_i64), Err("is no whole number")),
            ("sg_due_date", json!("2026-02-30"), Err("is no date such as")),
            ("sg_due_date", json!("2026-02-01"), Ok(json!("2026-02-01"))),
            (
                "due_date",
                json!({ "local": "x", "utc": "2026-01-14T10:49:11Z" }),
                Ok(json!("2026-01-14T10:49:11Z")),
            ),
            ("due_date", json!("2026-01-14T19:49:11+09:00"), Ok(json!("2026-01-14T10:49:11Z"))),
            ("addressings_to", group.clone(), Ok(json!([group]))),
            (
                "addressings_to",
                json!([{ "type": "Shot", "id": 5 }]),
                Err("this field links to `Group`, `HumanUser`"),
            ),
            ("addressings_to", json!("support"), Err("`support` is no link such as")),
            ("time_logs_sum", json!(5), Err("lets nobody edit")),
            ("sg_prioritty", json!("1"), Err("did you mean `sg_priority`?")),
        ] {
            match (fit(&fields, field, &value), expected) {
                (Ok(taken), Ok(expected)) => assert_eq!(taken, expected, "{field}"),
                (Err(reason), Err(words)) => {
                    assert!(reason.contains(words), "{reason:?} should name {words:?}")
                }
                (got, expected) => panic!("{field} = {value}: {got:?}, not {expected:?}"),
            }
        }
    }
}
