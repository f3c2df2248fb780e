//! Crashes of a host program, told by text: Python's fault handler, a stack of native calls in a log, a report of macOS.
//!
//! A crash is known by what happened and the innermost named functions; addresses, offsets and modules' versions say
//! nothing. Dump files are not read here.

/// What a crash without Python frames says.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Crash<'t> {
    /// What happened, one word for all systems.
    pub(crate) what: &'static str,
    /// The innermost named functions.
    pub(crate) functions: Vec<&'t str>,
}

/// Functions of a crash that count.
pub(crate) const MOST_FUNCTIONS: usize = 3;

/// What systems call the same thing.
const KINDS: [(&str, &[&str]); 7] = [
    (
        "segmentation fault",
        &[
            "segmentation fault",
            "access violation",
            "access_violation",
            "sigsegv",
            "exc_bad_access",
            "c0000005",
            "signal: 11",
        ],
    ),
    ("aborted", &["aborted", "sigabrt", "signal: 6"]),
    ("bus error", &["bus error", "sigbus"]),
    (
        "illegal instruction",
        &["illegal instruction", "illegal_instruction", "sigill", "exc_bad_instruction", "c000001d"],
    ),
    ("stack overflow", &["stack overflow", "stack_overflow", "c00000fd"]),
    (
        "floating point exception",
        &["floating point exception", "divide by zero", "divide_by_zero", "sigfpe", "exc_arithmetic"],
    ),
    ("out of memory", &["out of memory", "bad_alloc", "memoryerror"]),
];

/// Names a signal or an exception code the same on every system; `None` for another text.
pub(crate) fn kind(said: &str) -> Option<&'static str> {
    let said = said.to_ascii_lowercase();
    KINDS.iter().find(|(_, names)| names.iter().any(|name| said.contains(name))).map(|(kind, _)| *kind)
}

/// Lines that say that a process crashed, and how.
const LEADS: [&str; 6] = [
    "Signal: ",
    "Exception Type:",
    "Exception code: ",
    "Unhandled exception: ",
    "Caught signal",
    "Abnormal Program Termination",
];

/// Text beyond this is not looked at.
const MOST_BYTES: usize = 64 * 1024;

/// Reads a crash out of the text of a record: a line that says so, and a stack of native calls.
pub(crate) fn read(text: &str) -> Option<Crash<'_>> {
    let text = &text[..text.floor_char_boundary(MOST_BYTES)];
    // A stack has lines.
    memchr::memchr(b'\n', text.as_bytes())?;
    let what = text.lines().find_map(|line| {
        let line = line.trim();
        // The letters that the leads begin with.
        let may_lead = matches!(line.as_bytes().first(), Some(b'S' | b'E' | b'U' | b'C' | b'A'));
        if may_lead && LEADS.iter().any(|lead| line.starts_with(lead)) { kind(line) } else { None }
    })?;
    let mut functions = Vec::new();
    // Of a report with all threads, the one that crashed counts.
    let is_crashed = |line: &str| line.starts_with("Thread ") && line.contains("Crashed");
    let by_thread = text.lines().any(|line| is_crashed(line.trim()));
    let mut crashed = !by_thread;
    for line in text.lines().map(str::trim) {
        if by_thread && line.starts_with("Thread ") {
            crashed = is_crashed(line);
            continue;
        }
        if let Some(function) = native_call(line).filter(|_| crashed).filter(|name| !is_plumbing(name)) {
            functions.push(function);
            if functions.len() == MOST_FUNCTIONS {
                break;
            }
        }
    }
    (!functions.is_empty()).then_some(Crash { what, functions })
}

/// The function of one line of a native stack, without its arguments.
///
/// `#3  0x00007f in Name::function(int) () from /x/lib.so`, `/x/lib.so(_ZN4Name+0x1a) [0x7f]`,
/// `12  Foundation  0x00000001 -[Name function] + 12`, `foundation.dll!Name::function+0x12`.
fn native_call(line: &str) -> Option<&str> {
    let name = if let Some(rest) = line.strip_prefix('#') {
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        let (address, name) = rest.split_once(" in ")?;
        address.starts_with("0x").then_some(name)?
    } else if line.ends_with(']') && line.contains("(") && line.contains("[0x") {
        line.split_once('(')?.1
    } else if line.starts_with(|c: char| c.is_ascii_digit()) {
        let at = line.find(" 0x")?;
        line[at + 1..].split_once(' ')?.1.split(" + ").next()?
    } else {
        let (module, name) = line.split_once('!')?;
        let is_module =
            [".dll", ".exe", ".mll", ".pyd"].iter().any(|end| module.to_ascii_lowercase().ends_with(end));
        is_module.then_some(name)?
    };
    // Arguments, offsets and clones of the compiler.
    let end = name.find(['(', '+', '[', ' ']).filter(|at| *at > 0).unwrap_or(name.len());
    let name = if name.starts_with(['-', '+']) { name.trim() } else { name[..end].trim() };
    (!name.is_empty() && name != "??" && !name.starts_with("0x") && name.len() <= 200).then_some(name)
}

/// Functions that are in every crash.
fn is_plumbing(name: &str) -> bool {
    let name = name.trim_start_matches('_');
    matches!(
        name,
        "abort"
            | "raise"
            | "sigtramp"
            | "restore_rt"
            | "pthread_kill"
            | "libc_start_main"
            | "start"
            | "main"
            | "clone"
            | "start_thread"
            | "cxa_throw"
            | "RaiseException"
            | "KiUserExceptionDispatcher"
            | "UnhandledExceptionFilter"
            | "waitpid"
            | "wait4"
            | "kill"
    ) || name.contains("signal_handler")
        || name.contains("SignalHandler")
}
