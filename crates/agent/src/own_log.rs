//! Our own log: `agent.log` in the state folder, capped in size, with one older part kept.
//!
//! Its name never matches `tk-*.log` and its folder is never a log folder of Toolkit, so that our troubles
//! cannot become incidents. Values that may hold secrets are never logged; what is logged is ours.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

const MOST_BYTES: u64 = 1024 * 1024;

/// Sends what the program logs to this file from now on. A second call changes nothing.
///
/// # Errors
/// When the file cannot be opened.
pub fn start(path: &Path) -> io::Result<()> {
    let log = CappedLog(Mutex::new(Capped::open(path.to_owned())?));
    let layer = tracing_subscriber::fmt::layer().with_writer(log).with_ansi(false).with_target(false);
    // Set already in this process (tests, several agents): the first one keeps it.
    let _ = tracing_subscriber::registry().with(LevelFilter::INFO).with(layer).try_init();
    Ok(())
}

/// Adds why a program that nobody looks at gives up.
pub fn tell(path: &Path, message: &str) {
    if start(path).is_ok() {
        tracing::error!("{message}");
    }
}

struct CappedLog(Mutex<Capped>);

struct Capped {
    path: PathBuf,
    file: File,
    len_bytes: u64,
}

impl Capped {
    fn open(path: PathBuf) -> io::Result<Capped> {
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let len_bytes = file.metadata()?.len();
        Ok(Capped { path, file, len_bytes })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.len_bytes + bytes.len() as u64 > MOST_BYTES && self.len_bytes > 0 {
            fs::rename(&self.path, self.path.with_extension("log.old"))?;
            *self = Capped::open(self.path.clone())?;
        }
        self.file.write_all(bytes)?;
        self.len_bytes += bytes.len() as u64;
        Ok(())
    }
}

struct Entry<'a>(&'a Mutex<Capped>);

impl Write for Entry<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A log that cannot be written is no reason to stop: the disk may be full, and `status` says so.
        let _ = crate::shared::lock(self.0).write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for CappedLog {
    type Writer = Entry<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Entry(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_stays_within_its_size_and_keeps_the_older_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.log");
        let mut log = Capped::open(path.clone()).unwrap();
        let line = vec![b'x'; 100_000];
        for _ in 0..25 {
            log.write(&line).unwrap();
        }
        assert!(fs::metadata(&path).unwrap().len() <= MOST_BYTES);
        assert!(fs::metadata(folder.path().join("agent.log.old")).unwrap().len() <= MOST_BYTES);
    }
}
