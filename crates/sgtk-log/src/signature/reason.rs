//! The part of an exception's text that tells one cause from another, by exception type.
//!
//! Texts are localised, differ between Python versions and hold paths and shot names; names, codes and keys do not. Only
//! types that say nothing by themselves ("bag" types) bring their normalised text. Part of the signature algorithm.

use std::sync::LazyLock;

use regex::Regex;

use crate::signature::message::{Normaliser, cap, innermost_reason};
use crate::signature::pattern::compile;

/// Text beyond this is not looked at for codes and names.
const MOST_BYTES: usize = 2048;

/// The type two spellings of one exception share; also what the code in its text says about it.
///
/// `PermissionError` and the like become `OSError` with their code: Python 2 knew only that.
pub(crate) fn canonical_type(short_name: &str) -> &str {
    match short_name {
        "IOError" | "EnvironmentError" | "WindowsError" | "error" | "herror" | "gaierror" | "timeout"
        | "TimeoutError" => "OSError",
        "ModuleNotFoundError" => "ImportError",
        name if implied_code(name).is_some() => "OSError",
        name => name,
    }
}

/// The code that the type alone implies.
fn implied_code(short_name: &str) -> Option<&'static str> {
    Some(match short_name {
        "FileNotFoundError" => "Errno 2",
        "PermissionError" => "Errno 13",
        "FileExistsError" => "Errno 17",
        "NotADirectoryError" => "Errno 20",
        "IsADirectoryError" => "Errno 21",
        "BrokenPipeError" => "Errno 32",
        "ConnectionRefusedError" => "connection refused",
        "ConnectionResetError" => "connection reset",
        "ConnectionAbortedError" => "connection aborted",
        "TimeoutError" | "timeout" => "timed out",
        "gaierror" | "herror" => "name resolution",
        _ => return None,
    })
}

/// The name people know for `OSError` with this code.
pub(crate) fn familiar_name(code: &str) -> Option<&'static str> {
    Some(match code {
        "Errno 2" => "FileNotFoundError",
        "Errno 13" | "Errno 1" => "PermissionError",
        "Errno 17" => "FileExistsError",
        "Errno 20" => "NotADirectoryError",
        "Errno 21" => "IsADirectoryError",
        "Errno 32" => "BrokenPipeError",
        "connection refused" => "ConnectionRefusedError",
        "connection reset" => "ConnectionResetError",
        _ => return None,
    })
}

/// Types that say nothing without their text.
pub(crate) fn is_bag(short_name: &str) -> bool {
    matches!(
        short_name,
        "ShotgunError"
            | "ShotgunPublishError"
            | "RuntimeError"
            | "Exception"
            | "BaseException"
            | "ValueError"
            | "AssertionError"
            | "OperationFailed"
            | "NotImplementedError"
    ) || short_name.starts_with("Tank") && short_name.ends_with("Error")
}

/// The reason by type; `None` when the type has none or the text does not show it.
pub(crate) fn reason(short_name: &str, text: &str, to: &Normaliser<'_>) -> Option<String> {
    let head = cap(text, MOST_BYTES);
    match short_name {
        "AttributeError" => attribute(head),
        "NameError" | "UnboundLocalError" => quoted_word(without_hint(head)),
        "ImportError" | "ModuleNotFoundError" => imported(head),
        "KeyError" => key(head, to),
        "CalledProcessError" => process(head),
        "Fault" | "ProtocolError" => fault(text, to),
        "URLError"
        | "SSLError"
        | "HTTPError"
        | "CertificateError"
        | "SSLCertVerificationError"
        | "SSLHandshakeError" => code(head).or_else(|| bag(text, to)),
        name if canonical_type(name) == "OSError" || name == "OSError" => {
            code(head).or_else(|| implied_code(name).map(str::to_owned)).or_else(|| bag(text, to))
        }
        name if is_bag(name) => fault_line(text, to).or_else(|| bag(text, to)),
        _ => None,
    }
}

/// The normalised innermost reason of a text.
pub(crate) fn bag(text: &str, to: &Normaliser<'_>) -> Option<String> {
    let reason = to.normalise(&innermost_reason(text));
    (!reason.is_empty()).then_some(reason)
}

fn without_hint(text: &str) -> &str {
    text.find("Did you mean").map_or(text, |at| &text[..at])
}

fn attribute(text: &str) -> Option<String> {
    static NAME: LazyLock<Regex> = LazyLock::new(|| compile(r"\battribute '([^'\n]+)'"));
    NAME.captures_iter(without_hint(text)).last().map(|found| found[1].to_owned())
}

fn quoted_word(text: &str) -> Option<String> {
    static WORD: LazyLock<Regex> = LazyLock::new(|| compile(r"'([\w.]+)'"));
    WORD.captures(text).map(|found| found[1].to_owned())
}

fn imported(text: &str) -> Option<String> {
    static MODULE: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"(?:cannot import name|No module named|while importing|partially initialized module) '?([\w.]+)'?",
        )
    });
    MODULE.captures(text).map(|found| found[1].trim_end_matches('.').to_owned())
}

fn key(text: &str, to: &Normaliser<'_>) -> Option<String> {
    let text = text.trim();
    let bare = text.strip_prefix('u').filter(|rest| rest.starts_with(['\'', '"'])).unwrap_or(text);
    let inner = bare.strip_prefix(['\'', '"'])?.strip_suffix(['\'', '"'])?;
    let plain = !inner.is_empty()
        && inner.len() <= 60
        && inner.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_')
        && !to.words.contains(inner);
    plain.then(|| inner.to_owned())
}

fn process(text: &str) -> Option<String> {
    static COMMAND: LazyLock<Regex> =
        LazyLock::new(|| compile(r#"Command \\?['"]\[?(?:u?\\?['"])?([^'",\]]+)"#));
    static STATUS: LazyLock<Regex> =
        LazyLock::new(|| compile(r"(?:exit status|died with) (?:<Signals\.)?(-?\w+)"));
    let command = COMMAND.captures(text)?;
    let path = command.get(1)?.as_str();
    // A command in one string ends at a blank, unless the blank is inside its path.
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let program = file.split(' ').next().unwrap_or(file).to_ascii_lowercase();
    let program = program.strip_suffix(".exe").unwrap_or(&program);
    let status = STATUS.captures(text).map(|found| found[1].to_owned()).unwrap_or_default();
    Some(format!("{program} {status}").trim_end().to_owned())
}

/// `Errno 13`, `WinError 32`, `HTTP 503`, `SSL CERTIFICATE_VERIFY_FAILED`, or words where systems number differently.
fn code(text: &str) -> Option<String> {
    static CODE: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"\[(Errno|WinError|Error) (-?\d+)\]|\bHTTP(?: Error)? (\d{3})\b|\[(?:SSL|X509|SYS)[^\]:]*: ([A-Z0-9_]+)\]|\b(CERTIFICATE_VERIFY_FAILED|certificate verify failed)\b|: (\d{3}) [A-Z]|\b(timed out|getaddrinfo failed)\b",
        )
    });
    let found = CODE.captures(text)?;
    if let (Some(family), Some(number)) = (found.get(1), found.get(2)) {
        let windows = family.as_str() != "Errno";
        return Some(errno(number.as_str().parse().ok()?, windows));
    }
    if let Some(status) = found.get(3).or(found.get(6)) {
        return Some(format!("HTTP {}", status.as_str()));
    }
    if let Some(reason) = found.get(4).or(found.get(5)) {
        return Some(format!("SSL {}", reason.as_str().to_ascii_uppercase().replace(' ', "_")));
    }
    Some(if &found[0] == "timed out" { "timed out" } else { "name resolution" }.to_owned())
}

/// One name for one failure: numbers above the classic ones differ between systems, Windows has its own.
fn errno(number: i64, windows: bool) -> String {
    let name = match (number, windows) {
        (111 | 61 | 10061, _) => "connection refused",
        (110 | 60 | 10060, _) => "timed out",
        (104 | 54 | 10054, _) => "connection reset",
        (103 | 53 | 10053, false) => "connection aborted",
        (113 | 65 | 10065, false) => "no route to host",
        (101 | 51 | 10051, false) => "network unreachable",
        (39 | 66, false) | (145, true) => "directory not empty",
        (11001 | 11002 | 11004, _) | (-5..=-2 | 8, false) => "name resolution",
        (2 | 3, true) => "Errno 2",
        (5, true) => "Errno 13",
        (80 | 183, true) => "Errno 17",
        (267, true) => "Errno 20",
        (112, true) | (28, false) => "disk full",
        (number, true) => return format!("WinError {number}"),
        (number, false) => return format!("Errno {number}"),
    };
    name.to_owned()
}

/// What the site answered: method, number, field and the normalised text, or the HTTP status.
fn fault(text: &str, to: &Normaliser<'_>) -> Option<String> {
    fault_line(text, to).or_else(|| code(cap(text, MOST_BYTES))).or_else(|| bag(text, to))
}

/// `API create() CRUD ERROR #6: … [Attachment.field]: text`; of several (a batch) the last.
pub(crate) fn fault_line(text: &str, to: &Normaliser<'_>) -> Option<String> {
    static FAULT: LazyLock<Regex> = LazyLock::new(|| {
        compile(r"API (\w+)\(\) (CRUD ERROR #\d+|[A-Z][A-Za-z ]*ERROR(?: #\d+)?)?:?[ \t]*([^\n]*)")
    });
    // A field says more than the entity before it.
    static FIELD: LazyLock<Regex> = LazyLock::new(|| compile(r"\[(\w+\.\w+(?:\.\w+)*)\]"));
    static ENTITY: LazyLock<Regex> = LazyLock::new(|| compile(r"\[(\w+)\]"));
    let text = cap(text, crate::signature::message::MOST_BYTES);
    let found = FAULT.captures_iter(text).last()?;
    let said = found.get(3).map_or("", |said| said.as_str());
    let field = FIELD.captures(said).or_else(|| ENTITY.captures(said)).map(|field| field[1].to_owned());
    // What follows the field is the site's sentence; without a field, everything is.
    let sentence = match &field {
        Some(field) => said.split_once(&format!("[{field}]")).map_or(said, |(_, rest)| rest),
        None => said,
    };
    let sentence = to.normalise(sentence.trim_start_matches([':', ' ']));
    let number = found.get(2).map_or(String::new(), |error| format!(" {}", error.as_str().to_lowercase()));
    let field = field.map_or(String::new(), |field| format!(" {field}"));
    Some(format!("api {}{number}{field}: {sentence}", &found[1]).trim_end_matches([':', ' ']).to_owned())
}
