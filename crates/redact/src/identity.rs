//! Who someone is: home folders and e-mail addresses.

use std::sync::LazyLock;

use regex::Regex;

use crate::counts::RuleCounts;
use crate::placeholder::{Rewrite, rule};

/// Which identity rules run. Both by default.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct IdentityPolicy {
    /// Home folders become `~`.
    pub home: bool,
    /// E-mail addresses become `<email>`.
    pub email: bool,
}

impl Default for IdentityPolicy {
    fn default() -> Self {
        IdentityPolicy { home: true, email: true }
    }
}

/// Folders beside home folders that are nobody's.
const NOBODY: [&str; 8] =
    ["shared", "public", "default", "all", "all users", "default user", "guest", "local"];

/// Replaces home folders by `~`, or the name in them by `<user>` when something stands before the folder.
pub(crate) fn homes(line: &str, counts: &mut RuleCounts) -> Option<String> {
    static ROOT: LazyLock<Regex> = LazyLock::new(|| {
        crate::compile(
            r"/home/|/Users/|(?i-u:(?:(?-u:\b)[a-z]:)?(?:\\{1,4}|/)(?:users|documents and settings)(?:\\{1,4}|/))|(?i-u:\\{2,4}[a-z0-9._-]+\\{1,2}(?:profiles?|home|homes|users)\$?\\{1,2})|(?i-u:%2f(?:home|users)%2f)",
        )
    });
    let mut rewrite = Rewrite::new(line);
    for found in ROOT.find_iter(line) {
        let root = found.as_str();
        let before = &line[..found.start()];
        let windows = root.contains('\\') || root.contains(':');
        let encoded = root.starts_with('%');
        // `/users/` in small letters is a folder of the web unless a drive stands before it.
        if root.starts_with('/') && root != "/home/" && root != "/Users/"
            || is_web_path(before)
            || found.start() < rewrite.done()
        {
            continue;
        }
        let name = user_name(&line[found.end()..], windows, encoded);
        let text = &line[found.end()..found.end() + name];
        if name == 0
            || NOBODY.contains(&text.to_ascii_lowercase().as_str())
            || text.starts_with(['~', '<', '$', '%', '{'])
        {
            continue;
        }
        let continues = before
            .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '\\' | '~'));
        if continues || encoded {
            rewrite.replace(found.end(), found.end() + name, "<user>");
        } else {
            rewrite.replace(found.start(), found.end() + name, "~");
        }
        counts.hit(rule::HOME);
    }
    rewrite.finish()
}

/// Length of the name at the beginning of a path behind a home root.
fn user_name(rest: &str, windows: bool, encoded: bool) -> usize {
    let ends = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(
                c,
                '/' | '\\'
                    | '"'
                    | '\''
                    | '`'
                    | '<'
                    | '>'
                    | '|'
                    | ':'
                    | ';'
                    | ','
                    | '('
                    | ')'
                    | '['
                    | ']'
                    | '{'
                    | '}'
                    | '*'
                    | '?'
            )
            || encoded && c == '%'
    };
    let strict = rest.find(ends).unwrap_or(rest.len());
    if windows && rest[strict..].starts_with(' ') {
        // Names with blanks: only when a separator follows, so that prose does not count.
        let end = rest.find(|c: char| c != ' ' && ends(c)).unwrap_or(rest.len());
        let name = &rest[..end];
        if rest[end..].starts_with(['\\', '/']) && !name.ends_with(' ') && name.chars().count() <= 40 {
            return end;
        }
    }
    strict
}

/// Whether the path is that of a URL other than `file:`.
///
/// A path that is longer than `MOST_URL_BYTES` by then is taken for a local one: rather too little text than a name.
fn is_web_path(before: &str) -> bool {
    const MOST_URL_BYTES: usize = 512;
    let before = &before[before.ceil_char_boundary(before.len().saturating_sub(MOST_URL_BYTES))..];
    let token = before
        .rsplit(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '(' | '<'))
        .next()
        .unwrap_or(before);
    token.rfind("://").is_some_and(|at| !token[..at].ends_with("file"))
}

/// Replaces e-mail addresses by `<email>`.
pub(crate) fn emails(line: &str, counts: &mut RuleCounts) -> Option<String> {
    static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
        crate::compile(
            r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.)+[A-Za-z]{2,24}(?-u:\b)",
        )
    });
    let mut rewrite = Rewrite::new(line);
    for found in EMAIL.find_iter(line) {
        let after = &line[found.end()..];
        // `git@host:path` is a place, and so is `name@host:path` of scp.
        let remote = after
            .strip_prefix(':')
            .is_some_and(|path| path.starts_with(|c: char| c.is_alphabetic() || c == '/' || c == '~'));
        if found.as_str().starts_with("git@") || remote {
            continue;
        }
        rewrite.replace(found.start(), found.end(), "<email>");
        counts.hit(rule::EMAIL);
    }
    rewrite.finish()
}
