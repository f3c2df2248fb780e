//! A launch agent of macOS: a property list in XML, as launchd.plist(5) describes it.

use super::ARGUMENTS;

/// What launchd calls it; the file has the same name.
pub const LABEL: &str = "tk-incidentreporter.agent";

const BEGIN: &str = "\t<key>ProgramArguments</key>\n\t<array>\n\t\t<string>";
const END: &str = "</string>";

/// The list's text.
#[must_use]
pub fn text(program: &str) -> String {
    let arguments: String =
        ARGUMENTS.iter().map(|argument| format!("\t\t<string>{argument}</string>\n")).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <!-- Written by `tk-incident autostart on`, removed by `tk-incident autostart off`. -->\n\
         <plist version=\"1.0\">\n\
         <dict>\n\
         \t<key>Label</key>\n\
         \t<string>{LABEL}</string>\n\
         {BEGIN}{}{END}\n\
         {arguments}\
         \t</array>\n\
         \t<key>RunAtLoad</key>\n\
         \t<true/>\n\
         \t<key>ProcessType</key>\n\
         \t<string>Background</string>\n\
         \t<key>AbandonProcessGroup</key>\n\
         \t<true/>\n\
         </dict>\n\
         </plist>\n",
        escaped(program)
    )
}

/// The program of a list as [`text`] writes it.
#[must_use]
pub fn program(text: &str) -> Option<String> {
    let (_, rest) = text.split_once(BEGIN)?;
    let (program, _) = rest.split_once(END)?;
    Some(program.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_list_reads_as_launchd_wants_it() {
        insta::assert_snapshot!(text("/Users/김 하나/R&D <new>/\"q\"/tk-incident"));
    }

    #[test]
    fn a_list_that_is_not_ours_has_no_program_of_ours() {
        for text in ["", "<plist/>", BEGIN] {
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
