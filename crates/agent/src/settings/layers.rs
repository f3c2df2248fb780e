//! Layers of settings: the default, files, what the app sends, the environment, flags.
//!
//! Merges key by key, so that each effective value knows where it came from, and checks types key by key. What the
//! values mean is checked when all layers are there.

use super::detect::{DetectLists, LISTS};
use super::{DEFAULT_TOML, Origin, Partial, Settings, SettingsError};
use crate::nearest::nearest;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use toml::{Table, Value};

/// Layers of settings, merged but not yet checked as a whole.
#[derive(Clone, Debug)]
pub struct Layers {
    pub(super) values: BTreeMap<String, (Value, Origin)>,
}

/// A table whose keys are the user's own, not ours.
const FREE_TABLES: [&str; 2] = ["ticket.fields", "ticket.priority"];
/// A setting that may be a word or a table.
const MIXED: [&str; 1] = ["site.credentials"];

impl Layers {
    /// Only the defaults.
    #[must_use]
    pub fn new() -> Layers {
        let table: Table = DEFAULT_TOML.parse().expect("the compiled-in default is valid TOML");
        let mut values = BTreeMap::new();
        flatten("", table, &mut |key, value| {
            values.insert(key, (value, Origin::Default));
        });
        Layers { values }
    }

    /// Lays a file over what is there.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, or holds an unknown key or a value of the wrong type.
    pub fn file(&mut self, path: &Path) -> Result<(), SettingsError> {
        first(self.file_all(path))
    }

    /// As [`Layers::file`], with everything that is wrong; what is right is taken.
    pub fn file_all(&mut self, path: &Path) -> Vec<SettingsError> {
        match std::fs::read_to_string(path) {
            Ok(text) => self.text_all(&text, &Origin::File(path.to_owned())),
            Err(source) => vec![SettingsError::Unreadable { path: path.to_owned(), source }],
        }
    }

    /// Lays TOML text over what is there.
    ///
    /// # Errors
    /// As for [`Layers::file`], but for reading it.
    pub fn text(&mut self, text: &str, origin: &Origin) -> Result<(), SettingsError> {
        first(self.text_all(text, origin))
    }

    /// As [`Layers::text`], with everything that is wrong; what is right is taken.
    pub fn text_all(&mut self, text: &str, origin: &Origin) -> Vec<SettingsError> {
        let table: Table = match text.parse::<Table>() {
            Ok(table) => table,
            Err(error) => {
                let message = error.to_string().trim_end().to_owned();
                return vec![SettingsError::Syntax { origin: origin.clone(), message }];
            }
        };
        let mut pairs = Vec::new();
        flatten("", table, &mut |key, value| pairs.push((key, value)));
        pairs.into_iter().filter_map(|(key, value)| self.set(&key, value, origin.clone()).err()).collect()
    }

    /// Lays environment variables over what is there. Names that are no setting are left alone: the prefix
    /// is ours, but other programs of ours use it too.
    ///
    /// # Errors
    /// A value of the wrong type.
    pub fn environment(&mut self, variables: &dyn Fn(&str) -> Option<OsString>) -> Result<(), SettingsError> {
        first(self.environment_all(variables))
    }

    /// As [`Layers::environment`], with everything that is wrong; what is right is taken.
    pub fn environment_all(&mut self, variables: &dyn Fn(&str) -> Option<OsString>) -> Vec<SettingsError> {
        let mut problems = Vec::new();
        let keys: Vec<String> = self.values.keys().cloned().collect();
        for key in keys {
            let name = format!("TK_INCIDENT_{}", key.to_uppercase().replace('.', "_"));
            let Some(value) = variables(&name) else { continue };
            let value = value.to_string_lossy().into_owned();
            let is_text =
                matches!(self.values[&key].0, Value::String(_)) && !value.trim_start().starts_with('{');
            let parsed = if is_text {
                Value::String(value)
            } else {
                // `5`, `true`, `["a"]` and `{ a = "b" }` are written as in the file.
                format!("v = {value}")
                    .parse::<Table>()
                    .ok()
                    .and_then(|mut table| table.remove("v"))
                    .unwrap_or(Value::String(value))
            };
            problems.extend(self.set(&key, parsed, Origin::Environment(name)).err());
        }
        problems
    }

    /// Sets one key, given with its table (`limits.gather_s`).
    ///
    /// # Errors
    /// An unknown key or a value of the wrong type.
    pub fn set(&mut self, key: &str, value: Value, origin: Origin) -> Result<(), SettingsError> {
        let Some((default, _)) = self.values.get(key) else {
            let nearest = nearest(key, self.values.keys().map(String::as_str)).map(str::to_owned);
            return Err(SettingsError::UnknownKey { key: key.to_owned(), origin, nearest });
        };
        let fits = MIXED.contains(&key) || default.same_type(&value);
        if !fits {
            let message = format!("expected {} but got {}", default.type_str(), value.type_str());
            return Err(SettingsError::Value { key: key.to_owned(), origin, message });
        }
        self.values.insert(key.to_owned(), (value, origin));
        Ok(())
    }

    /// Checks the whole.
    ///
    /// # Errors
    /// A value out of its range or list, named with its key and origin.
    pub fn resolve(&self) -> Result<Settings, SettingsError> {
        let mut root = Table::new();
        let mut lists = DetectLists::default();
        for (key, (value, origin)) in &self.values {
            if LISTS.contains(&key.as_str()) {
                lists.read(key, value, origin)?;
                continue;
            }
            check_range(key, value).map_err(|message| SettingsError::Value {
                key: key.clone(),
                origin: origin.clone(),
                message,
            })?;
            let (table, name) = key.split_once('.').expect("every key of the default is in a table");
            let inner = root.entry(table).or_insert_with(|| Value::Table(Table::new()));
            inner.as_table_mut().expect("made a table above").insert(name.to_owned(), value.clone());
        }
        for (table, content) in &root {
            // One value at a time would lose the reason; one table at a time keeps the message short.
            let single: Table = [(table.clone(), content.clone())].into_iter().collect();
            if let Err(error) = Value::Table(single).try_into::<Partial>() {
                let key = self.guilty_key(table, &error.to_string());
                let origin = self.values.get(&key).map_or(Origin::Default, |(_, origin)| origin.clone());
                let message = error.message().to_owned();
                return Err(SettingsError::Value { key, origin, message });
            }
        }
        let mut settings: Settings =
            Value::Table(root).try_into().map_err(|error: toml::de::Error| SettingsError::Value {
                key: "settings".to_owned(),
                origin: Origin::Default,
                message: error.message().to_owned(),
            })?;
        let origin_of = |key: &str| &self.values[key].1;
        let (rules, levels) = (origin_of("detect.rules"), origin_of("detect.levels"));
        let same_hand = *levels == Origin::Default || levels == rules;
        lists.fill(&mut settings.detect, same_hand.then_some(rules))?;
        Ok(settings)
    }

    fn guilty_key(&self, table: &str, message: &str) -> String {
        let in_table = |key: &&String| key.starts_with(table) && key[table.len()..].starts_with('.');
        let named = |key: &&String| message.contains(key.rsplit('.').next().unwrap_or(key));
        let changed = |key: &&String| self.values[*key].1 != Origin::Default;
        self.values
            .keys()
            .filter(in_table)
            .find(|key| named(key) && changed(key))
            .or_else(|| self.values.keys().filter(in_table).find(changed))
            .cloned()
            .unwrap_or_else(|| table.to_owned())
    }

    /// Every effective value with its origin, in the order of the keys.
    pub fn effective(&self) -> impl Iterator<Item = (&str, &Value, &Origin)> {
        self.values.iter().map(|(key, (value, origin))| (key.as_str(), value, origin))
    }
}

impl Default for Layers {
    fn default() -> Self {
        Layers::new()
    }
}

fn first(problems: Vec<SettingsError>) -> Result<(), SettingsError> {
    problems.into_iter().next().map_or(Ok(()), Err)
}

fn flatten(prefix: &str, table: Table, into: &mut dyn FnMut(String, Value)) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            Value::Table(inner) if !FREE_TABLES.contains(&key.as_str()) && !MIXED.contains(&key.as_str()) => {
                flatten(&key, inner, into);
            }
            value => into(key, value),
        }
    }
}

fn check_range(key: &str, value: &Value) -> Result<(), String> {
    let least = match key {
        "limits.retry_min_s" | "limits.retry_max_s" | "agent.quiet_ms" | "evidence.spool_days" => 1,
        _ => 0,
    };
    match value.as_integer() {
        Some(number) if number < least => Err(format!("must be at least {least}, not {number}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{CredentialSource, StartAt};

    fn text(text: &str) -> Result<Settings, SettingsError> {
        let mut layers = Layers::new();
        layers.text(text, &Origin::File("tk.toml".into()))?;
        layers.resolve()
    }

    #[test]
    fn the_default_is_whole() {
        let settings = Layers::new().resolve().unwrap();
        assert_eq!(settings.limits.gather_s, 10);
        assert_eq!(settings.site.credentials, CredentialSource::Toolkit);
        assert_eq!(settings.watch.start_at, StartAt::End);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place_and_the_nearest_known_one() {
        let error = text("[limits]\ngater_s = 5\n").unwrap_err().to_string();
        assert_eq!(error, "unknown setting `limits.gater_s` in tk.toml; did you mean `limits.gather_s`?");
        let error = text("[sites]\nurl = ''\n").unwrap_err().to_string();
        assert_eq!(error, "unknown setting `sites.url` in tk.toml; did you mean `site.url`?");
    }

    #[test]
    fn wrong_values_are_named_with_key_origin_and_what_was_expected() {
        for (toml, words) in [
            ("[limits]\ngather_s = 'soon'\n", vec!["limits.gather_s", "tk.toml", "integer"]),
            ("[limits]\nretry_min_s = 0\n", vec!["limits.retry_min_s", "at least 1"]),
            ("[watch]\ncode_page = 'cp94'\n", vec!["watch.code_page", "tk.toml", "cp94", "cp949"]),
            ("[watch]\nstart_at = 'middle'\n", vec!["watch.start_at", "middle", "start", "end"]),
            ("[site]\ncredentials = 'key'\n", vec!["site.credentials", "toolkit", "script_key_file"]),
            ("[detect]\nlevels = ['LOUD']\n", vec!["detect.levels", "CRITICAL"]),
        ] {
            let error = text(toml).unwrap_err().to_string();
            for word in words {
                assert!(error.contains(word), "{error:?} should name {word:?}");
            }
        }
    }

    #[test]
    fn later_layers_win_key_by_key() {
        let mut layers = Layers::new();
        layers.text("[limits]\ngather_s = 3\n[site]\nurl = 'http://a'", &Origin::App).unwrap();
        layers
            .environment(&|name| match name {
                "TK_INCIDENT_LIMITS_GATHER_S" => Some("0".into()),
                "TK_INCIDENT_SITE_CREDENTIALS" => Some("{ script_key_file = 'k.toml' }".into()),
                _ => None,
            })
            .unwrap();
        let settings = layers.resolve().unwrap();
        assert_eq!(settings.limits.gather_s, 0);
        assert_eq!(settings.site.url, "http://a");
        assert_eq!(settings.site.credentials, CredentialSource::ScriptKeyFile("k.toml".into()));
        let origin = layers.effective().find(|(key, ..)| *key == "limits.gather_s").unwrap().2;
        assert_eq!(origin.to_string(), "environment variable TK_INCIDENT_LIMITS_GATHER_S");
    }
}
