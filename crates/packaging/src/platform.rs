//! The systems a program is made for: what the app, Rust and Python call them, and how its files begin.

/// One system and processor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Platform {
    /// `<os>-<arch>`: the folder in a bundle's `bin/`, as `python/tk_incident/program.py` looks for it.
    pub(crate) name: &'static str,
    /// Rust's name, for what is linked on it.
    pub(crate) target: &'static str,
    /// File name of the program.
    pub(crate) file: &'static str,
    /// File name of the second program, which starts the first one at a login without a window.
    pub(crate) starter: Option<&'static str>,
    /// The end of a wheel's tag; on Linux glibc's version goes in between.
    pub(crate) wheel: &'static str,
    format: Format,
}

#[derive(Debug, PartialEq, Eq)]
enum Format {
    Elf(u16),
    Pe(u16),
    MachO(u32),
}

pub(crate) const PLATFORMS: [Platform; 5] = [
    Platform {
        name: "linux-aarch64",
        target: "aarch64-unknown-linux-gnu",
        file: "tk-incident",
        starter: None,
        wheel: "aarch64",
        format: Format::Elf(183),
    },
    Platform {
        name: "linux-x86_64",
        target: "x86_64-unknown-linux-gnu",
        file: "tk-incident",
        starter: None,
        wheel: "x86_64",
        format: Format::Elf(62),
    },
    Platform {
        name: "macos-aarch64",
        target: "aarch64-apple-darwin",
        file: "tk-incident",
        starter: None,
        wheel: "macosx_11_0_arm64",
        format: Format::MachO(0x0100_000c),
    },
    Platform {
        name: "macos-x86_64",
        target: "x86_64-apple-darwin",
        file: "tk-incident",
        starter: None,
        wheel: "macosx_10_12_x86_64",
        format: Format::MachO(0x0100_0007),
    },
    Platform {
        name: "windows-x86_64",
        target: "x86_64-pc-windows-gnu",
        file: "tk-incident.exe",
        starter: Some("tk-incidentw.exe"),
        wheel: "win_amd64",
        format: Format::Pe(0x8664),
    },
];

impl Platform {
    /// The platform of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Platform> {
        PLATFORMS.iter().find(|platform| platform.name == name)
    }

    /// Whether `bytes` begin as a program of this platform does. A program in another's folder would be found by
    /// nobody but the artist.
    pub(crate) fn fits(&self, bytes: &[u8]) -> bool {
        match self.format {
            Format::Elf(machine) => bytes.starts_with(b"\x7fELF\x02") && u16_at(bytes, 18) == Some(machine),
            Format::Pe(machine) => {
                pe_header(bytes).is_some_and(|header| u16_at(bytes, header + 4) == Some(machine))
            }
            Format::MachO(processor) => {
                u32_at(bytes, 0) == Some(0xfeed_facf) && u32_at(bytes, 4) == Some(processor)
            }
        }
    }

    /// Whether a program of it is linked to a system's glibc.
    pub(crate) fn is_linux(&self) -> bool {
        matches!(self.format, Format::Elf(_))
    }
}

/// Whether a program of Windows gets no console: the field `Subsystem` of its header says so.
pub(crate) fn has_no_console(bytes: &[u8]) -> bool {
    const SUBSYSTEM: usize = 0x5c;
    const GUI: u16 = 2;
    pe_header(bytes).is_some_and(|header| u16_at(bytes, header + SUBSYSTEM) == Some(GUI))
}

/// Where the header of a program of Windows begins, well inside of `bytes`.
fn pe_header(bytes: &[u8]) -> Option<usize> {
    let header = u32_at(bytes, 0x3c)? as usize;
    let begin = bytes.get(header..header.checked_add(4)?)?;
    (bytes.starts_with(b"MZ") && begin == b"PE\0\0").then_some(header)
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    let bytes = bytes.get(offset..offset.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    let bytes = bytes.get(offset..offset.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{PLATFORMS, Platform, has_no_console};

    #[test]
    fn a_program_fits_its_own_platform_only() {
        let mut elf = b"\x7fELF\x02".to_vec();
        elf.resize(64, 0);
        elf[18] = 62;
        let mut pe = b"MZ".to_vec();
        pe.resize(0x40, 0);
        pe[0x3c] = 0x40;
        pe.extend(b"PE\0\0\x64\x86");
        let mach = [0xcf, 0xfa, 0xed, 0xfe, 0x0c, 0, 0, 1];
        for (bytes, name) in [(&elf[..], "linux-x86_64"), (&pe, "windows-x86_64"), (&mach, "macos-aarch64")] {
            let fitting: Vec<_> =
                PLATFORMS.iter().filter(|platform| platform.fits(bytes)).map(|it| it.name).collect();
            assert_eq!(fitting, [name]);
        }
    }

    #[test]
    fn a_console_is_told_by_the_header() {
        let mut pe = b"MZ".to_vec();
        pe.resize(0x40 + 0x5e, 0);
        pe[0x3c] = 0x40;
        pe[0x40..0x44].copy_from_slice(b"PE\0\0");
        for (subsystem, expected) in [(2, true), (3, false), (0, false)] {
            pe[0x40 + 0x5c] = subsystem;
            assert_eq!(has_no_console(&pe), expected);
        }
        pe[0x40 + 0x5c] = 2;
        assert!(!has_no_console(&pe[..0x40 + 0x5d]) && !has_no_console(b"\x7fELF\x02"));
    }

    #[test]
    fn what_is_cut_short_fits_none() {
        for bytes in [&b""[..], b"MZ", b"\x7fELF\x02", b"#!/bin/sh\n"] {
            assert!(!PLATFORMS.iter().any(|platform| platform.fits(bytes)), "{bytes:?}");
        }
        let mut pe = b"MZ".to_vec();
        pe.resize(0x40, 0xff); // its header would be beyond everything
        assert!(!Platform::named("windows-x86_64").unwrap().fits(&pe));
    }
}
