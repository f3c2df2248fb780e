//! A program that was built, and what can be told from its bytes.

use crate::digest;
use crate::platform::Platform;
use anyhow::{Context as _, Result, bail};

/// A program and the platform it is for.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) platform: &'static Platform,
    pub(crate) bytes: Vec<u8>,
    /// SHA-256 in hexadecimal.
    pub(crate) sha256: String,
}

impl Program {
    /// Reads `PLATFORM=PATH`.
    ///
    /// # Errors
    /// When the platform is not known, the file cannot be read, or it is a program of another platform.
    pub(crate) fn read(argument: &str) -> Result<Program> {
        let (name, path) =
            argument.split_once('=').with_context(|| format!("`{argument}` is not PLATFORM=PATH"))?;
        let platform = Platform::named(name).with_context(|| format!("no platform `{name}` is known"))?;
        let bytes = std::fs::read(path).with_context(|| path.to_owned())?;
        if !platform.fits(&bytes) {
            bail!("{path} is no program for {name}");
        }
        Ok(Program { platform, sha256: digest::hex(&bytes), bytes })
    }

    /// The newest glibc that the program asks for, as (major, minor); None where it asks for none.
    ///
    /// Read from the names of symbol versions, which stand as text in the program.
    pub(crate) fn glibc(&self) -> Option<(u32, u32)> {
        if !self.platform.is_linux() {
            return None;
        }
        newest_glibc(&self.bytes)
    }
}

fn newest_glibc(bytes: &[u8]) -> Option<(u32, u32)> {
    const PREFIX: &[u8] = b"\0GLIBC_";
    let mut newest = None;
    let mut rest = bytes;
    while let Some(at) = rest.windows(PREFIX.len()).position(|window| window == PREFIX) {
        rest = &rest[at + PREFIX.len()..];
        let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
        let version = std::str::from_utf8(&rest[..end]).ok().and_then(|text| {
            let mut numbers = text.split('.').map(|number| number.parse::<u32>().ok());
            Some((numbers.next()??, numbers.next()??))
        });
        newest = newest.max(version);
    }
    newest
}

#[cfg(test)]
mod tests {
    use super::newest_glibc;

    #[test]
    fn the_newest_version_counts_by_number_not_by_text() {
        let names = b"x\0GLIBC_2.9\0GLIBC_2.17\0GLIBC_2.2.5\0GLIBC_PRIVATE\0y";
        assert_eq!(newest_glibc(names), Some((2, 17)));
        assert_eq!(newest_glibc(b"static"), None);
    }
}
