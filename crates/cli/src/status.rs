//! `status` and `stop`: talk to the running agent.

use crate::arguments::Global;
use crate::exit::Outcome;
use crate::options::{candidates, settings};
use crate::output::{BAD, FAINT, GOOD, Output, STRONG, counted, harmless};
use agent::control::{AskError, ask};
use serde_json::Value;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// How long `stop` waits for the agent to be gone.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn status(global: &Global, output: &Output) -> Outcome {
    let answer = ask_running(global, r#"{"type":"status"}"#)?;
    if output.json {
        output.object(&answer)?;
    } else {
        print(&answer, &mut output.data())?;
    }
    Ok(0)
}

pub(crate) fn stop(global: &Global, output: &Output) -> Outcome {
    let settings = settings(global, &[], None)?;
    let mut found = false;
    for folder in candidates(&settings)? {
        match ask(&folder, r#"{"type":"stop"}"#) {
            Err(AskError::NobodyThere(_)) => continue,
            Err(error @ AskError::Refused(_)) => return Err(error.into()),
            // It may be gone before its answer has left.
            Ok(_) | Err(AskError::NoAnswer(_)) => found = true,
        }
        let began = Instant::now();
        while !matches!(ask(&folder, r#"{"type":"status"}"#), Err(AskError::NobodyThere(_))) {
            if began.elapsed() > STOP_PATIENCE {
                output.warning(&format!(
                    "the agent of `{}` was asked to stop and is still at it",
                    folder.path().display()
                ));
                return Ok(crate::exit::FOUND_WRONG);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    if !found {
        return Err(AskError::NobodyThere(io::ErrorKind::NotFound.into()).into());
    }
    output.note("stopped");
    Ok(0)
}

/// Asks the first agent that is there.
fn ask_running(global: &Global, request: &str) -> Result<Value, crate::exit::Failure> {
    let settings = settings(global, &[], None)?;
    for folder in candidates(&settings)? {
        match ask(&folder, request) {
            Err(AskError::NobodyThere(_)) => {}
            other => return Ok(other?),
        }
    }
    Err(AskError::NobodyThere(io::ErrorKind::NotFound.into()).into())
}

fn print(status: &Value, out: &mut impl Write) -> io::Result<()> {
    let text = |value: &Value| harmless(value.as_str().unwrap_or_default());
    let site = &status["site"];
    writeln!(
        out,
        "{STRONG}tk-incident {}{STRONG:#}, process {}, up {}",
        text(&status["version"]),
        status["pid"],
        duration(status["uptime_s"].as_u64().unwrap_or(0))
    )?;
    writeln!(out, "site     {}", text(&site["url"]))?;
    if let Some(page) = site["page"].as_str() {
        writeln!(out, "page     {page}")?;
    }
    if let Some(login) = site["login"].as_str() {
        writeln!(out, "login    {}", harmless(login))?;
    }
    match site["trouble"].as_str() {
        Some(trouble) => writeln!(out, "contact  {BAD}{}{BAD:#}", harmless(trouble))?,
        None if site["last_contact_ms"].is_null() => {
            writeln!(out, "contact  {FAINT}not needed yet{FAINT:#}")?
        }
        None => writeln!(out, "contact  {GOOD}good{GOOD:#}")?,
    }
    writeln!(out, "state    {}", text(&status["state"]))?;
    let outcomes: Vec<String> = status["outcomes"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(outcome, count)| format!("{count} {outcome}"))
        .collect();
    let sum = if outcomes.is_empty() { String::new() } else { format!(" = {}", outcomes.join(" + ")) };
    writeln!(out, "seen     {}{sum}", status["seen"])?;
    lines(out, "rules", &status["rules"], |rule| {
        format!("{} {} by “{}”", rule["count"], text(&rule["outcome"]), text(&rule["rule"]))
    })?;
    writeln!(out, "tickets  {}", status["tickets"])?;
    lines(out, "waiting", &status["waiting"], |step| {
        format!("{} of “{}”: {}", text(&step["what"]), text(&step["title"]), text(&step["why"]))
    })?;
    lines(out, "follows", &status["sources"], |source| {
        let rotated = if source["rotated"] == true { ", rotated" } else { "" };
        format!("{} at {} of {} bytes{rotated}", text(&source["file"]), source["position"], source["size"])
    })?;
    lines(out, "gaps", &status["gaps"], |gap| {
        let unknown = gap["unknown_times"].as_u64().unwrap_or(0);
        let more = if unknown > 0 {
            format!(" and {} of unknown size", counted(unknown, "part"))
        } else {
            String::new()
        };
        format!("{}: {} bytes{more}, {}", text(&gap["file"]), gap["bytes"], text(&gap["reason"]))
    })?;
    lines(out, "warnings", &status["warnings"], |warning| {
        format!("{}: {}", text(&warning["what"]), text(&warning["message"]))
    })?;
    lines(out, "sessions", &status["sessions"], |session| {
        format!("{} (process {}, {})", text(&session["engine"]), session["pid"], text(&session["login"]))
    })
}

fn lines(
    out: &mut impl Write,
    name: &str,
    items: &Value,
    render: impl Fn(&Value) -> String,
) -> io::Result<()> {
    for (index, item) in items.as_array().into_iter().flatten().enumerate() {
        let name = if index == 0 { name } else { "" };
        writeln!(out, "{name:<8} {}", render(item))?;
    }
    Ok(())
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}
