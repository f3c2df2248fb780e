//! Whether a record is an incident, and which level, keyword, rule or entry of the noise list says so, in words.

use agent::gate::{Admission, Verdict};
use agent::recognise::Explained;
use agent::settings::DetectSettings;
use serde::Serialize;
use sgtk_log::Level;

/// What the gate made of a record.
#[derive(Serialize)]
pub(crate) struct Gate {
    pub(crate) passes: bool,
    /// `incident`, `ignored`, `muted` or `below`.
    pub(crate) verdict: &'static str,
    /// What decided: `level`, `keyword`, `pasted`, `rule` or `noise`.
    pub(crate) by: &'static str,
    /// The keyword, the rule's name, or the reason in the noise list.
    pub(crate) name: Option<String>,
    pub(crate) why: String,
    /// Every rule and every entry of the noise list that matches, in the order in which they are asked.
    pub(crate) rules: Vec<Rule>,
}

/// An entry of the settings that matches the record.
#[derive(Serialize)]
pub(crate) struct Rule {
    pub(crate) name: String,
    /// The setting: `detect.rules[2]`, counted from 0, or `detect.ignore`.
    pub(crate) place: String,
    pub(crate) does: Vec<&'static str>,
    /// The others come too late.
    pub(crate) decides: bool,
}

impl Gate {
    pub(crate) fn new(explained: &Explained, detect: &DetectSettings) -> Gate {
        let rules: Vec<Rule> = explained
            .matched
            .iter()
            .map(|matched| Rule {
                name: matched.name.to_string(),
                place: matched.place.clone(),
                does: matched.does.clone(),
                decides: matched.decides,
            })
            .collect();
        let level = explained.explanation.incident.record.level.map_or("unknown", Level::as_str);
        let names = detect.levels.iter().map(|level| level.as_str()).collect::<Vec<_>>().join(", ");
        let is_noise = rules.first().is_some_and(|rule| rule.place == "detect.ignore");
        let ignoring = if is_noise { "noise" } else { "rule" };
        let (verdict, by, name, why) = match &explained.verdict {
            Verdict::Admitted(Admission::Level) => {
                ("incident", "level", None, format!("its level, {level}, is among detect.levels ({names})"))
            }
            Verdict::Admitted(Admission::Pasted) => {
                ("incident", "pasted", None, "an error in text without headers".to_owned())
            }
            Verdict::Admitted(Admission::Keyword { word }) => (
                "incident",
                "keyword",
                Some(word.clone()),
                format!("it holds “{word}”, one of detect.keywords"),
            ),
            Verdict::Admitted(Admission::Promoted { by }) => {
                ("incident", "rule", Some(by.to_string()), format!("the rule “{by}” promotes it"))
            }
            Verdict::Ignored { by } if is_noise => {
                ("ignored", ignoring, Some(by.to_string()), format!("detect.ignore knows it: {by}"))
            }
            Verdict::Ignored { by } => {
                ("ignored", ignoring, Some(by.to_string()), format!("the rule “{by}” ignores it"))
            }
            Verdict::Muted { by } => (
                "muted",
                "rule",
                Some(by.to_string()),
                format!("the rule “{by}” mutes it: it is counted only"),
            ),
            Verdict::Below => {
                let keyword = if detect.keywords.is_empty() { "" } else { ", and it holds no keyword" };
                let why = format!("its level, {level}, is not among detect.levels ({names}){keyword}");
                ("below", "level", None, why)
            }
        };
        Gate { passes: explained.verdict.is_admitted(), verdict, by, name, why, rules }
    }
}
