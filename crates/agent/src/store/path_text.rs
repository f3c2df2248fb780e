//! Paths as the state keeps them: as text, and byte by byte where a name is no text.

use std::path::{Path, PathBuf};

/// No absolute path begins like this.
#[cfg(unix)]
const BYTES: &str = "bytes:";

/// A path as text that [`from_text`] makes the same path of.
pub(super) fn to_text(path: &Path) -> String {
    #[cfg(unix)]
    if path.to_str().is_none() {
        use std::fmt::Write;
        use std::os::unix::ffi::OsStrExt;
        let mut text = BYTES.to_owned();
        for byte in path.as_os_str().as_bytes() {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        return text;
    }
    path.to_string_lossy().into_owned()
}

/// The path that text stands for.
pub(super) fn from_text(text: String) -> PathBuf {
    #[cfg(unix)]
    if let Some(digits) = text.strip_prefix(BYTES) {
        use std::os::unix::ffi::OsStringExt;
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        if let Some(bytes) = digits.as_bytes().chunks(2).map(byte).collect::<Option<Vec<u8>>>() {
            return PathBuf::from(std::ffi::OsString::from_vec(bytes));
        }
    }
    PathBuf::from(text)
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
    }
}
