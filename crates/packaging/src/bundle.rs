//! The Toolkit bundle: the app with programs for several systems, as one zip.
//!
//! Toolkit unpacks a zip with a single folder at its top as that folder's content, keeps execute bits, and expects nothing
//! else. `bin/manifest.json` is what the app checks a program against; `SHA256SUMS` is for people.

use crate::linked::Linked;
use crate::program::{File, Program};
use crate::source::Checkout;
use crate::{components, digest, licences};
use anyhow::{Context as _, Result};
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A file of an archive.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) bytes: Vec<u8>,
    pub(crate) is_program: bool,
}

impl Entry {
    pub(crate) fn text(text: impl Into<Vec<u8>>) -> Entry {
        Entry { bytes: text.into(), is_program: false }
    }
}

/// Path in the archive, with `/`, to the file; in the order in which they are packed.
pub(crate) type Entries = BTreeMap<String, Entry>;

/// Writes the bundle into `out`, and gives its path.
///
/// # Errors
/// When a file of the app, a licence or the place to write to is not as it should be.
pub(crate) fn write(
    checkout: &Checkout,
    programs: &[Program],
    linked: &Linked,
    out: &Path,
) -> Result<PathBuf> {
    let name = format!("tk-incidentreporter-v{VERSION}");
    let mut entries: Entries =
        checkout.app()?.into_iter().map(|file| (file.path, Entry::text(file.bytes))).collect();
    for program in programs {
        for file in program.files() {
            let path = format!("bin/{}/{}", program.platform.name, file.name);
            entries.insert(path, Entry { bytes: file.bytes.clone(), is_program: true });
        }
    }
    entries.insert("bin/manifest.json".to_owned(), Entry::text(manifest(programs)));
    entries.insert(licences::FILE.to_owned(), Entry::text(licences::text(checkout, programs, linked)?));
    entries.insert(components::FILE.to_owned(), Entry::text(components::text(checkout, programs, linked)?));
    let sums: String = entries.iter().map(|(path, entry)| digest::line(path, &entry.bytes)).collect();
    entries.insert("SHA256SUMS".to_owned(), Entry::text(sums));

    let path = out.join(format!("{name}.zip"));
    let archive = packed(&entries, &format!("{name}/"), checkout.time)?;
    std::fs::write(&path, archive).with_context(|| path.display().to_string())?;
    Ok(path)
}

/// What the app reads before it copies and starts a program. Apps of older versions pass over what they do not know.
fn manifest(programs: &[Program]) -> String {
    let about = |file: &File| json!({ "file": file.name, "bytes": file.bytes.len(), "sha256": file.sha256 });
    let listed: Map<String, Value> = programs
        .iter()
        .map(|program| {
            let mut entry = about(&program.main);
            if let Some(starter) = &program.starter {
                entry["starter"] = about(starter);
            }
            (program.platform.name.to_owned(), entry)
        })
        .collect();
    format!("{:#}\n", json!({ "v": 1, "version": VERSION, "programs": listed }))
}

/// The bytes of a zip, the same for the same entries and time: sorted, Unix modes, one time for all.
///
/// # Errors
/// When the time is one that a zip cannot hold (before 1980).
pub(crate) fn packed(entries: &Entries, prefix: &str, time: jiff::Timestamp) -> Result<Vec<u8>> {
    let utc = time.to_zoned(TimeZone::UTC);
    let part = |number: i8| u8::try_from(number).unwrap_or_default();
    let time = DateTime::from_date_and_time(
        u16::try_from(utc.year()).unwrap_or_default(),
        part(utc.month()),
        part(utc.day()),
        part(utc.hour()),
        part(utc.minute()),
        part(utc.second()),
    )
    .ok()
    .with_context(|| format!("{time} is no time for a zip"))?;
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, entry) in entries {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            .last_modified_time(time)
            .system(System::Unix)
            .unix_permissions(if entry.is_program { 0o755 } else { 0o644 });
        zip.start_file(format!("{prefix}{path}"), options)?;
        zip.write_all(&entry.bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::{Entries, Entry, manifest, packed};
    use crate::platform::Platform;
    use crate::program::{File, Program};
    use std::io::Cursor;

    #[test]
    fn the_manifest_tells_of_each_file_in_a_form_that_older_apps_read() {
        let file = |name, bytes: &[u8]| File { name, bytes: bytes.to_vec(), sha256: format!("of {name}") };
        let program =
            |name, main, starter| Program { platform: Platform::named(name).unwrap(), main, starter };
        let text = manifest(&[
            program("linux-x86_64", file("tk-incident", b"ELF"), None),
            program("windows-x86_64", file("tk-incident.exe", b"MZ"), Some(file("tk-incidentw.exe", b"M"))),
        ]);
        let written: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            written["programs"],
            serde_json::json!({
                "linux-x86_64": { "file": "tk-incident", "bytes": 3, "sha256": "of tk-incident" },
                "windows-x86_64": {
                    "file": "tk-incident.exe", "bytes": 2, "sha256": "of tk-incident.exe",
                    "starter": { "file": "tk-incidentw.exe", "bytes": 1, "sha256": "of tk-incidentw.exe" },
                },
            })
        );
    }

    fn entries() -> Entries {
        let mut entries = Entries::new();
        entries.insert("b/program".into(), Entry { bytes: b"\x7fELF".to_vec(), is_program: true });
        entries.insert("a.txt".into(), Entry::text("text"));
        entries
    }

    #[test]
    fn modes_order_and_times_are_fixed() {
        let time = jiff::Timestamp::from_second(1_700_000_000).unwrap();
        let bytes = packed(&entries(), "top/", time).unwrap();
        assert_eq!(bytes, packed(&entries(), "top/", time).unwrap());
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let found: Vec<_> = (0..zip.len())
            .map(|index| {
                let file = zip.by_index(index).unwrap();
                (
                    file.name().unwrap().into_owned(),
                    file.unix_mode().unwrap() & 0o777,
                    file.last_modified().unwrap().to_string(),
                )
            })
            .collect();
        let time = "2023-11-14 22:13:20".to_owned();
        assert_eq!(
            found,
            [("top/a.txt".to_owned(), 0o644, time.clone()), ("top/b/program".to_owned(), 0o755, time)]
        );
    }

    #[test]
    fn a_time_before_zips_is_refused() {
        assert!(packed(&entries(), "", jiff::Timestamp::UNIX_EPOCH).is_err());
    }
}
