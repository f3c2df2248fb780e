//! `desk person add` and `desk script add`: who may come in, from the machine where the desk's folder is.
//!
//! A password comes on stdin, or from the keyboard without being shown: never in an argument, which other users of the machine see.

use crate::arguments::{DeskPersonAdd, DeskScriptAdd};
use crate::exit::{FAULT, Failure, Outcome};
use crate::output::Output;
use anyhow::Context;
use desk::{MemberError, NewPerson};
use serde_json::json;
use std::io::{BufRead, IsTerminal, Write};

pub(crate) fn add_person(command: &DeskPersonAdd, output: &Output) -> Outcome {
    let person = NewPerson {
        login: command.login.clone(),
        name: command.full_name.clone(),
        group: command.group.clone(),
        password: password(&command.login).map_err(Failure::usage)?,
    };
    let new = desk::add_person(&command.data, &person).map_err(failure)?;
    if output.json {
        output.object(&json!({ "type": "person", "v": 1, "login": command.login, "new": new }))?;
    } else {
        let what = if new { "may sign in now" } else { "has a new password" };
        writeln!(output.data(), "{} {what}", command.login)?;
    }
    Ok(0)
}

pub(crate) fn add_script(command: &DeskScriptAdd, output: &Output) -> Outcome {
    let key =
        desk::add_script(&command.data, &command.script_name, command.group.as_deref()).map_err(failure)?;
    if output.json {
        output.object(
            &json!({ "type": "script", "v": 1, "script_name": command.script_name, "script_key": key }),
        )?;
    } else {
        // The form of a key file, so that it can be sent into one.
        let mut out = output.data();
        writeln!(out, "script_name = {}", toml::Value::from(command.script_name.as_str()))?;
        writeln!(out, "script_key = \"{key}\"")?;
    }
    Ok(0)
}

fn failure(error: MemberError) -> Failure {
    match error {
        MemberError::Failed { .. } => Failure { code: FAULT, error: error.into() },
        error => Failure::usage(error),
    }
}

/// The first line of stdin.
fn password(login: &str) -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    let hidden = if stdin.is_terminal() {
        // On stderr: stdout is for what was done.
        write!(std::io::stderr(), "password for {login}: ")?;
        Some(hide()?)
    } else {
        None
    };
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    if hidden.is_some() {
        drop(hidden);
        writeln!(std::io::stderr())?;
    }
    read.context("cannot read the password on stdin")?;
    let password = line.trim_end_matches(['\r', '\n']);
    anyhow::ensure!(!password.is_empty(), "there is no password on stdin");
    Ok(password.to_owned())
}

/// Keeps what is typed from being shown, until it is dropped.
#[cfg(unix)]
fn hide() -> anyhow::Result<impl Drop> {
    use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

    struct Hidden(Termios);
    impl Drop for Hidden {
        fn drop(&mut self) {
            // Nothing can be done about a terminal that is gone.
            let _ = tcsetattr(std::io::stdin(), SetArg::TCSANOW, &self.0);
        }
    }

    let shown = tcgetattr(std::io::stdin()).context("cannot hide what is typed")?;
    let mut hidden = shown.clone();
    hidden.local_flags.remove(LocalFlags::ECHO);
    tcsetattr(std::io::stdin(), SetArg::TCSAFLUSH, &hidden).context("cannot hide what is typed")?;
    Ok(Hidden(shown))
}

#[cfg(not(unix))]
fn hide() -> anyhow::Result<Box<dyn Send>> {
    anyhow::bail!("what is typed cannot be hidden here: send the password to this program's stdin")
}
