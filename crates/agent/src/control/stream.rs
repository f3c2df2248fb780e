//! One connection, with a moment by which everything on it has to be over.
//!
//! A time-out that begins anew with every byte would let a client that drips hold the other side for as long as it likes.

#[cfg(windows)]
use super::overlapped;
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

    /// Writes the last that is to be said on a connection, and makes sure that it can be read: what is in the buffer of a
    /// pipe of Windows may be lost when it is closed.
    pub(super) fn write_last(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)?;
        #[cfg(windows)]
        let _ = self.read(&mut [0])?;
        Ok(())
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
        {
            self.stream.set_recv_timeout(Some(left))?;
            self.stream.read(buffer)
        }
        #[cfg(windows)]
        overlapped::read(self.stream, buffer, Some(left))
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left()?;
        #[cfg(unix)]
        {
            self.stream.set_send_timeout(Some(left))?;
            self.stream.write(bytes)
        }
        #[cfg(windows)]
        overlapped::write(self.stream, bytes, left)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits until the other end says something or is gone, however long that takes.
pub(super) fn wait_for_more(stream: &LocalSocketStream) {
    #[cfg(unix)]
    {
        let mut stream = stream;
        let _ = stream.set_recv_timeout(None);
        let _ = stream.read(&mut [0]);
    }
    #[cfg(windows)]
    let _ = overlapped::read(stream, &mut [0], None);
}

/// Ends a connection from the agent's end, and with it the waiting of [`wait_for_more`].
pub(super) fn hang_up(stream: &LocalSocketStream) {
    #[cfg(unix)]
    {
        let LocalSocketStream::UdSocket(stream) = stream;
        let _ = stream.inner().shutdown(std::net::Shutdown::Both);
    }
    #[cfg(windows)]
    overlapped::hang_up(stream);
}
