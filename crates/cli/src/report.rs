//! `report`: a ticket by hand, with what the person says and the logs of the moment.
//!
//! The running agent keeps and files it; this process finds the comment and the logs. No agent is started for it: only
//! a host can hand over the login a ticket needs, and it has started one then.

mod comment;

use crate::arguments::{Global, ReportCommand};
use crate::exit::{FOUND_WRONG, Failure, Outcome, SITE};
use crate::output::{GOOD, Output, harmless};
use crate::running::{ask_running, ask_until};
use agent::report::ReportRequest;
use anyhow::anyhow;
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A log that nobody named is taken when something was written to it in the last hour.
const RECENT: Duration = Duration::from_secs(3_600);
/// How long the agent may take to keep what it was given.
const KEEP_PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn report(command: &ReportCommand, global: &Global, output: &Output) -> Outcome {
    let status = ask_running(global, r#"{"type":"status"}"#)?;
    let logs = if command.logs.is_empty() {
        newest_log(&status, command.pid)?.into_iter().collect()
    } else {
        command.logs.iter().map(|path| readable(path)).collect::<Result<Vec<_>, _>>()?
    };
    let request =
        ReportRequest { comment: comment::comment(command.message.as_deref())?, logs, pid: command.pid };
    request.check().map_err(|why| Failure::usage(anyhow!(why)))?;
    if request.logs.is_empty() {
        output.note("no log was written in the last hour: the report goes without one");
    }
    let asked = json!({
        "v": 1,
        "type": "report",
        "comment": request.comment,
        "logs": request.logs,
        "pid": request.pid,
    });
    let kept = ask_running(global, &asked.to_string())?;
    let question = json!({ "v": 1, "type": "ticket", "key": kept["key"] }).to_string();
    let (mut answer, is_kept) = ask_until(global, &question, KEEP_PATIENCE, |answer| answer["kept"] == true)?;
    if !is_kept {
        return Err(
            anyhow!("the running tk-incident did not get to the report; its agent.log may tell why").into()
        );
    }
    let mut stands = true;
    if let Some(seconds) = command.wait {
        (answer, stands) = ask_until(global, &question, Duration::from_secs(seconds), |answer| {
            !answer["ticket_id"].is_null()
        })?;
    }
    tell(&answer, &request.logs, command.wait.is_some(), output)?;
    Ok(match (stands, answer["why"].is_null()) {
        (true, _) => 0,
        (false, true) => FOUND_WRONG,
        (false, false) => SITE,
    })
}

fn tell(answer: &Value, logs: &[PathBuf], waited: bool, output: &Output) -> Result<(), Failure> {
    if output.json {
        let object = json!({
            "type": "report",
            "v": 1,
            "key": answer["key"],
            "title": answer["title"],
            "logs": logs,
            "ticket_id": answer["ticket_id"],
            "url": answer["url"],
            "why": answer["why"],
        });
        return Ok(output.object(&object)?);
    }
    let mut out = output.data();
    let text = |value: &Value| harmless(value.as_str().unwrap_or_default());
    writeln!(out, "{GOOD}reported{GOOD:#} {}", text(&answer["title"]))?;
    for log in logs {
        writeln!(out, "with     {}", harmless(&log.display().to_string()))?;
    }
    match (answer["ticket_id"].as_u64(), answer["url"].as_str()) {
        (Some(id), Some(url)) => writeln!(out, "ticket   {id}, {}", harmless(url))?,
        _ if !waited => {}
        _ => {
            let why = answer["why"].as_str().unwrap_or("it is in turn");
            writeln!(out, "ticket   not yet: {}; it is kept and filed later", harmless(why))?;
        }
    }
    Ok(())
}

/// A log that was named: absolute, because the agent is at home elsewhere.
fn readable(path: &Path) -> Result<PathBuf, Failure> {
    let bad = |why: &dyn std::fmt::Display| {
        Failure::usage(anyhow!("cannot read `{}`: {why}; name a log file that is there", path.display()))
    };
    if !std::fs::metadata(path).map_err(|error| bad(&error))?.is_file() {
        return Err(bad(&"it is no file"));
    }
    File::open(path).map_err(|error| bad(&error))?;
    std::path::absolute(path).map_err(|error| bad(&error))
}

/// The log of the session, else the followed one that was written to last, if that is not long ago.
fn newest_log(status: &Value, pid: Option<u32>) -> Result<Option<PathBuf>, Failure> {
    if let Some(pid) = pid {
        let sessions = status["sessions"].as_array().map_or(&[][..], Vec::as_slice);
        let session = sessions.iter().find(|session| session["pid"].as_u64() == Some(pid.into()));
        let session = session.ok_or_else(|| {
            let known: Vec<String> = sessions.iter().map(|session| session["pid"].to_string()).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Failure::usage(anyhow!("no session of process {pid} is known; those that are: {known}"))
        })?;
        let log = session["log_file"].as_str().map(PathBuf::from);
        if let Some(log) = log.filter(|log| File::open(log).is_ok()) {
            return Ok(Some(log));
        }
    }
    let now = SystemTime::now();
    let logs = status["sources"].as_array().into_iter().flatten().filter(|source| source["rotated"] != true);
    let written = logs.filter_map(|source| {
        let path = PathBuf::from(source["file"].as_str()?);
        let modified = path.metadata().and_then(|file| file.modified()).ok()?;
        // A file of the future was written by a clock that is ahead of ours.
        let is_old = now.duration_since(modified).is_ok_and(|age| age > RECENT);
        (!is_old).then_some((modified, path))
    });
    Ok(written.max().map(|(_, path)| path))
}
