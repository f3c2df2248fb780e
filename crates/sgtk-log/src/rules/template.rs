//! Texts with variables: the signature parts and titles of rules.
//!
//! A variable stands for what the signature made of the record, so what is put in is normalised already. `{{` and `}}`
//! are plain braces.

use crate::incident::Incident;
use crate::rules::RuleFault;
use crate::signature::message::Normaliser;
use crate::signature::words::ContextWords;

/// Longest text before variables are put in, in characters.
const MOST_CHARS: usize = 200;

/// What may stand in braces.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Variable {
    /// Everything our own signature is made of.
    Default,
    Type,
    Message,
    Function,
    Logger,
    Engine,
    App,
}

impl Variable {
    const ALL: [(&'static str, Variable); 7] = [
        ("default", Variable::Default),
        ("type", Variable::Type),
        ("message", Variable::Message),
        ("function", Variable::Function),
        ("logger", Variable::Logger),
        ("engine", Variable::Engine),
        ("app", Variable::App),
    ];

    /// Whether records of one signature of ours always agree on it.
    pub(crate) fn is_in_default(self) -> bool {
        !matches!(self, Variable::Logger | Variable::Engine | Variable::App)
    }

    pub(crate) fn name(self) -> &'static str {
        Variable::ALL.iter().find(|(_, variable)| *variable == self).map_or("", |(name, _)| name)
    }

    /// Its value: from the components of our own signature, or a name of the record without what varies.
    fn value(self, incident: &Incident, words: &ContextWords) -> String {
        let plain = |name: Option<&str>| Normaliser::new(words).normalise(name.unwrap_or_default());
        let component = |kind| incident.signature.first(kind).unwrap_or_default();
        let origin = &incident.record.origin;
        match self {
            Variable::Default => String::new(),
            Variable::Type => component("type").to_owned(),
            Variable::Message => {
                let said = incident.signature.first("reason").or_else(|| incident.signature.first("message"));
                said.unwrap_or_default().to_owned()
            }
            Variable::Function => component("frame").rsplit('#').next().unwrap_or_default().to_owned(),
            Variable::Logger => plain(incident.record.logger.as_deref()),
            Variable::Engine => plain(origin.engine.as_deref()),
            Variable::App => plain(origin.app.as_deref().or(origin.framework.as_deref())),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Piece {
    Text(String),
    Variable(Variable),
}

/// A text with variables.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
}

impl Template {
    /// Reads a template that stands at this key of a rule.
    pub(crate) fn new(key: &str, text: &str) -> Result<Template, RuleFault> {
        if text.trim().is_empty() {
            return Err(RuleFault::at(key, "is empty; give it some words or leave it out"));
        }
        if text.chars().nth(MOST_CHARS).is_some() {
            return Err(RuleFault::at(key, format!("is longer than {MOST_CHARS} characters; shorten it")));
        }
        if text.chars().any(char::is_control) {
            return Err(RuleFault::at(
                key,
                "holds a line end or another control character; write it in one line",
            ));
        }
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let (brace, after) = rest[at..].split_at(1);
            rest = after;
            if let Some(after) = rest.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            let Some((name, after)) = rest.split_once('}').filter(|_| brace == "{") else {
                let problem =
                    format!("has a `{brace}` without its partner; write `{brace}{brace}` for a plain one");
                return Err(RuleFault::at(key, problem));
            };
            let Some((_, variable)) = Variable::ALL.iter().find(|(known, _)| *known == name) else {
                return Err(RuleFault::at(key, unknown(name)));
            };
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Variable(*variable));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Template { pieces })
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = Variable> + '_ {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(variable) => Some(*variable),
            Piece::Text(_) => None,
        })
    }

    /// Whether it is this variable and nothing else.
    pub(crate) fn is_only(&self, variable: Variable) -> bool {
        self.pieces == [Piece::Variable(variable)]
    }

    /// The text; `show` renders values (not the rule's own words).
    pub(crate) fn fill(
        &self,
        incident: &Incident,
        words: &ContextWords,
        show: impl Fn(&str) -> String,
    ) -> String {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Variable(variable) => show(&variable.value(incident, words)),
            })
            .collect()
    }
}

fn unknown(name: &str) -> String {
    let known: Vec<String> = Variable::ALL.iter().map(|(name, _)| format!("{{{name}}}")).collect();
    format!("there is no variable `{{{name}}}`; there are {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_and_variables_are_told_apart() {
        let template = Template::new("title", "a {{b}} {type} c").unwrap();
        assert_eq!(template.variables().collect::<Vec<_>>(), [Variable::Type]);
        assert_eq!(
            template.pieces,
            [Piece::Text("a {b} ".to_owned()), Piece::Variable(Variable::Type), Piece::Text(" c".to_owned())]
        );
        assert!(Template::new("title", "{default}").unwrap().is_only(Variable::Default));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, said) in [
            ("", "is empty"),
            ("{typ}", "there is no variable `{typ}`"),
            ("{type", "a `{` without its partner"),
            ("type}", "a `}` without its partner"),
            ("a\nb", "control character"),
            (&"a".repeat(201), "longer than 200"),
        ] {
            let fault = Template::new("title", text).unwrap_err();
            assert!(fault.problem.contains(said), "{text}: {fault}");
            assert_eq!(fault.key.as_deref(), Some("title"));
        }
    }
}
