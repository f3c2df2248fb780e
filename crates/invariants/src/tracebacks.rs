//! Text to an incident: exceptions, their names, what is said about them.

use sgtk_log::{
    CodePage, ContextWords, FileName, Incident, Signature, TitleStyle, decode, explain, recognise, title,
};

/// Characters of a title behind the scope.
const TITLE_CHARS: usize = 80;
/// Characters of a summary, the mark of a cut included.
const SUMMARY_CHARS: usize = 201;

/// Any text gives an incident; its names are names; what people see is short and plain; explaining gives the same
/// incident and points into what it lists; the kind of line ends makes no difference.
pub fn tracebacks(input: &[u8]) {
    let text = decode(input, CodePage::NONE);
    let file = FileName("tk-maya.log");
    let words = ContextWords::new(["alice", "kestrel", "sh010"].map(str::to_owned));
    let found = recognise(&text, file, &words);
    check_incident(&found);

    let explained = explain(&text, file, &words);
    assert_eq!(explained.incident, found, "explaining gives the same incident");
    let printed = explained.exceptions.len();
    for index in [explained.primary, explained.root].into_iter().flatten() {
        assert!(index < printed, "exception {index} of {printed}");
    }
    assert_eq!(explained.primary.is_some(), explained.root.is_some());
    assert!(explained.exceptions.iter().all(|one| one.name.as_deref().is_none_or(is_name)));

    let crlf = input.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]);
    let windows = recognise(&decode(&crlf, CodePage::NONE), file, &words);
    assert_eq!(windows, found, "line ends make no difference");
}

pub(crate) fn check_incident(found: &Incident) {
    for name in [&found.error_name, &found.root_error_name].into_iter().flatten() {
        assert!(is_name(name), "no name of an error: {name:?}");
    }
    assert!(found.root_error_name.is_none() || found.root_error_name != found.error_name);
    assert!(found.summary.chars().count() <= SUMMARY_CHARS, "summary: {}", found.summary);
    assert!(!found.summary.contains(char::is_control), "summary: {:?}", found.summary);
    let components = found.signature.components();
    assert!(!components.is_empty(), "a signature is made of something");
    assert_eq!(Signature::of(components.to_vec()), found.signature);
    for style in [TitleStyle::Precise, TitleStyle::Seed] {
        let bare = title(found, None, style);
        assert!(bare.chars().count() <= TITLE_CHARS, "title: {bare}");
        assert!(!bare.trim().is_empty());
        assert!(!bare.contains(char::is_control), "title: {bare:?}");
        assert_eq!(title(found, Some("alice"), style), format!("alice - {bare}"));
    }
}

/// What Python allows as the type of an exception, with its modules, or the words of its fault handler.
fn is_name(name: &str) -> bool {
    name == "Fatal Python error"
        || name.split('.').all(|part| {
            !part.is_empty()
                && !part.starts_with(|c: char| c.is_ascii_digit())
                && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '<' | '>'))
        })
}
