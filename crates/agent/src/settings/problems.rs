//! Everything that is wrong with settings, for `config check`: a command that only wants to run stops at the first.

use super::detect::LISTS;
use super::{Layers, Settings, SettingsError};
use toml::{Table, Value};

impl Layers {
    /// All problems of the effective values; none for settings that [`Layers::resolve`] takes.
    #[must_use]
    pub fn problems(&self) -> Vec<SettingsError> {
        let mut found = Vec::new();
        let mut sound = self.clone();
        // One setting over the defaults at a time: each has a say of its own.
        for (key, (value, origin)) in &self.values {
            let mut value = value.clone();
            let alone = |value: &Value| {
                let mut alone = Layers::new();
                alone.values.insert(key.clone(), (value.clone(), origin.clone()));
                alone.resolve()
            };
            let mut tries = 0;
            while let Err(error) = alone(&value) {
                found.push(error);
                tries += 1;
                let replaced = LISTS.contains(&key.as_str())
                    && tries <= value.as_array().map_or(0, Vec::len)
                    && found.last().is_some_and(|error| without_entry(key, &mut value, error));
                if !replaced {
                    value = Layers::new().values[key].0.clone();
                    break;
                }
            }
            sound.values.insert(key.clone(), (value, origin.clone()));
        }
        // And what only several of them together get wrong.
        found.extend(sound.resolve().err());
        found
    }

    /// The settings, or everything that is wrong with them.
    ///
    /// # Errors
    /// As [`Layers::problems`].
    pub fn resolve_all(&self) -> Result<Settings, Vec<SettingsError>> {
        self.resolve().map_err(|first| {
            let all = self.problems();
            if all.is_empty() { vec![first] } else { all }
        })
    }
}

/// Puts an entry that nothing is wrong with in place of the one at fault, so that the others keep their numbers.
fn without_entry(key: &str, list: &mut Value, error: &SettingsError) -> bool {
    let place = match error {
        SettingsError::UnknownKey { key, .. } | SettingsError::Value { key, .. } => key,
        SettingsError::Unreadable { .. } | SettingsError::Syntax { .. } => return false,
    };
    let index = place.strip_prefix(key).and_then(|place| place.strip_prefix('['));
    let index =
        index.and_then(|place| place.split_once(']')).and_then(|(index, _)| index.parse::<usize>().ok());
    let Some((index, entry)) = index.and_then(|index| Some((index, list.as_array_mut()?.get_mut(index)?)))
    else {
        return false;
    };
    let words = |pairs: &[(&str, String)]| {
        let table: Table =
            pairs.iter().map(|(name, text)| ((*name).to_owned(), text.clone().into())).collect();
        Value::Table(table)
    };
    let text = format!("entry {index}");
    *entry = match key {
        "detect.rules" => {
            words(&[("name", text.clone()), ("message", text), ("action", "ignore".to_owned())])
        }
        "detect.ignore" => words(&[("message", text.clone()), ("reason", text)]),
        _ => Value::String(text),
    };
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Origin;

    fn problems(toml: &str) -> Vec<String> {
        let mut layers = Layers::new();
        let mut found = layers.text_all(toml, &Origin::File("tk.toml".into()));
        found.extend(layers.problems());
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_problem_is_found_and_each_once() {
        let found = problems(
            "[limits]\ngater_s = 1\nretry_min_s = 0\nretry_max_s = 'long'\n[watch]\nstart_at = 'middle'\ncode_page = 'cp94'\n\
             [detect]\nlevels = ['LOUD']\nkeywords = [1, 'fine', '']\n\
             [[detect.rules]]\nname = 'one'\nmessage = 'x'\naction = 'drop'\n\
             [[detect.rules]]\nname = 'fine'\nmessage = 'y'\naction = 'ignore'\n\
             [[detect.rules]]\nname = 'fine'\nmessage = 'z'\naction = 'ignore'\n\
             [[detect.rules]]\nname = 'four'\nmesage = 'w'\naction = 'ignore'\n",
        );
        for words in [
            "limits.gater_s",
            "limits.retry_min_s",
            "limits.retry_max_s",
            "watch.start_at",
            "watch.code_page",
            "detect.levels",
            "detect.keywords[0]",
            "detect.keywords[2]",
            "detect.rules[0].action",
            "detect.rules[2].name",
            "detect.rules[3].mesage",
        ] {
            let named = found.iter().filter(|problem| problem.contains(&format!("`{words}`"))).count();
            assert_eq!(named, 1, "{words}: {found:#?}");
        }
        assert_eq!(found.len(), 11, "{found:#?}");
    }

    #[test]
    fn settings_that_are_taken_have_no_problem_and_what_only_two_get_wrong_has_one() {
        assert_eq!(problems(""), Vec::<String>::new());
        let together =
            "[detect]\nlevels = ['ERROR']\n[[detect.rules]]\nname = 'r'\nlevel = 'INFO'\naction = 'ignore'\n";
        let found = problems(together);
        assert!(found.len() == 1 && found[0].contains("can never match"), "{found:#?}");
    }
}
