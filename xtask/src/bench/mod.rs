//! `cargo xtask bench`: the figures of `docs/benchmarks.md`, measured on the program people run.
//!
//! One file for each part. A part that has a budget says when it is over it and then fails, after the other parts ran.

mod app;
mod capture;
mod cpu;
mod desk;
mod follow;
mod hostile;
mod idle;
mod latency;
mod made_log;
mod memory;
mod scan;
mod size;
mod storm;
mod trial;

use crate::dist::program::sqlite_without_search;
use crate::environment::target;
use crate::shell::{Done, cargo, output, root, run as show};
use std::path::PathBuf;
use std::process::Command;

type Part = (&'static str, fn() -> Done);

const PARTS: [Part; 12] = [
    ("capture", capture::capture),
    ("latency", latency::latency),
    ("idle", idle::idle),
    ("size", size::size),
    ("scan", scan::scan),
    ("shipped", scan::shipped),
    ("memory", memory::memory),
    ("hostile", hostile::hostile),
    ("storm", storm::storm),
    ("follow", follow::follow),
    ("app", app::app),
    ("desk", desk::desk),
];

pub(crate) fn run(wanted: &[String]) -> Done {
    if let Some(unknown) = wanted.iter().find(|wanted| PARTS.iter().all(|(name, _)| name != wanted)) {
        let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        return Err(format!("no part `{unknown}` of bench; parts: {}", names.join(", ")));
    }
    say(output(Command::new("uname").arg("-srm"))?.trim());
    let mut failed = Vec::new();
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            failed.extend(part().err().map(|error| format!("{name}: {error}")));
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
}

/// Where parts keep what they make.
fn folder() -> PathBuf {
    root().join("target").join("bench")
}

/// The program with everything in it, as the README runs it.
fn release_program() -> Result<PathBuf, String> {
    show(cargo().args(["build", "--release", "--package", "cli"]))?;
    target("release")
}

/// The program that is rolled out: no desk, stripped.
fn workstation_program() -> Result<PathBuf, String> {
    let (name, value) = sqlite_without_search();
    let mut build = cargo();
    build.args(["build", "--profile", "dist", "--package", "cli", "--no-default-features"]).env(name, value);
    show(&mut build)?;
    target("dist")
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}

/// Tells a figure that must not be above its budget; the budget is kept when it is not.
fn within(what: &str, figure: f64, budget: f64) -> Done {
    if figure <= budget {
        say(&format!("  {what}: {figure:.2} (budget {budget})"));
        return Ok(());
    }
    say(&format!("  {what}: {figure:.2} (budget {budget}): OVER"));
    Err(format!("{what} is {figure:.2}, over its budget of {budget}"))
}

#[expect(clippy::print_stdout, reason = "the program's own output")]
fn say(line: &str) {
    println!("{line}");
}
