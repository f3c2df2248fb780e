//! `config`: settings for people. Only `default` so far.

use crate::arguments::{ConfigCommand, ConfigSubcommand};
use crate::exit::Outcome;
use crate::output::Output;
use agent::settings::DEFAULT_TOML;
use std::io::Write;

pub(crate) fn config(command: &ConfigCommand, output: &Output) -> Outcome {
    match command.command {
        ConfigSubcommand::Default => output.data().write_all(DEFAULT_TOML.as_bytes())?,
    }
    Ok(0)
}
