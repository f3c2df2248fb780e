//! What the person says: from `-m`, from standard input, or from their editor.

use crate::exit::Failure;
use agent::paths::create_private;
use anyhow::{Context, anyhow};
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// More than a ticket takes; what is too long is refused with its own words.
const MOST_BYTES: u64 = 256 * 1024;
const HELP: &str =
    "\n# What went wrong? Lines that begin with # are left out. An empty text reports nothing.\n";

/// The comment of a report. `-` is standard input; without `-m` a person at a terminal gets their editor.
pub(crate) fn comment(given: Option<&str>) -> Result<String, Failure> {
    match given {
        Some("-") => from_stdin(),
        Some(text) => Ok(text.to_owned()),
        None if std::io::stdin().is_terminal() => match editor() {
            Some(editor) => edited(&editor),
            None => Err(Failure::usage(anyhow!(
                "a report needs a comment: give it with -m, set EDITOR, or pipe it in"
            ))),
        },
        None => from_stdin(),
    }
}

fn from_stdin() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(MOST_BYTES)
        .read_to_end(&mut bytes)
        .context("cannot read the comment on stdin")
        .map_err(Failure::usage)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn editor() -> Option<String> {
    let named = |name: &str| std::env::var(name).ok().filter(|editor| !editor.trim().is_empty());
    // Where nobody sets them, there is one that everybody has.
    named("VISUAL").or_else(|| named("EDITOR")).or_else(|| cfg!(windows).then(|| "notepad".to_owned()))
}

/// The text that an editor leaves behind. Its file is for this user only, and gone when we are.
fn edited(editor: &str) -> Result<String, Failure> {
    let draft = Draft::new()?;
    // An editor may come with arguments: `code --wait`. Or be in a folder whose name has spaces.
    let is_file = Path::new(editor).is_file();
    let mut words =
        editor.split(|letter: char| letter.is_whitespace() && !is_file).filter(|word| !word.is_empty());
    let mut command = Command::new(words.next().unwrap_or("vi"));
    let ended = command.args(words).arg(&draft.0).status();
    let ended = ended.with_context(|| format!("cannot start the editor `{editor}`: set EDITOR, or use -m"));
    if !ended.map_err(Failure::usage)?.success() {
        return Err(Failure::usage(anyhow!("the editor `{editor}` failed: nothing is reported")));
    }
    let text = std::fs::read_to_string(&draft.0).context("cannot read what the editor wrote");
    Ok(without_help(&text.map_err(Failure::usage)?))
}

fn without_help(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n").trim().to_owned()
}

struct Draft(PathBuf);

impl Draft {
    fn new() -> Result<Draft, Failure> {
        let folder = std::env::temp_dir().join(format!("tk-incident-report-{}", std::process::id()));
        let made = write_new(&folder);
        made.with_context(|| format!("cannot make `{}` for the editor: use -m", folder.display()))
            .map(Draft)
            .map_err(Failure::usage)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Nothing can be said here; what stays is in a folder of this user only.
        let _ = self.0.parent().map(std::fs::remove_dir_all);
    }
}

fn write_new(folder: &Path) -> std::io::Result<PathBuf> {
    create_private(folder)?;
    let path = folder.join("report.txt");
    // Not one that somebody else has put there.
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
    file.write_all(HELP.as_bytes())?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_is_no_comment() {
        assert_eq!(without_help(HELP), "");
        assert_eq!(
            without_help(&format!("it hangs\n\nwhen I publish\n{HELP}")),
            "it hangs\n\nwhen I publish"
        );
    }

    #[cfg(unix)]
    #[test]
    fn what_the_editor_leaves_is_the_comment_and_its_file_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("editor");
        let seen = folder.path().join("seen");
        let body = format!("#!/bin/sh\necho $1 > {}\necho it hangs > $1\n", seen.display());
        std::fs::write(&script, body).unwrap();
        assert_eq!(edited(&format!("sh {}", script.display())).unwrap(), "it hangs");
        let draft = std::fs::read_to_string(&seen).unwrap();
        assert!(draft.trim().ends_with("report.txt") && !Path::new(draft.trim()).exists());
        assert!(edited("false").is_err());
    }
}
