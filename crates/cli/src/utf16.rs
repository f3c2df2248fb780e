//! UTF-16 as UTF-8: what a Windows console writes with `>`.
//!
//! Owns the conversion of a stream, a buffer at a time. Which byte comes first in a unit is for the caller to know, by
//! the mark at the beginning. Nothing is refused: half a character becomes a replacement character.

use std::io::{self, Read};

/// Bytes read at once.
const CHUNK_BYTES: usize = 32 * 1024;

/// Reads UTF-16 from a source and gives UTF-8.
pub(crate) struct Utf16<R> {
    source: R,
    big_endian: bool,
    /// UTF-8 that was not asked for yet, from `at` on.
    ready: Vec<u8>,
    at: usize,
    /// The first byte of a unit, and the first unit of a character, that the last chunk ended with.
    half_unit: Option<u8>,
    half_character: Option<u16>,
}

impl<R: Read> Utf16<R> {
    /// `source` begins behind the mark.
    pub(crate) fn new(source: R, big_endian: bool) -> Self {
        Utf16 { source, big_endian, ready: Vec::new(), at: 0, half_unit: None, half_character: None }
    }

    /// Converts the next chunk; whether there was one.
    fn fill(&mut self) -> io::Result<bool> {
        let mut chunk = vec![0; CHUNK_BYTES];
        let count = self.source.read(&mut chunk)?;
        let bytes = self.half_unit.take().into_iter().chain(chunk[..count].iter().copied());
        let mut units: Vec<u16> = self.half_character.take().into_iter().collect();
        let mut first = None;
        for byte in bytes {
            match first.take() {
                None => first = Some(byte),
                Some(one) if self.big_endian => units.push(u16::from_be_bytes([one, byte])),
                Some(one) => units.push(u16::from_le_bytes([one, byte])),
            }
        }
        if count > 0 {
            self.half_unit = first;
            self.half_character = units.pop_if(|unit| (0xD800..0xDC00).contains(unit));
        }
        self.at = 0;
        self.ready.clear();
        for c in char::decode_utf16(units) {
            let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.ready.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        Ok(count > 0)
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.ready.len() {
            if !self.fill()? && self.ready.is_empty() {
                return Ok(0);
            }
        }
        let count = buffer.len().min(self.ready.len() - self.at);
        buffer[..count].copy_from_slice(&self.ready[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let one = buffer.len().min(1);
            self.0.read(&mut buffer[..one])
        }
    }

    #[test]
    fn characters_survive_however_the_bytes_come() {
        let text = "Ünal \u{1F419} ショット\r\n".repeat(9000);
        for big_endian in [false, true] {
            let of = |unit: u16| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() };
            let bytes: Vec<u8> = text.encode_utf16().flat_map(of).collect();
            let mut read = String::new();
            Utf16::new(&*bytes, big_endian).read_to_string(&mut read).unwrap();
            assert!(read == text);
            read.clear();
            Utf16::new(Drops(&bytes[..4000]), big_endian).read_to_string(&mut read).unwrap();
            assert!(
                text.starts_with(read.trim_end_matches(char::REPLACEMENT_CHARACTER)) && read.len() > 2000
            );
        }
        let mut read = String::new();
        Utf16::new(&b"a\0\x00\xD8b\0"[..], false).read_to_string(&mut read).unwrap();
        assert_eq!(read, "a\u{fffd}b");
    }
}
