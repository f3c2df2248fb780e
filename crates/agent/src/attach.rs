//! What the Toolkit app tells us: who is signed in where, and what this session of an engine is.
//!
//! The shapes are an interface with `python/tk_incident`, versioned by `v`. Every field may be missing or
//! null: a host that cannot tell its version still gets its tickets. Unknown fields are ignored, so that an
//! older agent understands a newer app. Secrets are `SecretString` and leave this module only as such.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// One engine starts, or its context changes.
#[derive(Debug, Default, Deserialize)]
pub struct Attach {
    /// Version of the shape; 1.
    #[serde(default, deserialize_with = "or_default")]
    pub v: u32,
    /// When the app sent it, milliseconds since 1970: of two words on one session the later one holds,
    /// whichever arrives first. Missing in words of older apps, which then count as later than all.
    #[serde(default)]
    pub sent_ms: Option<u64>,
    /// Where tickets go and who is signed in there.
    #[serde(default, deserialize_with = "or_default")]
    pub site: AttachSite,
    /// Where this host logs to; may differ from what the agent's own environment says.
    #[serde(default)]
    pub log_folder: Option<PathBuf>,
    /// The Toolkit app itself, so that its own records are never taken for incidents.
    #[serde(default, deserialize_with = "or_default")]
    pub app: AttachApp,
    /// Settings of the app's `info.yml`, by the agent's key: `{"site.project_id": 123}`.
    #[serde(default, deserialize_with = "or_default")]
    pub settings: Map<String, Value>,
    /// The session.
    #[serde(default)]
    pub session: Option<Session>,
}

/// The site of an [`Attach`].
#[derive(Debug, Default, Deserialize)]
pub struct AttachSite {
    /// `https://studio.example`
    pub url: Option<String>,
    /// Who is signed in.
    pub login: Option<String>,
    /// The session token; never stored.
    pub session_token: Option<SecretString>,
    /// `host:port` or `user:password@host:port`.
    pub http_proxy: Option<SecretString>,
}

/// The app of an [`Attach`].
#[derive(Debug, Default, Deserialize)]
pub struct AttachApp {
    /// Its name in the environment file, which is a part of its logger's name.
    pub instance: Option<String>,
}

/// One run of an engine in a host process. Kept by PID and start time, joined with records of that PID.
/// Holds no secrets: it is stored and goes into `incident.json` as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// As in the log lines of that host.
    #[serde(default)]
    pub pid: u32,
    /// When the process, or its engine, started; the app's own words.
    #[serde(default)]
    pub started: Option<String>,
    /// Who is signed in in that host.
    #[serde(default)]
    pub login: Option<String>,
    /// Everything else the app knows, in its own shape.
    #[serde(flatten)]
    pub facts: Map<String, Value>,
}

/// A session ends.
#[derive(Debug, Default, Deserialize)]
pub struct Detach {
    /// Which.
    #[serde(default, deserialize_with = "or_default")]
    pub pid: u32,
    /// Which run of it; missing: whichever is known.
    #[serde(default)]
    pub started: Option<String>,
    /// As in [`Attach`].
    #[serde(default)]
    pub sent_ms: Option<u64>,
}

impl Session {
    /// Takes secrets out of every text; what is left may be stored and shown. `redact` takes the name of a value and the
    /// value: what is a secret may be told by either.
    pub fn redact(&mut self, redact: &dyn Fn(&str, &str) -> String) {
        for (name, value) in &mut self.facts {
            redact_value(name, value, redact);
        }
    }

    /// A text fact by its path, `["engine", "version"]`.
    #[must_use]
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        self.value(path)?.as_str().filter(|text| !text.is_empty())
    }

    /// A linked entity of the context: `project`, `entity`, `step`, `task`.
    #[must_use]
    pub fn context(&self, name: &str) -> Option<Link> {
        serde_json::from_value(self.value(&["context", name])?.clone()).ok()
    }

    /// A fact that is an object; an empty one when it is not.
    #[must_use]
    pub fn object(&self, name: &str) -> Map<String, Value> {
        self.facts.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
    }

    fn value(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.facts.get(*first)?, |value, name| value.get(name))
    }
}

/// An entity of the site, as Toolkit's context holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The entity type.
    #[serde(rename = "type")]
    pub entity_type: String,
    /// Its number.
    pub id: u64,
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
}

fn redact_value(name: &str, value: &mut Value, redact: &dyn Fn(&str, &str) -> String) {
    match value {
        Value::String(text) => *text = redact(name, text),
        Value::Array(items) => items.iter_mut().for_each(|item| redact_value(name, item, redact)),
        Value::Object(fields) => {
            for (name, mut field) in std::mem::take(fields) {
                redact_value(&name, &mut field, redact);
                fields.insert(redact("", &name), field);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Null is what is missing.
pub(crate) fn or_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_may_be_missing_or_null() {
        for text in ["{}", r#"{"v":1,"site":null,"settings":null,"session":null,"app":null,"new":[1]}"#] {
            let attach: Attach = serde_json::from_str(text).unwrap();
            assert!(attach.session.is_none() && attach.site.url.is_none(), "{text}");
        }
    }

    #[test]
    fn facts_are_found_by_their_path_and_secrets_do_not_show() {
        let attach: Attach = serde_json::from_str(
            r#"{"site":{"session_token":"s3cret-token"},"session":{"pid":7,"engine":{"version":"v1.2"},
                "context":{"project":{"type":"Project","id":90,"name":"demo"},"task":null}}}"#,
        )
        .unwrap();
        let session = attach.session.as_ref().unwrap();
        assert_eq!(session.text(&["engine", "version"]), Some("v1.2"));
        assert_eq!(session.context("project").unwrap().id, 90);
        assert_eq!(session.context("task"), None);
        assert!(!format!("{attach:?}").contains("s3cret"));
    }
}
