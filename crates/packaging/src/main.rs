//! `packaging`: makes what is handed out from programs that are built already; `cargo xtask dist` builds them and calls it.
//!
//! It compiles nothing and asks nothing of the network but cargo's own packages. Same inputs, same bytes: entries are
//! sorted, and every time is that of the commit (or of `SOURCE_DATE_EPOCH`).

mod bundle;
mod components;
mod digest;
mod licences;
mod linked;
mod platform;
mod program;
mod source;
mod wheel;

use anyhow::{Context as _, Result, bail};
use program::Program;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
packaging bundle --out FOLDER --program PLATFORM=PATH...
                           the Toolkit bundle with these programs, as a zip
packaging wheels --out FOLDER --program PLATFORM=PATH...
                           a Python wheel for each of these programs
packaging sums FOLDER      SHA256SUMS of the files in a folder
PLATFORM is linux-x86_64, linux-aarch64, windows-x86_64, macos-x86_64 or macos-aarch64";

#[expect(clippy::print_stderr, reason = "the program's own output")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(made) => {
            for path in made {
                eprintln!("made {}", path.display());
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("packaging: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The files that were made.
fn run(arguments: &[String]) -> Result<Vec<PathBuf>> {
    match arguments.split_first() {
        Some((word, [folder])) if word == "sums" => Ok(vec![digest::write_sums(Path::new(folder))?]),
        Some((word, rest)) if word == "bundle" || word == "wheels" => {
            let (out, programs) = options(rest)?;
            std::fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
            let checkout = source::Checkout::find()?;
            let linked = linked::of(&checkout, &programs)?;
            if word == "bundle" {
                Ok(vec![bundle::write(&checkout, &programs, &linked, &out)?])
            } else {
                programs.iter().map(|program| wheel::write(&checkout, program, &linked, &out)).collect()
            }
        }
        _ => bail!("{USAGE}"),
    }
}

fn options(arguments: &[String]) -> Result<(PathBuf, Vec<Program>)> {
    let (mut out, mut programs) = (None, Vec::new());
    let mut rest = arguments.iter();
    while let Some(name) = rest.next() {
        let value = rest.next().with_context(|| format!("{name} wants a value\n{USAGE}"))?;
        match name.as_str() {
            "--out" => out = Some(PathBuf::from(value)),
            "--program" => programs.push(Program::read(value)?),
            _ => bail!("`{name}` is not known\n{USAGE}"),
        }
    }
    programs.sort_by_key(|program| program.platform.name);
    if let Some(pair) = programs.windows(2).find(|pair| pair[0].platform.name == pair[1].platform.name) {
        bail!("two programs for {}", pair[0].platform.name);
    }
    match (out, programs.is_empty()) {
        (Some(out), false) => Ok((out, programs)),
        _ => bail!("--out and at least one --program are needed\n{USAGE}"),
    }
}
