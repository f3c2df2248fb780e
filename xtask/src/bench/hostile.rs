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
        fs::remove_file(&log).map_err(|error| format!("{}: {error}", log.display()))?;
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
        ("nested brackets", filled("([{<")),
        ("square brackets in an exception", exception("[")),
        ("braces in an exception", exception("{'a': ")),
        ("closing brackets in an exception", exception("')]}")),
        ("colons and slashes", filled(":/")),
        ("slashes in an exception", exception("/")),
        ("colons in an exception", exception("a:")),
        ("quotes in an exception", exception("'a' \"b\" ")),
        ("blanks in an exception", exception("  ")),
        ("numbers in an exception", exception("1.5e10 0x1f -3, ")),
        ("identifiers in an exception", exception("6f9619ff-8b86-d011-b42d-00cf4fc964ff ")),
        ("dates in an exception", exception("2026-01-14 19:49:11,961 ")),
        ("addresses in an exception", exception("10.0.0.1:99 fe80::1 ")),
        ("URLs in an exception", exception("https://host.example/a/b?c=d ")),
        ("objects in an exception", exception("<a.B object at 0x7f12ab34> ")),
        ("padded words in an exception", exception("word_0001_v002 ")),
        ("mixed paths in an exception", exception("\\\\srv\\a\\b C:/x/y ~/z ")),
        ("marks alone", filled("@")),
        ("mails", filled("a.b@c.example ")),
        ("encoded mails", filled("a%40b")),
        ("percent codes", filled("%25")),
        ("encoded URLs", filled("https%3A%2F%2F")),
        ("encoded URLs with a user", filled("https%3A%2F%2Fa%3Ab%40")),
        ("encoded names", filled("%22session_token%22%3A")),
        ("encoded homes", filled("%2Fhome%2F")),
        ("base64 in one word", base64(usize::MAX)),
        ("base64 in lines", base64(76)),
        ("base64 in lines of a key", format!("-----BEGIN PRIVATE KEY-----\n{}", base64(64))),
        ("keys and other text", filled("-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEA0123\nother text\n")),
        ("marks of keys in one line", filled("-----BEGIN PRIVATE KEY----- ")),
        ("nearly marks of keys", filled("-----BEGIN ")),
        ("nearly marks of keys with a label", filled("-----BEGIN A PUBLIC KEY ")),
        ("token words", filled("token ")),
        ("session tokens in prose", filled("session token is ")),
        ("nearly names of secrets", filled("passwor session_toke scriptke my_key_ api_ke ")),
        ("names of secrets without values", filled("session_token api_key password ")),
        ("names of secrets in one word", filled("password_")),
        ("names without end", filled("token_token-")),
        ("names and signs", filled("password=")),
        ("names and quotes", filled("password='")),
        ("names with values that are none", filled("password=None, ")),
        ("names with values of code", filled("    password=self._password(")),
        ("masked values", filled("password=**** ")),
        ("escaped names", filled("\\\"password\\\"\\\\")),
        ("names in tags", filled("<password>")),
        ("options", filled("--password -")),
        ("logins beside no token", filled("'login': 'x' ")),
        ("logins beside a token", format!("session_token {}", filled("'login': 'x' "))),
        ("pickles", filled("S'session_token'\\np2\\nS'x' ")),
        ("pickles in lines", filled("Vsession_token\np1\nVabc\n")),
        ("cookie lines", filled("Cookie: a\n")),
        ("cookies in one line", filled("cookie: a ")),
        ("cookies with escaped ends", filled("Cookie: a=b\\r\\n")),
        ("authorization again and again", filled("Authorization: ")),
        ("authorization with schemes", filled("Authorization: Bearer ")),
        ("authorization lines", filled("Authorization: Digest a=b\n")),
        ("bearer words", filled("bearer a1 basic a1 ")),
        ("proxies", filled("proxy: ")),
        ("proxies that are none", filled("proxy=a:b ")),
        ("proxies and marks", filled("proxy@")),
        ("commands", filled("curl -u ")),
        ("commands with values", filled("sshpass -p x ")),
        ("constructors", filled("Shotgun('a', ")),
        ("web tokens", filled("eyJhbGciOi.eyJh.")),
        ("nearly web tokens", filled("eyJh")),
        ("nearly keys of services", filled("AKIAghp_xoxb-")),
        ("signed URLs", filled("https://h/a?sig=1& ")),
        ("nearly signed URLs", format!("https://h/a?{}", filled("siga=x&"))),
        ("opaque parts", format!("https://h{}", filled("/0123456789abcdef0123456789abcdef"))),
        ("schemes without slashes", filled("http:")),
        ("user info and marks", filled("http://a:b@")),
        ("homes of Windows", filled("C:\\Users\\joe\\ ")),
        ("homes of servers", filled("\\\\a\\home")),
        ("homes with blanks", filled("\\Users\\a b c d ")),
        ("JSON in JSON", nested_json()),
        ("JSON in JSON, often", filled("{\\\"a\\\": \\\"{\\\\\\\"b\\\\\\\": ")),
        ("backslashes in an exception", exception("\\\\")),
        ("long runs of backslashes", filled(&format!("{}\"", "\\".repeat(999)))),
        ("deep frames", traceback((0..1_500).map(|deep| format!("  File \"{}/x.py\", line 1, in f\n", "/d".repeat(40 + deep % 50))))),
        ("frames of one long path", traceback(std::iter::once(format!("  File \"{}/x.py\", line 1, in f\n", filled("/deep"))))),
        ("frames with long source", traceback((0..60).map(|_| format!("{FRAME}    {}\n", "x(".repeat(2_000))))),
        ("frames without source", traceback((0..9_000).map(|line| format!("  File \"/a/b.py\", line {line}, in f\n")))),
        ("frames that repeat", traceback((0..9_000).map(|_| format!("{FRAME}  [Previous line repeated 990 more times]\n")))),
        ("frames with carets", traceback((0..9_000).map(|_| format!("{FRAME}    ~~~~^^^^^^^^\n")))),
        ("links of chains alone", filled("\nDuring handling of the above exception, another exception occurred:\n")),
        ("links of chains and headers", filled("Traceback (most recent call last):\n\nDuring handling of the above exception, another exception occurred:\n\n")),
        ("causes", filled(&format!("Traceback (most recent call last):\n{FRAME}ValueError: x\n\nThe above exception was the direct cause of the following exception:\n\n"))),
        ("escaped tracebacks", filled("\\nTraceback (most recent call last):\\n")),
        ("nested tracebacks", exception("\nTraceback (most recent call last):\n  File \"/a.py\", line 1, in f\nX: ")),
        ("exception lines that go on", exception("x\n  y\n")),
        ("notes", format!("{}{}", exception("x").chars().take(200).collect::<String>(), filled("\nnote of the exception"))),
        ("syntax errors", filled("  File \"a.py\", line 1\n    x y\n      ^\nSyntaxError: invalid syntax\n")),
        ("fatal errors", filled("Fatal Python error: Segmentation fault\n\nCurrent thread 0x00007f (most recent call first):\n")),
        ("threads of a crash", filled("Thread 0x00007f12 (most recent call first):\n  File \"/a.py\", line 1 in f\n")),
        ("carriage returns", filled("a\r")),
        ("tabs", filled("\t")),
        ("prefixes of containers", filled("2026-01-14T19:49:11.961Z stdout F \n")),
        ("prefixes of farms", filled("[2026/01/14 19:49:11] 0: STDOUT: \n")),
        ("code fences", filled("```\n")),
        ("curled quotes", filled("“a” ‘b’ ")),
        ("levels in text", filled("ERROR: x\n")),
        ("hidden characters", filled("\u{200b}\u{feff}a")),
        ("marks that combine", filled("e\u{301}")),
        ("dotted names", exception("a.b.c.d.")),
        ("words with capitals", exception("AbCdEf")),
        ("sums", exception("a=1, b=2; ")),
        ("commas", exception(",")),
    ]
}

/// Frames, and an exception behind them.
fn traceback(frames: impl Iterator<Item = String>) -> String {
    let mut text = "failed\nTraceback (most recent call last):\n".to_owned();
    for frame in frames {
        text.push_str(&frame);
        if text.len() > RECORD_BYTES {
            break;
        }
    }
    text
}

/// Letters and digits without order, in lines of so many.
fn base64(line_bytes: usize) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut text = String::with_capacity(RECORD_BYTES + RECORD_BYTES / line_bytes.clamp(1, RECORD_BYTES));
    for at in 1..=RECORD_BYTES {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push(char::from(DIGITS[(state >> 58) as usize]));
        if at % line_bytes == 0 {
            text.push('\n');
        }
    }
    text
}

/// A document in a document in a document, each escaped once more, as deep as it fits; then again.
fn nested_json() -> String {
    let mut text = "{\"session_token\": \"abcdef\"}".to_owned();
    while text.len() < 16 * 1024 {
        text = format!("{{\"message\": \"{}\"}}", text.replace('\\', "\\\\").replace('"', "\\\""));
    }
    filled(&text)
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
