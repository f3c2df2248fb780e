//! `bench memory`: the most memory a scan needs, whatever the log.

use super::cpu::Run;
use super::{folder, megabytes, release_program, say, within};
use crate::shell::Done;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Over a scan that reads a log of one line.
const BUDGET_MB: f64 = 32.0;

const ERROR: &str = "2026-01-14 19:49:11,961 [77 ERROR sgtk.env.project.tk-maya] ";

pub(super) fn memory() -> Done {
    let program = release_program()?;
    let folder = folder().join("memory");
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(told)?;
    let peak = |log: &Path| Run::new(&program, &["scan", "--json"], log).peak_bytes();
    let idle = peak(&made(&folder, "one_line.log", |out| writeln!(out, "{ERROR}nothing")).map_err(told)?)?;
    say(&format!("memory: a scan of one record has {:.1} MB RSS at most; over that:", megabytes(idle)));
    let mut results = Vec::new();
    for (name, what, write) in SHAPES {
        let log = made(&folder, name, write).map_err(told)?;
        let over = peak(&log)?.saturating_sub(idle);
        results.push(within(what, megabytes(over), BUDGET_MB));
        fs::remove_file(log).map_err(told)?;
    }
    results.into_iter().collect()
}

type Shape = (&'static str, &'static str, fn(&mut dyn Write) -> std::io::Result<()>);

const SHAPES: [Shape; 4] = [
    ("line.log", "MB for a line of 1 GB", |out| {
        write!(out, "{ERROR}")?;
        repeat(out, b"words and more words of one endless line, ", 1_000_000_000)?;
        writeln!(out, "\n{ERROR}a neighbour")
    }),
    ("traceback.log", "MB for a traceback of 100 000 lines", |out| {
        writeln!(out, "{ERROR}deep\nTraceback (most recent call last):")?;
        for line in 0..50_000 {
            let way = line % 977;
            writeln!(out, "  File \"/studio/tools/way{way}.py\", line {line}, in f{way}\n    f{line}()")?;
        }
        writeln!(out, "RecursionError: maximum recursion depth exceeded\n{ERROR}a neighbour")
    }),
    ("no_newline.log", "MB for 64 MB without a newline", |out| {
        repeat(out, b"no line at all \xff, ", 64_000_000)
    }),
    ("error_no_newline.log", "MB for an error of 64 MB without a newline", |out| {
        write!(out, "{ERROR}")?;
        repeat(out, b"\\n  File \\\"x\\\"", 64_000_000)
    }),
];

fn repeat(out: &mut dyn Write, words: &[u8], bytes: usize) -> std::io::Result<()> {
    let block = words.repeat(64 * 1024 / words.len());
    for _ in 0..bytes.div_ceil(block.len()) {
        out.write_all(&block)?;
    }
    Ok(())
}

fn made(
    folder: &Path,
    name: &str,
    write: impl Fn(&mut dyn Write) -> std::io::Result<()>,
) -> std::io::Result<PathBuf> {
    let path = folder.join(name);
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&path)?);
    write(&mut out)?;
    out.flush()?;
    Ok(path)
}
