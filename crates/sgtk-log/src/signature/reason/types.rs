//! Names of exceptions: which are one type, which say nothing by themselves, and the name people know.

use crate::signature::code::code;
use crate::traceback::LOCKED;

/// The type two spellings of one exception share; also what its text says about it.
///
/// `PermissionError` and the like become `OSError` with their code: Python 2 knew only that.
pub(crate) fn canonical_type<'t>(short_name: &'t str, text: &str) -> &'t str {
    match short_name {
        // Sockets once raised it; modules such as `struct` still do.
        "error" if code(text).is_some() => "OSError",
        "IOError" | "EnvironmentError" | "WindowsError" | "herror" | "gaierror" | "timeout"
        | "TimeoutError" | "BlockingIOError" | "InterruptedError" | "ChildProcessError"
        | "ProcessLookupError" => "OSError",
        // Houdini's own, of locked nodes; Python's speaks of files.
        "PermissionError" if text.starts_with(LOCKED) => short_name,
        "ModuleNotFoundError" => "ImportError",
        "SSLCertVerificationError" | "CertificateError" | "SSLHandshakeError" | "SSLEOFError" => "SSLError",
        "JSONDecodeError" => "ValueError",
        // Renamed in Python 3.2; the old name went with 3.14.
        "BadZipfile" => "BadZipFile",
        name if name.ends_with("CalledProcessError") => "CalledProcessError",
        // Before Python 3.5.
        "RuntimeError" if text.starts_with("maximum recursion depth exceeded") => "RecursionError",
        // Python 2 said this of what cannot be indexed.
        "AttributeError" if text.ends_with("has no attribute '__getitem__'") => "TypeError",
        name if implied_code(name).is_some() => "OSError",
        name => name,
    }
}

/// Types of Python and its library whose name says what failed and whose text differs between versions and systems.
pub(super) fn is_of_python(name: &str) -> bool {
    matches!(
        name,
        "IndexError"
            | "LookupError"
            | "StopIteration"
            | "StopAsyncIteration"
            | "GeneratorExit"
            | "SystemExit"
            | "KeyboardInterrupt"
            | "MemoryError"
            | "ZeroDivisionError"
            | "OverflowError"
            | "FloatingPointError"
            | "ArithmeticError"
            | "EOFError"
            | "BufferError"
            | "ReferenceError"
            | "SystemError"
            | "RecursionError"
            | "BadZipFile"
            | "Empty"
            | "Full"
    ) || name.starts_with("Unicode") && name.ends_with("Error")
}

/// The code that the type alone implies.
pub(super) fn implied_code(short_name: &str) -> Option<&'static str> {
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

/// The name people know for a type with this reason.
pub(crate) fn familiar_name(canonical: &str, reason: &str) -> Option<&'static str> {
    Some(match (canonical, reason) {
        ("OSError", "Errno 2") => "FileNotFoundError",
        ("OSError", "Errno 13" | "Errno 1") => "PermissionError",
        ("OSError", "Errno 17") => "FileExistsError",
        ("OSError", "Errno 20") => "NotADirectoryError",
        ("OSError", "Errno 21") => "IsADirectoryError",
        ("OSError", "Errno 32") => "BrokenPipeError",
        ("OSError", "connection refused") => "ConnectionRefusedError",
        ("OSError", "connection reset") => "ConnectionResetError",
        ("OSError", "timed out") => "TimeoutError",
        ("ValueError", super::python::INVALID_JSON) => "JSONDecodeError",
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
