//! A text file as the viewer needs it: cut into parts at line ends, its error records found, lines made harmless.
//!
//! One pass over the file finds where everything is, whatever its length; only the part shown is ever in memory. Pure but for
//! the reading.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use crate::page::show::visible;

/// A part ends at the first line end after so many bytes or lines.
const PART_BYTES: u64 = 256 * 1024;
const PART_LINES: u64 = 2500;
/// The most that is read of a part: one whose line does not end is cut.
const MAX_PART_BYTES: u64 = 2 * PART_BYTES;
/// Of a line, as much as tells a record's header.
const HEAD_BYTES: usize = 200;
/// Longest line shown, in characters.
const MAX_LINE_CHARS: usize = 4000;
/// Errors that are found.
const MAX_ERRORS: usize = 5000;

/// How bad a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Level {
    #[default]
    Plain,
    Debug,
    Warning,
    Error,
}

/// Where things are in a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) parts: Vec<PartStart>,
    /// Lines in all.
    pub(crate) lines: u64,
    /// Lines that begin an ERROR or CRITICAL record, from 1.
    pub(crate) errors: Vec<u64>,
}

/// Where a part begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartStart {
    pub(crate) offset: u64,
    /// Number of its first line, from 1.
    pub(crate) line: u64,
    /// Of the record that goes on in it.
    level: Level,
}

/// One line, ready to be shown.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) text: String,
    pub(crate) level: Level,
    /// Begins a record.
    pub(crate) begins: bool,
    /// There is more of it than is shown.
    pub(crate) cut: bool,
}

impl Outline {
    /// Reads a text to its end.
    pub(crate) fn of(mut text: impl BufRead) -> io::Result<Outline> {
        let mut outline = Outline::default();
        let mut offset = 0;
        let mut level = Level::Plain;
        let mut head = Vec::with_capacity(HEAD_BYTES);
        loop {
            head.clear();
            let start = offset;
            offset += line_length(&mut text, &mut head)?;
            if offset == start {
                return Ok(outline);
            }
            outline.lines += 1;
            let number = outline.lines;
            let full = outline
                .parts
                .last()
                .is_none_or(|part| start - part.offset >= PART_BYTES || number - part.line >= PART_LINES);
            if full {
                outline.parts.push(PartStart { offset: start, line: number, level });
            }
            if let Some(begun) = level_of(&head) {
                level = begun;
                if level == Level::Error && outline.errors.len() < MAX_ERRORS {
                    outline.errors.push(number);
                }
            }
        }
    }

    /// The part that has a line, from 0.
    pub(crate) fn part_of(&self, line: u64) -> usize {
        self.parts.partition_point(|part| part.line <= line).saturating_sub(1)
    }

    /// The lines of a part, and the numbers of its first and its last.
    pub(crate) fn read(&self, mut text: impl Read + Seek, part: usize) -> io::Result<Vec<Line>> {
        let Some(start) = self.parts.get(part) else { return Ok(Vec::new()) };
        let end = self.parts.get(part + 1).map_or(u64::MAX, |next| next.offset);
        text.seek(SeekFrom::Start(start.offset))?;
        let mut bytes = Vec::new();
        text.take((end - start.offset).min(MAX_PART_BYTES)).read_to_end(&mut bytes)?;
        let mut level = start.level;
        let mut lines = Vec::new();
        for (at, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let begun = level_of(line);
            level = begun.unwrap_or(level);
            let whole = line.ends_with(b"\n");
            let text = String::from_utf8_lossy(line);
            let mut text = visible(text.trim_end_matches(['\n', '\r']));
            let end = text.char_indices().nth(MAX_LINE_CHARS).map(|(end, _)| end);
            if let Some(end) = end {
                text.truncate(end);
            }
            let cut = end.is_some() || (!whole && bytes.len() as u64 == MAX_PART_BYTES);
            lines.push(Line { number: start.line + at as u64, text, level, begins: begun.is_some(), cut });
        }
        Ok(lines)
    }
}

/// How long the next line is, its end included; its beginning goes to `head`.
fn line_length(text: &mut impl BufRead, head: &mut Vec<u8>) -> io::Result<u64> {
    let mut length = 0;
    loop {
        let (taken, ended) = {
            let buffer = match text.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                buffer => buffer?,
            };
            let end = buffer.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let piece = &buffer[..end.unwrap_or(buffer.len())];
            let room = HEAD_BYTES - head.len();
            head.extend_from_slice(&piece[..piece.len().min(room)]);
            (piece.len(), end.is_some() || piece.is_empty())
        };
        text.consume(taken);
        length += taken as u64;
        if ended {
            return Ok(length);
        }
    }
}

/// The level in a Toolkit record's header, `2026-01-14 19:49:11,961 [2764 ERROR sgtk…] …`; none for a line that is no header.
fn level_of(line: &[u8]) -> Option<Level> {
    let dated = line.get(..24).is_some_and(|start| start[0].is_ascii_digit() && start[4] == b'-');
    if !dated {
        return None;
    }
    let line = String::from_utf8_lossy(&line[..line.len().min(HEAD_BYTES)]);
    let (inside, _) = line.split_once('[')?.1.split_once(']')?;
    Some(match inside.split_whitespace().nth(1)? {
        "ERROR" | "CRITICAL" => Level::Error,
        "WARNING" => Level::Warning,
        "DEBUG" => Level::Debug,
        _ => Level::Plain,
    })
}

impl Line {
    /// The style class of the line.
    pub(crate) fn class(&self) -> &'static str {
        match (self.level, self.begins) {
            (Level::Error, true) => "error begins",
            (Level::Error, false) => "error",
            (Level::Warning, _) => "warning",
            (Level::Debug, _) => "debug",
            (Level::Plain, _) => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn outline(text: &[u8]) -> Outline {
        Outline::of(text).unwrap()
    }

    #[test]
    fn records_are_told_by_their_headers_alone() {
        let text = b"2026-01-14 19:49:10,100 [1 INFO x] ERROR\n2026-01-14 19:49:11,961 [1 ERROR x] \x1b[31mno\r\n  more\n\
            2026-01-14 19:49:12,000 [1 WARNING x] hm\n  [1 ERROR x]\n2026-01-14 19:49:13,000 [1 CRITICAL x]";
        let outline = outline(text);
        assert_eq!((outline.lines, outline.errors.as_slice()), (6, &[2, 6][..]));
        let lines = outline.read(Cursor::new(text), 0).unwrap();
        let seen: Vec<(u64, &str)> = lines.iter().map(|line| (line.number, line.class())).collect();
        assert_eq!(
            seen,
            [(1, ""), (2, "error begins"), (3, "error"), (4, "warning"), (5, "warning"), (6, "error begins")]
        );
        assert_eq!(lines[1].text, "2026-01-14 19:49:11,961 [1 ERROR x] ^[[31mno");
        assert_eq!(level_of("여기여기여기여기여기여기".as_bytes()), None);
    }

    #[test]
    fn parts_join_to_the_whole_and_know_their_lines() {
        let mut text = String::from("2026-01-14 19:49:11,961 [1 ERROR x] first\n");
        for line in 2..=6000 {
            text.push_str(&format!("line {line}\n"));
        }
        let outline = outline(text.as_bytes());
        assert_eq!(outline.parts.len(), 3);
        let mut number = 0;
        for part in 0..outline.parts.len() {
            for line in outline.read(Cursor::new(&text), part).unwrap() {
                number += 1;
                assert_eq!(line.number, number);
                assert_eq!(line.level, Level::Error, "the record goes on through all parts");
                assert!(number == 1 || line.text == format!("line {number}"));
            }
        }
        assert_eq!(number, 6000);
        assert_eq!(
            [outline.part_of(1), outline.part_of(2501), outline.part_of(999_999), outline.part_of(0)],
            [0, 1, 2, 0]
        );
        assert_eq!(outline.read(Cursor::new(&text), 77).unwrap(), []);
        assert_eq!(Outline::of(&b""[..]).unwrap(), Outline::default());
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let text = vec![b'x'; 2 * MAX_PART_BYTES as usize];
        let lines = outline(&text).read(Cursor::new(&text), 0).unwrap();
        assert_eq!((lines.len(), lines[0].text.len(), lines[0].cut), (1, MAX_LINE_CHARS, true));
    }
}
