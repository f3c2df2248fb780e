//! Values between JSON and SQLite: what a field of each data type accepts, how it is kept, how it reads back.
//!
//! Owns validation that needs only the field. Whether a linked row exists is `write`'s question.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::fault::{Fault, clip};
use crate::rows::file_link::{self, FileLink, LocalFile};
use crate::rows::scalar::Scalar;
use crate::rows::spelling;
use crate::schema::{DataType, EntityType, Field, Kept};
use crate::store::fold;

/// A link to a row: type and id.
pub(crate) type Link = (String, i64);

/// A checked value, ready to be kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// None is the empty value.
    One(Option<Scalar>),
    Link(Option<Link>),
    Links(Vec<Link>),
    /// A file that has yet to be found in one of the local storages.
    LocalFile(LocalFile),
    /// A password in clear, to be hashed before it is kept.
    Secret(Option<String>),
}

/// Names the field a value is meant for in fault texts.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    /// The api3 method.
    pub(crate) call: &'a str,
    pub(crate) entity: &'a EntityType,
    pub(crate) field: &'a Field,
}

impl Target<'_> {
    /// The field as fault texts name it.
    pub(crate) fn path(&self) -> String {
        format!("{}.{}", self.entity.name, self.field.name)
    }

    /// FPT's text for a value of the wrong type, in Ruby's class names.
    pub(crate) fn expected(&self, classes: &str, got: &Value) -> Fault {
        Fault::request(format!(
            "API {}() {} expected [{classes}] data type(s) but got {}: {}",
            self.call,
            self.path(),
            ruby_class(got),
            clip(&got.to_string())
        ))
    }

    pub(crate) fn refused(&self, reason: &str) -> Fault {
        Fault::request(format!("API {}() {} {reason}", self.call, self.path()))
    }
}

/// Checks `value` for the field.
pub(crate) fn encode(target: Target<'_>, value: &Value) -> Result<Cell, Fault> {
    let one = |value| Ok(Cell::One(value));
    match target.field.data_type {
        DataType::Entity => match value {
            Value::Null => Ok(Cell::Link(None)),
            _ => link(target, value).map(|link| Cell::Link(Some(link))),
        },
        DataType::Addressing | DataType::MultiEntity => match value {
            Value::Array(items) => {
                let mut links = Vec::with_capacity(items.len());
                for item in items {
                    let link = link(target, item)?;
                    if !links.contains(&link) {
                        links.push(link);
                    }
                }
                Ok(Cell::Links(links))
            }
            other => Err(target.expected("Array", other)),
        },
        DataType::Password => match value {
            Value::Null => Ok(Cell::Secret(None)),
            Value::String(secret) => Ok(Cell::Secret(Some(secret.clone()))),
            // The value itself stays out of the text.
            other => {
                Err(target.refused(&format!("expected [String, NilClass] but got {}", ruby_class(other))))
            }
        },
        DataType::Serializable => match value {
            Value::Null => one(None),
            other => one(Some(other.to_string().into())),
        },
        DataType::TagList => tag_list(target, value).map(Cell::One),
        DataType::Url => url(target, value),
        _ if value.is_null() => one(None),
        DataType::Image => Err(target.refused("takes a picture by uploading it, and null to take it away")),
        _ => {
            let value = scalar(target, value)?;
            check_year(target, value.as_ref())?;
            check_spelling(target, value.as_ref())?;
            Ok(Cell::One(value))
        }
    }
}

/// Times may be compared with any, but rows hold none before this year. A date may be older, whatever FPT's documents say:
/// the official client's own tests keep one of 1968 in a site.
fn check_year(target: Target<'_>, value: Option<&Scalar>) -> Result<(), Fault> {
    const FIRST_YEAR: &str = "1970";
    match (target.field.data_type, value) {
        (DataType::DateTime, Some(Scalar::Text(text))) if text.as_str() < FIRST_YEAR => {
            Err(target.refused(&format!("cannot hold {text}: its first year is {FIRST_YEAR}")))
        }
        _ => Ok(()),
    }
}

/// Checks a value that is neither null nor a link: also what filters compare with. None is the empty value.
pub(crate) fn scalar(target: Target<'_>, value: &Value) -> Result<Option<Scalar>, Fault> {
    match target.field.data_type {
        DataType::Checkbox => match value {
            Value::Bool(checked) => Ok(Some(i64::from(*checked).into())),
            other => Err(target.expected("TrueClass, FalseClass, NilClass", other)),
        },
        DataType::Number | DataType::Duration | DataType::Percent | DataType::Timecode => {
            let number = value.as_i64().ok_or_else(|| target.expected("Integer, NilClass", value))?;
            match i32::try_from(number) {
                Ok(number) => Ok(Some(i64::from(number).into())),
                // Row ids are ours and may outgrow what a number field holds.
                Err(_) if target.field.name == "id" => Ok(Some(number.into())),
                Err(_) => Err(target.refused(&format!("is a 32-bit number and cannot hold {number}"))),
            }
        }
        DataType::Float | DataType::Currency => {
            let number = value.as_f64().ok_or_else(|| target.expected("Float, Integer, NilClass", value))?;
            let limit = if target.field.data_type == DataType::Float {
                999_999_999.999_999
            } else {
                9_999_999_999_999.99
            };
            if number.abs() > limit {
                return Err(target.refused(&format!("cannot hold {number}: its limit is {limit}")));
            }
            Ok(Some(Scalar::Real(number)))
        }
        DataType::Date => {
            let text = text_of(target, value)?;
            let date: Date =
                text.get(..10).filter(|_| text.len() == 10).and_then(|text| text.parse().ok()).ok_or_else(
                    || target.refused(&format!("expected a date YYYY-MM-DD but got {}", clip(text))),
                )?;
            Ok(Some(date.to_string().into()))
        }
        DataType::DateTime => {
            let text = text_of(target, value)?;
            let time = parse_time(text).ok_or_else(|| {
                target.refused(&format!("expected a time YYYY-MM-DDTHH:MM:SSZ but got {}", clip(text)))
            })?;
            Ok(Some(format_time(time).into()))
        }
        DataType::List | DataType::StatusList => {
            let text = text_of(target, value)?;
            Ok((!text.is_empty()).then(|| text.into()))
        }
        data_type => {
            let text = text_of(target, value)?.trim();
            let spelled = spelling::of(data_type).and_then(|spelling| (spelling.parse)(text));
            Ok((!text.is_empty()).then(|| spelled.unwrap_or_else(|| text.to_owned()).into()))
        }
    }
}

/// A filter may compare with any text, but what a row holds is spelled as its type is.
fn check_spelling(target: Target<'_>, value: Option<&Scalar>) -> Result<(), Fault> {
    match (spelling::of(target.field.data_type), value) {
        (Some(spelling), Some(Scalar::Text(text))) if (spelling.parse)(text).is_none() => {
            Err(target.refused(&format!("expected {} but got {}", spelling.wanted, clip(text))))
        }
        _ => Ok(()),
    }
}

/// Names of tags: trimmed, each once whatever its case.
fn tag_list(target: Target<'_>, value: &Value) -> Result<Option<Scalar>, Fault> {
    let Value::Array(items) = value else { return Err(target.expected("Array", value)) };
    let mut names: Vec<String> = Vec::new();
    for item in items {
        let name = text_of(target, item)?.trim();
        if !name.is_empty() && !names.iter().any(|known| fold(known) == fold(name)) {
            names.push(name.to_owned());
        }
    }
    Ok((!names.is_empty()).then(|| json!(names).to_string().into()))
}

/// Checks that a list value is one of the field's.
pub(crate) fn check_listed(target: Target<'_>, value: Option<&Scalar>) -> Result<(), Fault> {
    let Some(Scalar::Text(text)) = value else { return Ok(()) };
    let valid = &target.field.values;
    match target.field.data_type {
        DataType::StatusList if !valid.contains(text) => Err(Fault::write(format!(
            "{} failed for [{}]: '{}' is not a valid status. Valid statuses: {}",
            capitalised(target.call),
            target.path(),
            clip(text),
            valid.join(", ")
        ))),
        DataType::List if !valid.contains(text) => Err(Fault::write(format!(
            "{} failed for [{}]: '{}' is not a valid value. Valid values: {}",
            capitalised(target.call),
            target.path(),
            clip(text),
            valid.join(", ")
        ))),
        _ => Ok(()),
    }
}

/// Checks an entity hash: `{"type", "id"}` of a type the field may link to.
pub(crate) fn link(target: Target<'_>, value: &Value) -> Result<Link, Fault> {
    let Value::Object(hash) = value else {
        return Err(target.expected("Hash, NilClass", value));
    };
    let (Some(kind), Some(id)) =
        (hash.get("type").and_then(Value::as_str), hash.get("id").and_then(Value::as_i64))
    else {
        return Err(target.refused(&format!("invalid/missing entity hash: {}", clip(&value.to_string()))));
    };
    if !target.field.to.iter().any(|valid| valid == kind) {
        return Err(target.refused(&format!(
            "expected an entity of type [{}] but got {}",
            target.field.to.join(", "),
            clip(kind)
        )));
    }
    Ok((kind.to_owned(), id))
}

/// A link of a url field; files get theirs by uploading.
fn url(target: Target<'_>, value: &Value) -> Result<Cell, Fault> {
    match value {
        Value::Null => Ok(Cell::One(None)),
        Value::Object(hash) => match file_link::parse(hash).map_err(|reason| target.refused(&reason))? {
            FileLink::Web(link) => Ok(Cell::One(Some(link.to_string().into()))),
            FileLink::Local(file) => Ok(Cell::LocalFile(file)),
        },
        other => Err(target.expected("Hash, NilClass", other)),
    }
}

fn text_of<'v>(target: Target<'_>, value: &'v Value) -> Result<&'v str, Fault> {
    value.as_str().ok_or_else(|| target.expected("String, NilClass", value))
}

/// A kept value as JSON. Links and url fields are put together by `query`.
pub(crate) fn decode(data_type: DataType, value: Option<Scalar>) -> Value {
    match (data_type, value) {
        (DataType::Password, _) => Value::from("*******"),
        (DataType::TagList, None) => json!([]),
        (_, None) => Value::Null,
        (DataType::Checkbox, Some(Scalar::Integer(number))) => Value::from(number != 0),
        (_, Some(Scalar::Integer(number))) => Value::from(number),
        (_, Some(Scalar::Real(number))) => Value::from(number),
        (data_type, Some(Scalar::Text(text))) if data_type.kept() == Kept::Json => {
            serde_json::from_str(&text).unwrap_or(Value::Null)
        }
        (_, Some(Scalar::Text(text))) => Value::from(text),
    }
}

/// An entity hash.
pub(crate) fn entity_hash(link: &Link, name: Option<&str>) -> Value {
    let mut hash = Map::new();
    hash.insert("type".into(), Value::from(link.0.as_str()));
    hash.insert("id".into(), Value::from(link.1));
    hash.insert("name".into(), name.map_or(Value::Null, Value::from));
    Value::Object(hash)
}

/// A time with a zone, or without one and then UTC.
pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    if text.len() > 40 {
        return None;
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let civil: jiff::civil::DateTime = text.trim_end_matches(" UTC").parse().ok()?;
    civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// FPT's spelling: UTC, whole seconds.
pub(crate) fn format_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn ruby_class(value: &Value) -> &'static str {
    match value {
        Value::Null => "NilClass",
        Value::Bool(true) => "TrueClass",
        Value::Bool(false) => "FalseClass",
        Value::Number(number) if number.is_f64() => "Float",
        Value::Number(_) => "Integer",
        Value::String(_) => "String",
        Value::Array(_) => "Array",
        Value::Object(_) => "Hash",
    }
}

fn capitalised(call: &str) -> String {
    let mut letters = call.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    /// Values that break careless parsers, and some that fit each type.
    fn awkward() -> Vec<Value> {
        let texts = [
            "",
            " ",
            "\u{0}",
            "é",
            "-",
            "--",
            "-1-1",
            "1-1",
            "1-1-1",
            "99999999999999999999-1",
            ",",
            ",,",
            "1,2,3",
            "1,2,3,4",
            "é,é,é",
            "2026-02-01",
            "2026-02-0é",
            "0000-00-00",
            "9999-12-31",
            "-009999-01-01",
            "2026-02-01T10:00:00Z",
            "2026-02-01 10:00:00 UTC",
            "2026-02-01T10:00:00+99:99",
            "T",
            "Z",
            "00000000000000000000000000000000",
            "pipeline_step",
            "RED",
            "wtg",
            "Shot",
            "opn",
        ];
        let mut values: Vec<Value> = texts.into_iter().map(Value::from).collect();
        values.push(Value::from("9".repeat(100_000)));
        values.extend([
            Value::Null,
            json!(true),
            json!(0),
            json!(-1),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(1e300),
            json!(-0.0),
            json!(0.1),
            json!([]),
            json!([null]),
            json!(["a", "A", ""]),
            json!([{"type": "Shot", "id": 1}, {"type": "Shot", "id": 1}]),
            json!({}),
            json!({"type": "Shot", "id": 1}),
            json!({"type": "Shot", "id": "1"}),
            json!({"type": 1, "id": 1}),
            json!({"url": "https://x.example"}),
            json!({"url": ""}),
            json!({"url": {}}),
            json!({"local_path": "/a"}),
            json!({"local_storage": null, "relative_path": "x"}),
        ]);
        values
    }

    #[test]
    fn whatever_is_sent_is_refused_or_kept_as_what_it_reads_as() {
        let schema = Schema::load(&[]).unwrap();
        let entity = schema.entity("Ticket").unwrap();
        let mut kept = 0;
        for data_type in DataType::ALL {
            let field = Field { to: vec!["Shot".to_owned()], ..Field::plain("sg_field", "Field", data_type) };
            let target = Target { call: "update", entity, field: &field };
            for value in awkward() {
                let Ok(Cell::One(one)) = encode(target, &value) else { continue };
                let read = decode(data_type, one.clone());
                assert_eq!(encode(target, &read), Ok(Cell::One(one)), "{data_type:?} {value} reads {read}");
                kept += 1;
            }
        }
        assert!(kept > 100, "{kept}");
    }
}
