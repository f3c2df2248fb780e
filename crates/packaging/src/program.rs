//! A program that was built, what starts it on Windows, and what can be told from their bytes.

use crate::digest;
use crate::platform::{Platform, has_no_console};
use anyhow::{Context as _, Result, bail};
use std::path::Path;

/// A program and the platform it is for.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) platform: &'static Platform,
    pub(crate) main: File,
    /// What starts it at a login without a window.
    pub(crate) starter: Option<File>,
}

/// A file that runs.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// SHA-256 in hexadecimal.
    pub(crate) sha256: String,
}

impl File {
    fn read(platform: &Platform, name: &'static str, path: &Path) -> Result<File> {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        if !platform.fits(&bytes) {
            bail!("{} is no program for {}", path.display(), platform.name);
        }
        Ok(File { name, sha256: digest::hex(&bytes), bytes })
    }
}

impl Program {
    /// Reads `PLATFORM=PATH`; on Windows what starts the program lies beside it.
    ///
    /// # Errors
    /// When the platform is not known, a file cannot be read, one is a program of another platform, or the starter has a console.
    pub(crate) fn read(argument: &str) -> Result<Program> {
        let (name, path) =
            argument.split_once('=').with_context(|| format!("`{argument}` is not PLATFORM=PATH"))?;
        let platform = Platform::named(name).with_context(|| format!("no platform `{name}` is known"))?;
        let path = Path::new(path);
        let main = File::read(platform, platform.file, path)?;
        let starter = platform
            .starter
            .map(|name| {
                let path = path.with_file_name(name);
                let starter = File::read(platform, name, &path)
                    .with_context(|| format!("{name} belongs to {}", platform.file))?;
                if !has_no_console(&starter.bytes) {
                    bail!("{} would open a window: its header asks for a console", path.display());
                }
                Ok(starter)
            })
            .transpose()?;
        Ok(Program { platform, main, starter })
    }

    /// Everything of it that runs.
    pub(crate) fn files(&self) -> impl Iterator<Item = &File> {
        std::iter::once(&self.main).chain(&self.starter)
    }

    /// The newest glibc that the program asks for, as (major, minor); None where it asks for none.
    ///
    /// Read from the names of symbol versions, which stand as text in the program.
    pub(crate) fn glibc(&self) -> Option<(u32, u32)> {
        if !self.platform.is_linux() {
            return None;
        }
        newest_glibc(&self.main.bytes)
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
    use super::{Program, newest_glibc};

    /// The least that is taken for a program of Windows.
    fn pe(subsystem: u8) -> Vec<u8> {
        let mut pe = b"MZ".to_vec();
        pe.resize(0x40 + 0x5e, 0);
        pe[0x3c] = 0x40;
        pe[0x40..0x46].copy_from_slice(b"PE\0\0\x64\x86");
        pe[0x40 + 0x5c] = subsystem;
        pe
    }

    #[test]
    fn the_program_for_windows_brings_its_starter() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let read = || Program::read(&format!("windows-x86_64={}", place("tk-incident.exe").display()));
        std::fs::write(place("tk-incident.exe"), pe(3)).unwrap();
        let refused = format!("{:#}", read().unwrap_err());
        assert!(refused.contains("tk-incidentw.exe belongs to tk-incident.exe"), "{refused}");
        std::fs::write(place("tk-incidentw.exe"), pe(3)).unwrap();
        let refused = format!("{:#}", read().unwrap_err());
        assert!(refused.contains("console"), "{refused}");
        std::fs::write(place("tk-incidentw.exe"), pe(2)).unwrap();
        let program = read().unwrap();
        let names: Vec<_> = program.files().map(|file| file.name).collect();
        assert_eq!(names, ["tk-incident.exe", "tk-incidentw.exe"]);
    }

    #[test]
    fn the_newest_version_counts_by_number_not_by_text() {
        let names = b"x\0GLIBC_2.9\0GLIBC_2.17\0GLIBC_2.2.5\0GLIBC_PRIVATE\0y";
        assert_eq!(newest_glibc(names), Some((2, 17)));
        assert_eq!(newest_glibc(b"static"), None);
    }
}
