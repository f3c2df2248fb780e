//! `cargo xtask dist --check-reproducible`: the same sources in another folder become the same bytes.

use super::program::{self, PLATFORMS, Platform};
use crate::shell::{Done, command, output, root, run};
use std::fs;
use std::path::{Path, PathBuf};

/// Builds `platforms` (this machine's, if none is named) here and in a copy of the checkout, and compares every file that
/// would be handed out.
///
/// # Errors
/// When a build fails, or a file differs; names the files.
pub(super) fn check(platforms: &[&'static Platform]) -> Done {
    let platforms = if platforms.is_empty() { vec![program::host()?] } else { platforms.to_vec() };
    let elsewhere = root().join("target").join("another").join("place");
    copy(&elsewhere)?;
    let made = elsewhere.join("target").join("packages");
    let mut differing = Vec::new();
    for folder in [root(), elsewhere.clone()] {
        for platform in &PLATFORMS {
            let place = folder.join("target/packages/programs").join(platform.name);
            if !platforms.iter().any(|wanted| wanted.name == platform.name) && place.exists() {
                fs::remove_dir_all(&place).map_err(|error| format!("{}: {error}", place.display()))?;
            }
        }
        let mut dist = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        dist.current_dir(&folder).env_remove("CARGO_TARGET_DIR").env("SOURCE_DATE_EPOCH", time()?);
        dist.args(["run", "--quiet", "--package", "xtask", "--", "dist"]);
        dist.args(platforms.iter().map(|platform| platform.name)).args(["bundle", "wheels"]);
        run(&mut dist)?;
    }
    for file in files(&made)? {
        let here = root().join("target").join("packages").join(&file);
        let same = fs::read(made.join(&file)).ok() == fs::read(&here).ok();
        super::say(&format!("{}: {}", file.display(), if same { "the same" } else { "DIFFERS" }));
        if !same {
            differing.push(file.display().to_string());
        }
    }
    if !differing.is_empty() {
        return Err(format!(
            "not reproducible: {} (the other build is in {})",
            differing.join(", "),
            made.display()
        ));
    }
    fs::remove_dir_all(&elsewhere).map_err(|error| format!("{}: {error}", elsewhere.display()))
}

/// The checkout without what git ignores, and with the tools that were set up.
fn copy(elsewhere: &Path) -> Done {
    let failed = |error: std::io::Error| format!("{}: {error}", elsewhere.display());
    if elsewhere.exists() {
        fs::remove_dir_all(elsewhere).map_err(failed)?;
    }
    let names =
        output(command("git").args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        let (from, to) = (root().join(name), elsewhere.join(name));
        if from.is_file() {
            fs::create_dir_all(to.parent().unwrap_or(elsewhere)).map_err(failed)?;
            fs::copy(from, to).map_err(failed)?;
        }
    }
    let tools = crate::cross::folder();
    fs::create_dir_all(&tools).map_err(failed)?;
    fs::create_dir_all(elsewhere.join("target")).map_err(failed)?;
    #[cfg(unix)]
    std::os::unix::fs::symlink(tools, elsewhere.join("target/cross")).map_err(failed)?;
    Ok(())
}

/// The time both builds carry.
fn time() -> Result<String, String> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(seconds) => Ok(seconds),
        Err(_) => Ok(output(command("git").args(["log", "-1", "--format=%ct"]))?.trim().to_owned()),
    }
}

/// All files below `folder`, but for the notes of what was built from which commit (the copy has no git).
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).map_err(|error| format!("{}: {error}", next.display()))? {
            let path = entry.map_err(|error| format!("{}: {error}", next.display()))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != super::COMMIT) {
                found.push(path.strip_prefix(folder).unwrap_or(&path).to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}
