//! A Python wheel that puts the program on PATH: `pip install`, and `tk-incident` is there. No Python is in it.
//!
//! Written here because maturin compiles what it packs, once more for each wheel, and the programs are built already. Its
//! form is that of maturin's `bindings = "bin"`, which `pyproject.toml` uses for installing from source.

use crate::bundle::{Entries, Entry, packed};
use crate::linked::Linked;
use crate::program::Program;
use crate::source::Checkout;
use crate::{components, digest, licences};
use anyhow::{Context as _, Result};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const NAME: &str = "tk_incidentreporter";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Writes the wheel of one program into `out`, and gives its path.
///
/// # Errors
/// When a licence or the place to write to is not as it should be.
pub(crate) fn write(checkout: &Checkout, program: &Program, linked: &Linked, out: &Path) -> Result<PathBuf> {
    let tag = tag(program);
    let info = format!("{NAME}-{VERSION}.dist-info");
    let alone = std::slice::from_ref(program);
    let read = |name: &str| std::fs::read(checkout.root.join(name)).with_context(|| name.to_owned());

    let mut entries = Entries::new();
    for file in program.files() {
        entries.insert(
            format!("{NAME}-{VERSION}.data/scripts/{}", file.name),
            Entry { bytes: file.bytes.clone(), is_program: true },
        );
    }
    entries.insert(format!("{info}/METADATA"), Entry::text(metadata(&read("README.md")?)));
    entries.insert(
        format!("{info}/WHEEL"),
        Entry::text(format!(
            "Wheel-Version: 1.0\nGenerator: tk-incidentreporter {VERSION}\nRoot-Is-Purelib: false\nTag: {tag}\n"
        )),
    );
    for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
        entries.insert(format!("{info}/licenses/{name}"), Entry::text(read(name)?));
    }
    let texts = licences::text(checkout, alone, &linked.on(program.platform.name))?;
    entries.insert(format!("{info}/licenses/{}", licences::FILE), Entry::text(texts));
    let list = components::text(checkout, alone, &linked.on(program.platform.name))?;
    entries.insert(format!("{info}/sboms/{}", components::FILE), Entry::text(list));
    entries.insert(format!("{info}/RECORD"), Entry::text(record(&entries, &info)));

    let path = out.join(format!("{NAME}-{VERSION}-{tag}.whl"));
    std::fs::write(&path, packed(&entries, "", checkout.time)?)
        .with_context(|| path.display().to_string())?;
    Ok(path)
}

/// `py3-none-<platform>`. On Linux the oldest glibc the program runs on, read from the program itself.
fn tag(program: &Program) -> String {
    let platform = match program.glibc() {
        // The older name of 2.17 is the only one that old installers know.
        Some((2, minor)) if minor <= 17 => {
            format!("manylinux_2_17_{0}.manylinux2014_{0}", program.platform.wheel)
        }
        Some((major, minor)) => format!("manylinux_{major}_{minor}_{}", program.platform.wheel),
        None if program.platform.is_linux() => format!("musllinux_1_2_{}", program.platform.wheel),
        None => program.platform.wheel.to_owned(),
    };
    format!("py3-none-{platform}")
}

fn metadata(readme: &[u8]) -> Vec<u8> {
    let mut text = format!(
        "Metadata-Version: 2.4\nName: tk-incidentreporter\nVersion: {VERSION}\n\
         Summary: Files one ticket per problem found in Flow Production Tracking Toolkit logs\n\
         Requires-Python: >=3.7\nLicense-Expression: MIT OR Apache-2.0\n"
    )
    .into_bytes();
    for name in ["LICENSE-MIT", "LICENSE-APACHE", licences::FILE] {
        text.extend(format!("License-File: {name}\n").bytes());
    }
    text.extend(b"Description-Content-Type: text/markdown; charset=UTF-8\n\n");
    text.extend(readme);
    text
}

fn record(entries: &Entries, info: &str) -> String {
    let mut text = String::new();
    for (path, entry) in entries {
        let sum = base64_url(&digest::sha256(&entry.bytes));
        let _ = writeln!(text, "{path},sha256={sum},{}", entry.bytes.len());
    }
    let _ = writeln!(text, "{info}/RECORD,,");
    text
}

/// Base64 for addresses, without padding, as wheels have it.
fn base64_url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            let index = bits >> (18 - 6 * place) & 63;
            text.push(char::from(LETTERS[index as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{base64_url, tag};
    use crate::platform::Platform;
    use crate::program::{File, Program};

    #[test]
    fn base64_of_known_texts() {
        for (bytes, text) in
            [(&b""[..], ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (&[0xfb, 0xff], "-_8")]
        {
            assert_eq!(base64_url(bytes), text);
        }
    }

    #[test]
    fn the_tag_says_what_the_program_needs() {
        let tag_of = |name: &str, bytes: &[u8]| {
            let platform = Platform::named(name).unwrap();
            let main = File { name: platform.file, bytes: bytes.to_vec(), sha256: String::new() };
            tag(&Program { platform, main, starter: None })
        };
        assert_eq!(
            tag_of("linux-x86_64", b"\0GLIBC_2.17\0"),
            "py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64"
        );
        assert_eq!(tag_of("linux-aarch64", b"\0GLIBC_2.34\0"), "py3-none-manylinux_2_34_aarch64");
        assert_eq!(tag_of("linux-x86_64", b"static"), "py3-none-musllinux_1_2_x86_64");
        assert_eq!(tag_of("windows-x86_64", b"\0GLIBC_2.17\0"), "py3-none-win_amd64");
    }
}
