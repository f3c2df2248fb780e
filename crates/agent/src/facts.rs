//! What is known about an incident when it is first seen: the content of `incident.json` and `environment.json`.
//!
//! [`IncidentFacts`] is what the ticket's text is made from later, maybe by a newer version of this program:
//! fields are added, never renamed, and missing ones are read as unknown. It holds redacted text only.
//! The environment is taken by allow-list; the names on it are those Toolkit support asks for (docs/ticket.md).

use crate::attach::Session;
use crate::incident_line::IncidentLine;
pub use crate::machine::Machine;
use crate::machine::Room;
use crate::version;
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
    pub evidence: EvidenceFacts,
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

/// What goes with the ticket, and what does not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/evidence.md documents each field of incident.json, once")]
pub struct EvidenceFacts {
    /// Why this archive was made: `first`, `new_version`, `new_system`, `asked`.
    pub reason: String,
    /// The logs were not cleaned of secrets, because the settings ask for it.
    pub raw: bool,
    pub logs: Vec<LogFacts>,
    pub left_out: Vec<LeftOut>,
}

/// A log in an archive.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/evidence.md documents each field of incident.json, once")]
pub struct LogFacts {
    /// Its place in the archive.
    pub name: String,
    /// The files it was cut from, one behind the other.
    pub parts: Vec<LogPart>,
    pub text_bytes: u64,
    pub redactions: BTreeMap<String, u64>,
}

/// A part of a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/evidence.md documents each field of incident.json, once")]
pub struct LogPart {
    pub file: String,
    /// Offsets, the second one not included.
    pub bytes: (u64, u64),
    /// How long the file was.
    pub file_bytes: u64,
}

/// Something that is missing in an archive, and why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/evidence.md documents each field of incident.json, once")]
pub struct LeftOut {
    pub name: String,
    pub why: String,
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
        Some(Moment::at(Moment::stamp_ms(stamp, zone)?, zone))
    }

    /// When a record was written, by its own stamp: wall time.
    pub(crate) fn line_ms(line: &IncidentLine, zone: &TimeZone) -> Option<i64> {
        Moment::stamp_ms(line.time.as_deref()?, zone)
    }

    /// The same as wall time.
    #[must_use]
    pub fn stamp_ms(stamp: &str, zone: &TimeZone) -> Option<i64> {
        let civil: civil::DateTime = stamp.parse().ok()?;
        Some(zone.to_ambiguous_zoned(civil).compatible().ok()?.timestamp().as_millisecond())
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
            agent_version: version::this().to_owned(),
            ..IncidentFacts::default()
        }
    }
}

/// Variables whose value helps support and holds no secret.
const VARIABLES: [&str; 45] = [
    // Toolkit and FPT
    "TK_DEBUG",
    "SHOTGUN_HOME",
    "SHOTGUN_BUNDLE_CACHE_PATH",
    "SHOTGUN_BUNDLE_CACHE_FALLBACK_PATHS",
    "TK_BOOTSTRAP_CONFIG_OVERRIDE",
    "SHOTGUN_DESKTOP_CONFIG_FALLBACK_DESCRIPTOR",
    "SHOTGUN_API_CACERTS",
    "SHOTGUN_DISABLE_APPSTORE_ACCESS",
    "SGTK_PREFERENCES_LOCATION",
    "SGTK_DESKTOP_CONFIG_LOCATION",
    "SHOTGUN_ENGINE",
    "SGTK_ENGINE",
    "TANK_ENGINE",
    "SHOTGUN_SITE",
    "SHOTGUN_ENTITY_TYPE",
    "SHOTGUN_ENTITY_ID",
    "TANK_CURRENT_PC",
    "SGTK_FILE_TO_OPEN",
    "SHOTGUN_SKIP_QTWEBENGINEWIDGETS_IMPORT",
    // what changes how a host starts and what it loads
    "PYTHONHOME",
    "PYTHONPATH",
    "MAYA_LOCATION",
    "MAYA_APP_DIR",
    "MAYA_MODULE_PATH",
    "MAYA_SCRIPT_PATH",
    "MAYA_PLUG_IN_PATH",
    "NUKE_PATH",
    "HFS",
    "HOUDINI_PATH",
    "HOUDINI_USER_PREF_DIR",
    "OCIO",
    "REZ_USED_REQUEST",
    "QT_PLUGIN_PATH",
    "QT_API",
    // the desktop and its language
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XDG_SESSION_TYPE",
    "XDG_CURRENT_DESKTOP",
    "SESSIONNAME",
    "PROCESSOR_IDENTIFIER",
    "NUMBER_OF_PROCESSORS",
];
/// What the Toolkit app calls the variables of the host.
const HOST_VARIABLES: &str = "variables";
/// Variables of which only the presence is told: tokens and passwords may be in them.
const PRESENCE: [&str; 12] = [
    "TANK_CONTEXT",
    "SGTK_CONTEXT",
    "SHOTGUN_DESKTOP_CURRENT_USER",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ADSKFLEX_LICENSE_FILE",
    "foundry_LICENSE",
    "RLM_LICENSE",
    "SESI_LMHOST",
    "peregrinel_LICENSE",
    "SSL_CERT_FILE",
];

/// Variables by the lists above, of whatever environment.
fn listed_variables(
    env: &dyn Fn(&str) -> Option<String>,
    redact: &dyn Fn(&str, &str) -> String,
) -> Map<String, Value> {
    let values = VARIABLES.iter().filter_map(|name| Some((*name, redact(name, &env(name)?))));
    let presences = PRESENCE.iter().filter(|name| env(name).is_some()).map(|name| (*name, "set".to_owned()));
    values.chain(presences).map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
}

/// Takes everything out of a session that may be neither stored nor shown: secrets, and variables of the host that are not
/// on the lists.
pub(crate) fn clean_session(session: &mut Session, redact: &dyn Fn(&str, &str) -> String) {
    if let Some(told) = session.facts.remove(HOST_VARIABLES) {
        let env = |name: &str| told.get(name)?.as_str().map(str::to_owned);
        session.facts.insert(HOST_VARIABLES.to_owned(), listed_variables(&env, redact).into());
    }
    session.redact(redact);
}

/// `environment.json`, version 1: the machine, the session and the agent's own environment by allow-list. `redact` takes
/// the name of a value and the value.
#[must_use]
pub fn environment(
    machine: &Machine,
    room: &Room,
    session: Option<&Session>,
    env: &dyn Fn(&str) -> Option<OsString>,
    redact: &dyn Fn(&str, &str) -> String,
) -> Value {
    let own = |name: &str| env(name).map(|value| value.to_string_lossy().into_owned());
    json!({
        "v": 1,
        "agent": { "version": version::this(), "pid": std::process::id() },
        "machine": machine,
        "room": room,
        "session": session,
        "variables": listed_variables(&own, redact),
        "note": "variables are those of the agent, session.variables those of the host program; both by allow-list",
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
        let told = json!({ "pid": 7, "variables":
            { "OCIO": "/c.ocio", "SGTK_CONTEXT": "holds a token", "SECRET_KEY": "never", "QT_API": 1 } });
        let mut session: Session = serde_json::from_value(told).unwrap();
        clean_session(&mut session, &|_, value| value.to_owned());
        assert_eq!(session.facts["variables"], json!({ "OCIO": "/c.ocio", "SGTK_CONTEXT": "set" }));
        let value = environment(
            &Machine::default(),
            &Room::default(),
            None,
            &|name| match name {
                "TK_DEBUG" => Some("1".into()),
                "TANK_CONTEXT" => Some("holds a token".into()),
                "SECRET_KEY" => Some("never".into()),
                _ => None,
            },
            &|_, value| value.to_owned(),
        );
        let expected = json!({ "TK_DEBUG": "1", "TANK_CONTEXT": "set" });
        assert_eq!(value["variables"], expected);
    }
}
