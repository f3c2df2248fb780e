//! `bench app`: how long the Toolkit app holds a host's start up, in a real engine.

use crate::environment::{program, python};
use crate::shell::{Done, root, run as show};
use std::process::Command;

pub(super) fn app() -> Done {
    // The program runs beside the host: how it was built does not matter here.
    let program = program()?;
    show(Command::new(python()?).arg(root().join("xtask/src/bench/app.py")).env("TK_INCIDENT_BIN", program))
}
