//! `golden`: prints the evaluation; `cargo xtask eval` runs it.

use std::path::Path;
use std::process::ExitCode;

use golden::cause::{self, Cause};
use golden::evaluation::{self, Options};
use golden::{log, snapshot, variant};

const USAGE: &str = "\
golden                      print the table and the failures; exit 1 when a target is missed
  --json                    everything as one JSON object
  --held-out                show details of held-out causes, too (not for those who tune the rules)
  --key-frames N            as if the key had N frames
  --seed N                  another corpus of the same causes
golden --show CAUSE [N]     print the log of the N-th variant of a cause (0: unperturbed)
golden --write FOLDER       write all logs, one per variant, and truth.jsonl
golden --accept             store today's signatures as those of the algorithm (only before it is frozen)
";

#[expect(clippy::print_stderr, reason = "the program's own output")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(missed) if missed.is_empty() => ExitCode::SUCCESS,
        Ok(missed) => {
            for target in missed {
                eprintln!("missed: {target}");
            }
            ExitCode::FAILURE
        }
        Err(message) => {
            eprintln!("golden: {message}");
            ExitCode::from(2)
        }
    }
}

/// The targets that were missed.
fn run(arguments: &[String]) -> Result<Vec<String>, String> {
    let causes = cause::load()?;
    let mut options = Options::default();
    let mut json = false;
    let mut rest = arguments.iter().map(String::as_str);
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("{argument} wants a value\n{USAGE}"));
        match argument {
            "--json" => json = true,
            "--held-out" => options.show_held_out = true,
            "--key-frames" => options.key_frames = Some(number(value()?)?),
            "--seed" => options.seed = number(value()?)?,
            "--show" => {
                let id = value()?;
                let variant = rest.next().map_or(Ok(0), number)?;
                return show(&causes, &options, id, variant).map(|()| Vec::new());
            }
            "--write" => return write(&causes, &options, Path::new(value()?)).map(|()| Vec::new()),
            "--accept" => return accept(&causes).map(|()| Vec::new()),
            _ => return Err(format!("`{argument}` is not known\n{USAGE}")),
        }
    }
    let report = evaluation::run(&causes, &options)?;
    if json {
        say(&report.json().to_string());
    } else {
        say(&report.failures());
        say(&report.table());
    }
    Ok(report.missed())
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is no number of the right size"))
}

fn show(causes: &[Cause], options: &Options, id: &str, number: usize) -> Result<(), String> {
    let cause =
        causes.iter().find(|cause| cause.id == id).ok_or_else(|| format!("no cause is called `{id}`"))?;
    let variants = variant::of(options.seed, cause);
    let variant =
        variants.get(number).ok_or_else(|| format!("{id} has variants 0 to {}", variants.len() - 1))?;
    let log = log::write(cause, &variant.world)?;
    say(&format!("{} ({})", log.name, variant.by.map_or("unperturbed", |by| by.name())));
    say(&String::from_utf8_lossy(&log.bytes));
    Ok(())
}

fn write(causes: &[Cause], options: &Options, folder: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut truth = String::new();
    for cause in causes {
        let below = cause.id.replace('/', "_").replace('~', "-twin-");
        for (number, variant) in variant::of(options.seed, cause).iter().enumerate() {
            let log = log::write(cause, &variant.world)?;
            let name = format!("{below}/{number}/{}", log.name);
            let path = folder.join(&name);
            std::fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(failed)?;
            std::fs::write(&path, &log.bytes).map_err(failed)?;
            let by = variant.by.map(|by| by.name());
            let line = serde_json::json!({
                "log": name, "record_at": log.record_at, "cause": cause.id, "by": by, "held_out": cause.held_out,
            });
            truth.push_str(&format!("{line}\n"));
        }
    }
    std::fs::write(folder.join("truth.jsonl"), truth).map_err(failed)
}

fn accept(causes: &[Cause]) -> Result<(), String> {
    let folder = snapshot::folder();
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    std::fs::create_dir_all(&folder).map_err(failed)?;
    for (name, text) in snapshot::today(causes)? {
        std::fs::write(folder.join(name), text).map_err(failed)?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the program's own output")]
fn say(text: &str) {
    println!("{}", text.trim_end());
}
