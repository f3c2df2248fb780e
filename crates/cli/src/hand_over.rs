//! Who runs for a state folder when several want to: one agent, and the newest program among them.
//!
//! An agent that was started with a session either gets the lock, gives its session to the agent that has it, or, when that one
//! is of an older version, asks for its place. The older one keeps what it has read and ends; reading goes on where it was. A
//! person's own `run` takes nobody's place.

use crate::exit::Failure;
use agent::agent::{AgentError, enter};
use agent::control::{AskError, TAKEN_OVER, ask, ask_where};
use agent::instance::{Instance, InstanceError};
use agent::paths::StateFolder;
use agent::version;
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long a late starter tries to reach the agent that was quicker, and a newer one waits for the place of an older one.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks for the lock.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Whoever holds the lock is asked this often: it may be starting, or ending.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// What an agent says of itself when it is given a session.
pub(crate) enum Given {
    /// It has taken it, and is at least as new as this program.
    Taken {
        /// Its version, if it has told.
        version: Option<String>,
        /// Where it listens.
        channel: PathBuf,
    },
    /// It is of an older version, and may have taken it.
    Older,
    /// There is none, or one that is about to go.
    Nobody,
}

/// Gives a session to the agent of a state folder.
pub(crate) fn give(folder: &StateFolder, told: &str) -> Result<Given, Failure> {
    let is_older = |theirs: &Option<String>| {
        version::compare(theirs.as_deref().unwrap_or(""), version::this()) == Ordering::Less
    };
    match ask_where(folder, told) {
        Ok((answer, channel)) => {
            let version = answer.get("version").and_then(Value::as_str).map(str::to_owned);
            Ok(if is_older(&version) { Given::Older } else { Given::Taken { version, channel } })
        }
        Err(AskError::NotUnderstood { version }) if is_older(&version) => Ok(Given::Older),
        Err(AskError::Stopping) => Ok(Given::Nobody),
        Err(error) if error.is_nobody() => Ok(Given::Nobody),
        Err(error) => Err(error.into()),
    }
}

/// The right to run, or `None` when another agent has the session now.
pub(crate) fn enter_with(folder: &StateFolder, told: &str) -> Result<Option<Instance>, Failure> {
    let began = Instant::now();
    let mut asked: Option<Instant> = None;
    loop {
        let taken = match enter(folder) {
            Ok(instance) => return Ok(Some(instance)),
            Err(error @ AgentError::Instance(InstanceError::Taken { .. })) => error,
            Err(error) => return Err(error.into()),
        };
        if asked.is_none_or(|asked| asked.elapsed() >= ASK_EVERY) {
            match give(folder, told) {
                Ok(Given::Taken { .. }) => return Ok(None),
                Ok(Given::Older) => ask_for_place(folder),
                Ok(Given::Nobody) => {}
                // One that hangs may be ended by somebody meanwhile.
                Err(_) if began.elapsed() <= PATIENCE => {}
                Err(failure) => return Err(failure),
            }
            asked = Some(Instant::now());
        }
        if began.elapsed() > PATIENCE {
            return Err(taken.into());
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// What comes of it shows in the lock.
fn ask_for_place(folder: &StateFolder) {
    let stop = json!({ "v": 1, "type": "stop", "reason": TAKEN_OVER, "by": version::this() });
    let _ = ask(folder, &stop.to_string());
}
