//! `detect.rules`: from TOML to checked rules.

use super::list_fault::{ListFault, known_keys, text};
use sgtk_log::Level;
use sgtk_log::rules::{Rule, RuleAction, RuleSpec};
use std::collections::HashMap;
use toml::{Table, Value};

/// Most rules.
const MOST: usize = 1_000;
const KEYS: [&str; 11] =
    ["name", "logger", "level", "type", "message", "frame", "engine", "app", "action", "signature", "title"];

/// Reads the rules, in order.
pub(super) fn read(list: &[Value]) -> Result<Vec<Rule>, ListFault> {
    if list.len() > MOST {
        return Err(ListFault::bad("", format!("holds {} rules, at most {MOST} are taken", list.len())));
    }
    let mut rules: Vec<Rule> = Vec::with_capacity(list.len());
    let mut by_name: HashMap<String, usize> = HashMap::new();
    let mut by_matchers: HashMap<String, usize> = HashMap::new();
    for (index, value) in list.iter().enumerate() {
        let Value::Table(table) = value else {
            return Err(ListFault::wrong_type(format!("[{index}]"), "table", value));
        };
        let rule = rule(index, table)?;
        let name = rule.name().to_string();
        if let Some(other) = by_name.insert(name.clone(), index) {
            let problem =
                format!("is the name of detect.rules[{other}] too; `status` counts by it, so choose another");
            return Err(ListFault::bad(format!("[{index}].name"), problem).named(name));
        }
        if let Some(other) = by_matchers.insert(rule.matchers_text().to_owned(), index) {
            let problem = format!(
                "can never match: detect.rules[{other}] (`{}`) asks for the same and comes first; make one of them",
                rules[other].name()
            );
            return Err(ListFault::bad(format!("[{index}]"), problem).named(name));
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn rule(index: usize, table: &Table) -> Result<Rule, ListFault> {
    known_keys(index, table, &KEYS)?;
    let own = |key: &str| text(index, table, key).map(|text| text.map(str::to_owned));
    let missing =
        || ListFault::bad(format!("[{index}]"), "has no `name`; `explain` and `status` show it by that");
    let name = own("name")?.ok_or_else(missing)?;
    let named = |fault: ListFault| fault.named(name.clone());
    let spec = RuleSpec {
        name: name.clone(),
        logger: own("logger").map_err(named)?,
        levels: levels(index, table).map_err(named)?,
        exception: own("type").map_err(named)?,
        message: own("message").map_err(named)?,
        frame: own("frame").map_err(named)?,
        engine: own("engine").map_err(named)?,
        app: own("app").map_err(named)?,
        action: action(index, table).map_err(named)?,
        signature: signature(index, table).map_err(named)?,
        title: own("title").map_err(named)?,
    };
    Rule::new(spec).map_err(|fault| {
        let key = fault.key.map(|key| format!(".{key}")).unwrap_or_default();
        let bad = ListFault::bad(format!("[{index}]{key}"), fault.problem);
        if key == ".name" { bad } else { named(bad) }
    })
}

/// One level, or several.
fn levels(index: usize, table: &Table) -> Result<Option<Vec<Level>>, ListFault> {
    let Some(value) = table.get("level") else { return Ok(None) };
    let names: Vec<&Value> = match value {
        Value::Array(names) => names.iter().collect(),
        one => vec![one],
    };
    let mut levels = Vec::with_capacity(names.len());
    for name in names {
        let place = || format!("[{index}].level");
        let word = name.as_str().ok_or_else(|| ListFault::wrong_type(place(), "string", name))?;
        levels.push(word.parse().map_err(|error| ListFault::bad(place(), format!("{error}")))?);
    }
    levels.sort_unstable();
    levels.dedup();
    Ok(Some(levels))
}

fn action(index: usize, table: &Table) -> Result<Option<RuleAction>, ListFault> {
    let Some(word) = text(index, table, "action")? else { return Ok(None) };
    match RuleAction::ALL.iter().find(|(known, _)| *known == word) {
        Some((_, action)) => Ok(Some(*action)),
        None => {
            let problem = format!("expected \"ignore\", \"promote\" or \"mute\", not \"{word}\"");
            Err(ListFault::bad(format!("[{index}].action"), problem))
        }
    }
}

fn signature(index: usize, table: &Table) -> Result<Option<Vec<String>>, ListFault> {
    match table.get("signature") {
        None => Ok(None),
        Some(Value::Array(parts)) => {
            let own = |(number, part): (usize, &Value)| {
                part.as_str().map(str::to_owned).ok_or_else(|| {
                    ListFault::wrong_type(format!("[{index}].signature[{number}]"), "string", part)
                })
            };
            parts.iter().enumerate().map(own).collect::<Result<_, _>>().map(Some)
        }
        Some(other) => Err(ListFault::wrong_type(format!("[{index}].signature"), "a list of strings", other)),
    }
}
