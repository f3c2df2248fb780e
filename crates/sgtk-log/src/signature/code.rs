//! Codes of systems and servers: one name for one failure.
//!
//! Texts of systems are localised, numbers differ between them: Windows has its own, and above the classic ones Linux
//! and macOS differ. What is the same failure has the same code here. Part of the signature algorithm.

/// How SSL says that the other side went away, with its name in brackets since Python 3.10 or so, before with a number or
/// alone.
const BROKEN_OFF: &str = "EOF occurred in violation of protocol";

/// The code in brackets at the beginning of a text: `[Errno 13]`, `[WinError 5]`, `[Error 5]`, `[SSL: REASON]`.
pub(crate) fn bracketed(text: &str) -> Option<String> {
    let inner = text.strip_prefix('[')?;
    if let Some((family, rest)) = ["Errno ", "WinError ", "Error "]
        .iter()
        .find_map(|family| Some((*family, inner.strip_prefix(family)?)))
    {
        let digits = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'-').count();
        let number = rest[..digits].parse().ok().filter(|_| rest[digits..].starts_with(']'))?;
        if number == 8 && rest.contains(BROKEN_OFF) {
            // The library's own number: to the system it means something else.
            return Some("SSL UNEXPECTED_EOF_WHILE_READING".to_owned());
        }
        return Some(errno(number, family != "Errno "));
    }
    let rest = ["SSL: ", "X509: ", "SYS: "].iter().find_map(|family| inner.strip_prefix(family))?;
    let length =
        rest.bytes().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_').count();
    (length > 0).then(|| format!("SSL {}", &rest[..length]))
}

/// The code a text holds: `Errno 13`, `WinError 32`, `HTTP 503`, `SSL CERTIFICATE_VERIFY_FAILED`, or words where systems
/// number differently.
pub(crate) fn code(text: &str) -> Option<String> {
    const CERTIFICATE: [&str; 4] = [
        "CERTIFICATE_VERIFY_FAILED",
        "certificate verify failed",
        "doesn't match",
        "certificate is not valid for",
    ];
    const TIMED_OUT: [&str; 2] = ["timed out", "Timeout"];
    const UNRESOLVED: [&str; 4] =
        ["getaddrinfo failed", "Name or service not known", "nodename nor servname", "name resolution"];
    let holds = |wanted: &[&str]| wanted.iter().any(|wanted| text.contains(wanted));
    let other_name = text.starts_with("hostname ") && text.contains("doesn't match");
    if other_name || holds(&CERTIFICATE) {
        return Some("SSL CERTIFICATE_VERIFY_FAILED".to_owned());
    }
    if text.contains(BROKEN_OFF) {
        return Some("SSL UNEXPECTED_EOF_WHILE_READING".to_owned());
    }
    memchr::memchr_iter(b'[', text.as_bytes())
        .find_map(|at| bracketed(&text[at..]))
        .or_else(|| numbered_pair(text))
        .or_else(|| numbered_pair(&text[memchr::memmem::find(text.as_bytes(), b"rror(")? + 4..]))
        .or_else(|| http_status(text))
        .or_else(|| holds(&TIMED_OUT).then(|| "timed out".to_owned()))
        .or_else(|| holds(&UNRESOLVED).then(|| "name resolution".to_owned()))
}

/// `(111, 'Connection refused')`, as Python 2 prints some of them, and as every Python prints one in another.
fn numbered_pair(text: &str) -> Option<String> {
    let rest = text.strip_prefix('(')?;
    let (number, after) = rest.split_once(',')?;
    let quoted = after.trim_start().trim_start_matches('u').starts_with(['\'', '"']);
    number.parse().ok().filter(|_| quoted).map(|number| errno(number, false))
}

/// `HTTP Error 503`, `HTTP 503`, `host/path: 503 Service Unavailable`.
fn http_status(text: &str) -> Option<String> {
    let status = |rest: &str| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        (digits == 3 && !rest[3..].starts_with(|c: char| c.is_alphanumeric() || c == '.'))
            .then(|| rest[..3].to_owned())
    };
    let named = text.match_indices("HTTP").find_map(|(at, _)| {
        let rest = text[at + 4..].trim_start();
        status(rest.strip_prefix("Error").unwrap_or(rest).trim_start_matches([' ', ':']))
    });
    // `503 Server Error: … for url: …`
    let leading =
        || status(text).filter(|_| text[3..].trim_start().starts_with(|c: char| c.is_ascii_uppercase()));
    let found = named.or_else(leading).or_else(|| {
        memchr::memmem::find_iter(text.as_bytes(), b": ").find_map(|at| {
            let rest = &text[at + 2..];
            status(rest).filter(|_| rest[3..].trim_start().starts_with(|c: char| c.is_ascii_uppercase()))
        })
    })?;
    Some(format!("HTTP {found}"))
}

/// One name for one failure.
fn errno(number: i64, windows: bool) -> String {
    let name = match (number, windows) {
        (111 | 61, false) | (10061, _) => "connection refused",
        (110 | 60, false) | (10060 | 121, _) => "timed out",
        (104 | 54, false) | (10054, _) => "connection reset",
        (103 | 53, false) | (10053, _) => "connection aborted",
        (113 | 65, false) | (10065, _) => "no route to host",
        (101 | 51, false) | (10051, _) => "network unreachable",
        (98 | 48, false) | (10048, _) => "address in use",
        (39 | 66, false) | (145, true) => "directory not empty",
        (11001 | 11002 | 11004, _) | (-5..=-2 | 8, false) => "name resolution",
        (36 | 63, false) | (206, true) => "name too long",
        (116 | 70, false) => "stale file handle",
        (122 | 69, false) | (1295, true) => "quota exceeded",
        (28, false) | (112, true) => "disk full",
        (30, false) | (19, true) => "read-only file system",
        (2 | 3, true) => "Errno 2",
        (5, true) => "Errno 13",
        (80 | 183, true) => "Errno 17",
        (267, true) => "Errno 20",
        (109 | 232, true) => "Errno 32",
        (number, true) => return format!("WinError {number}"),
        (number, false) => return format!("Errno {number}"),
    };
    name.to_owned()
}
