//! Building for systems other than this one: a compiler with the target's standard library, a linker, and what C code
//! in crates is compiled with.
//!
//! `toolchain(TARGET)` finds or makes all of it; nothing needs to be set up before. The standard library comes from,
//! in this order: the toolchain that runs us; `rustup target add`; a second Rust of the Debian packages, which have the
//! source of theirs, from which it is built once below `target/cross/`. The last way works where rustup cannot add a
//! target. What a caller wants beyond that (flags of its own, another profile), it adds to the fields.

mod sysroot;
mod zig;

pub(crate) use zig::zig;

use crate::environment::installed;
use crate::shell::{command, output, root};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// 64-bit Windows, linked by MinGW: the only Windows target that can be linked and run from Linux.
pub(crate) const WINDOWS: &str = "x86_64-pc-windows-gnu";

/// How to build for one target.
#[derive(Clone, Debug)]
pub(crate) struct Toolchain {
    /// As rustc spells it.
    pub(crate) target: String,
    /// What follows the target's name for `cargo zigbuild`: the version of glibc, as in `.2.17`.
    pub(crate) suffix: &'static str,
    /// The cargo to call.
    pub(crate) program: PathBuf,
    /// Flags of rustc for the target (not for build scripts).
    pub(crate) rustflags: Vec<String>,
    /// Variables for cargo: the linker, the C compiler, the compiler that goes with this cargo.
    pub(crate) variables: Vec<(String, OsString)>,
    /// The target folder. The Debian compiler has one of its own, because two compilers in one folder build
    /// everything again at each change of turns.
    pub(crate) target_dir: PathBuf,
}

impl Toolchain {
    /// `cargo WORD --target …`, in the checkout; arguments may follow.
    pub(crate) fn cargo(&self, word: &str) -> Command {
        let mut cargo = command(&self.program);
        // A cargo passes these to what it starts; they belong to the compiler that runs us.
        for name in ["RUSTFLAGS", "RUSTDOCFLAGS", "CARGO_BUILD_TARGET", "RUSTC_WRAPPER"] {
            cargo.env_remove(name);
        }
        cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTDOCFLAGS");
        if self.is_debians() {
            for name in ["RUSTUP_TOOLCHAIN", "RUSTC_BOOTSTRAP", "LD_LIBRARY_PATH"] {
                cargo.env_remove(name);
            }
        }
        cargo.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if !self.rustflags.is_empty() {
            // Of all the ways to tell cargo flags, only this one takes a path with a space. With `--target` they are not for
            // build scripts.
            let flags = self.rustflags.join("\x1f");
            cargo.env("CARGO_ENCODED_RUSTFLAGS", &flags).env("CARGO_ENCODED_RUSTDOCFLAGS", &flags);
        }
        cargo.env("CARGO_TARGET_DIR", &self.target_dir);
        cargo.args([word, "--target", &format!("{}{}", self.target, self.suffix)]);
        cargo
    }

    /// Where cargo puts what it makes for this target; `profile` is a folder's name: `debug`, `release`, `dist`.
    pub(crate) fn output_folder(&self, profile: &str) -> PathBuf {
        self.target_dir.join(&self.target).join(profile)
    }

    /// Has C code of crates compiled by `compiler`, and programs linked by it.
    pub(crate) fn compile_and_link_by(&mut self, compiler: impl Into<OsString>) {
        let compiler = compiler.into();
        self.compile_by(compiler.clone());
        self.variables.push((self.variable("LINKER"), compiler));
    }

    /// Has C code of crates compiled by `compiler`.
    pub(crate) fn compile_by(&mut self, compiler: impl Into<OsString>) {
        self.variables.push((format!("CC_{}", self.target.replace('-', "_")), compiler.into()));
    }

    /// The name of cargo's variable of this target: `CARGO_TARGET_X86_64_…_LINKER`.
    pub(crate) fn variable(&self, name: &str) -> String {
        format!("CARGO_TARGET_{}_{name}", self.target.replace('-', "_").to_uppercase())
    }

    fn is_debians(&self) -> bool {
        self.program == Path::new(sysroot::CARGO)
    }
}

/// A toolchain for `target`, set up where it is missing. Its linker is set for the targets that a packaged C compiler
/// links ([`WINDOWS`] and 64-bit ARM Linux); others get theirs from the caller (`zig`).
///
/// # Errors
/// When none of the ways works; says what each of them said.
pub(crate) fn toolchain(target: &str) -> Result<Toolchain, String> {
    let mut toolchain = without_linker(target)?;
    if let Some((compiler, package)) = packaged_compiler(target) {
        installed(compiler, &[package], &format!("building for {target} needs"))?;
        toolchain.compile_and_link_by(compiler);
    }
    Ok(toolchain)
}

/// A toolchain for `target` whose linker and C compiler are left to the caller.
///
/// # Errors
/// As [`toolchain`].
pub(crate) fn without_linker(target: &str) -> Result<Toolchain, String> {
    rustups(target).or_else(|refusal| {
        sysroot::toolchain(target).map_err(|error| {
            format!("no standard library for {target}: rustup: {refusal}; Debian's packages: {error}")
        })
    })
}

/// The C compiler of the system's packages for a target, and the package that has it.
fn packaged_compiler(target: &str) -> Option<(&'static str, &'static str)> {
    Some(match target {
        WINDOWS => ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64-win32"),
        "aarch64-unknown-linux-gnu" => ("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"),
        _ => return None,
    })
}

/// The toolchain that runs us, if it has the target's standard library or rustup can add it.
fn rustups(target: &str) -> Result<Toolchain, String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let own = PathBuf::from(output(command(rustc).args(["--print", "sysroot"]))?.trim());
    let library = own.join("lib/rustlib").join(target).join("lib");
    if !library.exists() {
        output(command("rustup").args(["target", "add", target]))?;
        if !library.exists() {
            return Err("it added the target to another toolchain than the one that runs".to_owned());
        }
    }
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Ok(Toolchain {
        target: target.to_owned(),
        suffix: "",
        program: program.into(),
        rustflags: Vec::new(),
        variables: Vec::new(),
        target_dir: std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from),
    })
}

/// Where everything for other systems is kept that is no build result of cargo's.
pub(crate) fn folder() -> PathBuf {
    root().join("target").join("cross")
}
