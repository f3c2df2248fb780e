//! A desktop entry in the user's autostart folder. Rules of `Exec=`: the Desktop Entry Specification, "The Exec key" (quoting of
//! an argument, `%%`) and "Possible value types" (escapes of a string, which are undone first).

use super::ARGUMENTS;

const KEY: &str = "Exec=";

/// The entry's text.
#[must_use]
pub fn text(program: &str) -> String {
    format!(
        "[Desktop Entry]\n\
         # Written by `tk-incident autostart on`, removed by `tk-incident autostart off`.\n\
         Type=Application\n\
         Name=Incident reporter\n\
         Comment=Files problems in Toolkit logs as tickets\n\
         {KEY}{} {}\n\
         Terminal=false\n\
         NoDisplay=true\n\
         StartupNotify=false\n",
        quoted(program),
        ARGUMENTS.join(" ")
    )
}

/// The program of an entry as [`text`] writes it.
#[must_use]
pub fn program(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix(KEY))?;
    unquoted(line.strip_suffix(&ARGUMENTS.join(" "))?.trim_end())
}

/// Whether the settings of a desktop have switched the entry off: that is how they say so, in this file.
#[must_use]
pub fn is_switched_off(text: &str) -> bool {
    text.lines().any(|line| matches!(line.trim(), "Hidden=true" | "X-GNOME-Autostart-enabled=false"))
}

fn quoted(word: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in word.chars() {
        match letter {
            // An escape of the argument, whose backslash is escaped once more as part of a string.
            '"' | '`' | '$' => quoted.extend(['\\', '\\', letter]),
            '\\' => quoted.push_str("\\\\\\\\"),
            '%' => quoted.push_str("%%"),
            '\t' => quoted.push_str("\\t"),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

fn unquoted(word: &str) -> Option<String> {
    let mut string = String::new();
    let mut letters = word.chars();
    while let Some(letter) = letters.next() {
        string.push(match letter {
            '\\' => match letters.next()? {
                't' => '\t',
                's' => ' ',
                '\\' => '\\',
                _ => return None,
            },
            _ => letter,
        });
    }
    let inner = string.strip_prefix('"')?.strip_suffix('"')?;
    let mut plain = String::new();
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' | '%' => plain.push(letters.next()?),
            _ => plain.push(letter),
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_entry_reads_as_desktops_want_it() {
        insta::assert_snapshot!(text("/home/김 하나/100% $HOME/\"q\"/`b`/back\\slash/tk-incident"));
    }

    #[test]
    fn an_entry_that_is_not_ours_has_no_program_of_ours() {
        for text in ["", "Exec=/bin/true\n", "Exec=\"/a\\ --quiet run --at-login", "Exec=\"\\q\""] {
            assert_eq!(program(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_path_comes_back(path in "[^\\x00\\r\\n]{1,60}") {
            let written = text(&path);
            prop_assert_eq!(program(&written), Some(path));
        }

        #[test]
        fn any_text_is_read_without_harm(text in any::<String>()) {
            let _ = program(&text);
        }
    }
}
