//! Exit codes, and how an error is told. The codes are an interface: `docs/json.md` lists them.

use crate::output::Output;
use agent::agent::AgentError;
use agent::autostart::AutostartError;
use agent::control::AskError;
use agent::delivery::chain;
use agent::instance::InstanceError;
use agent::settings::SettingsError;
use std::io::{self, ErrorKind};
use std::process::ExitCode;

/// Done, but what was asked for is wrong.
pub(crate) const FOUND_WRONG: u8 = 1;
/// Usage or configuration.
pub(crate) const USAGE: u8 = 2;
/// The site refused.
pub(crate) const SITE: u8 = 3;
/// Another instance runs.
pub(crate) const ANOTHER: u8 = 4;
/// A fault of ours, or of the system under us.
pub(crate) const FAULT: u8 = 70;

/// How a command ends: its exit code, or why it could not be done.
pub(crate) type Outcome = Result<u8, Failure>;

/// A failure with the exit code that belongs to it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    pub(crate) error: anyhow::Error,
}

impl Failure {
    /// The user can mend it: a path, a setting, a flag.
    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Failure {
        Failure { code: USAGE, error: error.into() }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Failure::usage(error)
    }
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        let code = match &error {
            AgentError::Instance(InstanceError::Taken { .. }) => ANOTHER,
            AgentError::Store(_) | AgentError::Folder { .. } | AgentError::Instance(_) => USAGE,
            AgentError::Start { .. } => FAULT,
        };
        Failure { code, error: error.into() }
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        let code = if matches!(error, AskError::NobodyThere(_)) { FOUND_WRONG } else { FAULT };
        Failure { code, error: error.into() }
    }
}

impl From<AutostartError> for Failure {
    fn from(error: AutostartError) -> Self {
        Failure::usage(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure { code: FAULT, error: error.into() }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure { code: FAULT, error }
    }
}

impl From<flow::FlowError> for Failure {
    fn from(error: flow::FlowError) -> Self {
        Failure { code: SITE, error: error.into() }
    }
}

/// Tells a failure and gives the process its exit code. A reader that went away is no failure.
pub(crate) fn finish(outcome: Outcome, output: &Output) -> ExitCode {
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) if is_closed_pipe(&failure.error) => ExitCode::SUCCESS,
        Err(failure) => {
            output.error(&chain(failure.error.as_ref()));
            ExitCode::from(failure.code)
        }
    }
}

/// A wrong command line: clap's own words, on the stream and with the code that belong to them.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // Nothing can be said when even stderr is gone.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    // Only our own output: a pipe that breaks elsewhere is a failure with words of its own.
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
