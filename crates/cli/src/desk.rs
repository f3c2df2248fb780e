//! `desk`: the FPT-compatible server on its own.

use crate::arguments::{DeskCommand, Uploads};
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::stop_signal;
use std::io::Write;

pub(crate) fn desk(command: &DeskCommand, output: &Output) -> Outcome {
    let options = desk::DeskOptions {
        listen: command.listen,
        data: command.data.clone(),
        uploads: match command.uploads {
            Uploads::Classic => desk::UploadForm::Classic,
            Uploads::Storage => desk::UploadForm::Storage,
        },
        faults: command.faults.clone(),
        ..desk::DeskOptions::default()
    };
    let signal = stop_signal::listen();
    let desk = desk::Desk::start(options).map_err(|error| Failure::usage(anyhow::Error::from(error)))?;
    let ready = desk.ready();
    if output.json {
        output.object(ready)?;
    } else {
        let mut out = output.data();
        writeln!(out, "site     {}", ready.url)?;
        writeln!(out, "page     {}", ready.page)?;
        writeln!(
            out,
            "script   {} (its key is in {})",
            ready.script_name,
            command.data.join("script_key.toml").display()
        )?;
        writeln!(out, "project  {}", ready.project_id)?;
    }
    // Ends with the signal; a lost sender cannot happen while the handler lives.
    let _ = signal.recv();
    desk.stop();
    Ok(0)
}
