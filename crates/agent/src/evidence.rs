//! The evidence archive: packed at once, because logs rotate, and spooled under the hash of its content.
//!
//! Everything that comes in here is redacted already. The archive is a zip, which every system's file
//! browser opens: `incident.json`, `environment.json`, `traceback.txt` and `logs/<name>`. The log that is
//! attached as text is taken out of the archive when it is uploaded, so that it is kept once.

use crate::paths::sync_folder;
use std::fs::{self, File};
use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// What goes into an archive.
pub struct Contents<'a> {
    /// `incident.json`
    pub incident: &'a str,
    /// `environment.json`
    pub environment: &'a str,
    /// `traceback.txt`; left out when there is none.
    pub traceback: Option<&'a str>,
    /// Bare name and text of each log.
    pub logs: &'a [(String, String)],
}

/// Packs an archive and puts it into the spool. Returns the hash it is found under; the same content twice is
/// one file. It is synced before this returns: the transaction that names it comes after.
///
/// # Errors
/// When the spool cannot be written.
pub fn keep(spool: &Path, contents: &Contents<'_>) -> io::Result<String> {
    let bytes = pack(contents).map_err(io::Error::other)?;
    let hash = blake3::hash(&bytes).to_hex()[..32].to_owned();
    let path = archive_path(spool, &hash);
    if !path.exists() {
        let unfinished = path.with_extension("part");
        let written = File::create(&unfinished).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()
        });
        if let Err(error) = written.and_then(|()| fs::rename(&unfinished, &path)) {
            // Half an archive on a full disk would hold the last of its space.
            let _ = fs::remove_file(&unfinished);
            return Err(error);
        }
    }
    // Also for one that was there: whoever put it there may have died before this.
    sync_folder(spool)?;
    Ok(hash)
}

/// Where the archive of this hash is.
#[must_use]
pub fn archive_path(spool: &Path, hash: &str) -> PathBuf {
    spool.join(format!("{hash}.zip"))
}

fn pack(contents: &Contents<'_>) -> zip::result::ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    // No time stamps: the same content is the same archive.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut add = |name: &str, text: &str| {
        archive.start_file(name, options)?;
        archive.write_all(text.as_bytes())?;
        Ok::<_, zip::result::ZipError>(())
    };
    add("incident.json", contents.incident)?;
    add("environment.json", contents.environment)?;
    if let Some(traceback) = contents.traceback {
        add("traceback.txt", traceback)?;
    }
    for (name, text) in contents.logs {
        add(&format!("logs/{name}"), text)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// Takes the first log out of an archive: its bare name and a temporary file beside the archive, which the
/// caller removes. `None` when the archive holds no log, or an empty one.
///
/// # Errors
/// When the archive cannot be read or the spool not written.
pub fn unpack_log(spool: &Path, hash: &str) -> io::Result<Option<(String, PathBuf)>> {
    let mut archive = ZipArchive::new(File::open(archive_path(spool, hash))?).map_err(io::Error::other)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(io::Error::other)?;
        let name = entry.name().map_err(io::Error::other)?.into_owned();
        let Some(name) = name.strip_prefix("logs/").map(str::to_owned) else { continue };
        let mut text = Vec::new();
        entry.read_to_end(&mut text)?;
        if text.is_empty() {
            return Ok(None);
        }
        let path = spool.join(format!("{hash}.log.part"));
        fs::write(&path, text)?;
        return Ok(Some((name, path)));
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

/// The newest part of a log that is no longer than `limit`, beginning at a line.
#[must_use]
pub fn from_whole_line(bytes: &[u8], cut_at_front: bool) -> &[u8] {
    if !cut_at_front {
        return bytes;
    }
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) if end + 1 < bytes.len() => &bytes[end + 1..],
        _ => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_found_by_its_hash_and_gives_the_log_back() {
        let spool = tempfile::tempdir().unwrap();
        let logs = [("tk-maya.log".to_owned(), "여기 line\n".to_owned())];
        let contents =
            Contents { incident: "{}", environment: "{}", traceback: Some("Traceback"), logs: &logs };
        let hash = keep(spool.path(), &contents).unwrap();
        assert_eq!(keep(spool.path(), &contents).unwrap(), hash);
        let (name, path) = unpack_log(spool.path(), &hash).unwrap().unwrap();
        assert_eq!(
            (name.as_str(), fs::read_to_string(path).unwrap().as_str()),
            ("tk-maya.log", "여기 line\n")
        );
        let file = File::open(archive_path(spool.path(), &hash)).unwrap();
        let archive = ZipArchive::new(file).unwrap();
        let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names, ["incident.json", "environment.json", "traceback.txt", "logs/tk-maya.log"]);
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

    #[test]
    fn a_log_cut_at_its_front_begins_with_a_whole_line() {
        assert_eq!(from_whole_line(b"rest\nwhole\n", true), b"whole\n");
        assert_eq!(from_whole_line(b"first\nwhole\n", false), b"first\nwhole\n");
        assert_eq!(from_whole_line(b"one long line", true), b"one long line");
        assert_eq!(from_whole_line(b"one long line\n", true), b"one long line\n");
    }
}
