//! A command line of Windows, as a value of the Run key holds it. A path cannot hold `"` there, so quotes around it are all there
//! is to quoting; `%` stays as it is in a value of type REG_SZ.
//!
//! Windows opens a window for a program of the console that it starts itself. So the value names `tk-incidentw.exe` where that lies
//! beside `tk-incident.exe`: it has no console, and starts the other one with its own arguments (`crates/windowless`).

use super::ARGUMENTS;

/// Windows passes over a longer value of the Run key, in UTF-16 units.
const MOST_UNITS: usize = 260;

const ENDING: &str = ".exe";
const PROGRAM: &str = "tk-incident.exe";
const STARTER: &str = "tk-incidentw.exe";

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

/// The path of the starter that belongs to a program: `…\\tk-incidentw.exe` for `…\\tk-incident.exe`. A program of another name has
/// none: the starter would start another one.
#[must_use]
pub fn starter_of(program: &str) -> Option<String> {
    let stem = without_ending(program, PROGRAM)?;
    Some(format!("{stem}w{}", &program[stem.len()..]))
}

/// The program that a starter of this path starts. `None` when it is no starter.
#[must_use]
pub fn started_by(starter: &str) -> Option<String> {
    let stem = without_ending(starter, STARTER)?.strip_suffix(['w', 'W'])?;
    Some(format!("{stem}{}", &starter[starter.len() - ENDING.len()..]))
}

/// A path whose last part is `name`, in whatever case, without `.exe`.
fn without_ending<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    let last = path.rsplit(['\\', '/']).next()?;
    last.eq_ignore_ascii_case(name).then(|| &path[..path.len() - ENDING.len()])
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

    #[test]
    fn the_starter_of_a_program_starts_that_program() {
        for (program, starter) in [
            (r"C:\김 하나\tk-incident.exe", r"C:\김 하나\tk-incidentw.exe"),
            (r"C:/tools/TK-Incident.EXE", r"C:/tools/TK-Incidentw.EXE"),
            ("tk-incident.exe", "tk-incidentw.exe"),
        ] {
            assert_eq!(starter_of(program).as_deref(), Some(starter));
            assert_eq!(started_by(starter).as_deref(), Some(program));
            assert_eq!((starter_of(starter), started_by(program)), (None, None));
        }
        for other in [
            "",
            "/opt/tk-incident",
            r"C:\tk-incident-old.exe",
            r"C:\my-tk-incident.exe",
            r"C:\tk-incident.exe\",
        ] {
            assert_eq!((starter_of(other), started_by(other)), (None, None), "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_looked_at_without_harm(text in any::<String>()) {
            let _ = (starter_of(&text), started_by(&text), program(&text));
        }

        #[test]
        fn any_path_comes_back(path in "[^\\x00\\r\\n\"]{1,60}") {
            let written = text(&path);
            prop_assert_eq!(program(&written), Some(path));
        }
    }
}
