//! A unit of systemd's manager of one user. Rules of `ExecStart=`: systemd.service(5), "Command lines". The path of the program may
//! stand in double quotes, and `%` is doubled. Variables are only put into arguments, so `$` in it stays as it is; quotes and
//! backslashes are refused whatever stands before them (tried with `systemd-analyze verify` of systemd 252).

use super::ARGUMENTS;

const KEY: &str = "ExecStart=";

/// Whether systemd takes a program of this path.
#[must_use]
pub fn can_start(program: &str) -> bool {
    !program.contains(|letter: char| letter.is_control() || ['"', '\'', '\\'].contains(&letter))
}

/// The unit's text, for a path that [`can_start`] allows.
#[must_use]
pub fn text(program: &str) -> String {
    format!(
        "# Written by `tk-incident autostart on`, removed by `tk-incident autostart off`.\n\
         [Unit]\n\
         Description=Files problems in Toolkit logs as tickets\n\
         \n\
         [Service]\n\
         {KEY}{} {}\n\
         # An agent for another site, which this one started, goes on.\n\
         KillMode=process\n\
         Restart=on-failure\n\
         RestartSec=60\n\
         # What another start does not mend: settings, a site that refuses, another agent.\n\
         RestartPreventExitStatus=2 3 4\n\
         \n\
         [Install]\n\
         WantedBy=default.target\n",
        quoted(program),
        ARGUMENTS.join(" ")
    )
}

/// The program of a unit as [`text`] writes it.
#[must_use]
pub fn program(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix(KEY))?;
    unquoted(line.strip_suffix(&ARGUMENTS.join(" "))?.trim_end())
}

fn quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('%', "%%"))
}

fn unquoted(word: &str) -> Option<String> {
    let inner = word.strip_prefix('"')?.strip_suffix('"')?;
    Some(inner.replace("%%", "%"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_unit_reads_as_systemd_wants_it() {
        insta::assert_snapshot!(text("/home/김 하나/100% $HOME/`b`/tk-incident"));
    }

    #[test]
    fn a_unit_that_is_not_ours_has_no_program_of_ours() {
        for text in ["", "[Service]\nExecStart=/bin/true\n", "ExecStart=\"/a", "ExecStart=\" run"] {
            assert_eq!(program(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_path_comes_back(path in "[^\\x00-\\x1f\"'\\\\\\x7f-\\x9f]{1,60}") {
            prop_assert!(can_start(&path));
            let written = text(&path);
            prop_assert_eq!(program(&written), Some(path));
        }

        #[test]
        fn any_text_is_read_without_harm(text in any::<String>()) {
            let _ = program(&text);
        }
    }
}
