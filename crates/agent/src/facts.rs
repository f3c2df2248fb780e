//! What is known about an incident when it is first seen: the content of `incident.json` and `environment.json`.
//!
//! [`IncidentFacts`] is what the ticket's text is made from later, maybe by a newer version of this program:
//! fields are added, never renamed, and missing ones are read as unknown. It holds redacted text only.
//! The environment is taken by allow-list; the names on it are those Toolkit support asks for (docs/ticket.md).

use crate::attach::Session;
use crate::incident_line::IncidentLine;
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::ffi::OsString;

/// `incident.json`, version 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/ticket.md documents each field of incident.json, once")]
pub struct IncidentFacts {
    pub v: u32,
    pub signature: String,
    pub title: String,
    pub error_name: Option<String>,
    pub root_error_name: Option<String>,
    pub summary: String,
    pub message: String,
    /// The whole record.
    pub record: String,
    pub traceback: Option<String>,
    pub level: Option<String>,
    pub logger: Option<String>,
    pub pid: Option<u32>,
    pub file: String,
    pub lines: Option<(u64, u64)>,
    pub bytes: (u64, u64),
    pub truncated: bool,
    /// When the record says it happened.
    pub time: Moment,
    pub user: String,
    pub machine: Machine,
    pub environment: Option<String>,
    pub engine: Option<String>,
    pub app: Option<String>,
    pub bundle_version: Option<String>,
    pub session: Option<Session>,
    /// What was taken out of the record, by rule.
    pub redactions: BTreeMap<String, u64>,
    /// Why there is no log with the ticket, if there is none.
    pub evidence_note: Option<String>,
    pub agent_version: String,
    /// Other problems that this ticket tells of; only in a digest and in an outage.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub digest: Vec<DigestLine>,
}

/// A problem that has no ticket of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/ticket.md documents each field of incident.json, once")]
pub struct DigestLine {
    pub title: String,
    pub signature: String,
    pub count: u64,
    /// UTC.
    pub first_seen: String,
    /// UTC.
    pub last_seen: String,
}

/// The machine the agent runs on; taken once per run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/ticket.md documents each field of incident.json, once")]
pub struct Machine {
    pub host: String,
    pub user: String,
    pub system: String,
    pub architecture: String,
}

impl Machine {
    /// Asks the system.
    #[must_use]
    pub fn this() -> Machine {
        Machine {
            host: whoami::hostname().unwrap_or_else(|_| "unknown host".to_owned()),
            user: whoami::username().unwrap_or_else(|_| "unknown".to_owned()),
            system: whoami::distro().unwrap_or_else(|_| std::env::consts::OS.to_owned()),
            architecture: std::env::consts::ARCH.to_owned(),
        }
    }
}

/// A moment as people at the machine and people elsewhere read it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Moment {
    /// `2026-01-14 19:49:11 +09:00`
    pub local: String,
    /// `2026-01-14T10:49:11Z`
    pub utc: String,
}

impl Moment {
    /// From the wall clock.
    #[must_use]
    pub fn at(wall_ms: i64, zone: &TimeZone) -> Moment {
        let stamp = Timestamp::from_millisecond(wall_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        Moment {
            local: stamp.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string(),
            utc: stamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }

    /// From a record's own stamp, which is local time without a zone; in the hour that daylight saving
    /// repeats, the first one is taken.
    #[must_use]
    pub fn of_record(stamp: &str, zone: &TimeZone) -> Option<Moment> {
        let civil: civil::DateTime = stamp.parse().ok()?;
        let zoned = zone.to_ambiguous_zoned(civil).compatible().ok()?;
        Some(Moment::at(zoned.timestamp().as_millisecond(), zone))
    }
}

impl IncidentFacts {
    /// Facts of a record as far as the record itself tells them.
    #[must_use]
    pub fn of_line(line: &IncidentLine) -> IncidentFacts {
        IncidentFacts {
            v: 1,
            signature: line.signature.clone(),
            title: line.title.clone(),
            error_name: line.error_name.clone(),
            root_error_name: line.root_error_name.clone(),
            message: line.message.clone(),
            level: line.level.clone(),
            logger: line.logger.clone(),
            pid: line.pid,
            file: line.file.clone(),
            lines: line.lines,
            bytes: line.bytes,
            truncated: line.truncated,
            environment: line.environment.clone(),
            engine: line.engine.clone(),
            app: line.app.clone(),
            bundle_version: line.bundle_version.clone(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            ..IncidentFacts::default()
        }
    }
}

/// Variables whose value helps support and holds no secret.
const VARIABLES: [&str; 24] = [
    "LANG",
    "LC_ALL",
    "TZ",
    "TK_DEBUG",
    "SHOTGUN_HOME",
    "SHOTGUN_BUNDLE_CACHE_PATH",
    "SHOTGUN_BUNDLE_CACHE_FALLBACK_PATHS",
    "TK_BOOTSTRAP_CONFIG_OVERRIDE",
    "SHOTGUN_DESKTOP_CONFIG_FALLBACK_DESCRIPTOR",
    "SHOTGUN_API_CACERTS",
    "SHOTGUN_DISABLE_APPSTORE_ACCESS",
    "SGTK_PREFERENCES_LOCATION",
    "SHOTGUN_ENGINE",
    "SGTK_ENGINE",
    "TANK_ENGINE",
    "SHOTGUN_SITE",
    "SHOTGUN_ENTITY_TYPE",
    "SHOTGUN_ENTITY_ID",
    "TANK_CURRENT_PC",
    "SGTK_FILE_TO_OPEN",
    "SHOTGUN_SKIP_QTWEBENGINEWIDGETS_IMPORT",
    "XDG_SESSION_TYPE",
    "XDG_CURRENT_DESKTOP",
    "PROCESSOR_IDENTIFIER",
];
/// Variables of which only the presence is told.
const PRESENCE: [&str; 2] = ["TANK_CONTEXT", "SHOTGUN_DESKTOP_CURRENT_USER"];

/// `environment.json`, version 1: the machine, the session and the agent's own environment by allow-list.
#[must_use]
pub fn environment(
    machine: &Machine,
    session: Option<&Session>,
    env: &dyn Fn(&str) -> Option<OsString>,
    redact: &dyn Fn(&str) -> String,
) -> Value {
    let mut variables = Map::new();
    for name in VARIABLES {
        if let Some(value) = env(name) {
            variables.insert(name.to_owned(), Value::String(redact(&value.to_string_lossy())));
        }
    }
    for name in PRESENCE {
        if env(name).is_some() {
            variables.insert(name.to_owned(), Value::String("set".to_owned()));
        }
    }
    json!({
        "v": 1,
        "agent": { "version": env!("CARGO_PKG_VERSION"), "pid": std::process::id() },
        "machine": machine,
        "session": session,
        "variables": variables,
        "note": "variables are those of the agent, which a host process starts; values by allow-list",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_stamp_is_local_time() {
        let seoul = TimeZone::get("Asia/Seoul").expect("the zone database of the machine");
        let moment = Moment::of_record("2026-01-14T19:49:11.961", &seoul).unwrap();
        assert_eq!(moment.local, "2026-01-14 19:49:11 +09:00");
        assert_eq!(moment.utc, "2026-01-14T10:49:11Z");
        assert_eq!(Moment::of_record("yesterday", &seoul), None);
    }

    #[test]
    fn only_listed_variables_are_taken_and_contexts_by_presence_only() {
        let value = environment(
            &Machine::default(),
            None,
            &|name| match name {
                "TK_DEBUG" => Some("1".into()),
                "TANK_CONTEXT" => Some("holds a token".into()),
                "SECRET_KEY" => Some("never".into()),
                _ => None,
            },
            &str::to_owned,
        );
        let expected = json!({ "TK_DEBUG": "1", "TANK_CONTEXT": "set" });
        assert_eq!(value["variables"], expected);
    }
}
