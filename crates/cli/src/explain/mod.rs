//! `explain`: why a record has its signature and title, or why it is no incident.
//!
//! Shows what the agent does with one record, step by step, from the very code that does it. Nothing is shown
//! that was not redacted before.

mod explained;
mod find;
mod page;
pub(crate) mod place;

use crate::arguments::{ExplainCommand, Global};
use crate::exit::{Failure, Outcome};
use crate::log_file::bare_name;
use crate::options::{settings, this_login};
use crate::output::Output;
use agent::recognise::{Recogniser, Surroundings};
use agent::settings::Settings;
use explained::{Gate, Object};
use sgtk_log::{Level, RawKind, RawRecord};
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
        gate(record, &settings).passes.then(|| recogniser.title(&recogniser.recognise(record, &name), &login))
    })
    .map_err(Failure::usage)?;
    let explained = recogniser.explain(&record, &name, &login);
    let file = command.place.file.display().to_string();
    let object = Object::new(file, &record, gate(&record, &settings), explained);
    if output.json {
        output.object(&object)?;
    } else {
        let mut out = output.data();
        page::print(&mut out, &object, output.columns())?;
        out.flush()?;
    }
    Ok(0)
}

fn gate(record: &RawRecord<'_>, settings: &Settings) -> Gate {
    if record.kind == RawKind::Pasted {
        return Gate {
            passes: true,
            by: "pasted",
            why: "text without a header that holds an error".to_owned(),
        };
    }
    let levels = &settings.detect.levels;
    let names = levels.iter().map(|level| level.as_str()).collect::<Vec<_>>().join(", ");
    let passes = record.level.is_some_and(|level| levels.contains(&level));
    let level = record.level.map_or("unknown", Level::as_str);
    let are = if passes { "is among" } else { "is not among" };
    Gate { passes, by: "level", why: format!("its level, {level}, {are} detect.levels ({names})") }
}
