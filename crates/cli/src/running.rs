//! The running agent: finding it, asking it, ending it.

use crate::arguments::Global;
use crate::exit::{Failure, Outcome};
use crate::options::{candidates, settings};
use crate::output::Output;
use agent::control::{AskError, ask};
use serde_json::Value;
use std::io;
use std::time::{Duration, Instant};

/// How long `stop` waits for the agent to be gone.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// Asks the first agent that is there.
pub(crate) fn ask_running(global: &Global, request: &str) -> Result<Value, Failure> {
    let settings = settings(global, &[], None)?;
    for folder in candidates(&settings)? {
        match ask(&folder, request) {
            Err(AskError::NobodyThere(_)) => {}
            other => return Ok(other?),
        }
    }
    Err(AskError::NobodyThere(io::ErrorKind::NotFound.into()).into())
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
    let mut found = false;
    for folder in candidates(&settings)? {
        match ask(&folder, r#"{"type":"stop"}"#) {
            Err(AskError::NobodyThere(_)) => continue,
            Err(error @ (AskError::Stranger(_) | AskError::Refused(_) | AskError::NotUnderstood { .. })) => {
                return Err(error.into());
            }
            // It may be gone before its answer has left, or be going for another reason.
            Ok(_) | Err(AskError::NoAnswer(_) | AskError::Stopping) => found = true,
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
