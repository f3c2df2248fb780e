//! Which records are incidents: studio rules, then what is known to be none, then levels and keywords.
//!
//! The level is the one in the record's header and nothing else: an INFO record that mentions ERROR is none. Pure: what
//! becomes of an incident is decided by the policy, and counted in the state.

use crate::settings::DetectSettings;
use sgtk_log::rules::{Keywords, Noise, Rule, RuleAction, Subject};
use sgtk_log::{Incident, Level, RawKind, RawRecord, ReadGate};
use std::sync::Arc;

/// What a record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// An incident.
    Admitted(Admission),
    /// None, by a rule or the noise list; counted.
    Ignored {
        /// The rule's name, or the reason in the noise list.
        by: Arc<str>,
    },
    /// An incident that has no ticket; counted.
    Muted {
        /// The rule's name.
        by: Arc<str>,
    },
    /// Below the levels that are incidents; not counted.
    Below,
}

impl Verdict {
    /// Whether it is an incident.
    #[must_use]
    pub fn is_admitted(&self) -> bool {
        matches!(self, Verdict::Admitted(_))
    }
}

/// Why a record is an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Its level.
    Level,
    /// It is a traceback in text without headers.
    Pasted,
    /// It holds one of `detect.keywords`.
    Keyword {
        /// Which.
        word: String,
    },
    /// A rule says so.
    Promoted {
        /// The rule's name.
        by: Arc<str>,
    },
}

/// An entry of the settings that matches a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// The rule's name, or the reason in the noise list.
    pub name: Arc<str>,
    /// The setting: `detect.rules[2]`, counted from 0, or `detect.ignore`.
    pub place: String,
    /// What it does, in the words of the settings: `ignore`, `promote`, `mute`, `signature`, `title`.
    pub does: Vec<&'static str>,
    /// It is the one that decided; the others come too late.
    pub decides: bool,
}

/// See the module's own words.
pub struct Gate {
    levels: Vec<Level>,
    keywords: Keywords,
    ignore: Vec<Noise>,
    rules: Vec<Rule>,
}

impl Gate {
    /// The gate of these settings.
    #[must_use]
    pub fn new(detect: &DetectSettings) -> Gate {
        Gate {
            levels: detect.levels.clone(),
            keywords: detect.keywords.clone(),
            ignore: detect.ignore.clone(),
            rules: detect.rules.clone(),
        }
    }

    /// Which records a reader has to hand out: no more than levels, keywords and promoting rules need.
    #[must_use]
    pub fn read_gate(&self) -> ReadGate {
        let mut least = self.levels.iter().min().copied().unwrap_or(Level::Error);
        for rule in self.promoting() {
            match rule.levels().and_then(|levels| levels.iter().min()) {
                Some(level) => least = least.min(*level),
                None => return ReadGate::All,
            }
        }
        if self.keywords.is_empty() { ReadGate::AtLeast(least) } else { ReadGate::All }
    }

    /// Whether a record has to be recognised to tell what it is. Looks at its bytes only.
    #[must_use]
    pub fn wants(&self, record: &RawRecord<'_>) -> bool {
        let promotable = |rule: &Rule| {
            rule.levels().is_none_or(|levels| record.level.is_some_and(|level| levels.contains(&level)))
        };
        match record.kind {
            // Lines without a record of their own: what they belong to was judged, or is no record.
            RawKind::Orphan => false,
            RawKind::Pasted => true,
            RawKind::Headed => {
                self.is_level(record.level)
                    || self.promoting().any(promotable)
                    || self.keywords.find(&record.text).is_some()
            }
        }
    }

    /// The first rule that matches.
    #[must_use]
    pub fn rule(&self, incident: &Incident, record: &RawRecord<'_>) -> Option<&Rule> {
        if self.rules.is_empty() {
            return None;
        }
        let subject = Subject::new(incident, record.level);
        self.rules.iter().find(|rule| rule.matches(&subject))
    }

    /// What a record is, given the first rule that matches it.
    #[must_use]
    pub fn judge(&self, incident: &Incident, record: &RawRecord<'_>, rule: Option<&Rule>) -> Verdict {
        let by = |rule: &Rule| Arc::clone(rule.name());
        if let Some(rule) = rule.filter(|rule| rule.action() == Some(RuleAction::Promote)) {
            return Verdict::Admitted(Admission::Promoted { by: by(rule) });
        }
        let Some(admission) = self.admission(record) else { return Verdict::Below };
        match rule {
            Some(rule) => match rule.action() {
                Some(RuleAction::Ignore) => Verdict::Ignored { by: by(rule) },
                Some(RuleAction::Mute) => Verdict::Muted { by: by(rule) },
                Some(RuleAction::Promote) | None => Verdict::Admitted(admission),
            },
            None => {
                let subject = Subject::new(incident, record.level);
                match self.ignore.iter().find(|noise| noise.matches(&subject)) {
                    Some(noise) => Verdict::Ignored { by: Arc::clone(noise.reason()) },
                    None => Verdict::Admitted(admission),
                }
            }
        }
    }

    /// Everything in the settings that matches a record, in the order in which it is asked. For `explain`.
    #[must_use]
    pub fn matches(&self, incident: &Incident, record: &RawRecord<'_>) -> Vec<Matched> {
        let subject = Subject::new(incident, record.level);
        let mut matched = Vec::new();
        for (index, rule) in self.rules.iter().enumerate().filter(|(_, rule)| rule.matches(&subject)) {
            let mut does: Vec<&'static str> = rule.action().map(RuleAction::as_str).into_iter().collect();
            does.extend(rule.sets_signature().then_some("signature"));
            does.extend(rule.sets_title().then_some("title"));
            matched.push(Matched {
                name: Arc::clone(rule.name()),
                place: format!("detect.rules[{index}]"),
                does,
                decides: matched.is_empty(),
            });
        }
        for noise in self.ignore.iter().filter(|noise| noise.matches(&subject)) {
            matched.push(Matched {
                name: Arc::clone(noise.reason()),
                place: "detect.ignore".to_owned(),
                does: vec!["ignore"],
                decides: matched.is_empty(),
            });
        }
        matched
    }

    /// Why a record would be an incident if no rule and no noise were there.
    fn admission(&self, record: &RawRecord<'_>) -> Option<Admission> {
        if record.kind == RawKind::Pasted {
            return Some(Admission::Pasted);
        }
        if self.is_level(record.level) {
            return Some(Admission::Level);
        }
        self.keywords.find(&record.text).map(|word| Admission::Keyword { word: word.to_owned() })
    }

    fn is_level(&self, level: Option<Level>) -> bool {
        level.is_some_and(|level| self.levels.contains(&level))
    }

    fn promoting(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| rule.action() == Some(RuleAction::Promote))
    }
}
