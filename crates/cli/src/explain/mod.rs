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
use crate::exit::{Failure, Outcome};
use crate::log_file::bare_name;
use crate::options::{settings, this_login};
use crate::output::Output;
use agent::recognise::{Recogniser, Surroundings};
use explained::Object;
use gate::Gate;
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
    let record = find::find(&command.place, &mut |record| {
        let recognised = recogniser.wants(record).then(|| recogniser.recognise(record, &name))?;
        recognised.verdict.is_admitted().then(|| recogniser.title(&recognised, &login))
    })
    .map_err(Failure::usage)?;
    let explained = recogniser.explain(&record, &name, &login);
    let gate = Gate::new(&explained, &settings.detect);
    let object = Object::new(command.place.file.display().to_string(), &record, gate, explained);
    if output.json {
        output.object(&object)?;
    } else {
        let mut out = output.data();
        page::print(&mut out, &object, output.columns())?;
        out.flush()?;
    }
    Ok(0)
}
