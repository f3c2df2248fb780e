//! How far `scan` is, for a person at a terminal; silent everywhere else.

use crate::output::Output;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, Read};

/// A bar with the time left when the size is known, else what was read so far.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new(output: &Output, size_bytes: Option<u64>) -> Progress {
        if !output.shows_progress() {
            return Progress(ProgressBar::hidden());
        }
        let (bar, template) = match size_bytes {
            Some(size) => (
                ProgressBar::new(size),
                "{bar:24} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left  {wide_msg}",
            ),
            None => (ProgressBar::no_length(), "{spinner} {bytes} read, {bytes_per_sec}  {wide_msg}"),
        };
        Progress(bar.with_style(ProgressStyle::with_template(template).expect("the template is ours")))
    }

    /// What is being read now.
    pub(crate) fn reads(&self, name: &str) {
        self.0.set_message(name.to_owned());
    }

    /// Counts the bytes that pass, as they are on disk.
    pub(crate) fn watch<'a>(&'a self, source: impl Read + 'a) -> impl Read + 'a {
        Watched { source, bar: &self.0 }
    }

    /// Says something without tearing the bar.
    pub(crate) fn aside(&self, say: impl FnOnce()) {
        self.0.suspend(say);
    }

    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}

struct Watched<'a, R> {
    source: R,
    bar: &'a ProgressBar,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.bar.inc(count as u64);
        Ok(count)
    }
}
