//! What is in an evidence archive: its files listed, one of them read.
//!
//! An archive is whatever somebody uploaded: how many files it has is asked before it is opened, and what is unpacked is bounded.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Files that are listed; an archive with more is not opened.
const MAX_FILES: u16 = 2000;
/// Bytes that one file may unpack to.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// Where the end record of an archive can begin, from its end.
const MAX_END_BYTES: u64 = 66_000;

/// One file of an archive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) size_bytes: u64,
}

/// The files of an archive; none when it is not one, or too large to be listed.
pub(crate) fn list(mut file: File) -> io::Result<Option<Vec<Entry>>> {
    if !(1..=MAX_FILES).contains(&count(&mut file)?) {
        return Ok(None);
    }
    let Ok(mut archive) = zip::ZipArchive::new(io::BufReader::new(file)) else { return Ok(None) };
    let mut entries = Vec::new();
    for at in 0..archive.len() {
        let Ok(entry) = archive.by_index_raw(at) else { continue };
        if let Ok(name) = entry.name()
            && entry.is_file()
        {
            entries.push(Entry { name: name.into_owned(), size_bytes: entry.size() });
        }
    }
    Ok(Some(entries))
}

/// One file of an archive, its first bytes if it is long; none when there is no such file.
pub(crate) fn read(mut file: File, name: &str) -> io::Result<Option<Vec<u8>>> {
    if !(1..=MAX_FILES).contains(&count(&mut file)?) {
        return Ok(None);
    }
    let Ok(mut archive) = zip::ZipArchive::new(io::BufReader::new(file)) else { return Ok(None) };
    let Ok(entry) = archive.by_name(name) else { return Ok(None) };
    let mut bytes = Vec::new();
    // What cannot be unpacked to its end is shown as far as it can.
    let _ = entry.take(MAX_BYTES).read_to_end(&mut bytes);
    Ok(Some(bytes))
}

/// How many files the end record speaks of; none is what is not an archive, and 65535 is more than fit in the record.
fn count(file: &mut File) -> io::Result<u16> {
    let length = file.seek(SeekFrom::End(0))?;
    let from = length.saturating_sub(MAX_END_BYTES);
    file.seek(SeekFrom::Start(from))?;
    let mut end = Vec::new();
    file.take(MAX_END_BYTES).read_to_end(&mut end)?;
    file.seek(SeekFrom::Start(0))?;
    // Every record that could be taken for the end is asked, the greatest answer counts.
    let counts = end.windows(12).filter(|record| record.starts_with(b"PK\x05\x06"));
    Ok(counts.map(|record| u16::from_le_bytes([record[10], record[11]])).max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn archive(files: &[(&str, &[u8])]) -> (tempfile::NamedTempFile, File) {
        let kept = tempfile::NamedTempFile::new().unwrap();
        let mut writer = zip::ZipWriter::new(kept.reopen().unwrap());
        for (name, bytes) in files {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap();
        let file = kept.reopen().unwrap();
        (kept, file)
    }

    #[test]
    fn an_archive_is_listed_and_read() {
        let (kept, file) = archive(&[("incident.json", b"{}"), ("logs/tk-maya.log", b"text")]);
        let names: Vec<String> = list(file).unwrap().unwrap().into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["incident.json", "logs/tk-maya.log"]);
        assert_eq!(read(kept.reopen().unwrap(), "logs/tk-maya.log").unwrap().unwrap(), b"text");
        assert_eq!(read(kept.reopen().unwrap(), "../etc/passwd").unwrap(), None);
    }

    #[test]
    fn what_is_no_archive_or_too_much_is_left_alone() {
        let kept = tempfile::NamedTempFile::new().unwrap();
        kept.reopen().unwrap().write_all(b"PK\x03\x04 not one").unwrap();
        assert_eq!(list(kept.reopen().unwrap()).unwrap(), None);
        let many: Vec<String> = (0..=MAX_FILES).map(|at| at.to_string()).collect();
        let files: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
        assert_eq!(list(archive(&files).1).unwrap(), None);
        let (kept, _) = archive(&[("large.txt", &vec![b'x'; 2 * MAX_BYTES as usize])]);
        assert_eq!(read(kept.reopen().unwrap(), "large.txt").unwrap().unwrap().len() as u64, MAX_BYTES);
    }
}
