//! What `tk-incidentw.exe` starts: the `tk-incident.exe` beside it, with the arguments it was given itself. Texts of Windows in, texts of
//! Windows out; pure, so that it is tested on every system. Asking Windows and starting is the work of `main.rs`.
//!
//! Deliberately absent: any reading of the arguments. They are passed on unit by unit, so quoting cannot change on the way.

/// The file name of the program that is started.
const PROGRAM: &str = "tk-incident.exe";

/// With its end, a path of this many units is taken in the verbatim form only.
const MOST_UNITS: usize = 260;

const QUOTE: u16 = b'"' as u16;
const SLASHES: [u16; 2] = [b'\\' as u16, b'/' as u16];
const BLANKS: [u16; 2] = [b' ' as u16, b'\t' as u16];

/// What `CreateProcessW` is called with; both end with a zero.
#[derive(Debug, PartialEq, Eq)]
pub struct Start {
    /// The path of the program.
    pub program: Vec<u16>,
    /// Its command line: the program, then our arguments as they are.
    pub command_line: Vec<u16>,
}

/// What to start for a program at `own_path` that was called with `own_command_line`, neither of which ends with a zero. `None` for a
/// path without a folder, which Windows never tells.
#[must_use]
pub fn start(own_path: &[u16], own_command_line: &[u16]) -> Option<Start> {
    let folder = own_path.iter().rposition(|unit| SLASHES.contains(unit))?;
    let mut path = own_path.get(..=folder)?.to_vec();
    path.extend(PROGRAM.encode_utf16());
    let mut command_line = vec![QUOTE];
    command_line.extend(&path);
    command_line.push(QUOTE);
    command_line.extend(arguments(own_command_line));
    command_line.push(0);
    let mut program = verbatim_if_long(path);
    program.push(0);
    Some(Start { program, command_line })
}

/// Everything after the program's name, from the blank on. The name ends at the first blank outside quotes, and knows no escapes.
fn arguments(command_line: &[u16]) -> &[u16] {
    let mut is_quoted = false;
    let end = command_line.iter().position(|unit| {
        is_quoted ^= *unit == QUOTE;
        !is_quoted && BLANKS.contains(unit)
    });
    end.and_then(|end| command_line.get(end..)).unwrap_or_default()
}

/// `\\?\C:\folder\file` and `\\?\UNC\server\share\file` may have any length.
fn verbatim_if_long(path: Vec<u16>) -> Vec<u16> {
    let is = |prefix: &str| path.iter().copied().take(prefix.len()).eq(prefix.encode_utf16());
    if path.len() < MOST_UNITS || is(r"\\?\") || is(r"\\.\") {
        return path;
    }
    let (prefix, rest) = if is(r"\\") { (r"\\?\UNC", 1) } else { (r"\\?\", 0) };
    prefix.encode_utf16().chain(path.into_iter().skip(rest)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn started(own_path: &str, own_command_line: &str) -> (String, String) {
        let start = start(&units(own_path), &units(own_command_line)).unwrap();
        let text = |units: &[u16]| String::from_utf16(units).unwrap().strip_suffix('\0').unwrap().to_owned();
        (text(&start.program), text(&start.command_line))
    }

    #[test]
    fn the_program_beside_gets_the_arguments_as_they_are() {
        let here = r"C:\Users\김 하나\tk-incidentw.exe";
        let there = r"C:\Users\김 하나\tk-incident.exe";
        for (command_line, arguments) in [
            (r#""C:\Users\김 하나\tk-incidentw.exe" --quiet run --at-login"#, " --quiet run --at-login"),
            (r"tk-incidentw  run", "  run"),
            ("tk-incidentw\trun", "\trun"),
            (r#"tk-"incident w"w.exe "a \" b" c\\ "#, r#" "a \" b" c\\ "#),
            (r#""tk-incidentw\" run"#, " run"),
            ("tk-incidentw", ""),
            (r#""never closed"#, ""),
            ("", ""),
        ] {
            let (program, given) = started(here, command_line);
            assert_eq!(program, there);
            assert_eq!(given, format!("\"{there}\"{arguments}"), "{command_line}");
        }
    }

    #[test]
    fn only_a_long_path_is_verbatim() {
        // As long as it may be: 259 units and the end.
        let fits = format!(r"C:\{}\tk-incident.exe", "한".repeat(259 - 19));
        for (plain, expected) in [
            (fits.clone(), fits.clone()),
            (fits.replacen('한', "한한", 1), format!(r"\\?\{}", fits.replacen('한', "한한", 1))),
            (format!(r"\\server\share{}", &fits[2..]), format!(r"\\?\UNC\server\share{}", &fits[2..])),
            (format!(r"\\?\{fits}"), format!(r"\\?\{fits}")),
        ] {
            let (program, command_line) = started(&plain.replace("tk-incident.", "tk-incidentw."), "w -x");
            assert_eq!(program, expected);
            assert_eq!(command_line, format!("\"{plain}\" -x"));
        }
    }

    #[test]
    fn without_a_folder_nothing_is_started() {
        assert_eq!(start(&units("tk-incidentw.exe"), &units("tk-incidentw.exe run")), None);
    }

    proptest! {
        #[test]
        fn any_texts_are_taken_and_end_once(
            path in proptest::collection::vec(1_u16.., 0..300),
            line in proptest::collection::vec(1_u16.., 0..60),
        ) {
            if let Some(start) = start(&path, &line) {
                for text in [&start.program, &start.command_line] {
                    prop_assert_eq!(text.iter().position(|unit| *unit == 0), Some(text.len() - 1));
                }
                prop_assert!(line.ends_with(arguments(&line)));
            }
        }
    }
}
