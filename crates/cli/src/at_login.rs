//! `run --at-login`: what the entry for the login starts. One agent for each site that somebody has worked with of late, with
//! what it was attached with last. The one of last use is this process, the others are started by it; on Windows all are started,
//! because this process has a console there, be it one without a window.
//!
//! A user who has never worked with Toolkit here, or not for long, gets none: then this ends at once and says nothing.

use crate::arguments::Global;
use crate::attach::start;
use crate::exit::{Failure, Outcome};
use crate::options::{settings, state_dir};
use crate::output::Output;
use crate::run::run_attached;
use agent::attached::Attached;
use agent::clock::{Clock, SystemClock};
use agent::paths::StateFolder;
use anyhow::Context;
use std::path::Path;

pub(crate) fn run(global: &Global, output: &Output) -> Outcome {
    let settings = settings(global, &[], None)?;
    let mut wanted = wanted(&state_dir(&settings)?)?;
    if cfg!(windows) {
        // This process has a console: with a window if the Run key has started it itself, without one by `tk-incidentw.exe`. What we
        // start has none at all.
        return start_all(&wanted, global).map_or(Ok(0), Err);
    }
    let Some(ours) = wanted.pop() else { return Ok(0) };
    // A site that cannot be served keeps no other from being.
    let failed = start_all(&wanted, global);
    let ended = run_attached(Some(&ours), global, output)?;
    failed.map_or(Ok(ended), Err)
}

/// Starts an agent for each; the first failure, after all were tried.
fn start_all(objects: &[String], global: &Global) -> Option<Failure> {
    let failures: Vec<Failure> = objects.iter().filter_map(|object| start(global, object).err()).collect();
    failures.into_iter().next()
}

/// The attach objects of the sites an agent is wanted for, the one of last use last.
fn wanted(state_dir: &Path) -> Result<Vec<String>, Failure> {
    let now_ms = SystemClock::new().wall_ms();
    let folders = std::fs::read_dir(state_dir).into_iter().flatten().flatten();
    let read = folders.filter_map(|entry| Attached::read(&StateFolder::at(entry.path())));
    let mut wanted: Vec<Attached> = read.filter(|attached| attached.is_wanted(now_ms)).collect();
    wanted.sort_by_key(|attached| attached.attached_ms);
    let objects = wanted.iter().map(Attached::to_object).collect::<Result<_, _>>();
    Ok(objects.context("cannot tell an agent what it was attached with")?)
}
