//! Reading from and writing to a named pipe of Windows within a time, and hanging up on whoever does not take part.
//!
//! Pipes have no time-outs. interprocess opens both ends for overlapped operations and waits for each as long as it takes;
//! here one that takes too long is cancelled. Nothing is written past this file, so interprocess knows of nothing unread and
//! closes at once, where it would wait on a thread of its own for a reader that may never come.
#![expect(
    unsafe_code,
    reason = "neither the standard library nor interprocess can cancel an operation on a pipe"
)]

use interprocess::local_socket::Stream as LocalSocketStream;
use std::io::{self, ErrorKind};
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::time::Duration;
use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_IO_PENDING, ERROR_OPERATION_ABORTED, ERROR_PIPE_NOT_CONNECTED, WAIT_OBJECT_0,
};
use windows_sys::Win32::Storage::FileSystem::{ReadFile, WriteFile};
use windows_sys::Win32::System::IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED};
use windows_sys::Win32::System::Pipes::DisconnectNamedPipe;
use windows_sys::Win32::System::Threading::{CreateEventW, INFINITE, WaitForSingleObject};

/// Reads what there is, or waits for it; 0 when the other end has hung up.
///
/// # Errors
/// `TimedOut` when the patience is over; `None` waits for as long as it takes.
pub(super) fn read(
    stream: &LocalSocketStream,
    buffer: &mut [u8],
    patience: Option<Duration>,
) -> io::Result<usize> {
    let pipe = handle(stream);
    let most = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
    let read = finished(pipe, patience, |operation| {
        // SAFETY: the buffer is as long as the call is told; `finished` comes back when the system is done with it.
        unsafe { ReadFile(pipe, buffer.as_mut_ptr(), most, std::ptr::null_mut(), operation) }
    });
    match read {
        Err(error) if is(&error, ERROR_BROKEN_PIPE) || is(&error, ERROR_PIPE_NOT_CONNECTED) => Ok(0),
        read => read,
    }
}

/// Writes, and waits until what does not fit into the pipe's buffer was read.
///
/// # Errors
/// `TimedOut` when the patience is over: part of it may have been read then.
pub(super) fn write(stream: &LocalSocketStream, bytes: &[u8], patience: Duration) -> io::Result<usize> {
    let pipe = handle(stream);
    let most = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    finished(pipe, Some(patience), |operation| {
        // SAFETY: the bytes are as many as the call is told; `finished` comes back when the system is done with them.
        unsafe { WriteFile(pipe, bytes.as_ptr(), most, std::ptr::null_mut(), operation) }
    })
}

/// Ends a connection from the agent's end; a read that waits on it ends with it, and what was not read is lost.
pub(super) fn hang_up(stream: &LocalSocketStream) {
    // SAFETY: the handle is open for as long as `stream`. One that is not connected any more is what is wanted.
    let _ = unsafe { DisconnectNamedPipe(handle(stream)) };
}

fn handle(stream: &LocalSocketStream) -> RawHandle {
    let LocalSocketStream::NamedPipe(pipe) = stream;
    pipe.as_handle().as_raw_handle()
}

/// Starts an operation on a pipe that is open for overlapped ones, and comes back when it has ended, if need be by being
/// cancelled: the system touches neither its buffer nor its structure any more.
fn finished(
    pipe: RawHandle,
    patience: Option<Duration>,
    start: impl FnOnce(*mut OVERLAPPED) -> i32,
) -> io::Result<usize> {
    // SAFETY: it takes no memory of ours; the handle it hands over is taken on below.
    let event = unsafe { CreateEventW(std::ptr::null(), 1, 0, std::ptr::null()) };
    if event.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call above has handed over the handle.
    let event = unsafe { OwnedHandle::from_raw_handle(event) };
    let mut operation = OVERLAPPED { hEvent: event.as_raw_handle(), ..OVERLAPPED::default() };
    let operation = &raw mut operation;
    if start(operation) == 0 {
        let error = io::Error::last_os_error();
        if !is(&error, ERROR_IO_PENDING) {
            return Err(error);
        }
    }
    let wait_ms =
        patience.map_or(INFINITE, |patience| u32::try_from(patience.as_millis()).unwrap_or(INFINITE - 1));
    let mut done = 0;
    // SAFETY: pipe, event and structure live until the last call has returned, and that waits for the end of the operation.
    let ended = unsafe {
        if WaitForSingleObject(event.as_raw_handle(), wait_ms) != WAIT_OBJECT_0 {
            CancelIoEx(pipe, operation);
        }
        GetOverlappedResult(pipe, operation, &mut done, 1)
    };
    if ended != 0 {
        return Ok(usize::try_from(done).unwrap_or(usize::MAX));
    }
    let error = io::Error::last_os_error();
    Err(if is(&error, ERROR_OPERATION_ABORTED) { ErrorKind::TimedOut.into() } else { error })
}

fn is(error: &io::Error, code: u32) -> bool {
    error.raw_os_error() == Some(code.cast_signed())
}
