//! Developer and CI commands, in Rust so that they run wherever we build. Standard library only: this is the
//! first thing a newcomer compiles.
//!
//! `cargo xtask test` sets up everything the tests need and runs all of them; `cargo xtask dist` makes what is
//! handed out; `cargo xtask bench` prints the figures of `docs/benchmarks.md`; `cargo xtask eval` those of `docs/evaluation.md`; `cargo xtask soak` runs
//! what the tests run shortly for as long as one likes.

mod bench;
mod cross;
mod dist;
mod environment;
mod eval;
mod mac;
mod shell;
mod soak;
mod test;
mod windows;
mod wine;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask test [PART...]   set up and run the tests; parts: lint, rust, python, rest-client,
                             browser, demo, windows (default: all but windows)
cargo xtask check-mac        clippy on everything that is built for macOS; nothing is linked
cargo xtask test-windows [--package NAME]... [FILTER...]
                             set up Wine and run the Rust tests built for Windows
cargo xtask bench [PART...]  print the figures of docs/benchmarks.md; parts: latency, idle, size, scan,
                             shipped, memory, hostile, storm, follow, desk (default: all)
cargo xtask dist [PART...]   build what is handed out: programs for each system, bundle, wheels (docs/release.md)
cargo xtask soak kill [--rounds N] [--seed N]
                             kill the program again and again under load; every record must be counted once
cargo xtask soak faults [WORD]
                             make everything go wrong between the program and its site, cell by cell
cargo xtask soak day [--workstations N]
                             a simulated day of many workstations with one site
cargo xtask soak artist [--days N] [--seed N]
                             days of an artist in real Toolkit engines, their events in any order
cargo xtask soak desk [--rounds N]
                             kill the desk again and again under writes; what it acknowledged must be there
cargo xtask eval [OPTION...] print how well signatures tell the golden corpus apart; options: crates/golden/src/main.rs
";

#[expect(clippy::print_stderr, reason = "the program's own output")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let parts = arguments.get(1..).unwrap_or_default();
    let result = match arguments.first().map(String::as_str) {
        Some("test") => test::run(parts),
        Some("check-mac") => mac::check(),
        Some("test-windows") => windows::run_tests(parts),
        Some("dist") => dist::run(parts),
        Some("bench") => bench::run(parts),
        Some("soak") => soak::run(parts),
        Some("eval") => eval::run(parts),
        _ => Err(USAGE.trim_end().to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
