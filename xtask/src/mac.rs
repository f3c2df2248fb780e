//! `cargo xtask check-mac`: compiler and clippy on everything that is built for macOS.
//!
//! Nothing is linked: that takes Apple's frameworks. C code of crates is not compiled either, because a check needs none
//! of it; a stand-in for the C compiler makes empty files where their build scripts want some.

use crate::cross;
use crate::shell::{Done, run};
use std::fs;
use std::path::{Path, PathBuf};

const TARGETS: [&str; 2] = ["aarch64-apple-darwin", "x86_64-apple-darwin"];

/// Makes an empty file of whatever is named after `-o`; an archiver's output is its first argument that ends in `.a`.
const STAND_IN: &str = r#"#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
    -o) : > "$2" ;;
    *.a) : > "$1" ;;
    esac
    shift
done
"#;

/// Both processors, tests included.
pub(crate) fn check() -> Done {
    for target in TARGETS {
        let mut toolchain = cross::toolchain(target)?;
        let stand_in = stand_in()?;
        toolchain.compile_by(&stand_in);
        toolchain.variables.push((format!("AR_{}", target.replace('-', "_")), (&stand_in).into()));
        // Asked of Apple's tools otherwise, which are not there.
        toolchain.variables.push(("SDKROOT".to_owned(), "/".into()));
        let mut clippy = toolchain.cargo("clippy");
        clippy.args(["--quiet", "--all-targets"]);
        clippy.args(crate::windows::PACKAGES.iter().flat_map(|package| ["--package", package]));
        run(clippy.args(["--", "--deny", "warnings"]))?;
        let mut shipped = toolchain.cargo("clippy");
        shipped.args(["--quiet", "--package", "cli", "--no-default-features", "--", "--deny", "warnings"]);
        run(&mut shipped)?;
    }
    Ok(())
}

fn stand_in() -> Result<PathBuf, String> {
    let path = cross::folder().join("no-compiler");
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    fs::create_dir_all(cross::folder()).and_then(|()| fs::write(&path, STAND_IN)).map_err(failed)?;
    make_executable(&path).map_err(failed)?;
    Ok(path)
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> std::io::Result<()> {
    Err(std::io::Error::other("the stand-in for a C compiler is a shell script"))
}
