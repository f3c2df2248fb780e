//! `cargo xtask dist --check-reproducible`: the same sources in another folder become the same bytes.

use super::program::{self, Platform};
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
    let mut dist = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    dist.current_dir(&elsewhere).env_remove("CARGO_TARGET_DIR");
    dist.args(["run", "--quiet", "--package", "xtask", "--", "dist"]);
    dist.args(platforms.iter().map(|platform| platform.name)).args(["bundle", "wheels"]);
    run(&mut dist)?;

    let mut programs = Vec::new();
    for platform in platforms {
        super::build(platform)?;
        programs.push((platform, super::place(platform)));
    }
    let here = root().join("target").join("another").join("here");
    remove(&here)?;
    for part in ["bundle", "wheels"] {
        super::pack(part, &programs, &here)?;
    }

    let there = elsewhere.join("target").join("packages");
    let mut pairs: Vec<(PathBuf, PathBuf)> = Vec::new();
    for (platform, program) in programs {
        for file in platform.files() {
            let theirs = there.join("programs").join(platform.name).join(file);
            pairs.push((program.with_file_name(file), theirs));
        }
    }
    for entry in fs::read_dir(&here).map_err(|error| format!("{}: {error}", here.display()))? {
        let entry = entry.map_err(|error| format!("{}: {error}", here.display()))?;
        pairs.push((entry.path(), there.join(entry.file_name())));
    }
    let mut differing = Vec::new();
    for (ours, others) in pairs {
        let bytes = |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
        let same = bytes(&ours)? == bytes(&others)?;
        super::say(&format!("{}: {}", ours.display(), if same { "the same" } else { "DIFFERS" }));
        if !same {
            differing.push(format!("{} and {}", ours.display(), others.display()));
        }
    }
    if !differing.is_empty() {
        return Err(format!("not reproducible: {}", differing.join(", ")));
    }
    remove(&root().join("target").join("another"))
}

fn remove(folder: &Path) -> Done {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{}: {error}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// The checkout without what git ignores, and with the tools that were set up. Git finds the real checkout from there, so
/// that both are of the same commit and time.
fn copy(elsewhere: &Path) -> Done {
    let failed = |error: std::io::Error| format!("{}: {error}", elsewhere.display());
    remove(elsewhere)?;
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
