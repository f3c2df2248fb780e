//! `bench hostile`: what a record costs that was made to be expensive, beside an ordinary one of the same size.
//!
//! Each kind is a log of many records of 256 KiB, so that starting the program does not count.

use super::cpu::Run;
use super::{folder, release_program, say, within};
use crate::shell::Done;
use std::fs;
use std::path::{Path, PathBuf};

const RECORD_BYTES: usize = 256 * 1024;
const RECORDS: usize = 64;
const ROUNDS: usize = 3;
/// Times an ordinary record of that size.
const BUDGET: f64 = 10.0;

const HEADER: &str = "2026-01-14 19:49:11,961 [77 ERROR sgtk.env.project.tk-maya] ";
const FRAME: &str =
    "  File \"/studio/tools/publish/step.py\", line 10, in run_step\n    step.run(item, **settings)\n";

pub(super) fn hostile() -> Done {
    let program = release_program()?;
    let folder = folder().join("hostile");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let cost = |log: &Path| -> Result<f64, String> {
        let run = Run::new(&program, &["scan", "--json"], log);
        let times: Result<Vec<f64>, String> = (0..ROUNDS).map(|_| run.cpu_ms()).collect();
        Ok(times?.into_iter().fold(f64::MAX, f64::min) / RECORDS as f64)
    };
    let ordinary = cost(&made(&folder, "ordinary", &ordinary())?)?;
    let plain =
        cost(&made(&folder, "words", &filled("Some ordinary words about a file that was not saved. "))?)?;
    say(&format!(
        "hostile: an ordinary record of {} KiB, a long traceback: {ordinary:.2} ms; one of words: {plain:.2} ms; others, times the first:",
        RECORD_BYTES / 1024
    ));
    let mut results = Vec::new();
    for (name, text) in kinds() {
        let log = made(&folder, name, &text)?;
        results.push(within(name, cost(&log)? / ordinary, BUDGET));
    }
    results.into_iter().collect()
}

/// A traceback as long as the record, of lines as they are.
fn ordinary() -> String {
    let frames: String = (0..RECORD_BYTES / FRAME.len())
        .map(|at| FRAME.replace("step.py\", line 10", &format!("step{}.py\", line {at}", at % 301)))
        .collect();
    format!("Publish failed\nTraceback (most recent call last):\n{frames}RuntimeError: disk is full")
}

/// A record of nothing else.
fn filled(words: &str) -> String {
    words.repeat(RECORD_BYTES / words.len() + 1)
}

fn kinds() -> Vec<(&'static str, String)> {
    let exception = |text: &str| {
        format!("failed\nTraceback (most recent call last):\n{FRAME}RuntimeError: {}", filled(text))
    };
    vec![
        ("nested quotes", filled("'\"`'\"'")),
        ("open quotes", filled("'a \"b ")),
        ("nested quotes in an exception", exception("'\"({[<")),
        ("one long path", format!("cannot open {}", filled("/very long/folder name"))),
        ("one long path in an exception", exception("/mnt/show/sh010/x_v003")),
        ("backslashes", filled("\\\\")),
        ("a drive and backslashes", exception("C:\\\\Users\\\\joe ")),
        ("nearly frames", filled("  File \"/a/b.py\", line \n")),
        ("nearly frames in one line", filled("  File \"/a/b.py\", line x, in ")),
        ("escaped frames", filled("\\n  File \\\"/a/b.py\\\", line 1, in f\\n    g()")),
        ("headers of tracebacks", filled("Traceback (most recent call last):\n")),
        ("headers of tracebacks in one line", filled("Traceback (most recent call last): ")),
        ("chained", filled(&format!("Traceback (most recent call last):\n{FRAME}ValueError: x\n\nDuring handling of the above exception, another exception occurred:\n\n"))),
        ("doubled", filled(&format!("Traceback (most recent call last):\n{FRAME}ValueError: x\n"))),
        ("group margins", filled("  | ")),
        ("deep groups", (0..400).map(|deep| format!("{}+ Exception Group Traceback (most recent call last):\n{0}| ExceptionGroup: x (1 sub-exception)\n{0}+-+---------------- 1 ----------------\n", "  ".repeat(deep))).collect::<String>().chars().take(RECORD_BYTES).collect()),
        ("nearly exceptions", filled("a.b.SomeError:\n")),
        ("nearly exceptions in one line", filled("SomeError: ")),
        ("nearly tokens", filled("token= ")),
        ("tokens", filled("session_token='0123456789abcdef' ")),
        ("secrets in lines", filled("password: hunter2hunter2\n")),
        ("nearly URLs", filled("http://")),
        ("user info without a host", filled("://a:b")),
        ("at signs", filled("a@")),
        ("nearly e-mail", filled("a.b-c.d@e-f.g.")),
        ("one long query", format!("https://a.b/c?{}", filled("sig=x&"))),
        ("private keys without end", filled("-----BEGIN RSA PRIVATE KEY-----\n")),
        ("homes", filled("/home/joe/")),
        ("long word", filled("a")),
        ("digits", filled("1234567890")),
        ("hexadecimal", filled("0xdeadbeef-")),
        ("dots", filled("a.")),
        ("versions", filled("v1.2.3_v003.")),
        ("wide characters", filled("작업 실패: 디스크 ")),
        ("control characters", filled("\u{1b}[31m\u{1}")),
        ("escape without end", filled("\u{1b}[")),
        ("not UTF-8", String::new()),
        ("empty lines", filled("\n")),
        ("headers quoted", filled(&format!("> {HEADER}quoted\n"))),
        ("wrapped reasons", exception("Error reported: Error details: ")),
        ("dumps", filled("{'type': 'Shot', 'id': 1, 'session_token': {")),
        ("angle brackets", filled("<a <b object at ")),
    ]
}

fn made(folder: &Path, name: &str, text: &str) -> Result<PathBuf, String> {
    let path = folder.join(format!("{}.log", name.replace(' ', "_")));
    let mut body = text.as_bytes().to_vec();
    if body.is_empty() {
        body = b"\xb0\xc0\xff".repeat(RECORD_BYTES / 3);
    }
    body.truncate(RECORD_BYTES);
    let mut log = Vec::new();
    for _ in 0..RECORDS {
        log.extend_from_slice(HEADER.as_bytes());
        log.extend_from_slice(&body);
        log.push(b'\n');
    }
    fs::write(&path, log).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}
