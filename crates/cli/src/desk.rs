//! `desk`: the FPT-compatible server on its own, and what can be done to its data.

mod backup;
mod members;

use crate::arguments::{
    DeskCommand, DeskPerson, DeskPersonTask, DeskScript, DeskScriptTask, DeskTask, Uploads,
};
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::stop_signal;
use std::io::Write;

pub(crate) fn desk(command: &DeskCommand, output: &Output) -> Outcome {
    match &command.task {
        Some(DeskTask::Backup(command)) => backup::backup(command, output),
        Some(DeskTask::Person(DeskPerson { command: DeskPersonTask::Add(command) })) => {
            members::add_person(command, output)
        }
        Some(DeskTask::Script(DeskScript { command: DeskScriptTask::Add(command) })) => {
            members::add_script(command, output)
        }
        None => serve(command, output),
    }
}

fn serve(command: &DeskCommand, output: &Output) -> Outcome {
    // Asked for by the command line unless there is a task.
    let data = command.data.clone().unwrap_or_default();
    let options = desk::DeskOptions {
        listen: command.listen,
        tls: command
            .certificate
            .clone()
            .zip(command.key.clone())
            .map(|(certificate, key)| desk::TlsFiles { certificate, key }),
        insecure_network: command.insecure_network,
        names: command.names.clone(),
        data: data.clone(),
        uploads: match command.uploads {
            Uploads::Classic => desk::UploadForm::Classic,
            Uploads::Storage => desk::UploadForm::Storage,
        },
        faults: command.faults.clone(),
        ..desk::DeskOptions::default()
    };
    if command.insecure_network && !command.listen.ip().is_loopback() {
        output.warning(&format!(
            "the desk listens on {} without TLS: whoever listens on the network sees keys, passwords and tickets",
            command.listen
        ));
    }
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
            data.join("script_key.toml").display()
        )?;
        writeln!(out, "project  {}", ready.project_id)?;
    }
    // Ends with the signal; a lost sender cannot happen while the handler lives.
    let _ = signal.recv();
    desk.stop();
    Ok(0)
}
