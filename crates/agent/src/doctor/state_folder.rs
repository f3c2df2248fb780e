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
    if let Some(check) = space.and_then(|bytes| check_room(path, bytes)) {
        return check;
    }
    let is_made = std::fs::symlink_metadata(path);
    if !may_write(there) && (is_made.is_err() || there == path) {
        let found = match is_made {
            Ok(_) => format!("`{shown}` cannot be written"),
            Err(_) => format!("`{shown}` cannot be made in `{}`", there.display()),
        };
        return Check::fail(NAME, found, "give this user the right to write there, or set agent.state_dir");
    }
    match is_made {
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

/// Whether there is too little room on the disk of the folder.
fn check_room(path: &std::path::Path, free_bytes: u64) -> Option<Check> {
    let found = format!("`{}` has {} MB left", path.display(), free_bytes / 1_000_000);
    let advice = "make room on that disk, or set agent.state_dir";
    match free_bytes {
        ..LEAST_BYTES => Some(Check::fail(NAME, found, advice)),
        LEAST_BYTES..ENOUGH_BYTES => Some(Check::warn(NAME, found, advice)),
        ENOUGH_BYTES.. => None,
    }
}

/// Whether this user may make files there; a disk that is mounted for reading says no to everybody.
#[cfg(unix)]
fn may_write(folder: &std::path::Path) -> bool {
    use nix::unistd::{AccessFlags, access};
    !folder.is_dir() || access(folder, AccessFlags::W_OK | AccessFlags::X_OK).is_ok()
}

#[cfg(not(unix))]
fn may_write(_folder: &std::path::Path) -> bool {
    // Rights there are lists that only trying tells.
    true
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

    #[test]
    fn a_disk_is_told_before_it_is_full() {
        let verdict = |megabytes: u64| {
            check_room(std::path::Path::new("/state"), megabytes * 1_000_000).map(|check| check.verdict)
        };
        assert_eq!(
            [0, 49, 50, 499, 500].map(verdict),
            [Some(Verdict::Fail), Some(Verdict::Fail), Some(Verdict::Warn), Some(Verdict::Warn), None]
        );
    }
}
