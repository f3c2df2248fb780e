//! `completions`: a script that teaches a shell our commands.

use crate::arguments::{Arguments, CompletionsCommand};
use crate::exit::Outcome;
use crate::output::Output;
use clap::CommandFactory;
use std::io::Write;

pub(crate) fn completions(command: &CompletionsCommand, output: &Output) -> Outcome {
    // Into memory first: the generator panics when a pipe closes under it.
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut Arguments::command(), "tk-incident", &mut script);
    output.data().write_all(&script)?;
    Ok(0)
}
