//! The control channel: how other processes of the same user talk to the running agent.
//!
//! A local socket (named pipe on Windows), JSON lines, one request and one answer a connection, versioned by `v`.
//! Owns the requests and what an answer looks like (`control/request.rs`, `control/answer.rs`), the agent's end
//! (`control/server.rs`), the end of whoever asks (`control/ask.rs`) and where they meet (`control/address.rs`). What is
//! answered is `answering.rs`' matter. `docs/channel.md` is the interface in words.

mod address;
mod answer;
mod ask;
mod request;
mod server;

pub use address::address;
pub use answer::{MALFORMED, NOT_UNDERSTOOD, STOPPING};
pub(crate) use answer::{accepted, refused, refused_as};
pub use ask::{AskError, ask};
pub use request::{MuteRequest, Request};
pub use server::{Control, Handler, respond};

/// The version of requests and answers.
pub const VERSION: u64 = 1;
/// An attach object is a few kilobytes; the records a busy host hands over at once may be more.
const MOST_REQUEST_BYTES: u64 = 1024 * 1024;
/// An answer of `status` may list thousands of files.
const MOST_ANSWER_BYTES: u64 = 16 * 1024 * 1024;
/// How long either side waits for the other.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
