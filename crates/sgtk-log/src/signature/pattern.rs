//! Patterns of the signature algorithm, compiled.

use regex::Regex;

/// Compiles a constant pattern with ASCII meaning of `\w`, `\d`, `\s`, `\b` and of a leading `(?i)`.
///
/// The regex crate is built without its Unicode tables (they are larger than this crate), and a signature must not
/// depend on the Unicode version of a build anyway. `(?i)` patterns cannot hold negated classes.
pub(crate) fn compile(pattern: &str) -> Regex {
    let (mut expanded, body) = match pattern.strip_prefix("(?i)") {
        Some(body) => ("(?i-u)".to_owned(), body),
        None => (String::new(), pattern),
    };
    let mut in_class = false;
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            in_class = c == '[' || in_class && c != ']';
            expanded.push(c);
            continue;
        }
        let set = match chars.next() {
            Some('b') if !in_class => {
                expanded.push_str(r"(?-u:\b)");
                continue;
            }
            Some('w') => "0-9A-Za-z_",
            Some('d') => "0-9",
            Some('s') => r"\t\n\x0B\f\r ",
            Some(other) => {
                expanded.push('\\');
                expanded.push(other);
                continue;
            }
            None => "",
        };
        if in_class {
            expanded.push_str(set);
        } else {
            expanded.push('[');
            expanded.push_str(set);
            expanded.push(']');
        }
    }
    Regex::new(&expanded).expect("patterns are constants and every one is compiled by a test")
}
