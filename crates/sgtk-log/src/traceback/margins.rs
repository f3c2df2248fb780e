//! Text of a record as the line parser wants it: margins of exception groups removed, tracebacks that were escaped into
//! one line (captured output of a helper process) unfolded. Text without either stays borrowed.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem;

/// Removes what stands between the line parser and the lines.
pub(crate) fn flatten(text: &str) -> Cow<'_, str> {
    static GROUP: LazyLock<memmem::Finder<'static>> =
        LazyLock::new(|| memmem::Finder::new("+ Exception Group Traceback"));
    static ESCAPED: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("\\n  File "));
    let grouped = GROUP.find(text.as_bytes()).is_some();
    let escaped = ESCAPED.find(text.as_bytes()).is_some();
    if !grouped && !escaped {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if escaped && line.contains("\\n  File ") {
            unfold(&mut out, line);
        } else if grouped {
            out.push_str(without_margin(line));
        } else {
            out.push_str(line);
        }
    }
    Cow::Owned(out)
}

/// `  | text` and `  + Exception Group …` without their margin; separators (`+-+----- 1 -----`) as they are.
fn without_margin(line: &str) -> &str {
    let inner = line.trim_start_matches(' ');
    match inner.strip_prefix("| ").or_else(|| inner.strip_prefix("+ ")) {
        Some(rest) => rest,
        None if inner.trim_end() == "|" => "\n",
        None => line,
    }
}

fn unfold(out: &mut String, line: &str) {
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.peek() {
            Some('n') => out.push('\n'),
            Some('r') => {}
            Some(quote @ ('"' | '\'')) => out.push(*quote),
            Some('\\') => out.push('\\'),
            _ => {
                out.push(c);
                continue;
            }
        }
        chars.next();
    }
}
