//! Building the workstation's program for one system: what links it, and the flags that make two builds the same.

use crate::cross::{self, Toolchain};
use crate::shell::{root, run};
use crate::windows::STARTER;
use std::ffi::OsString;
use std::path::PathBuf;

/// A system and processor that programs are made for.
#[derive(Debug)]
pub(super) struct Platform {
    /// As folders of a bundle are named.
    pub(super) name: &'static str,
    /// Rust's name of it.
    pub(super) target: &'static str,
    /// File name of the program.
    pub(super) file: &'static str,
    /// File name of the second program, which starts the first one at a login without a window.
    pub(super) starter: Option<&'static str>,
}

impl Platform {
    /// The names of all that is built for it.
    pub(super) fn files(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.file).chain(self.starter)
    }
}

pub(super) const PLATFORMS: [Platform; 5] = [
    unix("linux-x86_64", "x86_64-unknown-linux-gnu"),
    unix("linux-aarch64", "aarch64-unknown-linux-gnu"),
    Platform {
        name: "windows-x86_64",
        target: cross::WINDOWS,
        file: "tk-incident.exe",
        starter: Some("tk-incidentw.exe"),
    },
    unix("macos-x86_64", "x86_64-apple-darwin"),
    unix("macos-aarch64", "aarch64-apple-darwin"),
];

const fn unix(name: &'static str, target: &'static str) -> Platform {
    Platform { name, target, file: "tk-incident", starter: None }
}

/// The oldest glibc that programs for Linux run on: see `docs/decisions/0012-old-glibc.md`.
const GLIBC: &str = ".2.17";

/// What was built.
#[derive(Debug)]
pub(super) struct Built {
    /// The folder with all of the platform's files.
    pub(super) folder: PathBuf,
    /// What keeps it from being handed out, for people.
    pub(super) remark: Option<String>,
}

/// The platform this runs on.
pub(super) fn host() -> Result<&'static Platform, String> {
    let name = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
    PLATFORMS.iter().find(|it| it.name == name).ok_or_else(|| format!("no program is made for {name}"))
}

/// Builds the program for `platform`. That of this machine is also made where the tools for a release are not to be
/// had: better one that runs here than none.
///
/// # Errors
/// When it cannot be built here; says why, and what to do.
pub(super) fn build(platform: &'static Platform) -> Result<Built, String> {
    match release(platform) {
        Ok(toolchain) => Ok(Built { folder: compile(platform, toolchain)?, remark: None }),
        Err(refusal) if host().is_ok_and(|host| host.name == platform.name) => {
            let toolchain = cross::without_linker(platform.target)?;
            let remark = format!("for systems as new as this one, not for a release: {refusal}");
            Ok(Built { folder: compile(platform, toolchain)?, remark: Some(remark) })
        }
        Err(refusal) => Err(refusal),
    }
}

/// The toolchain that makes programs for everybody.
fn release(platform: &Platform) -> Result<Toolchain, String> {
    if platform.target.ends_with("-apple-darwin") {
        if cfg!(target_os = "macos") {
            return cross::without_linker(platform.target);
        }
        return Err(format!(
            "linking needs Apple's frameworks; on a Mac: cargo xtask dist {} (docs/release.md)",
            platform.name
        ));
    }
    if platform.target == cross::WINDOWS {
        let mut toolchain = cross::toolchain(platform.target)?;
        // MinGW's linker writes the time into the program.
        toolchain.rustflags.push("-Clink-arg=-Wl,--no-insert-timestamp".to_owned());
        return Ok(toolchain);
    }
    let zig = cross::zig()?;
    let mut toolchain = cross::without_linker(platform.target)?;
    toolchain.suffix = GLIBC;
    let path = toolchain.variables.iter().find(|(name, _)| name == "PATH").map(|(_, path)| path.clone());
    let path = path.or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    let path = std::env::join_paths([zig].into_iter().chain(std::env::split_paths(&path)))
        .map_err(|error| format!("PATH: {error}"))?;
    toolchain.variables.push(("PATH".to_owned(), path));
    Ok(toolchain)
}

fn compile(platform: &Platform, mut toolchain: Toolchain) -> Result<PathBuf, String> {
    // Paths stand in messages of panics and in what C's assertions say. They must not tell who built it, nor differ.
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let mut c_flags: Vec<String> = Vec::new();
    for (from, to) in [
        (Some(root()), "/tk-incidentreporter"),
        (home, "/cargo"),
        (Some(toolchain.target_dir.clone()), "/target"),
    ] {
        let Some(from) = from else { continue };
        toolchain.rustflags.push(format!("--remap-path-prefix={}={to}", from.display()));
        c_flags.push(quoted(&format!("-ffile-prefix-map={}={to}", from.display())));
    }
    if platform.name.starts_with("linux") {
        // Panics do not pass through C code; tables for that would be 0.1 MB.
        c_flags.push("-fno-asynchronous-unwind-tables".to_owned());
    }
    let name = format!("CFLAGS_{}", toolchain.target.replace('-', "_"));
    toolchain.variables.push((name, c_flags.join(" ").into()));
    // Else the flags end at blanks, whatever quotes are around them.
    toolchain.variables.push(("CC_SHELL_ESCAPED_FLAGS".to_owned(), "1".into()));
    toolchain.variables.push(sqlite_without_search());
    let word = if toolchain.suffix.is_empty() { "build" } else { "zigbuild" };
    let mut build = toolchain.cargo(word);
    build.args(["--locked", "--profile", "dist", "--package", "cli", "--no-default-features"]);
    if platform.starter.is_some() {
        build.args(STARTER);
    }
    run(&mut build)?;
    let folder = toolchain.output_folder("dist");
    match platform.files().map(|file| folder.join(file)).find(|program| !program.exists()) {
        None => Ok(folder),
        Some(program) => Err(format!("no program at `{}`", program.display())),
    }
}

/// A flag as a shell takes it, and the crate `cc`.
fn quoted(flag: &str) -> String {
    format!("'{}'", flag.replace('\'', "'\\''"))
}

/// Full-text search is for the desk's list of tickets; a program without the desk is 0.12 MB smaller without it.
pub(crate) fn sqlite_without_search() -> (String, OsString) {
    // Cargo has set what `.cargo/config.toml` says when it ran this.
    let name = "LIBSQLITE3_FLAGS";
    let mut flags = std::env::var_os(name).unwrap_or_default();
    flags.push(" -USQLITE_ENABLE_FTS5");
    (name.to_owned(), flags)
}
