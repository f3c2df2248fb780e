//! `bench scan`: what scanning a large log costs, beside ripgrep and the first version's loop, in one run.
//!
//! CPU time, one thread, everything printed goes nowhere, the log is in the page cache. The programs take turns, so that
//! a machine that slows down slows all of them; the best of several rounds counts.

use super::cpu::Run;
use super::made_log::{DENSE, LARGE, Recipe};
use super::{folder, megabytes, release_program, say, within, workstation_program};
use crate::environment::ripgrep;
use crate::shell::{Done, command, output, root};
use std::path::Path;

const ROUNDS: usize = 5;
/// The Python loop takes half a minute and varies little.
const SLOW_ROUNDS: usize = 2;

/// Whole records by one regular expression: a level before the end of a header, then every line that does not begin
/// like a date. The quickest of several that give the same lines: it begins with a literal, and ripgrep prints the lines
/// a match lies in whole; with the time in front it takes four times as long, with look-ahead (`--pcre2`) eight times.
const RECORDS: &str = r"(?:ERROR|CRITICAL) [^\s\]]+\] [^\n]*\n(?:(?-u:[^\n0-9]|[0-9]{1,3}[^0-9\n]|[0-9]{4}[^\n-])[^\n]*\n|[0-9]{0,3}\n)*";

const SCAN: [&str; 2] = ["scan", "--json"];
const LITERALS: [&str; 8] = ["--no-config", "--threads=1", "--count", "-e", "ERROR", "-e", "CRITICAL", "--"];
const EXTRACT: [&str; 6] = ["--no-config", "--threads=1", "--multiline", "--no-line-number", RECORDS, "--"];

pub(super) fn scan() -> Done {
    ripgrep()?;
    let program = release_program()?;
    let log = LARGE.log(&folder())?;
    let found = agrees(&program, &log, &LARGE)?;
    let seed = root().join("xtask/src/bench/seed_loop.py");
    let seed = seed.to_str().ok_or("the path of the checkout is not UTF-8")?;
    let ours = Run::new(&program, &SCAN, &log);
    let literals = Run::new("rg", &LITERALS, &log);
    let extract = Run::new("rg", &EXTRACT, &log);
    let looped = Run::new("python3", &[seed], &log);
    let [ours_ms, literals_ms, extract_ms] = best([&ours, &literals, &extract], ROUNDS)?;
    let [looped_ms] = best([&looped], SLOW_ROUNDS)?;
    let size = megabytes(LARGE.bytes);
    say(&format!("scan of {size:.0} MB with {found} error records, CPU time, best of {ROUNDS}:"));
    say(&format!("  tk-incident scan --json               {ours_ms:8.0} ms"));
    say(&format!("  rg -c -e ERROR -e CRITICAL            {literals_ms:8.0} ms"));
    say(&format!("  rg --multiline, the same records      {extract_ms:8.0} ms"));
    say(&format!("  Python loop, best of {SLOW_ROUNDS}                {looped_ms:8.0} ms"));
    say(&format!("  peak RSS of tk-incident {:.1} MB", megabytes(ours.peak_bytes()?)));
    let results = [
        within("times ripgrep's count", ours_ms / literals_ms, 3.0),
        within("times ripgrep's extraction", ours_ms / extract_ms, 1.0),
        within("share of the Python loop", ours_ms / looped_ms, 0.02),
    ];

    let log = DENSE.log(&folder())?;
    let found = agrees(&program, &log, &DENSE)?;
    let ours = Run::new(&program, &SCAN, &log);
    let literals = Run::new("rg", &LITERALS, &log);
    let extract = Run::new("rg", &EXTRACT, &log);
    let looped = Run::new("python3", &[seed], &log);
    let [ours_ms, literals_ms, extract_ms, looped_ms] =
        best([&ours, &literals, &extract, &looped], SLOW_ROUNDS)?;
    let (size, each) = (megabytes(DENSE.bytes), ours_ms * 1_000.0 / found as f64);
    say(&format!("scan of {size:.0} MB with {found} error records: {ours_ms:.0} ms, {each:.1} us a record"));
    say(&format!(
        "  rg counts in {literals_ms:.0} ms, extracts in {extract_ms:.0} ms; the Python loop takes {looped_ms:.0} ms"
    ));
    results.into_iter().collect()
}

/// The same on the program that is rolled out, which is optimised for size but for the log reader.
pub(super) fn shipped() -> Done {
    ripgrep()?;
    let program = workstation_program()?;
    let log = LARGE.log(&folder())?;
    agrees(&program, &log, &LARGE)?;
    let (ours, literals) = (Run::new(&program, &SCAN, &log), Run::new("rg", &LITERALS, &log));
    let [ours_ms, literals_ms] = best([&ours, &literals], ROUNDS)?;
    say(&format!(
        "the same scan by the workstation program: {ours_ms:.0} ms; ripgrep counts in {literals_ms:.0} ms"
    ));
    within("times ripgrep's count", ours_ms / literals_ms, 3.0)
}

/// The lowest CPU time of each, taking turns.
fn best<const N: usize>(runs: [&Run<'_>; N], rounds: usize) -> Result<[f64; N], String> {
    let mut best = [f64::MAX; N];
    for _ in 0..rounds {
        for (best, run) in best.iter_mut().zip(runs) {
            *best = best.min(run.cpu_ms()?);
        }
    }
    Ok(best)
}

/// The number of error records, once the scan, ripgrep and the recipe agree about it.
fn agrees(program: &Path, log: &Path, recipe: &Recipe) -> Result<u64, String> {
    let printed = output(command(program).args(["scan", "--json"]).arg(log))?;
    let ours = printed.lines().filter(|line| line.starts_with("{\"type\":\"incident\"")).count() as u64;
    let mut count = command("rg");
    count.args(["--count-matches"]).args(EXTRACT).arg(log);
    let theirs: u64 = output(&mut count)?.trim().parse().map_err(|error| format!("count of rg: {error}"))?;
    if ours == recipe.errors && theirs == recipe.errors {
        return Ok(ours);
    }
    Err(format!("the log has {} error records, the scan finds {ours}, ripgrep {theirs}", recipe.errors))
}
