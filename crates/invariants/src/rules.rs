//! A studio's rules on whatever record.
//!
//! The first line of an input is a rule, its patterns and templates between bars: logger, type, message, frame, engine,
//! app, signature, title. The rest is a record.

use crate::choices::Dice;
use crate::tracebacks::check_incident;
use sgtk_log::rules::{MOST_GLOB_CHARS, Rule, RuleAction, RuleSpec, Subject};
use sgtk_log::{CodePage, ContextWords, FileName, Level, decode, recognise};

/// Any rule is taken or refused in one line; a rule that is taken makes a signature of something and a plain title, twice
/// the same; a pattern made of a text by putting `?` and `*` for some of it matches that text.
pub fn rules(input: &[u8]) {
    let text = decode(input, CodePage::NONE);
    let (rule, record) = text.split_once('\n').unwrap_or((&text, ""));
    let words = ContextWords::default();
    let incident = recognise(record, FileName("tk-maya.log"), &words);
    let subject = Subject::new(&incident, Some(Level::Error));

    for action in [None, Some(RuleAction::Mute), Some(RuleAction::Ignore)] {
        let rule = match Rule::new(written(rule, action)) {
            Ok(rule) => rule,
            Err(fault) => {
                let said = fault.to_string();
                assert!(!said.is_empty() && !said.contains('\n'), "fault: {said:?}");
                continue;
            }
        };
        let matched = rule.matches(&subject);
        assert_eq!(matched, rule.matches(&subject));
        let mut changed = incident.clone();
        let title = rule.apply(&mut changed, &words);
        assert!(title.as_deref().is_none_or(|title| !title.contains(char::is_control)), "title: {title:?}");
        check_incident(&changed);
        assert!(rule.sets_signature() || changed == incident, "a rule changes only what it says");
    }

    let mut dice = Dice::of(input);
    let said = &incident.record.message;
    check_pattern(RuleSpec { message: Some(pattern(said, &mut dice)), ..RuleSpec::default() }, &subject);
    if let Some(logger) = &incident.record.logger {
        let shouted = pattern(logger, &mut dice).to_ascii_uppercase();
        check_pattern(RuleSpec { logger: Some(shouted), ..RuleSpec::default() }, &subject);
    }
}

fn written(rule: &str, action: Option<RuleAction>) -> RuleSpec {
    let mut fields = rule.split('|').map(|field| Some(field.to_owned()).filter(|field| !field.is_empty()));
    let mut next = || fields.next().flatten();
    RuleSpec {
        name: "a rule".to_owned(),
        levels: None,
        logger: next(),
        exception: next(),
        message: next(),
        frame: next(),
        engine: next(),
        app: next(),
        signature: next().map(|parts| parts.split(';').map(str::to_owned).collect()),
        title: next(),
        action,
    }
}

/// A beginning of the text with some characters left open.
fn pattern(text: &str, dice: &mut Dice) -> String {
    let mut pattern = String::new();
    let mut rest = text.chars().take(MOST_GLOB_CHARS);
    while let Some(next) = rest.next() {
        match dice.up_to(7) {
            0 => pattern.push('?'),
            1 => {
                for _ in 0..dice.up_to(4) {
                    rest.next();
                }
                pattern.push('*');
            }
            _ => pattern.push(next),
        }
    }
    pattern
}

fn check_pattern(spec: RuleSpec, subject: &Subject<'_>) {
    let asked = format!("{spec:?}");
    let spec = RuleSpec { name: "a pattern".to_owned(), action: Some(RuleAction::Mute), ..spec };
    // A text of blanks gives a pattern that is refused.
    if let Ok(rule) = Rule::new(spec) {
        assert!(rule.matches(subject), "does not match what it was made of: {asked}");
    }
}
