//! Toolkit's own session cache: the token of a person for one site, read and never written.
//!
//! Of YAML this reads what Toolkit writes and nothing else; anything it is not sure of is no token. Another process may be
//! writing the file at this moment, so a last line without its end does not count. The folder of a site is named by a
//! part of its address only, so a token counts only if Toolkit lists exactly this address, and no other with that folder.

use crate::login::is_same_site;
use secrecy::SecretString;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const FILE: &str = "authentication.yml";
/// What Toolkit leaves out of the names of its folders for sites.
const COMMON_DOMAINS: [&str; 2] = [".shotgunstudio.com", ".shotgrid.autodesk.com"];
/// No file of this kind is larger, in bytes.
const MOST_BYTES: u64 = 1024 * 1024;

/// Where Toolkit keeps its caches for this user: `SHOTGUN_HOME` over the place of the system.
#[must_use]
pub fn cache_root(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let folder = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(root) = folder("SHOTGUN_HOME") {
        return Some(root);
    }
    if cfg!(windows) {
        folder("APPDATA").map(|data| data.join("Shotgun"))
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Caches/Shotgun"))
    } else {
        folder("HOME").map(|home| home.join(".shotgun"))
    }
}

/// The token of `login`, or of who is signed in last, for the site at `url`.
#[must_use]
pub fn cached_token(root: &Path, url: &str, login: Option<&str>) -> Option<SecretString> {
    let hosts = read(&root.join(FILE))?;
    let is_link = |word: &&str| word.starts_with("http://") || word.starts_with("https://");
    let words = hosts.split(|letter: char| letter.is_whitespace() || "[]{},'\"".contains(letter));
    let ours: Vec<&str> = words.filter(is_link).filter(|host| folders(host)[0] == folders(url)[0]).collect();
    if ours.is_empty() || !ours.iter().all(|host| is_same_site(host, url)) {
        return None;
    }
    let text = folders(url).iter().find_map(|folder| read(&root.join(folder).join(FILE)))?;
    token_in(&text, login)
}

fn read(path: &Path) -> Option<String> {
    let metadata = std::fs::metadata(path).ok()?;
    (metadata.is_file() && metadata.len() <= MOST_BYTES).then(|| std::fs::read_to_string(path).ok())?
}

/// Toolkit's folders for a site, the newer name first.
pub(crate) fn folders(url: &str) -> [String; 2] {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split(['/', '?', '#', ':']).next().unwrap_or(host).to_lowercase();
    let short = COMMON_DOMAINS.iter().find_map(|domain| host.strip_suffix(domain)).unwrap_or(&host);
    [short.to_owned(), host.clone()]
}

/// Who is signed in last, if there is a token for that login.
pub(crate) fn signed_in(text: &str) -> Option<String> {
    let current = text.lines().find_map(|line| value(line, "current_user"))?;
    token_in(text, Some(&current)).map(|_| current)
}

fn token_in(text: &str, login: Option<&str>) -> Option<SecretString> {
    // Whole lines only.
    let text = text.replace("\r\n", "\n");
    let text = &text[..=text.rfind('\n')?];
    let current = text.lines().find_map(|line| value(line, "current_user"));
    let wanted = login.map(str::to_owned).or(current)?.trim().to_lowercase();
    let (_, users) = text.split_once("users:\n")?;
    let mut entry: Vec<&str> = Vec::new();
    let mut found = None;
    for line in users.lines().chain(["- "]) {
        let inner = line.trim_start();
        if let Some(first) = inner.strip_prefix("- ") {
            found = found.or_else(|| token_of(&entry, &wanted));
            entry = vec![first.trim_start()];
        } else if line.starts_with(' ') {
            entry.push(inner);
        } else {
            // Another key of the file.
            found = found.or_else(|| token_of(&entry, &wanted));
            entry.clear();
        }
    }
    found.map(SecretString::from)
}

fn token_of(entry: &[&str], wanted: &str) -> Option<String> {
    // `{login: alice, session_token: …}` is the same in one line or folded over several.
    let joined = entry.join(" ");
    let pairs: Vec<&str> = match joined.strip_prefix('{') {
        Some(flow) => flow.strip_suffix('}')?.split(", ").collect(),
        None => entry.to_vec(),
    };
    let value_of = |name: &str| pairs.iter().find_map(|pair| value(pair, name));
    let is_wanted = value_of("login")?.trim().to_lowercase() == wanted;
    value_of("session_token").filter(|token| is_wanted && !token.contains(char::is_whitespace))
}

/// The value of `name: value`: plain, or in quotes with nothing special inside.
fn value(line: &str, name: &str) -> Option<String> {
    let value = line.strip_prefix(name)?.strip_prefix(": ")?.trim();
    if ["", "null", "~"].contains(&value) {
        return None;
    }
    for quote in ['\'', '"'] {
        if let Some(inner) = value.strip_prefix(quote) {
            let inner = inner.strip_suffix(quote)?;
            return (!inner.contains(['\'', '"', '\\'])).then(|| inner.to_owned());
        }
    }
    // Anchors, tags, flow and block forms are not what Toolkit writes here.
    (!value.starts_with(['&', '*', '!', '|', '>', '{', '[', '%', '@', '`', '#'])).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    const CACHE: &str = "current_user: Alice\nrecent_users: [Alice]\nusers:\n\
                         - login: bob\n  session_token: of-bob\n\
                         - login: alice\n  session_metadata: x\n  session_token: 'of-alice'\n";

    fn found(text: &str, login: Option<&str>) -> Option<String> {
        token_in(text, login).map(|token| token.expose_secret().to_owned())
    }

    #[test]
    fn the_token_of_a_login_is_found_in_both_styles() {
        assert_eq!(found(CACHE, None).as_deref(), Some("of-alice"));
        assert_eq!(found(CACHE, Some(" BOB ")).as_deref(), Some("of-bob"));
        assert_eq!(found(CACHE, Some("carol")), None);
        let flow = "current_user: bob\nusers:\n- {login: alice, session_token: a1}\n- {login: bob,\n  session_token: b2}\n";
        assert_eq!(found(flow, None).as_deref(), Some("b2"));
        assert_eq!(found(&CACHE.replace('\n', "\r\n"), None).as_deref(), Some("of-alice"));
        assert_eq!(found(&CACHE.replace("'of-alice'", "null"), None), None);
    }

    #[test]
    fn of_half_a_file_no_half_a_token_is_read() {
        for end in 0..=CACHE.len() {
            for login in ["alice", "bob"] {
                let token = found(&CACHE[..end], Some(login));
                assert!(token.is_none_or(|token| token == format!("of-{login}")), "{end}");
            }
        }
    }

    #[test]
    fn whatever_the_bytes_there_is_an_answer() {
        let mut dice = crate::backoff::Jitter::new(7);
        let pieces = [
            "users:\n",
            "- ",
            "login: ",
            "session_token: ",
            "{",
            "}",
            "'",
            "\"",
            "\n",
            " ",
            "ö",
            ", ",
            "alice",
            ":",
        ];
        for _ in 0..20_000 {
            let many = dice.below(24);
            let text: String = (0..many).map(|_| pieces[usize::try_from(dice.below(14)).unwrap()]).collect();
            let _ = found(&text, Some("alice"));
            let _ = found(&text, None);
        }
    }

    #[test]
    fn a_token_counts_for_the_address_that_toolkit_lists_only() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("studio")).unwrap();
        std::fs::write(root.path().join("studio").join(FILE), CACHE).unwrap();
        let ours = "https://studio.shotgrid.autodesk.com";
        let is_there = |hosts: &str, url: &str| {
            std::fs::write(root.path().join(FILE), hosts).unwrap();
            cached_token(root.path(), url, None).is_some()
        };
        let listed = format!("current_host: {ours}\nrecent_hosts: ['{ours}', https://other.example]\n");
        assert!(is_there(&listed, ours));
        for url in
            ["https://studio.shotgunstudio.com", "http://studio", "http://studio.shotgrid.autodesk.com"]
        {
            assert!(!is_there(&listed, url), "{url}");
        }
        assert!(
            !is_there(&format!("{listed}- https://studio.shotgunstudio.com\n"), ours),
            "two share the folder"
        );
        assert!(!is_there("current_host: null\n", ours));
    }
}
