//! SHA-256: in the manifest, in lists of sums, in wheels.

use anyhow::{Context as _, Result};
use ring::digest::{SHA256, digest};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// SHA-256 of `bytes`.
pub(crate) fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

/// SHA-256 of `bytes`, in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    sha256(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A line as `sha256sum --check` reads it.
pub(crate) fn line(path: &str, bytes: &[u8]) -> String {
    format!("{}  {path}\n", hex(bytes))
}

/// Writes `SHA256SUMS` about all other files in `folder`, and gives its path.
///
/// # Errors
/// When a file cannot be read or the list not be written.
pub(crate) fn write_sums(folder: &Path) -> Result<PathBuf> {
    let list = folder.join("SHA256SUMS");
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_file() && path != list {
            files.push(path);
        }
    }
    files.sort();
    let mut text = String::new();
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        text.push_str(&line(&name, &fs::read(&path).with_context(|| path.display().to_string())?));
    }
    fs::write(&list, text).with_context(|| list.display().to_string())?;
    Ok(list)
}
