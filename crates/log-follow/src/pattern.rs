//! Which file names are logs: shell patterns with `*` and `?`, matched against the bare name.
//!
//! A name matches in full, so `tk-*.log` takes neither the backup `tk-maya.log.1` nor the `tk-maya.log.<uuid>`
//! that Toolkit's handler makes for an instant while it rolls over.

/// A list of shell patterns, or one exact name; a name matches when one of them does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patterns(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Shell(Vec<String>),
    Exact(String),
}

impl Default for Patterns {
    fn default() -> Self {
        Patterns::new(["tk-*.log".to_owned()])
    }
}

impl Patterns {
    /// Patterns from settings. `*` stands for any run of characters, `?` for one; all else is literal.
    /// Case counts on Unix and does not on Windows, as in the file system.
    pub fn new(patterns: impl IntoIterator<Item = String>) -> Patterns {
        Patterns(Kind::Shell(patterns.into_iter().collect()))
    }

    /// One file and no other, whatever characters its name holds.
    pub fn exact(name: impl Into<String>) -> Patterns {
        Patterns(Kind::Exact(name.into()))
    }

    /// Whether a bare file name is a log to follow.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let folded = |text: &str| if cfg!(windows) { text.to_lowercase() } else { text.to_owned() };
        let name = folded(name);
        match &self.0 {
            Kind::Exact(exact) => folded(exact) == name,
            Kind::Shell(patterns) => {
                patterns.iter().any(|pattern| glob(folded(pattern).as_bytes(), name.as_bytes()))
            }
        }
    }

    /// The log a name is a backup of: `tk-maya.log` for `tk-maya.log.1`. Toolkit keeps one backup; what a
    /// host that died in the middle of a rollover leaves behind (`tk-maya.log.<uuid>`) counts as one too.
    #[must_use]
    pub fn backup_of<'n>(&self, name: &'n str) -> Option<&'n str> {
        let (stem, suffix) = name.rsplit_once('.')?;
        (suffix == "1" || is_uuid(suffix)).then_some(stem).filter(|stem| self.matches(stem))
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Iterative, with one point to come back to: linear in practice and free of recursion whatever the pattern.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while seen < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at + 1, seen));
                at += 1;
            }
            Some(b'?') => {
                at += 1;
                seen += 1;
            }
            Some(byte) if *byte == name[seen] => {
                at += 1;
                seen += 1;
            }
            _ => match retry {
                Some((after_star, from)) => {
                    at = after_star;
                    seen = from + 1;
                    retry = Some((after_star, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_in_full() {
        let patterns = Patterns::default();
        for name in ["tk-maya.log", "tk-desktop.log", "tk-.log", "tk-도구.log"] {
            assert!(patterns.matches(name), "{name}");
        }
        for name in ["tk-maya.log.1", "maya.log", "tk-maya.txt", "", "xtk-maya.log"] {
            assert!(!patterns.matches(name), "{name}");
        }
        assert!(Patterns::new(["?k-*y*.log".to_owned()]).matches("tk-maya.log"));
        assert!(!Patterns::new([]).matches("tk-maya.log"));
        let odd = Patterns::exact("odd*[name].txt");
        assert!(odd.matches("odd*[name].txt") && !odd.matches("odd-x[name].txt"));
        assert_eq!(odd.backup_of("odd*[name].txt.1"), Some("odd*[name].txt"));
    }

    #[test]
    fn backups_know_their_log() {
        let patterns = Patterns::default();
        assert_eq!(patterns.backup_of("tk-maya.log.1"), Some("tk-maya.log"));
        assert_eq!(
            patterns.backup_of("tk-maya.log.0b9d8a5e-7a0e-4f0b-9a62-1f2f8f6f4a11"),
            Some("tk-maya.log")
        );
        assert_eq!(patterns.backup_of("tk-maya.log.2"), None);
        assert_eq!(patterns.backup_of("other.log.1"), None);
        assert_eq!(patterns.backup_of("tk-maya.log"), None);
    }
}
