//! Values between our words and SQLite's.

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

use crate::rows::scalar::Scalar;

impl ToSql for Scalar {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Scalar::Integer(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Scalar::Real(number) => ToSqlOutput::Owned(Value::Real(*number)),
            Scalar::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

/// What a column holds; none when it is empty.
pub(crate) fn taken(value: ValueRef<'_>) -> Option<Scalar> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(Scalar::Integer(number)),
        ValueRef::Real(number) => Some(Scalar::Real(number)),
        ValueRef::Text(text) | ValueRef::Blob(text) => {
            Some(Scalar::Text(String::from_utf8_lossy(text).into_owned()))
        }
    }
}
