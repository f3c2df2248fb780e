//! A single value as it is kept and compared. The empty value is none.

/// One value of a field that is no link.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    /// Also a checkbox: 0 or 1.
    Integer(i64),
    Real(f64),
    /// Also dates and times, whose spelling sorts as they do, and JSON.
    Text(String),
}

impl Scalar {
    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Scalar::Text(text) = self { Some(text) } else { None }
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Scalar {
        Scalar::Text(text.to_owned())
    }
}

impl From<String> for Scalar {
    fn from(text: String) -> Scalar {
        Scalar::Text(text)
    }
}

impl From<i64> for Scalar {
    fn from(number: i64) -> Scalar {
        Scalar::Integer(number)
    }
}
