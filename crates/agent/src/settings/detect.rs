//! What makes a record an incident.

use serde::Deserialize;

/// `[detect]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key, once")]
pub struct DetectSettings {
    #[serde(deserialize_with = "levels")]
    pub levels: Vec<sgtk_log::Level>,
}

fn levels<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<sgtk_log::Level>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let parsed: Result<Vec<_>, _> = names.iter().map(|name| name.parse()).collect();
    match parsed {
        Ok(levels) if !levels.is_empty() => Ok(levels),
        _ => Err(serde::de::Error::custom(
            "levels: expected one or more of DEBUG, INFO, WARNING, ERROR, CRITICAL",
        )),
    }
}
