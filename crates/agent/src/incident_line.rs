//! The JSON object of one incident record, as `scan --json`, `follow --json` and `run --json` print it.
//!
//! Documented in `docs/json.md` and fixed by snapshot tests: outside scripts read it. What is unknown is null.

use serde::Serialize;
use sgtk_log::Incident;

/// Fields in the order they are printed. The caller adds `type`.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "docs/json.md documents each field, once")]
pub struct IncidentLine {
    /// The path as reached from the argument.
    pub file: String,
    /// 1-based and inclusive; null when the beginning of the file was not read.
    pub lines: Option<(u64, u64)>,
    /// Half-open.
    pub bytes: (u64, u64),
    pub time: Option<String>,
    pub pid: Option<u32>,
    pub level: Option<String>,
    pub logger: Option<String>,
    pub environment: Option<String>,
    pub engine: Option<String>,
    pub app: Option<String>,
    pub bundle_version: Option<String>,
    pub error_name: Option<String>,
    pub root_error_name: Option<String>,
    pub message: String,
    pub title: String,
    pub signature: String,
    /// The record was longer than the limit: head and tail were kept.
    pub truncated: bool,
    /// The record's text, redacted, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Where a record stands.
#[derive(Clone, Debug)]
pub struct Place {
    /// The path as reached from the argument.
    pub file: String,
    /// 1-based and inclusive.
    pub lines: Option<(u64, u64)>,
    /// Half-open.
    pub bytes: (u64, u64),
    /// Longer than the limit.
    pub truncated: bool,
}

impl IncidentLine {
    /// Puts together what was recognised and where.
    #[must_use]
    pub fn new(place: Place, incident: &Incident, title: String) -> IncidentLine {
        let record = &incident.record;
        let origin = &record.origin;
        IncidentLine {
            file: place.file,
            lines: place.lines,
            bytes: place.bytes,
            time: record.time.as_ref().map(ToString::to_string),
            pid: record.pid,
            level: record.level.map(|level| level.to_string()),
            logger: record.logger.clone(),
            environment: origin.environment.clone(),
            engine: origin.engine.clone(),
            app: origin.app.clone(),
            bundle_version: origin.bundle_version.clone(),
            error_name: incident.error_name.clone(),
            root_error_name: incident.root_error_name.clone(),
            message: record.message.clone(),
            title,
            signature: incident.signature.to_string(),
            truncated: place.truncated,
            text: None,
        }
    }
}
