//! What makes a record an incident.

use super::list_fault::ListFault;
use super::{Origin, SettingsError, noise_list, rule_list};
use serde::Deserialize;
use sgtk_log::Level;
use sgtk_log::rules::{Keywords, Noise, Rule, RuleAction};
use toml::Value;

/// `[detect]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key, once")]
pub struct DetectSettings {
    #[serde(deserialize_with = "levels")]
    pub levels: Vec<Level>,
    #[serde(skip)]
    pub keywords: Keywords,
    #[serde(skip)]
    pub ignore: Vec<Noise>,
    #[serde(skip)]
    pub rules: Vec<Rule>,
}

fn levels<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Level>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let parsed: Result<Vec<_>, _> = names.iter().map(|name| name.parse()).collect();
    match parsed {
        Ok(levels) if !levels.is_empty() => Ok(levels),
        _ => Err(serde::de::Error::custom(
            "levels: expected one or more of DEBUG, INFO, WARNING, ERROR, CRITICAL",
        )),
    }
}

/// The keys that are read here and not by serde, whose messages do not say which entry of a list is at fault.
pub(super) const LISTS: [&str; 3] = ["detect.keywords", "detect.ignore", "detect.rules"];

/// The three lists, checked one by one.
#[derive(Default)]
pub(super) struct DetectLists {
    keywords: Keywords,
    ignore: Vec<Noise>,
    rules: Vec<Rule>,
}

impl DetectLists {
    /// Reads one of [`LISTS`].
    pub(super) fn read(&mut self, key: &str, value: &Value, origin: &Origin) -> Result<(), SettingsError> {
        let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let read = match key {
            "detect.keywords" => keywords(list).map(|keywords| self.keywords = keywords),
            "detect.ignore" => noise_list::read(list).map(|ignore| self.ignore = ignore),
            _ => rule_list::read(list).map(|rules| self.rules = rules),
        };
        read.map_err(|fault| fault.of(key, origin))
    }

    /// Puts the lists into their place. `same_hand` is the origin of the rules when who wrote them also says which levels
    /// are incidents: then a rule for other levels is a mistake, and not just out of use for this one run.
    pub(super) fn fill(
        self,
        detect: &mut DetectSettings,
        same_hand: Option<&Origin>,
    ) -> Result<(), SettingsError> {
        detect.keywords = self.keywords;
        detect.ignore = self.ignore;
        detect.rules = self.rules;
        match (same_hand, detect.first_out_of_reach()) {
            (Some(origin), Some(index)) => {
                let problem = "can never match: records of this level are no incidents; add `action = \"promote\"`, or the \
                               level to `detect.levels`";
                let rule = detect.rules[index].name().to_string();
                Err(ListFault::bad(format!("[{index}].level"), problem)
                    .named(rule)
                    .of("detect.rules", origin))
            }
            _ => Ok(()),
        }
    }
}

impl DetectSettings {
    /// The place of the first rule whose records are never looked at.
    fn first_out_of_reach(&self) -> Option<usize> {
        if !self.keywords.is_empty() {
            return None;
        }
        let promotes = |level: &Level| {
            let promoting = self.rules.iter().filter(|rule| rule.action() == Some(RuleAction::Promote));
            promoting.map(Rule::levels).any(|levels| levels.is_none_or(|levels| levels.contains(level)))
        };
        let reached = |level: &Level| self.levels.contains(level) || promotes(level);
        self.rules.iter().position(|rule| rule.levels().is_some_and(|levels| !levels.iter().any(reached)))
    }
}

fn keywords(list: &[Value]) -> Result<Keywords, ListFault> {
    let mut words = Vec::with_capacity(list.len());
    for (index, value) in list.iter().enumerate() {
        let word =
            value.as_str().ok_or_else(|| ListFault::wrong_type(format!("[{index}]"), "string", value))?;
        words.push(word.to_owned());
    }
    Keywords::new(&words).map_err(|fault| ListFault::bad(fault.key.unwrap_or_default(), fault.problem))
}
