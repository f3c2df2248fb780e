//! The program `tk-incident`: parse, run, render the error, exit with its code.
//!
//! Owns the command line, what is printed and the exit codes; everything it does is done by `agent` and `desk`.

mod arguments;
mod at_login;
mod attach;
mod autostart;
mod columns;
mod completions;
mod config;
#[cfg(feature = "desk")]
mod demo;
#[cfg(feature = "desk")]
mod desk;
mod doctor;
mod exit;
mod explain;
mod fault;
mod flush;
mod follow;
mod hand_over;
mod log_file;
mod log_records;
mod mute;
mod options;
mod output;
mod prune;
mod report;
mod run;
mod running;
mod scan;
mod status;
mod stop_signal;
mod utf16;

use arguments::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return exit::usage(&error),
    };
    let output = output::Output::new(&arguments.global);
    let result = match arguments.command {
        Command::Run(command) => run::run(&command, &arguments.global, &output),
        #[cfg(feature = "desk")]
        Command::Demo(command) => demo::demo(&command, &output),
        Command::Scan(command) => scan::scan(&command, &arguments.global, &output),
        Command::Explain(command) => explain::explain(&command, &arguments.global, &output),
        Command::Follow(command) => follow::follow(&command, &arguments.global, &output),
        Command::Status => status::status(&arguments.global, &output),
        Command::Report(command) => report::report(&command, &arguments.global, &output),
        Command::Autostart(command) => autostart::autostart(&command, &output),
        Command::Flush(command) => flush::flush(&command, &arguments.global, &output),
        Command::Mute(command) => mute::mute(&command, &arguments.global, &output),
        Command::Unmute(command) => mute::unmute(&command, &arguments.global, &output),
        Command::Doctor(command) => doctor::doctor(&command, &arguments.global, &output),
        Command::Prune(command) => prune::prune(&command, &arguments.global, &output),
        Command::Stop => running::stop(&arguments.global, &output),
        Command::Attach => attach::attach(&arguments.global, &output),
        Command::Detach => attach::detach(&arguments.global),
        #[cfg(feature = "desk")]
        Command::Desk(command) => desk::desk(&command, &output),
        Command::Config(command) => config::config(&command, &arguments.global, &output),
        Command::Completions(command) => completions::completions(&command, &output),
    };
    exit::finish(result, &output)
}
