//! The control channel: how other processes of the same user talk to the running agent.
//!
//! A local socket (named pipe on Windows), JSON lines, one request and one answer a connection, versioned by `v`.
//! Owns the requests and what an answer looks like (`control/request.rs`, `control/answer.rs`), the agent's end
//! (`control/server.rs`), those who keep listening (`control/listeners.rs`), the end of whoever asks (`control/ask.rs`), where
//! they meet (`control/address.rs`, `control/recorded.rs`) and that both are the same user (`control/peer.rs`). What is answered is `answering.rs`' matter. `docs/channel.md` is the interface in
//! words.

mod address;
mod answer;
mod ask;
mod listeners;
#[cfg(windows)]
mod overlapped;
mod peer;
mod recorded;
mod request;
mod server;
mod stream;
#[cfg(windows)]
mod windows;

pub use address::first_choice;
pub(crate) use answer::{BUSY, accepted, refused, refused_as};
pub use answer::{MALFORMED, NOT_UNDERSTOOD, STOPPING};
pub use ask::{AskError, ask, ask_where};
pub use listeners::{Listeners, STOPPED, TAKEN_OVER};
pub use request::{Listen, MuteRequest, Request};
pub use server::{Control, Handler, respond};

use std::time::Duration;

/// The version of requests and answers.
pub const VERSION: u64 = 1;
/// An attach object is a few kilobytes; the records a busy host hands over at once may be more.
const MOST_REQUEST_BYTES: u64 = 1024 * 1024;
/// An answer of `status` may list thousands of files.
const MOST_ANSWER_BYTES: u64 = 16 * 1024 * 1024;
/// A request has to be there within this, and its answer taken within as much again.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long whoever asks waits for all of it: the agent may look for this long for what it answers, or be busy with
/// others who stall.
const ANSWER_PATIENCE: Duration = Duration::from_secs(12);
