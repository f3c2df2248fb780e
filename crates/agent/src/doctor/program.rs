//! This program, and the user's own copies of it that the Toolkit app makes (`python/tk_incident/own_copy.py`): whether they
//! can be run, and are what their names say.

use super::Check;
use ring::digest::{Context, SHA256};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

const NAME: &str = "program";
/// Below it there is a folder for each copy, `<version>-<the first 16 digits of its SHA-256>`.
const COPIES: &str = "tk-incident-programs";
/// How much of the hash is in a folder's name.
const DIGITS: usize = 16;
const FILE: &str = if cfg!(windows) { "tk-incident.exe" } else { "tk-incident" };

/// Looks at this program, of `version`, and at each copy.
#[must_use]
pub fn check(this: &Path, version: &str, environment: &dyn Fn(&str) -> Option<OsString>) -> Vec<Check> {
    let folder = copies(environment).filter(|folder| folder.is_dir());
    let mut checks = Vec::new();
    let mut whole = 0;
    if let Some(folder) = &folder {
        if forbids_running(folder) {
            let found = format!("`{}` is on a disk that no program may run from (noexec)", folder.display());
            checks.push(Check::warn(
                NAME,
                found,
                "nothing, if the bundle's folder can be run from: it is used instead. Else name a program in the app's \
                 program_path",
            ));
        }
        let mut programs: Vec<PathBuf> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|copy| copy.path().join(FILE))
            .filter(|program| program.is_file())
            .collect();
        programs.sort();
        for program in programs {
            match fault(&program) {
                Some(check) => checks.push(check),
                None => whole += 1,
            }
        }
    }
    let whole = match whole {
        0 => String::new(),
        1 => "; the Toolkit app's copy is whole".to_owned(),
        count => format!("; the Toolkit app's {count} copies are whole"),
    };
    checks.insert(0, Check::pass(NAME, format!("{version}, `{}`{whole}", this.display())));
    checks
}

/// What is wrong with a copy.
fn fault(program: &Path) -> Option<Check> {
    let shown = program.display();
    let again = "remove its folder: the Toolkit app makes it again with the next host";
    let expected = program.parent()?.file_name()?.to_str()?.rsplit_once('-')?.1.to_owned();
    match digest(program) {
        Err(error) => return Some(Check::fail(NAME, format!("`{shown}` cannot be read: {error}"), again)),
        Ok(digest) if expected.len() != DIGITS || !digest.starts_with(&expected) => {
            let found = format!("`{shown}` is damaged: its content is not what its folder's name says");
            return Some(Check::fail(NAME, found, again));
        }
        Ok(_) => {}
    }
    if !is_executable(program) {
        let advice = "chmod 755 it, or remove its folder: the Toolkit app does either with the next host";
        return Some(Check::fail(NAME, format!("`{shown}` has no right to be run"), advice));
    }
    None
}

/// The folder of this user's copies, as `own_copy.py` finds it.
fn copies(environment: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let folder = |name: &str| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = if cfg!(windows) {
        folder("LOCALAPPDATA").or_else(|| folder("APPDATA"))?
    } else if cfg!(target_os = "macos") {
        folder("HOME")?.join("Library/Application Support")
    } else {
        folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")))?
    };
    Some(base.join(COPIES))
}

/// The SHA-256 of a file, in hexadecimal digits.
fn digest(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut block = vec![0; 64 * 1024];
    loop {
        match file.read(&mut block)? {
            0 => break,
            length => context.update(&block[..length]),
        }
    }
    Ok(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(unix)]
fn is_executable(program: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(program).is_ok_and(|program| program.permissions().mode() & 0o100 != 0)
}

#[cfg(not(unix))]
fn is_executable(_program: &Path) -> bool {
    true
}

#[cfg(target_os = "linux")]
fn forbids_running(folder: &Path) -> bool {
    use nix::sys::statvfs::{FsFlags, statvfs};
    statvfs(folder).is_ok_and(|disk| disk.flags().contains(FsFlags::ST_NOEXEC))
}

#[cfg(not(target_os = "linux"))]
fn forbids_running(_folder: &Path) -> bool {
    // Other systems have no such disks, or do not tell.
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn copies_are_what_their_names_say() {
        let base = tempfile::tempdir().unwrap();
        let environment = |_: &str| Some(base.path().as_os_str().to_owned());
        let look = || check(Path::new("/opt/tk-incident"), "0.1.0", &environment);
        assert_eq!(look().len(), 1);
        // The SHA-256 of `abc`, as the standard gives it.
        let copy = copies(&environment).unwrap().join("0.1.0-rc-1-ba7816bf8f01cfea");
        std::fs::create_dir_all(&copy).unwrap();
        let program = copy.join(FILE);
        std::fs::write(&program, "abc").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert!(look()[1].found.ends_with("has no right to be run"), "{:?}", look());
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let found = look();
        assert!(found.len() == 1 && found[0].found.ends_with("app's copy is whole"), "{found:?}");
        std::fs::write(&program, "abd").unwrap();
        let found = look();
        assert!(found[1].verdict == Verdict::Fail && found[1].found.contains("damaged"), "{found:?}");
    }
}
