//! One rule of a studio: which records it is for, and what becomes of them.

use crate::incident::Incident;
use crate::level::Level;
use crate::rules::RuleFault;
use crate::rules::matchers::Matchers;
use crate::rules::subject::Subject;
use crate::rules::template::{Template, Variable};
use crate::signature::words::ContextWords;
use crate::signature::{Component, Signature};
use crate::title::friendly;
use std::sync::Arc;

/// Longest name, in characters.
const MOST_NAME_CHARS: usize = 80;
/// Most parts of a signature.
const MOST_PARTS: usize = 16;

/// A rule as it is written, before it is checked. Patterns are globs; what is `None` is not asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RuleSpec {
    /// What it is called in `explain` and counted under in `status`.
    pub name: String,
    /// The logger as in the log, from its beginning; case does not count.
    pub logger: Option<String>,
    /// One of these.
    pub levels: Option<Vec<Level>>,
    /// The exception a person would name, in full, with or without its modules; case does not count.
    pub exception: Option<String>,
    /// What was said, or the exception's own text, from its beginning; case counts.
    pub message: Option<String>,
    /// `place#function` of any frame, in full; case does not count.
    pub frame: Option<String>,
    /// The engine instance, in full; case does not count.
    pub engine: Option<String>,
    /// The app instance or framework, in full; case does not count.
    pub app: Option<String>,
    /// What becomes of the record.
    pub action: Option<RuleAction>,
    /// Parts that make up the signature.
    pub signature: Option<Vec<String>>,
    /// The words of the title.
    pub title: Option<String>,
}

/// What a rule makes of a record, besides its signature and title.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum RuleAction {
    /// It is no incident.
    Ignore,
    /// It is an incident, though its level is below those that are.
    Promote,
    /// It is an incident, counted, but has no ticket.
    Mute,
}

impl RuleAction {
    /// All of them, by the word in settings.
    pub const ALL: [(&'static str, RuleAction); 3] =
        [("ignore", RuleAction::Ignore), ("promote", RuleAction::Promote), ("mute", RuleAction::Mute)];

    /// The word in settings.
    pub fn as_str(self) -> &'static str {
        RuleAction::ALL.iter().find(|(_, action)| *action == self).map_or("", |(word, _)| word)
    }
}

/// A checked rule.
#[derive(Clone, Debug)]
pub struct Rule {
    name: Arc<str>,
    matchers: Matchers,
    action: Option<RuleAction>,
    parts: Vec<Template>,
    title: Option<Template>,
    asked: String,
}

impl Rule {
    /// Checks a rule.
    ///
    /// # Errors
    /// The key at fault and why: a pattern or template that cannot be used, no matcher, nothing to do, or a rule that can
    /// never match.
    pub fn new(spec: RuleSpec) -> Result<Rule, RuleFault> {
        check_name(&spec.name)?;
        let matchers = Matchers::new(&spec)?;
        let parts = parts(spec.signature.as_deref())?;
        let title = spec.title.as_deref().map(|text| Template::new("title", text)).transpose()?;
        if let Some(title) = &title {
            check_title(title, &parts)?;
        }
        let changes = title.is_some() || !parts.is_empty();
        match spec.action {
            None if !changes => {
                let problem = "does nothing; add `action`, `signature` or `title`";
                return Err(RuleFault::whole(problem));
            }
            Some(RuleAction::Ignore) if changes => {
                let key = if title.is_some() { "title" } else { "signature" };
                return Err(RuleFault::at(key, "an ignored record has none; leave it out, or mute instead"));
            }
            _ => {}
        }
        let asked = format!(
            "{:?}",
            (
                &spec.levels,
                &spec.logger,
                &spec.engine,
                &spec.app,
                &spec.exception,
                &spec.message,
                &spec.frame
            )
        );
        let name = Arc::from(spec.name.trim());
        Ok(Rule { name, matchers, action: spec.action, parts, title, asked })
    }

    /// What it is called.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What becomes of a record, besides its signature and title.
    pub fn action(&self) -> Option<RuleAction> {
        self.action
    }

    /// The levels it is for; `None` for all.
    pub fn levels(&self) -> Option<&[Level]> {
        self.matchers.levels.as_deref()
    }

    /// Whether it makes the signature, or a part of it.
    pub fn sets_signature(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Whether it words the title.
    pub fn sets_title(&self) -> bool {
        self.title.is_some()
    }

    /// What it asks for, as a text: of two rules with the same one the later never matches.
    pub fn matchers_text(&self) -> &str {
        &self.asked
    }

    /// Whether a record is one of those it is for.
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        self.matchers.match_all(subject)
    }

    /// Gives the incident the signature of this rule, if it sets one, and returns the words of its title, if they differ from
    /// what the signature gives.
    pub fn apply(&self, incident: &mut Incident, words: &ContextWords) -> Option<String> {
        let title = self.title.as_ref().map(|title| title.fill(incident, words, shown));
        if self.parts.is_empty() {
            return title;
        }
        let mut components = Vec::new();
        let mut own = Vec::new();
        for part in &self.parts {
            if part.is_only(Variable::Default) {
                components.extend_from_slice(incident.signature.components());
            } else {
                let value = part.fill(incident, words, str::to_owned);
                own.push(part.fill(incident, words, shown));
                components.push(Component::new("rule", value));
            }
        }
        // Without components of ours there is nothing else to make a title of.
        let alone = own.len() == self.parts.len();
        incident.signature = Signature::of(components);
        title.or_else(|| alone.then(|| own.join(", ")))
    }
}

fn shown(value: &str) -> String {
    friendly(value).into_owned()
}

fn check_name(name: &str) -> Result<(), RuleFault> {
    if name.trim().is_empty() {
        return Err(RuleFault::at("name", "is empty; `explain` and `status` show the rule by its name"));
    }
    if name.chars().nth(MOST_NAME_CHARS).is_some() {
        return Err(RuleFault::at(
            "name",
            format!("is longer than {MOST_NAME_CHARS} characters; shorten it"),
        ));
    }
    if name.chars().any(char::is_control) {
        return Err(RuleFault::at(
            "name",
            "holds a line end or another control character; write it in one line",
        ));
    }
    Ok(())
}

fn parts(written: Option<&[String]>) -> Result<Vec<Template>, RuleFault> {
    let Some(written) = written else { return Ok(Vec::new()) };
    if written.is_empty() {
        return Err(RuleFault::at("signature", "has no parts; add one or leave it out"));
    }
    if written.len() > MOST_PARTS {
        return Err(RuleFault::at("signature", format!("has more than {MOST_PARTS} parts; leave some out")));
    }
    let mut parts = Vec::with_capacity(written.len());
    for (index, text) in written.iter().enumerate() {
        let key = format!("signature[{index}]");
        let part = Template::new(&key, text)?;
        let uses_default = part.variables().any(|variable| variable == Variable::Default);
        if uses_default && !part.is_only(Variable::Default) {
            let problem = "mixes `{default}` with other text; make it a part of its own";
            return Err(RuleFault::at(key, problem));
        }
        if uses_default && parts.contains(&part) {
            return Err(RuleFault::at(key, "repeats `{default}`; leave it out"));
        }
        parts.push(part);
    }
    if parts.len() == 1 && parts[0].is_only(Variable::Default) {
        return Err(RuleFault::at("signature", "is `{default}` alone and changes nothing; leave it out"));
    }
    Ok(parts)
}

/// Every occurrence of a problem has the same title: what is put in must be part of the signature.
fn check_title(title: &Template, parts: &[Template]) -> Result<(), RuleFault> {
    let keeps_ours = parts.is_empty() || parts.iter().any(|part| part.is_only(Variable::Default));
    for variable in title.variables() {
        if variable == Variable::Default {
            return Err(RuleFault::at("title", "cannot hold `{default}`, which is for `signature`"));
        }
        let own = parts.iter().any(|part| part.variables().any(|used| used == variable));
        let is_held = own || keeps_ours && variable.is_in_default();
        if !is_held {
            let name = variable.name();
            return Err(RuleFault::at(
                "title",
                format!(
                    "`{{{name}}}` can differ between records of one signature; add \"{{{name}}}\" to `signature`, or leave it \
                     out of the title"
                ),
            ));
        }
    }
    Ok(())
}
