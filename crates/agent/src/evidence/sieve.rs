//! Leaves the records of other sites' processes out of a log that goes into an archive: they may stand in the same file, and are
//! no matter of this site.
//!
//! Works on blocks of raw bytes, line by line, in memory for the beginning of one line. Each run of records that is left out becomes
//! one line that says so. Whose a process is, it is told.

use jiff::civil::DateTime;
use sgtk_log::record_time;

/// Whether the record of a process at a moment, in the log's own time, is another site's.
pub type IsTheirs<'a> = &'a dyn Fn(u32, DateTime) -> bool;

/// What stands in the place of records that were left out.
const LEFT_OUT: &[u8] = b"[... records of a process of another site were left out here ...]\n";
/// Enough of a line to tell whose record it begins.
const HEADER_BYTES: usize = 96;

/// See the module's own words.
pub(super) struct Sieve<'a> {
    is_theirs: IsTheirs<'a>,
    /// The beginning of a line that does not tell enough yet.
    begun: Vec<u8>,
    /// The rest of this line goes the way of its beginning.
    is_inside: bool,
    leaves_out: bool,
    /// How many records were left out.
    pub(super) records: u64,
}

impl<'a> Sieve<'a> {
    pub(super) fn new(is_theirs: IsTheirs<'a>) -> Sieve<'a> {
        Sieve { is_theirs, begun: Vec::new(), is_inside: false, leaves_out: false, records: 0 }
    }

    /// What is left of a block.
    pub(super) fn sift(&mut self, block: &[u8]) -> Vec<u8> {
        let mut left = Vec::with_capacity(block.len());
        for piece in block.split_inclusive(|byte| *byte == b'\n') {
            let ends = piece.ends_with(b"\n");
            if self.is_inside {
                self.pass(piece, &mut left);
            } else {
                self.begun.extend_from_slice(piece);
                if !ends && self.begun.len() < HEADER_BYTES {
                    continue;
                }
                self.begin_line(&mut left);
            }
            self.is_inside = !ends;
        }
        left
    }

    /// What is left of the last line, when it has no end.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        let mut left = Vec::new();
        if !self.begun.is_empty() {
            self.begin_line(&mut left);
        }
        left
    }

    fn begin_line(&mut self, left: &mut Vec<u8>) {
        let line = std::mem::take(&mut self.begun);
        if let Some((pid, time)) = head(&line) {
            let leaves_out = pid.is_some_and(|pid| (self.is_theirs)(pid, time));
            if leaves_out {
                self.records += 1;
                if !self.leaves_out {
                    left.extend_from_slice(LEFT_OUT);
                }
            }
            self.leaves_out = leaves_out;
        }
        self.pass(&line, left);
        self.begun = line;
        self.begun.clear();
    }

    fn pass(&self, piece: &[u8], left: &mut Vec<u8>) {
        if !self.leaves_out {
            left.extend_from_slice(piece);
        }
    }
}

/// Process and time of the record that a line begins: `2026-01-14 19:49:11,961 [2764 ERROR …`.
fn head(line: &[u8]) -> Option<(Option<u32>, DateTime)> {
    let line = &line[..line.len().min(HEADER_BYTES)];
    let time = super::range::civil(record_time(line)?)?;
    let behind = line.iter().position(|byte| *byte == b'[')? + 1;
    let number = line[behind..].trim_ascii_start();
    let digits = number.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let pid = std::str::from_utf8(&number[..digits]).ok().and_then(|digits| digits.parse().ok());
    Some((pid, time))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "a line before\n\
        2026-01-14 19:49:11,961 [11 ERROR sgtk.env] ours\nwith more\n\
        2026-01-14 19:49:12,961 [22 ERROR sgtk.env] theirs\nwith a secret plot\n\
        2026-01-14 19:49:13,961 [22 INFO sgtk.env] theirs\n\
        2026-01-14 19:49:14,961 [ ERROR] nobody's\n\
        2026-01-14 19:49:15,961 [22 INFO sgtk.env] theirs\n\
        2026-01-14 19:49:16,961 [11 INFO sgtk.env] ours";
    const LEFT: &str = "a line before\n\
        2026-01-14 19:49:11,961 [11 ERROR sgtk.env] ours\nwith more\n\
        [... records of a process of another site were left out here ...]\n\
        2026-01-14 19:49:14,961 [ ERROR] nobody's\n\
        [... records of a process of another site were left out here ...]\n\
        2026-01-14 19:49:16,961 [11 INFO sgtk.env] ours";

    #[test]
    fn records_of_their_processes_go_however_the_bytes_are_cut() {
        for bytes in 1..LOG.len() {
            let mut sieve = Sieve::new(&|pid, _| pid == 22);
            let mut left: Vec<u8> =
                LOG.as_bytes().chunks(bytes).flat_map(|block| sieve.sift(block)).collect();
            left.extend(sieve.finish());
            assert_eq!(String::from_utf8(left).unwrap(), LEFT, "{bytes}");
            assert_eq!(sieve.records, 3);
        }
    }

    #[test]
    fn nothing_goes_when_nothing_is_theirs_and_long_lines_are_not_held() {
        let mut log = LOG.as_bytes().to_vec();
        log.extend(vec![0xFF; 300_000]);
        let mut sieve = Sieve::new(&|_, _| false);
        let mut left = Vec::new();
        for block in log.chunks(1_000) {
            left.extend(sieve.sift(block));
            assert!(sieve.begun.len() <= HEADER_BYTES);
        }
        left.extend(sieve.finish());
        assert!(left == log);
    }

    #[test]
    fn the_time_of_the_record_counts() {
        let mut sieve = Sieve::new(&|_, time| time.second() < 14);
        let left = sieve.sift(LOG.as_bytes());
        assert!(String::from_utf8(left).unwrap().contains("15,961 [22"));
        assert_eq!(sieve.records, 3);
    }
}
