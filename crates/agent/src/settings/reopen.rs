//! When a closed ticket is opened again: `"always"`, `"never"` or `"within:30d"`.

use serde::Deserialize;

/// `ticket.reopen`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum ReopenRule {
    /// However long ago it was closed.
    Always,
    /// A new ticket is made instead.
    Never,
    /// For so many milliseconds after it was closed; after that a new one is made.
    Within(i64),
}

impl TryFrom<String> for ReopenRule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let window_ms = || {
            let window = text.strip_prefix("within:")?;
            let (number, unit) = window.split_at_checked(window.len().checked_sub(1)?)?;
            let unit_ms = match unit {
                "d" => 24 * 3_600_000,
                "h" => 3_600_000,
                "m" => 60_000,
                _ => return None,
            };
            let number: u32 = number.parse().ok().filter(|number| *number > 0)?;
            Some(i64::from(number).saturating_mul(unit_ms))
        };
        match text.as_str() {
            "always" => Ok(ReopenRule::Always),
            "never" => Ok(ReopenRule::Never),
            _ => window_ms().map(ReopenRule::Within).ok_or_else(|| {
                format!("reopen: {text:?}; expected \"always\", \"never\", or a time as in \"within:30d\" (d, h, m)")
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_forms_and_nothing_else() {
        let read = |text: &str| ReopenRule::try_from(text.to_owned());
        assert_eq!(read("always"), Ok(ReopenRule::Always));
        assert_eq!(read("never"), Ok(ReopenRule::Never));
        assert_eq!(read("within:30d"), Ok(ReopenRule::Within(30 * 24 * 3_600_000)));
        assert_eq!(read("within:90m"), Ok(ReopenRule::Within(90 * 60_000)));
        for wrong in
            ["", "within:", "within:d", "within:0d", "within:-1d", "within:30", "30d", "within:3ö", "0h"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
