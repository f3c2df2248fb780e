//! One connection, with a moment by which everything on it has to be over.
//!
//! A time-out that begins anew with every byte would let a client that drips hold the other side for as long as it likes.

use interprocess::local_socket::Stream as LocalSocketStream;
#[cfg(unix)]
use interprocess::local_socket::prelude::*;
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

/// Reads and writes until a moment.
pub(super) struct Timed<'a> {
    stream: &'a LocalSocketStream,
    until: Instant,
}

impl Timed<'_> {
    pub(super) fn new(stream: &LocalSocketStream, patience: Duration) -> Timed<'_> {
        Timed { stream, until: Instant::now() + patience }
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left()?;
        #[cfg(unix)]
        self.stream.set_recv_timeout(Some(left))?;
        #[cfg(windows)]
        super::windows::wait_for_bytes(self.stream, left)?;
        self.stream.read(buffer)
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left()?;
        // A pipe of Windows has no time-out for this: what does not fit into its buffer waits for its reader.
        #[cfg(unix)]
        self.stream.set_send_timeout(Some(left))?;
        #[cfg(windows)]
        let _ = left;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
