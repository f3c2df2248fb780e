//! `FILE:LINE` on the command line.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A log, and a line in it if one was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlaceInLog {
    /// `-` is standard input.
    pub(crate) file: PathBuf,
    /// From 1.
    pub(crate) line: Option<u64>,
}

/// What names no place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// A line that cannot be.
    Line(String),
    /// It looks like an option, and is none.
    Option(String),
}

impl std::fmt::Display for NoPlace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoPlace::Line(digits) => {
                write!(formatter, "`{digits}` is no line number: lines count from 1, as in tk-maya.log:120")
            }
            NoPlace::Option(text) => {
                write!(formatter, "there is no such option; a file of this name is written ./{text}")
            }
        }
    }
}

impl std::error::Error for NoPlace {}

impl PlaceInLog {
    /// Takes the number behind the last colon as the line; `C:\x\tk-maya.log` has none. A column behind the
    /// line, as editors and compilers print it, is left out. A name that is not Unicode is a file only. The only
    /// names with a hyphen in front are those of standard input, `-` and `-:2`: others are mistyped options.
    ///
    /// # Errors
    /// Line 0, or one that no file can have; an option that there is not.
    pub(crate) fn parse(text: &OsStr) -> Result<PlaceInLog, NoPlace> {
        let whole = || PlaceInLog { file: PathBuf::from(text), line: None };
        let Some(unicode) = text.to_str() else { return Ok(whole()) };
        if unicode.starts_with('-') && unicode != "-" && !unicode.starts_with("-:") {
            return Err(NoPlace::Option(unicode.to_owned()));
        }
        let Some((file, digits)) = split(unicode) else { return Ok(whole()) };
        let (file, digits) = split(file).unwrap_or((file, digits));
        match digits.parse() {
            Ok(line) if line > 0 => Ok(PlaceInLog { file: PathBuf::from(file), line: Some(line) }),
            _ => Err(NoPlace::Line(digits.to_owned())),
        }
    }

    /// Whether the log is standard input.
    pub(crate) fn is_stdin(&self) -> bool {
        self.file == Path::new("-")
    }
}

fn split(text: &str) -> Option<(&str, &str)> {
    let (file, digits) = text.rsplit_once(':')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !file.is_empty()).then_some((file, digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_behind_the_last_colon_is_the_line() {
        for (text, file, line) in [
            ("tk-maya.log:120", "tk-maya.log", Some(120)),
            ("tk-maya.log", "tk-maya.log", None),
            (r"C:\x\tk-maya.log:120", r"C:\x\tk-maya.log", Some(120)),
            (r"C:\x\tk-maya.log", r"C:\x\tk-maya.log", None),
            ("C:/logs/tk-maya.log.1.gz:7:13", "C:/logs/tk-maya.log.1.gz", Some(7)),
            ("-:3", "-", Some(3)),
            ("-", "-", None),
            ("a b:c:9", "a b:c", Some(9)),
            ("tk-maya.log:", "tk-maya.log:", None),
            ("tk-maya.log:one", "tk-maya.log:one", None),
            (":5", ":5", None),
        ] {
            let expected = PlaceInLog { file: file.into(), line };
            assert_eq!(PlaceInLog::parse(OsStr::new(text)), Ok(expected), "{text}");
        }
        for text in ["tk-maya.log:0", "tk-maya.log:99999999999999999999", "--jsn", "-x.log:3"] {
            assert!(PlaceInLog::parse(OsStr::new(text)).is_err(), "{text}");
        }
    }
}
