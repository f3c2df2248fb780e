//! What the exceptions of Python itself say, in the words of every version from 2.7 on.
//!
//! The wording changed many times; the name in it (attribute, variable, module, key) did not. Where the name is not
//! in every wording, a fixed word for the failure stands for all of them.

use super::bag;
use crate::signature::message::Normaliser;

/// Every way a text is no JSON; the positions and the words differ between versions.
pub(super) const INVALID_JSON: &str = "invalid JSON";

fn in_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Without what Python suggests since 3.10.
fn without_hint(text: &str) -> &str {
    let hint = ["Did you mean", "Did you forget"].iter().filter_map(|hint| text.find(hint)).min();
    hint.map_or(text, |at| &text[..at])
}

/// The word in quotes behind a phrase.
fn quoted_behind<'t>(text: &'t str, phrase: &str) -> Option<&'t str> {
    let rest = text.rsplit_once(phrase)?.1.trim_start();
    let rest = rest.strip_prefix('u').filter(|rest| rest.starts_with('\'')).unwrap_or(rest);
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let (name, _) = rest[1..].split_once(quote)?;
    let plain =
        !name.is_empty() && name.len() <= 80 && name.chars().all(|c| in_name(c) || matches!(c, '.' | '-'));
    plain.then_some(name)
}

/// `'X' object has no attribute 'y'` and its like: the attribute.
pub(super) fn attribute(text: &str) -> Option<String> {
    let text = without_hint(text);
    // Only some versions name the attribute that has no setter or deleter.
    if text.contains("set attribute") || text.contains("has no setter") {
        return Some("no setter".to_owned());
    }
    if text.contains("delete attribute") || text.contains("has no deleter") {
        return Some("no deleter".to_owned());
    }
    quoted_behind(text, "attribute").map(str::to_owned)
}

/// `name 'x' is not defined` and its like: the first name in quotes.
pub(super) fn name(text: &str) -> Option<String> {
    let (_, rest) = without_hint(text).split_once('\'')?;
    let (name, _) = rest.split_once('\'')?;
    (!name.is_empty() && name.chars().all(|c| in_name(c) || c == '.')).then(|| name.to_owned())
}

/// What could not be imported: the last part of its name, all that Python 2 printed.
pub(super) fn imported(text: &str) -> Option<String> {
    const LEADS: [&str; 4] =
        ["cannot import name ", "No module named ", "while importing ", "bad magic number in "];
    for lead in LEADS {
        let Some((_, rest)) = text.split_once(lead) else { continue };
        let rest = rest.trim_start_matches(['u', 'b']).trim_start_matches(['\'', '"']);
        // A module may begin with these letters itself.
        let rest = match text.split_once(lead).map(|(_, all)| all) {
            Some(all)
                if !all.starts_with(['\'', '"']) && !all.starts_with("u'") && !all.starts_with("b'") =>
            {
                all
            }
            _ => rest,
        };
        let end = rest.find(|c: char| !in_name(c) && c != '.').unwrap_or(rest.len());
        let name = rest[..end].trim_end_matches('.');
        let last = name.rsplit('.').next().unwrap_or(name);
        if lead == "while importing " {
            return Some("DLL load failed".to_owned());
        }
        return (!last.is_empty()).then(|| without_import_id(last).to_owned());
    }
    if text.contains("DLL load failed") {
        return Some("DLL load failed".to_owned());
    }
    if text.contains("relative import") {
        return Some("relative import".to_owned());
    }
    // `libX.so.1: cannot open shared object file`, `dlopen(/path/X.so, 2): …`
    let file = text
        .split_once(": cannot open shared object")
        .map(|(file, _)| file)
        .or_else(|| text.strip_prefix("dlopen(")?.split_once([',', ')']).map(|(file, _)| file))?;
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let name = name.split('.').next().filter(|name| !name.is_empty())?;
    Some(name.to_owned())
}

/// Toolkit imports bundles under a new name in every process.
fn without_import_id(name: &str) -> &str {
    let id = name.strip_prefix("tkimp").unwrap_or(name);
    if id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()) { "tkimp" } else { name }
}

/// The key, when it is a plain word; keys of data vary. What stands behind the key is not Python's; a sentence in place of
/// a key is what someone had to say.
pub(super) fn key(text: &str, to: &Normaliser<'_>) -> Option<String> {
    let text = text.trim();
    let bare = text.strip_prefix(['u', 'b']).filter(|rest| rest.starts_with(['\'', '"'])).unwrap_or(text);
    let quote = bare.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    // A key may hold its quote; then the last one closes.
    let line = bare.lines().next().unwrap_or(bare);
    let inner = match line[1..].split_once(quote) {
        Some((inner, behind)) if !behind.starts_with(|c: char| c.is_alphanumeric()) => inner,
        _ => line[1..].rsplit_once(quote)?.0,
    };
    let plain = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    if inner.split(' ').filter(|word| word.len() > 1 && word.bytes().any(plain)).count() >= MOST_KEY_WORDS {
        return bag(inner, to);
    }
    let plain =
        !inner.is_empty() && inner.len() <= 60 && inner.bytes().all(plain) && !to.words.touches(inner);
    plain.then(|| inner.to_owned())
}

/// More words than a key has.
const MOST_KEY_WORDS: usize = 4;

/// Kinds of wrong types, each with the words of all versions.
const MISMATCHES: [(&str, &[&str]); 11] = [
    ("not iterable", &["not iterable", "non-iterable", "non-sequence"]),
    ("not subscriptable", &["not subscriptable", "unsubscriptable", "'__getitem__'"]),
    ("no item assignment", &["item assignment", "'__setitem__'"]),
    ("not callable", &["not callable"]),
    ("unhashable", &["unhashable"]),
    (
        "unsupported operand",
        &[
            "unsupported operand",
            "can only concatenate",
            "cannot concatenate",
            "must be str, not",
            "can't concat",
            "Can't convert",
        ],
    ),
    ("not comparable", &["not supported between", "unorderable types"]),
    ("wrong index", &["indices must be", "list indices"]),
    ("not JSON serializable", &["JSON serializable"]),
    ("no path", &["PathLike object", "coercing to Unicode", "Can't mix strings and bytes"]),
    ("bytes or text", &["bytes-like object", "must be bytes", "expected bytes"]),
];

/// What was wrong with the arguments of a call.
fn argument(text: &str) -> Option<String> {
    if let Some(name) = quoted_behind(text, "unexpected keyword argument") {
        return Some(format!("unexpected argument {name}"));
    }
    if let Some(name) = quoted_behind(text, "multiple values for argument")
        .or_else(|| quoted_behind(text, "multiple values for keyword argument"))
    {
        return Some(format!("repeated argument {name}"));
    }
    // How many were given and what is missing differs between versions.
    let counted = text.contains("takes ") || text.contains("missing ") || text.contains(" given");
    counted.then(|| "wrong number of arguments".to_owned())
}

/// What was wrong with a type: an unexpected argument by its name, else the kind of mismatch.
pub(super) fn type_mismatch(text: &str) -> Option<String> {
    if text.contains("argument")
        && let Some(said) = argument(text)
    {
        return Some(said);
    }
    let kind = MISMATCHES.iter().find(|(_, said)| said.iter().any(|said| text.contains(said)));
    kind.map(|(kind, _)| (*kind).to_owned())
}

/// What Python's own value errors say, where versions differ.
pub(super) fn value(text: &str) -> Option<String> {
    let json = text.contains("No JSON object could be decoded")
        || text.contains("line ") && text.contains(" column ") && text.contains("(char ");
    if json {
        return Some(INVALID_JSON.to_owned());
    }
    if text.contains("to unpack") && (text.contains("values") || text.contains("value to")) {
        return Some(
            if text.contains("too many") {
                "too many values to unpack"
            } else {
                "not enough values to unpack"
            }
            .to_owned(),
        );
    }
    for said in [
        "could not convert string to float",
        "invalid literal for int() with base",
        "invalid literal for long() with base",
    ] {
        if text.starts_with(said) {
            return Some(said.replace("long()", "int()"));
        }
    }
    None
}

/// Program and status of a failed command.
pub(super) fn process(text: &str) -> Option<String> {
    // Python puts it in quotes, also the words of a list; the word alone may stand anywhere.
    let quotes = ['\\', '\'', '"'];
    let is_quoted = |rest: &&str| {
        let word = rest.trim_start_matches(['[', '(']);
        word.strip_prefix(['u', 'b']).unwrap_or(word).starts_with(quotes)
    };
    let command = text.split("Command ").skip(1).find(is_quoted)?;
    let is_list = command.trim_start_matches(quotes).starts_with(['[', '(']);
    let command = command.trim_start_matches(['\\', '\'', '"', '[', '(']);
    let prefixed = command.strip_prefix(['u', 'b']).filter(|word| word.starts_with(quotes));
    let command = prefixed.unwrap_or(command).trim_start_matches(quotes);
    let end = command.find(['\'', '"', ',', ']']).unwrap_or(command.len());
    let command = command[..end].trim_end_matches('\\').to_ascii_lowercase();
    let path = if is_list { command.as_str() } else { first_word(&command) };
    let program = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let program = PROGRAM_ENDS.iter().find_map(|end| program.strip_suffix(end)).unwrap_or(program);
    Some(format!("{program} {}", status(text)).trim_end().to_owned())
}

const PROGRAM_ENDS: [&str; 4] = [".exe", ".bat", ".cmd", ".sh"];

/// The program of a command in one string: up to the first blank. Arguments behind it may be paths too. On Windows the
/// folder of a program often has a blank in its name, and the program an ending that shows where it stops.
fn first_word(command: &str) -> &str {
    let first = command.find(' ').unwrap_or(command.len());
    if !command[..first].contains('\\') {
        return &command[..first];
    }
    let blanks = memchr::memchr_iter(b' ', command.as_bytes()).chain([command.len()]);
    let shown = |end: &usize| PROGRAM_ENDS.iter().any(|suffix| command[..*end].ends_with(suffix));
    &command[..blanks.take(4).find(shown).unwrap_or(first)]
}

/// `exit status 1`, `died with <Signals.SIGSEGV: 11>`, which Python 2 calls `exit status -11`.
fn status(text: &str) -> String {
    let number = |rest: &str| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
        rest[..end].to_owned()
    };
    if let Some((_, rest)) = text.rsplit_once("exit status ") {
        return number(rest);
    }
    let signal = text.rsplit_once("died with ").and_then(|(_, rest)| {
        let at = rest.find(|c: char| c.is_ascii_digit())?;
        Some(format!("-{}", number(&rest[at..])))
    });
    signal.unwrap_or_default()
}
