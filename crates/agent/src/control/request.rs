//! What can be asked of a running agent.

use super::VERSION;
use super::answer::{MALFORMED, NOT_UNDERSTOOD, refused_as};
use crate::attach::{Attach, AttachSite, Detach};
use crate::captured::Captured;
use crate::report::ReportRequest;
use serde::Deserialize;
use serde_json::Value;

/// One line of a client.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// Numbers.
    Status,
    /// A session begins or changes.
    Attach(Box<Attach>),
    /// A session ends.
    Detach(Detach),
    /// A process wants to hear what the agent may want of it, on this connection.
    Listen(Listen),
    /// An app's answer when it was asked for its token.
    Renew {
        /// As in an attach.
        #[serde(default)]
        site: AttachSite,
    },
    /// A host hands over records of its own.
    Records(Box<Captured>),
    /// Somebody reports something by hand.
    Report(ReportRequest),
    /// How the problem of this key stands with the site.
    Ticket {
        /// Signature and scope, or that of a report.
        key: String,
    },
    /// Somebody does not want to hear of a problem for a while.
    Mute(MuteRequest),
    /// Somebody wants to hear of it again.
    Unmute {
        /// As in [`MuteRequest::what`].
        what: String,
    },
    /// Everything that waits is due now.
    Flush,
    /// What is too much for this machine's disk goes, or is only told.
    Prune {
        /// Only told.
        #[serde(default)]
        dry_run: bool,
    },
    /// The agent ends.
    Stop {
        /// `taken_over`, or nothing.
        #[serde(default)]
        reason: Option<String>,
        /// The version of the program that takes over.
        #[serde(default)]
        by: Option<String>,
    },
    /// A request of another version.
    #[serde(other)]
    Unknown,
}

/// Who listens: the session that ends with the connection.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Listen {
    /// As in an attach.
    #[serde(default)]
    pub pid: Option<u32>,
    /// As in an attach.
    #[serde(default)]
    pub started: Option<String>,
}

/// What is to be muted, by whom and for how long.
#[derive(Debug, Deserialize)]
pub struct MuteRequest {
    /// A signature, a signature and its scope, or the number of a ticket.
    pub what: String,
    /// Why; others read it.
    pub reason: String,
    /// Who wants it.
    pub author: String,
    /// It ends then, wall time. Missing: after the usual time, unless something else ends it.
    #[serde(default)]
    pub until_ms: Option<i64>,
    /// It ends when it has happened so often in so many hours.
    #[serde(default)]
    pub until_count: Option<(u64, u32)>,
    /// It ends when it gets worse.
    #[serde(default)]
    pub escalating: bool,
    /// It ends by none of these.
    #[serde(default)]
    pub forever: bool,
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    v: Option<u64>,
}

impl Request {
    /// Reads a request.
    ///
    /// # Errors
    /// The answer that whoever sent it gets.
    pub fn read(line: &[u8]) -> Result<Request, Value> {
        // The request may hold a token: only the kind of the error is told.
        let malformed = |error: serde_json::Error| {
            refused_as(MALFORMED, &format!("not a request: {:?} error", error.classify()))
        };
        let head: Head = serde_json::from_slice(line).map_err(malformed)?;
        if head.v.is_some_and(|v| v > VERSION) {
            return Err(not_understood("its `v` is larger than what this agent knows"));
        }
        match serde_json::from_slice(line).map_err(malformed)? {
            Request::Unknown => Err(not_understood("its `type` is none that this agent knows")),
            request => Ok(request),
        }
    }
}

fn not_understood(why: &str) -> Value {
    refused_as(NOT_UNDERSTOOD, &format!("not understood: {why}"))
}
