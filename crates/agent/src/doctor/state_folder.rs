//! Where the state is, or will be: on a local disk, for this user only, with room in it.

use super::Check;
use crate::local_disk::remote_kind;
use crate::machine::free_bytes;
use crate::paths::StateFolder;

const NAME: &str = "state folder";
/// Less than this is soon full: state and evidence take some hundred megabytes at most.
const ENOUGH_BYTES: u64 = 500 * 1_000_000;
/// With less than this, evidence is lost before the state is.
const LEAST_BYTES: u64 = 50 * 1_000_000;

/// Looks at the folder of one site.
#[must_use]
pub fn check(folder: &StateFolder) -> Check {
    let path = folder.path();
    let shown = path.display();
    if let Some(kind) = remote_kind(path) {
        return Check::fail(
            NAME,
            format!("`{shown}` is on a network disk ({kind})"),
            "set agent.state_dir to a folder on a local disk",
        );
    }
    let there = path.ancestors().find(|folder| folder.exists()).unwrap_or(path);
    let space = free_bytes(there);
    let free = space.map_or(String::new(), |bytes| format!(", {} MB free", bytes / 1_000_000));
    if let Some(bytes) = space.filter(|bytes| *bytes < ENOUGH_BYTES) {
        let found = format!("`{shown}` has {} MB left", bytes / 1_000_000);
        let advice = "make room on that disk, or set agent.state_dir";
        return if bytes < LEAST_BYTES {
            Check::fail(NAME, found, advice)
        } else {
            Check::warn(NAME, found, advice)
        };
    }
    match std::fs::symlink_metadata(path) {
        Err(_) => Check::pass(NAME, format!("`{shown}` is made when an agent starts{free}")),
        Ok(found) if !found.is_dir() => {
            Check::fail(NAME, format!("`{shown}` is no folder"), "move it away, or set agent.state_dir")
        }
        Ok(found) if is_open_to_others(&found) => Check::fail(
            NAME,
            format!("`{shown}` can be entered by others"),
            "chmod 700 it; an agent that starts does so",
        ),
        Ok(_) if std::fs::read_dir(path).is_err() => {
            Check::fail(NAME, format!("`{shown}` cannot be read"), "give it to the user whose agent it is")
        }
        Ok(_) => Check::pass(NAME, format!("`{shown}`, private, on a local disk{free}")),
    }
}

#[cfg(unix)]
fn is_open_to_others(folder: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    folder.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_folder: &std::fs::Metadata) -> bool {
    // A folder in the user's own profile is private by inheritance.
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_state_folder_is_private_and_a_folder() {
        let base = tempfile::tempdir().unwrap();
        let folder = StateFolder::new(base.path(), "studio.example");
        let check_is = |verdict, words: &str| {
            let check = check(&folder);
            assert!(check.verdict == verdict && check.found.contains(words), "{check:?}");
        };
        check_is(Verdict::Pass, "is made when an agent starts");
        folder.create().unwrap();
        check_is(Verdict::Pass, "private");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        check_is(Verdict::Fail, "by others");
        std::fs::remove_dir_all(folder.path()).unwrap();
        std::fs::write(folder.path(), "").unwrap();
        check_is(Verdict::Fail, "no folder");
    }
}
