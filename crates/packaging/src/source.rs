//! The checkout: the files of the app in it, and the time everything made from it carries.

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The top of the checkout, and the time of what is made from it.
#[derive(Debug)]
pub(crate) struct Checkout {
    pub(crate) root: PathBuf,
    /// `SOURCE_DATE_EPOCH`, else the time of the commit.
    pub(crate) time: jiff::Timestamp,
}

/// A file of the app.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// From the top of the checkout, with `/`.
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

/// What a bundle has of the top folder.
const TOP: [&str; 5] = ["info.yml", "app.py", "icon_256.png", "LICENSE-MIT", "LICENSE-APACHE"];
/// Folders that go with all they hold.
const FOLDERS: [&str; 2] = ["python", "hooks"];
/// What may be in them. Anything else stops the packing: it is either missing here or in the wrong place.
const ENDINGS: [&str; 4] = ["py", "png", "svg", "yml"];

impl Checkout {
    /// The checkout this was compiled in.
    ///
    /// # Errors
    /// When there is neither `SOURCE_DATE_EPOCH` nor git's time of the commit.
    pub(crate) fn find() -> Result<Checkout> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.ancestors().nth(2).context("the crate is two folders below the checkout")?.to_owned();
        let seconds = match std::env::var("SOURCE_DATE_EPOCH") {
            Ok(seconds) => seconds,
            Err(_) => output(Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(&root))
                .context("the time of the commit (SOURCE_DATE_EPOCH says it where there is no git)")?,
        };
        let seconds = seconds.trim().parse().with_context(|| format!("`{seconds}` is no time in seconds"))?;
        Ok(Checkout { root, time: jiff::Timestamp::from_second(seconds)? })
    }

    /// The files of the app, sorted by path.
    ///
    /// # Errors
    /// When one cannot be read, or a file is there that is not known to belong to the app.
    pub(crate) fn app(&self) -> Result<Vec<SourceFile>> {
        let mut paths: Vec<String> = TOP.iter().map(|&path| path.to_owned()).collect();
        for folder in FOLDERS {
            if self.root.join(folder).is_dir() {
                self.list(folder, &mut paths)?;
            }
        }
        paths.sort();
        paths
            .into_iter()
            .map(|path| {
                let bytes = std::fs::read(self.root.join(&path)).with_context(|| path.clone())?;
                Ok(SourceFile { path, bytes })
            })
            .collect()
    }

    fn list(&self, folder: &str, paths: &mut Vec<String>) -> Result<()> {
        for entry in std::fs::read_dir(self.root.join(folder)).with_context(|| folder.to_owned())? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{folder}/{name}");
            let ending = Path::new(&name).extension().map(|it| it.to_string_lossy().into_owned());
            if entry.file_type()?.is_dir() {
                if name != "__pycache__" {
                    self.list(&path, paths)?;
                }
            } else if ending.as_deref() == Some("pyc") || name.starts_with('.') {
                // Python's cache; what git and file browsers leave.
            } else if ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str())) {
                paths.push(path);
            } else {
                bail!("{path} is not known to be a part of the app; move it, or name its kind in packaging");
            }
        }
        Ok(())
    }
}

/// What a program prints.
///
/// # Errors
/// When it cannot be started or fails; with what it said.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = format!("{command:?}");
    let done = command.stdin(Stdio::null()).output().with_context(|| shown.clone())?;
    if !done.status.success() {
        bail!("{shown}: {}", String::from_utf8_lossy(&done.stderr).trim());
    }
    String::from_utf8(done.stdout).context(shown)
}
