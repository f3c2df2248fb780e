//! Records that a host hands over itself, as they come over the control channel: direct capture.
//!
//! The shapes are an interface with `python/tk_incident`, versioned by `v` of the request. Records are numbered by the host from
//! 1 in each capture, so that one that is handed over again, because no answer came, counts once. What they become is the
//! pipeline's; here is only what a log would show of them.

use crate::attach::or_default;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Some records of one capture, in order.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Captured {
    /// The host's process.
    pub pid: u32,
    /// Which session of it, as in its attach.
    #[serde(deserialize_with = "or_default")]
    pub started: String,
    /// The log of the host, if it keeps one. The one of the session is stored, and shows no folder of a person any more.
    pub log_file: Option<PathBuf>,
    /// The number of the first record.
    #[serde(deserialize_with = "or_default")]
    pub first: u64,
    /// How many the host has had to drop in this capture, by now.
    #[serde(deserialize_with = "or_default")]
    pub dropped: u64,
    /// The records.
    #[serde(deserialize_with = "or_default")]
    pub records: Vec<CapturedRecord>,
}

/// One record. Not redacted.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct CapturedRecord {
    /// When, as the host's log shows it: `2026-01-14 19:49:11,961`.
    #[serde(deserialize_with = "or_default")]
    time: String,
    /// When, milliseconds since 1970.
    #[serde(deserialize_with = "or_default")]
    time_ms: i64,
    #[serde(deserialize_with = "or_default")]
    level: String,
    #[serde(deserialize_with = "or_default")]
    logger: String,
    #[serde(deserialize_with = "or_default")]
    message: String,
    /// Traceback and stack, as a log shows them below the message.
    #[serde(deserialize_with = "or_default")]
    exception: String,
    /// No logger told it: no log has it.
    #[serde(deserialize_with = "or_default")]
    pub uncaught: bool,
}

/// Says how much, and nothing of what: a log must not show it by accident.
impl std::fmt::Debug for Captured {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Captured({} records of {})", self.records.len(), self.pid)
    }
}

impl CapturedRecord {
    /// The record as Toolkit's handler writes it.
    pub(crate) fn as_logged(&self, pid: u32, zone: &TimeZone) -> String {
        let stamp = if is_stamp(&self.time) { self.time.clone() } else { stamp(self.time_ms, zone) };
        let level = if self.level == "CRITICAL" { "CRITICAL" } else { "ERROR" };
        // A header is one line.
        let logger = self.logger.split(char::is_control).collect::<String>();
        let mut text = String::with_capacity(64 + logger.len() + self.message.len() + self.exception.len());
        let _ = write!(text, "{stamp} [{pid} {level} {logger}] {}", self.message);
        for part in [self.exception.as_str(), ""] {
            if !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(part);
        }
        text
    }
}

fn is_stamp(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00 00:00:00,000";
    let fits = |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
    text.len() == FORM.len() && text.as_bytes().iter().zip(FORM).all(fits)
}

fn stamp(time_ms: i64, zone: &TimeZone) -> String {
    let time = Timestamp::from_millisecond(time_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let local = time.to_zoned(zone.clone());
    format!("{},{:03}", local.strftime("%Y-%m-%d %H:%M:%S"), local.millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(json: &str) -> String {
        let record: CapturedRecord = serde_json::from_str(json).unwrap();
        record.as_logged(7, &TimeZone::UTC)
    }

    #[test]
    fn a_record_is_what_the_log_would_show() {
        assert_eq!(
            logged(
                r#"{"time":"2026-01-14 19:49:11,961","level":"CRITICAL","logger":"sgtk.env.shot.tk-maya.tk-app",
                    "message":"no\nscene","exception":"Traceback (most recent call last):\nValueError: x"}"#
            ),
            "2026-01-14 19:49:11,961 [7 CRITICAL sgtk.env.shot.tk-maya.tk-app] no\nscene\n\
             Traceback (most recent call last):\nValueError: x\n"
        );
        assert_eq!(
            logged(r#"{"time":"2026-01-14 19:49:11,961","level":"ERROR","logger":"sgtk","message":"x\n"}"#),
            "2026-01-14 19:49:11,961 [7 ERROR sgtk] x\n"
        );
    }

    #[test]
    fn what_is_missing_or_strange_still_gives_a_record_of_one_header() {
        assert_eq!(
            logged(r#"{"time":"yesterday","time_ms":1768420151961,"level":null,"logger":"a\nb"}"#),
            "2026-01-14 19:49:11,961 [7 ERROR ab] \n"
        );
        assert_eq!(logged("{}"), "1970-01-01 00:00:00,000 [7 ERROR ] \n");
        let captured: Captured = serde_json::from_str(
            r#"{"v":1,"pid":7,"started":null,"records":[{"message":"s3cret"}],"new":1}"#,
        )
        .unwrap();
        assert!(!format!("{captured:?}").contains("s3cret"));
    }
}
