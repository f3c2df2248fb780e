//! The way round a rustup that cannot add a target: Debian's second, current Rust comes with the source of its standard
//! library, which is built for the target once.
//!
//! The toolchain on PATH is not touched: Debian's is called by its full path. Unstable features are unlocked for
//! building the standard library and for nothing else.

use super::{Toolchain, folder};
use crate::shell::{Done, command, exists, output, run};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Debian's cargo. By its path: rustup's comes first on PATH.
pub(super) const CARGO: &str = "/usr/bin/cargo";
const RUSTC: &str = "/usr/bin/rustc";
const SOURCE: &str = "/usr/lib/rustlib/src/rust/library/Cargo.toml";
const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy"];

/// Debian's Rust with the standard library of `target`.
pub(super) fn toolchain(target: &str) -> Result<Toolchain, String> {
    packages()?;
    let folder = folder();
    library(&folder, target)?;
    // `cargo clippy` takes the first `cargo-clippy` on PATH, which may be of the other compiler.
    let programs = folder.join("debian");
    let own = programs.join("cargo-clippy");
    fs::create_dir_all(&programs).map_err(|error| format!("{}: {error}", programs.display()))?;
    if !own.exists() {
        run(command("ln").args(["-s", "/usr/bin/cargo-clippy"]).arg(&own))?;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([programs].into_iter().chain(std::env::split_paths(&path)))
        .map_err(|error| format!("PATH: {error}"))?;
    let variables = [
        ("PATH", path),
        ("CARGO", CARGO.into()),
        ("RUSTC", RUSTC.into()),
        ("RUSTDOC", "/usr/bin/rustdoc".into()),
    ];
    Ok(Toolchain {
        target: target.to_owned(),
        suffix: "",
        program: CARGO.into(),
        rustflags: vec![format!("--sysroot={}", folder.join("sysroot").display())],
        variables: variables.map(|(name, value)| (name.to_owned(), value)).into(),
        target_dir: folder.join("debian-target"),
    })
}

fn packages() -> Done {
    if Path::new(CARGO).exists() && Path::new(SOURCE).exists() && Path::new("/usr/bin/cargo-clippy").exists()
    {
        return Ok(());
    }
    if !exists("apt-get") {
        return Err("there is no apt-get".to_owned());
    }
    crate::environment::install(&PACKAGES, "its source is needed")
}

/// Builds the standard library once for each version of the compiler.
fn library(folder: &Path, target: &str) -> Done {
    let version = output(debians(RUSTC).arg("-vV"))?;
    let place = folder.join("sysroot/lib/rustlib").join(target).join("lib");
    let stamp = place.join("built-by.txt");
    if fs::read_to_string(&stamp).is_ok_and(|built_by| built_by == version) {
        return Ok(());
    }
    let seed = folder.join(format!("std-{target}"));
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| format!("{path}: {error}")
    };
    remove(&seed)?;
    fs::create_dir_all(seed.join("src")).map_err(failed(&seed))?;
    fs::write(seed.join("src/lib.rs"), "").map_err(failed(&seed))?;
    let manifest = "[package]\nname = \"std-seed\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n";
    fs::write(seed.join("Cargo.toml"), manifest).map_err(failed(&seed))?;
    run(debians(CARGO)
        .current_dir(&seed)
        .env("RUSTC", RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        // Kept so that a release with link-time optimisation over all crates can take the library in.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .args(["build", "--quiet", "--release", "--target", target])
        .args(["-Z", "build-std=std,panic_unwind,panic_abort,test,proc_macro"]))?;
    remove(&place)?;
    fs::create_dir_all(&place).map_err(failed(&place))?;
    let made = seed.join("target").join(target).join("release/deps");
    for entry in fs::read_dir(&made).map_err(failed(&made))? {
        let path = entry.map_err(failed(&made))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".rlib") && !name.starts_with("libstd_seed") {
            fs::copy(&path, place.join(name)).map_err(failed(&path))?;
        }
    }
    // Cargo does not see that the library under its feet has changed.
    remove(&folder.join("debian-target").join(target))?;
    remove(&seed)?;
    fs::write(&stamp, version).map_err(failed(&stamp))
}

/// A program of Debian's toolchain, with nothing of the one that runs us.
fn debians(program: &str) -> Command {
    let mut command = command(program);
    for name in ["RUSTUP_TOOLCHAIN", "RUSTC", "RUSTC_WRAPPER", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
        command.env_remove(name);
    }
    for name in ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET", "LD_LIBRARY_PATH"] {
        command.env_remove(name);
    }
    command
}

fn remove(folder: &Path) -> Done {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{}: {error}", folder.display()))
        }
        _ => Ok(()),
    }
}
