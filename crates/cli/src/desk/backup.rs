//! `desk backup`: a copy of a desk's data, also while it runs.

use crate::arguments::DeskBackup;
use crate::exit::{FAULT, Failure, Outcome};
use crate::output::{Output, bytes, counted};
use desk::BackupError;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::io::Write;

pub(crate) fn backup(command: &DeskBackup, output: &Output) -> Outcome {
    let bar = if output.shows_progress() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    let template = "{bar:24} {pos} of {len} files, {eta} left";
    let bar = bar.with_style(ProgressStyle::with_template(template).expect("the template is ours"));
    let done = desk::backup(&command.data, &command.to, &mut |done, files| {
        bar.set_length(files as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let done = done.map_err(|error| match error {
        BackupError::NoDesk { .. } | BackupError::Taken { .. } => Failure::usage(error),
        error => Failure { code: FAULT, error: error.into() },
    })?;
    if output.json {
        output.object(
            &json!({ "type": "backup", "v": 1, "to": command.to, "files": done.files, "bytes": done.bytes }),
        )?;
    } else {
        writeln!(
            output.data(),
            "{} with {} to {}",
            bytes(done.bytes),
            counted(done.files, "file"),
            command.to.display()
        )?;
    }
    Ok(0)
}
