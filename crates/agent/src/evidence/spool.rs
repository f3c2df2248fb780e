//! The spool: archives in a folder of ours, each named by the hash of its content.
//!
//! Everything that comes in here is clean already. The log that is attached as text is taken out of the archive when it is
//! uploaded, so that it is kept once.

use crate::paths::sync_folder;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// What keeping an archive asks of the file system; tests put one there that forgets what was not synced.
trait Disk {
    /// Makes a file of these bytes, synced.
    fn write_synced(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Names in this folder survive a power cut.
    fn sync_names(&mut self, folder: &Path) -> io::Result<()>;
    fn remove(&mut self, path: &Path) -> io::Result<()>;
    fn has(&self, path: &Path) -> bool;
}

struct SystemDisk;

impl Disk for SystemDisk {
    fn write_synced(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_names(&mut self, folder: &Path) -> io::Result<()> {
        sync_folder(folder)
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn has(&self, path: &Path) -> bool {
        path.exists()
    }
}

/// Puts the bytes of an archive into the spool. Returns the hash it is found under; the same content twice is
/// one file. It is synced before this returns: the transaction that names it comes after.
///
/// # Errors
/// When the spool cannot be written.
pub fn keep(spool: &Path, bytes: &[u8]) -> io::Result<String> {
    keep_bytes(&mut SystemDisk, spool, bytes)
}

fn keep_bytes(disk: &mut dyn Disk, spool: &Path, bytes: &[u8]) -> io::Result<String> {
    let hash = blake3::hash(bytes).to_hex()[..32].to_owned();
    let path = archive_path(spool, &hash);
    if !disk.has(&path) {
        let unfinished = path.with_extension("part");
        let written = disk.write_synced(&unfinished, bytes).and_then(|()| disk.rename(&unfinished, &path));
        if let Err(error) = written {
            // Half an archive on a full disk would hold the last of its space.
            let _ = disk.remove(&unfinished);
            return Err(error);
        }
    }
    // Also for one that was there: whoever put it there may have died before this.
    disk.sync_names(spool)?;
    Ok(hash)
}

/// Where the archive of this hash is.
#[must_use]
pub fn archive_path(spool: &Path, hash: &str) -> PathBuf {
    spool.join(format!("{hash}.zip"))
}

/// What an archive is called on a ticket.
#[must_use]
pub fn archive_name(hash: &str) -> String {
    format!("incident-{}.zip", &hash[..8])
}

/// What the log of an archive is called on a ticket.
#[must_use]
pub fn log_name(name: &str, hash: &str) -> String {
    format!("{}-{}.log", name.strip_suffix(".log").unwrap_or(name), &hash[..8])
}

/// Takes the incident's own log out of an archive: its bare name and a temporary file beside the archive, which the
/// caller removes. `None` when the archive holds none, or an empty one.
///
/// # Errors
/// When the archive cannot be read or the spool not written.
pub fn unpack_log(spool: &Path, hash: &str) -> io::Result<Option<(String, PathBuf)>> {
    let path = spool.join(format!("{hash}.log.part"));
    let unpacked = read_log(spool, hash, &mut |log| io::copy(log, &mut File::create(&path)?).map(drop))?;
    Ok(unpacked.map(|name| (name, path)))
}

/// Reads the incident's own log in an archive and returns its bare name. `None` when the archive holds none, or an empty one.
///
/// # Errors
/// When the archive cannot be read, and those of the reader.
pub fn read_log(
    spool: &Path,
    hash: &str,
    read: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>,
) -> io::Result<Option<String>> {
    let mut archive = ZipArchive::new(File::open(archive_path(spool, hash))?).map_err(io::Error::other)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(io::Error::other)?;
        let name = entry.name().map_err(io::Error::other)?.into_owned();
        let own = name.strip_prefix("logs/").filter(|name| !name.contains('/'));
        let Some(name) = own.map(str::to_owned) else { continue };
        if entry.size() == 0 {
            return Ok(None);
        }
        read(&mut entry)?;
        return Ok(Some(name));
    }
    Ok(None)
}

/// Removes what a crash left behind: unfinished files, and archives nothing refers to.
pub fn sweep(spool: &Path, is_needed: &mut dyn FnMut(&str) -> bool) {
    let Ok(entries) = fs::read_dir(spool) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let needed = name.strip_suffix(".zip").is_some_and(&mut *is_needed);
        if !needed && (name.ends_with(".zip") || name.ends_with(".part")) {
            // What cannot be removed now is met again at the next start.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// What the archives in the spool take up together.
#[must_use]
pub fn spooled_bytes(spool: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(spool) else { return 0 };
    entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|file| file.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Names and contents as programs see them, and as they are after a power cut.
    #[derive(Clone, Default)]
    struct ForgetfulDisk {
        seen: BTreeMap<PathBuf, Vec<u8>>,
        synced: BTreeMap<PathBuf, Vec<u8>>,
        /// Steps until the power goes.
        left: usize,
    }

    impl ForgetfulDisk {
        fn step(&mut self) -> io::Result<()> {
            self.left = self.left.checked_sub(1).ok_or_else(|| io::Error::other("the power is gone"))?;
            Ok(())
        }

        /// Only what was synced, or everything that was asked for.
        fn after_cut(&self, all: bool) -> ForgetfulDisk {
            let files = if all { &self.seen } else { &self.synced };
            ForgetfulDisk { seen: files.clone(), synced: files.clone(), left: usize::MAX }
        }
    }

    impl Disk for ForgetfulDisk {
        fn write_synced(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
            // Half of it, then all of it, and the content is synced while the name is not.
            self.step()?;
            self.seen.insert(path.to_owned(), bytes[..bytes.len() / 2].to_vec());
            self.step()?;
            self.seen.insert(path.to_owned(), bytes.to_vec());
            Ok(())
        }

        fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
            self.step()?;
            let file = self.seen.remove(from).ok_or(io::ErrorKind::NotFound)?;
            self.seen.insert(to.to_owned(), file);
            Ok(())
        }

        fn sync_names(&mut self, _: &Path) -> io::Result<()> {
            self.step()?;
            self.synced = self.seen.clone();
            Ok(())
        }

        fn remove(&mut self, path: &Path) -> io::Result<()> {
            self.step()?;
            self.seen.remove(path);
            Ok(())
        }

        fn has(&self, path: &Path) -> bool {
            self.seen.contains_key(path)
        }
    }

    #[test]
    fn an_archive_that_was_kept_is_there_after_a_power_cut_and_one_that_was_not_is_never_there_in_part() {
        let (spool, bytes) = (Path::new("/spool"), b"an archive");
        let mut kept = 0;
        for (cut, then, all) in (0..6)
            .flat_map(|cut| (0..6).map(move |then| (cut, then)))
            .flat_map(|(cut, then)| [false, true].map(|all| (cut, then, all)))
        {
            // A process that is killed after some steps, and the next one, which the power cut ends.
            let mut disk = ForgetfulDisk { left: cut, ..ForgetfulDisk::default() };
            let _ = keep_bytes(&mut disk, spool, bytes);
            disk.left = then;
            let result = keep_bytes(&mut disk, spool, bytes);
            let mut disk = disk.after_cut(all);
            let names = disk.seen.keys().filter(|path| path.extension().is_some_and(|end| end == "zip"));
            assert!(names.clone().all(|path| disk.seen[path] == bytes), "{cut} {then}: half an archive");
            if let Ok(hash) = result {
                kept += 1;
                assert!(disk.has(&archive_path(spool, &hash)), "{cut} {then}: it was said to be kept");
            }
            assert!(keep_bytes(&mut disk, spool, bytes).is_ok());
        }
        assert!(kept > 10, "{kept}");
    }

    #[test]
    fn the_sweep_takes_only_what_nobody_needs() {
        let spool = tempfile::tempdir().unwrap();
        for name in ["keep.zip", "drop.zip", "half.part", "other.txt"] {
            fs::write(spool.path().join(name), "x").unwrap();
        }
        sweep(spool.path(), &mut |hash| hash == "keep");
        let mut left: Vec<_> =
            fs::read_dir(spool.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["keep.zip", "other.txt"]);
    }
}
