//! A value of `ticket.fields`: as it stands in the settings, or made for each incident from the names of a ticket.
//!
//! `"Bug"` is a value, `"{engine}"` and `"{engine} on {host}"` are made. What stands in braces is an expression of the
//! template engine (`ticket_template.rs`) over the names of `ticket_view.rs`; one that stands alone keeps its type, so that
//! `"{entity}"` is a link and `"{count}"` a number. Pure.

use crate::ticket_template::{environment, first_unknown};
use crate::ticket_view::one_line;
use serde_json::Value;

/// See the module's own words.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue {
    /// The same for every ticket.
    Fixed(Value),
    /// Made for each.
    Mapped(Vec<Piece>),
}

/// A part of a mapped value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Text(String),
    /// What stood in braces.
    Expression(String),
}

impl FieldValue {
    /// Reads a value of the settings.
    ///
    /// # Errors
    /// A brace without its partner, an expression that is none, or one with an unknown name; in words without the key.
    pub fn new(value: &toml::Value) -> Result<FieldValue, String> {
        let toml::Value::String(text) = value else { return Ok(FieldValue::Fixed(json_of(value))) };
        let pieces = pieces(text)?;
        if pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) {
            return Ok(FieldValue::Fixed(Value::String(text.clone())));
        }
        Ok(FieldValue::Mapped(pieces))
    }

    /// The value for an incident; `None` when it comes to nothing.
    ///
    /// # Errors
    /// When an expression fails, in words.
    pub(crate) fn of(&self, names: &minijinja::Value) -> Result<Option<Value>, String> {
        let pieces = match self {
            FieldValue::Fixed(value) => return Ok(Some(value.clone())),
            FieldValue::Mapped(pieces) => pieces,
        };
        let environment = environment();
        let evaluate = |expression: &str| {
            let compiled = environment.compile_expression(expression).map_err(|error| words(&error))?;
            let value = compiled.eval(names).map_err(|error| words(&error))?;
            serde_json::to_value(&value).map_err(|error| error.to_string())
        };
        if let [Piece::Expression(expression)] = &pieces[..] {
            return Ok(Some(evaluate(expression)?).filter(|value| !is_nothing(value)));
        }
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Expression(expression) => text.push_str(&text_of(&evaluate(expression)?)),
            }
        }
        Ok(Some(Value::String(one_line(&text))).filter(|value| !is_nothing(value)))
    }
}

/// A value as text: a link is called by its name, a moment by its local time.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(parts) => {
            let said = ["label", "name", "local"].into_iter().find_map(|name| parts.get(name));
            said.map(text_of).unwrap_or_default()
        }
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn words(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

/// Cuts a text at its braces. Two braces do as well: that is how templates are written.
fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        if at > 0 {
            pieces.push(Piece::Text(rest[..at].to_owned()));
        }
        let (open, close) = if rest[at..].starts_with("{{") { ("{{", "}}") } else { ("{", "}") };
        let inner = &rest[at + open.len()..];
        let end = inner.find(close).ok_or_else(|| format!("`{open}` has no `{close}` after it"))?;
        let expression = inner[..end].trim().to_owned();
        check(&expression)?;
        pieces.push(Piece::Expression(expression));
        rest = &inner[end + close.len()..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

fn check(expression: &str) -> Result<(), String> {
    let environment = environment();
    let compiled = environment
        .compile_expression(expression)
        .map_err(|error| format!("`{expression}`: {}", words(&error)))?;
    match first_unknown(compiled.undeclared_variables(true)) {
        None => Ok(()),
        Some(unknown) => {
            let nearest = unknown.nearest.map_or_else(
                || "docs/ticket.md lists them".to_owned(),
                |nearest| format!("did you mean `{nearest}`?"),
            );
            Err(format!("there is no name `{}`; {nearest}", unknown.name))
        }
    }
}

/// Dates have no form in JSON but their text.
fn json_of(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text.clone()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(flag) => Value::from(*flag),
        toml::Value::Datetime(moment) => Value::String(moment.to_string()),
        toml::Value::Array(items) => items.iter().map(json_of).collect(),
        toml::Value::Table(table) => {
            Value::Object(table.iter().map(|(name, value)| (name.clone(), json_of(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket_view::TicketView;
    use serde_json::json;

    fn made(text: &str) -> Result<Option<Value>, String> {
        let names = TicketView::sample().names();
        FieldValue::new(&toml::Value::String(text.to_owned()))?.of(&names)
    }

    #[test]
    fn braces_are_filled_and_an_expression_alone_keeps_its_type() {
        for (text, expected) in [
            ("Bug", json!("Bug")),
            ("{engine}", json!("tk-maya")),
            ("{{ engine }} on {host}", json!("tk-maya on ws-042")),
            ("{count}", json!(3)),
            ("{severity|lower}", json!("error")),
            ("{'1' if severity == 'CRITICAL' else '2'}", json!("2")),
            ("shot {entity}", json!("shot bunny_010")),
        ] {
            assert_eq!(made(text).unwrap(), Some(expected), "{text}");
        }
        assert_eq!(made("{entity}").unwrap().unwrap()["id"], 862);
        assert_eq!(made("{session.nothing.of.that}").unwrap(), None);
    }

    #[test]
    fn what_cannot_be_made_is_said_at_once() {
        for (text, words) in [
            ("{egnine}", "did you mean `engine`?"),
            ("{entity.nmae}", "`entity.nmae`"),
            ("{engine", "`{` has no `}` after it"),
            ("{engine +}", "syntax error"),
        ] {
            let fault = made(text).unwrap_err();
            assert!(fault.contains(words), "{fault:?} should name {words:?}");
        }
    }

    #[test]
    fn a_date_of_toml_is_its_text() {
        let table: toml::Table = "due = 2026-02-01".parse().unwrap();
        assert_eq!(FieldValue::new(&table["due"]).unwrap(), FieldValue::Fixed(json!("2026-02-01")));
    }
}
