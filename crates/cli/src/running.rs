//! The running agent: finding it, asking it, ending it.

use crate::arguments::Global;
use crate::exit::{Failure, Outcome};
use crate::options::{candidates, settings};
use crate::output::Output;
use agent::control::{AskError, ask};
use agent::paths::StateFolder;
use anyhow::anyhow;
use serde_json::Value;
use std::io;
use std::time::{Duration, Instant};

/// How long `stop` waits for the agent to be gone.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// Asks the agent that is meant: that of the site in the settings, else the only one that runs.
pub(crate) fn ask_running(global: &Global, request: &str) -> Result<Value, Failure> {
    let folders = candidates(&settings(global, &[], None)?)?;
    if let [folder] = &folders[..] {
        return Ok(ask(folder, request)?);
    }
    let running = statuses(&folders)?;
    match &running[..] {
        [] => Err(nobody()),
        [(folder, _)] => Ok(ask(folder, request)?),
        several => {
            let sites: Vec<&str> = several.iter().filter_map(|(_, status)| site(status)).collect();
            Err(Failure::usage(anyhow!(
                "agents of several sites run ({}): say which one is meant by site.url in --config FILE, or by \
                 TK_INCIDENT_SITE_URL",
                sites.join(", ")
            )))
        }
    }
}

/// What every agent that is meant says of itself; there is at least one.
pub(crate) fn all_statuses(global: &Global) -> Result<Vec<Value>, Failure> {
    let folders = candidates(&settings(global, &[], None)?)?;
    let running = statuses(&folders)?;
    if running.is_empty() {
        return Err(nobody());
    }
    Ok(running.into_iter().map(|(_, status)| status).collect())
}

fn statuses(folders: &[StateFolder]) -> Result<Vec<(&StateFolder, Value)>, Failure> {
    let mut running = Vec::new();
    for folder in folders {
        match ask(folder, r#"{"v":1,"type":"status"}"#) {
            Err(AskError::NobodyThere(_)) => {}
            // One that is just ending counts when it is the only one that could be meant.
            Err(AskError::Stopping | AskError::Stranger(_)) if folders.len() > 1 => {}
            answer => running.push((folder, answer?)),
        }
    }
    Ok(running)
}

fn site(status: &Value) -> Option<&str> {
    status["site"]["url"].as_str()
}

fn nobody() -> Failure {
    AskError::NobodyThere(io::ErrorKind::NotFound.into()).into()
}

/// Asks until something holds, or until the time is over. The last answer, and whether it held.
pub(crate) fn ask_until(
    global: &Global,
    request: &str,
    patience: Duration,
    holds: impl Fn(&Value) -> bool,
) -> Result<(Value, bool), Failure> {
    let began = Instant::now();
    loop {
        let answer = ask_running(global, request)?;
        let held = holds(&answer);
        if held || began.elapsed() >= patience {
            return Ok((answer, held));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

pub(crate) fn stop(global: &Global, output: &Output) -> Outcome {
    let settings = settings(global, &[], None)?;
    let (mut found, mut stranger) = (false, None);
    for folder in candidates(&settings)? {
        match ask(&folder, r#"{"type":"stop"}"#) {
            Err(AskError::NobodyThere(_)) => continue,
            Err(error @ AskError::Stranger(_)) => {
                stranger = Some(error);
                continue;
            }
            Err(error @ (AskError::Refused(_) | AskError::NotUnderstood { .. })) => return Err(error.into()),
            // It may be gone before its answer has left, or be going for another reason.
            Ok(_) | Err(AskError::NoAnswer(_) | AskError::Stopping) => found = true,
        }
        let began = Instant::now();
        while !matches!(ask(&folder, r#"{"type":"status"}"#), Err(error) if error.is_nobody()) {
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
        return Err(stranger.map_or_else(nobody, Failure::from));
    }
    output.note("stopped");
    Ok(0)
}
