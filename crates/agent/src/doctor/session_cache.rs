//! Where Toolkit keeps who is signed in: whether anybody is, and whether only this user can read it.
//!
//! Read for its names alone. No token leaves this file, and nothing is ever written there.

use super::Check;
use crate::session_cache::{folders, signed_in};
use std::path::Path;

const NAME: &str = "toolkit session";

pub use crate::session_cache::cache_root;

/// Looks for the session of a site.
#[must_use]
pub fn check(cache_root: &Path, url: &str) -> Check {
    let files = folders(url).map(|folder| cache_root.join(folder).join("authentication.yml"));
    let found = files.iter().find_map(|file| Some((file, std::fs::read_to_string(file).ok()?)));
    let Some((file, text)) = found else {
        let found = format!("nobody has signed in to {url} with Toolkit here");
        return Check::warn(NAME, found, "sign in in FPT Desktop or in a host");
    };
    if is_open_to_others(file) {
        let found = format!("`{}` can be read by others, and holds a session token", file.display());
        return Check::fail(NAME, found, "chmod 600 it");
    }
    match signed_in(&text) {
        Some(login) => Check::pass(NAME, format!("{login} is signed in with Toolkit (`{}`)", file.display())),
        None => {
            let found = format!("nobody is signed in any more (`{}`)", file.display());
            Check::warn(NAME, found, "sign in in FPT Desktop or in a host")
        }
    }
}

#[cfg(unix)]
fn is_open_to_others(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_file: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    const CACHE: &str = "current_user: Alice\nrecent_users: [Alice]\nusers:\n\
                         - session_token: s3cret-of-bob\n  login: bob\n\
                         - login: alice\n  session_metadata: x\n  session_token: s3cret\n";

    #[test]
    fn who_is_signed_in_is_told_and_no_token() {
        for (text, expected) in [
            (CACHE.to_owned(), Some("Alice")),
            (CACHE.replace("Alice", "carol"), None),
            (CACHE.replace("current_user: Alice", "current_user: null"), None),
            (CACHE.replace("s3cret\n", "null\n"), None),
            (CACHE[..CACHE.len() / 2].to_owned(), None),
            (String::new(), None),
            // As the agent reads it: the other style of YAML, too.
            ("current_user: bob\nusers:\n- {login: bob,\n  session_token: s3cret}\n".to_owned(), Some("bob")),
        ] {
            assert_eq!(signed_in(&text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn toolkits_folders_are_looked_into() {
        assert_eq!(
            folders("https://Studio.shotgrid.autodesk.com/x"),
            ["studio", "studio.shotgrid.autodesk.com"]
        );
        assert_eq!(folders("http://fpt.example:8443"), ["fpt.example", "fpt.example"]);
        let root = tempfile::tempdir().unwrap();
        let url = "https://studio.shotgunstudio.com";
        assert_eq!(check(root.path(), url).verdict, Verdict::Warn);
        let file = root.path().join("studio/authentication.yml");
        std::fs::create_dir(root.path().join("studio")).unwrap();
        std::fs::write(&file, CACHE).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
            assert_eq!(check(root.path(), url).verdict, Verdict::Fail);
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        let found = check(root.path(), url);
        assert!(found.verdict == Verdict::Pass && found.found.starts_with("Alice is"), "{found:?}");
        assert!(!format!("{found:?}").contains("s3cret"));
    }
}
