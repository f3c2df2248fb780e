//! `prune`: what has to go from this machine's disk by the settings, shown with `--dry-run` before it is done.
//!
//! A running agent is asked. Where none runs, the state is looked at here, under the lock that an agent would hold.

use crate::arguments::{Global, PruneCommand};
use crate::exit::{Failure, Outcome};
use crate::options::{candidates, settings};
use crate::output::{Output, bytes, counted, harmless};
use agent::control::ask;
use agent::paths::StateFolder;
use agent::retention;
use agent::settings::Settings;
use agent::store::Store;
use serde_json::{Value, json};
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) fn prune(command: &PruneCommand, global: &Global, output: &Output) -> Outcome {
    let settings = settings(global, &[], None)?;
    for folder in candidates(&settings)?.into_iter().filter(|folder| folder.database().exists()) {
        let request = json!({ "v": 1, "type": "prune", "dry_run": command.dry_run }).to_string();
        let mut answer = match ask(&folder, &request) {
            Err(error) if error.is_nobody() => here(&folder, &settings, command.dry_run)?,
            other => other?,
        };
        answer["state"] = folder.path().display().to_string().into();
        if output.json {
            output.object(&answer)?;
        } else {
            show(&answer, output)?;
        }
    }
    Ok(0)
}

/// No agent runs for this folder.
fn here(folder: &StateFolder, settings: &Settings, dry_run: bool) -> Result<Value, Failure> {
    let _instance = agent::agent::enter(folder)?;
    let (mut store, _) = Store::open(&folder.database()).map_err(agent::agent::AgentError::from)?;
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now_ms = i64::try_from(now_ms).unwrap_or(i64::MAX);
    retention::answer(&mut store, &folder.evidence(), &settings.evidence, now_ms, dry_run)
        .map_err(|error| agent::agent::AgentError::from(error).into())
}

fn show(answer: &Value, output: &Output) -> std::io::Result<()> {
    let number = |name: &str| answer[name].as_u64().unwrap_or(0);
    let mut out = output.data();
    writeln!(out, "{}", harmless(answer["state"].as_str().unwrap_or_default()))?;
    writeln!(
        out,
        "  {} and a state of {} wait for the site; they may take up {}",
        size(number("archives_waiting"), "archive", number("archive_bytes")),
        bytes(number("state_bytes")),
        bytes(number("limit_bytes")),
    )?;
    let (would, done) = if answer["dry_run"] == true { ("would go", "would be") } else { ("gone", "were") };
    let drop = answer["drop"].as_array().map(Vec::as_slice).unwrap_or_default();
    for archive in drop {
        let text = |name: &str| harmless(archive[name].as_str().unwrap_or_default());
        let size = bytes(archive["bytes"].as_u64().unwrap_or(0));
        writeln!(out, "  {would}: the log of `{}` ({size}), because {}", text("title"), text("why"))?;
    }
    if number("hours") > 0 {
        writeln!(out, "  {} of counts older than 30 days {done} added up", counted(number("hours"), "hour"))?;
    }
    if number("text_bytes") > 0 {
        writeln!(out, "  {would}: {} of texts of the oldest problems", bytes(number("text_bytes")))?;
    }
    if drop.is_empty() && number("text_bytes") == 0 {
        writeln!(out, "  nothing has to go")?;
    }
    Ok(())
}

fn size(count: u64, noun: &str, size: u64) -> String {
    format!("{} ({})", counted(count, noun), bytes(size))
}
