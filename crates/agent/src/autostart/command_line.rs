//! A command line of Windows, as a value of the Run key holds it. A path cannot hold `"` there, so quotes around it are all there
//! is to quoting; `%` stays as it is in a value of type REG_SZ.

use super::ARGUMENTS;

/// Windows passes over a longer value of the Run key, in UTF-16 units.
const MOST_UNITS: usize = 260;

/// Whether Windows starts a program of this path.
#[must_use]
pub fn can_start(program: &str) -> bool {
    !program.contains('"') && text(program).encode_utf16().count() <= MOST_UNITS
}

/// The value's text.
#[must_use]
pub fn text(program: &str) -> String {
    format!("\"{program}\" {}", ARGUMENTS.join(" "))
}

/// The program of a value as [`text`] writes it.
#[must_use]
pub fn program(text: &str) -> Option<String> {
    let quoted = text.strip_suffix(&ARGUMENTS.join(" "))?.trim_end();
    Some(quoted.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_value_reads_as_windows_wants_it() {
        let path = "C:\\Users\\김 하나\\AppData\\Local\\100% ours\\tk-incident.exe";
        assert_eq!(
            text(path),
            "\"C:\\Users\\김 하나\\AppData\\Local\\100% ours\\tk-incident.exe\" --quiet run --at-login"
        );
        for text in ["", "C:\\a.exe --quiet run --at-login", "\" --quiet run --at-login"] {
            assert_eq!(program(text), None, "{text}");
        }
    }

    #[test]
    fn a_path_that_windows_would_pass_over_is_not_written() {
        let of_length = |length: usize| format!("C:\\{}", "한".repeat(length - 3));
        // Two quotes, and 23 for our arguments.
        assert!(can_start(&of_length(235)) && !can_start(&of_length(236)));
    }

    proptest! {
        #[test]
        fn any_path_comes_back(path in "[^\\x00\\r\\n\"]{1,60}") {
            let written = text(&path);
            prop_assert_eq!(program(&written), Some(path));
        }
    }
}
