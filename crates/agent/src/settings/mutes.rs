//! `ticket.mutes`: problems a studio wants no tickets of for now. What a mute does is the policy's.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// One entry of `ticket.mutes`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key, once")]
pub struct MuteSetting {
    #[serde(deserialize_with = "signature")]
    pub signature: String,
    #[serde(deserialize_with = "reason")]
    pub reason: String,
    #[serde(default)]
    pub until: MuteEnd,
}

/// When a mute ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum MuteEnd {
    /// After the usual time.
    #[default]
    Usual,
    /// Never.
    Forever,
    /// When this day begins, UTC; wall time.
    At(i64),
}

impl TryFrom<String> for MuteEnd {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "forever" {
            return Ok(MuteEnd::Forever);
        }
        let date: Date = text.parse().map_err(|_| {
            format!("mutes: until: expected a date such as \"2026-03-01\" or \"forever\", not \"{text}\"")
        })?;
        let begins = date.to_zoned(TimeZone::UTC).map_err(|error| format!("mutes: until: {error}"))?;
        Ok(MuteEnd::At(begins.timestamp().as_millisecond()))
    }
}

fn signature<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_one = text.strip_prefix("g1:").is_some_and(|hash| {
        hash.len() == 32 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    });
    let problem = || {
        format!(
            "mutes: signature: expected `g1:` and 32 digits, as in the last line of a ticket, not \"{text}\""
        )
    };
    if is_one { Ok(text) } else { Err(serde::de::Error::custom(problem())) }
}

fn reason<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() {
        return Err(serde::de::Error::custom("mutes: reason: say why, `status` shows it"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Layers, Origin};

    fn read(mute: &str) -> Result<Vec<MuteSetting>, String> {
        let mut layers = Layers::new();
        let text = format!("[ticket]\nmutes = [{mute}]\n");
        layers.text(&text, &Origin::File("tk.toml".into())).map_err(|error| error.to_string())?;
        layers.resolve().map(|settings| settings.ticket.mutes).map_err(|error| error.to_string())
    }

    #[test]
    fn a_mute_is_a_signature_a_reason_and_an_end() {
        let signature = format!("g1:{}", "0".repeat(32));
        for (until, expected) in [
            ("", MuteEnd::Usual),
            (", until = 'forever'", MuteEnd::Forever),
            (", until = '1970-01-02'", MuteEnd::At(86_400_000)),
        ] {
            let read = read(&format!("{{ signature = '{signature}', reason = 'known'{until} }}")).unwrap();
            assert_eq!(
                read,
                [MuteSetting { signature: signature.clone(), reason: "known".into(), until: expected }]
            );
        }
        for (mute, word) in [
            ("{ signature = 'g1:12', reason = 'known' }".to_owned(), "signature"),
            (format!("{{ signature = '{signature}' }}"), "reason"),
            (format!("{{ signature = '{signature}', reason = ' ' }}"), "reason"),
            (format!("{{ signature = '{signature}', reason = 'a', until = 'soon' }}"), "until"),
            (format!("{{ signature = '{signature}', reason = 'a', author = 'b' }}"), "author"),
        ] {
            let error = read(&mute).unwrap_err();
            assert!(error.contains("ticket.mutes") && error.contains(word), "{error}");
        }
    }
}
