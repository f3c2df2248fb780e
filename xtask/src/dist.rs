//! `cargo xtask dist`: everything that is handed out, in `target/packages`: the workstation's program (no desk) for each
//! system that can be built for from here, the Toolkit bundle around them, a Python wheel of each, and their sums.
//!
//! What a platform needs is set up by the command itself. A platform that cannot be made here is left out and told, unless
//! it was asked for by name. Packing is the work of `crates/packaging`; `docs/release.md` tells how a release is made.

mod built_from;
pub(crate) mod program;
mod reproducible;

use crate::shell::{Done, cargo, root, run as show};
use program::{Built, PLATFORMS, Platform};
use std::fs;
use std::path::{Path, PathBuf};

const USAGE: &str = "\
cargo xtask dist [PART...]      parts: linux-x86_64, linux-aarch64, windows-x86_64, macos-x86_64, macos-aarch64,
                                bundle, wheels (default: all that can be made here)
cargo xtask dist bundle|wheels --program PATH --out FOLDER
                                the same around a program of this machine that is built already
cargo xtask dist --check-reproducible [PLATFORM...]
                                build here and in another folder; the files must be the same";

pub(crate) fn run(arguments: &[String]) -> Done {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [part @ ("bundle" | "wheels"), "--program", path, "--out", out] => {
            pack(part, &[(program::host()?, path.into())], Path::new(out))
        }
        ["--check-reproducible", platforms @ ..] => reproducible::check(&chosen(platforms)?),
        _ => make(&words),
    }
}

/// Where everything that is handed out is put.
fn packages() -> PathBuf {
    root().join("target").join("packages")
}

/// Builds and packs what `parts` name, or all.
fn make(parts: &[&str]) -> Done {
    let is_packing = |part: &&str| ["bundle", "wheels"].contains(part);
    let named: Vec<&str> = parts.iter().copied().filter(|part| !is_packing(part)).collect();
    let named = chosen(&named)?;
    let mut left_out = Vec::new();
    if parts.is_empty() {
        for platform in &PLATFORMS {
            if let Err(reason) = build(platform) {
                left_out.push(format!("{}: {reason}", platform.name));
            }
        }
    }
    for platform in named {
        build(platform).map_err(|reason| format!("{}: {reason}", platform.name))?;
    }
    let packing: Vec<&str> = if parts.is_empty() {
        vec!["bundle", "wheels"]
    } else {
        parts.iter().copied().filter(is_packing).collect()
    };
    if !packing.is_empty() {
        let programs = built()?;
        for part in packing {
            pack(part, &programs, &packages())?;
        }
        show(packaging().arg("sums").arg(packages()))?;
    }
    for reason in &left_out {
        say(&format!("left out {reason}"));
    }
    Ok(())
}

fn chosen(names: &[&str]) -> Result<Vec<&'static Platform>, String> {
    names
        .iter()
        .map(|name| {
            let known = PLATFORMS.iter().find(|platform| platform.name == *name);
            known.ok_or_else(|| format!("no part `{name}`\n{USAGE}"))
        })
        .collect()
}

/// Builds one platform's program and keeps it among the packages, with the commit it is of.
fn build(platform: &'static Platform) -> Done {
    let Built { folder: made, remark } = program::build(platform)?;
    let place = place(platform);
    let folder = place.parent().ok_or("a program has a folder")?;
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for file in platform.files() {
        let place = folder.join(file);
        let bytes = fs::copy(made.join(file), &place);
        let bytes = bytes.map_err(|error| format!("{}: {error}", place.display()))?;
        say(&format!("{}: {file}: {:.2} MB", platform.name, bytes as f64 / 1_000_000.0));
    }
    let built_from = built_from::text(&root())?;
    fs::write(folder.join(built_from::FILE), built_from)
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    if let Some(remark) = remark {
        say(&format!("{}: {remark}", platform.name));
    }
    Ok(())
}

/// Where the program of a platform lies among the packages.
fn place(platform: &Platform) -> PathBuf {
    packages().join("programs").join(platform.name).join(platform.file)
}

/// The programs that lie among the packages: those built here, and those that were brought from other machines.
///
/// # Errors
/// When there is none, or one was built from another commit or other files: a bundle is of one version.
fn built() -> Result<Vec<(&'static Platform, PathBuf)>, String> {
    let wanted = built_from::text(&root())?;
    let mut programs = Vec::new();
    for platform in &PLATFORMS {
        let place = place(platform);
        if place.exists() {
            let made_of = fs::read_to_string(place.with_file_name(built_from::FILE))
                .unwrap_or_else(|_| "unknown".to_owned());
            if made_of.trim() != wanted.trim() {
                return Err(format!(
                    "{} was built from {}, and this is {}; build it again or remove it",
                    place.display(),
                    made_of.trim(),
                    wanted.trim()
                ));
            }
            programs.push((platform, place));
        }
    }
    if programs.is_empty() { Err("no program was built; name a platform".to_owned()) } else { Ok(programs) }
}

fn pack(part: &str, programs: &[(&'static Platform, PathBuf)], out: &Path) -> Done {
    let mut packaging = packaging();
    packaging.args([part, "--out"]).arg(out);
    for (platform, program) in programs {
        let program = fs::canonicalize(program).map_err(|error| format!("{}: {error}", program.display()))?;
        packaging.args(["--program", &format!("{}={}", platform.name, program.display())]);
    }
    show(&mut packaging)
}

fn packaging() -> std::process::Command {
    let mut packaging = cargo();
    packaging.args(["run", "--quiet", "--package", "packaging", "--"]);
    packaging
}

#[expect(clippy::print_stderr, reason = "the program's own output")]
fn say(line: &str) {
    eprintln!("{line}");
}
