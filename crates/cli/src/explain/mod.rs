//! `explain`: why a record has its signature and title, or why it is no incident.
//!
//! Shows what the agent does with one record, step by step, from the very code that does it. Nothing is shown
//! that was not redacted before.

mod explained;
mod find;
mod gate;
mod page;
pub(crate) mod place;

use crate::arguments::{ExplainCommand, Global};
use crate::exit::{FAULT, Failure, Outcome};
use crate::fault::caught;
use crate::log_file::bare_name;
use crate::options::{settings, this_login};
use crate::output::Output;
use agent::recognise::{Recogniser, Surroundings};
use explained::Object;
use gate::Gate;
use sgtk_log::RawRecord;
use std::io::Write;

pub(crate) fn explain(command: &ExplainCommand, global: &Global, output: &Output) -> Outcome {
    let settings = settings(global, &[], None)?;
    let login = command.user.clone().unwrap_or_else(this_login);
    let surroundings = Surroundings {
        words: vec![login.clone()],
        code_page: settings.watch.code_page.resolve(),
        ..Surroundings::default()
    };
    let recogniser = Recogniser::new(&settings, surroundings);
    let name = bare_name(&command.place.file);
    let file = command.place.file.display();
    let waits = || output.warning(&format!("nobody writes to the pipe `{file}` yet: waiting for a writer"));
    let mut failed = false;
    let title = |record: &RawRecord<'_>| {
        let recognised = recogniser.wants(record).then(|| recogniser.recognise(record, &name))?;
        recognised.verdict.is_admitted().then(|| recogniser.title(&recognised, &login))
    };
    let record = find::find(&command.place, waits, &mut |record| {
        caught(|| title(record)).unwrap_or_else(|fault| {
            failed = true;
            output.error(&format!("the record at {file}:{} {fault}", record.lines.0));
            None
        })
    });
    // What was found is explained, or the reason why not told; that a record failed stays the exit code.
    let ours = |failure: Failure| if failed { Failure { code: FAULT, ..failure } } else { failure };
    let record = record.map_err(|error| ours(Failure::usage(error)))?;
    let explained = caught(|| recogniser.explain(&record, &name, &login)).map_err(|fault| {
        let error = anyhow::anyhow!("the record at {file}:{} {fault}", record.lines.0);
        Failure { code: FAULT, error }
    })?;
    let gate = Gate::new(&explained, &settings.detect);
    let object = Object::new(command.place.file.display().to_string(), &record, gate, explained);
    if output.json {
        output.object(&object)?;
    } else {
        let mut out = output.data();
        page::print(&mut out, &object, output.columns())?;
        out.flush()?;
    }
    Ok(if failed { FAULT } else { 0 })
}
