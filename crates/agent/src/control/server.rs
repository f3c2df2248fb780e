//! The agent's end of the channel.
//!
//! On Unix the socket is in a folder of mode 0700: whoever can reach it is the user. Requests are capped in size and time; a
//! client that stalls cannot hold the agent up for longer than its patience.

use super::address::name;
use super::answer::signed;
use super::request::Request;
use super::{MOST_REQUEST_BYTES, PATIENCE};
use crate::paths::StateFolder;
use interprocess::local_socket::ListenerOptions;
use interprocess::local_socket::prelude::*;
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::time::Duration;

/// Answers requests; called on the control thread.
pub type Handler = Box<dyn FnMut(Request) -> Value + Send>;

/// The agent's end of the channel. Closing is by the process ending.
pub struct Control {
    listener: LocalSocketListener,
}

impl Control {
    /// Takes the name. The caller holds the instance lock, so a socket that is there is left over.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn open(folder: &StateFolder) -> io::Result<Control> {
        let listener = ListenerOptions::new().name(name(folder, true)?).try_overwrite(true).create_sync()?;
        Ok(Control { listener })
    }

    /// Answers until the process ends.
    pub fn serve(self, mut handler: Handler) {
        loop {
            match self.listener.accept() {
                // A broken connection is the client's trouble; it sees it itself.
                Ok(stream) => drop(answer(stream, &mut handler)),
                Err(error) => {
                    tracing::warn!("control channel: {error}");
                    // Out of handles, most likely: not a reason to spin.
                    std::thread::sleep(Duration::from_millis(200));
                }
            }
        }
    }
}

fn answer(stream: LocalSocketStream, handler: &mut Handler) -> io::Result<()> {
    // Not every system has time-outs on pipes; the size limits hold everywhere.
    let _ = stream.set_recv_timeout(Some(PATIENCE));
    let _ = stream.set_send_timeout(Some(PATIENCE));
    let mut line = Vec::new();
    BufReader::new(&stream).take(MOST_REQUEST_BYTES).read_until(b'\n', &mut line)?;
    let mut text = respond(&line, handler).to_string();
    text.push('\n');
    (&stream).write_all(text.as_bytes())?;
    (&stream).flush()
}

/// The answer to one line, whatever it is.
pub fn respond(line: &[u8], handler: &mut dyn FnMut(Request) -> Value) -> Value {
    signed(Request::read(line).map_or_else(|refusal| refusal, handler))
}
