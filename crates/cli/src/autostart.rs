//! `autostart`: the entry by which an agent starts at this user's login.

use crate::arguments::{AutostartCommand, AutostartVerb};
use crate::exit::{FOUND_WRONG, Outcome};
use crate::output::{Output, harmless};
use agent::autostart::{self, Entry};
use anyhow::Context;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

pub(crate) fn autostart(command: &AutostartCommand, output: &Output) -> Outcome {
    match command.verb {
        AutostartVerb::On => {
            let entry = autostart::on(&this_program()?, &environment)?;
            tell(output, Some(&entry), &format!("an agent starts at the next login ({})", said(&entry)))?;
            Ok(0)
        }
        AutostartVerb::Off => {
            let was = autostart::off(&environment)?;
            let text = match was.first() {
                Some(entry) => format!("removed ({}); an agent that runs goes on", said(entry)),
                None => "there was no entry".to_owned(),
            };
            tell(output, None, &text)?;
            Ok(0)
        }
        AutostartVerb::Status => status(output),
    }
}

fn status(output: &Output) -> Outcome {
    let entries = autostart::status(&environment)?;
    let Some(entry) = entries.first() else {
        tell(output, None, "off: an agent starts with the first host")?;
        return Ok(FOUND_WRONG);
    };
    let trouble = trouble(entry);
    tell(output, Some(entry), &format!("on ({})", said(entry)))?;
    if let Some(trouble) = trouble {
        output.warning(&harmless(&format!("{trouble}: `tk-incident autostart on` mends it")));
        return Ok(FOUND_WRONG);
    }
    Ok(0)
}

/// What keeps an entry from starting a program, if anything does.
fn trouble(entry: &Entry) -> Option<String> {
    if entry.program.is_none() {
        return Some(format!("`{}` is not as this program writes it", entry.place));
    }
    if let Some(missing) = entry.missing() {
        return Some(format!("it starts `{}`, which is not there", missing.display()));
    }
    entry.is_switched_off.then(|| format!("this system's settings have switched `{}` off", entry.place))
}

fn tell(output: &Output, entry: Option<&Entry>, text: &str) -> Result<(), anyhow::Error> {
    if output.json {
        output.object(&object(entry)?)?;
    } else {
        writeln!(output.data(), "{}", harmless(text))?;
    }
    Ok(())
}

fn object(entry: Option<&Entry>) -> Result<Value, anyhow::Error> {
    let this = this_program()?;
    let program = entry.and_then(|entry| entry.program.as_ref());
    let starter = entry.and_then(|entry| entry.starter.as_ref());
    Ok(json!({
        "type": "autostart",
        "v": 1,
        "on": entry.is_some(),
        "kind": entry.map(|entry| entry.kind),
        "place": entry.map(|entry| &entry.place),
        "program": program,
        "program_exists": program.map(|program| program.is_file()),
        "starter": starter,
        "starter_exists": starter.map(|starter| starter.is_file()),
        "switched_off": entry.map(|entry| entry.is_switched_off),
        "this_program": program.map(|program| *program == this),
    }))
}

fn said(entry: &Entry) -> String {
    let program = entry
        .program
        .as_ref()
        .map_or("an unknown program".to_owned(), |program| format!("`{}`", program.display()));
    format!("{} `{}` starts {program}", entry.kind, entry.place)
}

/// The file this program runs from.
pub(crate) fn this_program() -> Result<PathBuf, anyhow::Error> {
    std::env::current_exe().context("cannot find the file of this program")
}

/// This process's environment.
pub(crate) fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
