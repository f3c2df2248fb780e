//! `config`: settings for people. `default` prints the compiled-in ones, `template` the text of a ticket, `check` what holds
//! here, where it comes from and everything that is wrong with it.

use crate::arguments::{ConfigCommand, ConfigSubcommand, Global};
use crate::exit::{Outcome, USAGE};
use crate::options::layers;
use crate::output::{BAD, FAINT, GOOD, Output, STRONG, counted, harmless};
use agent::settings::{DEFAULT_TOML, Layers, Origin, SettingsError};
use agent::ticket_fields::TEMPLATE;
use agent::ticket_template::{DEFAULT_TEMPLATE, TicketTemplate};
use serde_json::{Value, json};
use std::io::Write;

pub(crate) fn config(command: &ConfigCommand, global: &Global, output: &Output) -> Outcome {
    match command.command {
        ConfigSubcommand::Default => {
            output.data().write_all(DEFAULT_TOML.as_bytes())?;
            Ok(0)
        }
        ConfigSubcommand::Template => {
            output.data().write_all(DEFAULT_TEMPLATE.as_bytes())?;
            Ok(0)
        }
        ConfigSubcommand::Check => check(global, output),
    }
}

fn check(global: &Global, output: &Output) -> Outcome {
    let (layers, mut problems) = layers(global, &[], None);
    problems.extend(layers.problems());
    problems.extend(template(&layers));
    if output.json {
        let settings: Vec<Value> = layers
            .effective()
            .map(|(key, value, origin)| {
                json!({ "key": key, "value": without_password(key, value), "origin": origin.to_string() })
            })
            .collect();
        output.object(&json!({
            "type": "config",
            "v": 1,
            "valid": problems.is_empty(),
            "problems": problems.iter().map(problem).collect::<Vec<_>>(),
            "settings": settings,
        }))?;
    } else {
        print(&layers, &problems, output)?;
    }
    Ok(if problems.is_empty() { 0 } else { USAGE })
}

/// What is wrong with the file that `ticket.template` names; nothing, if the settings themselves are wrong.
fn template(layers: &Layers) -> Option<SettingsError> {
    let settings = layers.resolve().ok()?;
    let fault = TicketTemplate::load(&settings.ticket.template).err()?;
    let (_, _, origin) = layers.effective().find(|(key, ..)| *key == TEMPLATE)?;
    let message = agent::delivery::chain(&fault);
    Some(SettingsError::Value { key: TEMPLATE.to_owned(), origin: origin.clone(), message })
}

fn problem(error: &SettingsError) -> Value {
    let (key, origin) = match error {
        SettingsError::Unreadable { path, .. } => (None, path.display().to_string()),
        SettingsError::Syntax { origin, .. } => (None, origin.to_string()),
        SettingsError::UnknownKey { key, origin, .. } | SettingsError::Value { key, origin, .. } => {
            (Some(key), origin.to_string())
        }
    };
    json!({ "key": key, "origin": origin, "message": agent::delivery::chain(error) })
}

fn print(layers: &Layers, problems: &[SettingsError], output: &Output) -> std::io::Result<()> {
    let mut out = output.data();
    for error in problems {
        writeln!(out, "{BAD}wrong{BAD:#}  {}", harmless(&agent::delivery::chain(error)))?;
    }
    let mut last: Option<&Origin> = None;
    let mut settings: Vec<_> = layers.effective().collect();
    // By where they come from, in the order in which one goes over the other.
    settings.sort_by_key(|(_, _, origin)| match origin {
        Origin::Default => 0,
        Origin::File(_) => 1,
        Origin::App => 2,
        Origin::Environment(_) => 3,
        Origin::Flag(_) => 4,
    });
    let mut defaults = 0;
    for (key, value, origin) in settings {
        if *origin == Origin::Default && !output.verbose {
            defaults += 1;
            continue;
        }
        if last != Some(origin) {
            writeln!(out, "{STRONG}{origin}{STRONG:#}")?;
            last = Some(origin);
        }
        writeln!(out, "  {key} = {}", harmless(&without_password(key, value).to_string()))?;
    }
    if defaults > 0 {
        writeln!(out, "{FAINT}{} as by default (-v shows them){FAINT:#}", counted(defaults, "setting"))?;
    }
    match problems.len() as u64 {
        0 => writeln!(out, "{GOOD}the settings are valid{GOOD:#}"),
        count => writeln!(out, "{BAD}{} in the settings{BAD:#}", counted(count, "problem")),
    }
}

/// A value for showing: of a proxy, everything but what lets one through it.
fn without_password(key: &str, value: &toml::Value) -> toml::Value {
    match value.as_str().and_then(|proxy| proxy.rsplit_once('@')) {
        Some((_, address)) if key == "site.proxy" => toml::Value::String(format!("***@{address}")),
        _ => value.clone(),
    }
}
