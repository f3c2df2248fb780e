//! What an agent was attached with, for the next login: `attached.json` in the state folder.
//!
//! An agent that is started at login, before any host, has to know the site, the settings of the Toolkit app and the log
//! folder. All of that came with the last attach and is kept here, in the shape of an attach object, without any
//! secret: no token, no proxy, and no setting that the redactor would change. The token then comes from Toolkit's session cache,
//! or from the first host. Kept as a file and not in `state.db`: it is read before an agent has a state.

use crate::attach::Attach;
use crate::paths::{StateFolder, replace_private};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fs;
use std::io;
use std::path::PathBuf;

/// The time of the last attach is written at most this often.
const FRESH_MS: i64 = 3_600_000;
/// A user who has not worked with a site for so long gets no agent for it at login.
pub const WANTED_MS: i64 = 30 * 24 * 3_600_000;

/// An attach object without secrets, and when it came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attached {
    v: u32,
    #[serde(rename = "type")]
    kind: String,
    /// Of the last attach, milliseconds since 1970.
    pub attached_ms: i64,
    site: Site,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_folder: Option<PathBuf>,
    app: App,
    settings: Map<String, Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Site {
    url: Option<String>,
    login: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct App {
    instance: Option<String>,
}

impl Attached {
    /// What may be kept of an attach. `redact` takes the name of a value and the value; what it changes is left out.
    #[must_use]
    pub fn of(attach: &Attach, now_ms: i64, redact: &dyn Fn(&str, &str) -> String) -> Attached {
        let is_plain = |name: &str, text: &str| redact(name, text) == text;
        let settings = attach.settings.iter().filter(|(name, value)| holds_no_secret(name, value, &is_plain));
        Attached {
            v: 1,
            kind: "attach".to_owned(),
            attached_ms: now_ms,
            site: Site {
                url: attach.site.url.clone().filter(|url| is_plain("url", url)),
                login: attach.site.login.clone(),
            },
            log_folder: attach.log_folder.clone(),
            app: App { instance: attach.app.instance.clone() },
            settings: settings.map(|(name, value)| (name.clone(), value.clone())).collect(),
        }
    }

    /// The one of a state folder; `None` when nothing was ever attached there, or it cannot be read.
    #[must_use]
    pub fn read(folder: &StateFolder) -> Option<Attached> {
        let text = fs::read(folder.attached()).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Whether somebody has worked with it of late.
    #[must_use]
    pub fn is_wanted(&self, now_ms: i64) -> bool {
        now_ms - self.attached_ms < WANTED_MS
    }

    /// As the object that `attach` and `run --attach-stdin` take.
    ///
    /// # Errors
    /// When it cannot be written as JSON; a path that is no Unicode, for instance.
    pub fn to_object(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// Whether the one that is stored says the same, and nearly the same time.
    fn is_news_to(&self, stored: &Attached) -> bool {
        let same = Attached { attached_ms: stored.attached_ms, ..self.clone() };
        same != *stored || (self.attached_ms - stored.attached_ms).abs() >= FRESH_MS
    }

    /// Stores it, whole or not at all, if it is news.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn keep(&self, folder: &StateFolder) -> io::Result<()> {
        if Attached::read(folder).is_some_and(|stored| !self.is_news_to(&stored)) {
            return Ok(());
        }
        replace_private(&folder.attached(), self.to_object()?.as_bytes())
    }
}

fn holds_no_secret(name: &str, value: &Value, is_plain: &dyn Fn(&str, &str) -> bool) -> bool {
    match value {
        Value::String(text) => is_plain(name, text),
        Value::Array(items) => items.iter().all(|item| holds_no_secret(name, item, is_plain)),
        Value::Object(fields) => fields.iter().all(|(name, value)| holds_no_secret(name, value, is_plain)),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attach() -> Attach {
        serde_json::from_str(
            r#"{"site":{"url":"https://studio.example","login":"alice","session_token":"t0ken","http_proxy":"bob:pr0xy@p:80"},
                "log_folder":"/logs","app":{"instance":"tk-ours"},
                "settings":{"site.project_id":7,"site.proxy":"bob:pr0xy@p:80","watch.patterns":["tk-*.log"]}}"#,
        )
        .unwrap()
    }

    fn redact(_: &str, text: &str) -> String {
        text.replace("pr0xy", "…")
    }

    #[test]
    fn everything_but_secrets_comes_back_as_an_attach_object() {
        let home = tempfile::tempdir().unwrap();
        let folder = StateFolder::at(home.path().to_owned());
        assert_eq!(Attached::read(&folder), None);
        Attached::of(&attach(), 1_000, &redact).keep(&folder).unwrap();

        let text = fs::read_to_string(folder.attached()).unwrap();
        assert!(!text.contains("t0ken") && !text.contains("pr0xy"), "{text}");
        let object = Attached::read(&folder).unwrap().to_object().unwrap();
        let back: Attach = serde_json::from_str(&object).unwrap();
        assert_eq!(back.site.url.as_deref(), Some("https://studio.example"));
        assert_eq!(back.site.login.as_deref(), Some("alice"));
        assert_eq!(back.log_folder, Some(PathBuf::from("/logs")));
        assert_eq!(back.app.instance.as_deref(), Some("tk-ours"));
        let names: Vec<&String> = back.settings.keys().collect();
        assert_eq!(names, ["site.project_id", "watch.patterns"]);
    }

    #[test]
    fn the_same_again_is_written_once_an_hour() {
        let home = tempfile::tempdir().unwrap();
        let folder = StateFolder::at(home.path().to_owned());
        for (now_ms, stored_ms) in [(0, 0), (60_000, 0), (FRESH_MS, FRESH_MS), (0, 0)] {
            Attached::of(&attach(), now_ms, &redact).keep(&folder).unwrap();
            assert_eq!(Attached::read(&folder).unwrap().attached_ms, stored_ms, "{now_ms}");
        }
        let mut other = attach();
        other.site.login = Some("bob".to_owned());
        Attached::of(&other, 5, &redact).keep(&folder).unwrap();
        assert_eq!(Attached::read(&folder).unwrap().attached_ms, 5);
    }

    #[test]
    fn a_site_that_was_left_a_month_ago_is_not_wanted() {
        let attached = Attached::of(&attach(), 0, &redact);
        assert!(attached.is_wanted(WANTED_MS - 1) && !attached.is_wanted(WANTED_MS));
    }

    #[test]
    fn half_a_file_is_none() {
        let home = tempfile::tempdir().unwrap();
        let folder = StateFolder::at(home.path().to_owned());
        fs::write(folder.attached(), r#"{"v":1,"attached_ms"#).unwrap();
        assert_eq!(Attached::read(&folder), None);
    }
}
