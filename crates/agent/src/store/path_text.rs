//! Paths as the state keeps them: as text, and unit by unit where a name is no text (bytes; on Windows 16 bits each).

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// No absolute path begins like this.
const BYTES: &str = "bytes:";

/// A path as text that [`from_text`] makes the same path of.
pub(super) fn to_text(path: &Path) -> String {
    match path.to_str() {
        Some(text) => text.to_owned(),
        None => units(path.as_os_str()).fold(BYTES.to_owned(), |text, unit| text + &unit),
    }
}

/// The path that text stands for.
pub(super) fn from_text(text: String) -> PathBuf {
    let name = text.strip_prefix(BYTES).and_then(name_of);
    name.map_or_else(|| PathBuf::from(text), PathBuf::from)
}

#[cfg(unix)]
fn units(name: &OsStr) -> impl Iterator<Item = String> {
    use std::os::unix::ffi::OsStrExt;
    name.as_bytes().iter().map(|byte| format!("{byte:02x}"))
}

#[cfg(windows)]
fn units(name: &OsStr) -> impl Iterator<Item = String> {
    use std::os::windows::ffi::OsStrExt;
    name.encode_wide().map(|unit| format!("{unit:04x}"))
}

#[cfg(unix)]
fn name_of(digits: &str) -> Option<OsString> {
    use std::os::unix::ffi::OsStringExt;
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.as_bytes().chunks(2).map(byte).collect::<Option<Vec<u8>>>().map(OsString::from_vec)
}

#[cfg(windows)]
fn name_of(digits: &str) -> Option<OsString> {
    use std::os::windows::ffi::OsStringExt;
    let unit = |four: &[u8]| u16::from_str_radix(std::str::from_utf8(four).ok()?, 16).ok();
    digits.as_bytes().chunks(4).map(unit).collect::<Option<Vec<u16>>>().map(|wide| OsString::from_wide(&wide))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_comes_back_as_it_was() {
        for path in ["/home/alice/logs/tk-maya.log", "/home/홍길동/logs", "C:\\Users\\alice", "bytes:no", ""]
        {
            assert_eq!(from_text(to_text(Path::new(path))), Path::new(path));
        }
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            let path = Path::new(std::ffi::OsStr::from_bytes(b"/home/\xc8\xab\xb1\xe6/logs"));
            assert_eq!(to_text(path), "bytes:2f686f6d652fc8abb1e62f6c6f6773");
            assert_eq!(from_text(to_text(path)), path);
        }
        #[cfg(windows)]
        {
            use std::os::windows::ffi::OsStringExt;
            let path = PathBuf::from(OsString::from_wide(&[0x43, 0x3A, 0x5C, 0xD800, 0x61]));
            assert_eq!(to_text(&path), "bytes:0043003a005cd8000061");
            assert_eq!(from_text(to_text(&path)), path);
        }
    }
}
