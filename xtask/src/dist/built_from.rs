//! What a program was built from, as `built-from.txt` beside it says: the commit, and the content of all files where they differ from it.
//!
//! Owns that text, and asking git for it. Two programs of one text are of one version; that of files which are in no commit names
//! them by their tree, so that programs of different changes are told apart. Files that git ignores do not count.

use crate::shell::{command, output};
use std::fs;
use std::path::{Path, PathBuf};

/// The file beside a program.
pub(super) const FILE: &str = "built-from.txt";

/// The text about a checkout, with its end of line. `unknown` where there is no git, or no commit.
///
/// # Errors
/// When git knows the commit and cannot say what is in the files.
pub(super) fn text(checkout: &Path) -> Result<String, String> {
    let Ok(commit) = git(checkout, &["rev-parse", "HEAD"], None) else { return Ok("unknown\n".to_owned()) };
    let committed = git(checkout, &["rev-parse", "HEAD^{tree}"], None)?;
    Ok(told(&commit, &committed, &tree(checkout)?))
}

fn told(commit: &str, committed: &str, tree: &str) -> String {
    if tree == committed {
        format!("{commit}\n")
    } else {
        format!("{commit} and changes, files of tree {tree}\n")
    }
}

/// Git's name for all files as they are now, in an index of its own: the one that people use stays as it is.
fn tree(checkout: &Path) -> Result<String, String> {
    let index = std::env::temp_dir().join(format!("tk-incident-index-{}", std::process::id()));
    // An index that is new knows no times, so every file is read.
    let named = git(checkout, &["read-tree", "HEAD"], Some(&index))
        .and_then(|_| git(checkout, &["add", "--all", ":/"], Some(&index)))
        .and_then(|_| git(checkout, &["write-tree"], Some(&index)));
    let _ = fs::remove_file(&index);
    named
}

fn git(checkout: &Path, arguments: &[&str], index: Option<&PathBuf>) -> Result<String, String> {
    let mut git = command("git");
    git.current_dir(checkout).args(arguments);
    // Git sets them for its hooks, and then it would ask and change another checkout than this one.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        git.env_remove(name);
    }
    if let Some(index) = index {
        git.env("GIT_INDEX_FILE", index);
    }
    output(&mut git).map(|said| said.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::{git, text, told};
    use std::fs;
    use std::path::Path;

    #[test]
    fn a_commit_is_named_alone_and_changes_by_their_files() {
        assert_eq!(told("c0ffee", "1", "1"), "c0ffee\n");
        assert_eq!(told("c0ffee", "1", "2"), "c0ffee and changes, files of tree 2\n");
    }

    fn committed(checkout: &Path) {
        for arguments in [
            &["init", "--quiet"][..],
            &["add", "--all"],
            // Nothing of what the person who runs this has set: no signature, no hook.
            &[
                "-c",
                "user.name=a",
                "-c",
                "user.email=a@b",
                "-c",
                "commit.gpgSign=false",
                "-c",
                "core.hooksPath=/dev/null",
                "commit",
                "--quiet",
                "--message",
                "one",
            ],
        ] {
            git(checkout, arguments, None).unwrap();
        }
    }

    #[test]
    fn other_changes_have_another_name_and_the_same_have_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let checkout = folder.path().join("my studio 한");
        let place = checkout.join("target/another");
        fs::create_dir_all(&place).unwrap();
        fs::write(checkout.join(".gitignore"), "/target\n").unwrap();
        fs::write(checkout.join("a.rs"), "one").unwrap();
        assert_eq!(text(&checkout).unwrap(), "unknown\n");
        committed(&checkout);
        let clean = text(&checkout).unwrap();
        assert_eq!(clean.trim(), git(&checkout, &["rev-parse", "HEAD"], None).unwrap());
        fs::write(place.join("made"), "ignored").unwrap();
        assert_eq!(text(&checkout).unwrap(), clean);

        let mut seen = vec![clean.clone()];
        let mut is_new = || {
            let text = text(&checkout).unwrap();
            let is_new = !seen.contains(&text);
            seen.push(text);
            is_new
        };
        fs::write(checkout.join("a.rs"), "two").unwrap();
        assert!(is_new());
        assert!(!is_new());
        fs::write(checkout.join("a.rs"), "six").unwrap();
        assert!(is_new());
        // In no commit and no index.
        fs::write(checkout.join("사고.rs"), "one").unwrap();
        assert!(is_new());
        fs::write(checkout.join("사고.rs"), "two").unwrap();
        assert!(is_new());
        // The copy that `--check-reproducible` makes lies inside, and is of the checkout's files.
        assert_eq!(text(&place).unwrap(), text(&checkout).unwrap());
        // Nothing was added for good, and going back is going back.
        assert_eq!(git(&checkout, &["diff", "--cached", "--name-only"], None).unwrap(), "");
        fs::remove_file(checkout.join("사고.rs")).unwrap();
        fs::write(checkout.join("a.rs"), "one").unwrap();
        assert_eq!(text(&checkout).unwrap(), clean);
    }
}
