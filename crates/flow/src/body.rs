//! A request body of known length that is read as it is sent: bytes, or a stretch of a file between bytes.
//!
//! It remembers how far it got. That is how we know whether a write can have happened: a request whose body was not
//! handed over in full is not a request.

use std::fs::File;
use std::io::{self, Cursor, Read, Take};

/// A body on its way.
pub(crate) struct Outgoing {
    head: Cursor<Vec<u8>>,
    file: Option<Take<File>>,
    tail: Cursor<Vec<u8>>,
    length: u64,
    sent: u64,
    file_trouble: Option<io::Error>,
}

impl Outgoing {
    pub(crate) fn bytes(bytes: Vec<u8>) -> Self {
        Self::new(bytes, None, Vec::new())
    }

    /// `length` bytes of the file from where it stands, between `head` and `tail`.
    pub(crate) fn file(head: Vec<u8>, file: File, length: u64, tail: Vec<u8>) -> Self {
        Self::new(head, Some(file.take(length)), tail)
    }

    fn new(head: Vec<u8>, file: Option<Take<File>>, tail: Vec<u8>) -> Self {
        let length = head.len() as u64 + file.as_ref().map_or(0, Take::limit) + tail.len() as u64;
        Self { head: Cursor::new(head), file, tail: Cursor::new(tail), length, sent: 0, file_trouble: None }
    }

    /// Length in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Whether anything was handed to the connection.
    pub(crate) fn started(&self) -> bool {
        self.sent > 0
    }

    /// Whether everything was handed to the connection.
    pub(crate) fn finished(&self) -> bool {
        self.sent >= self.length
    }

    /// Why the file could not be read, if that is what stopped the request.
    pub(crate) fn take_file_trouble(&mut self) -> Option<io::Error> {
        self.file_trouble.take()
    }

    fn next(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.head.read(buffer)?;
        if count > 0 {
            return Ok(count);
        }
        if let Some(file) = self.file.as_mut().filter(|file| file.limit() > 0) {
            let count = file.read(buffer)?;
            if count == 0 && !buffer.is_empty() {
                let what = "the file became shorter while it was sent";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, what));
            }
            return Ok(count);
        }
        self.tail.read(buffer)
    }
}

impl Read for Outgoing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.next(buffer) {
            Ok(count) => {
                self.sent += count as u64;
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let told = io::Error::other("the local file could not be read");
                self.file_trouble = Some(error);
                Err(told)
            }
        }
    }
}
