//! The logs in a zip archive: what people and our own tickets send. Entry by entry, in constant memory.
//!
//! Which entries are logs is told by their names, as in a folder. Other archives are not unpacked.

use crate::scan::log_name::{is_handed_in, is_log};
use log_follow::Patterns;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek};
use zip::ZipArchive;
use zip::result::ZipError;

/// An open archive.
pub(super) struct Archive {
    zip: ZipArchive<File>,
    /// Positions and names of the entries that are logs.
    logs: Vec<(usize, String)>,
    /// Entries that are none.
    pub(super) passed_over: u64,
}

impl Archive {
    /// Opens a file as an archive when its first bytes say that it is one, else gives it back as it was.
    ///
    /// # Errors
    /// Those of reading; an archive that is damaged, and one that holds no log.
    pub(super) fn of(mut file: File, patterns: &Patterns) -> io::Result<Result<Archive, File>> {
        // What cannot be read twice (a pipe) cannot be read from its end either, where an archive has its list.
        if !file.metadata()?.is_file() {
            return Ok(Err(file));
        }
        let mut first = Vec::with_capacity(4);
        file.by_ref().take(4).read_to_end(&mut first)?;
        file.rewind()?;
        if !crate::log_file::is_zip(&first) {
            return Ok(Err(file));
        }
        let zip = ZipArchive::new(file).map_err(in_words)?;
        let names = zip.file_names().enumerate().filter_map(|(at, name)| Some((at, name.ok()?.into_owned())));
        let files: Vec<(usize, String)> = names.filter(|(_, name)| !name.ends_with(['/', '\\'])).collect();
        let by_settings = |name: &str| is_log(bare(name), patterns);
        let handed_in = !files.iter().any(|(_, name)| by_settings(name));
        let all = files.len();
        let is_log = |name: &str| if handed_in { is_handed_in(bare(name)) } else { by_settings(name) };
        let logs: Vec<_> = files.into_iter().filter(|(_, name)| is_log(name)).collect();
        if logs.is_empty() {
            return Err(io::Error::new(ErrorKind::NotFound, "a zip archive that holds no log"));
        }
        let passed_over = (all - logs.len()) as u64;
        Ok(Ok(Archive { zip, logs, passed_over }))
    }

    /// Hands out each log with its name in the archive, or why it cannot be read.
    ///
    /// # Errors
    /// What the sink returns ends it.
    pub(super) fn read(
        mut self,
        mut sink: impl FnMut(&str, io::Result<&mut dyn Read>) -> io::Result<()>,
    ) -> io::Result<()> {
        for (at, name) in self.logs {
            match self.zip.by_index(at) {
                Ok(mut log) => sink(&name, Ok(&mut log))?,
                Err(error) => sink(&name, Err(in_words(error)))?,
            }
        }
        Ok(())
    }
}

/// The name without its folders.
pub(super) fn bare(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn in_words(error: ZipError) -> io::Error {
    let words = match &error {
        ZipError::Io(_) | ZipError::InvalidArchive(_) => "the zip archive is damaged",
        ZipError::InvalidPassword => "it is encrypted",
        _ => "it is encrypted, or packed in a way that is not known: unpack it and try again",
    };
    io::Error::new(ErrorKind::InvalidData, words)
}
