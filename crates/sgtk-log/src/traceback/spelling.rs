//! How one line of a traceback is spelled: what Python, its fault handler and the hosts print, a line at a time.
//!
//! Owns the words to look for; what lines make a block is `lines`' business, what lines make an incident of pasted text
//! is `record::pasted`'s. All of it works on decoded text and costs no more than the line is long.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

pub(crate) const HEADER: &str = "Traceback (most recent call last):";
pub(crate) const GROUP_HEADER: &str = "Exception Group Traceback (most recent call last):";
pub(crate) const STACK: &str = "Stack (most recent call last):";
pub(crate) const FIRST: &str = "(most recent call first):";
pub(crate) const DIRECT_CAUSE: &str = "The above exception was the direct cause of the following exception:";
pub(crate) const DURING_HANDLING: &str =
    "During handling of the above exception, another exception occurred:";

/// What one line is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Spelling {
    /// Nothing, or white space.
    Blank,
    /// Ends in `Traceback (most recent call last):`, possibly behind a message.
    Header,
    /// `Stack (most recent call last):`
    Stack,
    /// A line of the fault handler: `Fatal Python error: …`, `Thread 0x… (most recent call first):`.
    Fault,
    /// A traceback escaped into one line.
    Folded,
    /// `File "path", line 1`
    Frame,
    /// One of the two sentences that chain exceptions.
    Connector,
    /// A margin of an exception group: `| …`, `+-+---- 1 ----`.
    Margin,
    /// Indented.
    Indented,
    /// The prompt of a shell or of Python, with what was typed.
    Prompt,
    /// Where a block of code begins or ends in what people write: a fence of Markdown, a tag, the quotes of a docstring.
    Fence,
    /// Nothing but the marks under a line of source, or what Twisted prints between frames.
    Underline,
    /// `SomeError` or `SomeError: text`, spelled like an exception.
    Raised,
    /// `name` or `dotted.name: text`: an exception where one is expected, else a word.
    Name,
    /// Anything else.
    Text,
}

/// Says what a line is. `line` has no newline and no margin of mail or of the script editor.
pub(crate) fn of(line: &str) -> Spelling {
    let inner = line.trim_start_matches([' ', '\t']);
    let trimmed = inner.trim_end();
    let Some(first) = trimmed.bytes().next() else { return Spelling::Blank };
    if trimmed.ends_with("t):") {
        if trimmed.ends_with(HEADER) || trimmed == BEHEADED {
            return Spelling::Header;
        }
        if trimmed.ends_with(STACK) {
            return Spelling::Stack;
        }
        if trimmed.ends_with(FIRST) && is_thread(trimmed) {
            return Spelling::Fault;
        }
    }
    if first == b'F' && is_frame_start(trimmed) {
        return Spelling::Frame;
    }
    if is_folded(trimmed) {
        return Spelling::Folded;
    }
    if is_fault_lead(trimmed) || is_fault_line(trimmed) {
        return Spelling::Fault;
    }
    match trimmed {
        DIRECT_CAUSE | DURING_HANDLING => return Spelling::Connector,
        _ if first == b'|' || trimmed.starts_with("+-") => return Spelling::Margin,
        _ if is_fence(trimmed) => return Spelling::Fence,
        _ if is_underline(trimmed) => return Spelling::Underline,
        _ if is_stack_rule(trimmed) => return Spelling::Stack,
        _ if inner.len() < line.len() || is_rest_of_frame(trimmed) => return Spelling::Indented,
        _ if is_prompt(trimmed) => return Spelling::Prompt,
        _ => {}
    }
    match read_raised(trimmed) {
        Some(name) if looks_like_exception(name) => Spelling::Raised,
        Some(_) => Spelling::Name,
        None => Spelling::Text,
    }
}

/// Whether a line is the header of a traceback and nothing else.
pub(crate) fn is_header_alone(line: &str) -> bool {
    line.trim_end() == HEADER
}

/// Whether a header is that of an exception group.
pub(crate) fn is_group_header(line: &str) -> bool {
    line.trim_end().ends_with(GROUP_HEADER)
}

/// Whether a line begins the report of the fault handler.
pub(crate) fn is_fault_lead(line: &str) -> bool {
    line.starts_with("Fatal Python error: ") || line.starts_with("Windows fatal exception: ")
}

fn is_fault_line(line: &str) -> bool {
    line.starts_with("Extension modules: ") || line.starts_with("Python runtime state: ")
}

/// `Current thread 0x00007f… (most recent call first):`, `Thread 0x… [name] (most recent call first):`,
/// `Stack (most recent call first):`, `Current thread's C stack trace (most recent call first):`.
pub(crate) fn is_thread(line: &str) -> bool {
    let line = line.strip_suffix(FIRST).unwrap_or(line);
    line.contains("Thread 0x") || line.contains("Current thread") || line.ends_with("Stack ")
}

fn is_folded(line: &str) -> bool {
    static ESCAPED: LazyLock<Finder<'static>> =
        LazyLock::new(|| Finder::new("Traceback (most recent call last):\\"));
    ESCAPED.find(line.as_bytes()).is_some_and(|at| {
        let after = &line[at + HEADER.len()..];
        let slashes = after.bytes().take_while(|byte| *byte == b'\\').count();
        slashes <= 8 && matches!(after.as_bytes().get(slashes), Some(b'n' | b'r'))
    })
}

/// `File "…", line 1`: the beginning of a frame, without looking at all of it. Forums and word processors curl quotes.
pub(crate) fn is_frame_start(inner: &str) -> bool {
    let Some(rest) = inner.strip_prefix("File ") else { return false };
    if let Some(path) = rest.strip_prefix('"') {
        return memchr::memchr(b'"', path.as_bytes())
            .is_some_and(|close| path[close + 1..].starts_with(", line ") || &path[close + 1..] == ",");
    }
    rest.strip_prefix(CURLY)
        .and_then(|path| path.split_once(CURLY))
        .is_some_and(|(_, rest)| rest.starts_with(", line "))
}

/// Whether the line of a frame was wrapped here, as mail programs do: the next line is the rest of it.
pub(crate) fn is_wrapped_frame(line: &str) -> bool {
    let inner = line.trim();
    inner == "File" || inner.starts_with("File \"") && (inner.ends_with(',') || inner.ends_with(", in"))
}

/// `line 12, in f` or `"x.py", line 12, in f`: what was wrapped away from the beginning of its frame.
fn is_rest_of_frame(line: &str) -> bool {
    let rest = match line.strip_prefix('"') {
        Some(path) => path.split_once("\", ").map_or("", |(_, rest)| rest),
        None => line,
    };
    let Some(number) = rest.strip_prefix("line ") else {
        return line.starts_with('"') && line.ends_with(".py\",");
    };
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && (number.len() == digits || number[digits..].starts_with(','))
}

/// The quotes that stand for `"` where text was set.
pub(crate) const CURLY: [char; 3] = ['\u{201c}', '\u{201d}', '\u{201e}'];

/// The header of a traceback whose first letter was not copied.
pub(crate) const BEHEADED: &str = "raceback (most recent call last):";

/// Whether a line that follows a frame without indentation is the source of that frame, rather than the exception.
pub(crate) fn is_source(line: &str) -> bool {
    match of(line) {
        Spelling::Text | Spelling::Prompt | Spelling::Underline => true,
        Spelling::Name => {
            let name = read_raised(line).unwrap_or_default();
            let short = name.rsplit('.').next().unwrap_or(name);
            !(short.starts_with(char::is_uppercase) && line[name.len()..].starts_with(": "))
        }
        _ => false,
    }
}

fn is_fence(line: &str) -> bool {
    const TAGS: [&str; 8] =
        ["{code}", "{noformat}", "[code]", "[/code]", "<code>", "</code>", "<pre>", "</pre>"];
    match line.as_bytes().first() {
        Some(b'`') => line.strip_prefix("```").is_some_and(|rest| {
            rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'`' | b'-' | b'+' | b'_' | b'.'))
        }),
        Some(b'{' | b'[' | b'<') => TAGS.contains(&line),
        Some(quote @ (b'"' | b'\'')) => line.len() == 3 && line.bytes().all(|b| b == *quote),
        _ => false,
    }
}

fn is_underline(line: &str) -> bool {
    line.len() >= 2 && line.bytes().all(|b| matches!(b, b'~' | b'^' | b' '))
        || line == "--- <exception caught here> ---"
}

/// `===== Stack =====`: what some tools print between an exception and where it was reported.
fn is_stack_rule(line: &str) -> bool {
    line.starts_with("==")
        && line.ends_with("==")
        && line.trim_matches(['=', ' ']).eq_ignore_ascii_case("stack")
}

/// Whether a line begins with a time, as lines of logs do: `2026-01-14`, `[19:49:11]`.
pub(crate) fn is_stamped(line: &str) -> bool {
    let bytes = line.strip_prefix('[').unwrap_or(line).as_bytes();
    let digits = bytes.iter().take(5).take_while(|byte| byte.is_ascii_digit()).count();
    matches!(digits, 2 | 4)
        && matches!(bytes.get(digits), Some(b':' | b'-' | b'/' | b'.'))
        && bytes.get(digits + 1).is_some_and(u8::is_ascii_digit)
}

/// The prompts people copy along: `$ `, `>>> `, `... `, `C:\dir>`, `PS C:\dir>`, `user@host:~$ `, `In [1]: `.
fn is_prompt(line: &str) -> bool {
    const LEADS: [&str; 5] = ["$ ", "% ", ">>> ", "... ", "In ["];
    if LEADS.iter().any(|lead| line.starts_with(lead)) || matches!(line, "$" | "%" | ">>>" | "...") {
        return true;
    }
    let bytes = line.strip_prefix("PS ").unwrap_or(line).as_bytes();
    if bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && bytes[2] == b'\\' {
        // A path may hold any character but this one.
        return memchr::memchr3(b'>', b'"', b'|', bytes).is_some_and(|at| bytes[at] == b'>');
    }
    let Some(end) = memchr::memchr3(b'$', b'#', b'%', &line.as_bytes()[..line.len().min(128)]) else {
        return false;
    };
    let word = line[..end].trim_start_matches('[').split([' ', ':']).next().unwrap_or_default();
    word.split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('.'))
}

/// Web pages keep indentation by blanks that do not break.
pub(crate) fn plain_blanks(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\u{a0}') { Cow::Owned(text.replace('\u{a0}', " ")) } else { text }
}

/// A line without the marks of inline code around it.
pub(crate) fn without_ticks(line: &str) -> &str {
    let inner = line.strip_prefix('`').and_then(|rest| rest.trim_end().strip_suffix('`'));
    inner.filter(|inner| !inner.contains('`') && !inner.is_empty()).unwrap_or(line)
}

/// The depth of mail quoting at the beginning of the line (`> `, `>> `, `> > `) and the rest of the line. `>>> ` is Python's prompt.
pub(crate) fn unquote(line: &str) -> (usize, &str) {
    let mut rest = line;
    if !rest.starts_with('>')
        || rest.trim_end() == ">>>"
        || rest.starts_with(">>> ") && !rest.starts_with(">>> >")
    {
        return (0, line);
    }
    let mut depth = 0;
    while let Some(inner) = rest.strip_prefix('>') {
        depth += 1;
        // One blank belongs to the mark; further ones are indentation.
        rest = inner.strip_prefix(' ').unwrap_or(inner);
    }
    (depth, rest)
}

/// The line without the `# ` that Maya puts before each line of Python's; whether it had one.
pub(crate) fn without_hash(line: &str) -> (bool, &str) {
    match line.strip_prefix('#') {
        Some(rest) => (true, rest.strip_prefix(' ').unwrap_or(rest)),
        None => (false, line),
    }
}

/// The name in `dotted.Name` or `dotted.Name: text`.
pub(crate) fn read_raised(line: &str) -> Option<&str> {
    let mut end = 0;
    let mut rest = line;
    loop {
        let word = match rest.strip_prefix("<locals>") {
            Some(_) => "<locals>".len(),
            None => {
                if !rest.starts_with(|c: char| c.is_alphabetic() || c == '_') {
                    return None;
                }
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            }
        };
        end += word;
        rest = &line[end..];
        match rest.strip_prefix('.') {
            Some(after) if !after.is_empty() => {
                end += 1;
                rest = after;
            }
            _ => break,
        }
    }
    let after = rest.trim_end();
    (after.is_empty() || after == ":" || rest.starts_with(": ")).then(|| &line[..end])
}

/// Whether a bare name is that of an exception, judged by its spelling alone.
pub(crate) fn looks_like_exception(name: &str) -> bool {
    let short = name.rsplit('.').next().unwrap_or(name);
    short.ends_with("Error")
        || short.ends_with("Exception")
        || short.ends_with("Warning")
        || short.ends_with("Fault")
        || short.ends_with("ExceptionGroup")
        || WELL_KNOWN.contains(&short)
}

/// Whether a line of prose is an exception line on its own: a type in CamelCase that says so, and a text.
pub(crate) fn is_bare_exception(line: &str) -> bool {
    let Some(name) = read_raised(line) else { return false };
    let short = name.rsplit('.').next().unwrap_or(name);
    let camel =
        short.starts_with(|c: char| c.is_ascii_uppercase()) && short.bytes().any(|b| b.is_ascii_lowercase());
    let suffixed = ["Error", "Exception", "Fault", "ExceptionGroup"]
        .iter()
        .any(|end| short.len() > end.len() && short.ends_with(end));
    camel && (suffixed || name.starts_with("hou.")) && line.len() > name.len() + 2
}

/// Exceptions of Python, its libraries and Toolkit whose names do not say that they are exceptions.
const WELL_KNOWN: [&str; 12] = [
    "KeyboardInterrupt",
    "SystemExit",
    "StopIteration",
    "StopAsyncIteration",
    "GeneratorExit",
    "Empty",
    "Full",
    "timeout",
    "gaierror",
    "herror",
    "error",
    "OperationFailed",
];
