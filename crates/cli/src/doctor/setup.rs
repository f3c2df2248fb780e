//! `doctor --setup-site`: the fields of ours that the site lacks, shown first and created when somebody says yes.

use super::{credentials_for, found_agent, options, site_url};
use crate::arguments::{DoctorCommand, Global};
use crate::exit::{FOUND_WRONG, Failure, Outcome, SITE};
use crate::options::settings;
use crate::output::{BAD, FAINT, GOOD, Output, STRONG, counted};
use agent::doctor::setup::{OPTIONAL, OptionalField, State, create, state};
use anyhow::anyhow;
use flow::Site;
use serde_json::json;
use std::io::{BufRead, IsTerminal, Write};

pub(crate) fn setup(command: &DoctorCommand, global: &Global, output: &Output) -> Outcome {
    let settings = settings(global, &[], None)?;
    let (folder, answer) = found_agent(&settings)?;
    let running = answer.as_ref().ok();
    let url = site_url(&settings, running)
        .ok_or_else(|| Failure::usage(anyhow!("no site is configured: set site.url, or start an agent")))?;
    let (credentials, who) =
        credentials_for(&settings, &folder, running, &url).map_err(|error| Failure::usage(anyhow!(error)))?;
    let mut site = flow::connect(options(&settings, &url))?;
    site.set_credentials(Some(credentials));
    let entity_type = &settings.site.entity_type;
    let fields = site.fields(entity_type)?;
    let states: Vec<(&OptionalField, State)> =
        OPTIONAL.iter().map(|field| (field, state(&fields, field))).collect();
    let missing: Vec<&OptionalField> =
        states.iter().filter(|(_, state)| *state == State::Missing).map(|(field, _)| *field).collect();
    if !output.json {
        show(&states, &format!("{entity_type} of {url}, as {who}"), output)?;
    }
    let agreed = command.yes || (!missing.is_empty() && !output.json && said_yes(missing.len(), output)?);
    let mut created = Vec::new();
    let mut refusal = None;
    for field in missing.iter().filter(|_| agreed) {
        match create(&site, entity_type, field) {
            Ok(name) => created.push((*field, name)),
            Err(error) => {
                refusal = Some(error);
                break;
            }
        }
    }
    for (field, name) in &created {
        if name != field.name {
            output.warning(&format!(
                "the site calls the new field {name}, because {} was taken once: let an admin give it that name, or \
                 it is of no use to us",
                field.name
            ));
        } else if !output.json {
            writeln!(output.data(), "{GOOD}created{GOOD:#} {name}")?;
        }
    }
    if output.json {
        let of = |wanted: State| {
            states.iter().filter(move |(_, state)| *state == wanted).map(|(field, _)| field.name)
        };
        output.object(&json!({
            "type": "setup",
            "v": 1,
            "site": url,
            "entity_type": entity_type,
            "there": of(State::There).collect::<Vec<_>>(),
            "other_type": of(State::OtherType).collect::<Vec<_>>(),
            "missing": of(State::Missing).collect::<Vec<_>>(),
            "created": created.iter().map(|(_, name)| name).collect::<Vec<_>>(),
        }))?;
    }
    if let Some(error) = refusal {
        let why = format!("creating a field needs the right to change the site's schema ({who})");
        return Err(Failure { code: SITE, error: anyhow::Error::from(error).context(why) });
    }
    let is_done = states.iter().all(|(field, state)| {
        *state == State::There || created.iter().any(|(made, name)| made == field && name == field.name)
    });
    if !is_done && !agreed && !missing.is_empty() {
        output.note("nothing was created: --yes creates what is missing");
    }
    Ok(if is_done { 0 } else { FOUND_WRONG })
}

fn show(states: &[(&OptionalField, State)], place: &str, output: &Output) -> std::io::Result<()> {
    let mut out = output.data();
    writeln!(out, "Fields on {STRONG}{place}{STRONG:#}")?;
    for (field, state) in states {
        let OptionalField { name, data_type, label, purpose } = field;
        match state {
            State::There => writeln!(out, "  {FAINT}there   {name}{FAINT:#}")?,
            State::Missing => {
                writeln!(out, "  {GOOD}create{GOOD:#}  {name}, {data_type}, shown as “{label}”: {purpose}")?;
            }
            State::OtherType => {
                writeln!(
                    out,
                    "  {BAD}taken{BAD:#}   {name} is there, but not as {data_type}: let an admin rename it"
                )?;
            }
        }
    }
    Ok(())
}

/// Asks a person at a terminal; nobody else is asked.
fn said_yes(count: usize, output: &Output) -> std::io::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    let mut out = output.data();
    write!(out, "Create {}? Type yes: ", counted(count as u64, "field"))?;
    out.flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().eq_ignore_ascii_case("yes"))
}
